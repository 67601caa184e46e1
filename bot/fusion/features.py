"""What the fusion methods learn from and what they give: feature vectors of queries, and of the items they mean.

Every method is a module with `fit(lessons, seed) -> Fusion`; a query and an item go through the same `encode`, and the
item whose vector has the greatest product with the query's is the one that is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lessons:
    """n queries, each about one of m items, and the items: rows of both kinds have length 1."""

    text: F32  # [n, t]: what was said or typed, which may hold only some of the evidence
    photo: F32  # [n, p]
    item: I64  # [n]: the number of the item that is meant
    item_text: F32  # [m, t]
    item_photo: F32  # [m, p]
    category: I64  # [m], counted from 0
    attributes: F32  # [m, a], 1.0 for what the item has, else 0.0


class Fusion(Protocol):
    """What a method has learnt."""

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [k, d] of length 1 of k queries or items, from their text [k, t], their photo [k, p], or both.

        Raises:
            ValueError: both are missing.
        """


def unit(vectors: F32) -> F32:
    """The rows brought to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: F32 = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def centred(vectors: F32, mean: F32) -> F32:
    """The rows less the mean [d] of their kind, at length 1: what all of one kind share tells none of them apart."""
    return unit(vectors - mean)
