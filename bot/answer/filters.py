"""What a message leaves out of a search: by price, stock, country of delivery and category."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from bot.entities import Entities
from knowledge.attributes import folded
from knowledge.records import Product
from knowledge.search import Find, Search

LOOKING = frozenset(
    {"product_search", "recommend", "compare"}
)  # the intents that limits of price and stock are meant for


def filtered(find: Find, entities: Entities, country: str | None, search: Search) -> Find:
    """The search without what the customer does not want.

    A price in a currency that the shop does not sell in sets no limit: nothing here knows the rate.
    """
    found = replace(find, in_stock=entities.in_stock, country=country)
    limits = entities.limits
    if limits is not None:
        sold = [currency for currency in limits.currencies if currency in search.values("currency")]
        if len(sold) == 1 or not limits.currencies:
            found = replace(found, price_from=limits.least, price_to=limits.most, currency=next(iter(sold), None))
    category = _category(find, search)
    return replace(found, categories=frozenset({category})) if category else found


def within(product: Product, entities: Entities) -> bool:
    """Whether the product, at the price that it has, keeps to the limits of price and stock."""
    return beyond(product, entities) == 0 and (not entities.in_stock or product.availability == "in_stock")


def beyond(product: Product, entities: Entities) -> Decimal:
    """How far the price is from the limits, in their currency; 0 within them, and in another currency."""
    limits = entities.limits
    if limits is None or (limits.currencies and product.currency not in limits.currencies):
        return Decimal(0)
    over = product.price - limits.most if limits.most is not None else Decimal(0)
    under = limits.least - product.price if limits.least is not None else Decimal(0)
    return max(over, under, Decimal(0))


def _category(find: Find, search: Search) -> str | None:
    """The category whose name the message writes out, where what fits best lies in it, too: "headphones", but not in
    "a bag for headphones"."""
    words = set(re.findall(r"\w+", folded(find.text)))
    named = [
        category
        for category in search.values("category")
        if (leaf := set(re.findall(r"\w+", category.rpartition(" > ")[2]))) and leaf <= words
    ]
    if len(named) != 1:
        return None
    within = search.find(replace(find, categories=frozenset(named)), top=1)
    best = search.find(find, top=1)
    return named[0] if within and best and within[0].record == best[0].record else None
