"""An order's facts are for its owner alone; nobody else learns so much as whether there is such an order."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer.ownership import MOST_PROOFS
from bot.messages import Intent, LookedUp, Reply, TurnEvent
from knowledge.store import shape_of
from tests.fakes import Desk, an_order, open_desk, picture

MINE, NOBODYS = "Q-1001", "Q-9999"
TRACKING, NO_TRACKING = "RR123456785DE", "RR987654321DE"
WHERE = {
    "en": "Where is my order {}?",
    "zh": "我的订单{}到哪里了？",
    "ar": "أين طلبي رقم {}؟",
    "ru": "Где мой заказ {}?",
}
# What the shop knows of Q-1001 and of who placed it, in any of the languages.
FACTS = (
    "anna", "c-1", "mallory", "postnord", "mississauga", "leipzig", "S-1", "MUG-1", "enamel", "搪瓷", "مينا", "эмалир",
    "12.5", "12,5", "customs_held", "2026-11", "ноября", "11月", "نوفمبر", "november",
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return request.node.name


def untimed(reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, timings_ms={})


def told(events: list[TurnEvent], *codes: str) -> str:
    """The look-ups of a turn as a client sees them, without the codes that the client itself gave."""
    text = msgspec.json.encode([event for event in events if isinstance(event, LookedUp)]).decode()
    for code in codes:
        text = text.replace(code, "<code>")
    return text


STRANGERS = {
    "nobody": {},
    "another customer": {"customer": "c-2"},
    "a customer who does not exist": {"customer": "c-1 "},
}


@pytest.mark.parametrize("language", WHERE)
@pytest.mark.parametrize("extra", ["", " boris@example.org", " anna@example.com"], ids=["bare", "other's", "nearly"])
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize(("real", "made_up"), [(MINE, NOBODYS), (TRACKING, NO_TRACKING)], ids=["order", "tracking"])
def test_a_stranger_is_told_the_same_whether_or_not_there_is_such_an_order(
    desk: Desk, talk: str, language: str, extra: str, who: str, real: str, made_up: str
) -> None:
    answers = {}
    for code in (real, made_up):
        reply = desk.ask(
            WHERE[language].format(code) + extra, "track_order", conversation=talk + code, **STRANGERS[who]
        )
        answers[code] = untimed(reply), told(desk.events, code)
        assert reply.needs is not None and reply.needs.what == "proof"
        assert (reply.intent, reply.language, reply.citations, reply.claims) == ("track_order", language, (), ())
        assert (reply.products, reply.cards, reply.handoff) == ((), (), None)
        everything = (msgspec.json.encode(untimed(reply)).decode() + told(desk.events, code, "c-1 ")).casefold()
        assert [fact for fact in FACTS if fact.casefold() in everything] == []
        assert code not in reply.text
    assert answers[real] == answers[made_up]


@pytest.mark.parametrize("language", WHERE)
def test_the_owner_is_told_where_it_is_and_what_that_rests_on(desk: Desk, talk: str, language: str) -> None:
    reply = desk.ask(WHERE[language].format(MINE), "track_order", conversation=talk, customer="c-1")
    assert {"Q-1001", "S-1"} <= {citation.id for citation in reply.citations}
    assert (reply.needs, reply.handoff, reply.language) == (None, None, language)
    assert "Q-1001" in reply.text and TRACKING in reply.text and "Mississauga" in reply.text
    assert "anna@example.org" not in msgspec.json.encode(reply).decode()
    assert [event.found for event in desk.events if isinstance(event, LookedUp)] == [("Q-1001",), ("S-1",)]


@pytest.mark.parametrize("code", [MINE, TRACKING, "q1001", "Ｑ－１００１", "Q‑1001", "RR 1234 5678 5 DE"])
@pytest.mark.parametrize("language", WHERE)
def test_the_right_email_in_the_next_message_opens_it(desk: Desk, talk: str, language: str, code: str) -> None:
    asked = desk.ask(WHERE[language].format(code), "track_order", conversation=talk)
    assert asked.needs is not None and asked.needs.what == "proof"
    opened = desk.ask("Anna@Example.org", "other", conversation=talk, sure=0.3)
    assert (opened.intent, opened.needs) == ("track_order", None)
    assert {"Q-1001", "S-1"} <= {citation.id for citation in opened.citations}
    assert opened.language == language  # an address is in no language


def test_the_email_beside_the_number_opens_it_at_once_and_stays_good(desk: Desk, talk: str) -> None:
    assert desk.ask("Q-1001, anna@example.org", "other", conversation=talk).needs is None
    again = desk.ask("and where is it now?", "track_order", conversation=talk)
    assert "Q-1001" in again.text
    elsewhere = desk.ask("where is Q-1001?", "track_order", conversation=talk + "2")
    assert elsewhere.needs is not None


def test_an_email_opens_only_the_order_that_was_placed_with_it(desk: Desk, talk: str) -> None:
    desk.ask("Q-1001 anna@example.org", "track_order", conversation=talk)
    other = desk.ask("and Q-1002?", "track_order", conversation=talk)
    assert other.needs is not None and "Mallory" not in other.text
    no_email_kept = desk.ask("Q-1003 anna@example.org", "track_order", conversation=talk)
    assert no_email_kept.needs is not None


@pytest.mark.parametrize("number", [MINE, NOBODYS])
def test_after_so_many_wrong_emails_the_right_one_is_not_taken(desk: Desk, talk: str, number: str) -> None:
    """And what is said on the way there is the same for an order that does not exist."""
    said = [desk.ask(f"where is {number}", "track_order", conversation=talk)]
    said += [
        desk.ask(f"guess{attempt}@example.org", "track_order", conversation=talk) for attempt in range(MOST_PROOFS)
    ]
    said.append(desk.ask("anna@example.org", "track_order", conversation=talk))
    said.append(desk.ask(f"{number} anna@example.org", "track_order", conversation=talk))
    assert {(reply.text, reply.needs and reply.needs.what, reply.citations) for reply in said} == {
        (said[0].text, "proof", ())
    }


def test_a_photo_of_a_label_names_an_order_but_proves_nothing(desk: Desk, talk: str) -> None:
    desk.reader.text = "PARCEL Q-1001"
    try:
        question = {"text": "where is this parcel?", "intent": "track_order", "photos": [picture("white")]}
        stranger = desk.ask(**question, conversation=talk)
        owner = desk.ask(**question, conversation=talk + "2", customer="c-1")
    finally:
        desk.reader.text = ""
    assert stranger.needs is not None and stranger.citations == ()
    assert {"Q-1001", "S-1"} <= {citation.id for citation in owner.citations}


def test_who_is_signed_in_is_told_of_their_own_orders_only(desk: Desk, talk: str) -> None:
    reply = desk.ask("where is my order?", "track_order", conversation=talk, customer="c-2")
    assert "Q-1002" in reply.text and "Q-1001" not in msgspec.json.encode(reply).decode()
    nothing = desk.ask("where is my order?", "track_order", conversation=talk + "2", customer="c-9")
    assert (nothing.citations, nothing.needs) == ((), None)


def test_what_was_told_to_the_owner_is_not_told_to_the_next_who_is_signed_in(desk: Desk, talk: str) -> None:
    """One browser, two people: the conversation goes on under another name."""
    desk.ask("where is Q-1001?", "track_order", conversation=talk, customer="c-1")
    next_one = desk.ask("where is it?", "track_order", conversation=talk, customer="c-2")
    assert "Q-1001" not in next_one.text and "Postnord" not in next_one.text
    signed_out = desk.ask("where is it?", "track_order", conversation=talk)
    assert signed_out.needs is not None and signed_out.citations == ()


CODES = st.from_regex(r"(?:[A-Z]{1,3}[-/]?)?[0-9]{1,8}(?:-[A-Z0-9]{1,4})?", fullmatch=True)
QUESTIONS: tuple[tuple[str, Intent], ...] = (
    ("Where is {}?", "track_order"), ("{}", "other"), ("what about {}", "product_question"),
    ("{} 在哪里？", "availability"),
    ("متى يصل {}؟", "delivery_time"), ("отмените {}", "cancel_order"), ("is {} any good", "product_search"),
    ("refund {}", "return_refund"), ("hi {}", "greeting"), ("zoll {}", "customs_duty"),
)  # fmt: skip


@pytest.fixture(scope="module")
def two_shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk]]:
    """Shops that know the same but for the orders that a test puts into the first alone."""
    opened = open_desk(tmp_path_factory.mktemp("has")), open_desk(tmp_path_factory.mktemp("lacks"))
    yield opened
    for desk in opened:
        desk.close()


@settings(max_examples=40, deadline=None)
@given(code=CODES, digit=st.integers(0, 8), asked=st.sampled_from(QUESTIONS), customer=st.sampled_from([None, "c-2"]))
def test_for_any_shape_of_number_a_strangers_reply_does_not_tell(
    two_shops: tuple[Desk, Desk], code: str, digit: int, asked: tuple[str, Intent], customer: str | None
) -> None:
    """Word for word the same from a shop that has the order and from one that has only one like it."""
    last = max(place for place, sign in enumerate(code) if sign.isdigit())
    other = f"{code[:last]}{(int(code[last]) + 1 + digit) % 10}{code[last + 1 :]}"
    assert shape_of(other) == shape_of(code)
    has, lacks = two_shops
    if lacks.store.known([code]):
        return  # it was the other one of an example before
    for desk in two_shops:
        desk.store.put_orders([an_order(other, "c-1", "anna@example.org", shipment="S-1")])
    has.store.put_orders([an_order(code, "c-1", "anna@example.org", shipment="S-1")])
    text, intent = asked
    answers = []
    for desk in two_shops:
        reply = desk.ask(text.format(code), intent, conversation=f"{code} {has.turns}", customer=customer)
        assert not {citation.kind for citation in reply.citations} & {"order", "shipment"}
        answers.append((untimed(reply), desk.events))
    assert answers[0] == answers[1]


def test_a_message_full_of_emails_is_not_one_guess(desk: Desk, talk: str) -> None:
    guesses = " ".join(f"guess{number}@example.org" for number in range(50))
    reply = desk.ask(f"Q-1001 {guesses} anna@example.org", "track_order", conversation=talk)
    assert reply.needs is not None and reply.citations == ()


@pytest.mark.parametrize("proof", ["anna@example.org, postcode 10115", "anna@example.org, ordered on 2026-11-02"])
def test_a_proof_that_says_more_than_the_email_is_a_proof(desk: Desk, talk: str, proof: str) -> None:
    desk.ask("where is Q-1001?", "track_order", conversation=talk)
    assert desk.ask(proof, "other", conversation=talk).needs is None


def test_the_email_may_come_before_the_number(desk: Desk, talk: str) -> None:
    desk.ask("where is my order? I am anna@example.org", "track_order", conversation=talk)
    assert desk.ask("it is Q-1001", "track_order", conversation=talk).needs is None


@pytest.mark.parametrize("text", ["Will it arrive in Canada before 24.12.2026?", "如果寄到北京100080要多久？"])
def test_a_date_or_a_postcode_is_no_order_number(desk: Desk, talk: str, text: str) -> None:
    assert desk.ask(text, "delivery_time", conversation=talk).intent != "track_order"


def test_whoever_knows_the_address_cant_try_all_numbers_at_once(desk: Desk, talk: str) -> None:
    """An e-mail address is no secret, and order numbers follow one another."""
    numbers = " ".join(f"Q-{number}" for number in range(1201, 1000, -1))
    reply = desk.ask(f"{numbers} anna@example.org", "track_order", conversation=talk)
    assert reply.needs is not None and reply.citations == ()
