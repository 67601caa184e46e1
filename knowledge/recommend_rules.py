"""What is bought with what: rules with a bound, out of sets of things that were bought together. Pure arithmetic.

Things are numbers from 0; a set is what one order, or one customer, bought. Of every pair the share of the sets with
`a` that also have `b` is taken at the lower bound of its Wilson interval (Wilson, 1927), and divided by the share that
chance would give: as many further things as the sets with `a` have, drawn from all that was bought. That is the lower
bound of the lift (Brin, Motwani, Ullman and Tsur, 1997, who call it interest) for sets of these sizes: with the plain
share of `b`, one order of thirty things would tie thirty things to each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import load

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

# Two-sided 99.9 %: each thing is compared with thousands of others, and a few of those stand out by chance.
Z_PAIR = 3.29
FEWEST = 3  # sets that hold a pair before it can be a rule at all
KEPT = 50  # rules kept of a thing
_PAIRS_AT_ONCE = 5_000_000  # 8 bytes each, sorted in place


@dataclass(frozen=True)
class Sets:
    """Set s holds `things[first[s] : first[s + 1]]`. first int64[s + 1], things int32[lines].

    `part` int64[lines]: only things of different parts of a set are a pair, as those of two orders of a customer.
    Without parts every two are, and a set holds each thing once.
    """

    first: I64
    things: I32
    part: I64 | None = None

    @property
    def sizes(self) -> I64:
        """How many things each set holds, int64[s]."""
        sizes: I64 = np.diff(self.first)
        return sizes


@dataclass(frozen=True)
class Rules:
    """Of thing a the rules `first[a]` to `first[a + 1]`, best first; all else is one row a rule.

    `thing` is what goes with a, `sets` the number of sets with both, `lift` the lower bound of the lift, and `gain`
    the lower bound of the share of the sets with a that have it because they have a: bound minus chance, 0..1.
    """

    first: I64
    thing: I32
    sets: I32
    lift: F32
    gain: F32

    def of(self, thing: int) -> slice:
        """The rows of a thing's rules."""
        return slice(int(self.first[thing]), int(self.first[thing + 1]))

    def save(self, folder: Path, name: str) -> None:
        """Writes the arrays as `name`-*.npy."""
        for field in ("first", "thing", "sets", "lift", "gain"):
            np.save(folder / f"{name}-{field}.npy", getattr(self, field))

    @classmethod
    def open(cls, folder: Path, name: str) -> Rules:
        """What `save` wrote, memory-mapped. Raises OSError."""
        fields = ("first", "thing", "sets", "lift", "gain")
        return cls(*(load(folder / f"{name}-{field}.npy", mmap_mode="r") for field in fields))


def wilson(found: F64, among: F64, z: float) -> tuple[F64, F64]:
    """Both bounds of a share, 0..1 (Wilson, 1927, JASA 22, 209-212); 0 and 1 where there is nothing to count.

    Args:
        found, among: counts of the same shape, found <= among.
        z: the normal quantile, 1.96 for 95 % between the bounds.
    """
    n = np.maximum(among, 1e-9)
    share, square = found / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = z / (1 + square / n) * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    nothing = among <= 0
    low = np.where(nothing, 0.0, np.maximum(0.0, middle - reach))
    return low, np.where(nothing, 1.0, np.minimum(1.0, middle + reach))


def distinct(numbers: I64) -> I64:
    """The numbers, each once, rising. np.unique hashes where it needs nothing else, ten times slower on millions."""
    rising = np.sort(numbers)
    return rising[np.flatnonzero(np.diff(rising, prepend=rising[:1] - 1))]


def learn(sets: Sets, count: int) -> Rules:
    """The rules of `count` things, `KEPT` at most of each. Memory is bounded by _PAIRS_AT_ONCE, not by the pairs."""
    sets_count = len(sets.first) - 1
    held = distinct(np.repeat(np.arange(sets_count), sets.sizes) * max(count, 1) + sets.things) % max(count, 1)
    holding = np.bincount(held, minlength=count).astype(np.float64)  # sets with each thing
    partners = np.zeros(count)
    for keys in _pairs(sets, count, 0, count):
        partners += np.bincount(keys // count, minlength=count)
    # A thing that few sets hold is known less well: its share of all is taken at the upper bound.
    upper = wilson(holding, np.full(count, float(sets_count)), Z_PAIR)[1] * sets_count
    chance = upper / max(holding.sum(), 1.0)
    taken = [_best(keys, count, holding, partners, chance) for keys in _keys(sets, count, partners)]
    columns = [np.concatenate(column) for column in zip(*taken, strict=True)] if taken else [np.empty(0)] * 5
    a, b, together, lift, gain = columns
    first = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(a.astype(np.int64), minlength=count), out=first[1:])
    return Rules(first, b.astype(np.int32), together.astype(np.int32), lift.astype(np.float32), gain.astype(np.float32))


def _keys(sets: Sets, count: int, partners: F64) -> Iterator[I64]:
    """a * count + b for each set and each ordered pair in it, sorted, all of one a in one array."""
    ends = np.cumsum(partners)
    start = 0
    while start < count:
        done = ends[start - 1] if start else 0.0
        end = max(start + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, "right")))
        keys = np.empty(int(ends[end - 1] - done), np.int64)
        at = 0
        for part in _pairs(sets, count, start, end):
            keys[at : at + len(part)] = part
            at += len(part)
        keys.sort()
        if len(keys):
            yield keys
        start = end


def _pairs(sets: Sets, count: int, start: int, end: int) -> Iterator[I64]:
    """The keys of the ordered pairs whose first is one of start..end, set by set of one size."""
    sizes = sets.sizes
    for size in np.unique(sizes[sizes > 1]).tolist():
        one, other = (~np.eye(size, dtype=bool)).nonzero()
        rows = sets.first[:-1][sizes == size]
        step = max(1, 1_000_000 // len(one))
        for begin in (rows[i : i + step, None] for i in range(0, len(rows), step)):
            held = sets.things[begin + np.arange(size)].astype(np.int64)
            a, b = held[:, one], held[:, other]
            within = (a >= start) & (a < end)
            if sets.part is not None:
                label = sets.part[begin + np.arange(size)]
                within &= label[:, one] != label[:, other]
            keys = a * count + b
            if sets.part is not None:  # a pair may stand in several parts of a set, and counts once
                keys = np.sort(np.where(within, keys, -1), axis=1)
                within = keys >= 0
                within[:, 1:] &= keys[:, 1:] != keys[:, :-1]
            yield keys[within]


def _best(keys: I64, count: int, holding: F64, partners: F64, chance: F64) -> tuple[I64, I64, I64, F64, F64]:
    """Of sorted keys the best rules of each a: a, b, sets with both, lower bounds of lift and of gain."""
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    together = np.diff(np.append(begins, len(keys)))
    enough = together >= FEWEST
    pair, together = keys[begins[enough]], together[enough]
    a, b = pair // count, pair % count
    low = wilson(together.astype(np.float64), holding[a], Z_PAIR)[0]
    expected = partners[a] / holding[a] * chance[b]
    lift, gain = low / expected, low - expected
    order = np.lexsort((b, -gain, a))
    order = order[lift[order] > 1]
    place = np.arange(len(order)) - np.searchsorted(a[order], a[order], "left")
    order = order[place < KEPT]
    return a[order], b[order], together[order], lift[order], gain[order]
