"""Canonical correlation analysis: the directions of text and of photo that vary together.

Hotelling, "Relations between two sets of variates", 1936; with a ridge on both sides, Vinod, "Canonical ridge and
econometrics of joint production", 1976. What is there of a text and a photo is put together as in the probabilistic
reading of Bach and Jordan, "A probabilistic interpretation of canonical correlation analysis", 2005.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.fusion.features import F32, Lessons, unit

F64 = npt.NDArray[np.float64]
COMPONENTS = 128  # directions kept, where there are so many
RIDGE = 1.0  # of the mean variance of a side, added to each of its variances
_ROWS = 8192  # rows worked at once in float64


@dataclass(frozen=True)
class Canonical:
    """The canonical directions of two sides, best first; x less its mean, times `x_weights`, has variance 1."""

    x_mean: F64  # [a]
    y_mean: F64  # [b]
    x_weights: F64  # [a, k]
    y_weights: F64  # [b, k]
    correlations: F64  # [k], falling, 0..1


@dataclass(frozen=True)
class Cca:
    """What was learnt: both sides' directions, and how much the sides agree along each."""

    text_mean: F32  # [t]
    photo_mean: F32  # [p]
    text_weights: F32  # [t, k]
    photo_weights: F32  # [p, k]
    correlations: F32  # [k]

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [n, k] of length 1 of texts [n, t], photos [n, p], or both.

        Raises:
            ValueError: both are missing.
        """
        return merged(
            None if text is None else variates(text, self.text_mean, self.text_weights),
            None if photo is None else variates(photo, self.photo_mean, self.photo_weights),
            self.correlations,
        )

    def arrays(self) -> dict[str, F32]:
        return dict(vars(self))


def from_arrays(arrays: Mapping[str, F32]) -> Cca:
    """What `Cca.arrays` gave, made whole again.

    Raises:
        ValueError: an array is missing, or the shapes do not fit one another.
    """
    try:
        cca = Cca(**{name: arrays[name] for name in Cca.__dataclass_fields__})
    except KeyError as missing:
        raise ValueError(f"a CCA checkpoint lacks {missing}") from None
    (k,) = cca.correlations.shape
    if cca.text_weights.shape != (*cca.text_mean.shape, k) or cca.photo_weights.shape != (*cca.photo_mean.shape, k):
        raise ValueError("the arrays of a CCA checkpoint do not fit one another")
    return cca


def variates(x: F32, mean: F32, weights: F32) -> F32:
    """The rows along each direction, [n, k]; those of the rows that the directions were learnt from have variance 1."""
    return np.asarray((x - mean) @ weights, np.float32)


def merged(text: F32 | None, photo: F32 | None, correlations: F32) -> F32:
    """The mean of what both sides' variates [n, k] come from, given what is there of them, at length 1.

    With z ~ N(0, 1) and each side √ρ z plus noise of variance 1 - ρ, E[z | one] = √ρ one and
    E[z | both] = √ρ (text + photo) / (1 + ρ).

    Raises:
        ValueError: both are missing.
    """
    if text is not None and photo is not None:
        given: F32 = np.asarray((text + photo) / (1 + correlations), np.float32)
    elif (one := text if text is not None else photo) is not None:
        given = one
    else:
        raise ValueError("neither text nor photo")
    return unit(given * np.sqrt(correlations))


def fit(lessons: Lessons, seed: int, ridge: float = RIDGE) -> Cca:
    """Learns from the queries and from the items; nothing is left to chance, so the seed changes nothing.

    A little ridge suits products that are in the lessons, a large one (3 to 10) those that came later.
    """
    del seed
    text, photo = pairs(lessons)
    found = canonical(text, photo, ridge, COMPONENTS)
    return Cca(*(np.asarray(array, np.float32) for array in vars(found).values()))


def pairs(lessons: Lessons) -> tuple[F32, F32]:
    """Texts [4n, t] and photos [4n, p] that mean the same item: a query's and its item's, each against each.

    So a query that holds only some of the evidence is tied to all of it.
    """
    item = lessons.item
    text, photo = lessons.item_text[item], lessons.item_photo[item]
    return (
        np.concatenate((text, text, lessons.text, lessons.text)),
        np.concatenate((photo, lessons.photo, photo, lessons.photo)),
    )


def canonical(x: npt.ArrayLike, y: npt.ArrayLike, ridge: float, components: int) -> Canonical:
    """The canonical correlations and weights of x [n, a] and y [n, b], in float64.

    With Sxx = L Lᵀ and Syy = M Mᵀ, they are the singular values and vectors of L⁻¹ Sxy M⁻ᵀ. `ridge` times the mean
    variance of a side is added to each of its variances; with 0 the correlations are Hotelling's own. At most
    `components` are given, and no more than a, b or n - 1.

    Raises:
        ValueError: fewer than two rows; or the ridge is 0 and a side's columns depend on one another.
    """
    left, right = np.asarray(x), np.asarray(y)
    if len(left) < 2 or len(left) != len(right):
        raise ValueError(f"canonical correlations of {len(left)} and {len(right)} rows")
    x_mean, y_mean = left.mean(0, dtype=np.float64), right.mean(0, dtype=np.float64)
    sxx, syy, sxy = _covariances(left, right, x_mean, y_mean)
    try:
        lower, other = (np.linalg.cholesky(_ridged(s, ridge)) for s in (sxx, syy))
    except np.linalg.LinAlgError:
        raise ValueError("the columns of one side depend on one another: canonical correlations need a ridge") from None
    half = np.linalg.solve(lower, sxy)
    u, correlations, v = np.linalg.svd(np.linalg.solve(other, half.T).T, full_matrices=False)
    k = min(components, len(correlations), len(left) - 1)
    return Canonical(
        x_mean,
        y_mean,
        np.linalg.solve(lower.T, u[:, :k]),
        np.linalg.solve(other.T, v[:k].T),
        np.clip(correlations[:k], 0, 1),
    )


def _ridged(covariance: F64, ridge: float) -> F64:
    d = len(covariance)
    added: F64 = covariance + ridge * np.trace(covariance) / d * np.eye(d)
    return added


def _covariances(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], x_mean: F64, y_mean: F64) -> tuple[F64, ...]:
    """Sxx, Syy and Sxy, some rows at a time: a catalogue's vectors need not all stand in memory twice as float64."""
    a, b = len(x_mean), len(y_mean)
    sxx, syy, sxy = np.zeros((a, a)), np.zeros((b, b)), np.zeros((a, b))
    for start in range(0, len(x), _ROWS):
        left, right = x[start : start + _ROWS] - x_mean, y[start : start + _ROWS] - y_mean
        sxx, syy, sxy = sxx + left.T @ left, syy + right.T @ right, sxy + left.T @ right
    return sxx / (len(x) - 1), syy / (len(x) - 1), sxy / (len(x) - 1)
