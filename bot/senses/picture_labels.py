"""Where in a photo a label is that is too small in it for its lines to be found: about bars and QR codes."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from bot.senses.picture_codes import U8, read_upright
from bot.senses.stripes import stripes

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

_SIDE = 800  # pixels of the longer side in which QR codes are looked for
_BESIDE_BARS, _BESIDE_QR = 0.6, 2.2  # of a code's size, how far a label is taken to reach beyond it on each side
_NO_LINE = 0.16  # of the photo's longer side: what is so high is no line of text
_FEW = 2  # lines beside such a one: where there are more, it is the bars of a code that were taken for a line
_ALL, _LEAST = 0.97, 24  # what is larger was seen as large as it gets; pixels
_FINE = 0.1  # of the photo's longer side; small lines that lie askew may be taken for one of so much together
_SMALL = 0.75  # of the photo's longer side: a label that reaches further is seen well enough


def where_label(photo: U8, boxes: list[F32]) -> Box | None:
    """The part of a photo [h, w, 3] to look at from near; None where there is no label or it is large.

    `boxes` are corners [4, 2] of the lines that were found: those that reach into the part are within it as a whole.
    """
    height, width = photo.shape[:2]
    side = max(height, width)
    paper = [corners for corners in boxes if _short_side(corners) > _NO_LINE * side]
    if paper and len(boxes) - len(paper) <= _FEW:  # a label before something dark, taken for one line as a whole
        part = np.concatenate([np.min(paper, axis=(0, 1)), np.max(paper, axis=(0, 1))])
        return _inside(_with_lines(part, boxes), width, height, _ALL)
    if min(_short_side(corners) for corners in boxes) > _FINE * side:
        return None  # a label has smaller letters than a package or a sign
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), np.uint8)
    codes = [*_about_bars(grey), *_about_qr(grey)]
    if not codes:
        return None
    part = np.concatenate([np.min(codes, axis=0)[:2], np.max(codes, axis=0)[2:]])
    return _inside(_with_lines(part, boxes), width, height, _SMALL)


def _inside(part: F64, width: int, height: int, most: float) -> Box | None:
    """What of a part lies in the photo, if that is no more than the share `most` of its longer side."""
    left, top, right, bottom = (float(side) for side in np.clip(part, 0, [width, height, width, height]))
    if max(right - left, bottom - top) > most * max(height, width) or min(right - left, bottom - top) < _LEAST:
        return None
    return left, top, right, bottom


def _with_lines(part: F64, boxes: list[F32]) -> F64:
    """A part grown by the lines that reach into it."""
    for corners in (*boxes, *boxes):  # what a line adds may reach into another
        if not outside(corners, (part[0], part[1], part[2], part[3])):
            part = np.concatenate([np.minimum(part[:2], corners.min(0)), np.maximum(part[2:], corners.max(0))])
    return part


def _short_side(corners: F32) -> float:
    return float(min(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])))


def outside(corners: F32, part: Box) -> bool:
    """Whether no part of a line with these corners reaches into a part of the photo."""
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    return bool(right < part[0] or left > part[2] or bottom < part[1] or top > part[3])


def _about_bars(grey: U8) -> list[Box]:
    found = []
    for seen in stripes(grey):
        if not read_upright(grey, seen):
            continue  # a fence, a grille, a page of fine print
        turn = np.radians(seen.degrees)
        ways = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        reach = np.abs(ways * np.array([[seen.across], [seen.along]]) / 2).sum(0)
        reach += _BESIDE_BARS * seen.across
        found.append((seen.x - reach[0], seen.y - reach[1], seen.x + reach[0], seen.y + reach[1]))
    return found


def _about_qr(grey: U8) -> list[Box]:
    import zxingcpp

    scale = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    formats = zxingcpp.barcode_formats_from_str("QRCode")
    found = []
    for code in zxingcpp.read_barcodes(small, formats=formats, return_errors=True):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
        spots = np.array([(corner.x, corner.y) for corner in corners]) / scale
        beside = _BESIDE_QR * float((spots.max(0) - spots.min(0)).max())
        found.append((*(spots.min(0) - beside), *(spots.max(0) + beside)))
    return found
