"""Products side by side: the one thing that is asked of them all, what differs between them, and what they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

import msgspec

from bot.answer import citations
from bot.answer.attributes import FIELDS
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.filters import LOOKING
from bot.answer.meant import with_variants
from bot.answer.relevance import FIELD
from bot.answer.sides import apart, named_apart, sides
from bot.answer.titles import without_names
from bot.answer.values import readings
from bot.messages import Citation, Handoff, Intent
from bot.phrasebook import Phrasebook, language_name, money
from bot.seams import F32, TextEncoder
from bot.senses.language import identify
from bot.settings import LANGUAGES
from knowledge.passages import sentences
from knowledge.records import Product

BETWEEN = " · "  # titles hold commas
MOST_SHARED = 300  # characters of the line that says what all share
LONGEST_QUOTE = 160  # characters
MOST_VALUES = 8  # colours or sizes of one product
WHICH = {"price": "ask.cheaper", "weight": "ask.lighter"}  # how two things are asked apart by what can be measured
ABOUT_ONE: tuple[Intent, ...] = ("product_question", "availability")
SURELY_LOOKING = 0.9  # of an intent that looks for something
ANY = ("ask.better", "ask.difference")  # and where no field is asked for
_WEIGHT = re.compile(r"\s*(\d+(?:[.,]\d+)*)\s*(mg|g|kg|oz|lb)\s*", re.IGNORECASE)
_GRAMS = {
    "mg": Decimal("0.001"),
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}  # by definition of the international yard and pound


class Row(msgspec.Struct, frozen=True):
    """One field of all products, in their order; None where the record does not state it."""

    field: str
    values: tuple[str | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the products are not all said to be alike in it."""
        return len({value.casefold() if value else None for value in self.values}) > 1


class Answer(msgspec.Struct, frozen=True):
    """What is asked of all, and the sentence that says it."""

    field: str
    text: str


class Quote(msgspec.Struct, frozen=True):
    """A sentence of a product's text, as the reply says it and as the record has it."""

    sku: str
    text: str
    quoted: str


def compared(ask: Ask) -> Draft | None:
    """What the message compares, side by side; None where it means fewer than two products, or where it was not taken
    for a comparison, is not worded as one and asks for nothing of several that it names."""
    products = sides(ask) if _may_compare(ask) else []
    if len(products) < 2:
        return None
    near = _nearness(ask, products)
    meant = ask.query.intent == "compare" or _asks_which(near)
    if meant or (_field_asked(near) and len(named_apart(ask)) >= 2):
        return _beside(ask, products, near)
    return None


def _may_compare(ask: Ask) -> bool:
    """Whether what the message was taken for leaves room for it: "something cheaper" surely looks for another thing."""
    intent = ask.query.intent
    return intent in ("compare", *ABOUT_ONE) or (intent in LOOKING and ask.query.confidence < SURELY_LOOKING)


def _asks_which(near: dict[str, float]) -> bool:
    """Whether the message is nearer to "Which one is cheaper?" than to "How much does it cost?"."""
    best = max(near, key=lambda key: near[key], default="")
    return best in (*WHICH.values(), *ANY) and near[best] >= FIELD


def _beside(ask: Ask, products: list[Product], near: dict[str, float]) -> Draft:
    skus = tuple(product.sku for product in products)
    rows = {field: _row(ask, products, field) for field in FIELDS}
    first = _answer(ask, products, rows, _field_asked(near))
    rest = [row for row in rows.values() if any(row.values) and not (first and row.field == first.field)]
    quotes = [] if first else _quotes(ask, products)
    unknown = first is not None and not any(rows[first.field].values)
    answered = [Sentence(first.text, skus, states=not unknown)] if first else []
    table = [
        Sentence(ask.say("compare.head", titles=_titles(ask, products)), skus, states=False),
        *(Sentence(_line(ask, products, row), skus) for row in rest if row.differs),
        *_shared(ask, products, [row for row in rest if not row.differs]),
        *(Sentence(quote.text, (quote.sku,)) for quote in quotes),
    ]
    suggested = ("suggest.human",) if unknown else ("suggest.delivery_time", "suggest.return_refund")
    return Draft(
        "compare",
        msgspec.structs.replace(ask.topic, products=skus),
        (*answered, *(table if not first or ask.topic.products != skus else ())),
        tuple(_cited(ask, product, place, rows, quotes) for place, product in enumerate(products)),
        products=skus,
        cards=tuple(citations.card(product, ask.language) for product in products),
        suggestions=tuple(map(ask.say, suggested)),
        handoff=Handoff("not_known") if unknown else None,
        confidence=ask.query.confidence,
    )


def _row(ask: Ask, products: list[Product], field: str) -> Row:
    return Row(field, tuple(_value(ask, product, field, len(apart(products)) > 1) for product in products))


def _value(ask: Ask, product: Product, field: str, all_variants: bool) -> str | None:
    """What the record states of a field. Of a colour or a size what all variants come in, unless these are compared."""
    match field:
        case "price":
            return money(product.price, product.currency, ask.language)
        case "availability":
            return ask.say(f"availability.{product.availability}")
        case "color" | "size" if all_variants:
            alike = [one for one in with_variants(ask, product) if len(apart([one, product])) == 1]
            every = dict.fromkeys(value for one in (product, *alike) if (value := getattr(one, field)))
            return ", ".join(every) if 0 < len(every) <= MOST_VALUES else getattr(product, field) or None
        case _:
            return getattr(product, field) or None


def _answer(ask: Ask, products: list[Product], rows: dict[str, Row], field: str | None) -> Answer | None:
    """The field that the message asks for, in one sentence: computed where it can be measured."""
    if field is None:
        return None
    row, titles = rows[field], _titles(ask, products)
    if not any(row.values):
        return Answer(field, ask.say("product.not_said", title=titles))
    measured = _measured(products, field)
    alike = len(set(measured)) == 1 if measured else not row.differs
    if alike:
        return Answer(
            field, ask.say("compare.equal", field=_label(ask, field), titles=titles, value=row.values[0] or "")
        )
    if not measured:
        return Answer(field, _line(ask, products, row))
    order = sorted(range(len(products)), key=lambda place: measured[place])
    if len(products) > 2:
        values = BETWEEN.join(_cell(ask, products[place], row.values[place]) for place in order)
        return Answer(field, ask.say(f"compare.{field}_order", values=values))
    (title, value), (other, other_value) = (
        (products[place].title_in(ask.language), row.values[place] or "") for place in order
    )
    text = ask.say(f"compare.{field}_lower", title=title, value=value, other=other, other_value=other_value)
    return Answer(field, text)


def _measured(products: list[Product], field: str) -> list[Decimal]:
    """What can be put in order: prices in one currency, weights in grams; empty where not all of them can."""
    if field == "price" and len({product.currency for product in products}) == 1:
        return [product.price for product in products]
    weights = [_grams(product.weight or "") for product in products] if field == "weight" else []
    return [weight for weight in weights if weight is not None] if None not in weights else []


def _grams(weight: str) -> Decimal | None:
    """ "350 g" → 350; None where it is no weight, or may be read in two ways: "1,200 kg"."""
    found = _WEIGHT.fullmatch(weight)
    if found is None:
        return None
    may_be = readings(found[1])
    return Decimal(next(iter(may_be))) * _GRAMS[found[2].casefold()] if len(may_be) == 1 else None


def _field_asked(near: dict[str, float]) -> str | None:
    """Which of FIELDS the message asks all of the products for; None where it asks for none."""
    best = max(near, key=lambda key: near[key], default="")
    asked = {key: field for field, key in WHICH.items()} | {f"ask.{field}": field for field in FIELDS}
    return asked.get(best) if best and near[best] >= FIELD else None


def _nearness(ask: Ask, products: list[Product]) -> dict[str, float]:
    """By the questions that a comparison may be asked with, how near the message is to each: the higher cosine of the
    message and of what is left of it without the products' names; empty where it has no words."""
    if ask.query.text_vector is None:
        return {}
    vectors = [ask.query.text_vector]
    rest = ask.query.text
    for product in products:
        codes = ask.query.entities.codes
        rest = without_names(rest, product.title_in(ask.language), codes, ask.language, ask.shop.language)
    if re.search(r"\w", rest) and rest != ask.query.text:
        vectors.append(ask.shop.encoder.queries([rest])[0])
    questions, asked = _questions(ask.shop.encoder, ask.shop.phrases, ask.language)
    cosines = [float(max(question @ vector for vector in vectors)) for question in asked]
    return dict(zip(questions, cosines, strict=True))


@lru_cache(maxsize=64)
def _questions(encoder: TextEncoder, phrases: Phrasebook, language: str) -> tuple[tuple[str, ...], F32]:
    """The questions by their keys, and their vectors [n, d]."""
    keys = (*WHICH.values(), *ANY, *(f"ask.{field}" for field in FIELDS))
    return keys, encoder.queries([phrases.say(language, key) for key in keys])


def _shared(ask: Ask, products: list[Product], rows: list[Row]) -> list[Sentence]:
    """What is the same of all, in one line if it is short."""
    facts = BETWEEN.join(
        ask.say("compare.row", field=_label(ask, row.field), values=row.values[0] or "") for row in rows
    )
    text = ask.say("compare.same", titles=_titles(ask, products), facts=facts)
    return [Sentence(text, tuple(product.sku for product in products))] if rows and len(text) <= MOST_SHARED else []


def _quotes(ask: Ask, products: list[Product]) -> list[Quote]:
    """The short sentences of the products' texts that hold figures, as they are; none where these are variants."""
    if len({product.description for product in products}) < len(products):
        return []
    found = []
    for product in products:
        text = product.descriptions.get(ask.language) or product.descriptions.get(ask.language.split("-")[0])
        guess = None if text else identify(product.description, LANGUAGES)
        written_in = guess.language if guess else ask.language
        foreign = written_in.split("-")[0] != ask.language.split("-")[0]
        short = [one for one in sentences(text or product.description) if len(one) <= LONGEST_QUOTE]
        for quote in [one for one in short if any(map(str.isdigit, one))][:1]:
            values = {"title": product.title_in(ask.language), "quote": quote}
            if foreign:
                values["language"] = language_name(written_in, ask.language)
            said = ask.say("product.quote_in" if foreign else "product.quote", **values)
            found.append(Quote(product.sku, said, quote))
    return found


def _cited(ask: Ask, product: Product, place: int, rows: dict[str, Row], quotes: list[Quote]) -> Citation:
    """With what the reply says of it beyond its own fields: the colours and sizes of its variants, and the quotes."""
    variants = (rows[field].values[place] for field in ("color", "size"))
    quoted = (quote.quoted for quote in quotes if quote.sku == product.sku)
    return citations.of_product(product, ask.language, *(value or "" for value in variants), *quoted)


def _line(ask: Ask, products: list[Product], row: Row) -> str:
    cells = (_cell(ask, product, value) for product, value in zip(products, row.values, strict=True))
    return ask.say("compare.row", field=_label(ask, row.field), values=BETWEEN.join(cells))


def _cell(ask: Ask, product: Product, value: str | None) -> str:
    return ask.say("compare.cell", title=product.title_in(ask.language), value=value or ask.say("compare.not_said"))


def _titles(ask: Ask, products: Sequence[Product]) -> str:
    return BETWEEN.join(product.title_in(ask.language) for product in products)


def _label(ask: Ask, field: str) -> str:
    return ask.say(f"field.{field}")
