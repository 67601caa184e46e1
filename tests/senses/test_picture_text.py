"""Text and barcodes are found in pictures as customers send them."""

import time

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot.senses.picture_text import PictureReader

LABEL = (
    "DHL EXPRESS WORLDWIDE", "From: Babeldesk Warehouse 7", "Rotterdam, NL", "To: Ana Garcia",
    "Calle Mayor 12, 28013 Madrid", "Order: A-100482", "Weight: 1.35 kg", "LP123456789CN",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    return PictureReader(threads=2)


def label(size: int, turn: float = 0) -> Image.Image:
    """A phone's photo of a label on a table: slightly turned and soft."""
    image = Image.new("RGB", (1200, 1600), (190, 180, 170))
    draw = ImageDraw.Draw(image)
    draw.rectangle((150, 300, 1050, 1300), fill="white")
    for i, line in enumerate(LABEL):
        draw.text((200, 340 + 90 * i), line, font=ImageFont.load_default(size), fill="black")
    return image.rotate(turn, fillcolor=(190, 180, 170)).filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize(("size", "turn"), [(44, 3), (24, 0), (18, -2)])
def test_a_parcel_label_is_read_line_by_line(reader: PictureReader, size: int, turn: float) -> None:
    read = reader.read(label(size, turn)).splitlines()
    assert sum(line in read for line in LABEL) >= len(LABEL) - 1
    assert "LP123456789CN" in read
    assert read.index("DHL EXPRESS WORLDWIDE") < read.index("LP123456789CN")


def test_the_time_for_a_label_is_bounded(reader: PictureReader) -> None:
    picture = label(44)
    started = time.process_time()
    reader.read(picture)
    assert time.process_time() - started < 2.5  # about 0.5 s of processor time when nothing else runs


def test_a_page_full_of_text_does_not_stall(reader: PictureReader) -> None:
    page = Image.new("RGB", (1200, 1600), "white")
    draw = ImageDraw.Draw(page)
    for i in range(70):
        for j in range(3):
            draw.text((20 + 400 * j, 10 + 22 * i), f"line {i} column {j} of dense text", font_size=18, fill="black")
    assert 20 <= len(reader.read(page).splitlines()) <= 50


@pytest.mark.parametrize("size", [(1, 1), (5, 900), (1200, 1), (3000, 4000)])
def test_a_blank_picture_of_any_shape_says_nothing(reader: PictureReader, size: tuple[int, int]) -> None:
    blank = Image.new("RGB", size, "white")
    assert reader.read(blank) == ""
    assert reader.barcodes(blank) == ()


CODES = {
    "QRCode": "https://shop.example/o/A-100482?q=包裹",
    "EAN13": "4006381333931",
    "UPCA": "036000291452",
    "Code128": "1Z999AA10123456784",
    "Code39": "LP123456789CN",
    "DataMatrix": "00340434161094042557",
    "ITF": "00340434161094042557",
}


def barcode(kind: str, text: str, scale: int) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    return Image.fromarray(np.asarray(made.to_image(scale=scale)))


@pytest.mark.parametrize("kind", CODES)
def test_a_barcode_in_a_photo_is_found(reader: PictureReader, kind: str) -> None:
    code = barcode(kind, CODES[kind], 4)
    photo = Image.new("RGB", (1200, 1600), (200, 190, 180))
    photo.paste(Image.new("RGB", (code.width + 60, code.height + 60), "white"), (170, 570))
    photo.paste(code, (200, 600))
    turned = photo.rotate(7, fillcolor=(200, 190, 180)).filter(ImageFilter.GaussianBlur(1))
    found = reader.barcodes(turned)
    assert len(found) == 1
    assert found[0].lstrip("0") == CODES[kind].lstrip("0")  # UPC-A may come as EAN-13 with a nought before it


def test_several_codes_each_once(reader: PictureReader) -> None:
    photo = Image.new("RGB", (1000, 1400), "white")
    for y in (100, 900):
        photo.paste(barcode("QRCode", "A-100482", 6), (100, y))
    photo.paste(barcode("EAN13", CODES["EAN13"], 3), (500, 500))
    assert sorted(reader.barcodes(photo)) == ["4006381333931", "A-100482"]


def test_what_a_code_says_is_bounded_and_printable(reader: PictureReader) -> None:
    photo = Image.new("RGB", (1500, 1500), "white")
    photo.paste(barcode("QRCode", "a\x1b[31m\n" + "b" * 900, 8), (50, 50))
    (said,) = reader.barcodes(photo)
    assert said.isprintable()
    assert len(said) == 500


def test_nothing_is_logged(reader: PictureReader, capfd: pytest.CaptureFixture[str]) -> None:
    reader.read(Image.new("RGB", (300, 200), "white"))
    reader.read(label(44))
    PictureReader(threads=1)
    assert capfd.readouterr() == ("", "")
