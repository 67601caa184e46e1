"""Products that are looked for: by words, by photo, by number, or as a variant of the one spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.relevance import NAMES_PRODUCT, PHOTO_SURE, PRODUCT, is_relevant
from bot.entities import colour_of
from bot.messages import Intent, Needs
from bot.phrasebook import money
from knowledge.records import Product
from knowledge.search import Find

MOST_SHOWN = 4
SHORT_WORDS = 5  # a follow-up such as "do you have it in blue?"
LOOKED_AT = 40  # hits that colours and sizes are then held against


def search(ask: Ask) -> Draft:
    """The products that fit the message, best first, with price and availability."""
    wanted = _variants_wanted(ask)
    if wanted:
        return _variants(ask, wanted)
    found = candidates(ask)
    if not found:
        return nothing(ask)
    fitting = [product for product in found if fits(product, ask)]
    if not fitting:
        return _variants(ask, found[0])
    key = "product.found_photo" if ask.query.photo_vectors is not None and not ask.query.text else "product.found"
    return shown(ask, fitting[:MOST_SHOWN], ask.query.intent, key)


def availability(ask: Ask) -> Draft:
    """Whether what is meant is in stock, in the colour and size that were asked for."""
    wanted = _variants_wanted(ask)
    if wanted:
        return _variants(ask, wanted)
    found = candidates(ask) or spoken_of(ask)
    if not found:
        return nothing(ask)
    # One product is asked about: its variants, not everything that is alike.
    alike = [product for product in _with_variants(ask, found[0]) if fits(product, ask)]
    alike = alike or [product for product in found if fits(product, ask)]
    if not alike:
        return _variants(ask, found[0])
    return stated(ask, alike[:MOST_SHOWN])


def candidates(ask: Ask) -> list[Product]:
    """The products that the message itself names or shows, best first; empty where it does neither clearly."""
    named = ask.shop.store.products(ask.named("product"))
    if named:
        return named
    query = ask.query
    hits = ask.shop.search.find(
        Find(
            text=query.text,
            text_vector=query.text_vector,
            photo_vectors=query.photo_vectors,
            language=ask.language,
            kinds=frozenset({"product"}),
        ),
        top=LOOKED_AT,
    )
    if not hits:
        return []
    if query.photo_vectors is not None:
        sure = [hit for hit in hits if (hit.source.photo or 0.0) >= PHOTO_SURE]
        hits = sure or (hits if is_relevant(ask, hits[0], PRODUCT) else [])
    elif not is_relevant(ask, hits[0], PRODUCT):
        return []
    best = hits[0].score
    return ask.shop.store.products([hit.record for hit in hits if hit.score >= NEAR * best or _filtered(ask)])


NEAR = 0.6  # of the best hit's score: what is shown beside it


def _filtered(ask: Ask) -> bool:
    return bool(ask.query.entities.colours or ask.query.entities.sizes)


def spoken_of(ask: Ask) -> list[Product]:
    """The products that the conversation is about."""
    return ask.shop.store.products(ask.topic.products)


def fits(product: Product, ask: Ask) -> bool:
    """Whether the product has the colour and the size that the message names, if it names any."""
    colours, sizes = ask.query.entities.colours, ask.query.entities.sizes
    return (not colours or (product.color is not None and colour_of(product.color) in colours)) and (
        not sizes or (product.size is not None and product.size.casefold() in {size.casefold() for size in sizes})
    )


def _variants_wanted(ask: Ask) -> Product | None:
    """The product spoken of, where the message only names a colour or a size: "and in blue?"."""
    if not ask.topic.products or ask.named("product") or ask.query.photo_vectors is not None:
        return None
    if not _filtered(ask) or _names_product(ask):
        return None
    return next(iter(spoken_of(ask)), None)


def _names_product(ask: Ask) -> bool:
    """Whether words of the message, colours and sizes aside, are rare words of the shop's own product texts."""
    words = re.findall(r"\w+", ask.query.text)
    rest = " ".join(word for word in words if colour_of(word) is None)
    found = ask.shop.search.find(Find(text=rest, language=ask.language, kinds=frozenset({"product"})), top=1)
    return bool(found) and found[0].score >= NAMES_PRODUCT


def _with_variants(ask: Ask, product: Product) -> list[Product]:
    return ask.shop.store.variants(product.group) if product.group else [product]


def _variants(ask: Ask, product: Product) -> Draft:
    """The variants of a product that fit; where none does, says so and lists what there is."""
    every = _with_variants(ask, product)
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
    lines = [
        ask.say(
            "product.line",
            title=product.title_in(ask.language),
            price=money(product.price, product.currency, ask.language),
            availability=ask.say(f"availability.{product.availability}"),
        )
        for product in products
    ]
    return _about(ask, products, intent, (Sentence(ask.say(key)),), lines)


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
