"""Several wishes of one message, answered one after the other in one reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
import numpy as np

from bot.answer.context import Ask
from bot.answer.draft import Draft
from bot.answer.ownership import ABOUT_OWN_ORDER
from bot.intents import INTENTS
from bot.messages import Citation, Intent
from bot.seams import F32
from bot.understand import Query, short

T = TypeVar("T")
OF_A_DELIVERY: tuple[Intent, Intent] = ("shipping_cost", "delivery_time")
LIKELY_TOO = 0.04  # from here on it is asked for beside the likelier one
MOST_CARDS, MOST_SUGGESTIONS = 6, 3


def each(ask: Ask, planned: Callable[[Ask], Draft]) -> Draft:
    """The reply to a message that wants several things. Each part is about what those before it were about."""
    drafts: list[Draft] = []
    for part in _parts(ask):
        topic = drafts[-1].topic if drafts else ask.topic
        if drafts:  # what was just answered is what the next part goes on from
            topic = msgspec.structs.replace(topic, intent=drafts[-1].intent)
        known = {code: what for code, what in ask.known.items() if code in part.entities.codes}
        drafts.append(planned(replace(ask, query=part, topic=topic, known=known, found={})))
    return together(drafts)


def price_and_time(ask: Ask) -> list[Query]:
    """What a delivery costs and how long it takes, where one sentence may well ask for both; else empty."""
    chances, query = ask.query.intents, ask.query
    if chances is None or query.intent not in OF_A_DELIVERY:
        return []
    if min(float(chances[INTENTS.index(intent)]) for intent in OF_A_DELIVERY) < LIKELY_TOO:
        return []
    return [replace(query, intent=intent, intents=_surely(intent), doubt=()) for intent in OF_A_DELIVERY]


def _surely(intent: Intent) -> F32:
    return np.array([float(one == intent) for one in INTENTS], np.float32)


def again(ask: Ask) -> list[Ask]:
    """What was wanted at once in the turn before, each by itself, where the message only names another country."""
    if not ask.query.entities.countries or not short(ask.query.text):
        return []
    return [
        replace(
            ask,
            query=replace(ask.query, intent=intent, doubt=()),
            topic=msgspec.structs.replace(ask.topic, intent=intent, page=page),
            found={},
        )
        for intent, page in ask.topic.together
    ]


def together(drafts: Sequence[Draft]) -> Draft:
    """One draft of several. It is about what the last one leaves, called by what the first one answers; what none of
    them could do is said once."""
    known = [draft for draft in drafts if draft.claims] or [draft for draft in drafts if not draft.handoff]
    first = (known or drafts)[0]
    return msgspec.structs.replace(
        first,
        topic=msgspec.structs.replace(drafts[-1].topic, together=tuple(map(_told_from, drafts))),
        sentences=_once(sentence for draft in drafts for sentence in draft.sentences),
        citations=_cited([citation for draft in drafts for citation in draft.citations]),
        products=_once(sku for draft in drafts for sku in draft.products),
        cards=_once(card for draft in drafts for card in draft.cards)[:MOST_CARDS],
        suggestions=_once(text for draft in drafts for text in draft.suggestions)[:MOST_SUGGESTIONS],
        handoff=next((draft.handoff for draft in drafts if draft.handoff), None),
        needs=next((draft.needs for draft in drafts if draft.needs), None),
        confidence=min(draft.confidence for draft in drafts),
    )


def _told_from(draft: Draft) -> tuple[Intent, str]:
    pages = [citation.id for citation in draft.citations if citation.kind == "article"]
    return draft.intent, next(iter(pages), "")


def _parts(ask: Ask) -> list[Query]:
    """The parts of the message; what it names and gives of an order is looked at once, with the first that may be
    about one, so that a wrong proof is one wrong proof."""
    whole, parts, found = ask.query, list(ask.query.parts), []
    held = bool(whole.entities.codes or whole.entities.emails)
    for part in parts:
        if held and part.intent in ABOUT_OWN_ORDER:
            named = msgspec.structs.replace(part.entities, codes=whole.entities.codes, emails=whole.entities.emails)
            part, held = replace(part, text=whole.text, entities=named), False
        elif part.intent in ABOUT_OWN_ORDER:
            part = replace(part, entities=msgspec.structs.replace(part.entities, codes=(), emails=()))
        found.append(part)
    return found


def _cited(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Each record once, with all that is quoted of it."""
    found: dict[str, Citation] = {}
    for one in citations:
        before = found.get(one.id, one)
        more = "" if one.quote in before.quote else f"\n{one.quote}"
        found[one.id] = msgspec.structs.replace(before, quote=before.quote + more)
    return tuple(found.values())


def _once(things: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(things))
