"""From where on something found is an answer. How the numbers were found stands in EXPERIMENTS.md beside this file."""

from __future__ import annotations

import numpy as np

from bot.answer.context import Ask
from bot.understand import F32
from knowledge.records import Hit

PRODUCT = 3.3  # by `as_product`: the message names a product that is sold here
ARTICLE = 0.935  # by `as_passage`: the passage answers the question
FIELD = 0.91  # cosine of a question with the question that a field answers
TEXT_OWN, TEXT_FOREIGN = 0.885, 0.83  # by `as_sentence`: in the language of the question, and in another
PHOTO_SURE = 0.6  # cosine of a photo with a product's picture


def as_product(ask: Ask, hit: Hit) -> float:
    """How surely the message names the product: the cosine of its text, as standard deviations above the mean of
    texts about anything, and the cosine itself, since neither alone serves every language."""
    if hit.source.dense is None:
        return -np.inf
    chance = _chance(ask)
    stands_out = (hit.source.dense - float(chance.mean())) / float(chance.std())
    return stands_out + 60 * (hit.source.dense - 0.85)


def as_passage(ask: Ask, hit: Hit) -> float:
    """How surely a passage answers: its cosine, and how far that is above the mean of texts about anything."""
    return -np.inf if hit.source.dense is None else 2 * hit.source.dense - float(_chance(ask).mean())


def as_sentence(cosines: F32) -> float:
    """How surely the best of a product's sentences [n] answers: its cosine, and how far it is above the middle one."""
    return float(2 * cosines.max() - np.median(cosines))


def _chance(ask: Ask) -> F32:
    assert ask.query.text_vector is not None
    return np.asarray(ask.shop.background @ ask.query.text_vector)
