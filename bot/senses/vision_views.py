"""Altered copies of a shop's clean picture, as a customer's phone might show the product: cut out, turned, near or
cropped, before something, among others of its kind, in other light, blurred. Drawn by a fixed seed: the same picture
gives the same copies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageFilter

COPIES = 6  # 16 find one more photo in a hundred than 4 do, and each costs more than the picture itself
_SIDE = 256
_LIKE_BORDER = 18  # of 255, in the channel that differs most
_PLAIN = 0.7  # of the border that must be alike for it to be a backdrop
_NEAR = 3  # of eight copies, those that show the product from near, cropped

Bools = npt.NDArray[np.bool_]


def copies(picture: Image.Image, count: int = COPIES, seed: int = 0) -> list[Image.Image]:
    """`count` altered copies of a picture of any size, RGB, 256 × 256."""
    rng = np.random.default_rng(seed)
    product = cut_out(picture)
    return [_staged(product, rng, near=number % 8 >= 8 - _NEAR or number % 4 == 3) for number in range(count)]


def cut_out(picture: Image.Image) -> Image.Image:
    """The product, RGBA, without the plain backdrop that reaches the border; the whole picture where there is none."""
    small = picture.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    pixels = np.asarray(small).astype(np.int16)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    like = np.abs(pixels - np.median(border, axis=0)).max(2) <= _LIKE_BORDER
    edge = np.ones_like(like)
    edge[1:-1, 1:-1] = False
    backdrop = _reached(like & edge, like) if like[edge].mean() >= _PLAIN else np.zeros_like(like)
    mask = Image.fromarray(np.where(backdrop, 0, 255).astype(np.uint8))
    small.putalpha(mask.filter(ImageFilter.GaussianBlur(0.7)))
    box = mask.getbbox()
    return small.crop(box) if box else picture.convert("RGBA").resize((_SIDE, _SIDE))


def _reached(start: Bools, through: Bools) -> Bools:
    """Where one comes from `start` by steps up, down, left and right `through` what is true."""
    reached = start
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= through
        if (grown == reached).all():
            return reached
        reached = grown


def _staged(product: Image.Image, rng: np.random.Generator, near: bool) -> Image.Image:
    scene = _backdrop(rng)
    if not near and rng.random() < 0.5:  # others of its kind behind it, as on a shelf
        for _ in range(int(rng.integers(2, 8))):
            _put(scene, product, rng.uniform(0, 1, 2), rng.uniform(0.2, 0.5), rng.normal(0, 10))
        scene = scene.filter(ImageFilter.GaussianBlur(1.5))
    place, size = (rng.uniform(0.35, 0.65, 2), rng.uniform(1.2, 2.0)) if near else (
        rng.uniform(0.4, 0.6, 2), rng.uniform(0.65, 1.15)
    )  # fmt: skip
    _put(scene, product, place, size, rng.normal(0, 15))
    return _in_other_light(scene, rng)


def _backdrop(rng: np.random.Generator) -> Image.Image:
    """Patches about one colour, sharp or soft."""
    patches, base = int(rng.integers(3, 24)), rng.integers(20, 230, 3)
    colours = np.clip(base + rng.normal(0, rng.uniform(10, 70), (patches, patches, 3)), 0, 255)
    soft = Image.Resampling.BICUBIC if rng.random() < 0.6 else Image.Resampling.NEAREST
    scene = Image.fromarray(colours.astype(np.uint8)).resize((_SIDE, _SIDE), soft)
    return scene.filter(ImageFilter.GaussianBlur(rng.uniform(0, 4)))


def _put(scene: Image.Image, product: Image.Image, place: npt.NDArray[np.float64], size: float, degrees: float) -> None:
    """Pastes the product with its middle at `place` and its longer side `size`, both in sides of the scene."""
    scale = size * _SIDE / max(product.size)
    wide, high = (max(4, round(side * scale)) for side in product.size)
    turned = product.resize((wide, high), Image.Resampling.BICUBIC)
    turned = turned.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    left, top = (round(at * _SIDE - side / 2) for at, side in zip(place, turned.size, strict=True))
    scene.paste(turned, (left, top), turned)


def _in_other_light(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    scene = ImageEnhance.Brightness(scene).enhance(rng.uniform(0.55, 1.15))
    scene = ImageEnhance.Color(scene).enhance(rng.uniform(0.6, 1.3))
    scene = ImageEnhance.Contrast(scene).enhance(rng.uniform(0.7, 1.2))
    tinted = np.asarray(scene).astype(np.float32) * rng.uniform(0.88, 1.12, 3)
    scene = Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))
    return scene.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.6))) if rng.random() < 0.6 else scene
