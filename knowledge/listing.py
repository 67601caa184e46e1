"""What an index lists: each record as an entry, its passages as rows, and the numbers that the search reads of them."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from knowledge.attributes import Postings, attributes_of
from knowledge.filed import Filing
from knowledge.index import Entry, Row
from knowledge.passages import UNKNOWN_LANGUAGE, of_article, of_product, parts, searched
from knowledge.records import Article, Product
from knowledge.store import Store
from knowledge.tokens import U64


@dataclass(frozen=True)
class Listing:
    """What is noted of each entry and row while they are written."""

    first: array[int] = field(default_factory=lambda: array("q", [0]))
    entry: array[int] = field(default_factory=lambda: array("i"))
    begins: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    language: array[int] = field(default_factory=lambda: array("i"))
    product: array[int] = field(default_factory=lambda: array("b"))
    price: array[float] = field(default_factory=lambda: array("d"))
    texts: bytearray = field(default_factory=bytearray)  # 16 bytes a row, of its text
    lengths: array[int] = field(default_factory=lambda: array("i"))  # characters of each row's text
    parts: bytearray = field(default_factory=bytearray)  # 16 bytes a part, of its text and language
    part_first: array[int] = field(default_factory=lambda: array("q", [0]))  # where the parts of each row begin
    part_lengths: array[int] = field(default_factory=lambda: array("i"))
    languages: dict[str, int] = field(default_factory=dict)
    having: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    media: dict[str, list[int]] = field(default_factory=dict)


def list_records(store: Store, made: Path) -> Listing:
    """Writes entries, rows, attributes and numbers of all that `store` sells and says now into the folder `made`."""
    listing = Listing()
    with Filing[Entry](made / "entries") as entries, Filing[Row](made / "rows") as rows:
        for entry, its_rows, price, attributes in _listed(store):
            number = entries.add(f"{entry.kind} {entry.record}", entry)
            listing.product.append(entry.kind == "product")
            listing.price.append(price)
            for attribute in attributes:
                listing.having.setdefault(attribute, []).append(number)
            if entry.media:
                listing.media.setdefault(entry.media, []).append(number)
            for row in its_rows:
                rows.add(row.passage.id, row)
                _note(listing, number, row)
            listing.first.append(len(listing.entry))
    Postings.save(made, listing.having)
    (made / "languages.json").write_bytes(msgspec.json.encode(list(listing.languages)))
    _save_numbers(made, listing)
    return listing


def _note(listing: Listing, number: int, row: Row) -> None:
    listing.entry.append(number)
    listing.begins.append((row.valid_from or date.min).toordinal())
    listing.ends.append((row.valid_to or date.max).toordinal())
    listing.language.append(listing.languages.setdefault(row.passage.language, len(listing.languages)))
    text = searched(row.passage)
    listing.lengths.append(len(text))
    listing.texts.extend(_digest(text))
    for part in parts(row.passage):
        listing.part_lengths.append(len(part))
        listing.parts.extend(_digest(f"{row.passage.language}\n{part}"))
    listing.part_first.append(len(listing.part_lengths))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]


def digests(noted: bytearray) -> U64:
    """What was noted of texts or parts, as uint64[n, 2]."""
    return np.frombuffer(bytes(noted), np.uint64).reshape(-1, 2)


def _save_numbers(made: Path, listing: Listing) -> None:
    arrays = made / "arrays"
    arrays.mkdir()
    for name in ("first", "entry", "begins", "ends", "language", "price"):
        np.save(arrays / f"{name}.npy", np.asarray(getattr(listing, name)))
    np.save(arrays / "product.npy", np.asarray(listing.product, dtype=bool))
    shown = sorted(listing.media.items())
    np.save(arrays / "shows.npy", np.cumsum([0, *(len(entries) for _, entries in shown)]))
    np.save(arrays / "shown.npy", np.asarray([entry for _, entries in shown for entry in entries], dtype=np.int32))
    np.save(made / "digests.npy", digests(listing.texts))


def _listed(store: Store) -> Iterator[tuple[Entry, Iterator[Row], float, set[tuple[str, str]]]]:
    """Each record as its entry, its rows, its price (NaN for none), and what it may be filtered by."""
    for product in store.all_products():
        rows = map(Row, of_product(product))
        yield _product_entry(product), rows, float(product.price), attributes_of(product)
    for id, versions in groupby(store.all_articles(), key=lambda article: article.id):
        articles = list(versions)
        entry = Entry(kind="article", record=id, titles={article.language: article.title for article in articles})
        yield entry, (row for article in articles for row in _article_rows(article)), float("nan"), set()


def _product_entry(product: Product) -> Entry:
    titles = {**product.titles, product.language or UNKNOWN_LANGUAGE: product.title, UNKNOWN_LANGUAGE: product.title}
    return Entry(kind="product", record=product.sku, titles=titles, media=product.image)


def _article_rows(article: Article) -> Iterator[Row]:
    return (Row(passage, article.valid_from, article.valid_to) for passage in of_article(article))
