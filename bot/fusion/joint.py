"""A query or an item as one vector: a linear part of text and photo, and what a method adds from both together.

The formulas stand once and serve twice: on torch tensors while they are learnt, on numpy arrays when a query comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from bot.fusion.features import F32, unit

A = TypeVar("A", Tensor, F32)

# Weights that every method here has; a method adds its own. kt, kp and d are chosen when it is learnt.
COMMON = ("text_basis", "photo_basis", "kept", "text", "photo")  # [t, kt], [p, kp], [2], [kt, d], [kp, d]


class Interaction(Protocol):
    def __call__(self, w: Mapping[str, A], text: A, photo: A) -> A:
        """What text [k, kt] and photo [k, kp] say together, [k, d]."""


class Filling(Protocol):
    def __call__(self, w: Mapping[str, A], text: A, photo: A, has_text: A, has_photo: A) -> tuple[A, A]:
        """Text [k, kt] and photo [k, kp] with a stand-in in the rows whose has_ [k, 1] is 0."""


def stand_ins(w: Mapping[str, A], text: A, photo: A, has_text: A, has_photo: A) -> tuple[A, A]:
    """One learnt vector for every missing text, `no_text` [kt], and one for every missing photo, `no_photo` [kp]."""
    return (
        has_text * text + (1 - has_text) * w["no_text"],
        has_photo * photo + (1 - has_photo) * w["no_photo"],
    )


def joined(interaction: Interaction, w: Mapping[str, A], text: A, photo: A) -> A:
    """Vectors [k, d + kt + kp] of length 1: what was learnt, and beside it text and photo as they came.

    `kept` holds the shares that text and photo as they came have in the product of two vectors. Without them a product
    of which no photo was learnt from is hardly found again (EXPERIMENTS.md).
    """
    learnt: A = text @ w["text"] + photo @ w["photo"] + interaction(w, text, photo)
    text_share, photo_share = w["kept"]
    whole: A = together(
        [
            (1 - text_share - photo_share) ** 0.5 * of_length_one(learnt),
            text_share**0.5 * of_length_one(text),
            photo_share**0.5 * of_length_one(photo),
        ]
    )
    return whole


def together(columns: Sequence[A]) -> A:
    """[k, a], [k, b], … side by side."""
    if isinstance(columns[0], Tensor):
        return torch.cat(list(columns), -1)
    beside: F32 = np.concatenate(columns, -1)
    return beside


def of_length_one(x: A) -> A:
    """Rows brought to length 1. The small term keeps the gradient of a row of zeros finite."""
    scaled: A = x / ((x * x).sum(-1)[..., None] + 1e-12) ** 0.5
    return scaled


def relu(x: A) -> A:
    rectified: A = x.clip(min=0)
    return rectified


def softmax(x: A) -> A:
    """Over the last axis."""
    if isinstance(x, Tensor):
        return torch.softmax(x, -1)
    raised = np.exp(x - x.max(-1, keepdims=True))
    shares: F32 = raised / raised.sum(-1, keepdims=True)
    return shares


@dataclass(frozen=True)
class Learned:
    """What a method has learnt. `encode` is plain numpy. None, and a row of zeros, count as missing."""

    interaction: Interaction
    filling: Filling
    weights: dict[str, F32]

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [k, d + kt + kp] of length 1 from text [k, t], photo [k, p], or both.

        Raises:
            ValueError: both are missing, their rows differ in number, or one has another width than was learnt from.
        """
        read_text, read_photo, has_text, has_photo = read(self.weights, text, photo)
        whole = self.filling(self.weights, read_text, read_photo, has_text, has_photo)
        return joined(self.interaction, self.weights, *whole)

    def arrays(self) -> dict[str, F32]:
        """All that must be kept to have it again by the module's `from_arrays`."""
        return dict(self.weights)


def restored(interaction: Interaction, filling: Filling, names: tuple[str, ...], arrays: Mapping[str, F32]) -> Learned:
    """What was saved as `arrays`.

    Raises:
        ValueError: an array is missing, is not float32, or holds what is no number.
    """
    for name in (*COMMON, *names):
        array = arrays.get(name)
        if array is None or array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"the weights {name!r} are missing or unusable")
    return Learned(interaction, filling, {name: np.ascontiguousarray(arrays[name]) for name in (*COMMON, *names)})


def read(w: Mapping[str, F32], text: F32 | None, photo: F32 | None) -> tuple[F32, F32, F32, F32]:
    """Text [k, kt] and photo [k, kp] on their bases, and which rows have them, [k, 1] each; as in `Learned.encode`."""
    given = text if text is not None else photo
    if given is None:
        raise ValueError("text and photo are both missing")
    if text is not None and photo is not None and len(text) != len(photo):
        raise ValueError(f"{len(text)} texts, but {len(photo)} photos")
    one, other = _part(w["text_basis"], text, len(given)), _part(w["photo_basis"], photo, len(given))
    return one[0], other[0], one[1], other[1]


def _part(basis: F32, vectors: F32 | None, rows: int) -> tuple[F32, F32]:
    if vectors is None:
        return np.zeros((rows, basis.shape[1]), np.float32), np.zeros((rows, 1), np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != basis.shape[0]:
        raise ValueError(f"vectors {vectors.shape} where {basis.shape[0]} columns are needed")
    there: F32 = (vectors != 0).any(1)[:, None].astype(np.float32)
    return unit(vectors) @ basis, there
