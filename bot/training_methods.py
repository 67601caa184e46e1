"""Which method of fusion suits a shop: all are fitted on its catalogue, or on the shared groceries, and compared.

Each is fitted on four fifths of the products, five times with five seeds, and judged on the others. A table, the same
as JSON, and plots are written. What is compared with is late fusion as it is loaded (`fusion.query`), and the table
says whether another would be better on these queries. None is loaded for that: what is best on words of the feed was
not best on customers' (fusion/EXPERIMENTS.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from bot import training_catalogue, training_encoders, training_plots
from bot.errors import BadInput
from bot.fusion.features import I64
from bot.fusion.late import Late
from bot.fusion.photo_head import PhotoHead, untaught
from bot.fusion.query import Fusing
from bot.fusion.standing import LEFT, Gain, Row, advised, standings
from bot.fusion.train import SEEDS, WAYS, Bools, Score, Trial, Way, compare, late_scores, taught
from bot.measures import groceries, queries
from bot.measures.figures import Figure
from bot.measures.queries import Asked, Looks, Trials
from bot.measures.shared import DATA
from bot.measures.spoken import SPOKEN, can_speak, heard
from bot.parts import Parts

LOADED = "late fusion, as loaded"
_LEAST = 20  # queries that a fold must teach
_SPOKEN = 120  # words that are spoken at most: each takes a second


def run(
    parts: Parts,
    folder: Path,
    *,
    photos: Path | None = None,
    shared: bool = False,
    encoders: tuple[Path, Path] | None = None,
) -> list[Figure]:
    """Compares all methods, and writes table.md, table.json, recall.png and lost.png into the folder.

    `photos` is a CSV of photos of the shop's products, as for a photo head; without it altered copies of its pictures
    stand for photos. `encoders`: the folders of a text and of a picture encoder, to train end to end beside the rest.

    Raises:
        NotReady: matplotlib is not installed.
        BadInput: the shop has too little to compare on, a folder can't be used, or the shared data are not there.
    """
    training_plots.ready()
    if encoders:
        training_encoders.assembled(encoders, 0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder} can't be made: {error.strerror}.") from None
    trials = of_groceries(parts) if shared else of_shop(parts, photos)
    found, left_out = compared(trials, as_loaded(replace(parts.fusing, head=trials.head)), encoders)
    if not found:
        raise BadInput(f"The shop has too little to compare methods on. {'; '.join(left_out)}.")
    (folder / "table.md").write_text(table(trials, found, left_out), encoding="utf-8")
    (folder / "table.json").write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    training_plots.draw(folder, found)
    return [figure for name, rows in found.items() for figure in _figures(name, rows, trials.asked[name][1])]


def of_groceries(parts: Parts) -> Trials:
    """The shared groceries, as `evaluate fusion` has them.

    Raises:
        BadInput: the shared data are not on this machine.
    """
    if DATA is None:
        raise BadInput("The shared data are not on this machine.")
    return groceries.read(parts, DATA / "grocery")


def of_shop(parts: Parts, table: Path | None) -> Trials:
    """The catalogue in the data folder.

    Raises:
        BadInput: it has too little to compare on, or the table of photos is wrong.
    """
    catalogue = training_catalogue.read(parts, table)
    asked = dict(catalogue.asked)
    if can_speak():
        asked[SPOKEN] = heard(parts, some_words(asked[training_catalogue.WORD]))
    return queries.trials(parts, catalogue.goods, asked, partial(_head, parts), catalogue.photos)


def _head(parts: Parts, looks: Looks) -> PhotoHead | None:
    """The shop's own, but for one that has learnt from photos, which may be those that ask."""
    if parts.settings.vision:
        return None
    if parts.photo_head is not None and not parts.photo_head.taught:
        return parts.photo_head
    return untaught(looks.pictures, looks.copies if looks.copies.shape[1] else looks.pictures[:, None])


def some_words(asked: Asked) -> Asked:
    """The queries with at most _SPOKEN of their words, drawn by chance."""
    pairs = list(zip(asked.words, asked.language, strict=True))
    different = sorted(set(pairs))
    kept = {different[at] for at in np.random.default_rng(0).permutation(len(different))[:_SPOKEN]}
    rows = [row for row, pair in enumerate(pairs) if pair in kept]
    words, language = zip(*(pairs[row] for row in rows), strict=True)
    return Asked(asked.photo[rows], list(words), list(language), asked.item[rows])


def as_loaded(fusing: Fusing) -> Way:
    """Late fusion with the weights that a turn would take."""
    weights = Late(1.0, fusing.weight, fusing.late.floor)

    def way(trial: Trial, _rows: I64, _known: Bools, _seed: int) -> tuple[Trial, Score]:
        return trial, late_scores(trial, weights)

    return way


def compared(trials: Trials, loaded: Way, encoders: tuple[Path, Path] | None) -> tuple[dict[str, list[Row]], list[str]]:
    """How the methods stand, by what the queries hold, and what could not be compared."""
    found: dict[str, list[Row]] = {}
    images = training_encoders.images(trials.goods) if encoders else None
    left_out = [] if can_speak() else [f"{SPOKEN}: espeak-ng is not installed"]
    for name, (asked, trial) in trials.asked.items():
        if min(len(taught(trial, trial.fold != seed, seed)) for seed in range(SEEDS)) < _LEAST:
            left_out.append(f"{name}: too few queries to learn from")
            continue
        ways = {LOADED: loaded} | WAYS
        if encoders and images:
            ways[training_encoders.NAME] = training_encoders.way(encoders, trials.goods, images, asked)
        words, *rest = standings(compare(trial, ways), trial, LOADED)
        found[name] = [replace(words, name="speech alone") if name == SPOKEN else words, *rest]
    return found, left_out


def table(trials: Trials, found: dict[str, list[Row]], left_out: Sequence[str]) -> str:
    """The standings in Markdown, and which method the shop should use."""
    lines = ["# Methods of fusion", "",
             f"{len(trials.goods.pages)} products with pictures, {trials.photos}. Each method is fitted on the "
             f"products of {SEEDS - 1} of {SEEDS} folds, with a seed for each, and judged on those of the last; all "
             "are candidates. "
             "Bounds: 95 %, paired bootstrap over products."]  # fmt: skip
    for name, rows in found.items():
        heading = ["", "recall@1", "less the best part", f"less {LOADED}", *LEFT]
        lines += ["", f"## {name[0].upper()}{name[1:]} (n = {len(trials.asked[name][1].item):,})", "", _line(heading),
                  _line(["---"] * len(heading)), *map(_row, rows), "", _verdict(rows)]  # fmt: skip
    lines += ["", *(f"Not compared: {what}." for what in left_out)] if left_out else []
    return "\n".join(lines) + "\n"


def _row(row: Row) -> str:
    shares = [
        f"{row.shares[condition]:.3f} ({row.lost[condition].mean:+.3f})" if row.lost else "" for condition in LEFT
    ]
    return _line([row.name, _bounded(row.recall, ""), _bounded(row.over_part), _bounded(row.over_loaded), *shares])


def _bounded(gain: Gain | None, sign: str = "+") -> str:
    return "" if gain is None else f"{gain.mean:{sign}.3f} ({gain.low:{sign}.3f} to {gain.high:{sign}.3f})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _verdict(rows: Sequence[Row]) -> str:
    best = advised(rows, LOADED)
    if best == LOADED:
        return (
            f"Nothing finds surely more than {LOADED}, and loses at most a point where a part is missing or spoilt: "
            "what is loaded stays."
        )
    return (
        f"**{best}** finds surely more than {LOADED}, and loses at most a point where a part is missing or spoilt. It "
        "is not loaded by itself: customers' words and photos may be others than these."
    )


def _figures(name: str, rows: Sequence[Row], trial: Trial) -> list[Figure]:
    found = []
    for row in rows:
        spread = {"low": row.recall.low, "high": row.recall.high} | row.shares
        for what, over in (("less the best part", row.over_part), (f"less {LOADED}", row.over_loaded)):
            spread |= {what: over.mean, f"{what}, low": over.low, f"{what}, high": over.high} if over else {}
        found.append(Figure(name=f"{name}: {row.name}", value=row.recall.mean, n=len(trial.item), spread=spread))
    return found
