"""The log of a thread: who may open it, numbers without holes, crashes, and what is dropped."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.channels import agui
from bot.channels.thread_values import Beginning, Ending
from bot.channels.threads import Threads
from bot.errors import Refused
from bot.messages import Message, StepFinished, StepStarted, Text


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'threads.db'}"


@pytest.fixture
def threads(url: str) -> Iterator[Threads]:
    opened = Threads(url, kept=50)
    yield opened
    opened.close()


def begin(threads: Threads, thread: str, message: str) -> None:
    start, ack = agui.opening(thread, "r", message)
    asked = Message(message, f"web:{thread}", (Text("typed"),))
    threads.begin(Beginning(thread, "r", (message,), "typed", (start, ack), asked))


def test_only_the_secret_opens_an_anonymous_thread(threads: Threads) -> None:
    made, secret = threads.create(None)
    assert threads.open(made.id, secret, None) == made
    said = set()
    for name, given in [(made.id, "wrong"), (made.id, ""), (made.id, None), ("no-such", secret), ("no-such", None)]:
        with pytest.raises(Refused) as caught:
            threads.open(name, given, None)
        said.add(caught.value.message)
    assert len(said) == 1
    with pytest.raises(Refused):
        threads.open(made.id, None, "c-1")


def test_a_customers_thread_opens_to_them_and_to_the_secret(threads: Threads) -> None:
    made, secret = threads.create("c-1")
    assert threads.open(made.id, None, "c-1").customer == "c-1"
    assert threads.open(made.id, secret, None).customer == "c-1"
    for given in (None, secret):
        with pytest.raises(Refused):
            threads.open(made.id, given, "c-2")


def test_signing_in_makes_an_anonymous_thread_ones_own(threads: Threads) -> None:
    made, secret = threads.create(None)
    assert threads.open(made.id, secret, "c-1").customer == "c-1"
    assert threads.open(made.id, None, "c-1").id == made.id
    with pytest.raises(Refused):
        threads.open(made.id, secret, "c-2")


def test_the_secret_itself_is_not_kept(threads: Threads, tmp_path: Path) -> None:
    _, secret = threads.create(None)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept


def test_joining_makes_a_thread_once(threads: Threads) -> None:
    assert threads.join("mine", "s" * 40, None).seq == 0
    assert threads.join("mine", "s" * 40, None).id == "mine"
    with pytest.raises(Refused):
        threads.join("mine", "t" * 40, None)


def test_numbers_have_no_holes_however_many_write(threads: Threads) -> None:
    made, _ = threads.create(None)

    def write(number: int) -> None:
        threads.append(made.id, "r", "m", [agui.custom("typing", number)] * 3)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(15)))
    events = threads.after(made.id, 0)
    assert events is not None
    assert [event.seq for event in events] == list(range(1, 46))
    for event in events:
        assert json.loads(event.body)["metadata"] == {"seq": event.seq, "epoch": 1, "runId": "r"}


def test_events_after_a_number(threads: Threads) -> None:
    made, _ = threads.create(None)
    threads.append(made.id, "", "", [agui.custom("typing", n) for n in range(10)])
    assert [event.seq for event in threads.after(made.id, 7) or ()] == [8, 9, 10]
    assert threads.after(made.id, 10) == []
    assert threads.after(made.id, 11) is None


def test_what_was_dropped_is_missed_and_not_skipped(threads: Threads) -> None:
    made, _ = threads.create(None)
    for _ in range(8):
        threads.append(made.id, "", "", [agui.custom("typing", "x" * 10)] * 10)
    assert threads.after(made.id, 29) is None
    assert [event.seq for event in threads.after(made.id, 30) or ()] == list(range(31, 81))


def test_a_crash_changes_the_epoch_once_and_frees_the_message(url: str, threads: Threads) -> None:
    made, secret = threads.create(None)
    begin(threads, made.id, "m1")
    threads.finish(made.id, "r", "m1", Ending(agui.cancelled(made.id, "r"), "done"))
    begin(threads, made.id, "m2")
    assert threads.open(made.id, secret, None).epoch == 1, "our own run is no crash"
    later = Threads(url)
    try:
        assert later.open(made.id, secret, None).epoch == 2
        assert later.open(made.id, secret, None).epoch == 2
        assert {name: run.state for name, run in later.known(made.id, ["m1", "m2", "m3"]).items()} == {
            "m1": "done",
            "m2": "lost",
        }
        later.append(made.id, "", "", [agui.custom("typing", 1)])
        assert [json.loads(event.body)["metadata"] for event in later.after(made.id, 5) or ()] == [
            {"seq": 6, "epoch": 2}
        ]
    finally:
        later.close()


def test_what_a_process_left_is_taken_over_until_it_has_been_too_often(url: str, threads: Threads) -> None:
    made, secret = threads.create(None)
    begin(threads, made.id, "m1")
    told = [*agui.told(StepStarted("look"), "m1", 1), *agui.told(StepFinished("look"), "m1", 2)]
    threads.append(made.id, "r", "m1", [*told, *agui.told(StepStarted("search"), "m1", 3)])
    begin(threads, made.id, "m2")
    threads.finish(made.id, "r", "m2", Ending(agui.cancelled(made.id, "r"), "done"))
    assert threads.left() == [], "our own runs are not left"
    for number in range(2):
        later = Threads(url)
        (left,) = later.left()
        assert (left.lead, left.told, left.steps) == ("m1", 5, ("search",)), number
        assert left.message == Message("m1", f"web:{made.id}", (Text("typed"),))
        assert later.open(made.id, secret, None).epoch == 1, "nothing is lost"
        later.close()
    last = Threads(url)
    assert last.left() == []
    assert last.known(made.id, ["m1"])["m1"].state == "lost"
    assert [json.loads(event.body)["type"] for event in last.after(made.id, 8) or ()] == ["RUN_ERROR"]
    last.close()


def test_what_is_stored_is_on_disk(threads: Threads, tmp_path: Path) -> None:
    made, _ = threads.create(None)
    begin(threads, made.id, "m1")
    with sqlite3.connect(tmp_path / "threads.db") as other:
        assert other.execute("select message, state from runs").fetchall() == [("m1", "running")]
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)
    other.close()


def test_a_run_again_leaves_out_its_failed_attempt(threads: Threads) -> None:
    made, _ = threads.create(None)
    begin(threads, made.id, "m1")
    threads.finish(made.id, "r", "m1", Ending(agui.cancelled(made.id, "r"), "failed"))
    begin(threads, made.id, "m1")
    threads.finish(made.id, "r", "m1", Ending(agui.cancelled(made.id, "r"), "done"))
    found = threads.of_run(made.id, "m1")
    assert found is not None
    assert found[0] == "done"
    assert [event.seq for event in found[1]] == [4, 5, 6]
