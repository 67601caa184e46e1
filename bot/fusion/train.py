"""Which method of fusion is best: each is fitted on some products of a catalogue and judged on the others.

A trial has queries of a photo and some words. Products are dealt into folds; what is learnt for a fold is learnt from
the products of the others, each fold with its own seed, and every product stays a candidate. So each query is answered
once, by methods that have seen neither its product nor its photo's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.fusion import ban, cca, contrastive, dcca, gan, late, mfb, multitask, tfn
from bot.fusion.features import F32, I64, Fusion, Lessons, unit
from bot.fusion.late import said

Bools = npt.NDArray[np.bool_]
Fit = Callable[[Lessons, int], Fusion]
Score = Callable[[F32 | None, F32 | None], F32]  # of texts [n, t] and photos [n, p] with all items: [n, m]

SEEDS = 5
LATE = "late fusion"
_LESSONS = 2_000  # queries that a method is fitted on at most; drawn evenly


@dataclass(frozen=True)
class Trial:
    """n queries about m items. What is spoilt is a part of the same query with nothing left in it."""

    text: F32  # [n, t], rows of length 1, as are those of all vectors here
    photo: F32  # [n, p]
    spoilt_text: F32  # [n, t]
    spoilt_photo: F32  # [n, p]
    item: I64  # [n]: which item is meant
    shown: I64  # [n]: which item the photo shows
    texts: tuple[F32, ...]  # of the items, [m, t] each: what their page says, and what their kind is called
    pictures: F32  # [m, p]
    category: I64  # [m]
    attributes: F32  # [m, a]
    shows: Bools  # [n]: whether the photo is taken to show something, as where the bot is asked
    spoilt_shows: Bools  # [n]: the same of the spoilt one
    fold: I64  # [m], 0 to SEEDS - 1: with which others it is held out

    @property
    def item_text(self) -> F32:
        """The texts of an item as one vector, [m, t]."""
        return unit(np.sum(self.texts, axis=0, dtype=np.float32))


@dataclass(frozen=True)
class Outcome:
    """For each query whether the item that is meant came first."""

    text: Bools  # by the text's vector alone
    photo: Bools
    methods: dict[str, dict[str, Bools]]  # by method, then by what was there: CONDITIONS


# How a method is fitted on some queries about the known items [m], by a seed. It gives the trial's vectors as it sees
# them, in which a method that reads words and pictures themselves has its own, and what scores them.
Way = Callable[["Trial", I64, Bools, int], tuple["Trial", Score]]


CONDITIONS = ("both", "text alone", "photo alone", "text spoilt", "photo spoilt")


def dealt(groups: I64) -> I64:
    """The fold of each item, [m], by chance; items of one group [m], as a shirt's sizes, are held out together."""
    names, group = np.unique(groups, return_inverse=True)
    found: I64 = (np.random.default_rng(0).permutation(len(names)) % SEEDS)[group]
    return found


def compare(trial: Trial, ways: Mapping[str, Way]) -> Outcome:
    """Every query answered in each of the ways."""
    n = len(trial.item)
    found = {name: {condition: np.zeros(n, bool) for condition in CONDITIONS} for name in ways}
    for seed in range(SEEDS):
        known = trial.fold != seed
        asked = np.flatnonzero(~known[trial.shown])
        if not len(asked):  # a small shop may have nothing to ask about these
            continue
        rows = taught(trial, known, seed)
        for name, way in ways.items():
            seen, score = way(trial, rows, known, seed)
            for condition in CONDITIONS:
                found[name][condition][asked] = _answered(seen, asked, condition, score) == trial.item[asked]
    return Outcome(
        said(trial.text, trial.texts, -1.0).argmax(axis=1) == trial.item,
        (trial.photo @ trial.pictures.T).argmax(axis=1) == trial.item,
        found,
    )


def taught(trial: Trial, known: Bools, seed: int) -> I64:
    """The queries that the known items [m] teach: those that show one of them and mean one of them."""
    fitting = np.flatnonzero(known[trial.shown] & known[trial.item])
    return np.random.default_rng(seed).permutation(fitting)[:_LESSONS]


def lessons(trial: Trial, rows: I64, known: Bools) -> Lessons:
    """What the queries `rows` teach about the known items [m]."""
    return Lessons(
        trial.text[rows],
        trial.photo[rows],
        _numbers(known)[trial.item[rows]],
        trial.item_text[known],
        trial.pictures[known],
        np.unique(trial.category[known], return_inverse=True)[1],
        trial.attributes[known],
    )


def late_of(trial: Trial, rows: I64, known: Bools) -> late.Late:
    """Late fusion as the queries `rows` teach it, with sound words and with spoilt ones."""
    return late.fit(
        np.concatenate([trial.text[rows], trial.spoilt_text[rows]]),
        np.concatenate([trial.photo[rows]] * 2),
        np.tile(_numbers(known)[trial.item[rows]], 2),
        [text[known] for text in trial.texts],
        trial.pictures[known],
    )


def _numbers(known: Bools) -> I64:
    return np.cumsum(known) - 1


def _late(trial: Trial, rows: I64, known: Bools, _seed: int) -> tuple[Trial, Score]:
    return trial, late_scores(trial, late_of(trial, rows, known))


def late_scores(trial: Trial, weights: late.Late) -> Score:
    """What late fusion with these weights gives."""
    return lambda words, photo: weights.scores(words, photo, trial.texts, trial.pictures)


def learnt(fit: Fit) -> Way:
    """The way of a method that learns from vectors."""

    def way(trial: Trial, rows: I64, known: Bools, seed: int) -> tuple[Trial, Score]:
        method = fit(lessons(trial, rows, known), seed)
        items = method.encode(trial.item_text, trial.pictures)
        return trial, lambda words, photo: method.encode(words, photo) @ items.T

    return way


LATE_ALONE: dict[str, Way] = {LATE: _late}
WAYS: dict[str, Way] = LATE_ALONE | {
    "CCA": learnt(cca.fit),
    "deep CCA": learnt(dcca.fit),
    "contrastive": learnt(contrastive.fit),
    "multi-task": learnt(multitask.fit),
    "BAN": learnt(ban.fit),
    "MFB": learnt(mfb.fit),
    "TFN": learnt(tfn.fit),
    "GAN stand-in": learnt(gan.fit),
}


def _answered(trial: Trial, rows: I64, condition: str, score: Score) -> I64:
    """The items that come first. A photo that is taken to show nothing is left out."""
    text, photo = trial.text[rows], trial.photo[rows]
    if condition == "text alone":
        return _first(score(text, None))
    if condition == "photo alone":
        return _first(score(None, photo))
    text = trial.spoilt_text[rows] if condition == "text spoilt" else text
    photo = trial.spoilt_photo[rows] if condition == "photo spoilt" else photo
    blind = ~(trial.spoilt_shows if condition == "photo spoilt" else trial.shows)[rows]
    found = _first(score(text, photo))
    if blind.any():
        found[blind] = _first(score(text[blind], None))
    return found


def _first(scores: F32) -> I64:
    return np.asarray(scores.argmax(axis=1), np.int64)
