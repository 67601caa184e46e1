"""Every format that a client may send is decoded, and nothing that a client sends does harm."""

import io
import resource
import struct
import time
import wave

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw

from bot.errors import TooLarge, UnreadableMedia
from bot.senses.media import RATE, decode_photo, decode_speech, encode_photo
from bot.settings import Limits

LIMITS = Limits()


def tone(container: str, codec: str, rate: int, seconds: float = 1.0, layout: str = "mono") -> bytes:
    """A 440 Hz sine, as a recorder would write it."""
    held = io.BytesIO()
    with av.open(held, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, options={"strict": "experimental"}, layout=layout)
        form = stream.codec_context.format.name
        resampler = av.AudioResampler(form, layout, rate, frame_size=stream.codec_context.frame_size or 1024)
        sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
        frame = av.AudioFrame.from_ndarray(sine.astype(np.float32)[None], format="flt", layout="mono")
        frame.sample_rate = rate
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return held.getvalue()


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return held.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("webm", "libopus", 48_000), ("ogg", "libopus", 48_000), ("ogg", "vorbis", 44_100), ("mp4", "aac", 44_100),
     ("adts", "aac", 44_100), ("mp3", "libmp3lame", 44_100), ("wav", "pcm_s16le", 8_000), ("flac", "flac", 44_100),
     ("amr", "libopencore_amrnb", 8_000)],
)  # fmt: skip
def test_every_container_gives_the_same_tone(container: str, codec: str, rate: int) -> None:
    samples = decode_speech(tone(container, codec, rate, layout="stereo" if codec == "vorbis" else "mono"), LIMITS)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) / RATE == pytest.approx(1, abs=0.08)
    middle = samples[2000:14_000]
    loudest = np.abs(np.fft.rfft(middle)).argmax() * RATE / len(middle)
    assert loudest == pytest.approx(440, abs=2)
    assert 0.3 < np.abs(middle).max() < 0.7


def test_the_header_is_not_believed() -> None:
    one_second = wav(np.full(RATE, 0.1))
    ten_hours = struct.pack("<I", 10 * 3600 * RATE * 2)
    samples = decode_speech(one_second[:40] + ten_hours + one_second[44:], LIMITS)
    assert len(samples) == RATE


def test_longer_than_the_limit_is_refused_soon() -> None:
    limits = Limits(speech_seconds=2)
    assert len(decode_speech(wav(np.zeros(2 * RATE)), limits)) == 2 * RATE
    with pytest.raises(TooLarge, match="longer than 2 seconds"):
        decode_speech(wav(np.zeros(3 * RATE)), limits)
    hours = tone("ogg", "libopus", 48_000, seconds=150)
    started = time.process_time()
    with pytest.raises(TooLarge):
        decode_speech(hours, limits)
    assert time.process_time() - started < 1


def test_too_many_bytes_are_refused_before_anything_else() -> None:
    with pytest.raises(TooLarge, match="larger than 12 MB"):
        decode_speech(bytes(LIMITS.media_bytes + 1), LIMITS)
    with pytest.raises(TooLarge, match="larger than 12 MB"):
        decode_photo(bytes(LIMITS.media_bytes + 1), LIMITS)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"just some text in a file named .wav", b"RIFF", b"RIFF\x24\0\0\0WAVEfmt ", b"OggS" + bytes(200),
     b"\x1aE\xdf\xa3" + bytes(100), b"\0\0\0\x20ftypM4A " + bytes(100), b"ID3\x04\0\0\0\0\0\x10", b"\xff\xfb" * 3,
     b"#!AMR\n", b"fLaC", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
     b"ffconcat version 1.0\nfile /etc/passwd\n"],
)  # fmt: skip
def test_what_is_no_voice_note(content: bytes) -> None:
    with pytest.raises(UnreadableMedia, match=r"^The voice note .*\.$"):
        decode_speech(content, LIMITS)


def test_a_truncated_voice_note_keeps_what_came() -> None:
    whole = tone("ogg", "libopus", 48_000, seconds=4)
    samples = decode_speech(whole[: len(whole) // 2], LIMITS)
    assert 1 < len(samples) / RATE < 3


def test_a_clock_of_one_hertz_does_not_swell() -> None:
    with pytest.raises(UnreadableMedia):
        decode_speech(wav(np.zeros(100_000), rate=1), LIMITS)


def test_a_small_file_that_asks_for_gigabytes_gets_none() -> None:
    plain = wav(np.full(RATE, 0.1))
    greedy = plain[:36] + b"LIST" + b"\x1a\0\0\xe8" + b"INFOISFT" + b"\x0e\0\0\xe7" + b"text" * 4 + plain[36:]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableMedia):
        decode_speech(greedy, LIMITS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_tags_before_and_inside_are_passed_over() -> None:
    plain = wav(np.full(RATE, 0.1))
    assert len(decode_speech(plain[:36] + b"LIST\x0c\0\0\0INFOISFT\0\0\0\0" + plain[36:], LIMITS)) == RATE
    mp3 = tone("mp3", "libmp3lame", 44_100)
    tagged = b"ID3\x04\0\0\0\0\x0f\x7f" + bytes(2047) + (mp3[mp3.index(b"\xff\xfb") :] if mp3[:3] == b"ID3" else mp3)
    assert len(decode_speech(tagged, LIMITS)) == pytest.approx(RATE, abs=RATE // 10)


def test_samples_are_finite() -> None:
    form = struct.pack("<HHIIHH", 3, 1, RATE, RATE * 4, 4, 32)
    data = np.array([np.nan, np.inf, -np.inf, 9e30, 0.5] * 1000, "<f4").tobytes()
    content = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form
    samples = decode_speech(content + b"data" + struct.pack("<I", len(data)) + data, LIMITS)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1


def drawing(size: tuple[int, int] = (300, 200), mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, size, "white" if mode == "RGB" else 0)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill="red" if mode != "L" else 90)
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def reds(image: Image.Image) -> tuple[bool, bool, bool, bool]:
    """Whether top left, top right, bottom left and bottom right are red."""
    w, h = image.size
    pixels = [image.getpixel((x, y)) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]
    return tuple(red > 180 and green < 80 for red, green, _ in pixels)  # type: ignore[return-value,misc,union-attr]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_every_picture_format(kind: str) -> None:
    pillow_heif.register_heif_opener()
    image = decode_photo(saved(drawing(), kind), LIMITS)
    assert (image.mode, image.size) == ("RGB", (300, 200))
    assert reds(image) == (True, False, False, False)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "HEIF"])
def test_a_photo_taken_sideways_comes_upright(kind: str) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    exif[0x010F] = "a camera"
    image = decode_photo(saved(drawing(), kind, exif=exif.tobytes()), LIMITS)
    assert image.size == (200, 300)
    assert reds(image) == (False, True, False, False)
    assert not image.getexif()
    assert "exif" not in image.info


def test_transparency_is_laid_on_white() -> None:
    for content in (saved(drawing(mode="RGBA"), "PNG"), saved(drawing(mode="RGBA"), "WEBP", lossless=True),
                    saved(drawing(mode="RGBA").convert("P"), "PNG", transparency=0)):  # fmt: skip
        image = decode_photo(content, LIMITS)
        assert image.mode == "RGB"
        assert image.getpixel((290, 190)) == (255, 255, 255)


def test_deep_grey_keeps_its_tones() -> None:
    deep = Image.fromarray(np.linspace(0, 65535, 10_000).astype(np.uint16).reshape(100, 100))
    image = np.asarray(decode_photo(saved(deep, "PNG"), LIMITS)).astype(int)
    assert image[0, 0, 0] == 0
    assert image[50, 0, 0] == pytest.approx(127, abs=2)
    assert image[-1, -1, 0] == 255


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims so many pixels and holds none."""
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "content",
    [png_header(30_000, 30_000), png_header(10_000, 10_000), png_header(2**31 - 1, 2**31 - 1),
     b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b"," + bytes(9) + b"\2" + bytes(50),
     b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xfe\x3f\0" + b"\xfe\x3f\0" + bytes(60)],
    ids=["30000", "10000", "2^31", "gif", "webp"],
)  # fmt: skip
def test_pixels_are_counted_before_they_are_decoded(content: bytes) -> None:
    started = time.process_time()
    with pytest.raises(TooLarge, match="more than 40 million pixels"):
        decode_photo(content, LIMITS)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"%PDF-1.7", b"BM" + bytes(100),
     b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic" + bytes(40),
     png_header(0, 0), png_header(100, 100), b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)  # fmt: skip
def test_what_is_no_photo(content: bytes) -> None:
    with pytest.raises(UnreadableMedia, match=r"^The photo .*\.$"):
        decode_photo(content, LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_truncated_photo_is_refused(kind: str) -> None:
    pillow_heif.register_heif_opener()
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8))
    content = saved(noise, kind)
    with pytest.raises(UnreadableMedia):
        decode_photo(content[: len(content) // 2], LIMITS)


def test_a_large_jpeg_is_decoded_smaller_but_large_enough() -> None:
    image = decode_photo(saved(drawing((6000, 4000)), "JPEG"), LIMITS)
    assert image.size == (3000, 2000)
    assert reds(image) == (True, False, False, False)
    assert decode_photo(saved(drawing((1600, 1200)), "JPEG"), LIMITS).size == (1600, 1200)


def test_a_kept_picture_is_small_and_anonymous() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    photo = Image.open(io.BytesIO(saved(drawing((900, 600)), "JPEG", exif=exif)))
    kept = encode_photo(photo, 320)
    assert b"EXIF" not in kept
    assert b"a camera" not in kept
    again = decode_photo(kept, LIMITS)
    assert again.size == (320, 213)
    assert reds(again) == (True, False, False, False)
    assert encode_photo(drawing((50, 40)), 320)[:4] == b"RIFF"


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_end_in_a_clear_error_or_a_result(seed: int) -> None:
    """Flips bytes at random in every format: nothing but our two errors may come out."""
    pillow_heif.register_heif_opener()
    rng = np.random.default_rng(seed)
    notes = [tone(*form, seconds=0.3) for form in (("webm", "libopus", 48_000), ("mp4", "aac", 44_100),
             ("mp3", "libmp3lame", 44_100), ("flac", "flac", 44_100), ("wav", "pcm_s16le", 16_000))]  # fmt: skip
    photos = [saved(drawing((60, 40)), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "HEIF")]
    for decode, contents in ((decode_speech, notes), (decode_photo, photos)):
        for content in contents:
            for _ in range(12):
                spoilt = np.frombuffer(content, np.uint8).copy()
                where = rng.integers(4, len(spoilt), rng.integers(1, 12))
                spoilt[where] = rng.integers(0, 256, len(where))
                try:
                    decode(spoilt.tobytes(), Limits(photo_pixels=1_000_000, speech_seconds=10))
                except (TooLarge, UnreadableMedia) as error:
                    assert error.message.endswith(".")
