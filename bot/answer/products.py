"""Products that are looked for: what there is, what it costs, and whether it is in stock."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.filters import beyond, within
from bot.answer.meant import (
    by_code,
    firsts,
    fits,
    looked_for,
    meant,
    named,
    pointed_out,
    unlimited,
    variants_wanted,
    with_variants,
)
from bot.messages import Intent, Needs
from bot.phrasebook import money
from knowledge.records import Product

MOST_SHOWN = 4
MOST_NEAR = 8  # of what fits best, that the nearest to a limit are taken from


def search(ask: Ask) -> Draft:
    """The products that fit the message, best first, with price and availability."""
    wanted = variants_wanted(ask)
    if wanted:
        return _variants(ask, wanted)
    found = looked_for(ask)
    free = unlimited(ask)
    # That something else is within the limit does not make it what the message names.
    if not found or (free is not ask and not named(ask) and named(free)):
        return _nearest(ask, free)
    fitting = [product for product in found if fits(product, ask)]
    if not fitting:
        return _variants(ask, found[0])
    key = "product.found_photo" if ask.query.photo_vectors is not None and not ask.query.text else "product.found"
    return shown(ask, _listed(ask, fitting)[:MOST_SHOWN], ask.query.intent, key)


def _listed(ask: Ask, fitting: list[Product]) -> list[Product]:
    """One of each kind where several fit, in stock if one is; the variants where they are of one kind, or where a
    colour, a size or a code says which."""
    entities, each = ask.query.entities, firsts(fitting)
    if len(each) < 2 or entities.colours or entities.sizes or by_code(ask):
        return fitting
    had = {one.group: one for one in reversed(fitting) if one.group and one.availability == "in_stock"}
    return [had.get(one.group or "", one) for one in each]


def _nearest(ask: Ask, free: Ask) -> Draft:
    """What fits the message but for its limits of price and stock, and that it does not fit those."""
    entities = ask.query.entities
    found = [product for product in looked_for(free) if fits(product, ask)] if free is not ask else []
    if not found:
        return nothing(ask)
    # The search keeps to the usual price; a sale may have brought one within the limit.
    fitting = [product for product in found if within(product, entities)]
    if fitting:
        return shown(ask, fitting[:MOST_SHOWN], ask.query.intent, "product.found")
    nearest = sorted(found[:MOST_NEAR], key=lambda product: beyond(product, entities))
    return shown(ask, nearest[:MOST_SHOWN], ask.query.intent, "product.none_fits")


def availability(ask: Ask) -> Draft:
    """Whether what is meant is in stock, in the colour and size that were asked for."""
    wanted = variants_wanted(ask)
    if wanted:
        return _variants(ask, wanted)
    found = by_code(ask)
    if found:
        return stated(ask, found[:MOST_SHOWN])
    if pointed := pointed_out(ask):
        return stated(ask, [pointed])
    found = meant(ask)
    return _variants(ask, found[0]) if found else nothing(ask)


def _variants(ask: Ask, product: Product) -> Draft:
    """The variants of a product that fit; where none does, says so and lists what there is."""
    every = with_variants(ask, product)
    fitting = [variant for variant in every if fits(variant, ask)]
    if fitting:
        return stated(ask, fitting[:MOST_SHOWN])
    draft = shown(ask, every[:MOST_SHOWN], ask.query.intent, "product.found")
    first = ask.say("product.variant_none", title=every[0].title_in(ask.language))
    ids = tuple(citation.id for citation in draft.citations)
    return msgspec.structs.replace(draft, sentences=(Sentence(first, ids, states=False), *draft.sentences[1:]))


def nothing(ask: Ask) -> Draft:
    """Nothing fits: about a photo, asks what it shows; otherwise offers a person."""
    if ask.query.photo_vectors is not None:
        return ask.plain(ask.say("unseen"), needs=Needs("detail"))
    return ask.not_known(ask.say("product.none"))


def shown(ask: Ask, products: Iterable[Product], intent: Intent, key: str) -> Draft:
    """A list of products under a heading."""
    products = list(products)
    lines = [product_line(ask, product) for product in products]
    return _about(ask, products, intent, (Sentence(ask.say(key)),), lines)


def product_line(ask: Ask, product: Product) -> str:
    """A product with its price and whether it is in stock."""
    return ask.say(
        "product.line",
        title=product.title_in(ask.language),
        price=money(product.price, product.currency, ask.language),
        availability=ask.say(f"availability.{product.availability}"),
    )


def stated(ask: Ask, products: list[Product]) -> Draft:
    """Whether each of the products is in stock."""
    lines = [ask.say(f"product.{product.availability}", title=product.title_in(ask.language)) for product in products]
    return _about(ask, products, ask.query.intent, (), lines)


def _about(ask: Ask, products: list[Product], intent: Intent, heading: tuple[Sentence, ...], lines: list[str]) -> Draft:
    skus = tuple(product.sku for product in products)
    return Draft(
        intent,
        msgspec.structs.replace(ask.topic, products=skus),
        (*heading, *(Sentence(line, (sku,)) for line, sku in zip(lines, skus, strict=True))),
        tuple(citations.of_product(product, ask.language) for product in products),
        products=skus,
        cards=tuple(citations.card(product, ask.language) for product in products),
        suggestions=(ask.say("suggest.delivery_time"), ask.say("suggest.return_refund")),
        confidence=ask.query.confidence,
    )
