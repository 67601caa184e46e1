"""Products from any of the formats that shops have: which one a file is in, its content says, never its name.

Google Merchant as TSV, CSV or XML (RSS, Atom), a Shopify export, and schema.org's Product as JSON-LD or in a page. A
further feed in another language is not joined here.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.feeds import cells, json_ld, json_values, merchant, merchant_xml, pages, shopify, table
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.table import Columns, Row
from knowledge.feeds.watched import CHUNK_BYTES, Done, ignore, watched
from knowledge.records import Product, Refused

COLUMNS: Columns = merchant.COLUMNS

_PROLOG = re.compile(r"(?:<\?.*?\?>\s*+|<!--.*?-->\s*+)*+", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


def read(path: Path, done: Done = ignore, currency: str | None = None) -> Iterator[Product | Refused]:
    """Each product, or why its row was refused, in the order of the file.

    `done` is told the fraction of the file that was read; `currency` is the ISO 4217 code of prices that have none, as
    in a Shopify export.

    Raises:
        FeedError: the file is no such feed, or is cut off. It may come after products were given, so whoever stores
            them does so in one transaction.
    """
    first: dict[str, int] = {}
    with watched(path, done) as file:
        for row in _rows(file, path.name, currency):
            if isinstance(row, Refused):
                yield row
                continue
            try:
                product = merchant.product(row)
                if product.sku in first:
                    raise BadCell("id", f"{cells.shown(product.sku)} stands on line {first[product.sku]} already")
            except BadCell as bad:
                yield row.refused(bad.column, bad.reason)
                continue
            first[product.sku] = row.line
            yield product


def _rows(file: io.BufferedReader, name: str, currency: str | None) -> Iterator[Row | Refused]:
    """The rows of whichever format it is. Raises FeedError."""
    start = _start(file.peek(CHUNK_BYTES))
    if start.startswith("<"):
        return merchant_xml.rows(file, name) if _is_merchant_xml(start, name) else pages.rows(file, name)
    if start.startswith(("[", "{")):
        return json_ld.rows(json_values.values(file, name), name)
    if shopify.is_header(table.names(start.partition("\n")[0])):
        return shopify.rows(file, name, currency)
    return table.rows_of(file, name, COLUMNS)


def _start(content: bytes) -> str:
    """The beginning as text, without spaces before it. What can't be decoded is told by the reader of the format."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", "replace").lstrip()


def _is_merchant_xml(start: str, name: str) -> bool:
    """Whether it is a feed in XML; other elements are a page's. Raises FeedError for what is XML and neither."""
    prolog = _PROLOG.match(start)
    rest = start[prolog.end() :] if prolog else start
    if re.match(r"<!doctype\s+html", rest, re.IGNORECASE):
        return False
    if rest[:9].upper() == "<!DOCTYPE":
        raise FeedError(name, 1, "has a document type, which a feed has no use for")
    root = _ROOT.match(rest)
    if root and root[1] in merchant_xml.ROOTS:
        return True
    if start.startswith("<?xml") and not (root and root[1].lower() == "html"):
        shown = f"<{root[1][:40]}>" if root else "nothing"
        raise FeedError(name, 1, f"is XML, but its root is {shown}, not <rss> or <feed> as in a Google Merchant feed")
    return False
