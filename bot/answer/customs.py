"""Duties and taxes of an import, by the shop's own dated rows."""

from __future__ import annotations

import msgspec

from bot.answer import citations
from bot.answer.articles import best_passage, quoted
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.messages import Needs
from bot.phrasebook import country, day, money, percent
from knowledge.records import Duty


def duties(ask: Ask) -> Draft:
    """What the country that is meant asks of an import today; asks for the country where none is known."""
    code = next(iter(ask.query.entities.countries), None) or ask.topic.country
    if code is None:
        return _without_country(ask)
    duty = ask.shop.store.duty(code, ask.today)
    if duty is None:
        return ask.not_known(ask.say("customs.none", country=country(code, ask.language)))
    cited = citations.of_duty(duty)
    sentences = tuple(Sentence(text, (cited.id,)) for text in _rules(ask, duty))
    return Draft("customs_duty", ask.topic, sentences, (cited,), confidence=ask.query.confidence)


def _without_country(ask: Ask) -> Draft:
    passage = best_passage(ask)
    asking = Sentence(ask.say("customs.which_country"))
    draft = quoted(ask, passage) if passage else ask.plain(asking.text)
    sentences = (*draft.sentences, asking) if draft.claims else (asking,)
    return msgspec.structs.replace(draft, sentences=sentences, needs=Needs("detail"))


def _rules(ask: Ask, duty: Duty) -> list[str]:
    language = ask.language
    where = country(duty.country, language)
    vat = ask.say("customs.vat", country=where, percent=percent(duty.vat_percent, language))
    threshold = ask.say("customs.de_minimis", amount=money(duty.de_minimis, duty.currency, language))
    return [
        vat if duty.vat_percent else ask.say("customs.no_vat", country=where),
        threshold if duty.de_minimis else ask.say("customs.no_de_minimis"),
        ask.say("customs.rule", rule=duty.rule),
        ask.say("customs.source", date=day(duty.valid_from, language), source=duty.source),
    ]
