"""Nearest vectors by cosine: an index in a folder that is memory-mapped, exact while that is fast enough.

    folder/about.json    Built: the rung, its parameters, its recall against exact search
    folder/rows.faiss    the vectors, which exact search goes through (knowledge/vector_rows.py)
    folder/lists.faiss   above FLAT vectors: where to look for candidates (knowledge/vector_lists.py)

Cosines are always those of the vectors themselves: what the lists find is compared again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.vector_lists import Lists
from knowledge.vector_rows import F32, I64, Rows, faiss, unit, write_rows

__all__ = ["F32", "FLAT", "I64", "Built", "Vectors", "unit", "write"]

FLAT = 50_000  # vectors up to which every one is looked at: 3 ms at 384 numbers, on one core
_RECALL = 0.995  # of the ten nearest; a build takes the first of _TRIES that has it
_TRIES = ((16, 10), (32, 10), (32, 20), (64, 40), (128, 80), (256, 160))  # probes, candidates ÷ rows wanted
_FEWEST = 10  # rows wanted at least, for the number of candidates
_QUERIES = 400  # that recall is measured with
_AWAY = 0.5  # how far these lie from a row, before they are brought to length 1
_SCANNED = 50_000  # rows left by a filter that are compared one by one rather than looked for in lists: 5 ms
_SHARE = 0.1  # and the share of all rows
_MARGIN = 1.5  # candidates more than a filter would leave over if it knew nothing of the query
_SAMPLE = 256  # rows that stand for all when the scores of all are described

Mask = NDArray[np.bool_]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What an index folder holds: n vectors of d numbers, and how well it finds the ten nearest.

    `parameters` of rung "lists": how many `lists`, how many `probes` of them a query makes, and how many times as many
    candidates as wanted are compared (`candidates`). `recall` is measured with `queries` queries, each a row moved
    half a unit in the direction of the difference of two other rows: about as far as a question lies from its
    passage, and spread as the rows are. A flat index is exact; there is nothing to measure.
    """

    rung: str
    n: int
    d: int
    parameters: dict[str, int] = {}
    recall: float = 1.0
    queries: int = 0


def ignore(_: float) -> None:
    """Progress that nobody watches."""


def write(
    folder: Path, blocks: Iterable[F32], d: int, progress: Callable[[float], None] = ignore, flat: int = FLAT
) -> Built:
    """Writes an index of the vectors in `blocks` [k, d], brought to length 1, into `folder`; says what it holds.

    Memory stays the same however many they are, but for the lists (about 70 bytes a vector of 384 numbers) and pages
    of the file that the system may drop.

    Args:
        progress: told how much of the lists is made, 0..1, once all blocks are taken.
        flat: the greatest number of vectors that need no lists.

    Raises:
        ValueError: a block has another dimension, or numbers that are not finite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n = write_rows(folder / "rows.faiss", blocks, d)
    progress(0.0)
    built = Built(rung="flat", n=n, d=d)
    if n > flat:
        rows = Rows.open(folder / "rows.faiss")
        lists = Lists.build(rows, lambda done: progress(0.8 * done))
        lists.save(folder / "lists.faiss")
        built = _tried(rows, lists)
    (folder / "about.json").write_bytes(msgspec.json.encode(built))
    progress(1.0)
    return built


def _tried(rows: Rows, lists: Lists) -> Built:
    """The index with the cheapest parameters that reach _RECALL, or else the dearest."""
    random = np.random.default_rng(0)
    picked = random.integers(0, rows.n, (3, min(_QUERIES, rows.n)))
    start, one, other = (rows.at(some) for some in picked)
    queries = unit(start + np.float32(_AWAY) * unit(one - other))
    wanted = min(_FEWEST, rows.n)
    nearest = _with_threads(lambda: rows.nearest(queries, wanted))
    faiss.omp_set_num_threads(1)
    for probes, candidates in _TRIES:
        parameters = {"lists": lists.count, "probes": probes, "candidates": candidates}
        # Candidates are compared exactly, so that those of the nearest which are among them are found.
        found = [lists.near(query, min(rows.n, candidates * _FEWEST), probes) for query in queries]
        right = sum(len(np.intersect1d(mine, exact)) for mine, exact in zip(found, nearest, strict=True))
        recall = right / nearest.size
        built = Built(rung="lists", n=rows.n, d=rows.d, parameters=parameters, queries=len(queries), recall=recall)
        if built.recall >= _RECALL:
            break
    return built


def _with_threads(work: Callable[[], I64]) -> I64:
    """`work` on two of FAISS's threads; OpenMP keeps their number for each thread that asks."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(min(2, os.cpu_count() or 1))
    try:
        return work()
    finally:
        faiss.omp_set_num_threads(before)


class Vectors:
    """n vectors of d numbers, found again by their row. Safe to read from several threads."""

    def __init__(self, rows: Rows, built: Built, lists: Lists | None = None) -> None:
        self._rows = rows
        self._lists = lists
        self.built = built
        self.n, self.d = rows.n, rows.d
        sample = np.linspace(0, self.n - 1, min(self.n, _SAMPLE)).astype(np.int64)
        self._sample: F32 = self.at(sample)
        self.mean: F32 = self._sample.mean(axis=0) if self.n else np.zeros(self.d, np.float32)  # [d], of the sample

    @classmethod
    def of(cls, vectors: F32) -> Vectors:
        """An index in memory of `vectors` [n, d], brought to length 1; flat, however many they are."""
        rows = Rows.of(vectors)
        return cls(rows, Built(rung="flat", n=rows.n, d=rows.d))

    @classmethod
    def open(cls, folder: Path) -> Vectors:
        """What `write` wrote, memory-mapped. The folder may be removed while it is open.

        Raises:
            OSError, RuntimeError, msgspec.DecodeError: the folder is absent, not whole or none of ours.
        """
        built = msgspec.json.decode((folder / "about.json").read_bytes(), type=Built)
        rows = Rows.open(folder / "rows.faiss")
        lists = Lists.open(folder / "lists.faiss") if built.rung == "lists" else None
        return cls(rows, built, lists)

    def at(self, rows: I64) -> F32:
        """The vectors of `rows` [m], as [m, d]."""
        return self._rows.at(rows)

    def search(self, vector: F32, most: int, among: Mask | None = None) -> tuple[I64, F32]:
        """The rows nearest to `vector` [d] and their cosines, best first, `most` of them at most.

        `among` [n] leaves out the rows where it is False.

        Raises:
            ValueError: `vector` has another dimension than the index, or `among` another number of rows.
        """
        query = self._checked(vector)
        if among is not None and np.shape(among) != (self.n,):
            raise ValueError(f"a mask of shape {np.shape(among)} can't pick from {self.n} vectors")
        # OpenMP keeps this number for each thread; many requests at once would fight for the cores otherwise.
        faiss.omp_set_num_threads(1)
        rows = None if among is None else np.flatnonzero(among)
        left = self.n if rows is None else len(rows)
        wanted = min(most, left)
        if wanted < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        candidates = self._candidates(query, wanted, left, among)
        found, cosines = self._rows.search(query[None], wanted, rows if candidates is None else candidates)
        return found[0], cosines[0]

    def _candidates(self, query: F32, wanted: int, left: int, among: Mask | None) -> I64 | None:
        """The rows that need be compared to have the `wanted` nearest of the `left` rows that `among` leaves.

        None: all of those. So it is where few are left; and where the neighbourhood of the query has been looked
        through as widely as would do for a filter that knows nothing of the query, but this one leaves too little
        there (shoes asked for, among socks). So a filter costs time, never a hit.
        """
        if self._lists is None or (left <= max(_SCANNED, _SHARE * self.n) and among is not None):
            return None
        enough = self.built.parameters["candidates"] * max(wanted, _FEWEST)
        probes = self.built.parameters["probes"]
        if among is None:
            found = self._lists.near(query, min(enough, self.n), probes)
            return found if len(found) >= wanted else None
        wider = self.n / left
        near = self._lists.near(query, min(self.n, int(_MARGIN * wider * enough)), int(np.ceil(wider * probes)))
        kept = near[among[near]]
        return kept if len(kept) >= enough else None

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
