"""Labels are read however they lie in a photo, in any script that numbers stand beside."""

import random

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot.entities import find
from bot.measures.label_drawing import WORDS, font_file, gtin, label, photographed, tracking_number
from bot.senses.picture_codes import barcodes_in, said
from bot.senses.picture_text import PictureReader
from bot.senses.stripes import stripes
from knowledge.logistics.tracking_numbers import judge

TABLE = (150, 118, 84)
LINES = ("DHL EXPRESS WORLDWIDE", "To: Ana Garcia", "Calle Mayor 12, 28013 Madrid", "Order: A-100482", "LP123456789CN")


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    return PictureReader(threads=1)


def page(turn: float) -> Image.Image:
    paper = Image.new("RGBA", (760, 460), "white")
    for i, line in enumerate(LINES):
        ImageDraw.Draw(paper).text((40, 30 + 80 * i), line, font=ImageFont.load_default(38), fill="black")
    paper = paper.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    photo = Image.new("RGB", (1000, 1200), TABLE)
    photo.paste(paper, ((1000 - paper.width) // 2, (1200 - paper.height) // 2), paper)
    return photo.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("turn", [90, 180, 270, 25, -25, 205])
def test_text_is_read_from_its_own_top_to_its_bottom(reader: PictureReader, turn: float) -> None:
    assert reader.read(page(turn)).splitlines() == list(LINES)


def barcode(kind: str, text: str, turn: float, scale: int = 3, high: int = 120) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    bars = Image.fromarray(np.asarray(made.to_image(scale=scale, add_quiet_zones=False)))
    bars = bars.resize((bars.width, max(bars.height, high)), Image.Resampling.NEAREST)
    paper = Image.new("RGBA", (bars.width + 80, bars.height + 60), "white")
    paper.paste(bars, (40, 30))
    paper = paper.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    photo = Image.new("RGB", (1200, 1200), TABLE)
    photo.paste(paper, ((1200 - paper.width) // 2, (1200 - paper.height) // 2), paper)
    return photo.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_stacked_bars_are_read_four_ways(turn: float) -> None:
    assert barcodes_in(barcode("PDF417", "LP123456789CN A-100482", turn)) == ("LP123456789CN A-100482",)


@pytest.mark.parametrize(("kind", "text"), [("EAN13", "4006381333931"), ("Code128", "1Z999AA10123456784")])
@pytest.mark.parametrize("turn", [25, -25, 45, 65, 118])
def test_bars_are_read_at_any_angle(kind: str, text: str, turn: float) -> None:
    assert barcodes_in(barcode(kind, text, turn)) == (text,)


def test_a_german_leitcode_and_a_carton_are_read_and_digits_that_check_nothing_are_not() -> None:
    assert barcodes_in(barcode("ITF", "21348075016401", 30)) == ("21348075016401",)  # weights 4 and 9
    assert barcodes_in(barcode("ITF", "15400141288763", 0)) == ("15400141288763",)  # weights 3 and 1
    assert barcodes_in(barcode("ITF", "15400141288764", 0)) == ()


def test_what_gs1_says_in_parts_comes_as_the_shop_writes_it() -> None:
    class Code:
        content_type = zxingcpp.ContentType.GS1
        text = "(01)09506000134352(10)AB-1(00)340434161094042557"

    assert list(said(Code())) == ["09506000134352", "AB-1", "00340434161094042557"]


def test_a_small_label_in_a_large_photo_is_looked_at_from_near(reader: PictureReader) -> None:
    made = label("courier", "en", random.Random(3), "A-100482", "BAG-1")
    photo = photographed(made.picture, 4, "small", np.random.default_rng(0)).resize((2400, 3200))
    found = find(reader.read(photo), "en", frozenset()).codes
    assert {number for _, number in made.printed} <= set(found)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_numbers_are_found_beside_words_of_any_script(reader: PictureReader, language: str) -> None:
    if font_file(language) is None:
        pytest.skip(f"no font for {language} on this machine")
    made = label("courier", language, random.Random(4), "A-100482", "BAG-1")
    photo = photographed(made.picture, 3, "plain", np.random.default_rng(0))
    codes = {*find(reader.read(photo), language, frozenset()).codes, *reader.barcodes(photo)}
    assert {number for _, number in made.printed} <= codes


def test_no_bars_are_seen_where_there_are_none() -> None:
    noise = Image.effect_noise((900, 900), 80)
    text = page(12).convert("L")
    assert stripes(np.asarray(noise)) == [] and stripes(np.asarray(text)) == []


@pytest.mark.parametrize("turn", range(-80, 90, 20))
def test_bars_are_told_where_they_are_and_how_they_lie(turn: int) -> None:
    (seen,) = stripes(np.asarray(barcode("Code128", "1Z999AA10123456784", turn).convert("L")))
    assert abs(seen.x - 600) < 25 and abs(seen.y - 600) < 25
    assert abs((seen.degrees + turn + 90) % 180 - 90) < 4
    assert seen.across > 2 * seen.along


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_picture_of_any_size_is_survived(wide: int, high: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (high, wide, 3), dtype=np.uint8)
    assert all(seen.across > 0 and seen.along > 0 for seen in stripes(pixels[..., 0]))
    assert isinstance(barcodes_in(Image.fromarray(pixels)), tuple)


def test_drawn_numbers_are_what_carriers_give_out() -> None:
    rng = random.Random(0)
    number = tracking_number("ups", "1Z?#####68########", rng)
    assert judge(number)[0].carrier == "ups"
    digits = [int(digit) for digit in gtin(rng)]
    assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
    with pytest.raises(ValueError, match="no number like"):
        tracking_number("ups", "XX#", rng)
