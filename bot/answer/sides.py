"""Which products a message sets against each other: those that it names, and those that were spoken of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.answer.context import Ask
from bot.answer.meant import by_code, fits, spoken_of, with_variants
from bot.answer.naming import hits_of, kinds_named, kinds_of
from bot.answer.relevance import as_product
from bot.answer.titles import alike, function_words, terms
from bot.entities import colour_of
from bot.goods import akin, found, same
from bot.named_words import plain
from knowledge.records import Product

MOST = 4  # products side by side
NEAR = 0.0  # by `as_product`, where only words of the title are in the message
COMMON = 0.25  # of the titles found: a word in more of them names none of them
SAID = 1 / 3  # of the words that set a title apart, from where on the message names it
SAID_OF_OTHER = 1 / 2  # the same, where the message names a kind of goods, and the title another

_KIND = "kind "  # before the kinds of goods among what names a product


def sides(ask: Ask) -> list[Product]:
    """What the message compares, two to MOST products, one of each group of variants, or variants of one product where
    the message names these; empty where it compares nothing."""
    coded = by_code(ask)
    if len(coded) >= 2:
        return coded[:MOST]
    spoken = apart(spoken_of(ask))
    candidates = _candidates(ask)
    about = apart([*coded, *_each(ask, candidates)])
    variants = _variants(ask, about or spoken)
    if variants:
        return variants
    if len(about) >= 2:
        return about[:MOST]
    every = apart([*spoken, *about])
    if len(every) > MOST:
        every = [*spoken[: MOST - len(about)], *about]
    return every if len(every) >= 2 else _of_one_kind(candidates)


def named_apart(ask: Ask) -> list[Product]:
    """The products that the message itself names, each by its code or by what names no other of them."""
    return apart([*by_code(ask), *_each(ask, _candidates(ask))])


def apart(products: Iterable[Product]) -> list[Product]:
    """The first of all that differ from each other in colour and size alone. A group may hold more than such: "Aura
    One" and "Aura Pro"."""
    first: dict[tuple[str, frozenset[str]], Product] = {}
    for product in products:
        title = frozenset(term for term in terms(product.title) if colour_of(term) is None)
        first.setdefault((product.group, title) if product.group else (product.sku, frozenset()), product)
    return list(first.values())


@dataclass(frozen=True)
class _Candidate:
    """A product, and what of the message names it."""

    product: Product
    marks: frozenset[str]
    of_kind: bool


def _each(ask: Ask, candidates: list[_Candidate]) -> list[Product]:
    """Those that are named, each by something that names no other of them: "the leather or the cotton belt"."""
    left = list(candidates)
    chosen: list[_Candidate] = []
    told: set[str] = set()
    while left and len(chosen) < MOST:
        best = max(left, key=lambda one: len(one.marks - told))
        if not best.marks - told:
            break
        chosen.append(best)
        told |= best.marks
        left.remove(best)
    return [one.product for one in sorted(chosen, key=lambda one: _place(ask, one, chosen))]


def _place(ask: Ask, candidate: _Candidate, chosen: list[_Candidate]) -> int:
    """Where in the message stands what names this one and no other of those chosen; behind all if nowhere."""
    text = plain(ask.query.text).casefold()
    own = candidate.marks.difference(*(one.marks for one in chosen if one is not candidate))
    kinds = [one.start for one in found(text, ask.language) if f"{_KIND}{one.kind}" in own]
    words = [at for mark in own if (at := text.find(mark)) >= 0]
    return min((*kinds, *words), default=len(text))


def _of_one_kind(candidates: list[_Candidate]) -> list[Product]:
    """All that the message names alike, where these are few: "the two kettles"."""
    best = max((one.marks for one in candidates), key=len, default=frozenset())
    alike_named = [one.product for one in candidates if one.of_kind and one.marks == best]
    return alike_named if 2 <= len(alike_named) <= MOST else []


def _variants(ask: Ask, about: list[Product]) -> list[Product]:
    """The variants of the one product meant, where the message names several colours or sizes: one of each."""
    entities = ask.query.entities
    if len(about) != 1 or (len(entities.colours) < 2 and len(entities.sizes) < 2):
        return []
    each: dict[tuple[str, str], Product] = {}
    for variant in with_variants(ask, about[0]):
        if fits(variant, ask) and len(apart([variant, about[0]])) == 1:
            colour = variant.color if len(entities.colours) >= 2 else ""
            size = variant.size if len(entities.sizes) >= 2 else ""
            each.setdefault((colour or "", size or ""), variant)
    return list(each.values())[:MOST] if len(each) >= 2 else []


def _candidates(ask: Ask) -> list[_Candidate]:
    """What the message names by its kind of goods or by words of its title; nearest first, one of all variants."""
    if ask.query.text_vector is None:
        return []
    near = {hit.record: as_product(ask, hit) >= NEAR for hit in hits_of(ask)}
    products = ask.products(list(near))
    products = apart(sorted(products, key=lambda one: (not fits(one, ask), one.availability != "in_stock")))
    titles = [_titles(ask, product) for product in products]
    seen = Counter(term for title in titles for term in frozenset().union(*map(terms, title)))
    common = frozenset(term for term, times in seen.items() if times > max(3, COMMON * len(titles)))
    candidates = (_candidate(ask, *pair, common) for pair in zip(products, titles, strict=True))
    return [one for one in candidates if one and one.marks and (one.of_kind or near[one.product.sku])]


def _candidate(ask: Ask, product: Product, titles: tuple[str, ...], common: frozenset[str]) -> _Candidate | None:
    wanted, mine = kinds_named(ask), kinds_of(ask, product)
    kinds = frozenset(f"{_KIND}{one}" for one in wanted if any(same(one, kind) for kind in mine))
    said = [_said(_text(ask), title, common) for title in titles]
    other = bool(mine and wanted) and not any(akin(one, kind) for kind in mine for one in wanted)
    if not kinds and max(share for _, share in said) < (SAID_OF_OTHER if other else SAID):
        return None
    words = frozenset().union(*(words for words, _ in said))
    return _Candidate(product, kinds | words, bool(kinds))


def _said(text: str, title: str, common: frozenset[str]) -> tuple[frozenset[str], float]:
    """The words of the message that are of the title, and how much of what sets the title apart they are."""
    grammar = function_words()
    own = [term for term in terms(title) - common - grammar if colour_of(term) is None]
    words = [word for word in terms(text) - grammar if colour_of(word) is None]
    told = [(word, term) for term in own for word in words if word[0] == term[0] and alike(word, term)]
    share = len({term for _, term in told}) / max(1, len(own))
    # "One" is a word like any other but for where it stands: "Aura One".
    folded = plain(text).casefold()
    pairs = {f"{one} {other}" for one, other in _pairs(title) if other in grammar and f"{one} {other}" in folded}
    return frozenset((*(word for word, _ in told), *pairs)), share


@lru_cache(maxsize=4096)
def _pairs(title: str) -> tuple[tuple[str, str], ...]:
    """The words of a title, two by two."""
    words = plain(title).casefold().split()
    return tuple(pairwise(words))


def _titles(ask: Ask, product: Product) -> tuple[str, ...]:
    return tuple(dict.fromkeys((product.title_in(ask.language), product.title)))


def _text(ask: Ask) -> str:
    text = ask.query.text
    for code in ask.query.entities.codes:
        text = text.replace(code, " ")
    return text
