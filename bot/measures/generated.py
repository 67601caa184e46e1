"""Vectors drawn around real text vectors, as many as wanted, to measure an index with.

The real ones are those of bot/background.py: 240 passages about many things in many languages, which come with the
project. Noise around them would not do: with one bell of noise around each, the points of a bell are all equally far
from each other in so many dimensions, and a graph has nothing to follow; with little noise every search is trivial.
Texts have neighbours on every scale: a subject, a kind of thing, one thing, its versions. So each real vector is the
root of a tree, and a point is a leaf of it:

- A node lies at its parent plus an offset, drawn from the pooled covariance of the differences between real vectors
  and their nearest ones, mixed with a tenth of the round one (240 vectors do not span 384 dimensions).
- Offsets shrink from level to level so that the distance to the nearest neighbour falls with the number of points as
  it does among the real ones, r(n) ~ n^(-1/D). D is fitted from subsets of the real ones. (That this law defines an
  intrinsic dimension: Pettis, Bailey, Jain & Dubes, "An intrinsic dimensionality estimator from near-neighbor
  information", 1979.)
- Some groups are tighter than others: each node's scale is off by a log-normal factor.
- The roots are drawn in towards their mean, so that the points vary in all as much as the real ones (the smoothed
  bootstrap with its variance corrected: Silverman & Young, "The bootstrap: to smooth or not to smooth?", 1987).

Queries are leaves of the same trees that are kept out. `as_questions` moves them off as far as a question lies from
the passage that answers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.vectors import unit

F32 = NDArray[np.float32]

_NEAREST = 10  # real neighbours whose differences make the covariance
_ROUND = 0.1  # part of it that is the same in all directions
_CHILDREN = 4  # of a node, on average
_UNEVEN = 0.2  # standard deviation of the log of how much wider or tighter a group is
_SIBLINGS = 1.15  # distance of two siblings ÷ distance of a point to its nearest: siblings are few, so not that near

_QUESTION = 0.517  # root mean square distance of XQuAD's English questions to their paragraphs, by the packaged encoder


@dataclass(frozen=True)
class Law:
    """How real vectors [k, d] lie: nearest distance `reach` among k, falling as n^(-1/dimension); shape of offsets."""

    real: F32
    reach: float
    dimension: float
    offsets: F32  # [d, d]: standard normals [m, d] times this are offsets of mean square length 1


def fit(real: F32, seed: int = 0) -> Law:
    """The law of `real` [k, d], k at least 100."""
    random = np.random.default_rng(seed)
    vectors = unit(real)
    k, d = vectors.shape
    sizes = np.array([k // 4, k // 2, k])
    reaches = [np.mean([_nearest(vectors[random.permutation(k)[:size]]) for _ in range(20)]) for size in sizes]
    slope = np.polyfit(np.log(sizes), np.log(reaches), 1)[0]
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    near = np.argsort(-products, axis=1)[:, :_NEAREST]
    differences = (vectors[near] - vectors[:, None]).reshape(-1, d)
    covariance = differences.T @ differences
    covariance = (1 - _ROUND) * covariance / np.trace(covariance) + _ROUND * np.eye(d) / d
    values, directions = np.linalg.eigh(covariance)
    offsets = (directions * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
    return Law(vectors, float(reaches[-1]), float(-1 / slope), offsets)


def _nearest(vectors: F32) -> float:
    """Mean distance of a vector of `vectors` [k, d] to the nearest other one."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -1)
    return float(np.sqrt(np.maximum(2 - 2 * products.max(axis=1), 0)).mean())


def drawn(law: Law, n: int, queries: int, seed: int = 1) -> Iterator[tuple[F32, F32]]:
    """`n` vectors and `queries` apart from them, at length 1: a block of each for each real vector, in its order.

    The same for the same arguments, whatever is drawn first.
    """
    k = len(law.real)
    for root in range(k):
        random = np.random.default_rng([seed, root])
        keep = (root + 1) * n // k - root * n // k
        ask = (root + 1) * queries // k - root * queries // k
        leaves = random.permutation(_tree(law, root, keep + ask, random))
        yield leaves[:keep], leaves[keep:]


def _tree(law: Law, root: int, leaves: int, random: np.random.Generator) -> F32:
    """The leaves [leaves, d] of one real vector's tree, at length 1."""
    levels = max(1, round(np.log(max(leaves, 2)) / np.log(_CHILDREN)))
    shrink = _CHILDREN ** (-1 / law.dimension)
    # Siblings of level i are to be apart by siblings_i; each level adds what the deeper ones do not.
    siblings = _SIBLINGS * law.reach * shrink ** np.arange(1, levels + 1)
    squares = np.append(siblings**2, 0.0) / 2
    steps = np.sqrt(squares[:-1] - squares[1:]).astype(np.float32)
    mean = law.real.mean(axis=0)
    spread = float(((law.real - mean) ** 2).sum(axis=1).mean())
    points = (mean + np.sqrt(max(0.0, 1 - squares[0] / spread)) * (law.real[root] - mean))[None]
    wide = np.ones(1, np.float32)
    for level, step in enumerate(steps, 1):
        count = -(-leaves // _CHILDREN ** (levels - level))
        parents = np.append(np.arange(len(points)), random.integers(0, len(points), max(0, count - len(points))))[
            :count
        ]
        offsets = random.standard_normal((len(parents), points.shape[1]), np.float32) @ law.offsets
        wide = wide[parents] * np.exp(_UNEVEN * random.standard_normal(len(parents), np.float32))
        points = points[parents] + step * wide[:, None] * offsets
    return unit(points)


def as_questions(law: Law, queries: F32, seed: int = 2) -> F32:
    """`queries` [m, d] moved off as far as a question lies from the passage that answers it."""
    random = np.random.default_rng([seed, len(queries)])
    offsets = random.standard_normal(queries.shape, np.float32) @ law.offsets
    return unit(queries + np.float32(_QUESTION) * offsets)
