"""A conversation over the websocket, against a real server."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.threads import Threads
from bot.channels.tokens import secret_of, sign
from bot.errors import NotReady, UnreadableMedia
from bot.messages import (
    Handoff,
    Heard,
    LookedUp,
    Message,
    Photo,
    Reply,
    Seen,
    Speech,
    StepFinished,
    StepStarted,
    Text,
)  # fmt: skip
from bot.settings import Limits
from tests.channels.desk import Desk, FakeBot, Line, Tell, data_part, desk, echo, run_input, seqs, text_of

TYPED = [
    "有蓝色的杯子吗？多少钱。",
    "أين طلبي رقم Q-1001؟ شكرا.",
    "Где мой заказ? Жду уже неделю.",
    "¿Dónde está mi pedido?",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as up:
        yield up


@pytest.fixture
def line(place: Desk) -> Iterator[Line]:
    place.bot.answer = echo
    with place.connect() as connected:
        connected.hello()
        yield connected


class Gate:
    """An answer that waits until it is let through."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.through = threading.Semaphore(0)

    def __call__(self, message: Message, tell: Tell) -> Reply:
        tell(StepStarted("search"))
        self.reached.release()
        assert self.through.acquire(timeout=10)
        tell(StepFinished("search"))
        return echo(message, tell)


@pytest.mark.parametrize("text", TYPED)
def test_a_message_is_acknowledged_and_answered(line: Line, text: str) -> None:
    line.ask(text, "m1")
    events = line.until("RUN_FINISHED")
    assert [event["type"] for event in events[:2]] == ["RUN_STARTED", "CUSTOM"]
    assert events[1]["value"] == {"threadId": line.thread, "runId": "run-m1", "messageId": "m1"}
    assert text_of(events) == f"You said: {text}"
    assert events[-1]["result"]["text"] == f"You said: {text}"
    assert seqs(events) == list(range(1, len(events) + 1))
    assert {event["metadata"]["epoch"] for event in events} == {line.epoch}


def test_what_a_turn_tells_comes_in_order(place: Desk, line: Line) -> None:
    def answer(message: Message, tell: Tell) -> Reply:
        assert [type(part) for part in message.parts] == [Text, Speech, Photo]
        for event in (
            StepStarted("listen"), Heard("in 42", "en", 0.8), StepFinished("listen"),
            StepStarted("look"), Seen(("shoe",), (), "SALE"), StepFinished("look"),
            StepStarted("search"), LookedUp("find_order", {"order": "Q-1"}, ("Q-1",)), StepFinished("search"),
            StepStarted("answer"), StepFinished("answer"),
        ):  # fmt: skip
            tell(event)
        return Reply("A person will help you.", "en", "human", handoff=Handoff("requested"))

    place.bot.answer = answer
    parts = [
        {"type": "text", "text": "Have you got this?"},
        data_part("audio", b"sound", "audio/webm"),
        data_part("image", b"picture", "image/jpeg"),
    ]
    line.ask(parts, "m1")
    told = [event.get("stepName") or event.get("name") or event["type"] for event in line.until("RUN_FINISHED")]
    assert told == [
        "RUN_STARTED", "ack", "listen", "transcript", "listen", "look", "seen", "look", "search", "TOOL_CALL_START",
        "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT", "search", "answer", "typing", "answer", "handoff",
        "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_FINISHED",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"dance"}', "unknown_kind"),
        ('{"type":"run","input":', "bad_input"),
        ("[" * 50_000, "bad_input"),
        ('"hello"', "bad_input"),
        ('{"type":"run"}', "bad_input"),
        ('{"type":"hello"}', "bad_input"),
        ('{"type":"audio.end"}', "bad_input"),
        ('{"type":"cancel","runId":"no-such"}', "unknown_kind"),
        ('{"type":"resume","threadId":"another","lastSeq":0,"epoch":1}', "refused"),
        ('{"type":"resume","threadId":"x","lastSeq":-1,"epoch":1}', "bad_input"),
        ('{"type":"audio.start","threadId":"another","runId":"r","messageId":"m"}', "refused"),
        (b"sound out of nowhere", "bad_input"),
    ],
)
def test_a_bad_frame_is_one_error_and_the_connection_stays(line: Line, frame: str | bytes, code: str) -> None:
    if isinstance(frame, bytes):
        line.send_bytes(frame)
    else:
        line.send_text(frame)
    errors = line.settled()
    assert [(error["type"], error["code"]) for error in errors] == [("RUN_ERROR", code)]
    assert errors[0]["message"]
    line.ask("still there?", "m1")
    events = line.until("RUN_FINISHED")
    assert text_of(events) == "You said: still there?"
    assert seqs(errors + events) == list(range(1, len(events) + 2))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "bad_input"),
        ("长" * 700_000, "too_large"),  # 2 MB
        ([data_part("image", b"x", "image/png")] * 9, "too_large"),
        ([{"type": "image", "source": {"type": "url", "value": "https://example.org/a.png"}}], "bad_input"),
        ([data_part("document", b"x", "application/pdf")], "unknown_kind"),
    ],
)
def test_a_bad_message_is_one_error_and_is_not_answered(place: Desk, line: Line, content: Any, code: str) -> None:
    before = len(place.bot.messages)
    line.ask(content, "m1")
    errors = line.settled()
    assert [(error["type"], error["code"]) for error in errors] == [("RUN_ERROR", code)]
    assert errors[0]["metadata"]["runId"] == "run-m1"
    assert len(place.bot.messages) == before
    line.ask("fine now", "m1")
    assert text_of(line.until("RUN_FINISHED")) == "You said: fine now"


def test_what_the_bot_refuses_ends_the_run_and_may_be_sent_again(place: Desk, line: Line) -> None:
    def answer(message: Message, tell: Tell) -> Reply:
        tell(StepStarted("listen"))
        raise UnreadableMedia("This is no sound.")

    place.bot.answer = answer
    line.ask([data_part("audio", b"x", "audio/wav")], "m1")
    events = line.until("RUN_ERROR")
    assert (events[-1]["code"], events[-1]["message"]) == ("unreadable_media", "This is no sound.")
    place.bot.answer = echo
    line.ask("typed then", "m1")
    assert text_of(line.until("RUN_FINISHED")) == "You said: typed then"


def test_a_fault_of_ours_says_nothing_about_itself(place: Desk, line: Line) -> None:
    def answer(message: Message, tell: Tell) -> Reply:
        raise RuntimeError("password=hunter2")

    place.bot.answer = answer
    line.ask("hi", "m1")
    error = line.until("RUN_ERROR")[-1]
    assert (error["code"], error["metadata"]["retry"]) == ("error", True)
    assert "hunter2" not in str(error)


def test_what_the_installation_lacks_is_not_for_customers(place: Desk, line: Line) -> None:
    def answer(message: Message, tell: Tell) -> Reply:
        raise NotReady("/srv/shop/photo_head.npz holds no photo head.")

    place.bot.answer = answer
    line.ask("这个多少钱？", "m1")
    error = line.until("RUN_ERROR")[-1]
    assert (error["code"], error["message"]) == ("not_ready", "The service is not ready.")


def test_nothing_happens_before_hello(place: Desk) -> None:
    with place.connect() as line:
        for frame in (
            {"type": "run", "input": run_input("t", [("m", "hi")], "r")},
            {"type": "resume", "threadId": "t", "lastSeq": 0, "epoch": 1},
        ):
            line.send(**frame)
            assert line.receive()["code"] == "refused"
        line.send(type="ping")
        assert line.receive() == {"type": "pong"}
        assert line.hello()["name"] == "session"


def test_a_message_seen_before_is_acknowledged_again_and_not_answered(place: Desk, line: Line) -> None:
    line.ask("once", "m1")
    first = line.until("RUN_FINISHED")
    before = len(place.bot.messages)
    line.ask("once", "m1", run="another-run")
    assert line.settled() == [first[1]]
    assert len(place.bot.messages) == before


def test_a_message_sent_twice_at_once_is_answered_once(place: Desk, line: Line) -> None:
    gate = Gate()
    place.bot.answer = gate
    before = len(place.bot.messages)
    line.ask("once", "m1")
    line.until("STEP_STARTED")
    with place.connect() as other:
        other.hello(threadId=line.thread, threadSecret=line.secret)
        other.ask("once", "m1")
        assert [event.get("name") for event in other.settled()] == ["ack"]
        other.ask("joins", "m2")
        line.ask("joins", "m2")
        assert line.settled() == [], "what waits is not acknowledged yet, and is no error"
        for _ in range(2):
            gate.through.release()
        assert text_of(other.until("RUN_FINISHED")) == ""
        assert text_of(other.until("RUN_FINISHED")) == "You said: once joins"
    assert len(place.bot.messages) == before + 2


def test_unseen_messages_of_one_run_are_one_question(place: Desk, line: Line) -> None:
    line.ask("hello", "m1")
    line.until("RUN_FINISHED")
    said: list[tuple[str, object]] = [("m1", "hello"), ("m2", "have you got mugs?"), ("m3", "in blue")]
    line.send(type="run", input=run_input(line.thread, said, "r2"))
    assert text_of(line.until("RUN_FINISHED")) == "You said: have you got mugs? in blue"
    line.ask("in blue", "m3")
    line.ask("have you got mugs?", "m2")
    assert [event["value"]["messageId"] for event in line.settled()] == ["m3", "m3"]


def test_a_bad_message_in_the_history_does_not_spoil_the_next(line: Line) -> None:
    line.send(type="run", input=run_input(line.thread, [("m1", "x" * 9_000)], "r1"))
    assert line.receive()["code"] == "too_large"
    line.send(type="run", input=run_input(line.thread, [("m1", "x" * 9_000), ("m2", "short")], "r2"))
    assert text_of(line.until("RUN_FINISHED")) == "You said: short"


def test_resume_gives_exactly_what_was_missed(place: Desk, line: Line) -> None:
    gate = Gate()
    place.bot.answer = gate
    line.ask("你还在吗？", "m1")
    seen = line.until("STEP_STARTED")
    assert gate.reached.acquire(timeout=10)
    line.drop()
    gate.through.release()
    with place.connect() as again:
        again.hello(threadId=line.thread, threadSecret=line.secret)
        again.send(type="resume", threadId=line.thread, lastSeq=seen[-1]["metadata"]["seq"], epoch=line.epoch)
        missed = again.until("RUN_FINISHED")
        assert seqs(seen + missed) == list(range(1, len(seen) + len(missed) + 1))
        assert text_of(missed) == "You said: 你还在吗？"
        again.send(type="resume", threadId=line.thread, lastSeq=0, epoch=line.epoch)
        assert again.settled() == seen + missed
        again.send(type="resume", threadId=line.thread, lastSeq=missed[-1]["metadata"]["seq"], epoch=line.epoch)
        assert again.settled() == []


@pytest.mark.parametrize(("seq", "epoch"), [(0, 9), (10_000, 1)])
def test_where_the_past_is_another_a_snapshot_says_so(line: Line, seq: int, epoch: int) -> None:
    line.ask("один", "m1")
    last = line.until("RUN_FINISHED")[-1]["metadata"]["seq"]
    line.send(type="resume", threadId=line.thread, lastSeq=seq, epoch=epoch)
    (snapshot,) = line.settled()
    assert snapshot["type"] == "MESSAGES_SNAPSHOT"
    assert [(one["id"], one["role"], one["content"]) for one in snapshot["messages"]] == [
        ("m1", "user", "один"),
        ("m1:reply", "assistant", "You said: один"),
    ]
    assert snapshot["messages"][1]["metadata"]["reply"]["text"] == "You said: один"
    assert snapshot["metadata"] == {"seq": last, "epoch": 1}
    line.ask("два", "m2")
    assert line.until("RUN_FINISHED")[0]["metadata"]["seq"] == last + 1


def test_a_snapshot_in_the_middle_of_a_run_is_followed_by_the_whole_run(place: Desk, line: Line) -> None:
    line.ask("first", "m1")
    line.until("RUN_FINISHED")
    gate = Gate()
    place.bot.answer = gate
    line.ask("second", "m2")
    line.until("STEP_STARTED")
    line.send(type="resume", threadId=line.thread, lastSeq=0, epoch=99)
    snapshot, *rest = line.settled()
    assert [one["content"] for one in snapshot["messages"]] == ["first", "You said: first", "second"]
    assert [event["type"] for event in rest] == ["RUN_STARTED", "CUSTOM", "STEP_STARTED"]
    gate.through.release()
    assert text_of(line.until("RUN_FINISHED")) == "You said: second"


def test_a_stranger_is_refused_in_the_same_words(place: Desk, line: Line) -> None:
    said = []
    for who in (
        {"threadId": line.thread, "threadSecret": "wrong"},
        {"threadId": line.thread},
        {"threadId": "no-such-thread", "threadSecret": line.secret},
    ):
        with place.connect() as stranger:
            answer = stranger.hello(**who)
            said.append((answer["type"], answer["code"], answer["message"]))
            assert stranger.hello()["name"] == "session", "and may begin a conversation of their own"
    assert len(set(said)) == 1
    assert said[0][:2] == ("RUN_ERROR", "refused")


def test_a_thread_is_not_reached_from_another(place: Desk, line: Line) -> None:
    with place.connect() as other:
        other.hello()
        other.send(type="run", input=run_input(line.thread, [("m1", "hi")], "r"))
        assert other.receive()["code"] == "refused"


def test_a_token_says_who_the_customer_is(place: Desk) -> None:
    token = sign("c-7", secret_of(place.settings.data, place.settings))
    with place.connect() as line:
        assert line.hello(token=token, locale="zh-CN")["value"]["customer"] == "c-7"
        line.ask("我的订单在哪里", "m1")
        line.until("RUN_FINISHED")
        assert (place.bot.messages[-1].customer, place.bot.messages[-1].language) == ("c-7", "zh-CN")
        thread, secret = line.thread, line.secret
    with place.connect() as line:
        assert line.hello(threadId=thread, token=token)["name"] == "session"
    with place.connect() as line:
        line.hello(threadId=thread, threadSecret=secret)
        line.ask("and now?", "m2")
        line.until("RUN_FINISHED")
        assert place.bot.messages[-1].customer is None, "the thread's secret is no proof of who one is"
    with place.connect() as line:
        assert line.hello(threadId=thread, token=sign("c-8", "x" * 40))["code"] == "refused"


def test_a_token_that_runs_out_is_no_proof_any_more(place: Desk) -> None:
    secret = secret_of(place.settings.data, place.settings)
    token = sign("c-7", secret, hours=-29.0 / 3600)  # within what clocks may differ by, for a second
    with place.connect() as line:
        line.hello(token=token)
        time.sleep(2)
        line.ask("still me?", "m1")
        assert line.receive()["code"] == "refused"


def test_a_voice_note_may_be_sent_as_it_is_spoken(place: Desk, line: Line) -> None:
    start = {"type": "audio.start", "threadId": line.thread, "runId": "r1", "messageId": "m1", "mimeType": "audio/webm"}
    line.send(**start)
    line.send_bytes(b"one ")
    line.send(type="ping")
    assert line.receive() == {"type": "pong"}
    line.send(**start)
    assert line.receive()["code"] == "bad_input"
    line.send_bytes(b"two")
    line.send(type="audio.end")
    line.until("RUN_FINISHED")
    assert place.bot.messages[-1].parts == (Speech(b"one two"),)
    line.send(**start)
    line.send_bytes(b"one two")
    line.send(type="audio.end")
    assert [event["name"] for event in line.settled()] == ["ack"]
    line.send(**{**start, "messageId": "m2"})
    line.send(type="audio.end")
    assert line.receive()["code"] == "bad_input"


def test_a_voice_note_that_is_too_large_is_one_error(tmp_path: Path) -> None:
    with desk(tmp_path, limits=Limits(media_bytes=1_000)) as place, place.connect() as line:
        line.hello()
        line.send(type="audio.start", threadId=line.thread, runId="r", messageId="m", mimeType="audio/webm")
        for _ in range(5):
            line.send_bytes(b"x" * 600)
        line.send(type="audio.end")
        assert [event["code"] for event in line.settled()] == ["too_large"]
        assert place.bot.messages == []


def test_a_frame_over_the_limit_ends_only_its_connection(tmp_path: Path) -> None:
    with desk(tmp_path, limits=Limits(frame_bytes=10_000)) as place:
        with place.connect() as line:
            line.hello()
            line.send_text("x" * 20_000)
            with pytest.raises((AssertionError, OSError)):
                line.receive()
            assert line.closed in (1009, None)
        with place.connect() as line:
            assert line.hello()["name"] == "session"


def test_runs_of_one_thread_wait_for_each_other_up_to_a_bound(place: Desk, line: Line) -> None:
    gate = Gate()
    place.bot.answer = gate
    for number in range(10):
        line.ask(f"number {number}", f"m{number}")
    errors = [event for event in line.settled() if event["type"] == "RUN_ERROR"]
    assert [error["code"] for error in errors] == ["busy", "busy"]
    assert all(error["metadata"]["retry"] for error in errors)
    for _ in range(3):
        gate.through.release()
    answers = []
    for _ in range(8):
        run = line.until("RUN_FINISHED")
        assert run[0]["type"] in ("RUN_STARTED", "STEP_FINISHED")
        answers.append(text_of(run))
    first, second = (" ".join(f"number {number}" for number in part) for part in (range(6), range(6, 8)))
    assert answers == ["", "", "", "", "", f"You said: {first}", "", f"You said: {second}"]


def test_threads_do_not_wait_for_each_other(place: Desk, line: Line) -> None:
    gate = Gate()
    place.bot.answer = lambda message, tell: (gate if message.id == "slow" else echo)(message, tell)
    line.ask("slow", "slow")
    assert gate.reached.acquire(timeout=10)
    with place.connect() as other:
        other.hello()
        other.ask("quick", "quick")
        assert text_of(other.until("RUN_FINISHED")) == "You said: quick"
    gate.through.release()
    line.until("RUN_FINISHED")


def test_a_run_may_be_called_off(place: Desk, line: Line) -> None:
    gate = Gate()
    place.bot.answer = gate
    line.ask("never mind", "m1")
    line.ask("nor this", "m2")
    assert gate.reached.acquire(timeout=10)
    line.send(type="cancel", runId="run-m1")
    line.send(type="cancel", runId="run-m2")
    line.settled()
    gate.through.release()
    ends = [line.until("RUN_FINISHED")[-1] for _ in range(2)]
    assert [(end["runId"], end["outcome"]["type"]) for end in ends] == [
        ("run-m1", "cancelled"),
        ("run-m2", "cancelled"),
    ]
    assert [message.id for message in place.bot.messages[-1:]] == ["m1"]
    place.bot.answer = echo
    line.ask("but this", "m3")
    assert text_of(line.until("RUN_FINISHED")) == "You said: but this"


@pytest.mark.parametrize("step", ["begin", "append"])
def test_a_disk_that_fails_is_said_and_the_next_message_is_answered(
    place: Desk, line: Line, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> str:
        raise OSError("no space left on device")

    gate = Gate()
    place.bot.answer = gate
    with monkeypatch.context() as broken:
        broken.setattr(Threads, step, full)
        line.ask("lost?", "m1")
        if step == "append":
            line.until("CUSTOM", "ack")
            assert gate.reached.acquire(timeout=10)
            assert line.settled() == [], "the turn that is under way holds the next one back"
            gate.through.release()
        error = line.receive()
    assert (error["type"], error["code"], error["metadata"]) == (
        "RUN_ERROR",
        "error",
        {"retry": True, "runId": "run-m1"},
    )
    place.bot.answer = echo
    line.ask("lost?", "m1")
    assert text_of(line.until("RUN_FINISHED")) == "You said: lost?"


def test_a_client_that_leaves_amid_answers_is_no_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with desk(tmp_path) as place:
        for _ in range(3):
            with place.connect() as line:
                line.hello()
                line.ask("tell me everything. " * 300, "m1")
                for _ in range(50):
                    line.send(type="ping")
        with place.connect() as line:
            assert line.hello()["name"] == "session"
    out, errors = capfd.readouterr()
    assert "rror" not in out + errors


def test_a_restart_keeps_the_thread_its_log_and_what_was_seen(tmp_path: Path) -> None:
    bot = FakeBot()
    with desk(tmp_path, bot) as place, place.connect() as line:
        line.hello()
        line.ask("مرحبا", "m1")
        events = line.until("RUN_FINISHED")
    with desk(tmp_path, bot) as place, place.connect() as again:
        session = again.hello(threadId=line.thread, threadSecret=line.secret)["value"]
        assert (session["epoch"], session["lastSeq"]) == (line.epoch, len(events))
        again.send(type="resume", threadId=line.thread, lastSeq=2, epoch=line.epoch)
        assert again.settled() == events[2:]
        again.ask("مرحبا", "m1")
        assert again.settled() == [events[1]]
    assert len(bot.messages) == 1
