"""Which products a message is about: those it names, shows or describes, or those the conversation is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from bot import entities
from bot.answer.context import Ask
from bot.answer.filters import LOOKING, filtered
from bot.answer.relevance import DESCRIBED, DESCRIBED_FITTING, NAMED, PERHAPS, PHOTO_SURE, as_product
from bot.answer.titles import alike, function_words, heads, terms, without_names
from bot.entities import colour_of
from bot.goods import akin, chain, kinds, without_goods, word_for
from bot.ordinals import place, without_place
from bot.understand import short
from knowledge.records import Hit, Product
from knowledge.search import Find

LOOKED_AT = 40  # hits that colours, sizes and words are then held against
NEAR = 0.6  # of the best hit's score: what counts as found beside it
NEAR_PHOTO = 0.03  # below the best cosine of a photo: pictures of the same thing
COMMON = 0.25  # of the hits' titles: a word in more of them names none of them
MOST_SHARED = 0.6  # of the most title words that the message shares with any hit

_PARTS = re.compile(r"[.,;:!?。，；：！？、؟،؛।]+")
NAMED_WITHIN = 1.0  # in the place of NAMED where the message sets a limit: an amount leads its vector elsewhere


def meant(ask: Ask) -> list[Product]:
    """For a question about something: what the message names, else what the conversation is about, else what the
    message describes. Best first; empty where it is none of these."""
    coded = by_code(ask)
    if coded:
        return coded
    if pointed := pointed_out(ask):
        return [pointed]
    hits = _hits(ask)
    if ask.query.photo_vectors is not None:
        return _fitting_first(ask, _products(ask, _by_photo(ask, hits) or _described(ask, hits)))
    if not ask.topic.products:
        return _fitting_first(ask, _products(ask, _named(ask, hits) or _described(ask, hits)))
    if kinds_named(ask) and not surely_named(ask):
        return spoken_of(ask)
    return _fitting_first(ask, _products(ask, _named(ask, hits))) or spoken_of(ask)


def looked_for(ask: Ask) -> list[Product]:
    """For a search: what the message names, shows or describes."""
    coded = by_code(ask)
    if coded:
        return coded
    if pointed := pointed_out(ask):
        return [pointed]
    hits = _hits(ask)
    found = _by_photo(ask, hits) if ask.query.photo_vectors is not None else []
    return _fitting_first(ask, _products(ask, found or _named(ask, hits) or _described(ask, hits)))


def chosen(ask: Ask) -> Product | None:
    """The one product that a message picks which says nothing else: of those shown before by its place, its colour or
    size, a word of its title or its code; of all, where none was shown, by the last two."""
    if pointed := pointed_out(ask):
        return pointed
    spoken = spoken_of(ask)
    shown = {product.sku for product in spoken}
    picked = [
        product
        for product in by_code(ask) or _products(ask, _named(ask, _hits(ask)))
        if product.sku in shown or not shown
    ]
    fitting = [product for product in picked or spoken if _told_apart(product, ask)]
    return (fitting or picked)[0] if picked or len(fitting) == 1 else None


def _told_apart(product: Product, ask: Ask) -> bool:
    return bool(ask.query.entities.colours or ask.query.entities.sizes) and fits(product, ask)


def named(ask: Ask) -> bool:
    """Whether the message itself names a product that is sold here."""
    return bool(by_code(ask) or _named(ask, _hits(ask)))


def surely_named(ask: Ask) -> bool:
    """Whether it is sure that the message names another product than the one spoken of: by its code, by a kind of goods
    that is sold here and that the one spoken of neither is nor tells of, or since nearly all that it says describes
    one. A word that stands in a title ("waterproof") is not enough where a product is spoken of already."""
    if by_code(ask):
        return True
    named, wanted = _named(ask, _hits(ask)), kinds_named(ask)
    if wanted:
        others = wanted - _told_of(ask)
        return any(_of_kind(ask, hit, others) for hit in named)
    return any(as_product(ask, hit) >= DESCRIBED for hit in named)


def _told_of(ask: Ask) -> frozenset[str]:
    """The kinds of goods that the message names and that the products spoken of are, or tell of."""
    languages = (ask.language, ask.shop.language)
    told: set[str] = set()
    for product in spoken_of(ask):
        texts = (product.title, product.title_in(ask.language), product.description, *product.descriptions.values())
        told.update(*(kinds(text, *languages) for text in texts))
    return frozenset(kind for kind in kinds_named(ask) if any(kind in chain(one) for one in told))


def pointed_at(ask: Ask) -> bool:
    """Whether there is a product that the message names or shows, or that was spoken of before."""
    return bool(ask.topic.products or ask.query.photo_vectors is not None or named(ask))


def variants_wanted(ask: Ask) -> Product | None:
    """The product spoken of, where the message only names a colour or a size: "and in blue?"."""
    entities = ask.query.entities
    if not ask.topic.products or not (entities.colours or entities.sizes):
        return None
    if by_code(ask) or ask.query.photo_vectors is not None or _named(ask, _hits(ask)):
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
    rest = replace(ask, query=replace(ask.query, text=text), found={"products": _hits(ask)})
    shown = {product.sku for product in listed}
    others = [hit for hit in _named(rest, _hits(ask)) if hit.record not in shown]
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


def _hits(ask: Ask) -> list[Hit]:
    """The products nearest to all that the message says and shows, best first; searched for once a turn."""
    if "products" not in ask.found:
        find = Find(
            text=_in_shops_words(ask),
            text_vector=ask.query.text_vector,
            photo_vectors=ask.query.photo_vectors,
            beside=ask.query.beside,
            pictured=ask.query.pictured,
            language=ask.language,
            kinds=frozenset({"product"}),
        )
        if ask.query.intent in LOOKING:
            find = filtered(find, ask.query.entities, ask.topic.country, ask.shop.search)
        ask.found["products"] = ask.shop.search.find(find, top=LOOKED_AT)
    return ask.found["products"]


def _in_shops_words(ask: Ask) -> str:
    """The message, with what the shop's own language and English call the goods that it names."""
    languages = dict.fromkeys((ask.shop.language, "en"))
    named = [word_for(kind, of) for kind in sorted(kinds_named(ask)) for of in languages if of != ask.language]
    return " ".join((ask.query.text, *named))


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
    hits = [hit for hit in _hits(ask) if not _of_other_kind(ask, hit, wanted)]
    return _products(ask, [hit for hit in hits if as_product(ask, hit) >= PERHAPS][:3])


def without_product(ask: Ask, product: Product | None = None) -> str:
    """What is asked, without of what: the message without codes, colours and what names the product."""
    title = product.title_in(ask.language) if product else ""
    return without_names(ask.query.text, title, ask.query.entities.codes, ask.language, ask.shop.language)


def _described(ask: Ask, hits: list[Hit]) -> list[Hit]:
    """The hits that the message describes, though it need not use a word of theirs."""
    wanted, entities = kinds_named(ask), ask.query.entities
    hits = [hit for hit in hits if not _of_other_kind(ask, hit, wanted)]
    if ask.query.text_vector is None or not hits:
        return []
    sure = as_product(ask, hits[0])
    if sure < DESCRIBED_FITTING or (sure < DESCRIBED and not (entities.colours or entities.sizes)):
        return []
    near = [hit for hit in hits if hit.score >= NEAR * hits[0].score]
    # That what was asked for comes in the colour or size that was asked for speaks for it.
    return near if sure >= DESCRIBED or any(fits(product, ask) for product in _products(ask, near[:4])) else []


def _named(ask: Ask, hits: list[Hit]) -> list[Hit]:
    if "named" not in ask.found:
        ask.found["named"] = _named_among(ask, hits)
    return ask.found["named"]


def _named_among(ask: Ask, hits: list[Hit]) -> list[Hit]:
    """The hits whose title names a kind of goods that the message names, or has most of the words that set it apart
    and is near to it as well. Of both where there are such; a thing of another kind than is named is never one."""
    if ask.query.text_vector is None:
        return []
    wanted = kinds_named(ask)
    # Sandals, where sandals are asked for; where there are none, what may be called shoes in general.
    of_kind = [hit for hit in hits if _of_kind(ask, hit, wanted)] or [hit for hit in hits if _broader(ask, hit, wanted)]
    # "The battery of the Aura Pro": of the batteries that are sold none is meant.
    spelt = _by_words(ask, [hit for hit in hits if not _of_other_kind(ask, hit, wanted)])
    tells = [hit for hit in spelt if hit not in of_kind and _tells_of(ask, hit, wanted)]
    both = _by_words(ask, of_kind, without_kinds=True)
    return both or tells or of_kind or spelt


def kinds_named(ask: Ask) -> frozenset[str]:
    """The kinds of goods that the message names, whether they are sold here or not."""
    return kinds(ask.query.text, ask.language)


def _of_kind(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    return bool(wanted) and any(one in chain(kind) for kind in _is(ask, hit) for one in wanted)


def _broader(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    return bool(wanted) and any(kind in chain(one) for kind in _is(ask, hit) for one in wanted)


def _is(ask: Ask, hit: Hit) -> frozenset[str]:
    """The kinds of goods that a hit is one of, by its titles, else its category; read once for all hits."""
    if hit.record not in ask.kinds:
        for product in _products(ask, _hits(ask)):
            ask.kinds[product.sku] = kinds_of(ask, product)
    return ask.kinds.get(hit.record, frozenset())


def kinds_of(ask: Ask, product: Product) -> frozenset[str]:
    """The kinds of goods that a product is one of."""
    own, feeds = heads(product.title_in(ask.language), ask.language), heads(product.title, ask.shop.language)
    return own | feeds or heads((product.category or "").rpartition(" > ")[2], ask.shop.language)


def _tells_of(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    """Whether the text of a hit names all that the message names."""
    text = f"{hit.title}\n{hit.passage.text}" if hit.passage else hit.title
    told = kinds(text, ask.language, ask.shop.language)
    return all(any(akin(kind, one) for one in told) for kind in wanted)


def _of_other_kind(ask: Ask, hit: Hit, wanted: frozenset[str]) -> bool:
    """Whether a hit is a thing of another kind than all that the message names, and says nothing of those."""
    mine = _is(ask, hit) if wanted else frozenset()
    if not mine or any(akin(kind, one) for kind in mine for one in wanted):
        return False
    return not _tells_of(ask, hit, wanted)


def _by_words(ask: Ask, hits: list[Hit], without_kinds: bool = False) -> list[Hit]:
    """The hits of whose title the message has most of the words that set it apart, and that it is near to as well.

    Args:
        without_kinds: words that only say of what kind a thing is do not count.
    """
    titles = [terms(hit.title) for hit in hits]
    # Variants share a title but for colour and size; what they share still sets them apart from the others.
    different = {frozenset(title) for title in titles}
    seen = Counter(term for title in different for term in title)
    rare = {term for term, times in seen.items() if times <= max(3, COMMON * len(different))}
    text = without_goods(ask.query.text, ask.language) if without_kinds else ask.query.text
    words = {word for word in terms(text) - function_words() if colour_of(word) is None}
    shared = [
        sum(any(word[0] == term[0] and alike(word, term) for word in words) for term in title & rare)
        for title in titles
    ]
    most = max(shared, default=0)
    least = NAMED if ask.query.entities.limits is None else NAMED_WITHIN
    return [
        hit
        for hit, count in zip(hits, shared, strict=True)
        if count and count >= MOST_SHARED * most and (count > 1 or as_product(ask, hit) >= least)
    ]
