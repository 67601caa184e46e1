"""One worker for what many ask: everybody gets their own answer, in batches, and nobody waits for one who failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.errors import Busy
from bot.senses.batching import Batcher


class _Slow:
    """Work that waits until it may go on, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self, items: list[str]) -> list[str]:
        self.batches.append(items)
        self.begun.set()
        assert self.may.wait(10)
        if "بد" in items:
            raise ValueError("بد")
        return [item[::-1] for item in items]


@pytest.fixture
def slow() -> Iterator[_Slow]:
    work = _Slow()
    yield work
    work.may.set()


def test_a_request_that_comes_alone_is_served_at_once_and_those_behind_it_together(slow: _Slow) -> None:
    batcher = Batcher(slow, "test", most=3, room=99, length=len)
    first = batcher.submit(["订单在哪里"])
    assert slow.begun.wait(10)
    rest = batcher.submit(["أين طلبي الآن", "hi", "¿dónde?", "ok"])
    slow.may.set()
    assert [future.result(10) for future in first + rest] == ["里哪在单订", "نآلا يبلط نيأ", "ih", "?ednód¿", "ko"]
    assert slow.batches == [["订单在哪里"], ["hi", "ok", "¿dónde?"], ["أين طلبي الآن"]], "not of a like length together"
    batcher.close()


def test_what_is_cancelled_before_its_batch_is_not_worked_on(slow: _Slow) -> None:
    batcher = Batcher(slow, "test", most=9, room=99)
    batcher.submit(["a"])
    assert slow.begun.wait(10)
    called_off, kept = batcher.submit(["b", "c"])
    assert called_off.cancel()
    slow.may.set()
    assert kept.result(10) == "c"
    with pytest.raises(CancelledError):
        called_off.result(10)
    assert slow.batches == [["a"], ["c"]]
    batcher.close()


def test_what_cannot_be_used_fails_alone(slow: _Slow) -> None:
    batcher = Batcher(slow, "test", most=9, room=99)
    slow.may.set()
    good, bad, also = batcher.submit(["好", "بد", "gut"])
    assert (good.result(10), also.result(10)) == ("好", "tug")
    with pytest.raises(ValueError, match="بد"):
        bad.result(10)
    assert batcher(["noch da"]) == ["ad hcon"], "the worker ended"
    batcher.close()


def test_a_full_queue_takes_nothing_and_says_so(slow: _Slow) -> None:
    batcher = Batcher(slow, "test", most=2, room=2)
    batcher.submit(["a"])
    assert slow.begun.wait(10)
    waiting = batcher.submit(["b"])
    with pytest.raises(Busy):
        batcher.submit(["c", "d"])
    waiting += batcher.submit(["e"])
    slow.may.set()
    assert [future.result(10) for future in waiting] == ["b", "e"]
    batcher.close()
    with pytest.raises(Busy):
        batcher(["f"])


@settings(max_examples=30, deadline=None)
@given(some.lists(some.lists(some.text(max_size=5), max_size=6), max_size=12), some.integers(1, 5))
def test_everybody_gets_what_they_asked_for_in_their_order(asked: list[list[str]], most: int) -> None:
    batcher: Batcher[str, str] = Batcher(lambda items: [f"{item}!" for item in items], "test", most, 999, len)
    with ThreadPoolExecutor(8) as callers:
        assert list(callers.map(batcher, asked)) == [[f"{item}!" for item in items] for items in asked]
    batcher.close()
