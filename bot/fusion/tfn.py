"""Tensor Fusion Network: Zadeh et al. 2017, "Tensor Fusion Network for Multimodal Sentiment Analysis".

Each part goes through a small network, gets a 1 in front, and the outer product of all holds every part alone and
every product of parts. The paper's language network is recurrent, over words; here a text is one vector already, so it
goes through the same kind of network as the photo. A missing part is a learnt stand-in vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor

from bot.fusion.features import F32, Lessons
from bot.fusion.joint import A, Learned, relu, restored, stand_ins, together
from bot.fusion.training_loop import COURSE, Course, bases, learn, normal

_INNER = 32  # values that each part brings into the product
_AFTER = 128  # width of the network behind it, as in the paper
_PARTS = ("text", "photo")
_LAYERS = 3
_NAMES = (
    "no_text", "no_photo",
    *(f"{part}_{kind}{layer}" for part in (*_PARTS, "after") for layer in range(1, _LAYERS + 1)
      for kind in ("w", "b")),
)  # fmt: skip


def subnetwork(w: Mapping[str, A], part: str, x: A) -> A:
    """x [k, any] through three layers with ReLU: the part's embedding network."""
    for layer in range(1, _LAYERS + 1):
        x = relu(x @ w[f"{part}_w{layer}"] + w[f"{part}_b{layer}"])
    return x


def outer(parts: Sequence[A]) -> A:
    """The outer product of parts [k, a], [k, b], … with a 1 in front of each: [k, (a + 1) · (b + 1) · …]."""
    product = _with_one(parts[0])
    for part in parts[1:]:
        product = (product[:, :, None] * _with_one(part)[:, None, :]).reshape(len(part), -1)
    return product


def after(w: Mapping[str, A], product: A) -> A:
    """The network behind the product: two layers with ReLU and one without."""
    x = relu(product @ w["after_w1"] + w["after_b1"])
    x = relu(x @ w["after_w2"] + w["after_b2"])
    given: A = x @ w["after_w3"] + w["after_b3"]
    return given


def tensor_fusion(w: Mapping[str, A], text: A, photo: A) -> A:
    """[k, d]: the whole of it."""
    return after(w, outer([subnetwork(w, "text", text), subnetwork(w, "photo", photo)]))


def fit(lessons: Lessons, seed: int, course: Course = COURSE) -> Learned:
    """Learns from n queries what they mean; the same seed gives the same weights."""
    return learn(tensor_fusion, stand_ins, _start, bases(lessons), lessons, seed, course)


def from_arrays(arrays: Mapping[str, F32]) -> Learned:
    """What `arrays()` of a learnt one gave.

    Raises:
        ValueError: an array is missing or unusable.
    """
    return restored(tensor_fusion, stand_ins, _NAMES, arrays)


def _with_one(x: A) -> A:
    return together([0 * x[:, :1] + 1, x])


def _start(chance: Generator, kt: int, kp: int, d: int) -> dict[str, Tensor]:
    widths = {
        "text": (kt, 2 * _INNER, 2 * _INNER, _INNER),
        "photo": (kp, 2 * _INNER, 2 * _INNER, _INNER),
        "after": ((_INNER + 1) ** 2, _AFTER, _AFTER, d),
    }
    weights = {"no_text": torch.zeros(kt), "no_photo": torch.zeros(kp)}
    for part, sizes in widths.items():
        for layer, (taken, given) in enumerate(pairwise(sizes), 1):
            weights[f"{part}_w{layer}"] = normal(chance, taken, given, of=(2 / taken) ** 0.5)
            weights[f"{part}_b{layer}"] = torch.zeros(given)
    weights["after_w3"] *= 0.3 * (_AFTER / 2 / d) ** 0.5  # little at first: the linear part leads
    return weights
