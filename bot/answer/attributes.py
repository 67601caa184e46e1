"""A question about one product: the field or the sentence of its text that answers, or that the data do not say."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.products import candidates, shown, spoken_of
from bot.answer.relevance import FACT, relevance
from bot.messages import Handoff, Needs
from bot.phrasebook import Phrasebook, language_name, money
from bot.senses.language import identify
from bot.settings import LANGUAGES
from bot.understand import TextEncoder
from knowledge.passages import sentences
from knowledge.records import Product

F32 = NDArray[np.float32]
MOST_CHOICES = 4


class Fact(msgspec.Struct, frozen=True):
    """One thing that the record says: `probe` is what a question is held against, `text` what the reply says."""

    probe: str
    text: str
    repeated: str = ""  # of the record's own words, what the citation has to show


def question(ask: Ask) -> Draft:
    """Answers a question about the product that the message or the conversation is about."""
    named = candidates(ask)
    products = named or spoken_of(ask)
    if not products:
        return ask.plain(ask.say("product.name_it"), needs=Needs("detail"))
    groups = {product.group or product.sku for product in products}
    if named and len(groups) > 1 and not ask.named("product"):
        answered = [(product, fact) for product in _firsts(products) if (fact := _best(ask, product))]
        if len(answered) != 1:
            draft = shown(ask, _firsts(products)[:MOST_CHOICES], ask.query.intent, "product.which")
            return msgspec.structs.replace(draft, needs=Needs("choice"))
        return _told(ask, *answered[0])
    fact = _best(ask, products[0])
    return _told(ask, products[0], fact) if fact else _not_said(ask, products[0])


def _firsts(products: list[Product]) -> list[Product]:
    """The first of each group of variants."""
    return list({product.group or product.sku: product for product in reversed(products)}.values())[::-1]


def _best(ask: Ask, product: Product) -> Fact | None:
    """The fact of the product that the question asks for, or None where none is near enough to it."""
    vector = ask.query.text_vector
    if vector is None:
        return None
    facts, vectors = _facts_of(ask.shop.encoder, ask.shop.phrases, msgspec.json.encode(product), ask.language)
    scores = vectors @ vector
    best = int(scores.argmax())
    return facts[best] if relevance(ask, float(scores[best])) >= FACT else None


# Keyed by the whole record, so that a product that changed is encoded again.
@lru_cache(maxsize=512)
def _facts_of(encoder: TextEncoder, phrases: Phrasebook, record: bytes, language: str) -> tuple[tuple[Fact, ...], F32]:
    """The product's facts and their vectors [n, d]; kept, since they are asked for again and again."""
    product = msgspec.json.decode(record, type=Product)
    facts = tuple(_fields(phrases, product, language) + _text(phrases, product, language))
    return facts, encoder.passages([fact.probe for fact in facts])


def _fields(phrases: Phrasebook, product: Product, language: str) -> list[Fact]:
    def say(key: str, /, **values: str) -> str:
        return phrases.say(language, key, **values)

    title = product.title_in(language)
    price = money(product.price, product.currency, language)
    state = say(f"availability.{product.availability}")
    facts = [
        Fact(f"{say('field.price')}: {price}", say("product.priced", title=title, price=price)),
        Fact(f"{say('field.availability')}: {state}", say(f"product.{product.availability}", title=title)),
    ]
    for field in ("brand", "color", "size", "material", "weight"):
        value = getattr(product, field)
        if value:
            label = say(f"field.{field}")
            facts.append(Fact(f"{label}: {value}", say("product.fact", title=title, field=label, value=value), value))
    return facts


def _text(phrases: Phrasebook, product: Product, language: str) -> list[Fact]:
    title = product.title_in(language)
    translated = product.descriptions.get(language) or product.descriptions.get(language.split("-")[0])
    guess = None if translated else identify(product.description, LANGUAGES)
    written_in = guess.language if guess else language
    facts = []
    for quote in sentences(translated or product.description):
        if written_in.split("-")[0] == language.split("-")[0]:
            text = phrases.say(language, "product.quote", title=title, quote=quote)
        else:
            name = language_name(written_in, language)
            text = phrases.say(language, "product.quote_in", title=title, language=name, quote=quote)
        facts.append(Fact(quote, text, quote))
    return facts


def _told(ask: Ask, product: Product, fact: Fact) -> Draft:
    return Draft(
        ask.query.intent,
        msgspec.structs.replace(ask.topic, products=(product.sku,)),
        (Sentence(fact.text, (product.sku,)),),
        (citations.of_product(product, ask.language, fact.repeated),),
        products=(product.sku,),
        cards=(citations.card(product, ask.language),),
        confidence=ask.query.confidence,
    )


def _not_said(ask: Ask, product: Product) -> Draft:
    said = ask.say("product.not_said", title=product.title_in(ask.language))
    return Draft(
        ask.query.intent,
        msgspec.structs.replace(ask.topic, products=(product.sku,)),
        (Sentence(said, (product.sku,), states=False),),
        (citations.of_product(product, ask.language),),
        products=(product.sku,),
        suggestions=(ask.say("suggest.human"),),
        handoff=Handoff("not_known"),
        confidence=ask.query.confidence,
    )
