"""How fast it is: whole turns against the bare model passes that they cannot do without, in one run.

For a text, a voice note of five seconds and a photo: milliseconds of each stage, and the ratio of the whole turn,
decoding apart, to its bare passes (text encoder; Whisper on that clip; vision encoder and text recognition on that
picture, one after the other). Turn and bare pass alternate, so that a machine that slows down slows both.
"""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from typing import Any

import av
import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bot.measures.conversations import Shot, demo_shop, shoot
from bot.measures.figures import Figure
from bot.messages import Message, Part, Photo, Speech, Text
from bot.parts import Parts
from bot.senses.media import decode_photo, decode_speech

QUESTIONS = (
    "How long does delivery to Canada take?",
    "寄到加拿大需要交关税吗？",
    "¿Tenéis una mochila azul?",
    "كم تكلفة الشحن إلى ألمانيا؟",
    "Сколько стоит беспроводная колонка?",
    "Kann ich die Schuhe zurückschicken?",
    "この商品の在庫はありますか。",
    "Bonjour !",
)
SPOKEN = "Where is my order? It should have arrived on Monday. Can you please tell me when it will be here?"
SECONDS = 5.0
F32 = NDArray[np.float32]


class Case(msgspec.Struct, frozen=True):
    """One kind of message: what a run sends, and the bare model passes on the same thing."""

    name: str
    parts: Callable[[int], tuple[Part, ...]]
    bare: Callable[[int], object]
    reach: float


def measure(parts: Parts, runs: int = 40) -> list[Figure]:
    """Prints how long each stage of a turn takes, and gives the ratios to the bare model passes."""
    demo = demo_shop(parts.settings)
    demo.warm()
    figures = []
    for case in _cases(demo):
        taken = _measure(demo, case, runs)
        _print(taken)
        figures.append(
            Figure(
                name=f"{case.name}: turn ÷ bare passes",
                value=taken["ratio"]["p50"],
                n=runs,
                reach=case.reach,
                better="less",
                spread={"p95": taken["ratio"]["p95"]},
            )
        )
    print(f"\n{platform.processor() or platform.machine()}, {demo.threads} threads")
    return figures


def _cases(demo: Parts) -> list[Case]:
    product = next(product for product in demo.store.all_products() if product.image)
    photo = shoot(Shot(product=product.sku, turned=4), demo.settings.data / "demo", demo)
    image = decode_photo(photo, demo.settings.limits)
    cases = [
        Case(
            "text",
            lambda number: (Text(QUESTIONS[number % len(QUESTIONS)]),),
            lambda number: demo.text.queries([QUESTIONS[number % len(QUESTIONS)]]),
            1.6,
        ),
        Case(
            "photo",
            lambda _: (Photo(photo),),
            lambda _: (demo.vision.look([image]), demo.reader.read(image)),
            1.5,
        ),
    ]
    note = voice_note()
    if note is None:
        print("voice: skipped, there is no espeak-ng on this machine")
        return cases
    samples = decode_speech(note, demo.settings.limits)
    return [
        cases[0],
        Case("voice", lambda _: (Speech(note),), lambda _: demo.speech.transcribe(samples), 1.3),
        cases[1],
    ]


def voice_note() -> bytes | None:
    """Five seconds of English speech in FLAC, by espeak-ng; None where that is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    spoken = subprocess.run([program, "-v", "en", "-s", "140", "--stdout", SPOKEN], capture_output=True, check=True)  # noqa: S603
    with av.open(io.BytesIO(spoken.stdout), "r", format="wav") as source:
        resampler = av.AudioResampler("s16", "mono", 16_000)
        frames = [out.to_ndarray() for frame in source.decode(audio=0) for out in resampler.resample(frame)]
    samples = np.concatenate(frames, axis=1)[:, : int(SECONDS * 16_000)]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as target:
        stream = target.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            target.mux(packet)
    return buffer.getvalue()


def _measure(demo: Parts, case: Case, runs: int) -> dict[str, Any]:
    stages: dict[str, list[float]] = {}
    bare, ratios = [], []
    for number in tqdm(range(-2, runs), desc=case.name, leave=False):  # two runs to warm up
        start = time.perf_counter()
        case.bare(number)
        passed = (time.perf_counter() - start) * 1e3
        message = Message(uuid.uuid4().hex, uuid.uuid4().hex, case.parts(number))
        timings = demo.bot.turn(message).timings_ms
        if number < 0:
            continue
        whole = timings["total"] - timings.get("decode", 0.0)
        bare.append(passed)
        ratios.append(whole / passed)
        for stage, ms in (timings | {"total without decoding": whole}).items():
            stages.setdefault(stage, []).append(ms)
    return {
        "case": case.name,
        "n": runs,
        "bare_ms": _spread(bare),
        "stages_ms": {stage: _spread(ms) for stage, ms in stages.items()},
        "ratio": _spread(ratios),
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(values, q)), 3) for name, q in (("p50", 50), ("p95", 95))}


def _print(figure: dict[str, Any]) -> None:
    print(f"\n{figure['case']:24}     p50      p95  ms")
    for stage, spread in (*figure["stages_ms"].items(), ("bare model passes", figure["bare_ms"])):
        print(f"  {stage:22} {spread['p50']:8.2f} {spread['p95']:8.2f}")
