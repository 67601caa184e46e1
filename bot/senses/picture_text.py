"""Text and barcodes in pictures: rapidocr's models on onnxruntime, and zxing-cpp."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bot.errors import NotReady

# Measured on a photo of a parcel label, 1200 × 1600, with 11 lines: at 736 lines are found from a letter height of
# 16 pixels on, at 640 from 20, at 480 from 24; 960 costs a third more and finds no more.
_DETECTION_SIDE = 736
_READING_SIDE = 1_600  # pixels of the longer side that lines are cut out of
_THINNEST = 12  # pixels; rapidocr would stretch a picture of 1200 × 1 to 36000 × 30
_LINES = 50  # about 40 ms each on one core; a page full of text is read in part
_BARCODE_SIDE = 2_400
_BARCODES, _BARCODE_LENGTH = 10, 500
# Those on goods, parcels and receipts. Others (Codabar, DataBar's short forms) are also "found" in text and stripes.
_FORMATS = "QRCode,MicroQRCode,DataMatrix,Aztec,PDF417,EAN13,EAN8,UPCA,UPCE,Code128,Code93,Code39,ITF"
_SHORTEST_ITF = 10  # digits; it has no check digit of its own, and a part of one is one as well


class PictureReader:
    """Reads Latin and Chinese letters (Japanese in part) and all usual barcodes. One instance serves many threads."""

    def __init__(self, threads: int) -> None:
        """Loads the models out of rapidocr's package; `threads` 0 takes as many as there are cores.

        Raises:
            NotReady: a model file is missing. Given no path, rapidocr would try to download it.
        """
        spec = importlib.util.find_spec("rapidocr")
        places = spec.submodule_search_locations if spec else None
        if not places:
            raise NotReady("The text recognition is missing: pip install --no-deps rapidocr==3.10.0")
        folder = Path(next(iter(places))) / "models"
        detection, recognition = folder / "PP-OCRv6_det_small.onnx", folder / "PP-OCRv6_rec_small.onnx"
        for file in (detection, recognition):
            if not file.is_file():
                raise NotReady(f"{file} is missing: pip install --force-reinstall --no-deps rapidocr==3.10.0")
        from rapidocr import RapidOCR

        self._ocr: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.text_score": 0.6,
                "Global.use_cls": False,  # photos come upright; the check for text upside down costs a fifth more
                "Det.model_path": str(detection),
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTION_SIDE,
                "Det.max_candidates": _LINES,
                "Rec.model_path": str(recognition),
                "EngineConfig.onnxruntime.intra_op_num_threads": threads or os.cpu_count() or 1,
            }
        )
        self.read(Image.new("RGB", (64, 64), "white"))  # the models are loaded at their first use

    def read(self, image: Image.Image) -> str:
        """The lines of text in a picture from top to bottom, empty where there is none."""
        if min(image.size) < _THINNEST:
            return ""
        found = self._ocr(np.ascontiguousarray(np.asarray(_within(image, _READING_SIDE))[:, :, ::-1]))  # as BGR
        return "\n".join(line.strip() for line in found.txts or () if line.strip())

    def barcodes(self, image: Image.Image) -> tuple[str, ...]:
        """What the barcodes in a picture say, each once: QR, Data Matrix, EAN, UPC, Code 128 and others."""
        import zxingcpp

        formats = zxingcpp.barcode_formats_from_str(_FORMATS)
        found = zxingcpp.read_barcodes(np.asarray(_within(image, _BARCODE_SIDE).convert("L")), formats=formats)
        codes = [code for code in found if code.format != zxingcpp.BarcodeFormat.ITF or len(code.text) >= _SHORTEST_ITF]
        texts = ("".join(filter(str.isprintable, code.text)).strip() for code in codes if code.valid)
        return tuple(dict.fromkeys(text[:_BARCODE_LENGTH] for text in texts if text))[:_BARCODES]


def _within(image: Image.Image, side: int) -> Image.Image:
    """The picture in RGB with its longer side at most `side` pixels."""
    image = image.convert("RGB")
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image
