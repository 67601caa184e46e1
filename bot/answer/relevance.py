"""From where on something found is an answer. How the numbers were found stands in EXPERIMENTS.md beside this file."""

from __future__ import annotations

import numpy as np

from bot.answer.context import Ask
from bot.seams import F32
from knowledge.records import Hit

DESCRIBED = 4.0  # by `as_product`: the message describes a product that is sold here
PERHAPS = 3.0  # by `as_product`: it may be meant, and is asked back
DESCRIBED_FITTING = 3.2  # the same, where it comes in the colour or size that the message names
NAMED = 1.8  # by `as_product`, where a word of the title is in the message as well
PAGE, PAGE_ALONE = 0.97, 0.94  # by `is_answer`: with the intent, and without
SURE = 0.6  # of an intent
FIELD = 0.9  # cosine of a question with the question that a field answers
FIELD_OF_REST = 0.915  # the same, after the product's name is taken out
CLEARLY = 0.02  # cosine by which it is nearer to that than to what the message is thought to want
PHOTO_SURE = 0.3  # cosine of a photo with a product's picture, both through the shop's photo head


def as_product(ask: Ask, hit: Hit) -> float:
    """How surely the message names the product: the cosine of its text, as standard deviations above the mean of
    texts about anything, and the cosine itself, since neither alone serves every language."""
    if hit.source.dense is None:
        return -np.inf
    chance = _chance(ask)
    stands_out = (hit.source.dense - float(chance.mean())) / float(chance.std())
    return stands_out + 60 * (hit.source.dense - 0.85)


def is_answer(ask: Ask, page: str, intent: F32 | None) -> bool:
    """Whether a help page answers: by the cosine of its best passage, how far that is above the mean of texts about
    anything, and how near the page is to what messages of this intent (a vector [d]) are like. Where the intent is a
    guess, or None because no page is about it, it must do without the last."""
    assert ask.query.text_vector is not None
    cosine = ask.shop.search.similarity(ask.query.text_vector, page)
    if cosine is None:
        return False
    alone = 2 * cosine - float(_chance(ask).mean())
    likeness = ask.shop.search.similarity(intent, page) if intent is not None else None
    if intent is None or likeness is None or ask.query.confidence < SURE:
        return alone >= PAGE_ALONE
    return alone + 3 * (likeness - float((ask.shop.background @ intent).mean())) >= PAGE


def _chance(ask: Ask) -> F32:
    assert ask.query.text_vector is not None
    return np.asarray(ask.shop.background @ ask.query.text_vector)
