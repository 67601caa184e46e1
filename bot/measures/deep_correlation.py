"""Deep CCA on left and right halves of scikit-learn's digits, against linear CCA and against cca-zoo's deep CCA.

scikit-learn and cca-zoo come with the packages for tests alone; where they are not, nothing is measured.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from bot.fusion.cca import canonical
from bot.fusion.dcca import agreement, correlate
from bot.fusion.features import F32
from bot.fusion.networks import run
from bot.measures.figures import Figure

Objective = Callable[[Tensor, Tensor], Tensor]
COMPONENTS, HIDDEN, SEEDS = 10, 256, 5
_STEPS, _BATCH = 300, 400


def digits_against_cca_zoo() -> list[Figure]:
    """The sum of ten held-out correlations over five splits: linear, ours, and cca-zoo's objective with our encoder.

    cca-zoo's is trained as its class is by default (Adam at 1e-3, ridge 1e-6, its encoder without dropout) and, to
    tell the objective from the training, once more as ours is.
    """
    if any(importlib.util.find_spec(name) is None for name in ("sklearn", "cca_zoo")):
        return [Figure(name="deep CCA, digits", value=None, note="scikit-learn and cca-zoo are not installed")]
    theirs = _of_cca_zoo()
    ways: dict[str, Callable[[tuple[F32, ...], int], float]] = {
        "linear CCA": lambda parts, seed: held_out(parts, None),
        "deep CCA, ours (trace norm)": lambda parts, seed: held_out(parts, agreement(1e-3), seed),
        "deep CCA, cca-zoo's (squared Frobenius norm)": lambda parts, seed: held_out(
            parts, theirs, seed, rate=1e-3, dropout=0.0, decay=0.0
        ),
        "cca-zoo's objective, trained as ours": lambda parts, seed: held_out(parts, theirs, seed),
    }
    sums = {name: np.array([way(halves(seed), seed) for seed in range(SEEDS)]) for name, way in ways.items()}
    linear, ours, zoo, _ = sums.values()
    figures = [_figure(f"{name}, digits, of {COMPONENTS}", found) for name, found in sums.items()]
    figures.append(_figure("deep CCA less linear", ours - linear, 0.0))
    figures.append(_figure("deep CCA less cca-zoo's", ours - zoo, 0.0))
    return figures


def _figure(name: str, found: np.ndarray[Any, Any], reach: float | None = None) -> Figure:
    spread = {"least": float(found.min()), "most": float(found.max())}
    return Figure(name=name, value=float(found.mean()), n=len(found), unit="sum", reach=reach, spread=spread)


def halves(seed: int) -> tuple[F32, F32, F32, F32]:
    """Left and right halves of seven tenths of the digits, and of the rest: [n, 32] each, 0..1."""
    datasets: Any = importlib.import_module("sklearn.datasets")
    images = datasets.load_digits().images.astype(np.float32) / 16
    order = np.random.default_rng(seed).permutation(len(images))
    taught, asked = np.split(order, [len(order) * 7 // 10])
    left, right = (images[:, :, part].reshape(len(images), -1) for part in (slice(0, 4), slice(4, 8)))
    return left[taught], right[taught], left[asked], right[asked]


def held_out(
    parts: tuple[F32, ...],
    objective: Objective | None,
    seed: int = 0,
    *,
    steps: int = _STEPS,
    rate: float = 2e-3,
    dropout: float = 0.3,
    decay: float = 0.01,
) -> float:
    """The sum of the correlations along the canonical directions of the taught halves, in the others.

    With an objective, of what the networks make of them that were trained down it; without, of the halves themselves.
    """
    x, y, x_asked, y_asked = parts
    if objective is not None:
        widths, x_mean, y_mean = (HIDDEN, COMPONENTS), x.mean(0), y.mean(0)
        left, right = correlate(
            x - x_mean, y - y_mean, widths, objective, seed,
            steps=steps, batch=_BATCH, rate=rate, dropout=dropout, decay=decay,
        )  # fmt: skip
        x, x_asked = run(left, x - x_mean), run(left, x_asked - x_mean)
        y, y_asked = run(right, y - y_mean), run(right, y_asked - y_mean)
    found = canonical(x, y, 1e-4, COMPONENTS)
    u, v = (x_asked - found.x_mean) @ found.x_weights, (y_asked - found.y_mean) @ found.y_weights
    return float(sum(np.corrcoef(a, b)[0, 1] for a, b in zip(u.T, v.T, strict=True)))


def _of_cca_zoo() -> Objective:
    module: Any = importlib.import_module("cca_zoo.deep.objectives")
    loss = module.CCALoss()

    def objective(u: Tensor, v: Tensor) -> Tensor:
        given: Tensor = loss([u, v])
        return given

    return objective
