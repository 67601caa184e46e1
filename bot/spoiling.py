"""Parts of a message with nothing left in them, made out of sound ones: to learn what such a part looks like."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.fusion.features import F32

PICTURES = ("dark", "noise", "blurred", "covered", "washed out", "black")
TEXTS = ("letters", "wrong encoding", "keys")
_SIDE = 224
_KEYS = "asdfghjkl;qwertyuiop[]zxcvbnm,./1234567890-="


def picture(image: Image.Image, how: str, lot: np.random.Generator) -> Image.Image:
    """The picture spoilt in one of the ways of PICTURES: in a pocket, moved, behind a finger, into the sun."""
    shape = (_SIDE, _SIDE, 3)
    if how == "black":
        return _image(lot.random() * 20 + lot.normal(0, 3, shape))
    if how == "noise":
        return _image(lot.uniform(0, 256, shape))
    if how == "covered":
        shade = np.linspace(0.6, 1.2, _SIDE)[:, None, None]
        return _image(lot.uniform(100, 255, 3) * shade + lot.normal(0, 4, shape))
    if how == "blurred":
        return image.convert("RGB").resize((4, 4)).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    pixels = np.asarray(image.convert("RGB"), np.float32)
    return _image(pixels * 0.06 + 240 if how == "washed out" else pixels * 0.04)


def text(words: str, how: str, lot: random.Random) -> str:
    """The words spoilt in one of the ways of TEXTS, at about their length."""
    length = max(3, len(words))
    if how == "keys":
        start = lot.randrange(len(_KEYS))
        return "".join(_KEYS[(start + lot.randrange(-3, 4)) % len(_KEYS)] for _ in range(length))
    if how == "letters":
        letters = [sign for sign in words if sign.isalpha()] or list("abc")
        low, high = ord(min(letters)), ord(max(letters))
        return "".join(chr(lot.randint(low, high)) for _ in range(length))
    wrong = words.encode("utf-8").decode("latin-1")
    return wrong if wrong != words else words.encode("utf-16-le").decode("latin-1").replace("\0", "�")


def _image(pixels: NDArray[np.float64] | F32) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
