"""How methods of fusion stand beside each other on the same queries, with bounds, and which of them a shop should use.

Shares and their differences come with the bounds between which they lie in 95 of 100 draws of the paired bootstrap
(Efron, 1979). Whole products are drawn, since queries about one product are right or wrong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.fusion.features import I64
from bot.fusion.train import CONDITIONS, LATE, Bools, Outcome, Trial

TEXT, PHOTO = "text alone", "photo alone"
LEAST = -0.01  # what a method may lose where a part is missing or spoilt
LEFT = {"text spoilt": PHOTO, "photo spoilt": TEXT, TEXT: TEXT, PHOTO: PHOTO}  # by condition, the part that is left
_DRAWS = 2_000  # of the bootstrap


@dataclass(frozen=True)
class Gain:
    """A share, or the difference of two, and its bounds."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """A method, or a part alone. `lost` is by condition: what is found more or less than by the part that is left."""

    name: str
    recall: Gain
    shares: dict[str, float]  # by condition, where a part is missing or spoilt
    over_part: Gain | None = None  # recall less that of the best part
    over_loaded: Gain | None = None  # and less that of what is loaded now
    lost: dict[str, Gain] | None = None

    @property
    def keeps(self) -> bool:
        """Whether next to nothing is lost where a part is missing or spoilt."""
        return self.lost is not None and all(lost.mean >= LEAST for lost in self.lost.values())


def standings(found: Outcome, trial: Trial, loaded: str = LATE) -> list[Row]:
    """Text and photo alone, by their cosines, and then each method."""
    parts = {TEXT: found.text, PHOTO: found.photo}
    best = max(parts.values(), key=np.mean)
    rows = [Row(name, gain(right, np.zeros_like(right), trial.shown), {}) for name, right in parts.items()]
    for name, right in found.methods.items():
        both = right["both"]
        rows.append(
            Row(
                name,
                gain(both, np.zeros_like(both), trial.shown),
                {condition: float(right[condition].mean()) for condition in CONDITIONS[1:]},
                gain(both, best, trial.shown),
                gain(both, found.methods[loaded]["both"], trial.shown),
                {condition: gain(right[condition], parts[left], trial.shown) for condition, left in LEFT.items()},
            )
        )
    return rows


def advised(rows: Sequence[Row], loaded: str = LATE) -> str:
    """The method that finds most among those that beat the one that is loaded surely, and lose next to nothing where
    a part is missing or spoilt; the one that is loaded where there is none."""
    better = [row for row in rows if row.over_loaded is not None and row.over_loaded.low > 0 and row.keeps]
    return max(better, key=lambda row: row.recall.mean).name if better else loaded


def gain(ours: Bools, theirs: Bools, group: I64) -> Gain:
    """How much oftener one is right than the other on the same queries, by paired bootstrap over the groups."""
    difference = ours.astype(np.float64) - theirs
    sums = np.bincount(group, difference)
    counts = np.bincount(group)
    sums, counts = sums[counts > 0], counts[counts > 0]
    drawn = np.random.default_rng(0).integers(0, len(sums), (_DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Gain(float(difference.mean()), float(low), float(high))
