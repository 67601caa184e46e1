"""What is heard of a voice note while it is still being sent, against a real server and a scripted ear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.channels import notes
from bot.channels.asyncapi import asyncapi
from bot.channels.runs import conversation_of
from bot.conversations import Conversations, Topic
from bot.engine import Bot
from bot.errors import TooLarge
from bot.messages import Heard, Message, Reply, Speech, StepFinished, StepStarted
from bot.settings import Limits, Settings
from tests.channels.desk import Desk, FakeBot, Line, Tell, desk, echo, seqs

SPOKEN = [
    ("zh", ["我的", "我的订单", "我的订单在哪里"]),
    ("ar", ["أين", "أين طلبي", "أين طلبي الآن"]),
    ("ru", ["Где", "Где мой", "Где мой заказ"]),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "PACE", 0.005)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as up:
        yield up


@pytest.fixture
def line(place: Desk) -> Iterator[Line]:
    place.bot.answer, place.bot.hear = echo, lambda _: None
    with place.connect() as connected:
        connected.hello(locale="zh")
        yield connected


def start(line: Line, message: str = "m1", **more: Any) -> None:
    line.send(type="audio.start", threadId=line.thread, runId=f"run-{message}", messageId=message, **more)


def by_length(words: list[str], language: str) -> Callable[[bytes], Heard | None]:
    """Hears one more of the texts for each byte."""
    return lambda content: Heard(words[min(len(content), len(words)) - 1], language, 0.8) if content else None


def listened(message: Message, tell: Tell) -> Reply:
    tell(StepStarted("listen"))
    tell(Heard("the whole of it", "en", 0.9))
    tell(StepFinished("listen"))
    return echo(message, tell)


def eventually(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.005)


@pytest.mark.parametrize(("language", "words"), SPOKEN)
def test_words_come_while_the_note_is_sent_and_the_whole_note_has_the_last_one(
    place: Desk, line: Line, language: str, words: list[str]
) -> None:
    place.bot.answer, place.bot.hear = listened, by_length(words, language)
    start(line, mimeType="audio/webm;codecs=opus")
    for said in words:
        line.send_bytes(b"x")
        (event,) = line.until("CUSTOM", "transcript")
        value = {"messageId": "m1", "text": said, "language": language, "confidence": 0.8, "partial": True}
        assert event["value"] == value
        assert event["metadata"] == {"epoch": line.epoch, "runId": "run-m1"}
    line.send(type="audio.end")
    events = line.until("RUN_FINISHED")
    whole = [event["value"] for event in events if event.get("name") == "transcript"]
    assert whole == [{"messageId": "m1", "text": "the whole of it", "language": "en", "confidence": 0.9}]
    assert seqs(events) == list(range(1, len(events) + 1)), "what was heard meanwhile is not in the log"
    assert place.bot.messages[-1].parts == (Speech(b"xxx"),)
    assert place.bot.overheard[-1] == (conversation_of(line.thread), "zh")
    line.send(type="resume", threadId=line.thread, lastSeq=0, epoch=line.epoch)
    assert line.settled() == events


def test_nothing_is_told_twice_and_nothing_that_is_shorter(place: Desk, line: Line) -> None:
    texts = iter(["a", "a b", "a b", "a", "a b c"])
    place.bot.hear = lambda _: Heard(next(texts, "a b c"), "en", 0.9)
    start(line)
    told: list[str] = []
    while not told or told[-1] != "a b c":
        line.send_bytes(b"x")
        told += [event["value"]["text"] for event in line.settled()]
    assert told == ["a", "a b", "a b c"]


def test_a_client_may_ask_for_none(place: Desk, line: Line) -> None:
    place.bot.overheard.clear()
    start(line, partial=False)
    line.send_bytes(b"x")
    line.send(type="audio.end")
    line.until("RUN_FINISHED")
    assert place.bot.overheard == []


def test_a_note_that_is_called_off_is_neither_heard_nor_answered(place: Desk, line: Line) -> None:
    passes: list[bytes] = []
    place.bot.hear = lambda content: passes.append(content)
    answered = len(place.bot.messages)
    start(line)
    line.send_bytes(b"x")
    eventually(lambda: passes == [b"x"])
    line.send(type="cancel", runId="run-m1")
    assert line.settled() == []
    line.send_bytes(b"y")
    assert [event["code"] for event in line.settled()] == ["bad_input"]
    start(line)  # the same ids again: nothing of the first was kept
    line.send_bytes(b"z")
    line.send(type="audio.end")
    line.until("RUN_FINISHED")
    assert [message.parts for message in place.bot.messages[answered:]] == [(Speech(b"z"),)]
    assert all(content in (b"x", b"z") for content in passes)


def test_a_connection_that_is_cut_ends_the_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    passes: list[int] = []
    bot = FakeBot()
    bot.hear = lambda content: passes.append(len(content))
    with desk(tmp_path, bot) as place:
        with place.connect() as line:
            line.hello()
            start(line)
            line.send_bytes(b"x")
            eventually(lambda: bool(passes))
            line.send_bytes(b"y" * 70_000)
        with place.connect() as line:
            line.hello()
            after = len(passes)
            time.sleep(0.1)
            assert len(passes) <= after + 1
            assert line.settled() == []
        assert bot.messages == []
    assert "rror" not in capfd.readouterr().err


def test_a_note_that_is_too_large_is_one_error_and_is_not_heard_further(tmp_path: Path) -> None:
    bot = FakeBot()
    seen: list[int] = []
    bot.hear = lambda content: seen.append(len(content))
    with desk(tmp_path, bot, Limits(media_bytes=1_000)) as place, place.connect() as line:
        line.hello()
        start(line)
        for _ in range(5):
            line.send_bytes(b"x" * 600)
        line.send(type="audio.end")
        (error,) = line.settled()
        assert (error["code"], error["metadata"]["runId"]) == ("too_large", "run-m1")
        assert bot.messages == []
        assert all(0 < size <= 1_000 for size in seen)


@pytest.mark.parametrize("fault", [TooLarge("too long"), ValueError("a fault of ours")])
def test_an_ear_that_fails_costs_only_the_words_along_the_way(
    place: Desk, line: Line, fault: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    passes: list[int] = []

    def hear(content: bytes) -> Heard | None:
        passes.append(len(content))
        raise fault

    place.bot.hear = hear
    start(line)
    line.send_bytes(b"x")
    eventually(lambda: bool(passes))
    line.send_bytes(b"y")
    assert line.settled() == []
    line.send(type="audio.end")
    events = line.until("RUN_FINISHED")
    assert events[0]["type"] == "RUN_STARTED"
    assert passes == [1]
    assert "a fault of ours" not in capfd.readouterr().err


def test_one_pass_at_a_time_and_only_so_many_notes(tmp_path: Path) -> None:
    bot, through, at_once = FakeBot(), threading.Semaphore(0), []
    inside = 0

    def hear(_: bytes) -> Heard | None:
        nonlocal inside
        inside += 1
        at_once.append(inside)
        assert through.acquire(timeout=10)
        inside -= 1
        return None

    bot.hear = hear
    with desk(tmp_path, bot) as place:
        lines = [place.connect() for _ in range(notes.NOTES + 2)]
        for line in lines:
            line.hello()
            start(line)
            line.send_bytes(b"x")
            line.settled()
        eventually(lambda: inside == 1)
        for _ in range(20):
            through.release()
        eventually(lambda: len(at_once) == notes.NOTES and inside == 0)
        assert len(bot.overheard) == notes.NOTES
        assert set(at_once) == {1}
        for line in lines:  # those that were not heard along the way are answered like the others
            line.send(type="audio.end")
            assert line.until("RUN_FINISHED")
            line.drop()
        eventually(lambda: len(bot.messages) == len(lines))


def test_no_pass_begins_while_a_whole_note_is_answered(tmp_path: Path) -> None:
    reached, through = threading.Semaphore(0), threading.Semaphore(0)
    passes: list[int] = []

    def answer(message: Message, tell: Tell) -> Reply:
        reached.release()
        assert through.acquire(timeout=10)
        return echo(message, tell)

    bot = FakeBot(answer)
    bot.hear = lambda content: passes.append(len(content))
    with desk(tmp_path, bot) as place, place.connect() as one, place.connect() as other:
        one.hello()
        start(one)
        one.send_bytes(b"whole")
        eventually(lambda: passes == [5])
        one.send(type="audio.end")
        assert reached.acquire(timeout=10)
        other.hello()
        start(other)
        other.send_bytes(b"so far")
        other.settled()
        time.sleep(0.1)
        assert passes == [5]
        through.release()
        one.until("RUN_FINISHED")
        eventually(lambda: passes == [5, 6])


def test_what_comes_is_what_the_description_of_the_socket_says(place: Desk, line: Line) -> None:
    place.bot.hear = by_length(["words"], "en")
    start(line)
    line.send_bytes(b"x")
    (event,) = line.until("CUSTOM", "transcript")
    told = asyncapi()
    assert {"$ref": "#/channels/chat/messages/PartialTranscript"} in told["operations"]["send"]["messages"]
    described = told["components"]["messages"]["PartialTranscript"]["payload"]["properties"]
    assert (event["type"], event["name"]) == (described["type"]["const"], described["name"]["const"])
    value = told["components"]["schemas"][described["value"]["$ref"].rpartition("/")[2]]
    assert set(value["required"]) <= event["value"].keys() == value["properties"].keys()
    assert event["value"]["partial"] in value["properties"]["partial"]["enum"]
    assert event["metadata"].keys() == described["metadata"]["properties"].keys()
    assert "partial" in told["components"]["schemas"]["AudioStart"]["properties"]


def test_the_language_of_the_conversation_is_expected_and_else_that_of_the_channel(tmp_path: Path) -> None:
    hints: list[str | None] = []
    senses: Any = SimpleNamespace(overhearing=lambda hint: hints.append(hint))
    shop: Any = None
    conversations = Conversations(f"sqlite:///{tmp_path / 'conversations.db'}")
    bot = Bot(shop, senses, conversations, Settings())
    conversations.store("web:told", "m", "où est ma commande", Reply("", "fr", "other"), Topic(language="fr"))
    for conversation, channel in (("web:told", "de"), ("web:new", "de"), ("web:new", None)):
        bot.overhearing(conversation, channel)
    assert hints == ["fr", "de", None]
