"""BM25 of any number of texts, written as files that bm25s maps into memory.

The matrix that bm25s reads is sorted by piece, the texts come row by row, and a score needs counts of all texts. So the
rows are sorted block by block into a scratch file while everything is counted; then the scores of each block go to
their places in the files. Memory holds a block and four bytes a row.
"""

from __future__ import annotations

import errno
import os
import tempfile
from array import array
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

K1, B = 1.5, 0.75  # Okapi's, as in Lucene
_BLOCK = 8192  # rows that are sorted at once
_ROW = 32  # bits of a row's number, beside that of a piece


def write(folder: Path, rows: Iterable[Sequence[int]], pieces: int) -> None:
    """Writes the scores of `rows`, each the numbers of its pieces (0..`pieces` - 1), into `folder`.

    Lucene's variant with exact lengths (Kamphuis et al., 2020), to the bit what `BM25.index` of bm25s would compute;
    `BM25.load(folder, load_vocab=False)` reads it. There is at least one row. The scratch file, in `folder` too, has 12
    bytes a score.

    Raises:
        OSError: the disk is full.
    """
    with tempfile.TemporaryFile(dir=folder) as blocks:
        lengths, having = _count(rows, pieces, blocks)
        _place(folder, blocks, lengths, having)
    about = {"method": "lucene", "k1": K1, "b": B, "num_docs": len(lengths)}
    (folder / "params.index.json").write_bytes(msgspec.json.encode(about))


def _count(rows: Iterable[Sequence[int]], pieces: int, blocks: BinaryIO) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The length of each row, and how many rows have each piece. To `blocks`: piece and row, ascending, and how often
    the row has it."""
    lengths, having, left = array("i"), np.zeros(pieces, np.int64), iter(rows)
    while block := [np.array(row, np.int64) for row in islice(left, _BLOCK)]:
        numbers = np.repeat(np.arange(len(lengths), len(lengths) + len(block)), [len(row) for row in block])
        lengths.extend(len(row) for row in block)
        keys, times = np.unique(np.concatenate(block) << _ROW | numbers, return_counts=True)
        having += np.bincount(keys >> _ROW, minlength=pieces)
        if len(keys):
            blocks.write(len(keys).to_bytes(8, "little"))
            keys.tofile(blocks)
            times.astype(np.float32).tofile(blocks)
    return np.asarray(lengths, np.int32), having


def _place(folder: Path, blocks: BinaryIO, lengths: NDArray[np.int32], having: NDArray[np.int64]) -> None:
    """Writes the three arrays of the matrix: where each piece begins, the rows that have it, and their scores."""
    weights = np.log(1 + (len(lengths) - having + 0.5) / (having + 0.5)).astype(np.float32)
    damping = K1 * (1 - B + B * lengths / (lengths.mean() or 1))
    begins = np.concatenate([[0], np.cumsum(having)])
    np.save(folder / "indptr.csc.index.npy", begins)
    free = begins[:-1].copy()
    blocks.seek(0)
    indices, data = folder / "indices.csc.index.npy", folder / "data.csc.index.npy"
    with indices.open("wb") as all_rows, data.open("wb") as all_scores:
        header = _header(all_rows, np.int32, int(begins[-1])), _header(all_scores, np.float32, int(begins[-1]))
        while size := int.from_bytes(blocks.read(8), "little"):
            keys, times = np.fromfile(blocks, np.int64, size), np.fromfile(blocks, np.float32, size)
            pieces, rows = keys >> _ROW, (keys & (1 << _ROW) - 1).astype(np.int32)
            scores = (weights[pieces] * (times / (damping[rows] + times))).astype(np.float32)
            changes = np.flatnonzero(np.diff(pieces, prepend=-1)).tolist()
            for start, stop in pairwise([*changes, len(pieces)]):
                place = 4 * int(free[pieces[start]])
                _put(all_rows, rows[start:stop], header[0] + place)
                _put(all_scores, scores[start:stop], header[1] + place)
                free[pieces[start]] += stop - start


def _header(file: BinaryIO, of: type[np.generic], n: int) -> int:
    """Writes the header of an array of n numbers, four bytes each; where they begin."""
    about = {"descr": np.dtype(of).str, "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(file, about)
    file.flush()
    return file.tell()


def _put(file: BinaryIO, numbers: NDArray[Any], place: int) -> None:
    if os.pwrite(file.fileno(), numbers.data, place) < numbers.nbytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
