"""What who takes a conversation over gets to know of it, and what not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer.summary import masked
from bot.conversations import Given
from tests.fakes import Desk, open_desk

WHERE = {
    "en": "Where is my order Q-1001? anna@example.org",
    "zh": "我的订单Q-1001在哪里？anna@example.org",
    "ar": "أين طلبي Q-1001؟ anna@example.org",
    "pl": "Gdzie jest moje zamówienie Q-1001? anna@example.org",
}
PERSON = {
    "en": "I want a person, call me on +49 151 2345 6789 or write to anna@example.org",
    "zh": "我要人工客服，请打 +49 151 2345 6789 或写信到 anna@example.org",
    "ar": "أريد موظفًا، اتصلوا على +49 151 2345 6789 أو anna@example.org",
    "pl": "Chcę rozmawiać z człowiekiem: +49 151 2345 6789, anna@example.org",
}
ALONE = {"en": "I want a person", "zh": "我要人工客服", "ar": "أريد موظفًا", "pl": "Chcę rozmawiać z człowiekiem"}
HIDDEN = ("anna@example.org", "2345", "6789")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return request.node.name


@pytest.mark.parametrize("language", WHERE)
def test_what_was_asked_and_told_before_is_in_it(desk: Desk, talk: str, language: str) -> None:
    told = desk.ask(WHERE[language], "track_order", conversation=talk, language=language)
    assert told.claims, told.text
    assert desk.conversations.summaries(talk) == []
    desk.ask(PERSON[language], "human", conversation=talk, language=language)
    (found,) = desk.conversations.summaries(talk)
    assert (found.reason, found.intent, found.language, found.turns) == ("requested", "human", language, 2)
    assert (found.order, found.proven) == ("Q-1001", True)
    assert set(found.told) == {name for claim in told.claims for name in claim.evidence}
    assert not [secret for secret in HIDDEN if secret in found.said]
    assert found.said.startswith(PERSON[language][:5])


@pytest.mark.parametrize("language", WHERE)
def test_an_order_that_was_not_proven_is_said_to_be_so(desk: Desk, talk: str, language: str) -> None:
    asked = desk.ask("Q-1001?", "track_order", conversation=talk, language=language)
    assert asked.needs is not None
    desk.ask(ALONE[language], "human", conversation=talk, language=language)
    (found,) = desk.conversations.summaries(talk)
    assert (found.order, found.proven, found.told) == ("Q-1001", False, ())


def test_danger_is_named_first_of_all(desk: Desk, talk: str) -> None:
    desk.ask("充电宝着火了 MUG-1", "return_refund", alarm="safety", conversation=talk, language="zh")
    (found,) = desk.conversations.summaries(talk)
    assert found.reason == "safety"


def test_the_same_message_again_hands_over_once(desk: Desk, talk: str) -> None:
    for _ in range(2):
        desk.ask("a person please", "human", conversation=talk, id="same")
    assert len(desk.conversations.summaries(talk)) == 1


@given(st.text(max_size=200), st.integers(10**6, 10**14), st.sampled_from(("69002", "SW1A 1AA", "anna@example.org")))
def test_nothing_that_was_given_is_left(text: str, number: int, secret: str) -> None:
    hidden = masked(f"{text} {secret.lower()} ({number}) {text}", ["anna@example.org"], Given(postcode=secret))
    rest = hidden.replace(text, "")
    assert str(number) not in rest and secret.lower() not in rest


def test_order_numbers_and_prices_stay() -> None:
    assert masked("BD-20481 与 RR123456785DE，€1299.00", [], Given()) == "BD-20481 与 RR123456785DE，€1299.00"
