"""From where on something found is an answer. How the numbers were found stands in EXPERIMENTS.md beside this file."""

from __future__ import annotations

from bot.answer.context import Ask
from knowledge.records import Hit

# By `relevance`: from here on it is an answer.
ARTICLE = 6.0  # a passage of a help page
PRODUCT = 4.0  # a product, for a message that may name one
FACT = 4.0  # a fact about one product, for a question about that product
PHOTO_SURE = 0.6  # cosine of a photo with a product's picture
NAMES_PRODUCT = 0.6  # share of a message's words, by weight, in one product's text: it names a product itself

_PER_COSINE = 60.0
_USUAL_COSINE = 0.85


def relevance(ask: Ask, cosine: float) -> float:
    """How near a text is to the question: its cosine, as standard deviations above the mean of texts about anything,
    and the cosine itself, since neither alone serves every language."""
    assert ask.query.text_vector is not None
    chance = ask.shop.background @ ask.query.text_vector
    stands_out = (cosine - float(chance.mean())) / float(chance.std())
    return stands_out + _PER_COSINE * (cosine - _USUAL_COSINE)


def is_relevant(ask: Ask, hit: Hit, least: float) -> bool:
    """Whether the hit's text is at least so near to the question."""
    if hit.source.dense is None or ask.query.text_vector is None:
        return False
    return relevance(ask, hit.source.dense) >= least
