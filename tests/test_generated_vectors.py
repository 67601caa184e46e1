"""The vectors that the index is measured with: drawn alike each time, and lying as the real ones do."""

from __future__ import annotations

import numpy as np
import pytest

from bot.background import TRAINED
from bot.measures.generated import F32, Law, as_questions, drawn, fit


@pytest.fixture(scope="module")
def law() -> Law:
    with np.load(TRAINED) as kept:
        return fit(kept["vectors"].astype(np.float32))


def all_of(law: Law, n: int, queries: int, seed: int = 1) -> tuple[F32, F32]:
    blocks = list(drawn(law, n, queries, seed))
    return np.concatenate([block for block, _ in blocks]), np.concatenate([kept for _, kept in blocks])


def nearest(vectors: F32, queries: F32) -> float:
    return float(np.sqrt(np.maximum(2 - 2 * (queries @ vectors.T).max(axis=1), 0)).mean())


@pytest.mark.parametrize(("n", "queries"), [(1, 0), (1000, 77), (5003, 300)])
def test_there_are_as_many_as_asked_for_at_length_one(law: Law, n: int, queries: int) -> None:
    vectors, asked = all_of(law, n, queries)
    assert vectors.shape == (n, 384) and asked.shape == (queries, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(asked, axis=1), 1, atol=1e-5)


def test_they_are_the_same_each_time_and_others_for_another_seed(law: Law) -> None:
    once, again, other = all_of(law, 1000, 10), all_of(law, 1000, 10), all_of(law, 1000, 10, seed=2)
    assert np.array_equal(once[0], again[0]) and np.array_equal(once[1], again[1])
    assert not np.isclose(once[0], other[0]).all(axis=1).any()


def test_a_query_is_none_of_the_vectors(law: Law) -> None:
    vectors, queries = all_of(law, 10_000, 200)
    assert (queries @ vectors.T).max() < 0.9999


def test_they_draw_nearer_as_the_real_ones_do(law: Law) -> None:
    for n in (2_400, 24_000):
        vectors, queries = all_of(law, n, 240)
        assert nearest(vectors, queries) == pytest.approx(law.reach * (n / 240) ** (-1 / law.dimension), rel=0.15)


def test_they_vary_in_all_as_much_as_the_real_ones(law: Law) -> None:
    vectors, _ = all_of(law, 10_000, 0)
    assert vectors.var(axis=0).sum() == pytest.approx(law.real.var(axis=0).sum(), rel=0.1)
    apart = [np.sqrt(2 - 2 * (some[:200] @ some[200:240].T)).mean() for some in (law.real, vectors[::40])]
    assert apart[1] == pytest.approx(apart[0], rel=0.05)


def test_a_question_lies_as_far_from_its_passage_as_real_ones(law: Law) -> None:
    _, queries = all_of(law, 1_000, 500)
    moved = as_questions(law, queries)
    assert (moved * queries).sum(axis=1).mean() == pytest.approx(0.87, abs=0.02)
