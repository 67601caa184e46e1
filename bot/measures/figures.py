"""A measured number and what it should reach, and the table of them that evaluate and bench print."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a measurement. `value` None: it could not be taken here, and `note` says why.

    `n` is what it rests on; `spread` has further points of the same distribution, as p50 and p95.
    """

    name: str
    value: float | None
    n: int = 0
    unit: str = ""
    reach: float | None = None
    better: Literal["more", "less"] = "more"
    spread: dict[str, float] = {}
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether what was to be reached is; a number without a mark, or that could not be taken, misses nothing."""
        if self.value is None or self.reach is None:
            return True
        return self.value >= self.reach if self.better == "more" else self.value <= self.reach


def show(heading: str, figures: Iterable[Figure]) -> None:
    """Prints a table of figures."""
    print(f"\n{heading}")
    for figure in figures:
        value = "skipped" if figure.value is None else f"{figure.value:,.4g} {figure.unit}".strip()
        mark = "" if figure.reach is None else f"{'≥' if figure.better == 'more' else '≤'} {figure.reach:g}"
        said = [f"n = {figure.n:,}"] if figure.n else []
        said += [f"{name} {number:,.4g}" for name, number in figure.spread.items()]
        said += [figure.note] if figure.note else []
        print(f"  {figure.name:52} {value:>16}  {mark:9} {'' if figure.holds else 'MISSED '}{', '.join(said)}".rstrip())


def write(file: Path, figures: dict[str, list[Figure]]) -> None:
    """Writes the figures of each part as JSON."""
    file.write_text(json.dumps(msgspec.to_builtins(figures), ensure_ascii=False, indent=1), encoding="utf-8")
