"""When a person takes over, whatever else the data say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.alarms import Alarm
from bot.answer.handoffs import MOST_UNANSWERED
from tests.fakes import Desk, open_desk, phrases

BURNING = {
    "en": "The mug MUG-1 caught fire, I want to send it back",
    "zh": "杯子MUG-1着火了，我要退货",
    "ar": "الكوب MUG-1 اشتعل وأريد إرجاعه",
    "ru": "Кружка MUG-1 загорелась, хочу вернуть",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return request.node.name


@pytest.mark.parametrize("language", BURNING)
@pytest.mark.parametrize("alarm", ["safety", "medical", "legal"])
def test_danger_harm_and_law_go_to_a_person_and_are_no_return(
    desk: Desk, talk: str, language: str, alarm: Alarm
) -> None:
    reply = desk.ask(BURNING[language], "return_refund", alarm=alarm, conversation=talk)
    assert reply.handoff is not None and reply.handoff.reason == alarm
    assert reply.text == phrases().say(language, f"handoff.{alarm}")
    assert (reply.claims, reply.citations, reply.needs) == ((), (), None)


def test_danger_with_an_order_of_another_tells_nothing_of_it(desk: Desk, talk: str) -> None:
    said = {
        desk.ask(f"{number} is burning", "track_order", alarm="safety", conversation=talk + number).text
        for number in ("Q-1001", "Q-9999")
    }
    assert said == {phrases().say("en", "handoff.safety")}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "WHERE IS Q-1001 you useless bot"),
        ("zh", "Q-1001到底在哪里，你们烦死了"),
        ("ar", "أين Q-1001 يا فاشلين"),
        ("ru", "Где Q-1001, сколько можно"),
    ],
)
def test_who_is_angry_is_told_what_is_known_and_gets_a_person(desk: Desk, talk: str, language: str, text: str) -> None:
    reply = desk.ask(text, "track_order", alarm="anger", customer="c-1", conversation=talk)
    assert reply.handoff is not None and reply.handoff.reason == "anger"
    assert "RR123456785DE" in reply.text and phrases().say(language, "handoff.anger") in reply.text


def test_anger_does_not_open_an_order(desk: Desk, talk: str) -> None:
    reply = desk.ask("WHERE IS Q-1001 you useless bot", "track_order", alarm="anger", conversation=talk)
    assert reply.needs is not None and reply.needs.what == "proof" and reply.citations == ()
    assert reply.handoff is not None and reply.handoff.reason == "anger"


def test_anger_about_nothing_known_is_not_answered_with_a_refusal(desk: Desk, talk: str) -> None:
    reply = desk.ask("you are the worst", "complaint", alarm="anger", conversation=talk)
    assert reply.text == phrases().say("en", "handoff.anger")


def test_who_is_asked_back_again_and_again_gets_a_person(desk: Desk, talk: str) -> None:
    replies = [desk.ask("what is it made of?", "product_question", conversation=talk) for _ in range(MOST_UNANSWERED)]
    assert [reply.needs and reply.needs.what for reply in replies] == ["detail"] * (MOST_UNANSWERED - 1) + [None]
    assert replies[-1].handoff is not None and replies[-1].handoff.reason == "repeated_failure"
    again = desk.ask("what is it made of?", "product_question", conversation=talk)
    assert again.needs is not None  # counted anew


def test_who_cant_prove_an_order_gets_no_further_by_asking_again(desk: Desk, talk: str) -> None:
    for _ in range(2 * MOST_UNANSWERED):
        reply = desk.ask("where is Q-1001?", "track_order", conversation=talk)
        assert reply.needs is not None and reply.needs.what == "proof" and reply.handoff is None
