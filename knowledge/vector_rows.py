"""Rows of vectors in one file that FAISS maps into memory: exact search, and the vectors themselves again.

The file is what FAISS writes for an `IndexScalarQuantizer` of half floats: a header, then n rows of d halves. FAISS
can only write what is wholly in memory; here rows are appended as they come, and the header is put right at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = _faiss  # its type hints are those of the C++ layer, without what its Python layer adds

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FEW = 2_000  # rows that are faster taken out and multiplied than found by a scan over all with a bitmap
_NTOTAL = slice(8, 16)  # where the header has the number of rows, int64, after its magic word and d, four bytes each
_SIZE = slice(-8, None)  # and where the number of bytes that follow


def unit(vectors: F32) -> F32:
    """`vectors` [..., d] at length 1; a zero vector stays zero."""
    given = np.asarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("...i,...i->...", given, given))[..., None]
    unit_length: F32 = given / np.maximum(lengths, np.float32(1e-12))
    return unit_length


def single_thread() -> None:
    """OpenMP keeps this number for each thread; many requests at once would fight for the cores otherwise."""
    faiss.omp_set_num_threads(1)


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
            rows = unit(block)
            if not np.isfinite(rows).all():
                raise ValueError("a vector has numbers that are not finite")
            out.write(rows.astype("<f2").tobytes())
            n += len(rows)
        out.seek(0)
        out.write(_header(n, d))
    return n


def _header(n: int, d: int) -> bytes:
    header = bytearray(faiss.serialize_index(_halves(d)).tobytes())
    header[_NTOTAL] = n.to_bytes(8, "little")
    header[_SIZE] = (2 * n * d).to_bytes(8, "little")
    return bytes(header)


def _halves(d: int) -> Any:
    return faiss.IndexScalarQuantizer(d, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


class Rows:
    """n vectors of d numbers, at length 1, behind a FAISS index that compares a query with every one."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.n: int = index.ntotal
        self.d: int = index.d
        # Read only, and not aligned in the file: rows are copied out as bytes before they are numbers.
        self._codes = (
            faiss.rev_swig_ptr(index.codes.data(), index.codes.size()).reshape(self.n, -1)
            if self.n
            else np.empty((0, index.code_size), np.uint8)
        )
        self._kind = np.float16 if index.code_size == 2 * index.d else np.float32

    @classmethod
    def of(cls, vectors: F32) -> Rows:
        """Rows in memory, in full precision."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(unit(vectors)))
        return cls(index)

    @classmethod
    def open(cls, file: Path) -> Rows:
        """What `write_rows` wrote, memory-mapped.

        Raises:
            RuntimeError: the file is absent or no index.
        """
        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))

    def at(self, rows: I64) -> F32:
        """The vectors of `rows` [m], as [m, d]."""
        found: F32 = self._codes[rows].view(self._kind).astype(np.float32)
        return found

    def scores(self, query: F32, rows: I64) -> F32:
        """The products of `query` [d] with `rows` [m], as [m]. einsum: BLAS would start threads of its own."""
        found: F32 = np.einsum("ij,j->i", self.at(rows), query)
        return found

    def best(self, query: F32, most: int, rows: I64) -> tuple[I64, F32]:
        """The `most` of `rows` [m] with the greatest products, best first, and these."""
        scores = self.scores(query, rows)
        order = np.argsort(-scores, kind="stable")[:most]
        return rows[order], scores[order]

    def search(self, query: F32, most: int, among: Mask | None = None) -> tuple[I64, F32]:
        """As `best`, of all rows, or of those where `among` [n] is True."""
        single_thread()
        parameters = None
        if among is not None:
            if np.count_nonzero(among) <= _FEW:
                return self.best(query, most, np.flatnonzero(among))
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(among, bitorder="little")))
        if not self.n:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores, rows = self._index.search(query[None], max(1, min(most, self.n)), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]
