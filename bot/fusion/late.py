"""Late fusion with a floor: a photo's likeness to an item, and what the words say of it beyond what any words would.

    score = a · photo · picture + b · Σ over the item's texts of max(0, words · text - floor)

Words that are near nothing in the shop, for they are misheard, mistyped or about something else, stay below the floor
for every item, and the photo alone decides. The two weights and the floor are all that is learnt: those under which the
items that were meant are likeliest, where an item's chance goes with the exponential of its score (a conditional logit;
McFadden, 1974).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.fusion.features import F32, I64

F64 = npt.NDArray[np.float64]

FLOORS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
_STEPS = 60  # of Newton's method; it is there after about ten
_LITTLE = 1e-4  # a penalty that keeps weights finite where the lessons are separable


@dataclass(frozen=True)
class Late:
    """The weights of photo and words, neither below 0, and the floor."""

    photo: float
    words: float
    floor: float

    def scores(self, words: F32 | None, photo: F32 | None, texts: Sequence[F32], pictures: F32) -> F32:
        """Scores [n, m] of m items for n queries of words [n, t], photos [n, p], or both.

        `texts` are the items' [m, t], one matrix a kind of text; `pictures` [m, p] are theirs, too.

        Raises:
            ValueError: both are missing.
        """
        found: list[F32] = []
        if photo is not None:
            found.append(np.float32(self.photo) * (photo @ pictures.T))
        if words is not None:  # alone they need no floor: something must be said
            floor = self.floor if photo is not None else -1.0
            found.append(np.float32(self.words) * said(words, texts, floor))
        if not found:
            raise ValueError("neither words nor photo")
        return found[0] if len(found) == 1 else found[0] + found[1]

    def arrays(self) -> dict[str, F32]:
        return {"late": np.array([self.photo, self.words, self.floor], np.float32)}


def from_arrays(arrays: Mapping[str, F32]) -> Late:
    """What `Late.arrays` gave, made whole again."""
    photo, words, floor = arrays["late"].tolist()
    return Late(photo, words, floor)


def said(words: F32, texts: Sequence[F32], floor: float) -> F32:
    """What words [n, t] say of items beyond the floor, [n, m]: the sum over the kinds of text [m, t]."""
    above = [np.maximum(words @ text.T - np.float32(floor), 0.0) for text in texts]
    return np.asarray(np.sum(above, axis=0), np.float32)


def fit(
    words: F32, photo: F32, item: I64, texts: Sequence[F32], pictures: F32, floors: Sequence[float] = FLOORS
) -> Late:
    """From n queries of words [n, t] and a photo [n, p], some of them spoilt, that mean the items `item` [n]."""
    likeness, best = photo @ pictures.T, (-np.inf, Late(1.0, 0.0, 0.0))
    for floor in floors:
        parts = np.stack([likeness, said(words, texts, floor)], axis=2).astype(np.float64)
        weights, likelihood = _likeliest(parts, item)
        if likelihood > best[0]:
            best = likelihood, Late(float(weights[0]), float(weights[1]), floor)
    return best[1]


def sharpness(likeness: F32, item: I64) -> float:
    """The factor by which cosines [n, m] of n photos with m pictures tell the items `item` [n] best, by likelihood."""
    return float(_likeliest(likeness[:, :, None].astype(np.float64), item)[0][0])


def _likeliest(parts: F64, item: I64) -> tuple[F64, float]:
    """Weights [k] of the parts [n, m, k] of scores under which the items [n] are likeliest, and the mean of the logs
    of their chances."""
    weights, asked = np.ones(parts.shape[2]), np.arange(len(item))
    for _ in range(_STEPS):
        chances = _chances(parts @ weights)
        expected = np.einsum("nm,nmk->nk", chances, parts)
        slope = (parts[asked, item] - expected).mean(axis=0) - _LITTLE * weights
        apart = parts - expected[:, None]
        bend = np.einsum("nm,nmk,nml->kl", chances, apart, apart) / len(item) + _LITTLE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        # A whole step may overshoot: none is longer than what doubles the weights.
        after = np.maximum(weights + step * min(1.0, float(np.abs(weights).max() / max(np.abs(step).max(), 1e-9))), 0)
        if np.abs(after - weights).max() < 1e-6:
            break
        weights = after
    return weights, float(np.log(np.maximum(_chances(parts @ weights)[asked, item], 1e-12)).mean())


def _chances(scores: F64) -> F64:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: F64 = raised / raised.sum(axis=1, keepdims=True)
    return found
