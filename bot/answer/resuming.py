"""An answer to what was asked back: "the second one" goes on with the question that was left open."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from bot.answer.context import Ask
from bot.answer.draft import Draft
from bot.answer.meant import chosen
from bot.understand import short


def resumed(ask: Ask) -> Ask:
    """The turn with the question that was left open in the place of a message that only says of which product; else
    the turn as it is, with no question open."""
    open_question = ask.topic.open
    if not open_question:
        return ask
    ask = replace(ask, topic=msgspec.structs.replace(ask.topic, open=""))
    product = chosen(ask) if short(ask.query.text) else None
    if product is None or ask.topic.intent is None:
        return ask
    vector = ask.shop.encoder.queries([open_question])[0]
    query = replace(
        ask.query,
        text=open_question,
        text_vector=vector,
        intent=ask.topic.intent,
        confidence=1.0,
        intents=None,
        doubt=(),
        parts=(),
    )
    topic = msgspec.structs.replace(ask.topic, products=(product.sku,))
    return replace(ask, query=query, topic=topic, found={})


def left_open(ask: Ask, draft: Draft) -> Draft:
    """The draft, remembering the question where it asks back which product is meant."""
    asks_which = draft.needs is not None and draft.needs.what in ("choice", "detail") and ask.query.text
    if not asks_which:
        return draft
    return msgspec.structs.replace(draft, topic=msgspec.structs.replace(draft.topic, open=ask.query.text))
