from __future__ import annotations

import numpy as np
import pytest

from bot.fusion import gan
from bot.fusion.features import F32, Lessons, unit
from bot.fusion.training_loop import Course
from tests.fusion.made_lessons import sizes_larger

T, P, HIDDEN, ITEMS = 24, 32, 6, 50


def made(n: int, seed: int, either_way: bool) -> tuple[Lessons, F32]:
    """Text is linear in what is meant, a photo is not; `either_way` puts it, at random, far to one of two sides.

    Also the direction [p] of the two sides.
    """
    world, chance = np.random.default_rng(0), np.random.default_rng(seed)
    to_text, to_inner = world.standard_normal((HIDDEN, T)), world.standard_normal((HIDDEN, 64))
    to_photo, side = world.standard_normal((64, P)) / 8**0.5, unit(world.standard_normal(P).astype(np.float32))
    rows = n + ITEMS
    meant = chance.standard_normal((rows, HIDDEN))
    text = meant @ to_text + 0.3 * chance.standard_normal((rows, T))
    photo = np.maximum(meant @ to_inner, 0) @ to_photo + 0.3 * chance.standard_normal((rows, P))
    photo -= photo.mean(0)
    if either_way:
        photo += 60 * np.where(chance.random(rows) < 0.5, 1, -1)[:, None] * side
    texts, photos = unit(text.astype(np.float32)), unit(photo.astype(np.float32))
    nothing = np.zeros((ITEMS, 1), np.float32)
    return Lessons(
        texts[ITEMS:], photos[ITEMS:], np.arange(n) % ITEMS, texts[:ITEMS], photos[:ITEMS],
        np.zeros(ITEMS, np.int64), nothing,
    ), side  # fmt: skip


def cosine(given: F32, true: F32) -> float:
    return float((unit(given) * true).sum(1).mean())


def best_ridge(source: F32, goal: F32, new: F32, true: F32) -> float:
    """The cosine of scikit-like ridge with the λ that does best on what is held out: more than it could know."""
    mean, aim = source.mean(0), goal.mean(0)
    found = []
    for share in 10.0 ** np.arange(-5, 1):
        inner = (source - mean).T @ (source - mean) + share * len(source) * np.eye(source.shape[1])
        line = np.linalg.solve(inner, (source - mean).T @ (goal - aim))
        found.append(cosine(((new - mean) @ line + aim).astype(np.float32), true))
    return max(found)


LESSONS, _ = made(1500, 1, either_way=False)
WHOLE = Course(batch=128, least=200, most=200)


@pytest.fixture(scope="module")
def learnt() -> gan.Imagining:
    return gan.fit(LESSONS, 0, WHOLE)


def test_imagines_better_than_the_mean_and_ridge(learnt: gan.Imagining) -> None:
    """A photo that does not follow from the text by a line is imagined nearer to the true one, on held-out rows."""
    lessons = LESSONS
    new, _ = made(400, 2, either_way=False)
    photo, text = cosine(learnt.photo_of(new.text), new.photo), cosine(learnt.text_of(new.photo), new.text)
    assert photo > 0.9 > 0.3 > cosine(np.broadcast_to(lessons.photo.mean(0), new.photo.shape), new.photo)
    assert photo > best_ridge(lessons.text, lessons.photo, new.text, new.photo) + 0.05
    assert text > 0.95 > 0.3 > cosine(np.broadcast_to(lessons.text.mean(0), new.text.shape), new.text)
    assert text > best_ridge(lessons.photo, lessons.text, new.photo, new.text)


def test_samples_look_real_where_the_mean_does_not() -> None:
    """Where a text leaves two kinds of photo open, ridge gives what lies between, which no photo is; samples choose."""
    lessons, side = made(1500, 1, either_way=True)
    new, _ = made(300, 2, either_way=True)
    samples = gan.fit(lessons, 0, WHOLE).photos_of(new.text)
    real, drawn = np.abs(new.photo @ side).mean(), samples @ side
    line, shift = gan.ridge(lessons.text, lessons.photo, 0.01)
    between = np.abs((new.text @ line + shift) @ side).mean()
    assert between < 0.3 * real
    assert np.abs(drawn).mean() > 0.6 * real
    assert 0.2 < (drawn > 0).mean() < 0.8, "both sides are drawn"


def test_a_missing_photo_is_imagined_in_a_query(learnt: gan.Imagining) -> None:
    """What stands in for the photo comes from this text, not from a vector that is the same for all."""
    new, _ = made(300, 2, either_way=False)
    alone = learnt.encode(new.text, None)
    whole = learnt.encode(new.text, learnt.photo_of(new.text))
    assert (alone * whole).sum(1).mean() > 0.9
    assert (alone * whole[::-1]).sum(1).mean() < 0.5


def test_ridge_is_the_least_squares_line_without_penalty() -> None:
    chance = np.random.default_rng(0)
    source, goal = (chance.standard_normal((40, width)).astype(np.float32) for width in (5, 3))
    line, shift = gan.ridge(source, goal, 0.0)
    exact = np.linalg.lstsq(np.c_[source, np.ones(40)], goal, rcond=None)[0]
    assert np.allclose(np.r_[line, shift[None]], exact, atol=1e-4)


def test_nothing_to_pair() -> None:
    lessons = sizes_larger(50, 1)
    blind = Lessons(lessons.text, 0 * lessons.photo, lessons.item, lessons.item_text, 0 * lessons.item_photo,
                    lessons.category, lessons.attributes)  # fmt: skip
    with pytest.raises(ValueError, match="both"):
        gan.fit(blind, 0)
