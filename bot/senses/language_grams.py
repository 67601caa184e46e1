"""How much a text's words speak for each language that shares their script: a linear model over letter n-grams.

A word between its bounds is cut into all n-grams of 1 to 5 signs, and kept whole as well; each that is known adds a
row of weights to the languages' scores, whose softmax is the languages' probability (multinomial logistic regression,
as in fastText: Joulin et al. 2017, but with the n-grams kept as they are instead of hashed). Runs of Chinese
characters, which have no words between spaces, are cut into single characters and pairs.

The weights are in bot/trained/languages.npz; bot/senses/language_training.py makes them.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
TRAINED = Path(__file__).resolve().parents[1] / "trained" / "languages.npz"
LETTERS = {
    "latin": re.compile(r"[a-zß-öø-ɏḁ-ỿ]+"),  # what an apostrophe joins is two words here: l'eau, what's
    "cyrillic": re.compile(r"[а-џґ]+(?:'[а-џґ]+)*"),  # Ukrainian writes an apostrophe within words
    "han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々\U00020000-\U000323af]+"),
}
LETTERS["romanised"] = LETTERS["latin"]
_UNIT = 0.1  # a step of a weight, in nats
_LONGEST = 5  # signs of an n-gram
_WORD = 30  # signs of a word that are read
_WORDS = 100  # words of a text that are read, spread over all of it
SENTENCE, _ELSEWHERE, _NAMED = 4, 0.01, 0.3  # words, from when any may be from elsewhere, and how likely each is
_BORROWED, _LENDER = 0.6, "en"  # of the words from elsewhere, from where: titles and names of goods
_KEPT = 8_192  # words whose rows are kept at hand


class Weights(NamedTuple):
    """`rows` names the row of each n-gram in `weights` [n, classes]; a class that begins with ~ is no language of ours:
    other languages of this script together, or names."""

    classes: tuple[str, ...]
    rows: dict[str, int]
    weights: F32


def plain(text: str) -> str:
    """Lower case, composed, one sort of apostrophe: what n-grams are taken of."""
    low = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    return low.replace("i̇", "i") if "\u0307" in low else low  # what lower() makes of İ


def grams_of_word(word: str) -> list[str]:
    """Its n-grams and itself, with bounds: `^a`, `a$`, `^a$`."""
    marked = f"^{word[:_WORD]}$"
    found = [marked[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(marked) - size + 1)]
    if len(marked) > _LONGEST:
        found.append(marked)
    return found


def grams_of_han(run: str) -> list[str]:
    """Its characters and pairs of neighbours."""
    return [*run, *map("".join, itertools.pairwise(run))]


GRAMS: dict[str, Callable[[str], list[str]]] = {
    "latin": grams_of_word, "cyrillic": grams_of_word, "han": grams_of_han,
    "romanised": grams_of_word,
}  # fmt: skip


@functools.cache
def load(script: str) -> Weights:
    """The weights of `latin`, `cyrillic`, `han`; `romanised` tells languages of other scripts from those of `latin`."""
    with np.load(TRAINED) as kept:
        grams = kept[f"{script}_grams"].tobytes().decode().split(" ")
        weights = np.ascontiguousarray(kept[f"{script}_weights"].T, dtype=np.float32) * np.float32(_UNIT)
        return Weights(tuple(kept[f"{script}_classes"].tolist()), {gram: at for at, gram in enumerate(grams)}, weights)


def save(every: dict[str, Weights]) -> None:
    """Keeps the weights of all scripts in the project, in steps of `_UNIT`, the n-grams in order: both pack well."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for script, found in every.items():
        order = sorted(found.rows)
        weights = np.rint(found.weights[[found.rows[gram] for gram in order]] / _UNIT)
        arrays[f"{script}_classes"] = np.array(found.classes)
        arrays[f"{script}_grams"] = np.frombuffer(" ".join(order).encode(), dtype=np.uint8)
        arrays[f"{script}_weights"] = np.clip(weights, -127, 127).astype(np.int8).T
    np.savez_compressed(TRAINED, **arrays)  # type: ignore[arg-type]


@functools.lru_cache(maxsize=_KEPT)
def _rows(word: str, script: str) -> tuple[int, ...]:
    known = load(script).rows
    return tuple([known[gram] for gram in GRAMS[script](word) if gram in known])


def forget() -> None:
    """Drops the words kept at hand: what a measurement of time begins with."""
    _rows.cache_clear()


def scores(words: Sequence[str], script: str, names: Sequence[bool] = ()) -> list[float]:
    """Log-odds of each class of `load(script)`, in its order, up to a constant; all 0 where no n-gram is known.

    In a sentence each word may be from elsewhere, by a chance of `_ELSEWHERE`, or `_NAMED` where `names` says that it
    may be one: a quoted title can't outweigh it. Most such words are English.
    """
    known = load(script)
    step = len(words) // _WORDS + 1
    found = [(rows, at) for at, word in enumerate(words[::step]) if (rows := _rows(word, script))]
    if not found:
        return [0.0] * len(known.classes)
    weights = known.weights.take([row for rows, _ in found for row in rows], axis=0)
    if len(found) < SENTENCE or script == "han":
        return list(weights.sum(axis=0).tolist())
    starts = [0, *itertools.accumulate(len(rows) for rows, _ in found[:-1])]
    each = np.add.reduceat(weights, starts, axis=0)
    shares = np.exp(each - each.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    elsewhere: F32 | float = (1 - _BORROWED) / len(known.classes)
    if _LENDER in known.classes:
        elsewhere = elsewhere + _BORROWED * shares[:, [known.classes.index(_LENDER)]]
    chance: F32 | float = _ELSEWHERE
    if any(names):
        chance = np.array([[_NAMED if names[at * step] else _ELSEWHERE] for _, at in found], np.float32)
    return list(np.log((1 - chance) * shares + chance * elsewhere).sum(axis=0).tolist())


def probabilities(scores: dict[str, float]) -> dict[str, float]:
    """Their softmax."""
    most = max(scores.values())
    odds = {name: math.exp(score - most) for name, score in scores.items()}
    total = sum(odds.values())
    return {name: odd / total for name, odd in odds.items()}
