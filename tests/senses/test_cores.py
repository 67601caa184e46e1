"""Notes that are under way together have a core each, and one alone has them all."""

from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from bot.senses.cores import Cores

Where = tuple[str, int]  # a thread and how many cores torch takes in it


def here() -> Where:
    return threading.current_thread().name.partition("_")[0], torch.get_num_threads()


class Note:
    """Work in three steps, each of which says where it ran; the second waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self) -> Generator[None, None, list[Where]]:
        places = [here()]
        yield
        self.begun.set()
        assert self.may.wait(10)
        places.append(here())
        yield
        places.append(here())
        return places


@pytest.fixture
def callers() -> Generator[ThreadPoolExecutor, None, None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with ThreadPoolExecutor(4, "caller") as pool:
        yield pool
    torch.set_num_threads(before)


def test_alone_it_has_all_cores_and_beside_another_one_each(callers: ThreadPoolExecutor) -> None:
    cores = Cores(2)
    first, second = Note(), Note()
    found = callers.submit(cores.finish, first())
    assert first.begun.wait(10)
    other = callers.submit(cores.finish, second())
    assert second.begun.wait(10)
    first.may.set()
    # The first was on its way with all cores when the second came; it goes on with one from its next step.
    assert found.result(10) == [("caller", 2), ("caller", 2), ("hear", 1)]
    second.may.set()
    assert other.result(10) == [("hear", 1), ("hear", 1), ("caller", 2)]
    third = Note()
    third.may.set()
    assert callers.submit(cores.finish, third()).result(10) == [("caller", 2)] * 3


def test_no_more_are_under_way_than_there_are_cores(callers: ThreadPoolExecutor) -> None:
    cores = Cores(2)
    notes = [Note() for _ in range(3)]
    found = [callers.submit(cores.finish, note()) for note in notes[:2]]
    assert all(note.begun.wait(10) for note in notes[:2])
    found.append(callers.submit(cores.finish, notes[2]()))
    assert not notes[2].begun.wait(0.1)
    notes[1].may.set()
    assert notes[2].begun.wait(10)
    notes[0].may.set()
    notes[2].may.set()
    assert all(len(future.result(10)) == 3 for future in found)


def test_what_fails_fails_alone_and_gives_its_core_back(callers: ThreadPoolExecutor) -> None:
    def broken() -> Generator[None, None, None]:
        yield
        raise ValueError("坏")

    cores = Cores(2)
    beside = Note()
    found = callers.submit(cores.finish, beside())
    assert beside.begun.wait(10)
    for _ in range(3):
        with pytest.raises(ValueError, match="坏"):
            callers.submit(cores.finish, broken()).result(10)
    beside.may.set()
    assert found.result(10)[2] == ("caller", 2)
    with pytest.raises(ValueError, match="坏"):
        cores.finish(broken())
