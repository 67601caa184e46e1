"""A conversation over HTTP and server-sent events, against a real server."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels import agui
from bot.channels.threads import Threads
from bot.channels.tokens import secret_of, sign
from bot.messages import Message, Reply
from bot.settings import Limits
from tests.channels.desk import Desk, FakeBot, Tell, desk, echo, run_input, seqs, text_of


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as up:
        yield up


@pytest.fixture
def browser(place: Desk) -> Iterator[httpx.Client]:
    place.bot.answer = echo
    with httpx.Client(trust_env=False, base_url=place.url, timeout=10) as client:
        yield client


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [
        json.loads(block.removeprefix("data: ")) for block in answer.text.split("\n\n") if block.startswith("data:")
    ]


def say(browser: httpx.Client, thread: str, said: list[tuple[str, object]], run: str = "r", **headers: str) -> Any:
    return browser.post("/agui", json=run_input(thread, said, run), headers=headers)


@pytest.mark.parametrize("text", ["有蓝色的杯子吗？", "أين طلبي؟", "Где мой заказ?"])
def test_a_run_is_a_stream_of_events(browser: httpx.Client, text: str, request: pytest.FixtureRequest) -> None:
    events = events_of(say(browser, f"t{abs(hash(request.node.name))}", [("m1", text)]))
    assert [events[0]["type"], events[1]["name"], events[-1]["type"]] == ["RUN_STARTED", "ack", "RUN_FINISHED"]
    assert text_of(events) == events[-1]["result"]["text"] == f"You said: {text}"
    assert seqs(events) == list(range(1, len(events) + 1))


def test_an_anonymous_thread_is_kept_by_a_cookie(place: Desk, browser: httpx.Client) -> None:
    first = say(browser, "cookies", [("m1", "hello")])
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    second = say(browser, "cookies", [("m1", "hello"), ("m2", "again")])
    assert text_of(events_of(second)) == "You said: again"
    with httpx.Client(trust_env=False, base_url=place.url) as stranger:
        refused = say(stranger, "cookies", [("m3", "what did they ask?")])
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")


def test_a_token_opens_a_customers_thread_without_a_cookie(place: Desk) -> None:
    secret = secret_of(place.settings.data, place.settings)

    def ask(customer: str | None, message: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {sign(customer, secret)}"} if customer else {}
        with httpx.Client(trust_env=False, base_url=place.url) as client:
            return say(client, "theirs", [(message, "where is it?")], **headers)

    place.bot.answer = echo
    events_of(ask("c-1", "m1"))
    assert place.bot.messages[-1].customer == "c-1"
    events_of(ask("c-1", "m2"))
    assert ask("c-2", "m3").status_code == 403
    assert ask(None, "m4").status_code == 403


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic YTpi", ""])
def test_a_bad_token_is_refused_and_not_taken_for_a_stranger(browser: httpx.Client, header: str) -> None:
    answer = say(browser, "bad-token", [("m1", "hi")], Authorization=header)
    assert (answer.status_code, answer.json()["code"]) == (403, "refused")


def test_a_message_seen_before_is_replayed_with_its_old_numbers(place: Desk, browser: httpx.Client) -> None:
    first = events_of(say(browser, "twice", [("m1", "hello")], "r1"))
    events_of(say(browser, "twice", [("m1", "hello"), ("m2", "more")], "r2"))
    before = len(place.bot.messages)
    assert events_of(say(browser, "twice", [("m1", "hello")], "r3")) == first
    assert len(place.bot.messages) == before


def test_a_message_sent_twice_at_once_is_answered_once_and_told_to_both(place: Desk, browser: httpx.Client) -> None:
    through = threading.Event()

    def slow(message: Message, tell: Tell) -> Reply:
        assert through.wait(10)
        return echo(message, tell)

    place.bot.answer = slow
    browser.cookies.set("babeldesk", "v" * 43)
    before = len(place.bot.messages)
    got: list[list[dict[str, Any]]] = []
    acknowledged = threading.Semaphore(0)

    def ask() -> None:
        with browser.stream("POST", "/agui", json=run_input("both", [("m1", "hi")], "r")) as stream:
            text = ""
            for piece in stream.iter_text():
                if '"ack"' in piece:
                    acknowledged.release()
                text += piece
        got.append([json.loads(block.removeprefix("data: ")) for block in text.split("\n\n") if block])

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert acknowledged.acquire(timeout=10)
    through.set()
    for thread in threads:
        thread.join(10)
    assert got[0] == got[1]
    assert text_of(got[0]) == "You said: hi"
    assert len(place.bot.messages) == before + 1


def test_a_client_that_hangs_up_finds_the_answer_later(place: Desk, browser: httpx.Client) -> None:
    through = threading.Event()

    def slow(message: Message, tell: Tell) -> Reply:
        assert through.wait(10)
        return echo(message, tell)

    place.bot.answer = slow
    with browser.stream("POST", "/agui", json=run_input("later", [("m1", "你好")], "r1")) as stream:
        assert "RUN_STARTED" in next(stream.iter_text())
    through.set()
    assert text_of(events_of(say(browser, "later", [("m1", "你好")], "r2"))) == "You said: 你好"


@pytest.mark.parametrize(("content", "code"), [("", "bad_input"), ("长" * 700_000, "too_large")])
def test_a_bad_message_is_an_error_in_the_stream(browser: httpx.Client, content: str, code: str) -> None:
    events = events_of(say(browser, f"bad-{code}", [("m1", content)]))
    assert [(event["type"], event["code"]) for event in events] == [("RUN_ERROR", code)]
    assert text_of(events_of(say(browser, f"bad-{code}", [("m1", content), ("m2", "fine")]))) == "You said: fine"


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "application/json"), (b"[]", "application/json"), (b"", "application/json"), (b"{}", "text/plain")],
)
def test_what_is_no_run_is_refused(browser: httpx.Client, body: bytes, kind: str) -> None:
    answer = browser.post("/agui", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (
        desk(tmp_path, limits=Limits(frame_bytes=10_000)) as place,
        httpx.Client(trust_env=False, base_url=place.url) as client,
    ):
        answer = say(client, "t", [("m1", "x" * 20_000)])
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert place.bot.messages == []


def test_one_thread_on_both_channels(place: Desk) -> None:
    place.bot.answer = echo
    token = sign("c-9", secret_of(place.settings.data, place.settings))
    with place.connect() as line, httpx.Client(trust_env=False, base_url=place.url) as client:
        line.hello(token=token)
        answer = say(client, line.thread, [("m1", "over HTTP")], Authorization=f"Bearer {token}")
        assert line.until("RUN_FINISHED") == events_of(answer)


def test_a_chosen_thread_is_not_another_channels_conversation(place: Desk, browser: httpx.Client) -> None:
    events_of(say(browser, "telegram:12345", [("m1", "hi")]))
    assert place.bot.messages[-1].conversation == "web:telegram:12345"


def test_a_stored_run_whose_events_are_gone_comes_as_a_snapshot(tmp_path: Path) -> None:
    bot = FakeBot()
    with (
        desk(tmp_path, bot) as place,
        place.connect() as line,
        httpx.Client(trust_env=False, base_url=place.url) as client,
    ):
        token = sign("c-1", secret_of(place.settings.data, place.settings))
        line.hello(token=token)
        line.ask("первый", "m1")
        line.until("RUN_FINISHED")
        threads = Threads(f"sqlite:///{tmp_path / 'threads.db'}", kept=3)
        threads.append(line.thread, "", "", [agui.custom("typing", number) for number in range(5)])
        threads.close()
        line.send(type="resume", threadId=line.thread, lastSeq=1, epoch=line.epoch)
        assert [event["type"] for event in line.settled()] == ["MESSAGES_SNAPSHOT"]
        answer = say(client, line.thread, [("m1", "первый")], Authorization=f"Bearer {token}")
        events = events_of(answer)
    assert [event["type"] for event in events] == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    assert events[1]["messages"][1]["content"] == events[2]["result"]["text"] == "You said: первый"
    assert len(bot.messages) == 1
