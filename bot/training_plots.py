"""Plots of how methods of fusion stand, by matplotlib, which comes with the packages for training alone."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.errors import NotReady
from bot.fusion.standing import LEFT, Gain, Row

_ALONE, _METHOD = "#9aa5b1", "#2b6cb0"
_CONDITIONS = ("#c05621", "#2f855a", "#805ad5", "#b7791f")
_HIGH = 0.32  # inches of a bar, and of a group of four
_WIDE = 5.0  # of a panel


def ready() -> None:
    """Raises:
    NotReady: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise NotReady("matplotlib draws the plots: pip install --no-deps --requirement requirements-train.lock")


def draw(folder: Path, standings: Mapping[str, Sequence[Row]]) -> None:
    """Writes recall.png, what is found by each method with both parts, and lost.png, what is lost where one is missing
    or spoilt; a panel for each kind of queries."""
    _save(folder / "recall.png", standings, _recall, 1)
    methods = {name: [row for row in rows if row.lost] for name, rows in standings.items()}
    _save(folder / "lost.png", methods, _lost, len(LEFT) / 2)


def _save(file: Path, standings: Mapping[str, Sequence[Row]], panel: Any, height: float) -> None:
    figures: Any = importlib.import_module("matplotlib.figure")
    most = max(map(len, standings.values()))
    figure = figures.Figure(figsize=(_WIDE * len(standings), _HIGH * height * most + 1.2), layout="constrained")
    axes = figure.subplots(1, len(standings), squeeze=False)[0]
    for at, (name, rows) in enumerate(standings.items()):
        panel(axes[at], rows)
        axes[at].set_yticks(range(len(rows)), [row.name for row in rows])
        axes[at].invert_yaxis()
        axes[at].set_title(name)
        axes[at].spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.savefig(file, dpi=120, metadata={"Software": None})


def _recall(axis: Any, rows: Sequence[Row]) -> None:
    gains = [row.recall for row in rows]
    colours = [_METHOD if row.lost else _ALONE for row in rows]
    axis.barh(range(len(rows)), [gain.mean for gain in gains], xerr=_errors(gains), color=colours, capsize=2)
    axis.set_xlabel("recall@1, 95 % over products")


def _lost(axis: Any, rows: Sequence[Row]) -> None:
    high = 0.8 / len(LEFT)
    for at, (condition, colour) in enumerate(zip(LEFT, _CONDITIONS, strict=True)):
        gains = [row.lost[condition] for row in rows if row.lost]
        places = [number + (at - (len(LEFT) - 1) / 2) * high for number in range(len(gains))]
        means = [gain.mean for gain in gains]
        axis.barh(places, means, high, xerr=_errors(gains), color=colour, label=condition, error_kw={"lw": 0.7})
    axis.axvline(0, color="black", lw=0.8)
    axis.set_xlabel("recall@1 less that of the part that is left")


def _errors(gains: Sequence[Gain]) -> list[list[float]]:
    """How far the bounds are from the means, down and up; a draw's quantile may pass the mean by a hair."""
    return [[max(gain.mean - gain.low, 0) for gain in gains], [max(gain.high - gain.mean, 0) for gain in gains]]
