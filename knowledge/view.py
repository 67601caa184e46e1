"""An open index with what ranking asks of it: which rows a query leaves, and what belongs to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.attributes import ANYWHERE, folded, path
from knowledge.index import Index
from knowledge.vectors import F32, I64

Mask = NDArray[np.bool_]
Kinds = frozenset[Literal["product", "article"]]
EVERY: Kinds = frozenset({"product", "article"})


@dataclass(frozen=True)
class Beside:
    """Words that come with a photo: their vector [d], less the mean of words of their language and brought to where
    the index's language has them. What they say of a product beyond `floor` counts `weight` times as much as a cosine
    of its picture."""

    vector: F32
    weight: float
    floor: float


@dataclass(frozen=True)
class Find:
    """What is looked for. Parts that are left out find nothing; those that are given add up.

    `text_vector` [d] is the query's, and `text_tokens` [t, d] are those of its tokens; `photo_vectors` [n, p] has one
    for each photo or part of one, and a product counts by the picture that fits any of them best. `beside` is what the
    words beside a photo say by themselves; where it is given the photo and it decide, and `text_vector`
    does not. `pictured` [p] is the text in the pictures' own space, where there is one: it is looked for like a photo.
    `identifiers` are SKUs, GTINs or MPNs as somebody wrote them.

    An article that has a version in `language` (BCP 47) is found by that one alone. Filters leave out other products;
    articles stay, and so does a product that is named by identifier. `color`, `size` and `categories` (a category's
    whole path, or one above it) compare without case; `price_from` and `price_to` are included, in `currency` where
    that is given; `in_stock` leaves out what can't be sent now, `country` (ISO 3166-1) what is not delivered there.
    Articles that do not hold on the day `on` (today where None) are left out. With no text, photo or identifier but a
    filter, all that it leaves are found.
    """

    text: str = ""
    text_vector: F32 | None = None
    text_tokens: F32 | None = None
    photo_vectors: F32 | None = None
    beside: Beside | None = None
    pictured: F32 | None = None
    identifiers: tuple[str, ...] = ()
    language: str | None = None
    kinds: Kinds = EVERY
    color: str | None = None
    size: str | None = None
    categories: frozenset[str] = frozenset()
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    currency: str | None = None
    in_stock: bool = False
    country: str | None = None
    on: date | None = field(default=None)


class View:
    """`live` [rows] is False where a record was retired since the index was made; None where none was."""

    def __init__(self, index: Index, live: Mask | None) -> None:
        self.index = index
        self._live = live
        # Most queries ask for one kind on one day, and a mask of a large shop takes longer to make than to use.
        self._standing = lru_cache(maxsize=64)(self._made)

    def rows_of(self, entry: int) -> I64:
        """The rows of an entry."""
        first = self.index.numbers.first
        return np.arange(first[entry], first[entry + 1])

    def allowed(self, query: Find) -> Mask:
        """The rows [rows] that the query's kinds, filters, day and language leave."""
        mask = self._standing(query.kinds, (query.on or date.today()).toordinal(), query.language)
        fitting = self._fitting(query)
        return mask if fitting is None else mask & fitting[self.index.numbers.entry]

    def pictures(self, allowed: Mask) -> Mask:
        """The pictures that show an entry whose first row is allowed."""
        numbers = self.index.numbers
        shown = allowed[numbers.first[numbers.shown]]
        return np.logical_or.reduceat(shown, numbers.shows[:-1]) if len(shown) else np.zeros(0, dtype=bool)

    def shown(self, picture: int) -> list[int]:
        """The entries that a picture shows."""
        shows = self.index.numbers.shows
        found: list[int] = self.index.numbers.shown[shows[picture] : shows[picture + 1]].tolist()
        return found

    def _made(self, kinds: Kinds, day: int, language: str | None) -> Mask:
        numbers = self.index.numbers
        mask: Mask = (numbers.begins <= day) & (numbers.ends >= day)
        if self._live is not None:
            mask &= self._live
        if kinds != EVERY:
            mask &= numbers.product[numbers.entry] == ("product" in kinds)
        if language is not None:
            mask &= self._spoken(language, mask)
        mask.setflags(write=False)
        return mask

    def _spoken(self, language: str, holding: Mask) -> Mask:
        """The rows [rows] but for those of an article that `holding` has in a language nearer to the one asked for."""
        numbers = self.index.numbers
        near = np.array([likeness(language, has) for has in self.index.languages], dtype=np.int8)
        fits = np.where(holding, near[numbers.language], -1)
        nearest = np.full(len(self.index.entries), -1, np.int8)
        np.maximum.at(nearest, numbers.entry, fits)
        spoken: Mask = numbers.product[numbers.entry] | (fits == nearest[numbers.entry])
        return spoken

    def _fitting(self, query: Find) -> Mask | None:
        """Which entries [entries] fit the filters; None where there is no filter. Articles fit all."""
        numbers, fitting = self.index.numbers, None
        for name, values in wanted(query):
            having = ~numbers.product
            for value in values:
                having[self.index.attributes.having(name, value)] = True
            fitting = having if fitting is None else fitting & having
        for limit, within in ((query.price_from, np.greater_equal), (query.price_to, np.less_equal)):
            if limit is not None:
                having = within(numbers.price, float(limit)) | ~numbers.product
                fitting = having if fitting is None else fitting & having
        return fitting


def likeness(asked: str, has: str) -> int:
    """2 for the same tag, 1 for the same language (zh-Hant and zh-CN), 0 for another."""
    asked, has = asked.casefold(), has.casefold()
    return 2 if asked == has else int(asked.split("-")[0] == has.split("-")[0])


def wanted(query: Find) -> list[tuple[str, list[str]]]:
    """For each filter of the query the values of which a product must have one."""
    asked = [
        ("color", [folded(query.color or "")]),
        ("size", [folded(query.size or "")]),
        ("category", sorted(map(path, query.categories))),
        ("currency", [query.currency or ""]),
        ("availability", ["in_stock" if query.in_stock else ""]),
        ("ships_to", [query.country.upper(), ANYWHERE] if query.country else []),
    ]
    return [(name, values) for name, values in asked if any(values)]
