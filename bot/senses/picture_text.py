"""Text and barcodes in pictures: rapidocr's models on onnxruntime, and zxing-cpp.

However a page lies, lines are cut out along themselves. What is turned by 90 or 180 degrees may then stand on its
head; where the longest lines can't be read well, the other way up is tried. Where bars or a QR code show that there is
a label, and it is small in the photo, lines are looked for once more from near.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from bot.errors import NotReady
from bot.senses.picture_codes import U8, barcodes_in, within
from bot.senses.picture_labels import F32, Box, outside, where_label

# Measured on a photo of a parcel label, 1200 × 1600, with 11 lines: at 736 lines are found from a letter height of
# 16 pixels on, at 640 from 20, at 480 from 24; 960 costs a third more and finds no more.
_DETECTION_SIDE = 736
_READING_SIDE = 1_600  # pixels of the longer side that lines are cut out of
_THINNEST = 12  # pixels; rapidocr would stretch a picture of 1200 × 1 to 36000 × 30
_LINES = 50  # about 40 ms each on one core; a page full of text is read in part
_SHORTEST = 160  # pixels at a height of 48; rapidocr fills up to 320, which takes twice the time for a short word
_SCORE = 0.6  # of 1; what is read with less is left out
_TELLING = 3  # lines, the longest, by which it is judged whether a page stands on its head
_WELL = 0.85  # the mean score from which on it does not
_GAP, _GAPS = 0.27, 8  # of a line's height: what is wider lies between words; in one line at most
_QUIET = 0.35  # of what letters change from top to bottom
_BEYOND = 0.3  # of a line's height
_TALL = 1.5  # times as high as wide: a line that runs upwards or downwards

_MODELS = (
    "PP-OCRv6_det_small.onnx", "ch_ppocr_mobile_v2.0_cls_mobile.onnx", "PP-OCRv6_rec_small.onnx",
)  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """A line of text: its corners [4, 2] in the photo, and its pixels, lying; `tall` where it ran up or down."""

    corners: F32
    pixels: U8
    tall: bool


class PictureReader:
    """Reads Latin, Greek and Chinese letters and kana, and all usual barcodes. One instance serves many threads."""

    def __init__(self, threads: int) -> None:
        """Loads the models out of rapidocr's package; `threads` 0 takes as many as there are cores.

        Raises:
            NotReady: a model file is missing. Given no path, rapidocr would try to download it.
        """
        spec = importlib.util.find_spec("rapidocr")
        places = spec.submodule_search_locations if spec else None
        if not places:
            raise NotReady("The text recognition is missing: pip install --no-deps rapidocr==3.10.0")
        files = [Path(next(iter(places))) / "models" / name for name in _MODELS]
        for file in files:
            if not file.is_file():
                raise NotReady(f"{file} is missing: pip install --force-reinstall --no-deps rapidocr==3.10.0")
        # One of rapidocr's pipelines for each step: what a pipeline does can't be chosen by thread.
        self._finder, self._turner, self._reader = (
            _pipeline(step, str(file), threads or os.cpu_count() or 1)
            for step, file in zip(("det", "cls", "rec"), files, strict=True)
        )
        blank = np.full((48, 96, 3), 255, np.uint8)  # the models are loaded at their first use
        self._finder(blank), self._turner(blank), self._reader(blank)

    def read(self, image: Image.Image) -> str:
        """The lines of text in a picture from top to bottom, empty where there is none."""
        if min(image.size) < _THINNEST:
            return ""
        photo = _as_bgr(within(image, _READING_SIDE))
        boxes = self._boxes(photo)
        if not boxes:
            return ""
        lines = [_cut(photo, corners) for corners in boxes]
        near = where_label(photo, boxes)
        if near is not None:
            lines = [line for line in lines if outside(line.corners, near)] + self._from_near(image, photo, near)
        read: list[tuple[F32, str]] = []
        for tall in (False, True):
            read += self._read([line for line in lines[:_LINES] if line.tall is tall])
        return "\n".join(text for _, text in _in_order(read))

    def barcodes(self, image: Image.Image) -> tuple[str, ...]:
        """What the barcodes in a picture say, each once: QR, Data Matrix, EAN, UPC, Code 128 and others."""
        return barcodes_in(image)

    def _boxes(self, photo: U8) -> list[F32]:
        found = self._finder(photo).boxes
        return [] if found is None else [np.asarray(corners, np.float32) for corners in found]

    def _from_near(self, image: Image.Image, photo: U8, near: Box) -> list[_Line]:
        """The lines in a part of the photo, cut out of the picture as it came; corners as they lie in the photo."""
        scale = max(image.size) / max(photo.shape[:2])
        left, top, right, bottom = (round(side * scale) for side in near)
        part = _as_bgr(within(image.crop((left, top, right, bottom)), _READING_SIDE))
        back = (near[2] - near[0]) / part.shape[1]
        lines = [_cut(part, corners) for corners in self._boxes(part)]
        return [
            _Line(line.corners * np.float32(back) + np.array(near[:2], np.float32), line.pixels, line.tall)
            for line in lines
        ]

    def _read(self, lines: list[_Line]) -> list[tuple[F32, str]]:
        """What is read well enough in lines that lie the same way, and the corners of each in the order of reading."""
        if not lines:
            return []
        order = sorted(range(len(lines)), key=lambda n: -lines[n].pixels.shape[1] / lines[n].pixels.shape[0])
        telling = order[:_TELLING]
        read = {n: self._recognised(lines[n].pixels) for n in telling}
        turned = False
        if sum(score for _, score in read.values()) < _WELL * len(telling):
            turned, read = self._other_way_up(lines, read)
        for n in order[_TELLING:]:
            read[n] = self._recognised(_flipped(lines[n].pixels) if turned else lines[n].pixels)
        apart = (self._apart(_flipped(line.pixels) if turned else line.pixels, read[n]) for n, line in enumerate(lines))
        return [
            (_reading(line, turned), text)
            for line, (text, score) in zip(lines, apart, strict=True)
            if text and score >= _SCORE
        ]

    def _apart(self, pixels: U8, read: tuple[str, float]) -> tuple[str, float]:
        """What a line with a number says, read word by word where it has more gaps than spaces were read: beside
        letters that it does not know the model drops those of the number, and runs numbers and amounts into one."""
        gaps = _gaps(pixels) if any(map(str.isdigit, read[0])) else []
        if len(gaps) <= read[0].count(" "):
            return read
        edges = [0, *gaps, pixels.shape[1]]
        words = [self._recognised(pixels[:, left:right]) for left, right in pairwise(edges)]
        sure = [(text, score) for text, score in words if text and score >= _SCORE]
        said = " ".join(text for text, _ in sure)
        return (said, min(score for _, score in sure)) if any(map(str.isdigit, said)) else read

    def _other_way_up(
        self, lines: list[_Line], read: dict[int, tuple[str, float]]
    ) -> tuple[bool, dict[int, tuple[str, float]]]:
        """Whether these lines stand on their heads, and what they say the right way up."""
        heads = sum(self._turner(lines[n].pixels).cls_res[0][0] == "180" for n in read)
        if 2 * heads < len(read):
            return False, read
        other = {n: self._recognised(_flipped(lines[n].pixels)) for n in read}
        better = sum(score for _, score in other.values()) > sum(score for _, score in read.values())
        return (True, other) if better else (False, read)

    def _recognised(self, pixels: U8) -> tuple[str, float]:
        found = self._reader(pixels)
        return (found.txts[0].strip(), float(found.scores[0])) if found.txts else ("", 0.0)


def _pipeline(step: str, file: str, threads: int) -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_det": step == "det",
            "Global.use_cls": step == "cls",
            "Global.use_rec": step == "rec",
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE,
            "Det.max_candidates": _LINES,
            "Rec.rec_img_shape": [3, 48, _SHORTEST],
            f"{step.capitalize()}.model_path": file,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )


def _as_bgr(image: Image.Image) -> U8:
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _cut(photo: U8, corners: F32) -> _Line:
    """A line with corners [4, 2], clockwise from the left one above, cut out as it runs, and a little beyond its ends:
    the first letter of a number after a word that can't be read is often half outside."""
    corners = _longer(corners)
    wide, high = (max(1, round(float(np.linalg.norm(corners[a] - corners[b])))) for a, b in ((0, 1), (0, 3)))
    flat = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    seen = cv2.getPerspectiveTransform(corners, flat)
    pixels = cv2.warpPerspective(photo, seen, (wide, high), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
    tall = high >= _TALL * wide
    return _Line(corners, np.asarray(np.rot90(pixels) if tall else pixels, np.uint8), tall)


def _longer(corners: F32) -> F32:
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    wide, high = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    if high < _TALL * wide:
        more = across * (_BEYOND * high / max(wide, 1.0))
        longer = corners + np.stack([-more, more, more, -more])
    else:
        more = down * (_BEYOND * wide / max(high, 1.0))
        longer = corners + np.stack([-more, -more, more, more])
    return np.asarray(longer, np.float32)


def _flipped(pixels: U8) -> U8:
    return np.ascontiguousarray(pixels[::-1, ::-1])


def _gaps(pixels: U8) -> list[int]:
    """The middles of the gaps between words: runs of columns that hardly change from top to bottom."""
    height = pixels.shape[0]
    inner = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)[height // 8 : height - height // 8].astype(np.int16)
    changing = inner.max(0) - inner.min(0)
    quiet = np.flatnonzero(np.diff(np.pad(changing < _QUIET * np.quantile(changing, 0.9), 1).astype(np.int8)))
    inside = [(start, end) for start, end in quiet.reshape(-1, 2) if start > 0 and end < len(changing)]
    return [int(start + end) // 2 for start, end in inside if end - start >= _GAP * height][:_GAPS]


def _reading(line: _Line, turned: bool) -> F32:
    """The corners, clockwise from where the line begins above."""
    corners = np.roll(line.corners, -1 if line.tall else 0, axis=0)
    return np.roll(corners, 2, axis=0) if turned else corners


def _in_order(read: list[tuple[F32, str]]) -> list[tuple[F32, str]]:
    """Lines from top to bottom as the page lies, those in one row from left to right."""
    if not read:
        return []
    corners = np.stack([one for one, _ in read])  # [n, 4, 2]
    ways = corners[:, 1] - corners[:, 0]
    way = ways.sum(0) / max(float(np.linalg.norm(ways.sum(0))), 1e-6)  # long lines count for more
    middles = corners.mean(1)
    across, down = middles @ way, middles @ np.array([-way[1], way[0]])
    heights = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
    rows: list[list[int]] = []
    for n in map(int, np.argsort(down, kind="stable")):
        if rows and down[n] - down[rows[-1][0]] < heights[[n, rows[-1][0]]].min() / 2:
            rows[-1].append(n)
        else:
            rows.append([n])
    return [read[n] for row in rows for n in sorted(row, key=lambda n: across[n])]
