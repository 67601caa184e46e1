"""What the shop recommends: what goes with a product, what is like it, what a customer may want; each with its why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from bot.answer import citations
from bot.answer.attributes import FIELDS
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.filters import within
from bot.answer.meant import (
    firsts,
    fits,
    looked_for,
    meant,
    named,
    pointed_at,
    unlimited,
    variants_wanted,
    with_variants,
    without_product,
)
from bot.answer.naming import kinds_named
from bot.answer.ownership import owns
from bot.answer.products import product_line
from bot.answer.relevance import FIELD, SURE, as_product
from bot.intents import INTENTS
from bot.messages import Citation, Needs
from bot.phrasebook import Phrasebook, money
from bot.seams import F32, TextEncoder
from knowledge.recommend import Asked, Recommendation, Recommender
from knowledge.records import Hit, Product, Source

Wish = Literal["goes_with", "similar"]

MOST = 3  # recommended at once
MOST_ABOUT = 4  # products that a question is about
INSTEAD = 2  # offered in place of what is out of stock
SUITS = 0.5  # by `as_product`: likelier than what is popular to suit who says for whom or what it is to be
LOOKED_THROUGH = 20  # recommendations that what the message asks for is then held against
# From which cosine of two texts, or pictures, a thing is like another: of one main category, and of others. Whatever
# is asked of, something is nearest; in a small shop it may be a bucket to a backpack.
LIKE, LIKE_ELSEWHERE = 0.9, 0.92
LOOKS, LOOKS_ELSEWHERE = 0.6, 0.75

# Phrases that ask for each, and last of them those that ask for something else, as vectors to compare with.
_ASKS = ("ask.goes_with", "ask.bought_with", "ask.similar", "ask.alternative", "ask.recommend", "ask.sold")
AHEAD, AHEAD_IN_INTENT = 0.015, 0.005  # cosine before all that is something else, and where the intent says so already


def recommended(ask: Ask) -> Draft | None:
    """What is recommended to a message that asks for it; None where what it wants is looked for instead."""
    recommender = ask.shop.recommender
    if recommender is None or ask.query.text_vector is None or variants_wanted(ask):
        return None
    about = firsts(meant(unlimited(ask)))
    wish = _wish(ask, about[0] if about else None)
    if about and wish is None and ask.query.intent == "recommend" and _gone(ask, about[0]) and pointed_at(ask):
        wish = "similar"
    if wish and not about:
        return ask.plain(ask.say("product.name_it"), intent="recommend", needs=Needs("detail"))
    if wish:
        return _told(ask, _of_products(ask, recommender, about, wish))
    shown = ask.query.photo_vectors is not None and looked_for(ask)
    if ask.query.intent != "recommend" or shown or named(ask):
        return None
    if ask.query.confidence < SURE and not _open(ask):
        return None  # a guess: it may be about anything
    return _told(ask, _personal(ask, recommender))


def with_others(ask: Ask, draft: Draft) -> Draft:
    """The reply, and where all that it shows is out of stock, something similar that is not."""
    recommender = ask.shop.recommender
    shown = ask.products(draft.products) if recommender else []
    if recommender is None or not shown or any(product.availability != "out_of_stock" for product in shown):
        return draft
    lines, cited, products = _other_variants(ask, shown[0])
    if not lines:
        found = recommender.similar(shown[0].sku, _asked(ask))
        lines, cited, products = _lines(ask, [one for one in found if _is_alike(ask, one)][:INSTEAD])
    if not lines:
        return draft
    more = {citation.id: citation for citation in (*draft.citations, *cited)}
    return msgspec.structs.replace(
        draft,
        sentences=(*draft.sentences, Sentence(ask.say("recommend.instead")), *lines),
        citations=tuple(more.values()),
        products=(*draft.products, *(product.sku for product in products)),
        cards=(*draft.cards, *(citations.card(product, ask.language) for product in products)),
    )


def _other_variants(ask: Ask, gone: Product) -> tuple[list[Sentence], list[Citation], list[Product]]:
    """The same thing in other colours, or of other materials, that can be had in the same size."""
    had = [one for one in with_variants(ask, gone) if one.availability != "out_of_stock" and one.size == gone.size]
    lines = [Sentence(product_line(ask, one), (one.sku,)) for one in had[:MOST]]
    return lines, [citations.of_product(one, ask.language) for one in had[:MOST]], had[:MOST]


def _of_products(
    ask: Ask, recommender: Recommender, about: Sequence[Product], wish: Wish
) -> tuple[list[Recommendation], Draft | None]:
    """What goes with these products, or else what is like them; and what to say where there is neither."""
    skus = [product.sku for product in about[:MOST_ABOUT]]
    # What was shown already is nothing new.
    shown = ask.topic.products if skus[0] in ask.topic.products else ()
    found: list[Recommendation] = []
    if wish == "goes_with":
        found = _fitting(ask, lambda asked: recommender.goes_with(skus, asked), without=shown)
    if not found:
        found = _fitting(ask, lambda asked: recommender.similar(skus[0], asked), without=shown)
    return found, ask.not_known(ask.say("product.none"))


def _personal(ask: Ask, recommender: Recommender) -> tuple[list[Recommendation], Draft | None]:
    """What the customer may want. Somebody who is not signed in is known by this conversation alone."""
    shown = ask.topic.products
    # What was recommended before was our idea, and says nothing of what is looked for.
    about = [*_proven(ask), *(reversed(shown) if ask.topic.intent != "recommend" else ())]
    interest = ask.query.text_vector if not _open(ask) else None
    found = _fitting(ask, lambda asked: recommender.personal(asked, about, interest), without=shown)
    # Where the conversation leads to nothing that is like it enough, there is still what is popular.
    return found or _fitting(ask, recommender.personal, without=(*about, *shown)), None


def _open(ask: Ask) -> bool:
    """Whether the message only asks what is recommended, and says nothing of what it is to be."""
    assert ask.query.text_vector is not None
    cosines = _asks(ask.shop.encoder, ask.shop.phrases, ask.language) @ ask.query.text_vector
    return float(cosines[_ASKS.index("ask.recommend")]) >= FIELD


def _proven(ask: Ask) -> list[str]:
    """SKUs of the orders that were proven, in this conversation, to be the asker's own."""
    orders = [ask.shop.store.order(name) for name in ask.topic.proven]
    return [line.sku for order in orders if order and owns(ask, order) for line in order.lines]


def _asked(ask: Ask, without: Sequence[str] = ()) -> Asked:
    """For whom it is. Only who signed in is recommended anything by their orders."""
    return Asked(customer=ask.message.customer, country=ask.topic.country, top=LOOKED_THROUGH, without=tuple(without))


def _fitting(
    ask: Ask, find: Callable[[Asked], list[Recommendation]], without: Sequence[str] = ()
) -> list[Recommendation]:
    """The best that keep to the limits, the colour and the size that the message names, and are like enough."""
    found = find(_asked(ask, without))
    products = {product.sku: product for product in ask.products([one.sku for one in found])}
    return [one for one in found if _keeps(ask, products.get(one.sku)) and _is_alike(ask, one)][:MOST]


def _keeps(ask: Ask, product: Product | None) -> bool:
    return product is not None and within(product, ask.query.entities) and fits(product, ask)


def _is_alike(ask: Ask, one: Recommendation) -> bool:
    """Whether a thing is like what it is recommended for, where that is the reason."""
    why = one.why
    if why.kind == "fits_interest" and not why.about:
        nearest = Hit(one.sku, "product", "", 0.0, Source(dense=why.likeness))
        return as_product(ask, nearest) >= SUITS
    if why.kind not in ("similar_to", "looks_like", "fits_interest", "like_bought"):
        return True
    mains = {(product.category or "").partition(" > ")[0] for product in ask.products([one.sku, why.about])}
    within_one = len(mains) == 1 and mains != {""}
    if why.kind == "looks_like":
        return why.likeness >= (LOOKS if within_one else LOOKS_ELSEWHERE)
    return why.likeness >= (LIKE if within_one else LIKE_ELSEWHERE)


def _told(ask: Ask, found: tuple[list[Recommendation], Draft | None]) -> Draft:
    lines, cited, products = _lines(ask, found[0])
    if not lines:
        return found[1] or ask.not_known()
    skus = tuple(product.sku for product in products)
    return Draft(
        "recommend",
        msgspec.structs.replace(ask.topic, products=skus),
        (Sentence(ask.say("recommend.found")), *lines),
        tuple(cited),
        products=skus,
        cards=tuple(citations.card(product, ask.language) for product in products),
        suggestions=(ask.say("suggest.delivery_time"), ask.say("suggest.return_refund")),
        confidence=ask.query.confidence,
    )


def _lines(ask: Ask, found: Iterable[Recommendation]) -> tuple[list[Sentence], list[Citation], list[Product]]:
    """A line for each, with its price and why; the citations of all that the lines name; and what is recommended."""
    found = list(found)
    named = [sku for one in found for sku in (one.sku, one.why.about, one.why.via) if sku]
    known = {product.sku: product for product in ask.products(named)}
    lines: list[Sentence] = []
    cited: dict[str, Citation] = {}
    products: list[Product] = []
    for one in found:
        product, why = known.get(one.sku), one.why
        if product is None:
            continue
        category = why.about.rpartition(" > ")[2] if why.kind == "popular_in" else ""
        others = [known[sku] for sku in dict.fromkeys((why.about, why.via)) if sku in known]
        reason = ask.say(
            f"recommend.{why.kind}",
            product=_title(ask, known.get(why.about)),
            via=_title(ask, known.get(why.via)),
            category=category,
        )
        price = money(product.price, product.currency, ask.language)
        line = ask.say("recommend.line", title=product.title_in(ask.language), price=price, why=reason)
        lines.append(Sentence(line, (product.sku, *(other.sku for other in others if other.sku != product.sku))))
        cited |= {other.sku: citations.of_product(other, ask.language) for other in others if other.sku not in cited}
        cited[product.sku] = citations.of_product(product, ask.language, category)
        products.append(product)
    return lines, list(cited.values()), products


def _title(ask: Ask, product: Product | None) -> str:
    return product.title_in(ask.language) if product else ""


def _wish(ask: Ask, about: Product | None) -> Wish | None:
    """Whether the message asks what goes with something or what is like it, by the phrases that ask for that in its
    language. "What goes well with the travel mug?" is near to "What goes well with it?" only without the mug."""
    assert ask.query.text_vector is not None
    asks = _asks(ask.shop.encoder, ask.shop.phrases, ask.language)
    rest = without_product(ask, about) if about else ""
    vectors = [ask.query.text_vector]
    if rest and rest != ask.query.text:
        vectors.append(ask.shop.encoder.queries([rest])[0])
    return next((wish for vector in reversed(vectors) if (wish := _nearest(asks @ vector, ask))), None)


def _nearest(cosines: F32, ask: Ask) -> Wish | None:
    """The wish that stands out among the cosines with the phrases of `_asks`, if one does."""
    goes_with, similar = float(cosines[:2].max()), float(cosines[2:4].max())
    said: Wish = "goes_with" if goes_with > similar else "similar"
    best, second = max(goes_with, similar), min(goes_with, similar)
    if best >= FIELD and best - max(second, float(cosines[4:].max())) >= AHEAD:
        return said
    chances = ask.query.intents
    likely = chances is not None and INTENTS[int(chances.argmax())] == "recommend" and pointed_at(ask)
    likely = likely and not kinds_named(ask)  # "and a good knife?" asks for one
    return said if likely and best - max(second, float(cosines[4:6].max())) >= AHEAD_IN_INTENT else None


@lru_cache(maxsize=64)
def _asks(encoder: TextEncoder, phrases: Phrasebook, language: str) -> F32:
    """The phrases of _ASKS, then the questions that a product's fields answer, as vectors [phrases, d]."""
    return encoder.queries([phrases.say(language, key) for key in (*_ASKS, *(f"ask.{field}" for field in FIELDS))])


def _gone(ask: Ask, product: Product) -> bool:
    """Whether neither the product nor a variant of it can be had now."""
    return all(variant.availability == "out_of_stock" for variant in with_variants(ask, product))
