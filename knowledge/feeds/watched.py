"""A feed's file, opened once, that tells how far it has been read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.feeds.errors import FeedError

CHUNK_BYTES = 1 << 18

# Is told the fraction of the file's bytes that was read, from 0 to 1, now and then.
Done = Callable[[float], None]


def ignore(fraction: float) -> None:
    """Nobody watches."""


@contextmanager
def watched(path: Path, done: Done = ignore) -> Iterator[io.BufferedReader]:
    """The file at `path`; `done` is called after each CHUNK_BYTES of it, and with 1 at its end.

    Raises:
        FeedError: it can't be opened or read.
    """
    try:
        with path.open("rb", buffering=0) as raw:
            size = os.fstat(raw.fileno()).st_size
            yield io.BufferedReader(_Watched(raw, size, done), CHUNK_BYTES)
    except OSError as wrong:
        raise FeedError(path.name, 0, f"can't be read: {wrong.strerror or wrong}") from None


class _Watched(io.RawIOBase):
    def __init__(self, raw: io.FileIO, size: int, done: Done) -> None:
        self._raw = raw
        self._size = size
        self._done = done
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._raw.readinto(buffer) or 0
        self._read += count
        # A pipe has no size, and a file may grow while it is read.
        self._done(min(1.0, self._read / self._size) if count and self._size else 0.0 if count else 1.0)
        return count
