"""Bells that ring when a thread's log has grown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bells:
    """The bells of all who listen, by thread."""

    def __init__(self) -> None:
        self._hung: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def hung(self, thread: str, bell: asyncio.Event) -> Iterator[None]:
        """The bell rings as often as the thread's log has grown."""
        self._hung.setdefault(thread, set()).add(bell)
        try:
            yield
        finally:
            self._hung[thread].discard(bell)
            if not self._hung[thread]:
                del self._hung[thread]

    def ring(self, thread: str) -> None:
        """The thread's log has grown."""
        for bell in self._hung.get(thread, ()):
            bell.set()
