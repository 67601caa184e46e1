"""How well voice notes are heard: errors by language, the language told, speech that is refused, and noise acted on.

Marks are openai-whisper's own error rates on the 80 clips of the shared data, half a point more. No sentence was
written for these clips, but settings were compared on them (HEARING.md), so the rates flatter: other voices would do
worse.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bot.measures import sounds
from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.messages import Heard
from bot.parts import Parts
from bot.senses.media import decode_speech
from bot.settings import Limits
from knowledge.metrics import cer, wer

SOUNDS = 200
_STOCK = {"en": 0.024, "es": 0.068, "fr": 0.205, "it": 0.125, "pt": 0.038, "hi": 1.01, "zh": 0.294, "ja": 0.155}
_BY_CHARACTER = ("zh", "ja")
Change = Callable[[sounds.Samples, np.random.Generator], sounds.Samples]
_HARDER: dict[str, Change] = {
    "noise 10 dB below": lambda sound, random: sounds.mixed(sound, 10, random),
    "noise 5 dB below": lambda sound, random: sounds.mixed(sound, 5, random),
    "30 dB quieter": lambda sound, _: np.asarray(sound * 10 ** (-30 / 20), np.float32),
}


@dataclass(frozen=True)
class Clip:
    """A recording, float32[n] at 16 kHz, with what is said in it."""

    language: str
    said: str
    samples: sounds.Samples


def read() -> Iterator[Clip]:
    """The shared clips; none where the folder is absent."""
    if DATA is None:
        return
    folder = DATA / "speech"
    with (folder / "clips.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield Clip(row["language"], row["text"], decode_speech((folder / row["clip"]).read_bytes(), Limits()))


def measure(parts: Parts) -> list[Figure]:
    """All of it; about three minutes on one idle core."""
    clips = list(read())
    figures = [_acted_on(parts)]
    if not clips:
        return [Figure(name="error rates", value=None, note="the shared data are not here"), *figures]
    heard = [parts.speech.hear(clip.samples) for clip in clips]
    figures = [*errors(clips, heard), _told(clips, heard), *figures, _refused("as recorded", heard, clips)]
    for name, change in _HARDER.items():
        random = np.random.default_rng(0)
        found = [parts.speech.hear(change(clip.samples, random)) for clip in clips]
        figures.append(_refused(name, found, clips))
    order = list(_STOCK)
    hints = [order[(order.index(clip.language) + 1 + n % 7) % len(order)] for n, clip in enumerate(clips)]
    misled = [parts.speech.hear(clip.samples, hint) for clip, hint in zip(clips, hints, strict=True)]
    kept = sum(one is not None and one.language == clip.language for one, clip in zip(misled, clips, strict=True))
    return [*figures, Figure(name="language kept though another was expected", value=kept, n=len(clips), unit="clips")]


def errors(clips: list[Clip], heard: list[Heard | None]) -> list[Figure]:
    """Error rate by language; a refused clip counts as nothing heard."""
    figures = []
    for language, stock in _STOCK.items():
        pairs = [
            (found.text if found else "", clip.said)
            for clip, found in zip(clips, heard, strict=True)
            if clip.language == language
        ]
        rate = (cer if language in _BY_CHARACTER else wer)(*zip(*pairs, strict=True))
        figures.append(
            Figure(
                name=f"errors, {language}, of {'characters' if language in _BY_CHARACTER else 'words'}",
                value=rate,
                n=len(pairs),
                reach=stock + 0.005,
                better="less",
                spread={"of characters": cer(*zip(*pairs, strict=True))},
                note=f"stock {stock:g}",
            )
        )
    return figures


def _told(clips: list[Clip], heard: list[Heard | None]) -> Figure:
    right = sum(found is not None and found.language == clip.language for clip, found in zip(clips, heard, strict=True))
    return Figure(name="language told from the sound", value=right, n=len(clips), unit="clips", reach=len(clips))


def _refused(name: str, heard: list[Heard | None], clips: list[Clip]) -> Figure:
    rates = errors(clips, heard)
    return Figure(
        name=f"speech refused, {name}",
        value=heard.count(None) / len(heard),
        n=len(heard),
        better="less",
        spread={figure.name.split(", ")[1]: float(figure.value or 0) for figure in rates},
        note="with the error rates by language",
    )


def _acted_on(parts: Parts) -> Figure:
    """Sounds without speech that were heard as text."""
    found = [(kind, parts.speech.hear(sound)) for kind, sound in sounds.clips(SOUNDS)]
    acted = [f"{kind}: {heard.text[:30]}" for kind, heard in found if heard]
    return Figure(
        name="silence, hum, noise, tones, music acted on",
        value=len(acted),
        n=SOUNDS,
        unit="clips",
        reach=0,
        better="less",
        note="; ".join(acted[:5]),
    )
