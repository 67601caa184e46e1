"""A photo and a few words as one query: late fusion and every learnt method against the best single part.

The goods and the queries are those of groceries.py; products are judged by what was learnt on other products. Intervals
are of the paired bootstrap over products, 95 %.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.fusion.train import LATE, METHODS, Bools, Outcome, Trial, compare, gain
from bot.measures import groceries
from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.measures.spoken import can_speak, heard
from bot.parts import Parts

PARTS = ("text alone", "photo alone")


def measure(parts: Parts) -> list[Figure]:
    """Recall@1 with a word for the kind and with a wish, of every method, whole and with a part missing or spoilt."""
    if DATA is None:
        return [Figure(name="groceries", value=None, note="the shared data are not on this machine")]
    kinds, wishes, spoken = trials(parts)
    found = compare(kinds)
    figures = [Figure(name="text alone", value=_share(found.text), n=len(found.text)),
               Figure(name="photo alone", value=_share(found.photo), n=len(found.photo))]  # fmt: skip
    figures += [_against(name, found, kinds) for name in (LATE, *dict(METHODS))]
    figures += [_lost(condition, found, kinds) for condition in ("text spoilt", "photo spoilt", *PARTS)]
    figures += _wishes(compare(wishes, ()), wishes)
    if spoken is None:
        return [*figures, Figure(name="words spoken", value=None, note="espeak-ng is not installed")]
    return [*figures, _said(compare(spoken, ()), spoken)]


def trials(parts: Parts) -> tuple[Trial, Trial, Trial | None]:
    """Photos with the word for their kind, with a wish, and with the word spoken, where something can speak."""
    assert DATA is not None
    shop, fusing = groceries.goods(DATA / "grocery"), parts.fusing
    eyes = groceries.seen(shop, parts.vision, parts.settings.picture_copies, fusing.telling)
    asked = [groceries.kinds_asked(shop), groceries.wishes_asked(shop)]
    if can_speak():
        asked.append(replace(asked[0], words=heard(parts, asked[0].words, asked[0].language)))
    kinds, wishes, *spoken = (groceries.trial(shop, some, eyes, parts.text, fusing.words) for some in asked)
    return kinds, wishes, spoken[0] if spoken else None


def _against(name: str, found: Outcome, trial: Trial) -> Figure:
    """A method's recall@1 less that of the best single part, on the same queries."""
    best = max(found.text, found.photo, key=_share)
    ours = found.methods[name]["both"]
    over = gain(ours, best, trial.shown)
    late = name == LATE
    return Figure(
        name=f"{name}: less the best single part",
        value=over.mean,
        n=len(best),
        reach=0.08 if late else None,
        spread={"low": over.low, "high": over.high, "recall@1": _share(ours)}
        | {part: _share(found.methods[name][part]) for part in (*PARTS, "text spoilt", "photo spoilt")},
    )


def _lost(condition: str, found: Outcome, trial: Trial) -> Figure:
    """What late fusion loses against the part that is left, where the other is missing or spoilt."""
    left = found.photo if condition in ("text spoilt", "photo alone") else found.text
    over = gain(found.methods[LATE][condition], left, trial.shown)
    return Figure(
        name=f"{LATE}, {condition}: less the part that is left",
        value=over.mean,
        n=len(left),
        reach=-0.01,
        spread={"low": over.low, "high": over.high, "that part": _share(left)},
    )


def _wishes(found: Outcome, trial: Trial) -> list[Figure]:
    ours, best = found.methods[LATE]["both"], max(found.text, found.photo, key=_share)
    over = gain(ours, best, trial.shown)
    spread = {"low": over.low, "high": over.high, "recall@1": _share(ours), "text": _share(found.text),
              "photo": _share(found.photo)}  # fmt: skip
    return [Figure(name="this one, but …: less the best single part", value=over.mean, n=len(ours), spread=spread)]


def _said(found: Outcome, trial: Trial) -> Figure:
    ours, best = found.methods[LATE]["both"], max(found.text, found.photo, key=_share)
    over = gain(ours, best, trial.shown)
    spread = {"low": over.low, "high": over.high, "recall@1": _share(ours), "speech alone": _share(found.text)}
    return Figure(name="the word spoken: less the best single part", value=over.mean, n=len(ours), spread=spread,
                  note="robots' voices")  # fmt: skip


def _share(right: Bools) -> float:
    return float(np.mean(right))
