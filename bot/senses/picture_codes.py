"""Barcodes in pictures, by zxing-cpp: those that lie straight in the whole picture, turned ones where bars are seen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from bot.senses.stripes import Stripes, stripes, upright

U8 = npt.NDArray[np.uint8]

_SIDE = 2_400  # pixels of the longer side
_MOST, _LENGTH = 10, 500
# Those on goods, parcels and receipts. Others (Codabar, DataBar's short forms) are also "found" in text and stripes.
_BARS = "EAN13,EAN8,UPCA,UPCE,Code128,Code93,Code39,ITF"
_AREAS = "QRCode,MicroQRCode,DataMatrix,Aztec"
# Looked for along and across only, as zxing-cpp does, which takes three times as long for it as this does.
_STACKED = "PDF417"
# What is seen of a code may be a part of it: its bars are read with this much beside them, in shares of what is seen.
_MARGINS = (0.25, 1.2)
_SHORTEST_ITF = 10  # digits; it has no check digit of its own, and a part of one is one as well
_GTIN_14 = 14
# GS1 General Specifications: what is in brackets says what follows. These are a part of the number on parcels:
# 00 of a logistic unit's, 91 to 99 of what a carrier defines (the postal service of the US among them).
_GS1 = re.compile(r"\((\d{2,4})\)([^()]+)")
_OF_NUMBER = re.compile("00|9[1-9]")


def barcodes_in(image: Image.Image) -> tuple[str, ...]:
    """What the barcodes in a picture say, each once, at most ten: QR, Data Matrix, Aztec, PDF417, EAN, UPC, Code 128…

    What a GS1 code says in parts comes in parts: (01)09506000134352(10)AB-1 as 09506000134352 and AB-1.
    """
    import zxingcpp

    grey = np.asarray(within(image, _SIDE).convert("L"))
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.barcode_formats_from_str(f"{_AREAS},{_BARS}"))
    found += [*_read(grey, _STACKED), *_read(np.ascontiguousarray(grey.T[::-1]), _STACKED)]
    middles = [_middle(code.position) for code in found]
    for seen in stripes(grey):
        if not any(_holds(seen, x, y) for x, y in middles):
            found.extend(read_upright(grey, seen))
    texts = (text for code in found if code.valid and _checked(code) for text in said(code))
    bare = ("".join(filter(str.isprintable, text)).strip()[:_LENGTH] for text in texts)
    return tuple(dict.fromkeys(text for text in bare if text))[:_MOST]


def within(image: Image.Image, side: int) -> Image.Image:
    """The picture in RGB with its longer side at most `side` pixels."""
    image = image.convert("RGB")
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image


def read_upright(grey: U8, seen: Stripes) -> list[Any]:
    """The barcodes in a rectangle with bars, as zxing-cpp tells of them."""
    found = (_read(upright(grey, seen, margin), _BARS) for margin in _MARGINS)
    return next((codes for codes in found if codes), [])


def _read(grey: U8, formats: str) -> list[Any]:
    """The dark codes of some formats that lie straight."""
    import zxingcpp

    kinds = zxingcpp.barcode_formats_from_str(formats)
    return list(zxingcpp.read_barcodes(grey, formats=kinds, try_rotate=False, try_invert=False))


def _middle(position: Any) -> tuple[float, float]:
    corners = (position.top_left, position.top_right, position.bottom_left, position.bottom_right)
    return sum(corner.x for corner in corners) / 4, sum(corner.y for corner in corners) / 4


def _holds(seen: Stripes, x: float, y: float) -> bool:
    return math.hypot(x - seen.x, y - seen.y) <= (seen.across + seen.along) / 4


def _checked(code: Any) -> bool:
    """Whether what a code has for a check fits. EAN, UPC, Code 128 and 93 are checked already; ITF's, where it has the
    length of a GTIN or of a German Leitcode, with the weights of either."""
    import zxingcpp

    if code.format != zxingcpp.BarcodeFormat.ITF:
        return True
    if len(code.text) != _GTIN_14 or not code.text.isdigit():
        return len(code.text) >= _SHORTEST_ITF
    digits = [int(digit) for digit in code.text]
    sums = (sum(d * w[n % 2] for n, d in enumerate(digits[:-1])) for w in ((3, 1), (4, 9)))
    return any(-total % 10 == digits[-1] for total in sums)


def said(code: Any) -> Iterator[str]:
    """What a code of zxing-cpp's says, a GS1 code in its parts."""
    parts = _GS1.findall(code.text) if str(code.content_type).endswith("GS1") else []
    if not parts:
        yield code.text
    for kind, value in parts:
        yield kind + value if _OF_NUMBER.fullmatch(kind) else value
