"""One worker for a model that many conversations share: what they ask for at the same time goes through it together.

Nothing is gained by waiting for company: while a batch is under way the next one gathers, so a request that comes
alone is served at once, and the busier the model is, the larger its batches are.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from bot.errors import Busy

Given = TypeVar("Given")
Made = TypeVar("Made")


class Batcher(Generic[Given, Made]):
    """Gathers what several threads ask for into batches of `work`. Safe to use from any of them."""

    def __init__(
        self,
        work: Callable[[list[Given]], Sequence[Made]],
        name: str,
        most: int,
        room: int,
        length: Callable[[Given], float] = lambda _: 0,
    ) -> None:
        """`work` makes one result for each of at most `most` items; `room` items may wait.

        Of those that wait, items of a like `length` go together, so that padding costs little; none is left for a
        later batch while one that came after it is served.
        """
        self._work, self._most, self._room, self._length = work, most, room, length
        self._waiting: deque[tuple[Given, Future[Made]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._serve, name=name, daemon=True)
        self._worker.start()

    def submit(self, items: Sequence[Given]) -> list[Future[Made]]:
        """A future for each item. One that is cancelled before its batch begins costs nothing.

        Raises:
            Busy: there is no room for them, or the worker was closed. None of them is taken.
        """
        taken: list[tuple[Given, Future[Made]]] = [(item, Future()) for item in items]
        with self._changed:
            if self._closed or len(self._waiting) + len(taken) > self._room:
                raise Busy("Too many requests are waiting.")
            self._waiting.extend(taken)
            self._changed.notify()
        return [future for _, future in taken]

    def __call__(self, items: Sequence[Given]) -> list[Made]:
        """What is made of the items, in their order, as soon as it is there.

        Raises:
            Busy: there is no room for them, or the worker was closed.
        """
        return [future.result() for future in self.submit(items)]

    def close(self) -> None:
        """Serves what was taken, then ends the worker."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._worker.join()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                gathered = list(self._waiting)
                self._waiting.clear()
            gathered.sort(key=lambda pair: self._length(pair[0]))
            for start in range(0, len(gathered), self._most):
                self._make(gathered[start : start + self._most])

    def _make(self, batch: list[tuple[Given, Future[Made]]]) -> None:
        wanted = [(item, future) for item, future in batch if future.set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            made = self._work([item for item, _ in wanted])
        except Exception as error:
            if len(wanted) > 1:
                self._one_by_one(wanted)
            else:
                wanted[0][1].set_exception(error)
            return
        for (_, future), one in zip(wanted, made, strict=True):
            future.set_result(one)

    def _one_by_one(self, wanted: list[tuple[Given, Future[Made]]]) -> None:
        """What can't be used fails alone, not those who happened to come with it."""
        for item, future in wanted:
            try:
                future.set_result(self._work([item])[0])
            except Exception as error:
                future.set_exception(error)
