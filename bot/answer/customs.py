"""Duties and taxes of an import, by the shop's own dated rows."""

from __future__ import annotations

import msgspec

from bot.answer import citations
from bot.answer.articles import answering, quoted
from bot.answer.border import duties_on, rules
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.ownership import order_spoken_of
from bot.messages import Needs
from bot.phrasebook import country
from knowledge.records import Order


def duties(ask: Ask, order: Order | None = None) -> Draft:
    """What an order of the asker's own is charged at the border, as far as it can be told, or else what the country
    that is meant asks of an import today; asks for the country where none is known.

    `order` is the one that the message names; otherwise it is the one spoken of, unless the message names a country.
    """
    order = order or (None if ask.query.entities.countries else order_spoken_of(ask))
    if order and (draft := duties_on(ask, order)):
        return draft
    code = next(iter(ask.query.entities.countries), None) or ask.topic.country
    if code is None:
        return _without_country(ask)
    duty = ask.shop.store.duty(code, ask.today)
    if duty is None:
        return ask.not_known(ask.say("customs.none", country=country(code, ask.language)))
    cited = citations.of_duty(duty)
    sentences = tuple(Sentence(text, (cited.id,)) for text in rules(ask, duty))
    return Draft("customs_duty", ask.topic, sentences, (cited,), confidence=ask.query.confidence)


def _without_country(ask: Ask) -> Draft:
    passages = answering(ask)
    asking = Sentence(ask.say("customs.which_country"))
    draft = quoted(ask, passages) if passages else ask.plain(asking.text)
    sentences = (*draft.sentences, asking) if draft.claims else (asking,)
    return msgspec.structs.replace(draft, sentences=sentences, needs=Needs("detail"))
