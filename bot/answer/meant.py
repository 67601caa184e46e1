"""Which products a message is about: those it names, shows or describes, or those the conversation is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from bot import entities
from bot.answer.context import Ask
from bot.answer.naming import hits_of, kinds_named, kinds_of, named_hits, of_kind, of_other_kind, told_by
from bot.answer.relevance import DESCRIBED, DESCRIBED_FITTING, PERHAPS, PHOTO_SURE, as_product
from bot.answer.titles import without_names
from bot.entities import colour_of
from bot.goods import akin, chain
from bot.ordinals import place, without_place
from bot.understand import short
from knowledge.records import Hit, Product

NEAR = 0.6  # of the best hit's score: what counts as found beside it
NEAR_PHOTO = 0.03  # below the best cosine of a photo: pictures of the same thing

_PARTS = re.compile(r"[.,;:!?。，；：！？、؟،؛।]+")


def meant(ask: Ask) -> list[Product]:
    """For a question about something: what the message names, else what the conversation is about, else what the
    message describes. Best first; empty where it is none of these."""
    coded = by_code(ask)
    if coded:
        return coded
    if pointed := pointed_out(ask):
        return [pointed]
    hits = hits_of(ask)
    if ask.query.photo_vectors is not None:
        return _fitting_first(ask, _products(ask, _by_photo(ask, hits) or _described(ask, hits)))
    if not ask.topic.products:
        return _fitting_first(ask, _products(ask, named_hits(ask, hits) or _described(ask, hits)))
    if kinds_named(ask) and not surely_named(ask):
        return spoken_of(ask)
    return _fitting_first(ask, _products(ask, named_hits(ask, hits))) or spoken_of(ask)


def looked_for(ask: Ask) -> list[Product]:
    """For a search: what the message names, shows or describes."""
    coded = by_code(ask)
    if coded:
        return coded
    if pointed := pointed_out(ask):
        return [pointed]
    hits = hits_of(ask)
    found = _by_photo(ask, hits) if ask.query.photo_vectors is not None else []
    return _fitting_first(ask, _products(ask, found or named_hits(ask, hits) or _described(ask, hits)))


def chosen(ask: Ask) -> Product | None:
    """The one product that a message picks which says nothing else: of those shown before by its place, its colour or
    size, a word of its title or its code; of all, where none was shown, by the last two."""
    if pointed := pointed_out(ask):
        return pointed
    spoken = spoken_of(ask)
    shown = {product.sku for product in spoken}
    picked = [
        product
        for product in by_code(ask) or _products(ask, named_hits(ask, hits_of(ask)))
        if product.sku in shown or not shown
    ]
    fitting = [product for product in picked or spoken if _told_apart(product, ask)]
    return (fitting or picked)[0] if picked or len(fitting) == 1 else None


def _told_apart(product: Product, ask: Ask) -> bool:
    return bool(ask.query.entities.colours or ask.query.entities.sizes) and fits(product, ask)


def named(ask: Ask) -> bool:
    """Whether the message itself names a product that is sold here."""
    return bool(by_code(ask) or named_hits(ask, hits_of(ask)))


def surely_named(ask: Ask) -> bool:
    """Whether it is sure that the message names another product than the one spoken of: by its code, by a kind of goods
    that is sold here and that the one spoken of neither is nor tells of, or since nearly all that it says describes
    one. A word that stands in a title ("waterproof") is not enough where a product is spoken of already."""
    if by_code(ask):
        return True
    named, wanted = named_hits(ask, hits_of(ask)), kinds_named(ask)
    if wanted:
        others = wanted - _told_of(ask)
        return any(of_kind(ask, hit, others) for hit in named)
    return any(as_product(ask, hit) >= DESCRIBED for hit in named)


def _told_of(ask: Ask) -> frozenset[str]:
    """The kinds of goods that the message names and that the products spoken of are, or tell of."""
    own: set[str] = set()
    told: set[str] = set()
    for product in spoken_of(ask):
        own |= kinds_of(ask, product)
        told |= told_by(ask, product)
    told = {kind for kind in told if not any(akin(kind, one) for one in own)}
    return frozenset(
        kind
        for kind in kinds_named(ask)
        if any(kind in chain(one) for one in own) or any(akin(kind, one) for one in told)
    )


def pointed_at(ask: Ask) -> bool:
    """Whether there is a product that the message names or shows, or that was spoken of before."""
    return bool(ask.topic.products or ask.query.photo_vectors is not None or named(ask))


def variants_wanted(ask: Ask) -> Product | None:
    """The product spoken of, where the message only names a colour or a size: "and in blue?"."""
    entities = ask.query.entities
    if not ask.topic.products or not (entities.colours or entities.sizes):
        return None
    if by_code(ask) or ask.query.photo_vectors is not None or named_hits(ask, hits_of(ask)):
        return None
    return next(iter(spoken_of(ask)), None)


def by_code(ask: Ask) -> list[Product]:
    """What the message names by SKU, GTIN or model number, or shows the barcode of."""
    return ask.products(ask.named("product"))


def spoken_of(ask: Ask) -> list[Product]:
    """What the conversation is about and is still sold."""
    live = ask.shop.store.live(ask.topic.products)
    return [product for product in ask.products(ask.topic.products) if product.sku in live]


def pointed_out(ask: Ask) -> Product | None:
    """Which of the products that were shown before the message points at: "the second one". Said in a few words, or in
    the few of one part: "no, not that one, the first one. Can it go in the dishwasher?"."""
    if len(ask.topic.listed) < 2 or ask.query.photo_vectors is not None:
        return None
    live = ask.shop.store.live(ask.topic.listed)
    listed = [product for product in ask.products(ask.topic.listed) if product.sku in live]
    parts = (
        [ask.query.text] if short(ask.query.text) else [part for part in _PARTS.split(ask.query.text) if short(part)]
    )
    pointing = [(part, at) for part in parts if (at := place(part, ask.language, len(listed))) is not None]
    if len(pointing) != 1:
        return None
    part, at = pointing[0]
    text = without_place(part, ask.language)
    rest = replace(ask, query=replace(ask.query, text=text), found={"products": hits_of(ask)})
    shown = {product.sku for product in listed}
    others = [hit for hit in named_hits(rest, hits_of(ask)) if hit.record not in shown]
    return None if others else listed[at]


def fits(product: Product, ask: Ask) -> bool:
    """Whether the product has the colour and the size that the message names, if it names any."""
    colours, sizes = ask.query.entities.colours, ask.query.entities.sizes
    return (not colours or bool(_colours(product) & set(colours))) and (
        not sizes or (product.size is not None and product.size.casefold() in {size.casefold() for size in sizes})
    )


def _colours(product: Product) -> set[str]:
    """The product's colour, or where the feed has no such field, those that its title names."""
    if product.color:
        return {found for part in re.split(r"[/,;&]", product.color) if (found := colour_of(part))}
    return set(entities.find(product.title, "en", frozenset()).colours)


def with_variants(ask: Ask, product: Product) -> list[Product]:
    """The product and those that differ from it in colour, size or material alone."""
    return ask.variants(product.group) if product.group else [product]


def firsts(products: Iterable[Product]) -> list[Product]:
    """The first of each group of variants."""
    found: dict[str, Product] = {}
    for product in products:
        found.setdefault(product.group or product.sku, product)
    return list(found.values())


def unlimited(ask: Ask) -> Ask:
    """The turn without what the message says that a thing may cost, and that it must be in stock."""
    query = ask.query
    if query.entities.limits is None and not query.entities.in_stock:
        return ask
    limits = query.entities.limits
    if limits:
        limits = msgspec.structs.replace(limits, least=None, most=None, currencies=())
    free = msgspec.structs.replace(query.entities, limits=limits, in_stock=False)
    return replace(ask, query=replace(query, entities=free), found={})


def _products(ask: Ask, hits: Iterable[Hit]) -> list[Product]:
    return ask.products([hit.record for hit in hits])


def _fitting_first(ask: Ask, products: list[Product]) -> list[Product]:
    return sorted(products, key=lambda product: not fits(product, ask))


def _by_photo(ask: Ask, hits: list[Hit]) -> list[Hit]:
    best = max((hit.source.photo or 0.0 for hit in hits), default=0.0)
    return [hit for hit in hits if (hit.source.photo or 0.0) >= max(PHOTO_SURE, best - NEAR_PHOTO)]


def described_weakly(ask: Ask) -> list[Product]:
    """What the message may describe, to be asked back."""
    wanted = kinds_named(ask)
    hits = [hit for hit in hits_of(ask) if not of_other_kind(ask, hit, wanted)]
    return _products(ask, [hit for hit in hits if as_product(ask, hit) >= PERHAPS][:3])


def without_product(ask: Ask, product: Product | None = None) -> str:
    """What is asked, without of what: the message without codes, colours and what names the product."""
    title = product.title_in(ask.language) if product else ""
    return without_names(ask.query.text, title, ask.query.entities.codes, ask.language, ask.shop.language)


def _described(ask: Ask, hits: list[Hit]) -> list[Hit]:
    """The hits that the message describes, though it need not use a word of theirs."""
    wanted, entities = kinds_named(ask), ask.query.entities
    hits = [hit for hit in hits if not of_other_kind(ask, hit, wanted)]
    if ask.query.text_vector is None or not hits:
        return []
    sure = as_product(ask, hits[0])
    if sure < DESCRIBED_FITTING or (sure < DESCRIBED and not (entities.colours or entities.sizes)):
        return []
    near = [hit for hit in hits if hit.score >= NEAR * hits[0].score]
    # That what was asked for comes in the colour or size that was asked for speaks for it.
    return near if sure >= DESCRIBED or any(fits(product, ask) for product in _products(ask, near[:4])) else []
