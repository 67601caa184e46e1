"""Late fusion: words and photo find together what neither finds, and words that say nothing change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.fusion import late
from bot.fusion.features import F32, I64, unit

ITEMS, KINDS = 40, 8
RNG = np.random.default_rng(1)
KIND = unit(RNG.standard_normal((KINDS, 32)).astype(np.float32))
TEXTS = KIND[np.arange(ITEMS) % KINDS]
PICTURES = unit(RNG.standard_normal((ITEMS, 48)).astype(np.float32))


def asked(seed: int, n: int = 600) -> tuple[F32, F32, F32, I64]:
    """Words that say the kind, words that say nothing, photos, and the items that are meant."""
    drawn = np.random.default_rng(seed)
    item = drawn.integers(0, ITEMS, n)
    words = unit(TEXTS[item] + 0.12 * drawn.standard_normal((n, 32)).astype(np.float32))
    nothing = unit(drawn.standard_normal((n, 32)).astype(np.float32))
    return words, nothing, unit(PICTURES[item] + 0.32 * drawn.standard_normal((n, 48)).astype(np.float32)), item


def right(found: late.Late, words: F32 | None, photo: F32 | None, item: I64) -> float:
    return float((found.scores(words, photo, (TEXTS,), PICTURES).argmax(axis=1) == item).mean())


def learnt() -> late.Late:
    words, nothing, photo, item = asked(2)
    return late.fit(np.concatenate([words, nothing]), np.concatenate([photo] * 2), np.tile(item, 2), (TEXTS,), PICTURES)


def test_both_parts_find_more_than_either_and_words_that_say_nothing_cost_nothing() -> None:
    found = learnt()
    words, nothing, photo, item = asked(3)
    alone = right(found, None, photo, item)
    assert right(found, words, photo, item) > max(alone, right(found, words, None, item)) + 0.08
    assert right(found, nothing, photo, item) > alone - 0.02
    without_floor = late.Late(found.photo, found.words, -1.0)
    assert right(without_floor, nothing, photo, item) < alone - 0.05, "the floor is what keeps them out"


def test_a_checkpoint_gives_the_same_and_nothing_to_ask_by_is_refused() -> None:
    found = learnt()
    assert late.from_arrays(found.arrays()).floor == pytest.approx(found.floor)
    with pytest.raises(ValueError, match="neither"):
        found.scores(None, None, (TEXTS,), PICTURES)


@settings(max_examples=25, deadline=None)
@given(some.integers(0, 10_000), some.integers(1, 30), some.integers(2, 12))
def test_whatever_the_lessons_the_weights_are_finite_and_not_below_nothing(seed: int, n: int, m: int) -> None:
    drawn = np.random.default_rng(seed)
    rows = [unit(drawn.standard_normal(shape).astype(np.float32)) for shape in ((n, 4), (n, 5), (m, 4), (m, 5))]
    found = late.fit(rows[0], rows[1], drawn.integers(0, m, n), (rows[2],), rows[3])
    assert np.isfinite([found.photo, found.words, found.floor]).all() and min(found.photo, found.words) >= 0


def test_a_surer_photo_is_sharper() -> None:
    drawn = np.random.default_rng(9)
    item = drawn.integers(0, ITEMS, 500)
    sure, unsure = (
        unit(PICTURES[item] + much * drawn.standard_normal((500, 48)).astype(np.float32)) @ PICTURES.T
        for much in (0.2, 0.6)
    )
    assert late.sharpness(sure, item) > 1.2 * late.sharpness(unsure, item) > 0
