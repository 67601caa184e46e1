"""What proves an order beside its e-mail address: the phone number or the postcode, however written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from bot.answer import ownership, proofs
from bot.answer.ownership import MOST_TRIES
from bot.conversations import Given
from tests.fakes import SMALL, Desk, an_order, open_desk

ORDERS = (
    an_order("Q-2001", "c-1", "anna@example.org", phone="+493023125147", postal_code="10115"),
    an_order("Q-2002", "c-3", "tom@example.org", phone="+441134960123", postal_code="LS1 4AP"),
    an_order("Q-2003", "c-4", "yuki@example.org", phone="+819012345678", postal_code="150-0002"),
    an_order("Q-2004", "c-5", None, phone="+966512345678", postal_code="12211"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), replace(SMALL, orders=(*SMALL.orders, *ORDERS)))
    yield opened
    opened.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return request.node.name


RIGHT = [
    ("Where is Q-2001?", "10115"),
    ("Where is Q-2001?", "my postcode is 10115"),
    ("Q-2001到哪了？", "邮编是１０１１５"),
    ("أين طلبي Q-2001؟", "الرمز البريدي ١٠١١٥"),
    ("Where is Q-2002?", "ls14ap"),
    ("注文 Q-2003 はどこですか", "〒150-0002です"),
    ("Wo ist Q-2001?", "Telefon 030 231 25147"),
    ("Wo ist Q-2001?", "+49 (30) 231-25147"),
    ("Где Q-2004?", "телефон 0512345678"),
]


@pytest.mark.parametrize(("question", "proof"), RIGHT)
def test_the_phone_number_or_the_postcode_opens_it(desk: Desk, talk: str, question: str, proof: str) -> None:
    asked = desk.ask(question, "track_order", conversation=talk)
    assert asked.needs is not None and asked.needs.what == "proof"
    opened = desk.ask(proof, "other", conversation=talk, sure=0.3)
    assert opened.needs is None and opened.citations[0].id in question


@pytest.mark.parametrize("proof", ["10116", "LS1 4AB", "+49 30 231 25148", "1011", "101150", "boris@example.org"])
def test_what_is_nearly_right_opens_nothing_and_is_answered_as_if_there_were_no_such_order(
    desk: Desk, talk: str, proof: str
) -> None:
    texts = set()
    for number in ("Q-2001", "Q-9999"):
        desk.ask(f"Where is {number}?", "track_order", conversation=talk + number)
        reply = desk.ask(f"it is {proof}", "other", conversation=talk + number, sure=0.3)
        assert reply.needs is not None and reply.citations == ()
        texts.add(reply.text)
    assert len(texts) == 1


def test_a_message_full_of_postcodes_is_one_guess(desk: Desk, talk: str) -> None:
    desk.ask("Where is Q-2001?", "track_order", conversation=talk)
    guesses = " ".join(str(number) for number in range(10_100, 10_130))
    assert desk.ask(guesses, "other", conversation=talk, sure=0.3).needs is not None


def test_number_and_postcode_in_one_message(desk: Desk, talk: str) -> None:
    assert desk.ask("Q-2001, 10115", "track_order", conversation=talk).needs is None


def test_a_question_with_a_number_in_it_is_no_proof(desk: Desk, talk: str) -> None:
    desk.ask("Where is Q-2001?", "track_order", conversation=talk)
    reply = desk.ask("and do you have the enamel mug for 10115 euros?", "product_search", conversation=talk)
    assert reply.needs is None and reply.intent == "product_search"
    assert desk.conversations.topic(talk).failed_proofs == 0


def test_wrong_proofs_of_all_conversations_count_together(
    desk: Desk, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever begins a new conversation for every guess gets no further; nobody learns whether there is the order."""
    monkeypatch.setattr(ownership, "MOST_TRIES", MOST_TRIES)
    for number in ("Q-2003", "Q-9998"):
        said = set()
        for place in range(MOST_TRIES):
            reply = desk.ask(f"{number} guess{place}@example.org", "track_order", conversation=f"{talk}{number}{place}")
            said.add((reply.text, reply.needs and reply.needs.what))
        last = desk.ask(f"{number} yuki@example.org", "track_order", conversation=f"{talk} {number} last")
        said.add((last.text, last.needs and last.needs.what))
        assert len(said) == 1 and last.citations == ()
    signed_in = desk.ask("Where is Q-2003?", "track_order", conversation=talk + "own", customer="c-4")
    assert signed_in.needs is None


@drawn(st.text(max_size=200), st.sampled_from([None, "Q-1001", "10115"]))
def test_whatever_is_written_one_of_each_is_found_and_proves_nothing_by_itself(text: str, number: str | None) -> None:
    found = proofs.given(text, (), number)
    assert all(isinstance(said, str) for said in found.all)
    assert not proofs.prove(found, None)
    assert not proofs.prove(Given(), an_order("Q-1", "c", None))
