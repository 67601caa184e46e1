"""How notes that are heard at the same time share the cores: one alone has all of them, several have one each.

torch loses half of a second core where it cuts one note's small products in two, and nothing where the second core has
a note of its own. HEARING.md has the figures, and why notes do not go through the model as one batch.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Made = TypeVar("Made")
Work = Generator[None, None, Made]  # yields wherever it may go on in another thread


class Cores:
    """`cores` for the notes of several threads; as many notes are under way at most, and the others wait."""

    def __init__(self, cores: int) -> None:
        self._room = threading.Semaphore(cores)
        self._changing = threading.Lock()
        self._under_way = 0
        self._workers = single_threaded(cores, "hear")

    def finish(self, work: Work[Made]) -> Made:
        """What `work` returns. From one yield to the next it runs in this thread, with all threads of torch, where
        no other work is under way, and beside other work on one core. What it raises comes to its own caller alone.
        """
        made: list[Made] = []
        with self._one():
            while not made:
                if self._shared:
                    self._workers.submit(self._go_on, work, made, True).result()
                else:
                    self._go_on(work, made, False)
        return made[0]

    @property
    def _shared(self) -> bool:
        return self._under_way > 1

    @contextmanager
    def _one(self) -> Iterator[None]:
        with self._room:
            self._count(1)
            try:
                yield
            finally:
                self._count(-1)

    def _count(self, change: int) -> None:
        with self._changing:
            self._under_way += change

    def _go_on(self, work: Work[Made], made: list[Made], shared: bool) -> None:
        """Goes on with `work` until it is done or company has come or gone."""
        with torch.inference_mode():
            while self._shared == shared:
                try:
                    next(work)
                except StopIteration as end:
                    made.append(end.value)
                    return


def single_threaded(threads: int, name: str) -> ThreadPoolExecutor:
    """Threads in each of which torch uses one core.

    torch keeps a number of threads for each thread, and one more for threads to come. Asking for the number first
    settles it, so that what is set after holds for that thread; the one for threads to come is put back.
    """
    before = torch.get_num_threads()
    all_there = threading.Barrier(threads)
    workers = ThreadPoolExecutor(threads, name)

    def alone() -> None:
        torch.get_num_threads()
        torch.set_num_threads(1)
        all_there.wait()

    for started in [workers.submit(alone) for _ in range(threads)]:
        started.result()
    torch.set_num_threads(before)
    return workers
