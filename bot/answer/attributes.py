"""A question about one product: the field or the sentence of its text that answers, or that the data do not say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.meant import (
    by_code,
    described_weakly,
    firsts,
    fits,
    meant,
    pointed_out,
    spoken_of,
    surely_named,
    with_variants,
    without_product,
)
from bot.answer.naming import kinds_named, kinds_of
from bot.answer.products import shown
from bot.answer.quotable import for_machines
from bot.answer.relevance import CLEARLY, FIELD, FIELD_OF_REST
from bot.goods import kinds
from bot.messages import Handoff, Needs
from bot.phrasebook import Phrasebook, language_name, money
from bot.seams import TextEncoder
from bot.senses.language import identify
from bot.settings import LANGUAGES
from bot.telling_sentences import named_in
from bot.verdicts import Verdict
from knowledge.passages import sentences
from knowledge.records import Product

F32 = NDArray[np.float32]
MOST_CHOICES = 4
BRIEF_WORDS, BRIEF_LETTERS = 3, 8
_ISO_DAY = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")


class Fact(msgspec.Struct, frozen=True):
    """One thing that the record says: `text` is what the reply says, `repeated` what of it the citation has to show."""

    text: str
    repeated: str = ""
    sure: bool = True  # else it is only near to what was asked


@dataclass(frozen=True)
class Facts:
    """What is known of one product, for one language: its fields, each by the question that it answers (vectors
    [3, fields, d]; None where the product does not have it), and the sentences of its text (vectors [sentences, d])."""

    fields: tuple[Fact | None, ...]
    asked: F32
    sentences: tuple[Fact, ...]
    said: F32
    foreign: bool  # the sentences are in another language


FIELDS = ("price", "availability", "brand", "color", "size", "material", "weight")


def question(ask: Ask) -> Draft:
    """Answers a question about the product that the message or the conversation is about."""
    named = _still_spoken_of(ask) or meant(ask)
    if not named:
        perhaps = firsts(described_weakly(ask))[:MOST_CHOICES]
        if not perhaps:
            return ask.plain(ask.say("product.name_it"), needs=Needs("detail"))
        return msgspec.structs.replace(shown(ask, perhaps, ask.query.intent, "product.which"), needs=Needs("choice"))
    if by_code(ask) and not without_product(ask).strip("?？؟ #"):
        return shown(ask, named, ask.query.intent, "product.found")  # nothing but its number
    several = firsts(named)
    if len(several) > 1:
        found = [(product, fact) for product in several[:MOST_CHOICES] if (fact := _best(ask, product))]
        answered = [(product, fact) for product, fact in found if fact.sure]
        if len(answered) != 1:
            draft = shown(ask, several[:MOST_CHOICES], ask.query.intent, "product.which")
            return msgspec.structs.replace(draft, needs=Needs("choice"))
        return _told(ask, *answered[0])
    fact = _best(ask, named[0])
    return _told(ask, named[0], fact) if fact else _not_said(ask, named[0])


def _still_spoken_of(ask: Ask) -> list[Product]:
    """What the conversation is about, in the colour or size that the message names, where its text answers the
    question, or where the message does not surely name another product; else empty."""
    spoken = spoken_of(ask)
    if not spoken or by_code(ask) or ask.query.photo_vectors is not None or pointed_out(ask):
        return []
    if ask.query.entities.colours or ask.query.entities.sizes:
        spoken = [product for product in with_variants(ask, spoken[0]) if fits(product, ask)] or spoken
    return spoken if not surely_named(ask) else []


def fact_of(ask: Ask) -> Fact | None:
    """What answers the question about the product that the conversation is about, if anything does for sure."""
    spoken = spoken_of(ask)
    fact = _best(ask, spoken[0]) if spoken else None
    return fact if fact and fact.sure else None


def coming(ask: Ask) -> Draft | None:
    """From when on the product spoken of is sent, where it can only be ordered in advance, by its text."""
    product = next(iter(spoken_of(ask)), None)
    if product is None or product.availability != "preorder":
        return None
    for fact in _facts(ask, product).sentences:
        days = (date.fromisoformat(day) for day in _ISO_DAY.findall(fact.repeated) if _is_day(day))
        if any(day >= ask.today for day in days):
            return msgspec.structs.replace(_told(ask, product, fact), intent="delivery_time")
    return None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def asks_for_field(ask: Ask, product: Product) -> bool:
    """Whether the message, without the product's name, asks for one of FIELDS rather than for what it is thought to
    want: "how much is the French press?" is no question of postage."""
    rest = _rest(ask, product)
    if rest is None:
        return False
    asked = _facts(ask, product).asked
    wants = ask.shop.encoder.queries([ask.say(f"suggest.{ask.query.intent}")])[0]
    return float((asked @ rest).max()) >= max(FIELD_OF_REST, float(wants @ rest) + CLEARLY)


def _best(ask: Ask, product: Product) -> Fact | None:
    """The fact of the product that the question asks for, or None where the record does not say."""
    if ask.query.text_vector is None:
        return None
    facts, rest = _facts(ask, product), _rest(ask, product)
    left = without_product(ask, product) or ask.query.text
    field = _field_asked(ask.query.text_vector, rest, facts.asked if _is_brief(left) else facts.asked[:2])
    if field is not None and facts.fields[field]:
        return facts.fields[field]
    return _sentence(ask, product, facts, rest)


def _sentence(ask: Ask, product: Product, facts: Facts, rest: F32 | None) -> Fact | None:
    """The sentence of the product's text that answers the question, or is near to an answer, if one is."""
    vector, telling = ask.query.text_vector, ask.shop.telling
    if vector is None or not facts.sentences:
        return None
    languages = dict.fromkeys((ask.language, ask.shop.language, "en"))
    named = [kinds(fact.repeated, *languages) for fact in facts.sentences]
    names = named_in(kinds_named(ask), kinds_of(ask, product), named)
    scores = telling.scores(vector, vector if rest is None else rest, facts.said, facts.foreign, names)
    best = int(scores.argmax())
    if scores[best] < telling.near:
        return None
    return msgspec.structs.replace(facts.sentences[best], sure=bool(scores[best] >= telling.sure))


def _rest(ask: Ask, product: Product) -> F32 | None:
    """The question without the product's name [d]; None where it does not name it, or nothing else."""
    rest = without_product(ask, product)
    return ask.shop.encoder.queries([rest])[0] if rest and rest != ask.query.text else None


def _field_asked(vector: F32, rest: F32 | None, asked: F32) -> int | None:
    """Which of FIELDS the question asks for; None where it asks for none."""
    alike = (asked @ vector).max(axis=0)
    if alike.max() >= FIELD:
        return int(alike.argmax())
    if rest is None:
        return None
    # "How much is the red mug?" is near to "How much does it cost?" only without the mug.
    alike = (asked @ rest).max(axis=0)
    return int(alike.argmax()) if alike.max() >= FIELD_OF_REST else None


def _is_brief(text: str) -> bool:
    """Whether a question is of a word or two: "how much?", "얼마예요?"."""
    letters = re.findall(r"\w", text)
    together = sum(letter >= "\u0e00" for letter in letters) > len(letters) / 2
    return len(letters) <= BRIEF_LETTERS if together else len(re.findall(r"\w+", text)) <= BRIEF_WORDS


def _facts(ask: Ask, product: Product) -> Facts:
    record = msgspec.json.encode(product)
    return _facts_of(ask.shop.encoder, ask.shop.instructions, ask.shop.phrases, record, ask.language)


# Keyed by the whole record, so that a product that changed is encoded again.
@lru_cache(maxsize=512)
def _facts_of(encoder: TextEncoder, instructions: Verdict, phrases: Phrasebook, record: bytes, language: str) -> Facts:
    """Kept, since the same product is asked about again and again."""
    product = msgspec.json.decode(record, type=Product)
    sentences, foreign = _text(phrases, product, language)
    said = encoder.passages([fact.repeated for fact in sentences]) if sentences else np.zeros((0, 0), np.float32)
    pairs = zip(sentences, said, strict=True)
    kept = [place for place, (fact, v) in enumerate(pairs) if not for_machines(instructions, fact.repeated, v)]
    sentences, said = tuple(sentences[place] for place in kept), said[kept]
    return Facts(_fields(phrases, product, language), _asked(encoder, phrases, language), sentences, said, foreign)


@lru_cache(maxsize=64)
def _asked(encoder: TextEncoder, phrases: Phrasebook, language: str) -> F32:
    """The questions that the fields answer, as vectors [3, fields, d]: in a sentence, by the field's name, and in a
    word or two where people ask so."""
    keys = [f"{kind}.{field}" for kind in ("ask", "field") for field in FIELDS]
    keys += ["ask.price_short", *(f"ask.{field}" for field in FIELDS[1:])]
    return encoder.queries([phrases.say(language, key) for key in keys]).reshape(3, len(FIELDS), -1)


def _fields(phrases: Phrasebook, product: Product, language: str) -> tuple[Fact | None, ...]:
    def say(key: str, /, **values: str) -> str:
        return phrases.say(language, key, **values)

    title = product.title_in(language)
    price = money(product.price, product.currency, language)
    facts: list[Fact | None] = [
        Fact(say("product.priced", title=title, price=price)),
        Fact(say(f"product.{product.availability}", title=title)),
    ]
    for field in FIELDS[2:]:
        value = getattr(product, field)
        text = say("product.fact", title=title, field=say(f"field.{field}"), value=value) if value else ""
        facts.append(Fact(text, value) if value else None)
    return tuple(facts)


def _text(phrases: Phrasebook, product: Product, language: str) -> tuple[tuple[Fact, ...], bool]:
    """The sentences of the product's text, and whether they are in another language than the reply."""
    title = product.title_in(language)
    translated = product.descriptions.get(language) or product.descriptions.get(language.split("-")[0])
    guess = None if translated else identify(product.description, LANGUAGES)
    written_in = guess.language if guess else language
    foreign = written_in.split("-")[0] != language.split("-")[0]
    facts = []
    for quote in sentences(translated or product.description):
        if foreign:
            name = language_name(written_in, language)
            text = phrases.say(language, "product.quote_in", title=title, language=name, quote=quote)
        else:
            text = phrases.say(language, "product.quote", title=title, quote=quote)
        facts.append(Fact(text, quote))
    return tuple(facts), foreign


def _told(ask: Ask, product: Product, fact: Fact) -> Draft:
    reserve = () if fact.sure else (Sentence(ask.say("product.nearest"), (product.sku,), states=False),)
    return Draft(
        ask.query.intent,
        msgspec.structs.replace(ask.topic, products=(product.sku,)),
        (*reserve, Sentence(fact.text, (product.sku,))),
        (citations.of_product(product, ask.language, fact.repeated),),
        products=(product.sku,),
        cards=(citations.card(product, ask.language),),
        suggestions=() if fact.sure else (ask.say("suggest.human"),),
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
