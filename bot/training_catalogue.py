"""Queries that a shop's own catalogue gives, to judge and teach methods of fusion: a photo and a word beside it.

Each picture is an item; products that share one, as a shirt's sizes, are one item here. The photos are altered copies
of the pictures, drawn otherwise than those that the index has, or the shop's own. The words are partial evidence: what
a product's title, kind, colour, brand and material say in the feed's languages, each only where another item has it
as well and most have not. A wish is a photo of one colour and the word for another that the same product comes in.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from pathlib import Path

import numpy as np
from PIL import Image

from bot.answer.titles import function_words
from bot.entities import colour_of
from bot.errors import BadInput
from bot.measures.queries import Asked, Goods, asked
from bot.parts import Parts
from bot.product_pictures import Shelf
from bot.senses.vision_views import copies
from bot.settings import LANGUAGES
from bot.training_photos import opened, photographed
from knowledge.records import Product

_COLOURS = Path(__file__).with_name("lexicon") / "colours.tsv"
WORD, WISH = "a word", "this one, but …"
LEAST = 20  # items from which on methods can be told apart, by very much
_MOST = 500  # items: a comparison takes minutes
_COPIES = 4  # of each picture, where the shop gives no photos
_PHOTOS = 1_000
_QUERIES = 6_000  # of a kind
_SEED = 1  # of the copies; those of the index have 0
_UNSPACED = ("zh", "zh-Hant", "th")  # languages whose words are not told apart by their writing
_PIECE = 8  # letters at most of what is cut out of their titles
_SHORTEST = {"ko": 2}  # letters of a word; three elsewhere, which leaves out "cm" and "de"

Word = tuple[str, str]  # and its language


@dataclass(frozen=True)
class Catalogue:
    """The goods, the queries by what they hold, and where the photos are from."""

    goods: Goods
    asked: dict[str, Asked]
    photos: str


def read(parts: Parts, table: Path | None) -> Catalogue:
    """The shop's pictures, at most _MOST, and what may be asked about them; `table` names photos of its products.

    Raises:
        BadInput: there are too few pictures, no words that several share, or the table is wrong.
    """
    given = photographed(parts, table) if table else []
    products = _chosen(parts, {picture for _, picture in given})
    if len(products) < LEAST:
        raise BadInput(f"The shop has {len(products)} products with pictures: too few, {LEAST} are the least.")
    media = [product.image or "" for product in products]
    number = {picture: at for at, picture in enumerate(media)}
    shelf = Shelf(parts.store, parts.media, parts.settings.limits)

    def picture(at: int) -> Image.Image:
        return opened(shelf.file(media[at]), parts)

    @lru_cache(maxsize=1)  # photos are looked at one after the other
    def altered(at: int) -> list[Image.Image]:
        return copies(picture(at), _COPIES, seed=_SEED)

    taken = [(file, number[of]) for file, of in given if of in number]
    if given:
        taken = [taken[at] for at in np.random.default_rng(0).permutation(len(taken))[:_PHOTOS]]
        shown = [of for _, of in taken]
    else:
        shown = [at for at in range(len(media)) for _ in range(_COPIES)]
    own = parts.settings.language
    goods = Goods(
        [f"{_kind(product)}, {product.title}. {product.description}" for product in products],
        [_kind(product) for product in products],
        [frozenset(word for words in _offered(product, own).values() for word, _ in words) for product in products],
        np.unique([_group(product) for product in products], return_inverse=True)[1],
        np.array(shown),
        picture,
        lambda at: opened(taken[at][0], parts) if given else altered(at // _COPIES)[at % _COPIES],
    )
    said = f"{len(shown)} photos of the shop's own" if given else f"{len(shown)} altered copies of the pictures"
    return Catalogue(goods, _asked(products, goods, own), said)


def _chosen(parts: Parts, wanted: set[str]) -> list[Product]:
    """The first product of each picture: groups with one that is wanted, then others as drawn."""
    groups: dict[str, list[str]] = defaultdict(list)
    seen, asked_for = set(), set()
    for product in parts.store.all_products():
        if product.image and product.image not in seen:
            seen.add(product.image)
            groups[_group(product)].append(product.sku)
            if product.image in wanted:
                asked_for.add(_group(product))
    drawn = [list(groups)[at] for at in np.random.default_rng(0).permutation(len(groups))]
    drawn.sort(key=lambda name: name not in asked_for)
    return parts.store.products([sku for name in drawn for sku in groups[name]][:_MOST])


def _asked(products: Sequence[Product], goods: Goods, own: str) -> dict[str, Asked]:
    """Each photo with each of the words that its item has; with wishes, where a product comes in several colours."""
    words = partial([_offered(product, own) for product in products])
    photos = list(enumerate(goods.shown.tolist()))
    found = {WORD: _drawn((photo, *word, at) for photo, at in photos for word in words[at])}
    wishes: dict[int, list[tuple[Word, int]]] = defaultdict(list)
    for here, there in _recoloured(products):
        wishes[here] += [
            (words[0], there) for (of, _), words in _offered(products[there], own).items() if of == "colour"
        ]
    found[WISH] = _drawn((photo, *word, there) for photo, at in photos for word, there in wishes[at])
    if not found[WORD]:
        raise BadInput("The shop's products have no words of which several share one and most have not.")
    return {name: asked(rows) for name, rows in found.items() if rows}


def _drawn(rows: Iterable[tuple[int, str, str, int]]) -> list[tuple[int, str, str, int]]:
    whole = list(rows)
    return [whole[at] for at in sorted(np.random.default_rng(0).permutation(len(whole))[:_QUERIES].tolist())]


def partial(offered: Sequence[Mapping[tuple[str, str], Sequence[Word]]]) -> list[list[Word]]:
    """Of each item, of each source of words, the first that another item has as well and at most half of them have."""
    counts = Counter(word for sources in offered for word in {word for words in sources.values() for word in words})
    most = len(offered) // 2
    fits = [[[word for word in words if 2 <= counts[word] <= most][:1] for words in s.values()] for s in offered]
    return [list(dict.fromkeys(word for words in some for word in words)) for some in fits]


def _offered(product: Product, own: str) -> dict[tuple[str, str], list[Word]]:
    """What may be said of a product, by what it is of and its language, the most telling first."""
    language = product.language or own
    titles = {language: product.title} | {tag: title for tag, title in product.titles.items() if tag in LANGUAGES}
    found: dict[tuple[str, str], list[Word]] = {
        (of, language): [(value, language)]
        for of, value in (("kind", _leaf(product)), ("brand", product.brand), ("material", product.material))
        if value
    }
    colour = colour_of(product.color or "")
    for tag, title in titles.items():
        found["title", tag] = [(piece, tag) for piece in pieces(title, tag)]
        if colour and (form := _colour_words().get((colour, tag))):
            found["colour", tag] = [(form, tag)]
    return found


def pieces(title: str, tag: str) -> list[str]:
    """The words of a title that are no figures and no function words, the longest first; where words stand together,
    what may be one: in Japanese each run of kanji or of katakana, in other languages every few letters."""
    between = "PSZN" if tag in _UNSPACED else "PSZ"  # a figure parts words where nothing else does
    apart = "".join(" " if unicodedata.category(sign)[0] in between else sign for sign in title)
    if tag == "ja":
        words = re.findall(r"[一-鿿々]{2,}|[ァ-ヺー]{2,}", apart)
    elif tag in _UNSPACED:
        words = [
            word[start : start + length]
            for word in apart.split()
            for length in range(2, _PIECE + 1)
            for start in range(len(word) - length + 1)
        ]
    else:
        words = [word for word in apart.split() if not any(sign.isdigit() for sign in word)]
        words = [word for word in words if len(word) >= _SHORTEST.get(tag, 3)]
    idle = function_words()
    return sorted((word for word in dict.fromkeys(words) if word.casefold() not in idle), key=len, reverse=True)


def _recoloured(products: Sequence[Product]) -> Iterator[tuple[int, int]]:
    """Pairs of items of one group whose colours differ."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, product in enumerate(products):
        if product.group and colour_of(product.color or ""):
            groups[product.group].append(at)
    for some in groups.values():
        yield from (
            pair for pair in permutations(some, 2) if len({colour_of(products[at].color or "") for at in pair}) > 1
        )


def _group(product: Product) -> str:
    return product.group or f"\0{product.sku}"  # no group is called so


def _leaf(product: Product) -> str:
    return (product.category or "").rpartition(">")[2].strip()


def _kind(product: Product) -> str:
    return _leaf(product) or product.title


@lru_cache(maxsize=1)
def _colour_words() -> dict[Word, str]:
    """What a colour is called first in each language, by its English name and the language."""
    header, *rows = (line.split("\t") for line in _COLOURS.read_text(encoding="utf-8").splitlines())
    return {(row[0], tag): row[column].split("|")[0] for row in rows for column, tag in enumerate(header) if column > 0}
