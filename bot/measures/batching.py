"""What one worker a model gains where many conversations ask at once, against each asking the model by itself.

The ways take turns on the same requests at each number of callers. By the clock, and by the time of the processors,
which other programs disturb less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.measures.figures import Figure
from bot.measures.turns import QUESTIONS
from bot.parts import Parts
from bot.senses.batched_text import BatchedText
from bot.senses.batching import Batcher

CALLERS = (1, 4, 16, 64)
MARKED = 16  # callers at which the gain is judged
ROUNDS = 5
_REQUESTS, _PICTURES = 8, 2  # a caller, in a round
_MOST_PICTURES = 16  # of a batch
_SIDE = 512  # pixels
Asked = TypeVar("Asked")


def measure(parts: Parts) -> list[Figure]:
    """Requests a second with the worker ÷ without it, of texts and of photos, at 1, 4, 16 and 64 callers."""
    text = BatchedText(parts.text)
    look = parts.vision.look
    photos: Batcher[Image.Image, NDArray[np.float32]] = Batcher(
        lambda images: list(look(images).vectors), "photos", _MOST_PICTURES, 4 * max(CALLERS)
    )
    texts = [f"{question} {number}" for number in range(8) for question in QUESTIONS]
    random = np.random.default_rng(0)
    images = [Image.fromarray(random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)) for _ in range(16)]
    text.queries(texts[:2])
    figures = _gains("texts", texts, lambda one: parts.text.queries([one]), lambda one: text.queries([one]), _REQUESTS)
    figures += _gains("photos", images, lambda one: look([one]), lambda one: photos([one]), _PICTURES)
    text.close()
    photos.close()
    return figures


def _gains(
    name: str, asked: Sequence[Asked], alone: Callable[[Asked], object], together: Callable[[Asked], object], each: int
) -> list[Figure]:
    found = []
    for callers in CALLERS:
        some = [asked[number % len(asked)] for number in range(max(16, callers * each))]
        took = np.array([[_rates(way, some, callers) for way in (alone, together)] for _ in range(ROUNDS)])
        gain = took[:, 1] / took[:, 0]  # [rounds, clock and processor]
        spread = {"least": gain[:, 0].min(), "most": gain[:, 0].max(), "by processor time": np.median(gain[:, 1])}
        rates = {"alone /s": np.median(took[:, 0, 0]), "together /s": np.median(took[:, 1, 0])}
        found.append(
            Figure(
                name=f"{name}, {callers} at once: together ÷ alone",
                value=float(np.median(gain[:, 0])),
                n=ROUNDS * len(some),
                unit="×",
                reach=2.0 if callers == MARKED else None,
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
