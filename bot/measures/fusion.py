"""A photo and a few words as one query: late fusion and every learnt method against the best single part.

The goods and the queries are those of groceries.py; products are judged by what was learnt on other products. Intervals
are of the paired bootstrap over products, 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.fusion.standing import LEAST, LEFT, Gain, Row, standings
from bot.fusion.train import LATE, LATE_ALONE, WAYS, Trial, Way, compare
from bot.measures import groceries
from bot.measures.figures import Figure
from bot.measures.groceries import WISH, WORD
from bot.measures.shared import DATA
from bot.measures.spoken import SPOKEN
from bot.parts import Parts

_REACH = 0.08  # of late fusion with a word for the kind


def measure(parts: Parts) -> list[Figure]:
    """Recall@1 with a word for the kind and with a wish, of every method, whole and with a part missing or spoilt."""
    if DATA is None:
        return [Figure(name="groceries", value=None, note="the shared data are not on this machine")]
    trials = {name: trial for name, (_, trial) in groceries.read(parts, DATA / "grocery").asked.items()}
    text, photo, *methods = _standings(trials[WORD], WAYS)
    n = len(trials[WORD].item)
    alone = {part.name: part.recall.mean for part in (text, photo)}
    figures = [Figure(name=name, value=share, n=n) for name, share in alone.items()]
    figures += [_over(row, n, f"{row.name}: less the best single part", row.shares) for row in methods]
    figures += _lost(next(row for row in methods if row.name == LATE), n, alone)
    for name, part, note in ((WISH, "text", ""), (SPOKEN, "speech alone", "robots' voices")):
        if name not in trials:
            return [*figures, Figure(name=name, value=None, note="espeak-ng is not installed")]
        text, photo, late = _standings(trials[name], LATE_ALONE)
        alone = {part: text.recall.mean, "photo": photo.recall.mean}
        n = len(trials[name].item)
        figures.append(_over(late, n, f"{name}: less the best single part", alone, note, None))
    return figures


def _standings(trial: Trial, ways: Mapping[str, Way]) -> list[Row]:
    return standings(compare(trial, ways), trial)


def _over(
    row: Row, n: int, name: str, beside: Mapping[str, float], note: str = "", reach: float | None = _REACH
) -> Figure:
    """A method's recall@1 less that of the best single part, on the same queries; late fusion has a mark to reach."""
    assert row.over_part is not None
    return Figure(
        name=name,
        value=row.over_part.mean,
        n=n,
        reach=reach if row.name == LATE else None,
        spread=_bounds(row.over_part) | {"recall@1": row.recall.mean} | dict(beside),
        note=note,
    )


def _lost(row: Row, n: int, alone: Mapping[str, float]) -> list[Figure]:
    """What a method loses against the part that is left, where the other is missing or spoilt."""
    assert row.lost is not None
    return [
        Figure(
            name=f"{row.name}, {condition}: less the part that is left",
            value=lost.mean,
            n=n,
            reach=LEAST,
            spread=_bounds(lost) | {"that part": alone[LEFT[condition]]},
        )
        for condition, lost in row.lost.items()
    ]


def _bounds(gain: Gain) -> dict[str, float]:
    return {"low": gain.low, "high": gain.high}
