"""A platform's messages from the hook to the answer: stored first, answered once, in order, and never lost."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels import calls, incoming, outgoing
from bot.channels.mail import Mail
from bot.channels.platforms.values import Address, Arrived
from bot.channels.threads import Threads
from bot.errors import TooLarge
from bot.messages import Message, Photo, Reply, Speech, Text
from bot.settings import Limits
from tests.channels.desk import Desk, FakeBot, Tell, desk, echo
from tests.channels.platform_server import Came, Plain, PlatformServer, Said, call, fine, platform_server


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_PAUSE", 0.05)
    monkeypatch.setattr(incoming, "_PAUSES", (0.05, 0.05))
    monkeypatch.setattr(incoming, "_NO_ROOM", 0.05)


@pytest.fixture
def server() -> Iterator[PlatformServer]:
    with platform_server() as one:
        yield one


@pytest.fixture
def plain(server: PlatformServer, monkeypatch: pytest.MonkeyPatch) -> Plain:
    platform = Plain(server.url)
    monkeypatch.setattr("bot.channels.post_room.every", lambda _: {platform.name: platform})
    return platform


def hook(at: Desk, plain: Plain, *messages: dict[str, Any]) -> None:
    body = json.dumps(messages).encode()
    assert call(f"{at.url}/hooks/plain", body, {"X-Signature": plain.signature(body)}) == (200, b"taken")


def texts(came: list[Came]) -> list[str]:
    return [str(one.json()["text"]) for one in came if one.path == "/send"]


def rows(data: Path, table: str) -> list[dict[str, Any]]:
    with sqlite3.connect(data / "threads.db") as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
    connection.close()
    return found


def said(id: str, text: str, chat: str = "c1", **more: Any) -> dict[str, Any]:
    return {"id": id, "chat": chat, "text": text, **more}


@pytest.mark.parametrize("text", ["where is my parcel?", "我的包裹在哪里？", "أين طردي؟", "ఎక్కడ ఉంది?"])
def test_a_message_is_answered(tmp_path: Path, plain: Plain, server: PlatformServer, text: str) -> None:
    with desk(tmp_path) as at:
        hook(at, plain, said("m1", text))
        (sent,) = server.until(lambda came: len(came) == 1)
    assert sent.json()["to"] == "c1"
    assert sent.json()["text"] == f"You said: {text}"
    assert [row["state"] for row in rows(tmp_path, "outbox")] == ["sent"]
    assert rows(tmp_path, "inbox") == []


def test_what_is_delivered_again_and_shuffled_is_answered_once(
    tmp_path: Path, plain: Plain, server: PlatformServer
) -> None:
    day = [said(f"{chat}-{n}", f"{n}", chat) for chat in ("c1", "c2", "c3") for n in range(4)]
    with desk(tmp_path) as at:
        again = day * 10
        random.Random(5).shuffle(again)
        for start in range(0, len(again), 7):
            hook(at, plain, *again[start : start + 7])
        bot = at.bot

        def all_answered(_: list[Came]) -> bool:
            whole = " ".join(line.text for one in bot.messages for line in one.parts if isinstance(line, Text))
            return len(whole.split()) >= 12 and all(row["state"] == "sent" for row in rows(tmp_path, "outbox"))

        server.until(all_answered)
        time.sleep(0.2)
    answered = [(one.json()["to"], part) for one in server.came for part in str(one.json()["text"])[10:].split()]
    assert sorted(answered) == sorted((one["chat"], one["text"]) for one in day)


def test_a_chat_is_answered_in_order(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    failed: list[Came] = []

    def moody(came: Came) -> Said:
        if len(failed) < 3:
            failed.append(came)
            return ((500, {}, b""), (429, {"Retry-After": "0.2"}, b""), (0, {}, b""))[len(failed) - 1]
        return fine(came)

    server.answer = moody
    with desk(tmp_path) as at:
        for n in range(4):
            hook(at, plain, said(f"m{n}", f"n{n}"))
            deadline = time.monotonic() + 10
            while len(rows(tmp_path, "outbox")) <= n:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        server.until(lambda came: len(came) == 7)
    whole = texts(server.came)
    assert whole == ["You said: n0"] * 4 + ["You said: n1", "You said: n2", "You said: n3"]
    assert len({one.json()["key"] for one in server.came[:4]}) == 1
    assert server.came[2].at - server.came[1].at > 0.19  # as long as the platform asked for


def test_what_went_is_not_sent_again(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    def second_fails(came: Came) -> Said:
        failing = came.json()["text"] == "two" and len(server.came) == 1
        return (503, {}, b"") if failing else fine(came)

    server.answer = second_fails
    with desk(tmp_path, FakeBot(lambda message, tell: Reply("one\ntwo\nthree", "en", "other"))) as at:
        hook(at, plain, said("m1", "hello"))
        server.until(lambda came: len(came) == 4)
    assert texts(server.came) == ["one", "two", "two", "three"]


def test_what_is_refused_is_parked_with_the_reason(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    server.answer = lambda came: (403, {}, b"") if came.json()["to"] == "c1" else fine(came)
    with desk(tmp_path) as at:
        hook(at, plain, said("m1", "blocked"), said("m2", "welcome", "c2"))
        hook(at, plain, said("m3", "too late", "c3", at=time.time() - 3_700))
        server.until(lambda came: len(came) == 2 and len(rows(tmp_path, "outbox")) == 3)
        time.sleep(0.3)
        assert b'babeldesk_answers_total{platform="plain",state="parked"} 2.0' in call(f"{at.url}/metrics", None)[1]
    states = {row["message"]: (row["state"], row["why"]) for row in rows(tmp_path, "outbox")}
    assert states == {"m1": ("parked", "blocked"), "m2": ("sent", ""), "m3": ("parked", "window")}


def test_after_the_last_try_it_is_parked(
    tmp_path: Path, plain: Plain, server: PlatformServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "_TRIES", 3)
    server.answer = lambda came: (500, {}, b"")
    with desk(tmp_path) as at:
        hook(at, plain, said("m1", "hello"))
        server.until(lambda came: len(came) == 3 and rows(tmp_path, "outbox")[0]["state"] == "parked")
    assert rows(tmp_path, "outbox")[0]["why"] == "500"


def test_media_are_fetched_and_asked_about_together(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    tried: list[str] = []

    def files(came: Came) -> Said:
        tried.append(came.path)
        if came.path == "/photo":
            assert came.headers["authorization"] == "Bearer mine"
            return (500, {}, b"") if tried.count("/photo") == 1 else (200, {}, b"\x89PNG")
        if came.path == "/voice":
            return 200, {}, json.dumps({"url": f"{server.url}/elsewhere"}).encode()
        if came.path == "/elsewhere":
            return 302, {"Location": "/really"}, b""
        return 200, {}, b"OggS"

    server.answer = files
    with desk(tmp_path, burst_seconds=5.0) as at:
        hook(at, plain, {"id": "m1", "chat": "c1", "photo": f"{server.url}/photo"})
        hook(at, plain, {"id": "m2", "chat": "c1", "speech": f"{server.url}/voice", "text": "怎么样"})
        server.until(lambda came: "/send" in [one.path for one in came])
        (message,) = at.bot.messages
    assert message.parts == (Photo(b"\x89PNG"), Speech(b"OggS"), Text("怎么样"))
    assert [one.path for one in server.came].count("/send") == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [("/huge", "error_too_large"), ("/gone", "error_unreadable_media"), ("https://evil.example/x", "error_refused")],
)
def test_a_file_that_cannot_be_had_is_told(
    tmp_path: Path, plain: Plain, server: PlatformServer, monkeypatch: pytest.MonkeyPatch, path: str, told: str
) -> None:
    def files(came: Came) -> Said:
        if came.path == "/huge":
            return 200, {}, bytes(300_000)
        return (404, {}, b"") if came.path == "/gone" else fine(came)

    server.answer = files
    with desk(tmp_path, limits=Limits(media_bytes=200_000)) as at:
        reference = path if path.startswith("https") else server.url + path
        hook(at, plain, {"id": "m1", "chat": "c1", "photo": reference, "language": "zh"})
        server.until(lambda came: bool(texts(came)))
        assert at.bot.messages == []
    assert texts(server.came) == [f"{told} zh"]
    assert [row["state"] for row in rows(tmp_path, "arrivals")] == ["parked"]


def test_a_turn_that_fails_is_told(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    def failing(message: Message, tell: Tell) -> Reply:
        if message.id == "m1":
            raise TooLarge("A voice note is too long.")
        if message.id == "m2":
            raise ZeroDivisionError
        return echo(message, tell)

    with desk(tmp_path, FakeBot(failing)) as at:
        hook(
            at, plain, said("m1", "a", "c1", language="ar"), said("m2", "b", "c2", language="ko"), said("m3", "c", "c3")
        )
        server.until(lambda came: len(came) == 3)
    assert sorted(texts(server.came)) == ["You said: c", "error_error ko", "error_too_large ar"]


def test_a_restart_goes_on_with_what_waits(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    server.answer = lambda came: (503, {}, b"")
    with desk(tmp_path) as at:
        hook(at, plain, said("m1", "unsent"))
        server.until(lambda came: len(came) >= 1)
    server.answer = fine
    stored = Threads(f"sqlite:///{tmp_path / 'threads.db'}")  # one that was stored, and then the power went
    assert Mail(stored.engine).accept("plain", [Arrived("m2", Address("c2", time.time()), (Text("还在吗"),))] * 2) == 1
    stored.close()
    before = len(server.came)
    with desk(tmp_path):
        server.until(lambda came: len(came) == before + 2)
    assert sorted(texts(server.came)[before:]) == ["You said: unsent", "You said: 还在吗"]
    with desk(tmp_path):
        time.sleep(0.3)
    assert len(server.came) == before + 2


def test_only_what_is_signed_is_taken(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    body = json.dumps([said("m1", "hello")]).encode()
    right = plain.signature(body)
    with desk(tmp_path) as at:
        for signature in ("", "x", right[:-1] + ("0" if right[-1] != "0" else "1")):
            assert call(f"{at.url}/hooks/plain", body, {"X-Signature": signature})[0] == 403
        assert call(f"{at.url}/hooks/plain", body + b" ", {"X-Signature": right})[0] == 403
        assert call(f"{at.url}/hooks/other", body, {"X-Signature": right})[0] == 404
        assert call(f"{at.url}/hooks/plain", b" " * 1_000_001, {"X-Signature": right})[0] == 413
    assert rows(tmp_path, "arrivals") == []


def test_the_platform_is_answered_before_the_bot(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    def slow(message: Message, tell: Tell) -> Reply:
        time.sleep(1.0)
        return echo(message, tell)

    with desk(tmp_path, FakeBot(slow)) as at:
        hook(at, plain, said("m1", "hello"))
        assert server.came == []
        assert [row["id"] for row in rows(tmp_path, "arrivals")] == ["m1"]
        server.until(lambda came: len(came) == 1)


def test_nobody_reads_a_chat_on_the_socket(tmp_path: Path, plain: Plain, server: PlatformServer) -> None:
    with desk(tmp_path) as at:
        hook(at, plain, said("m1", "hello"))
        server.until(lambda came: len(came) == 1)
        (chat,) = rows(tmp_path, "chats")
        for secret in ("", "c1", chat["thread"], "x" * 43):
            with at.connect() as line:
                assert line.hello(threadId=chat["thread"], threadSecret=secret)["type"] == "RUN_ERROR"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://media.example/x", True),
        ("https://a.cdn.example/x", True),
        ("http://media.example/x", False),
        ("https://evil.example/x", False),
        ("https://media.example.evil.example/x", False),
        ("https://media.example@evil.example/x", False),
        ("https://xcdn.example/x", False),
        ("file:///etc/passwd", False),
        ("http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8001/x", False),
        ("http://127.0.0.1/x", False),
        ("https://169.254.169.254/x", False),
    ],
)
def test_where_files_may_lie(url: str, right: bool) -> None:
    assert calls.allowed(url, ("media.example", ".cdn.example", "127.0.0.1:8000")) is right
