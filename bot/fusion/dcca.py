"""Deep canonical correlation analysis: two networks whose outputs correlate as much as they can.

Andrew, Arora, Bilmes and Livescu, "Deep canonical correlation analysis", 2013: what is maximised is the trace norm of
the whitened cross-covariance of the outputs, the sum of their canonical correlations. (The package cca-zoo minimises
the negative squared Frobenius norm instead, the sum of their squares, which cares little for weak directions.) Linear
CCA of the outputs then gives the directions, and says how to put together what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bot.fusion import cca
from bot.fusion.cca import Cca, canonical, pairs
from bot.fusion.features import F32, Lessons, centred
from bot.fusion.networks import Layers, descend, layers, mlp, pack, run, unpack

_WIDTH = 96  # numbers that each network gives
_HIDDEN = (256,)
STEPS, _BATCH, _RATE = 150, 1000, 2e-3  # a batch must be far larger than the width, or its covariances are noise
_DROPOUT = 0.2
_RIDGE = 0.3  # of the outputs' mean variance, in training
_LAST_RIDGE = 1.0  # and in the linear CCA of the outputs


@dataclass(frozen=True)
class Dcca:
    """What was learnt: the networks, and the linear CCA of what they give."""

    text_mean: F32  # [t], taken off before the row is brought to length 1
    photo_mean: F32  # [p]
    text: Layers  # t → w
    photo: Layers  # p → w
    last: Cca  # w and w → k

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [n, k] of length 1 of texts [n, t], photos [n, p], or both.

        Raises:
            ValueError: both are missing.
        """
        return self.last.encode(
            None if text is None else run(self.text, centred(text, self.text_mean)),
            None if photo is None else run(self.photo, centred(photo, self.photo_mean)),
        )

    def arrays(self) -> dict[str, F32]:
        means = {"text_mean": self.text_mean, "photo_mean": self.photo_mean}
        last = {f"last.{name}": array for name, array in self.last.arrays().items()}
        return means | pack("text", self.text) | pack("photo", self.photo) | last


def from_arrays(arrays: Mapping[str, F32]) -> Dcca:
    """What `Dcca.arrays` gave, made whole again.

    Raises:
        ValueError: an array is missing, or the shapes do not fit one another.
    """
    text, photo = unpack("text", arrays), unpack("photo", arrays)
    last = cca.from_arrays({name.removeprefix("last."): x for name, x in arrays.items() if name.startswith("last.")})
    none = np.empty(0, np.float32)
    dcca = Dcca(arrays.get("text_mean", none), arrays.get("photo_mean", none), text, photo, last)
    ways = ((dcca.text_mean, text, last.text_mean), (dcca.photo_mean, photo, last.photo_mean))
    if any(mean.shape != net[0][0].shape[1:] or net[-1][1].shape != after.shape for mean, net, after in ways):
        raise ValueError("the arrays of a deep CCA checkpoint do not fit one another")
    return dcca


def fit(lessons: Lessons, seed: int, steps: int = STEPS) -> Dcca:
    """Learns from the same pairs as linear CCA."""
    text, photo = pairs(lessons)
    text_mean, photo_mean = text.mean(0), photo.mean(0)
    text, photo = centred(text, text_mean), centred(photo, photo_mean)
    width = min(_WIDTH, text.shape[1], photo.shape[1])
    networks = correlate(
        text,
        photo,
        (*_HIDDEN, width),
        agreement(_RIDGE),
        seed,
        steps=steps,
        batch=_BATCH,
        rate=_RATE,
        dropout=_DROPOUT,
    )
    found = canonical(run(networks[0], text), run(networks[1], photo), _LAST_RIDGE, width)
    last = Cca(*(np.asarray(array, np.float32) for array in vars(found).values()))
    return Dcca(text_mean, photo_mean, *networks, last)


def correlate(
    x: F32,
    y: F32,
    widths: tuple[int, ...],
    objective: Callable[[Tensor, Tensor], Tensor],
    seed: int,
    *,
    steps: int,
    batch: int,
    rate: float,
    dropout: float = 0.0,
    decay: float = 0.01,
) -> tuple[Layers, Layers]:
    """Trains a network for x [n, a] and one for y [n, b], each giving widths[-1] numbers, down their objective."""
    generator = torch.Generator().manual_seed(seed)
    left, right = torch.from_numpy(x), torch.from_numpy(y)
    networks = [mlp((side.shape[1], *widths), dropout, generator) for side in (left, right)]
    parameters = [weights for network in networks for weights in network.parameters()]

    def loss(rows: Tensor) -> Tensor:
        return objective(networks[0](left[rows]), networks[1](right[rows]))

    descend(parameters, loss, len(x), generator, steps=steps, batch=batch, rate=rate, decay=decay)
    return layers(networks[0]), layers(networks[1])


def agreement(ridge: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The objective of deep CCA: what is minimised."""
    return lambda u, v: -trace_norm(u, v, ridge)


def trace_norm(u: Tensor, v: Tensor, ridge: float) -> Tensor:
    """The sum of the canonical correlations of u [n, a] and v [n, b]: a scalar.

    With Suu = L Lᵀ and Svv = M Mᵀ it is the sum of the singular values of L⁻¹ Suv M⁻ᵀ: the whitening is by triangles
    rather than by square roots, which differ by a rotation and so have the same singular values. `ridge` times the
    mean variance of a side is added to each of its variances.
    """
    u, v = u - u.mean(0), v - v.mean(0)
    lower, other = (torch.linalg.cholesky(_ridged(side.T @ side / (len(u) - 1), ridge)) for side in (u, v))
    half = torch.linalg.solve_triangular(lower, u.T @ v / (len(u) - 1), upper=False)
    whitened = torch.linalg.solve_triangular(other, half.T, upper=False)
    norm: Tensor = torch.linalg.svdvals(whitened).sum()
    return norm


def _ridged(covariance: Tensor, ridge: float) -> Tensor:
    variances = covariance.diagonal()
    return covariance + torch.diag_embed((ridge * variances.mean()).expand(len(variances)))
