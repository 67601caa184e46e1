"""Bytes that a client sent → samples and pictures. Everything here is hostile until it is decoded.

The format is decided by the first bytes and named to the decoder, so that nothing is ever guessed: a playlist that is
called a voice note is refused instead of opening the files that it lists.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, NoReturn

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from bot.errors import TooLarge, UnreadableMedia
from bot.settings import Limits

Samples = npt.NDArray[np.float32]

RATE = 16_000  # samples per second, as Whisper and silero-vad hear
_RATES = range(4_000, 384_001)  # of what comes in; a header that says 1 Hz would swell on resampling
_CODECS = {"opus", "libopus", "vorbis", "aac", "alac", "mp3", "mp3float", "flac", "amrnb", "amrwb"}
_CODECS |= {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"}
_ENOUGH_SIDE = 1_600  # pixels; a JPEG is decoded at half, a quarter or an eighth of its size if that leaves so many


def decode_speech(content: bytes, limits: Limits) -> Samples:
    """A voice note as float32[n], mono, 16 kHz, -1..1: webm, ogg, m4a/mp4, mp3, aac, wav, flac or amr.

    What counts is what is in the file; the length that its header gives is never believed.

    Raises:
        TooLarge: more bytes or seconds than `limits` allow.
        UnreadableMedia: no such format, no sound in it, or damaged from the start.
    """
    if len(content) > limits.media_bytes:
        raise TooLarge(f"The voice note is larger than {limits.media_bytes / 1e6:.0f} MB.")
    recognised = _recognised(content)
    if recognised is None:
        raise UnreadableMedia("The voice note is in no audio format that can be read here.")
    most = int(limits.speech_seconds * RATE)
    pieces, heard = [], 0
    try:
        for piece in _pieces(*recognised):
            pieces.append(piece)
            heard += len(piece)
            if heard > most + RATE // 2:  # codecs pad: a note of exactly the limit may decode to a little more
                raise TooLarge(f"The voice note is longer than {limits.speech_seconds:.0f} seconds.")
    except TooLarge:
        raise
    except Exception:
        # On damaged input PyAV raises its own errors and ValueError, AttributeError, OverflowError…
        heard = 0
    if not heard:
        raise UnreadableMedia("The voice note is damaged or holds no sound.")
    samples = np.concatenate(pieces)[:most]
    return np.clip(np.nan_to_num(samples, posinf=0, neginf=0), -1, 1)


def _recognised(content: bytes) -> tuple[str, bytes] | None:
    """FFmpeg's name of the container that begins like this, and the content without what only costs memory."""
    if content[:4] == b"\x1aE\xdf\xa3":
        return "matroska", content
    if content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE":
        return "wav", _bare_wav(content)
    if content[4:8] == b"ftyp":
        return "mov", content
    if content[:5] == b"#!AMR":
        return "amr", content
    if content[:4] == b"OggS":
        return "ogg", content
    if content[:3] == b"ID3":  # a tag of 4 × 7 bits of length
        length = sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=False))
        content = content[10 + length :]
    if content[:4] == b"fLaC":
        return "flac", content
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        return ("mp3" if content[1] & 0x06 else "aac"), content  # layer 0 is ADTS
    return None


def _bare_wav(content: bytes) -> bytes:
    """The form and the samples of a WAV file, the lengths put right.

    FFmpeg gives an INFO chunk as much memory as its header asks for: 4 GB in a file of 10 kB.
    """
    kept, at = {b"fmt ": b"", b"data": b""}, 12
    while at + 8 <= len(content) and not kept[b"data"]:
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name in kept:
            kept[name] = content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    chunks = b"".join(name + len(body).to_bytes(4, "little") + body for name, body in kept.items())
    return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WAVE" + chunks


def _no_other_file(*_: Any) -> NoReturn:
    raise PermissionError("a voice note opens no other file")


def _pieces(container: str, content: bytes) -> Iterator[Samples]:
    """Decodes the first audio stream piece by piece; packets that are damaged are passed over."""
    options = {"protocol_whitelist": "none", "format_whitelist": container}
    with av.open(
        io.BytesIO(content), "r", container, options, metadata_errors="replace", io_open=_no_other_file
    ) as opened:
        if not opened.streams.audio:
            return
        stream = opened.streams.audio[0]
        codec = stream.codec_context
        if codec is None or codec.name not in _CODECS or codec.sample_rate not in _RATES:
            return
        codec.thread_count = 1
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for packet in opened.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                if frame.sample_rate not in _RATES:
                    return
                frame.pts = None  # or a gap in the clock would be filled with silence
                for even in resampler.resample(frame):
                    yield even.to_ndarray()[0]
        for even in resampler.resample(None):
            yield even.to_ndarray()[0]


def decode_photo(content: bytes, limits: Limits) -> Image.Image:
    """A photo as RGB, upright, on white where it was transparent: JPEG, PNG, WebP, HEIC, or a GIF's first frame.

    A large JPEG comes at half, a quarter or an eighth of its size, with its shorter side still 1600 or more pixels.
    The result carries no metadata.

    Raises:
        TooLarge: more bytes or pixels than `limits` allow; pixels are checked before they are decoded.
        UnreadableMedia: no such format, or damaged.
    """
    if len(content) > limits.media_bytes:
        raise TooLarge(f"The photo is larger than {limits.media_bytes / 1e6:.0f} MB.")
    kind = _picture(content)
    if kind is None:
        raise UnreadableMedia("The photo is in no picture format that can be read here.")
    try:
        if kind == "WEBP":
            _check_pixels(*_webp_size(content), limits)
        image = _open_heif(content) if kind == "HEIF" else Image.open(io.BytesIO(content), formats=[kind])
        _check_pixels(*image.size, limits)
        if kind == "JPEG":
            image.draft(None, (_ENOUGH_SIDE, _ENOUGH_SIDE))
        image.load()
        plain = _flat(ImageOps.exif_transpose(image))
    except TooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(limits) from None
    except Exception:
        # The decoders raise almost anything on damaged input: OSError, SyntaxError, struct.error, IndexError…
        raise UnreadableMedia("The photo is damaged or not complete.") from None
    if not plain.width or not plain.height:
        raise UnreadableMedia("The photo is empty.")
    return plain


def encode_photo(image: Image.Image, side: int) -> bytes:
    """The picture as WebP without any metadata, its longer side at most `side` pixels."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    small.save(held, "WEBP", quality=82, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return held.getvalue()


def _picture(content: bytes) -> str | None:
    """Pillow's name of the format that begins like this."""
    if content[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"hevc", b"hevx"):
        return "HEIF"
    return None


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.photo_pixels:
        raise _too_many_pixels(limits)


def _too_many_pixels(limits: Limits) -> TooLarge:
    return TooLarge(f"The photo has more than {limits.photo_pixels / 1e6:.0f} million pixels.")


def _webp_size(content: bytes) -> tuple[int, int]:
    """Width and height from a WebP header: Pillow would allocate the whole canvas just to tell."""
    kind = content[12:16]
    if kind == b"VP8X":
        wide, high = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    wide, high = struct.unpack_from("<HH", content, 26)
    return wide & 0x3FFF, high & 0x3FFF


def _open_heif(content: bytes) -> Image.Image:
    """Only the header is read here; pillow_heif turns the picture upright itself."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(content), formats=["HEIF"])


def _flat(image: Image.Image) -> Image.Image:
    """RGB without metadata; 16-bit grey is brought to 8 bits, transparency laid on white."""
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64)
        image = Image.fromarray((deep >> 8 if deep.max(initial=0) > 255 else deep).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        plain = Image.new("RGB", over.size, "white")
        plain.paste(over, mask=over.getchannel("A"))
        return plain
    plain = image.convert("RGB")
    plain.info.clear()
    return plain
