"""The rung above the flat index: lists of bit codes (FAISS IVF, RaBitQ fast scan), to find candidates for exact search.

k-means puts the rows into lists; of each row one bit a dimension is kept, with two factors that undo most of the
error (Gao & Long, "RaBitQ", SIGMOD 2024). A query looks through the lists nearest to it; what it finds there is
compared exactly afterwards. Why these and not a graph: knowledge/EXPERIMENTS.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.vector_rows import F32, I64, Rows, faiss

_TRAINED_ON = 64  # rows a list that k-means looks at; FAISS warns under 39
_BLOCK = 16_384  # rows that are added at once
_SEED = 1234


class Lists:
    """The lists of n rows. `near` is safe from several threads."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.count: int = index.nlist

    @classmethod
    def build(cls, rows: Rows, progress: Callable[[float], None]) -> Lists:
        """The lists of `rows`, which has at least one; about √n of them. Runs on two threads."""
        count = max(1, min(2 ** round(np.log2(rows.n) / 2), rows.n // _TRAINED_ON))
        index = faiss.index_factory(rows.d, f"IVF{count},RaBitQfs", faiss.METRIC_INNER_PRODUCT)
        random = np.random.default_rng(_SEED)
        sample = np.sort(random.choice(rows.n, min(rows.n, count * _TRAINED_ON), replace=False))
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(min(2, os.cpu_count() or 1))
        try:
            index.train(rows.at(sample))
            for start in range(0, rows.n, _BLOCK):
                progress(0.3 + 0.7 * start / rows.n)
                index.add(rows.at(np.arange(start, min(rows.n, start + _BLOCK))))
        finally:
            faiss.omp_set_num_threads(before)
        progress(1.0)
        return cls(index)

    @classmethod
    def open(cls, file: Path) -> Lists:
        """What `save` wrote. FAISS copies such lists into memory: about 70 bytes a row of 384 numbers.

        Raises:
            RuntimeError: the file is absent or no index.
        """
        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))

    def save(self, file: Path) -> None:
        """Writes the lists to `file`."""
        faiss.write_index(self._index, str(file))

    def near(self, query: F32, most: int, probes: int) -> I64:
        """About the `most` rows nearest to `query` [d], in `probes` lists; in no order to rely on."""
        parameters = faiss.IVFRaBitQSearchParameters(nprobe=min(probes, self.count))
        _, rows = self._index.search(query[None], most, params=parameters)
        found: I64 = rows[0][rows[0] >= 0]
        return found
