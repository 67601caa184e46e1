"""Rows of vectors in one file that FAISS maps into memory: exact search, and the vectors themselves again.

The file is what FAISS writes for an `IndexFlatIP`: a header, then n rows of d floats. FAISS can only write what is
wholly in memory; here rows are appended as they come, and the header is put right at the end.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np
from faiss.contrib import exhaustive_search as _exhaustive_search
from numpy.typing import NDArray

faiss: Any = _faiss  # its type hints are those of the C++ layer, without what its Python layer adds
exhaustive_search: Any = _exhaustive_search

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_BLOCK = 16_384  # rows that are read at once
_NTOTAL = slice(8, 16)  # where the header has the number of rows, int64, after its magic word and d, four bytes each
_SIZE = slice(-8, None)  # and where the number of floats that follow


def unit(vectors: F32) -> F32:
    """`vectors` [..., d] at length 1; a zero vector stays zero."""
    given = np.asarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("...i,...i->...", given, given))[..., None]
    unit_length: F32 = given / np.maximum(lengths, np.float32(1e-12))
    return unit_length


def write_rows(file: Path, blocks: Iterable[F32], d: int) -> int:
    """Writes the rows of `blocks` [k, d], at length 1, to `file` as they come. Their number.

    Raises:
        ValueError: a block has another dimension, or numbers that are not finite.
    """
    n = 0
    with file.open("wb") as out:
        out.write(_header(0, d))
        for block in blocks:
            if np.ndim(block) != 2 or np.shape(block)[1] != d:
                raise ValueError(f"a block of vectors of shape {np.shape(block)} among vectors of {d} numbers")
            if not np.isfinite(block).all():
                raise ValueError("a vector has numbers that are not finite")
            out.write(unit(block).astype("<f4", copy=False).tobytes())
            n += len(block)
        out.seek(0)
        out.write(_header(n, d))
    return n


def _header(n: int, d: int) -> bytes:
    header = bytearray(faiss.serialize_index(faiss.IndexFlatIP(d)).tobytes())
    header[_NTOTAL] = n.to_bytes(8, "little")
    header[_SIZE] = (n * d).to_bytes(8, "little")
    return bytes(header)


class Rows:
    """n vectors of d numbers, at length 1, that a query is compared with one by one."""

    def __init__(self, index: Any, file: int | None = None) -> None:
        self._index = index
        self._file = file
        self.n: int = index.ntotal
        self.d: int = index.d
        if file is not None:
            weakref.finalize(self, os.close, file)

    @classmethod
    def of(cls, vectors: F32) -> Rows:
        """Rows in memory."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(unit(vectors)))
        return cls(index)

    @classmethod
    def open(cls, file: Path) -> Rows:
        """What `write_rows` wrote, memory-mapped.

        Raises:
            OSError, RuntimeError: the file is absent or no index.
        """
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
        return cls(index, os.open(file, os.O_RDONLY | os.O_CLOEXEC))

    def at(self, rows: I64) -> F32:
        """The vectors of `rows` [m], as [m, d]. Read from the file, so that going through all of them leaves none of
        its pages in this process.

        Raises:
            IndexError: there is no such row.
            OSError: the file was cut off since.
        """
        if not len(rows):
            return np.empty((0, self.d), np.float32)
        rows = np.asarray(rows, np.int64)
        if rows.min() < 0 or rows.max() >= self.n:
            raise IndexError(f"there are {self.n} vectors, none with the number {rows.min()} or {rows.max()}")
        found: F32 = self._index.reconstruct_batch(rows) if self._file is None else self._read(self._file, rows)
        return found

    def _read(self, file: int, rows: I64) -> F32:
        found = np.empty((len(rows), self.d), np.float32)
        begin, size = len(_header(0, self.d)), self.d * 4
        # Neighbours are read at once.
        ends = np.flatnonzero((np.diff(rows) != 1) | (np.arange(1, len(rows)) % _BLOCK == 0)) + 1
        for start, end in pairwise([0, *ends.tolist(), len(rows)]):
            content = os.pread(file, (end - start) * size, begin + int(rows[start]) * size)
            if len(content) < (end - start) * size:
                raise OSError("the file of vectors was cut off")
            found[start:end] = np.frombuffer(content, "<f4").reshape(-1, self.d)
        return found

    def nearest(self, queries: F32, most: int) -> I64:
        """For each of `queries` [m, d] its `most` nearest rows, best first, as [m, most]; read as by `at`."""
        blocks = (self.at(np.arange(at, min(at + _BLOCK, self.n))) for at in range(0, self.n, _BLOCK))
        _, found = exhaustive_search.knn_ground_truth(queries, blocks, most, faiss.METRIC_INNER_PRODUCT)
        return np.asarray(found, np.int64)

    def scores(self, query: F32, rows: I64) -> F32:
        """The products of `query` [d] with `rows` [m], as [m]. einsum: BLAS would start threads of its own."""
        if not len(rows):
            return np.empty(0, np.float32)
        vectors = self._index.reconstruct_batch(np.asarray(rows, np.int64))
        found: F32 = np.einsum("ij,j->i", vectors, query)
        return found

    def search(self, queries: F32, most: int, rows: I64 | None = None) -> tuple[I64, F32]:
        """For each of `queries` [m, d] its `most` nearest rows and the products with them, best first, as [m, most].

        `rows` leaves out all others. Where there are fewer than `most`, the rest of the rows are -1.
        """
        parameters = None if rows is None else faiss.SearchParameters(sel=faiss.IDSelectorArray(rows))
        products, found = self._index.search(queries, most, params=parameters)
        return found, products
