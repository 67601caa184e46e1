"""Which passage of which help page a question is about, and whether any answers it.

The weights and thresholds, and what did not help, stand in ARTICLES.md beside this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bot.answer.context import Ask
from bot.answer.relevance import is_answer
from bot.intents import INTENTS
from bot.messages import Intent
from bot.phrasebook import best
from bot.seams import F32, TextEncoder
from knowledge.passages import of_article
from knowledge.records import Article, Passage
from knowledge.search import Find, Search
from knowledge.store import Store

LOOKED_AT = 8  # pages, by the likeness of their best passage
LIKELY = 0.1  # of the intents that a page's topic is about: from here on it is looked at in any case
TOPICAL = 0.08  # that a passage gains whose page's topic is surely that of the intent
# Whether a page answers: twice the cosine, less the mean of texts about anything, with so much for the chance that some
# page is about what is wanted, and so much against it for the chance that none is.
COVERED, UNCOVERED, ANSWERS = 0.12, 0.35, 0.93
# A second passage is quoted as well where it comes so near the best.
SECOND = 0.01
# What the topics of articles are called, by the intents that they answer.
TOPICS: dict[Intent, frozenset[str]] = {
    "return_refund": frozenset({"returns", "return", "refunds", "refund", "return_refund", "returns_and_refunds"}),
    "exchange": frozenset({"exchange", "exchanges"}),
    "damaged_or_wrong": frozenset({"damaged_or_wrong", "damaged", "claims", "returns", "return_refund"}),
    "warranty": frozenset({"warranty", "warranties", "guarantee", "repairs"}),
    "payment": frozenset({"payment", "payments", "payment_methods"}),
    "invoice": frozenset({"invoice", "invoices", "billing", "payment", "payments"}),
    "promotion": frozenset({"promotion", "promotions", "discounts", "vouchers", "coupons", "gift_cards", "offers"}),
    "account": frozenset({"account", "accounts", "privacy", "login", "registration"}),
    "cancel_order": frozenset({"cancel_order", "cancellation", "cancellations", "orders", "payment"}),
    "change_address": frozenset({"change_address", "orders", "address"}),
    "shipping_cost": frozenset({"shipping_cost", "shipping_costs", "shipping", "delivery"}),
    "delivery_time": frozenset({"delivery_time", "delivery_times", "shipping", "delivery", "shipping_times"}),
    "customs_duty": frozenset({"customs_duty", "customs", "duties", "taxes"}),
    "complaint": frozenset({"complaint", "complaints"}),
    "product_question": frozenset({"sizes", "size", "size_guide", "sizing", "product_care", "care"}),
}


@dataclass(frozen=True)
class Section:
    """What stands under one heading of a page, as it would be quoted. `own` [m, d]: its passages; `every` [n, d]: those
    and the same section's in the page's other languages; `headings` [1 or 2, d]: asked for by title and heading, in
    the language that is quoted and in English."""

    passages: tuple[Passage, ...]
    own: F32
    every: F32
    headings: F32

    def likeness(self, vector: F32) -> float:
        """To a question [d]: three cosines together."""
        return float((self.own @ vector).max() + (self.every @ vector).max() + (self.headings @ vector).max())


def fitting(ask: Ask) -> list[tuple[Section, float]]:
    """The sections of the page that answers the question, best first, with how well they fit; empty where none does."""
    vector, intents = ask.query.text_vector, ask.query.intents
    if vector is None or intents is None:
        return []
    store = ask.shop.store
    topics = topics_of(store, store.generation()[1])
    likely = {name: float(sum(intents[INTENTS.index(of)] for of in about)) for name, about in topics.items()}
    hits = ask.shop.search.find(
        Find(text_vector=vector, language=ask.language, kinds=frozenset({"article"})), top=LOOKED_AT
    )
    names = {*(hit.record for hit in hits), *(name for name, chance in likely.items() if chance >= LIKELY)}
    scored = [
        (section, section.likeness(vector) + TOPICAL * likely.get(name, 0.0), name)
        for name in sorted(names)
        for section in sections(ask, name)
    ]
    scored.sort(key=lambda found: -found[1])
    if not scored or not _answers(ask, vector, scored[0][0], topics):
        return []
    return [(section, score) for section, score, name in scored if name == scored[0][2]]


def _answers(ask: Ask, vector: F32, section: Section, topics: dict[str, frozenset[Intent]]) -> bool:
    """Whether the section answers the question rather than being only the nearest to it. Where no page's topic is
    known, the likeness to messages of the same intent has to tell."""
    assert ask.query.intents is not None
    if not topics:
        intent = np.asarray(ask.query.intents @ ask.shop.typical, dtype=np.float32)
        return is_answer(ask, section.passages[0].record, intent)
    alone = 2 * float((section.every @ vector).max()) - float((ask.shop.background @ vector).mean())
    of_pages = frozenset().union(*topics.values())
    chances = dict(zip(INTENTS, ask.query.intents.tolist(), strict=True))
    covered = sum(chances[intent] for intent in of_pages)
    uncovered = sum(chances[intent] for intent in TOPICS.keys() - of_pages)
    return bool(alone + COVERED * covered - UNCOVERED * uncovered >= ANSWERS)


def sections(ask: Ask, name: str) -> tuple[Section, ...]:
    """The sections of a page, in its order, in the language that is quoted to the asker."""
    shop = ask.shop
    # What another index holds has another mean likeness to one and the same text.
    state = (shop.store.generation()[1], *shop.search.background(shop.background[0]))
    return _sections(shop.store, shop.search, shop.encoder, state, name, ask.language)


@lru_cache(maxsize=4096)
def _sections(
    store: Store, search: Search, encoder: TextEncoder, _state: tuple[float, ...], name: str, language: str
) -> tuple[Section, ...]:
    quoted = version_of(store, name, language)
    if quoted is None:
        return ()
    versions = (store.article(name, other) for other in sorted(store.article_languages(name)))
    cut = {article.language: _cut(article) for article in versions if article}
    own = cut[quoted.language]
    alike = [parts for parts in cut.values() if len(parts) == len(own)]  # the others are no translations of it
    english = cut.get("en", own)
    asked = [parts for parts in (own, english) if parts in alike]
    found = []
    for number, passages in enumerate(own):
        vectors = _vectors(search, passages)
        if not len(vectors):  # not in the index yet
            continue
        every = [_vectors(search, parts[number]) for parts in alike]
        headings = _headings(encoder, tuple(dict.fromkeys(_asked(parts[number][0]) for parts in asked)))
        found.append(Section(passages, vectors, np.concatenate([part for part in every if len(part)]), headings))
    return tuple(found)


def _cut(article: Article) -> list[tuple[Passage, ...]]:
    """The article's passages, those under one heading together."""
    found: list[tuple[Passage, ...]] = []
    for passage in of_article(article):
        if found and found[-1][0].heading == passage.heading:
            found[-1] = (*found[-1], passage)
        else:
            found.append((passage,))
    return found


def _asked(passage: Passage) -> str:
    title, _, heading = passage.heading.partition(" › ")
    return f"{title}: {heading}" if heading else title


def _vectors(search: Search, passages: tuple[Passage, ...]) -> F32:
    found = [vector for passage in passages if (vector := search.passage_vector(passage.id)) is not None]
    return np.array(found, dtype=np.float32)


@lru_cache(maxsize=8192)
def _headings(encoder: TextEncoder, headings: tuple[str, ...]) -> F32:
    return encoder.queries(list(headings))


@lru_cache(maxsize=8)
def topics_of(store: Store, _generation: int) -> dict[str, frozenset[Intent]]:
    """The intents that each article's topic is about; without those whose topic tells none."""
    found: dict[str, frozenset[Intent]] = {}
    for article in store.all_articles():
        topic = re.sub(r"\W+|_+", "_", (article.topic or "").casefold()).strip("_")
        about = frozenset(intent for intent, topics in TOPICS.items() if topic in topics)
        if about:
            found[article.id] = about
    return found


def version_of(store: Store, name: str, language: str) -> Article | None:
    """The article in a language, else in English, which most can read, else in any that it has."""
    languages = store.article_languages(name)
    chosen = best(language, languages) or best("en", languages) or next(iter(languages), None)
    return store.article(name, chosen) if chosen else None
