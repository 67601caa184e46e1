"""Nearest vectors by cosine: a FAISS flat index, exact, in one file that is memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = _faiss  # its type hints are those of the C++ layer, without what its Python layer adds

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_SAMPLE = 256  # rows that stand for all when the scores of all are described


def unit(vectors: F32) -> F32:
    """`vectors` [..., d] at length 1; a zero vector stays zero."""
    given = np.asarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("...i,...i->...", given, given))[..., None]
    unit_length: F32 = given / np.maximum(lengths, np.float32(1e-12))
    return unit_length


class Vectors:
    """n vectors of d numbers, found again by their row. Safe to read from several threads."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.n: int = index.ntotal
        self.d: int = index.d
        rows = np.linspace(0, self.n - 1, min(self.n, _SAMPLE)).astype(np.int64)
        self._sample: F32 = self.at(rows)

    @classmethod
    def of(cls, vectors: F32) -> Vectors:
        """An index in memory of `vectors` [n, d], brought to length 1."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(unit(vectors)))
        return cls(index)

    def save(self, file: Path) -> None:
        """Writes the index to `file`."""
        faiss.write_index(self._index, str(file))

    @classmethod
    def open(cls, file: Path) -> Vectors:
        """What `save` wrote, memory-mapped. The file may be removed while it is open.

        Raises:
            RuntimeError: the file is absent or no index.
        """
        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))

    def at(self, rows: I64) -> F32:
        """The vectors of `rows` [m], as [m, d]."""
        if not len(rows):
            return np.empty((0, self.d), np.float32)
        found: F32 = self._index.reconstruct_batch(rows)
        return found

    def search(self, vector: F32, most: int, among: NDArray[np.bool_] | None = None) -> tuple[I64, F32]:
        """The rows nearest to `vector` [d] and their cosines, best first, `most` of them at most.

        `among` [n] leaves out the rows where it is False.

        Raises:
            ValueError: `vector` has another dimension than the index.
        """
        query = self._checked(vector)
        # OpenMP keeps this number for each thread; many requests at once would fight for the cores otherwise.
        faiss.omp_set_num_threads(1)
        parameters = None
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        scores, rows = self._index.search(query[None], max(1, min(most, self.n)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def scores(self, vector: F32, rows: I64) -> F32:
        """The cosines of `vector` [d] with `rows` [m], as [m].

        Raises:
            ValueError: as `search`.
        """
        found: F32 = self.at(rows) @ self._checked(vector)
        return found

    def background(self, vector: F32) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of `vector` with all rows, to tell how far one stands out.

        Exact up to 256 rows, beyond that estimated from 256 that are evenly spaced. (0, 0) without rows.
        """
        if not self.n:
            return 0.0, 0.0
        every = self._sample @ self._checked(vector)
        return float(every.mean()), float(every.std())

    def _checked(self, vector: F32) -> F32:
        if np.shape(vector) != (self.d,):
            raise ValueError(
                f"a vector of shape {np.shape(vector)} can't be looked up among vectors of {self.d} numbers"
            )
        return unit(vector)
