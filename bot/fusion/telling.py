"""Whether a part of a query says anything: a black photo and a row of random letters are left out of the fusion.

A logistic regression (Cox, 1958) for each kind of part over its vectors, fitted on parts as they come and on the same
parts spoilt. What it learns about is the spoiling, not the goods, so that it holds in a shop that it has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.fusion.features import F32

_STEPS = 40
_PENALTY = 1e-3


@dataclass(frozen=True)
class Telling:
    """Weights [d], a shift, and the threshold of their sum above which a vector says something."""

    weights: F32
    shift: float
    least: float

    def tells(self, vectors: F32) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether each of the vectors [n, d] says something: bool[n]."""
        found: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = vectors @ self.weights + self.shift > self.least
        return found

    def arrays(self) -> dict[str, F32]:
        return {"weights": self.weights, "shift": np.array([self.shift, self.least], np.float32)}


def from_arrays(arrays: Mapping[str, F32]) -> Telling:
    """What `Telling.arrays` gave, made whole again."""
    shift, least = arrays["shift"].tolist()
    return Telling(arrays["weights"], shift, least)


def fit(sound: F32, spoilt: F32, lost: float = 0.002) -> Telling:
    """From vectors [n, d] of parts that say something and [k, d] of parts that do not.

    The threshold is where the share `lost` of the sound ones would be left out.
    """
    rows = np.concatenate([sound, spoilt]).astype(np.float64)
    wanted = np.r_[np.ones(len(sound)), np.zeros(len(spoilt))]
    share = np.where(wanted == 1, 0.5 / len(sound), 0.5 / len(spoilt))  # both kinds weigh the same
    rows1 = np.c_[rows, np.ones(len(rows))]
    weights = np.zeros(rows1.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows1 @ weights, -30, 30)))
        slope = rows1.T @ (share * (wanted - chance)) - _PENALTY * weights
        bend = (rows1 * (share * chance * (1 - chance))[:, None]).T @ rows1 + _PENALTY * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    least = float(np.quantile(sound @ weights[:-1].astype(np.float32) + weights[-1], lost))
    return Telling(weights[:-1].astype(np.float32), float(weights[-1]), min(least, 0.0))
