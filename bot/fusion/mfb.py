"""Multi-modal factorised bilinear pooling: Yu et al. 2017, "Multi-modal Factorized Bilinear Pooling with Co-Attention
Learning for Visual Question Answering". Their co-attention is left out: it needs words and regions.

A missing part is a learnt stand-in vector.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from bot.fusion.features import F32, Lessons
from bot.fusion.joint import A, Learned, of_length_one, restored, stand_ins
from bot.fusion.training_loop import COURSE, Course, bases, learn, normal

_POOLED = 128  # o of the paper
_FACTORS = 5  # k of the paper
_NAMES = ("no_text", "no_photo", "text_in", "text_bias", "photo_in", "photo_bias", "out", "out_bias")


def pooled(product: A, factors: int) -> A:
    """Sums [n, o] of every `factors` neighbours of product [n, o · factors]; then power and length normalisation.

    The power is the signed square root, whose slope is endless at 0: the small term bounds it.
    """
    z: A = product.reshape(len(product), -1, factors).sum(-1)
    z = z / (abs(z) + 1e-8) ** 0.5
    return of_length_one(z)


def bilinear(w: Mapping[str, A], text: A, photo: A) -> A:
    """[k, d]: both parts projected to o · k factors, multiplied, pooled and projected again."""
    factors = w["text_in"].shape[1] // w["out"].shape[0]
    product: A = (text @ w["text_in"] + w["text_bias"]) * (photo @ w["photo_in"] + w["photo_bias"])
    given: A = pooled(product, factors) @ w["out"] + w["out_bias"]
    return given


def fit(lessons: Lessons, seed: int, course: Course = COURSE) -> Learned:
    """Learns from n queries what they mean; the same seed gives the same weights."""
    return learn(bilinear, stand_ins, _start, bases(lessons), lessons, seed, course)


def from_arrays(arrays: Mapping[str, F32]) -> Learned:
    """What `arrays()` of a learnt one gave.

    Raises:
        ValueError: an array is missing or unusable.
    """
    return restored(bilinear, stand_ins, _NAMES, arrays)


def _start(chance: Generator, kt: int, kp: int, d: int) -> dict[str, Tensor]:
    inner = _POOLED * _FACTORS
    return {
        "no_text": torch.zeros(kt),
        "no_photo": torch.zeros(kp),
        "text_in": normal(chance, kt, inner, of=kt**-0.5),
        "text_bias": torch.ones(inner),  # a part that says nothing leaves the other as it is
        "photo_in": normal(chance, kp, inner, of=kp**-0.5),
        "photo_bias": torch.ones(inner),
        "out": normal(chance, _POOLED, d, of=0.3 * d**-0.5),  # little at first: the linear part leads
        "out_bias": torch.zeros(d),
    }
