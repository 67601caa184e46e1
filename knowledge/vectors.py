"""Nearest vectors by cosine: FAISS, in a folder that is memory-mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np

from knowledge.vector_rows import F32, I64, Mask, Rows, faiss, unit, write_rows

__all__ = ["F32", "I64", "Built", "Vectors", "unit", "write"]

_SAMPLE = 256  # rows that stand for all when the scores of all are described


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What an index folder holds, and how well it finds."""

    rung: str
    n: int
    d: int
    parameters: dict[str, int] = {}
    recall: float = 1.0
    queries: int = 0


def ignore(_: float) -> None:
    """Progress that nobody watches."""


def write(folder: Path, blocks: Iterable[F32], d: int, progress: Callable[[float], None] = ignore) -> Built:
    """Writes an index folder of the vectors in `blocks` [k, d], brought to length 1; what it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    n = write_rows(folder / "rows.faiss", blocks, d)
    built = Built(rung="flat", n=n, d=d)
    (folder / "about.json").write_bytes(msgspec.json.encode(built))
    progress(1.0)
    return built


class Vectors:
    """n vectors of d numbers, found again by their row. Safe to read from several threads."""

    def __init__(self, rows: Rows, built: Built) -> None:
        self._rows = rows
        self.built = built
        self.n, self.d = rows.n, rows.d
        sample = np.linspace(0, self.n - 1, min(self.n, _SAMPLE)).astype(np.int64)
        self._sample: F32 = self.at(sample)

    @classmethod
    def of(cls, vectors: F32) -> Vectors:
        """An index in memory of `vectors` [n, d], brought to length 1."""
        rows = Rows.of(vectors)
        return cls(rows, Built(rung="flat", n=rows.n, d=rows.d))

    @classmethod
    def open(cls, folder: Path) -> Vectors:
        """What `write` wrote, memory-mapped. The folder may be removed while it is open.

        Raises:
            OSError, RuntimeError: the folder is absent or not whole.
        """
        if folder.is_file():  # until index.py writes folders
            rows = Rows.open(folder)
            return cls(rows, Built(rung="flat", n=rows.n, d=rows.d))
        built = msgspec.json.decode((folder / "about.json").read_bytes(), type=Built)
        return cls(Rows.open(folder / "rows.faiss"), built)

    def save(self, file: Path) -> None:
        """Until index.py writes folders."""
        faiss.write_index(self._rows._index, str(file))

    def at(self, rows: I64) -> F32:
        """The vectors of `rows` [m], as [m, d]."""
        return self._rows.at(rows)

    def search(self, vector: F32, most: int, among: Mask | None = None) -> tuple[I64, F32]:
        """The rows nearest to `vector` [d] and their cosines, best first, `most` of them at most.

        `among` [n] leaves out the rows where it is False.

        Raises:
            ValueError: `vector` has another dimension than the index.
        """
        return self._rows.search(self._checked(vector), most, among)

    def scores(self, vector: F32, rows: I64) -> F32:
        """The cosines of `vector` [d] with `rows` [m], as [m].

        Raises:
            ValueError: as `search`.
        """
        return self._rows.scores(self._checked(vector), rows)

    def background(self, vector: F32) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of `vector` with all rows, to tell how far one stands out.

        Exact up to 256 rows, beyond that estimated from 256 that are evenly spaced. (0, 0) without rows.
        """
        if not self.n:
            return 0.0, 0.0
        every = np.einsum("ij,j->i", self._sample, self._checked(vector))
        return float(every.mean()), float(every.std())

    def _checked(self, vector: F32) -> F32:
        if np.shape(vector) != (self.d,):
            raise ValueError(
                f"a vector of shape {np.shape(vector)} can't be looked up among vectors of {self.d} numbers"
            )
        return unit(vector)
