"""Linear CCA, held against cca-zoo's."""

import numpy as np
import pytest
from cca_zoo.linear import CCA, RidgeCCA
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.fusion import cca
from bot.fusion.cca import F64, Canonical, canonical
from tests.fusion.methods import behaves


def views(seed: int, n: int = 300, a: int = 12, b: int = 9) -> tuple[F64, F64]:
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 4)) * (3, 2, 1, 0.5)
    sides = (common @ random.normal(size=(4, d)) + random.normal(size=(n, d)) + random.normal(size=d) for d in (a, b))
    return tuple(sides)  # type: ignore[return-value]


def along(found: Canonical, x: F64, y: F64) -> tuple[F64, F64]:
    return (x - found.x_mean) @ found.x_weights, (y - found.y_mean) @ found.y_weights


def correlations(u: F64, v: F64) -> F64:
    return np.array([np.corrcoef(u[:, i], v[:, i])[0, 1] for i in range(u.shape[1])])


@pytest.mark.parametrize("seed", range(3))
def test_the_correlations_are_those_of_cca_zoo(seed: int) -> None:
    x, y = views(seed)
    found = canonical(x, y, 0.0, 9)
    theirs = correlations(*CCA(n_components=9).fit_transform([x, y]))
    np.testing.assert_allclose(found.correlations, theirs, atol=1e-6)
    np.testing.assert_allclose(correlations(*along(found, x, y)), theirs, atol=1e-6)


@pytest.mark.parametrize("shrinkage", [0.1, 0.5, 0.9])
def test_with_a_ridge_the_directions_are_those_of_cca_zoo(shrinkage: float) -> None:
    """Theirs is (1 - c) S + c I; ours adds a share of the mean variance, so the sides are first brought to it."""
    x, y = views(5)
    x, y = (side / np.sqrt(side.var(0, ddof=1).mean()) for side in (x, y))
    found = canonical(x, y, shrinkage / (1 - shrinkage), 9)
    theirs = RidgeCCA(n_components=9, shrinkage=shrinkage).fit_transform([x, y])
    for ours, other in zip(along(found, x, y), theirs, strict=True):
        np.testing.assert_allclose(np.abs(correlations(ours, other)), 1, atol=1e-6)


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_a_change_of_basis_changes_no_correlation(seed: int, a: int, b: int) -> None:
    x, y = views(seed, 60, a, b)
    random = np.random.default_rng(seed)
    turned = x @ (random.normal(size=(a, a)) + 3 * np.eye(a)) + 5
    found, other = canonical(x, y, 0.0, 6), canonical(turned, y, 0.0, 6)
    assert len(found.correlations) == min(a, b)
    np.testing.assert_allclose(found.correlations, other.correlations, atol=1e-6)


def test_many_rows_worked_in_blocks_give_what_all_at_once_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = views(1)
    whole = canonical(x, y, 0.1, 9).correlations
    monkeypatch.setattr(cca, "_ROWS", 7)
    np.testing.assert_allclose(canonical(x, y, 0.1, 9).correlations, whole, atol=1e-12)


def test_columns_that_depend_on_one_another_need_a_ridge() -> None:
    x, y = views(2)
    flat = np.concatenate((x, np.zeros((len(x), 1))), 1)
    with pytest.raises(ValueError, match="ridge"):
        canonical(flat, y, 0.0, 5)
    assert np.isfinite(canonical(flat, y, 0.1, 5).x_weights).all()
    with pytest.raises(ValueError, match="rows"):
        canonical(x[:1], y[:1], 0.1, 5)


def test_what_both_sides_say_is_put_together_as_the_model_says() -> None:
    """E[z | u, v] by the rule for Gaussians, worked for one direction at a time."""
    rho, u, v = np.float32([0.9, 0.5, 0.1]), np.float32([[1, -2, 0.5]]), np.float32([[0.5, 1, 2]])
    expected = []
    for r, a, b in zip(rho, u[0], v[0], strict=True):
        expected.append(np.sqrt([r, r]) @ np.linalg.solve([[1, r], [r, 1]], [a, b]))
    np.testing.assert_allclose(cca.merged(u, v, rho)[0], expected / np.linalg.norm(expected), rtol=1e-5)
    alone = np.sqrt(rho) * v[0]
    np.testing.assert_allclose(cca.merged(None, v, rho)[0], alone / np.linalg.norm(alone), rtol=1e-5)


def test_it_behaves_as_every_method_does() -> None:
    behaves(cca)
