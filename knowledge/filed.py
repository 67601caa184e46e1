"""Records in a file, read one at a time by number or by name, without loading the others.

    stem.records    the records as JSON, one after the other
    stem.at.npy     int64[n + 1], where each begins, and the end
    stem.names.npy  uint64[n], the hashes of the names, ascending
    stem.order.npy  int64[n], the number of the record with each of these hashes

The files are memory-mapped: opening takes no time, and they may be removed while they are open.
"""

from __future__ import annotations

import hashlib
import mmap
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import load

T = TypeVar("T")


class Filing(Generic[T]):
    """Writes records one after the other; what is written stands when the `with` block has ended."""

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._file = stem.with_name(f"{stem.name}.records").open("wb")
        self._at = array("q", [0])
        self._names = array("Q")
        self._encoder = msgspec.json.Encoder()

    def __enter__(self) -> Filing[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        if kind is None:
            names = np.frombuffer(self._names, np.uint64)
            order = np.argsort(names, kind="stable")
            np.save(_beside(self._stem, "at"), np.frombuffer(self._at, np.int64))
            np.save(_beside(self._stem, "names"), names[order])
            np.save(_beside(self._stem, "order"), order)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, record: T) -> int:
        """Writes a record, and gives its number. Names may come again."""
        content = self._encoder.encode(record)
        self._file.write(content)
        self._at.append(self._at[-1] + len(content))
        self._names.append(_hash(name))
        return len(self._names) - 1


class Filed(Generic[T]):
    """What a Filing wrote. Safe to read from several threads."""

    def __init__(self, stem: Path, kind: type[T]) -> None:
        """Maps the files of `stem`.

        Raises:
            OSError: they are not there.
        """
        self._at: NDArray[np.int64] = load(_beside(stem, "at"), mmap_mode="r")
        self._names: NDArray[np.uint64] = load(_beside(stem, "names"), mmap_mode="r")
        self._order: NDArray[np.int64] = load(_beside(stem, "order"), mmap_mode="r")
        self._decoder = msgspec.json.Decoder(kind)
        with stem.with_name(f"{stem.name}.records").open("rb") as file:
            # An empty file can't be mapped.
            self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._at[-1] else b""

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> T:
        return self._decoder.decode(self._content[self._at[number] : self._at[number + 1]])

    def __iter__(self) -> Iterator[T]:
        return (self[number] for number in range(len(self)))

    def numbers(self, name: str) -> list[int]:
        """The numbers of the records that may have this name, ascending; one that has another is among them once in
        2^64 times, so whoever asks compares."""
        asked = np.uint64(_hash(name))
        first, last = np.searchsorted(self._names, asked, "left"), np.searchsorted(self._names, asked, "right")
        return [int(number) for number in self._order[first:last]]


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def _beside(stem: Path, what: str) -> Path:
    return stem.with_name(f"{stem.name}.{what}.npy")
