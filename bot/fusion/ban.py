"""Bilinear attention network: Kim et al. 2018, "Bilinear Attention Networks", with its residual glimpses.

The paper attends from words to regions of a picture. Here a text and a photo are one frozen vector each, so each is
projected to a few tokens, which are learnt; the attention says which token of the one is read with which of the other.
A missing part is a learnt stand-in vector.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from bot.fusion.features import F32, Lessons
from bot.fusion.joint import A, Learned, relu, restored, softmax, stand_ins
from bot.fusion.training_loop import COURSE, Course, bases, learn, normal

_TEXT_TOKENS, _PHOTO_TOKENS = 4, 6
_TOKEN = 64  # width of a token, K of the joint feature
_RANK = 64  # of the attention's bilinear form; the paper takes 3 · K
_GLIMPSES = 2
_NAMES = (
    "no_text", "no_photo", "text_tokens", "text_tokens_bias", "photo_tokens", "photo_tokens_bias",
    "attend_text", "attend_photo", "attend_pool", "join_text", "join_photo", "join_pool", "out", "out_bias",
)  # fmt: skip


def attention(w: Mapping[str, A], x: A, y: A) -> A:
    """Maps [n, g, rx, ry], each of sum 1, of tokens x [n, rx, c] and y [n, ry, c].

    Its logits are ((1 · p_gᵀ) ∘ σ(x U)) σ(y V)ᵀ with σ = ReLU, one p_g for each of g glimpses.
    """
    left, right = relu(x @ w["attend_text"]), relu(y @ w["attend_photo"])  # [n, rx, r], [n, ry, r]
    weighed: A = left[:, None] * w["attend_pool"][:, None]  # [n, g, rx, r]
    logits: A = weighed @ right.swapaxes(-1, -2)[:, None]
    return softmax(logits.reshape(*logits.shape[:2], -1)).reshape(*logits.shape)


def read_together(w: Mapping[str, A], x: A, y: A, maps: A) -> A:
    """Tokens [n, rx, c]: x, and what each glimpse adds to all of them.

    Glimpse g adds P_gᵀ f with f_k = (x U_g)ᵀ_k A_g (y V_g)_k, where x already holds what earlier glimpses added.
    """
    for glimpse in range(maps.shape[1]):
        left, right = relu(x @ w["join_text"][glimpse]), relu(y @ w["join_photo"][glimpse])  # [n, rx, k], [n, ry, k]
        joint: A = (left * (maps[:, glimpse] @ right)).sum(1)  # [n, k]
        x = x + (joint @ w["join_pool"][glimpse])[:, None]
    return x


def bilinear_attention(w: Mapping[str, A], text: A, photo: A) -> A:
    """[k, d]: the sum of the text's tokens after all glimpses, projected."""
    c = w["attend_text"].shape[0]
    x: A = relu(text @ w["text_tokens"] + w["text_tokens_bias"]).reshape(len(text), -1, c)
    y: A = relu(photo @ w["photo_tokens"] + w["photo_tokens_bias"]).reshape(len(photo), -1, c)
    given: A = read_together(w, x, y, attention(w, x, y)).sum(1) @ w["out"] + w["out_bias"]
    return given


def fit(lessons: Lessons, seed: int, course: Course = COURSE) -> Learned:
    """Learns from n queries what they mean; the same seed gives the same weights."""
    return learn(bilinear_attention, stand_ins, _start, bases(lessons), lessons, seed, course)


def from_arrays(arrays: Mapping[str, F32]) -> Learned:
    """What `arrays()` of a learnt one gave.

    Raises:
        ValueError: an array is missing or unusable.
    """
    return restored(bilinear_attention, stand_ins, _NAMES, arrays)


def _start(chance: Generator, kt: int, kp: int, d: int) -> dict[str, Tensor]:
    c, r, g = _TOKEN, _RANK, _GLIMPSES
    return {
        "no_text": torch.zeros(kt),
        "no_photo": torch.zeros(kp),
        "text_tokens": normal(chance, kt, _TEXT_TOKENS * c, of=(2 / kt) ** 0.5),
        "text_tokens_bias": torch.zeros(_TEXT_TOKENS * c),
        "photo_tokens": normal(chance, kp, _PHOTO_TOKENS * c, of=(2 / kp) ** 0.5),
        "photo_tokens_bias": torch.zeros(_PHOTO_TOKENS * c),
        "attend_text": normal(chance, c, r, of=(2 / c) ** 0.5),
        "attend_photo": normal(chance, c, r, of=(2 / c) ** 0.5),
        "attend_pool": normal(chance, g, r, of=r**-0.5),
        "join_text": normal(chance, g, c, c, of=(2 / c) ** 0.5),
        "join_photo": normal(chance, g, c, c, of=(2 / c) ** 0.5),
        "join_pool": normal(chance, g, c, c, of=c**-0.5),
        "out": normal(chance, c, d, of=0.1 * d**-0.5),  # little at first: the linear part leads
        "out_bias": torch.zeros(d),
    }
