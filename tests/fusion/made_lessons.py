"""Lessons whose meaning needs both parts at once: "this one, but two sizes larger", with a photo of another size."""

from __future__ import annotations

import numpy as np

from bot.fusion.features import F32, I64, Fusion, Lessons, unit
from bot.fusion.training_loop import Course

FAMILIES, SIZES, TEXT, PHOTO = 8, 5, 48, 64
SHORT = Course(batch=64, rounds=1, least=4, most=4)  # where it matters that something is learnt, not how well


def sizes_larger(n: int, seed: int, noise: float = 0.2) -> Lessons:
    """n queries about 40 items. The photo shows the family in some size, and the text says how many sizes larger
    (after the largest comes the smallest): either alone leaves at least five items that are equally likely.
    """
    world, chance = np.random.default_rng(0), np.random.default_rng(seed)
    family, photo_size = world.standard_normal((FAMILIES, PHOTO)), world.standard_normal((SIZES, PHOTO))
    title, title_size = world.standard_normal((FAMILIES, TEXT)), world.standard_normal((SIZES, TEXT))
    larger = world.standard_normal((SIZES, TEXT))
    items = np.arange(FAMILIES * SIZES)
    item: I64 = chance.integers(0, len(items), n)
    shift = chance.integers(0, SIZES, n)
    shown = (item % SIZES - shift) % SIZES

    def vectors(exact: np.ndarray) -> F32:
        spread = noise * np.linalg.norm(exact, axis=1, keepdims=True) / exact.shape[1] ** 0.5
        return unit((exact + spread * chance.standard_normal(exact.shape)).astype(np.float32))

    return Lessons(
        text=vectors(larger[shift]),
        photo=vectors(family[item // SIZES] + photo_size[shown]),
        item=item,
        item_text=vectors(title[items // SIZES] + title_size[items % SIZES]),
        item_photo=vectors(family[items // SIZES] + photo_size[items % SIZES]),
        category=items // SIZES,
        attributes=np.eye(SIZES, dtype=np.float32)[items % SIZES],
    )


def found_first(fusion: Fusion, lessons: Lessons, text: F32 | None, photo: F32 | None) -> float:
    """The share of queries whose item comes first among all items, which are encoded with both parts."""
    items = fusion.encode(lessons.item_text, lessons.item_photo)
    return float(((fusion.encode(text, photo) @ items.T).argmax(1) == lessons.item).mean())
