"""Methods are judged on products that they were not taught, and the gain over the best part comes with its bounds."""

from dataclasses import replace

import numpy as np
import pytest

from bot.fusion import ban, contrastive
from bot.fusion.features import F32, unit
from bot.fusion.standing import LEFT, Gain, Row, advised, gain, standings
from bot.fusion.train import CONDITIONS, LATE, LATE_ALONE, SEEDS, Trial, compare, dealt, learnt, taught
from tests.fusion.made_lessons import SHORT

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
        fold=dealt(np.arange(ITEMS)),
    )


def test_no_lesson_is_about_a_product_that_it_is_judged_by(trial: Trial) -> None:
    known = np.arange(ITEMS) % SEEDS != 0
    rows = taught(trial, known, seed=0)
    assert len(rows) and known[trial.item[rows]].all() and known[trial.shown[rows]].all()


def test_fusion_gains_on_the_best_part_and_loses_nothing_by_a_spoilt_one(trial: Trial) -> None:
    way = learnt(lambda lessons, seed: contrastive.fit(lessons, seed, steps=40))
    found = compare(trial, LATE_ALONE | {"contrastive": way})
    assert set(found.methods) == {LATE, "contrastive"} and set(found.methods[LATE]) == set(CONDITIONS)
    ours = found.methods[LATE]
    over = gain(ours["both"], found.photo, trial.shown)
    assert over.mean > 0.08 and over.low > 0 and over.low < over.mean < over.high
    assert gain(ours["text spoilt"], found.photo, trial.shown).mean > -0.02
    np.testing.assert_array_equal(ours["photo spoilt"], ours["text alone"])


def test_a_standing_says_what_is_gained_and_what_a_spoilt_part_costs(trial: Trial) -> None:
    text, photo, late = standings(compare(trial, LATE_ALONE), trial)
    assert (text.name, photo.name, late.name) == ("text alone", "photo alone", LATE)
    assert late.over_part is not None and late.lost is not None and late.over_loaded == Gain(0, 0, 0)
    assert late.over_part.mean == pytest.approx(late.recall.mean - max(text.recall.mean, photo.recall.mean))
    assert late.lost["text spoilt"].mean == pytest.approx(late.shares["text spoilt"] - photo.recall.mean)
    assert late.recall.low < late.recall.mean < late.recall.high and late.keeps


def test_sizes_of_one_shirt_are_held_out_together() -> None:
    groups = np.repeat(np.arange(40), 3)
    folds = dealt(groups)
    assert set(folds) == set(range(SEEDS))
    assert all(len(set(folds[groups == group])) == 1 for group in range(40))
    np.testing.assert_array_equal(dealt(np.arange(81)), np.random.default_rng(0).permutation(81) % SEEDS)


def test_a_fold_that_nobody_asks_about_is_passed_over(trial: Trial) -> None:
    few = replace(trial, fold=np.where(trial.fold == 4, 3, trial.fold))
    ban_too = LATE_ALONE | {"BAN": learnt(lambda lessons, seed: ban.fit(lessons, seed, SHORT))}
    assert compare(few, ban_too).methods[LATE]["both"].mean() > 0.3


def row(name: str, recall: float, over: float, spoilt: float) -> Row:
    lost = dict.fromkeys(LEFT, Gain(0.0, 0.0, 0.0)) | {"text spoilt": Gain(spoilt, spoilt - 0.01, spoilt + 0.01)}
    over_loaded = Gain(over, over - 0.02, over + 0.02)
    return Row(name, Gain(recall, recall, recall), {}, over_loaded, over_loaded, lost)


def test_a_method_is_advised_only_where_it_surely_finds_more_and_a_spoilt_part_costs_it_next_to_nothing() -> None:
    part, late = Row("photo alone", Gain(0.9, 0.9, 0.9), {}), row(LATE, 0.5, 0.0, 0.0)
    assert advised([part, late]) == LATE
    assert advised([part, late, row("unsure", 0.515, 0.015, 0.0), row("fragile", 0.7, 0.2, -0.05)]) == LATE
    assert advised([part, late, row("good", 0.55, 0.05, -0.005), row("better", 0.6, 0.1, 0.0)]) == "better"


def test_the_bounds_of_a_gain_widen_where_queries_of_one_product_go_together() -> None:
    chance = np.random.default_rng(1)
    products = np.repeat(np.arange(30), 20)
    apart = chance.random(600) < 0.6
    together = np.repeat(chance.random(30) < 0.6, 20)
    none = np.zeros(600, bool)
    narrow, wide = gain(apart, none, products), gain(together, none, products)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert gain(apart, apart, products) == gain(none, none, products)
