"""Figures of what single calls took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bot.measures.figures import Figure


def calls(
    what: str, took: Mapping[str, Sequence[float]], unit: str, reach: Mapping[str, float] | None = None
) -> list[Figure]:
    """The median and 95th percentile of each way's calls in `took`; `reach` is the most that a way's may be."""
    return [
        Figure(
            name=f"{what}, {name}",
            value=float(np.median(many)),
            n=len(many),
            unit=unit,
            reach=(reach or {}).get(name),
            better="less",
            spread={"p95": float(np.percentile(many, 95))},
        )
        for name, many in took.items()
    ]
