"""What one worker a model gains where many conversations ask at once, against each asking the model by itself.

The ways take turns on the same requests at each number of callers. By the clock, and by the time of the processors,
which other programs disturb less. Voice notes have no such worker: they are heard a core each, which is held against
one after another on all cores; and it is shown what a batch of them could gain beyond that, on a core.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.measures.figures import Figure
from bot.measures.hearing import read
from bot.measures.hearing_together import bounds
from bot.measures.sounds import Samples
from bot.measures.turns import QUESTIONS
from bot.parts import Parts
from bot.senses.batched_text import BatchedText
from bot.senses.batching import Batcher

CALLERS = (1, 4, 16, 64)
MARKED = 16  # callers at which the gain is judged
ROUNDS = 5
_REQUESTS, _PICTURES, _NOTES = 8, 2, 1  # a caller, in a round
_EACH = 5  # every fifth of the shared clips: two of each language
_MOST_PICTURES = 16  # of a batch
_REACH = 2.0
_SIDE = 512  # pixels
Asked = TypeVar("Asked")


def measure(parts: Parts) -> list[Figure]:
    """Requests a second with the worker ÷ without it, of texts, photos and voice notes, at 1, 4, 16 and 64 callers."""
    text = BatchedText(parts.text)
    look = parts.vision.look
    photos: Batcher[Image.Image, NDArray[np.float32]] = Batcher(
        lambda images: list(look(images).vectors), "photos", _MOST_PICTURES, 4 * max(CALLERS)
    )
    texts = [f"{question} {number}" for number in range(8) for question in QUESTIONS]
    random = np.random.default_rng(0)
    images = [Image.fromarray(random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)) for _ in range(16)]
    text.queries(texts[:2])
    ways = {"alone": lambda one: parts.text.queries([one]), "together": lambda one: text.queries([one])}
    figures = _gains("texts", texts, ways, _REQUESTS, _REACH)
    figures += _gains(
        "photos", images, {"alone": lambda one: look([one]), "together": lambda one: photos([one])}, _PICTURES, _REACH
    )
    text.close()
    photos.close()
    return [*figures, *_notes(parts), *bounds()]


def _notes(parts: Parts) -> list[Figure]:
    """Voice notes a core each against one after another, each on all cores."""
    notes = [clip.samples for clip in read()][::_EACH]
    if not notes:
        return [Figure(name="voice notes", value=None, note="the shared data are not here")]
    turn, hear = threading.Lock(), parts.speech.hear

    def after_another(note: Samples) -> None:
        with turn:
            hear(note)

    hear(notes[0])
    return _gains("voice notes", notes, {"one after another": after_another, "a core each": hear}, _NOTES)


def _gains(
    name: str,
    asked: Sequence[Asked],
    ways: Mapping[str, Callable[[Asked], object]],
    each: int,
    reach: float | None = None,
) -> list[Figure]:
    """The second of two ways against the first; a caller asks `each` times in a round."""
    first, second = ways
    found = []
    for callers in CALLERS:
        some = [asked[number % len(asked)] for number in range(max(16, callers * each))]
        took = np.array([[_rates(way, some, callers) for way in ways.values()] for _ in range(ROUNDS)])
        gain = took[:, 1] / took[:, 0]  # [rounds, clock and processor]
        spread = {"least": gain[:, 0].min(), "most": gain[:, 0].max(), "by processor time": np.median(gain[:, 1])}
        rates = {f"{first} /s": np.median(took[:, 0, 0]), f"{second} /s": np.median(took[:, 1, 0])}
        found.append(
            Figure(
                name=f"{name}, {callers} at once: {second} ÷ {first}",
                value=float(np.median(gain[:, 0])),
                n=ROUNDS * len(some),
                unit="×",
                reach=reach if callers == MARKED else None,
                spread={key: float(value) for key, value in (spread | rates).items()},
            )
        )
    return found


def _rates(way: Callable[[Asked], object], asked: Sequence[Asked], callers: int) -> tuple[float, float]:
    """Requests a second of the clock, and a second of one processor."""
    with ThreadPoolExecutor(callers) as pool:
        clock, processor = time.perf_counter(), time.process_time()
        list(pool.map(way, asked))
        return len(asked) / (time.perf_counter() - clock), len(asked) / (time.process_time() - processor)
