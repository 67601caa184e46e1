"""What was shown is not it ("not this one", "不是这个"): it is looked for again, without what was seen."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from bot import entities
from bot.answer.context import Ask
from bot.answer.draft import Draft
from bot.answer.meant import firsts, fits, looked_for, pointed_out
from bot.answer.naming import kinds_named
from bot.answer.products import MOST_SHOWN, shown
from bot.messages import Intent, Needs
from bot.understand import short
from knowledge.records import Product

_ABOUT_PRODUCTS: frozenset[Intent] = frozenset(
    {"product_search", "product_question", "availability", "recommend", "compare"}
)
_MOST_SEEN = 40


def rejected(ask: Ask) -> Draft | None:
    """Something else than what was shown, or the question what it should be like; None where nothing is turned down."""
    query, topic = ask.query, ask.topic
    if not topic.seen or topic.intent not in _ABOUT_PRODUCTS or query.text_vector is None or not short(query.text):
        return None
    if query.photo_vectors is not None or ask.known or not ask.shop.rejections(query.text_vector):
        return None
    if query.entities.colours or query.entities.sizes or kinds_named(ask) or pointed_out(ask):
        return None  # it says what is wanted instead
    others = _others(ask)
    if not others:
        return ask.plain(ask.say("product.no_others"), intent="product_search", needs=Needs("detail"))
    draft = shown(ask, others[:MOST_SHOWN], "product_search", "product.others")
    seen = tuple(dict.fromkeys((*topic.seen, *draft.products)))[-_MOST_SEEN:]
    return msgspec.structs.replace(draft, topic=msgspec.structs.replace(draft.topic, seen=seen))


def _others(ask: Ask) -> list[Product]:
    """What else was found for what was looked for: what fits it first, else one of each kind that is like it."""
    if not ask.topic.sought:
        return []
    shop, text = ask.shop, ask.topic.sought
    named = entities.find(text, ask.language, shop.store.attribute_values()["size"])
    vector = shop.encoder.queries([text])[0]
    query = replace(
        ask.query, text=text, text_vector=vector, entities=named, intent="product_search", intents=None, doubt=()
    )
    again = replace(ask, query=query, found={}, kinds={})
    unseen = [product for product in looked_for(again) if product.sku not in ask.topic.seen]
    return [product for product in unseen if fits(product, again)] or firsts(unseen)


def with_seen(ask: Ask, draft: Draft) -> Draft:
    """The draft, remembering what was looked for and what was shown for it."""
    if draft.intent not in _ABOUT_PRODUCTS or set(draft.products) <= set(draft.topic.seen):
        return draft
    topic = msgspec.structs.replace(draft.topic, sought=ask.query.text, seen=draft.products)
    return msgspec.structs.replace(draft, topic=topic)
