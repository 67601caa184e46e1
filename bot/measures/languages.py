"""How well and how fast the language of a text is told, beside other packages on the same texts in the same run.

The other packages are limited to the languages in play, are asked for their best answer, and are right with `zh` for
either Chinese. Ours must tell the two apart, and is wrong where it says that it does not know.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bot.measures.detectors import Detect, detectors
from bot.measures.figures import Figure
from bot.measures.language_sets import (
    SAYS_NOTHING,
    XQUAD,
    Text,
    catalogues,
    cldr,
    questions,
    spoken,
    words,
)  # fmt: skip
from bot.measures.latencies import calls
from bot.measures.reply_languages import replies
from bot.measures.shared import DATA
from bot.parts import Parts
from bot.senses import language_grams
from bot.senses.language import identify, warm
from bot.settings import LANGUAGES

_PARTS = {"first two words": 2, "first four words": 4, "whole questions": None}
_MICROSECONDS = 60.0
_ROUNDS = 3
_SLOW = 400  # texts that the others are timed on
_TAKES_MILLISECONDS = {"langdetect"}  # is asked for as many texts of each set


def measure(parts: Parts) -> list[Figure]:
    """Shares that are right on XQuAD and on words, what is refused, what a conversation adds, and microseconds."""
    del parts
    warm(LANGUAGES)
    names, phrases = cldr(), catalogues()
    sets = {
        "single words": words(names, 1) + words(phrases, 1),
        "pairs of words": words(names, 2) + words(phrases, 2),
        "single words, catalogues alone": words(phrases, 1),
        "pairs of words, catalogues alone": words(phrases, 2),
    }
    figures = [figure for name, texts in sets.items() for figure in _against(f"{name}, 21", texts, LANGUAGES)]
    figures += _by_language(sets["single words"])
    real = sets["pairs of words"]
    if DATA is None:
        figures.append(Figure(name="questions of XQuAD", value=None, note="the shared data is not here"))
    else:
        for name, many in _PARTS.items():
            texts = questions(DATA, many)
            figures += _against(f"{name} of XQuAD, six", texts, XQUAD)
            figures += _against(f"{name} of XQuAD, 21", texts, LANGUAGES)
        figures += _conversations(DATA)
        real = [text for many in _PARTS.values() for text in questions(DATA, many)]
        figures += _silent(DATA)
    return [*figures, *_refused(), *replies(), _same(real + sets["single words"]), *_times(real + sets["single words"])]


def _ours(languages: tuple[str, ...]) -> Detect:
    def detect(text: str) -> str | None:
        guess = identify(text, languages)
        return guess.language if guess else None

    return detect


def _against(name: str, texts: Sequence[Text], languages: tuple[str, ...]) -> list[Figure]:
    """Ours, which must reach the best of the others."""
    shares: dict[str, float | None] = {}
    for other, detect in detectors(languages).items():
        if detect is None:
            shares[other] = None
        else:
            taken = texts[:: max(1, len(texts) // _SLOW)] if other in _TAKES_MILLISECONDS else texts
            right = [detect(text) == tag.partition("-")[0] for text, tag in taken]
            shares[other] = float(np.mean(right))
    ours = _ours(languages)
    wrong = Counter((tag, found or "None") for text, tag in texts if (found := ours(text)) != tag)
    measured = {other: share for other, share in shares.items() if share is not None}
    silent = sum(many for (_, found), many in wrong.items() if found == "None")
    often = ", ".join(f"{tag} as {found} {many}" for (tag, found), many in wrong.most_common(4))
    return [
        Figure(
            name=name,
            value=1 - wrong.total() / len(texts),
            n=len(texts),
            reach=max(measured.values()) if measured else None,
            spread={"not known": silent / len(texts), **measured},
            note="; ".join([*([often] if often else []), *(f"no {o}" for o, share in shares.items() if share is None)]),
        )
    ]


def _by_language(texts: Sequence[Text]) -> list[Figure]:
    """The hard ones, with the share of each."""
    ours = _ours(LANGUAGES)
    shares = {tag: float(np.mean([ours(text) == tag for text, own in texts if own == tag])) for tag in LANGUAGES}
    return [
        Figure(
            name="single words, the language told worst",
            value=min(shares.values()),
            n=len(texts),
            spread={tag: round(share, 3) for tag, share in sorted(shares.items(), key=lambda held: held[1])},
        )
    ]


def _conversations(data: Path) -> list[Figure]:
    """First two words, and whole questions, where the conversation was in the same language, and in another."""
    figures = []
    for name in ("first two words", "whole questions"):
        texts = questions(data, _PARTS[name])
        same = [_told(text, tag) == tag for text, tag in texts]
        other = [_told(text, before) == tag for text, tag in texts for before in XQUAD if before != tag]
        figures += [
            Figure(name=f"{name}, the conversation in the same language", value=float(np.mean(same)), n=len(same)),
            Figure(name=f"{name}, the conversation in another", value=float(np.mean(other)), n=len(other)),
        ]
    return figures


def _told(text: str, prior: str) -> str | None:
    guess = identify(text, LANGUAGES, prior)
    return guess.language if guess else None


def _refused() -> list[Figure]:
    """Names, numbers, codes, emoji and "ok"."""
    guessed = [text for text in SAYS_NOTHING if identify(text, LANGUAGES)]
    return [
        Figure(
            name="what says nothing, not guessed at",
            value=1 - len(guessed) / len(SAYS_NOTHING),
            n=len(SAYS_NOTHING),
            note=f"guessed: {', '.join(guessed)}" if guessed else "",
        )
    ]


def _silent(data: Path) -> list[Figure]:
    """How often a real message is not known."""
    return [
        Figure(
            name=f"sentences to a shop, {name}: not known",
            value=float(np.mean([found is None for found in told])),
            n=len(texts),
            better="less",
            spread={"right": float(np.mean([found == tag for found, (_, tag) in zip(told, texts, strict=True)]))},
        )
        for name, many in (("first word", 1), ("first two words", 2), ("whole", None))
        for texts in [spoken(data, many)]
        for told in [[_ours(LANGUAGES)(text) for text, _ in texts]]
    ]


def _same(texts: Sequence[Text]) -> Figure:
    """Asked again in another order, after other texts."""
    first = {text: identify(text, LANGUAGES) for text, _ in texts}
    again = sorted(first, key=lambda text: text[::-1])
    changed = sum(identify(text, LANGUAGES) != first[text] for text in again)
    return Figure(
        name="answers that change when asked again", value=float(changed), n=len(again), reach=0, better="less"
    )


def _times(texts: Sequence[Text]) -> list[Figure]:
    """Microseconds of a call, each text once a round, with no word kept from before; the others turn about."""
    asked = [text for text, _ in texts]
    random.Random(0).shuffle(asked)  # noqa: S311
    ways: dict[str, Callable[[str], object]] = {"ours": _ours(LANGUAGES)}
    ways |= {other: detect for other, detect in detectors(LANGUAGES).items() if detect}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        language_grams.forget()
        for at, text in enumerate(asked):
            for name, way in ways.items():
                if name == "ours" or at < _SLOW:
                    start = time.perf_counter()
                    way(text)
                    took[name].append((time.perf_counter() - start) * 1e6)
    return calls("one call", took, "µs", {"ours": _MICROSECONDS})
