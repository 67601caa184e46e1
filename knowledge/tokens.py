"""Late interaction: a question's tokens against those of a passage (ColBERT's MaxSim; Khattab and Zaharia, 2020).

One vector a passage says what it is about as a whole; whether it answers a question is often said by one sentence.
The tokens of each sentence are kept as unit vectors in four bits a number, a part for each distinct sentence:

    codes.bin     uint8[tokens, d / 2], two numbers a byte
    begins.npy    int64[parts], the first token of each part
    counts.npy    int32[parts]
    digests.npy   uint64[parts, 2], of the part's text and language, ascending
    first.npy     int64[rows + 1], where in `part` the parts of each row begin
    part.npy      int32[…], the parts of the rows
    pools.bin     uint8[rows, d / 2], the mean of each row's tokens, brought to length 1
"""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import load

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]

_LEVELS = 16
_CLIP = 3.0  # standard deviations of a number of a random unit vector, 1/√d: few numbers lie outside
_NONE = np.zeros((0, 0), np.uint8)
FORGET = 1024  # rows or parts after which a build forgets what it has read: at 64 kB that the system maps around each


def packed(vectors: F32) -> U8:
    """Unit vectors [t, d], d even, as uint8[t, d / 2]: 16 even steps over ±3/√d, the first number in the low half."""
    step = 2 * _CLIP / np.sqrt(vectors.shape[1]) / _LEVELS
    codes = np.clip(np.floor(vectors / step) + _LEVELS // 2, 0, _LEVELS - 1).astype(np.uint8)
    both: U8 = codes[:, ::2] | (codes[:, 1::2] << 4)
    return both


def cosines(codes: U8, question: F32) -> F32:
    """The products [t, q] of t packed vectors with a question's q unit vectors: their cosines, but for the rounding."""
    step = 2 * _CLIP / np.sqrt(question.shape[1]) / _LEVELS
    even, odd = question[:, ::2], question[:, 1::2]
    # The middle of a step lies half a step above its beginning; taken off once a question and not once a token.
    middle = (_LEVELS / 2 - 0.5) * question.sum(axis=1)
    found: F32 = (codes & 15).astype(np.float32) @ even.T
    found += (codes >> 4).astype(np.float32) @ odd.T
    found -= middle.astype(np.float32)
    found *= np.float32(step)
    return found


def pooled(codes: U8) -> F32:
    """The mean [d] of packed vectors, at length 1; zeros where there are none."""
    found = np.zeros(2 * codes.shape[1], np.float32)
    if len(codes):
        found[::2], found[1::2] = (codes & 15).mean(axis=0), (codes >> 4).mean(axis=0)
        found -= np.float32(_LEVELS / 2 - 0.5)
        found /= max(float(np.linalg.norm(found)), 1e-9)
    return found


class Tokens:
    """The tokens of the rows of an index. Safe to read from several threads."""

    def __init__(self, folder: Path) -> None:
        """Maps the files in `folder`.

        Raises:
            OSError: they are not there.
        """
        self._begins: I64 = load(folder / "begins.npy", mmap_mode="r")
        self._counts: NDArray[np.int32] = load(folder / "counts.npy", mmap_mode="r")
        self._first: I64 = load(folder / "first.npy", mmap_mode="r")
        self._part: NDArray[np.int32] = load(folder / "part.npy", mmap_mode="r")
        self.digests: U64 = load(folder / "digests.npy", mmap_mode="r")
        width = int(load(folder / "width.npy"))
        with (folder / "codes.bin").open("rb") as file:
            # An empty file can't be mapped.
            size = (folder / "codes.bin").stat().st_size
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        self._codes: U8 = np.frombuffer(self._file, np.uint8).reshape(-1, width) if self._file else _NONE
        pools = folder / "pools.bin"  # empty while it is being written
        self._pools: U8 = np.memmap(pools, np.uint8, "r").reshape(-1, width) if pools.stat().st_size else _NONE

    def codes(self, part: int) -> U8:
        """The packed tokens of a part."""
        begin = int(self._begins[part])
        return self._codes[begin : begin + int(self._counts[part])]

    def forget(self) -> None:
        """Lets go of the pages of tokens that were read: whoever goes through all of them would keep them all."""
        if self._file:
            self._file.madvise(mmap.MADV_DONTNEED)

    def of_row(self, row: int) -> U8:
        """The packed tokens of a row."""
        parts = self._part[self._first[row] : self._first[row + 1]]
        return np.concatenate([self.codes(part) for part in parts]) if len(parts) else self._codes[:0]

    def near(self, question: F32, rows: I64) -> F32:
        """The cosines [m] of the mean of the question's tokens [q, d] with that of each of `rows` [m]."""
        if not len(self._pools):
            return np.zeros(len(rows), np.float32)
        mean = question.mean(axis=0, keepdims=True)
        return cosines(self._pools[rows], mean / max(float(np.linalg.norm(mean)), 1e-9))[:, 0]

    def nearest(self, question: F32, rows: I64) -> F32:
        """For each of `rows` [m] and of the question's tokens [q, d], the cosine of the row's nearest token: [m, q].

        A row without tokens has -1 everywhere.
        """
        found = np.full((len(rows), len(question)), -1.0, np.float32)
        codes = [self.of_row(row) for row in rows.tolist()]
        having = [number for number, some in enumerate(codes) if len(some)]
        if having:
            begins = np.cumsum([0, *(len(codes[number]) for number in having)])[:-1]
            near = cosines(np.concatenate([codes[number] for number in having]), question)
            found[having] = np.maximum.reduceat(near, begins, axis=0)
        return found


def agreement(nearest: F32) -> F32:
    """How well each candidate answers, [m], from `Tokens.nearest` [m, q]: the mean over the question's tokens, each
    weighed by how far its best candidate stands out from all: what every candidate has tells none of them apart."""
    weights = nearest.max(axis=0) - nearest.mean(axis=0)
    if not weights.sum() > 0:
        weights = np.ones_like(weights)
    scores: F32 = (nearest @ weights) / weights.sum()
    return scores


class Keeping:
    """Writes the tokens of parts one after the other, in whatever order they come."""

    def __init__(self, folder: Path, digests: U64) -> None:
        folder.mkdir()
        self._folder, self._file = folder, (folder / "codes.bin").open("wb")
        self._begins, self._counts = np.zeros(len(digests), np.int64), np.zeros(len(digests), np.int32)
        self._end, self._width = 0, 0
        np.save(folder / "digests.npy", digests)

    def add(self, part: int, codes: U8) -> None:
        """Keeps the packed tokens of a part."""
        if len(codes):
            self._width = codes.shape[1]
        self._begins[part], self._counts[part] = self._end, len(codes)
        self._file.write(np.ascontiguousarray(codes).data)
        self._end += len(codes)

    def done(self, first: I64, part: NDArray[np.int32]) -> None:
        """Says which parts the rows have, and closes the files."""
        self._file.close()
        for name, array in (("begins", self._begins), ("counts", self._counts), ("first", first), ("part", part)):
            np.save(self._folder / f"{name}.npy", array)
        np.save(self._folder / "width.npy", np.int64(self._width))
        (self._folder / "pools.bin").touch()
        tokens = Tokens(self._folder)
        with (self._folder / "pools.bin").open("wb") as pools:
            for row in range(len(first) - 1):
                if row % FORGET == 0:
                    tokens.forget()
                pools.write(packed(pooled(tokens.of_row(row))[None]).data)
