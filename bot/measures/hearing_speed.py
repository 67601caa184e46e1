"""How long hearing takes against openai-whisper and faster-whisper with the same weights, turn about in one run.

Ours is the whole of `hear`: the gate, the language, the text. The others transcribe as they are by themselves.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bot import models
from bot.measures.against_faster_whisper import FasterWhisper, installed
from bot.measures.figures import Figure
from bot.measures.hearing import Clip, read
from bot.measures.sounds import Samples
from bot.parts import Parts

_MARKS = {"openai-whisper": 0.4, "faster-whisper, 8 bits": 0.6}
_ROUNDS = 2000  # drawings of the bootstrap


def measure(parts: Parts) -> list[Figure]:
    """Mean seconds a clip, and the ratios of them; each clip goes through all ways, another first each time."""
    clips = list(read())
    if not clips:
        return [Figure(name="time of hearing", value=None, note="the shared data are not here")]
    ways: dict[str, Callable[[Samples], object]] = {
        "ours": parts.speech.hear,
        "openai-whisper": parts.speech.transcribe,
    }
    with tempfile.TemporaryDirectory() as folder:
        if installed():
            ways["faster-whisper, 8 bits"] = FasterWhisper(models.join_halves(), Path(folder), parts.threads).transcribe
        took = _timed(ways, clips)
    return [*(_seconds(name, column) for name, column in took.items()), *_ratios(took)]


def _timed(ways: dict[str, Callable[[Samples], object]], clips: list[Clip]) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor seconds of each way for each clip."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for way in ways.values():  # what is loaded at the first use is not counted
        way(clips[0].samples)
    for number, clip in enumerate(clips):
        names = list(ways)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            wall, processor = time.perf_counter(), time.process_time()
            ways[name](clip.samples)
            took[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return took


def _seconds(name: str, took: list[tuple[float, float]]) -> Figure:
    wall, processor = np.array(took).T
    spread = {"p50": float(np.median(wall)), "p95": float(np.percentile(wall, 95)), "processor": processor.mean()}
    return Figure(name=f"a clip, {name}", value=float(wall.mean()), n=len(wall), unit="s", better="less", spread=spread)


def _ratios(took: dict[str, list[tuple[float, float]]]) -> list[Figure]:
    """Mean time of ours over that of the others, with bootstrap intervals over the clips."""
    ours = np.array(took["ours"])
    random = np.random.default_rng(0)
    figures = []
    for name, reach in _MARKS.items():
        if name not in took:
            figures.append(Figure(name=f"ours ÷ {name}", value=None, reach=reach, note="not installed"))
            continue
        other = np.array(took[name])
        drawn = random.integers(0, len(ours), (_ROUNDS, len(ours)))
        ratios = ours[drawn, 0].mean(1) / other[drawn, 0].mean(1)
        low, high = np.percentile(ratios, (2.5, 97.5))
        processor = ours[:, 1].mean() / other[:, 1].mean()
        figures.append(
            Figure(
                name=f"ours ÷ {name}",
                value=float(ours[:, 0].mean() / other[:, 0].mean()),
                n=len(ours),
                reach=reach,
                better="less",
                spread={"low": float(low), "high": float(high), "of processor time": float(processor)},
                note="95 % over clips",
            )
        )
    return figures
