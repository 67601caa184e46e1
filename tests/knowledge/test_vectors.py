"""The vector index against exact search written out, by value as well as by rank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.vectors import F32, Vectors, unit

RANDOM = np.random.default_rng(7)


def vectors(n: int, d: int = 24) -> F32:
    return RANDOM.normal(size=(n, d)).astype(np.float32) * 3


@pytest.mark.parametrize("n", [1, 2, 300])
def test_the_nearest_are_those_of_exact_search(n: int, tmp_path: Path) -> None:
    given, query = vectors(n), vectors(1)[0]
    Vectors.of(given).save(tmp_path / "text.faiss")
    read = Vectors.open(tmp_path / "text.faiss")
    (tmp_path / "text.faiss").unlink()
    exact = unit(given) @ unit(query)
    rows, scores = read.search(query, 10)
    assert rows.tolist() == np.argsort(-exact)[:10].tolist()
    assert np.allclose(scores, np.sort(exact)[::-1][:10], atol=1e-6)
    assert np.allclose(read.scores(query, rows), scores, atol=1e-6)
    assert np.allclose(read.at(np.arange(n)), unit(given), atol=1e-6)


def test_rows_that_are_left_out_are_not_found() -> None:
    given, query = vectors(50), vectors(1)[0]
    among = RANDOM.random(50) < 0.3
    rows, _ = Vectors.of(given).search(query, 50, among)
    assert set(rows.tolist()) == set(np.flatnonzero(among).tolist())
    rows, _ = Vectors.of(given).search(query, 5, np.zeros(50, dtype=bool))
    assert len(rows) == 0


def test_the_background_is_that_of_all_rows() -> None:
    given, query = vectors(200), vectors(1)[0]
    every = unit(given) @ unit(query)
    assert Vectors.of(given).background(query) == pytest.approx((every.mean(), every.std()), abs=1e-5)
    many = vectors(5000)
    mean, deviation = Vectors.of(many).background(query)
    exact = unit(many) @ unit(query)
    assert abs(mean - exact.mean()) < 0.05 and deviation == pytest.approx(exact.std(), rel=0.2)


def test_a_vector_of_another_encoder_is_refused() -> None:
    index = Vectors.of(vectors(3))
    for wrong in (vectors(1, 25)[0], vectors(1)):
        with pytest.raises(ValueError, match="24 numbers"):
            index.search(wrong, 1)
        with pytest.raises(ValueError, match="24 numbers"):
            index.background(wrong)


def test_a_zero_vector_stays_zero() -> None:
    assert np.array_equal(unit(np.zeros((2, 3), np.float32)), np.zeros((2, 3)))
