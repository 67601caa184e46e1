"""Methods are judged on products that they were not taught, and the gain over the best part comes with its bounds."""

import numpy as np
import pytest

from bot.fusion import contrastive
from bot.fusion.features import F32, unit
from bot.fusion.train import CONDITIONS, LATE, SEEDS, Trial, compare, gain, taught

ITEMS, EACH = 50, 12


def noisy(vectors: F32, much: float, chance: np.random.Generator) -> F32:
    return unit((vectors + much * chance.standard_normal(vectors.shape)).astype(np.float32))


@pytest.fixture(scope="module")
def trial() -> Trial:
    """Photos of fifty products of ten kinds, and words that say the kind."""
    chance = np.random.default_rng(0)
    kinds, pictures = (unit(chance.standard_normal((n, d)).astype(np.float32)) for n, d in ((10, 24), (ITEMS, 32)))
    shown = np.repeat(np.arange(ITEMS), EACH)
    texts, blank = kinds[np.arange(ITEMS) % 10], unit(chance.standard_normal((len(shown), 24)).astype(np.float32))
    return Trial(
        text=noisy(texts[shown], 0.1, chance),
        photo=noisy(pictures[shown], 0.4, chance),
        spoilt_text=blank,
        spoilt_photo=unit(chance.standard_normal((len(shown), 32)).astype(np.float32)),
        item=shown,
        shown=shown,
        texts=(texts,),
        pictures=pictures,
        category=np.arange(ITEMS) % 10,
        attributes=np.zeros((ITEMS, 2), np.float32),
        shows=np.ones(len(shown), bool),
        spoilt_shows=np.zeros(len(shown), bool),
    )


def test_no_lesson_is_about_a_product_that_it_is_judged_by(trial: Trial) -> None:
    known = np.arange(ITEMS) % SEEDS != 0
    rows = taught(trial, known, seed=0)
    assert len(rows) and known[trial.item[rows]].all() and known[trial.shown[rows]].all()


def test_fusion_gains_on_the_best_part_and_loses_nothing_by_a_spoilt_one(trial: Trial) -> None:
    found = compare(trial, (("contrastive", lambda lessons, seed: contrastive.fit(lessons, seed, steps=40)),))
    assert set(found.methods) == {LATE, "contrastive"} and set(found.methods[LATE]) == set(CONDITIONS)
    ours = found.methods[LATE]
    over = gain(ours["both"], found.photo, trial.shown)
    assert over.mean > 0.08 and over.low > 0 and over.low < over.mean < over.high
    assert gain(ours["text spoilt"], found.photo, trial.shown).mean > -0.02
    np.testing.assert_array_equal(ours["photo spoilt"], ours["text alone"])


def test_the_bounds_of_a_gain_widen_where_queries_of_one_product_go_together() -> None:
    chance = np.random.default_rng(1)
    products = np.repeat(np.arange(30), 20)
    apart = chance.random(600) < 0.6
    together = np.repeat(chance.random(30) < 0.6, 20)
    none = np.zeros(600, bool)
    narrow, wide = gain(apart, none, products), gain(together, none, products)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert gain(apart, apart, products) == gain(none, none, products)
