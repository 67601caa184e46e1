"""Altered copies of shop pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bot.senses.vision_views import copies, cut_out


def carton(side: int = 200) -> Image.Image:
    """A red frame with a white middle on white, as a milk carton is."""
    picture = Image.new("RGB", (side, side), "white")
    ImageDraw.Draw(picture).rectangle((60, 30, 140, 170), fill="white", outline=(200, 20, 20), width=8)
    return picture


def test_the_backdrop_goes_and_white_inside_the_product_stays() -> None:
    found = cut_out(carton())
    assert found.mode == "RGBA"
    assert found.size == pytest.approx((81, 141), abs=3)
    alpha = np.asarray(found)[:, :, 3]
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255
    left = np.asarray(cut_out(Image.new("RGB", (50, 50), "white")))
    assert (left[:, :, 3] == 255).all()  # nothing but backdrop: it is the picture


def test_a_photo_without_a_plain_backdrop_stays_whole() -> None:
    rng = np.random.default_rng(1)
    found = cut_out(Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)))
    assert found.size == (120, 90)
    assert (np.asarray(found)[:, :, 3] > 250).all()


def test_copies_are_the_same_each_time_and_differ_from_each_other() -> None:
    first, again = copies(carton(), 8), copies(carton(), 8)
    for one, other in zip(first, again, strict=True):
        assert one.tobytes() == other.tobytes()
        assert (one.mode, one.size) == ("RGB", (256, 256))
    assert len({copy.tobytes() for copy in first}) == 8
    assert copies(carton(), 0) == []


def test_the_product_is_in_every_copy() -> None:
    """A pure red disc leaves its red, however the light is."""
    picture = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(picture).ellipse((50, 50, 250, 250), fill=(230, 0, 0))
    for copy in copies(picture, 8):
        red, green, blue = np.asarray(copy.crop((88, 88, 168, 168))).astype(int).reshape(-1, 3).mean(0)
        assert red > 1.8 * max(green, blue)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["L", "RGB", "RGBA", "P", "1"]), st.integers(0, 255))
def test_any_picture_gives_copies(wide: int, high: int, mode: str, grey: int) -> None:
    picture = Image.new("L", (wide, high), grey).convert(mode)
    assert [copy.size for copy in copies(picture, 2)] == [(256, 256)] * 2
