"""Several messages in a row are one question: joined before there is an answer, and nothing is answered twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Message, Photo, Reply, StepStarted, Text
from bot.settings import Limits
from tests.channels.desk import Desk, FakeBot, Line, Tell, data_part, desk, echo, seqs, text_of

BURSTS = [
    ("有背包吗？", "要红色的"),
    ("هل لديكم حقيبة ظهر؟", "باللون الأحمر"),
    ("Ви маєте рюкзак?", "червоний, будь ласка"),
]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, burst_seconds=5.0) as up:
        yield up


@pytest.fixture
def line(place: Desk) -> Iterator[Line]:
    with place.connect() as connected:
        connected.hello()
        yield connected


class Slow:
    """Waits within its first turn until it is let on; other turns go through."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.on = threading.Event()

    def __call__(self, message: Message, tell: Tell) -> Reply:
        tell(StepStarted("search"))
        if not self.begun.is_set():
            self.begun.set()
            assert self.on.wait(10)
        tell(StepStarted("answer"))
        return echo(message, tell)


def photo() -> dict[str, Any]:
    return data_part("image", b"\x89PNG", "image/png")


@pytest.mark.parametrize(("first", "second"), BURSTS)
def test_what_is_said_before_there_is_an_answer_joins_it(place: Desk, line: Line, first: str, second: str) -> None:
    place.bot.answer = slow = Slow()
    line.ask(first, "m1")
    assert slow.begun.wait(10)
    line.ask(second, "m2")
    got = line.settled()
    slow.on.set()
    ended = line.until("RUN_FINISHED")
    assert (ended[-1]["runId"], ended[-1]["outcome"]["type"], text_of(ended)) == ("run-m1", "cancelled", "")
    answered = line.until("RUN_FINISHED")
    assert (answered[-1]["runId"], text_of(answered)) == ("run-m2", f"You said: {first} {second}")
    assert answered[1]["value"]["messageId"] == "m2", "each message is acknowledged"
    assert seqs(got + ended + answered) == list(range(1, answered[-1]["metadata"]["seq"] + 1))
    assert len(place.bot.messages) == 2, "the second turn holds both"
    line.send(type="resume", threadId=line.thread, lastSeq=0, epoch=99)
    (snapshot,) = line.settled()
    assert [one["content"] for one in snapshot["messages"]] == [first, second, f"You said: {first} {second}"]


def test_a_photo_waits_for_its_words(place: Desk, line: Line) -> None:
    line.ask([photo()], "m1")
    assert line.until("CUSTOM", "ack"), "at once, whatever is waited for"
    line.ask("这个多少钱？", "m2")
    assert text_of(line.until("RUN_FINISHED")) == ""
    assert text_of(line.until("RUN_FINISHED")) == "You said: 这个多少钱？"
    (message,) = place.bot.messages
    assert message.parts == (Photo(b"\x89PNG"), Text("这个多少钱？"))


def test_a_photo_that_stays_alone_is_answered(tmp_path: Path) -> None:
    with desk(tmp_path, burst_seconds=0.05) as place, place.connect() as line:
        line.hello()
        line.ask([photo()], "m1")
        assert line.until("RUN_FINISHED")[-1]["result"]["text"] == "You said: "


def test_a_photo_that_is_called_off_is_not_waited_for(place: Desk, line: Line) -> None:
    line.ask([photo()], "m1")
    line.until("CUSTOM", "ack")
    line.send(type="cancel", runId="run-m1")
    assert line.until("RUN_FINISHED")[-1]["outcome"]["type"] == "cancelled"
    line.ask("كم سعره؟", "m2")
    assert text_of(line.until("RUN_FINISHED")) == "You said: كم سعره؟"
    assert [message.id for message in place.bot.messages] == ["m2"]


def test_where_the_one_that_joins_is_called_off_the_first_is_answered(place: Desk, line: Line) -> None:
    place.bot.answer = slow = Slow()
    line.ask("Где мой заказ?", "m1")
    assert slow.begun.wait(10)
    line.ask("хотя нет", "m2")
    line.send(type="cancel", runId="run-m2")
    line.settled()
    slow.on.set()
    assert text_of(line.until("RUN_FINISHED")) == "You said: Где мой заказ?"
    assert line.until("RUN_FINISHED")[-1]["outcome"]["type"] == "cancelled"


def test_an_answer_that_is_made_already_is_given_and_the_next_is_its_own(place: Desk, line: Line) -> None:
    begun, on = threading.Event(), threading.Event()

    def deaf(message: Message, tell: Tell) -> Reply:
        begun.set()
        assert on.wait(10)
        return echo(message, tell)

    place.bot.answer = deaf
    line.ask("eins", "m1")
    assert begun.wait(10)
    line.ask("zwei", "m2")
    line.settled()
    on.set()
    assert [text_of(line.until("RUN_FINISHED")) for _ in range(2)] == ["You said: eins", "You said: zwei"]


def test_more_than_one_message_may_hold_is_not_joined(tmp_path: Path) -> None:
    slow = Slow()
    with desk(tmp_path, FakeBot(slow), Limits(text_characters=12)) as place, place.connect() as line:
        line.hello()
        line.ask("0123456789", "m1")
        assert slow.begun.wait(10)
        line.ask("9876543210", "m2")
        line.settled()
        slow.on.set()
        said = [text_of(line.until("RUN_FINISHED")) for _ in range(2)]
    assert said == ["You said: 0123456789", "You said: 9876543210"]
