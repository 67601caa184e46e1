"""Products from a Google Merchant feed in TSV or CSV. A further feed in another language is not joined here yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stdnum import ean
from stdnum.exceptions import InvalidChecksum, ValidationError

from knowledge.feeds import cells, table
from knowledge.feeds.table import Columns, Row
from knowledge.records import Availability, Product, Refused

# Google's names beside the records' own.
_TEXTS = {
    "brand": "brand",
    "mpn": "mpn",
    "item_group_id": "group",
    "color": "color",
    "size": "size",
    "material": "material",
    "product_type": "category",
    "shipping_weight": "weight",
    "image_link": "image",
}
COLUMNS = Columns(
    required=("id", "title", "price", "availability"),
    optional=("description", "link", "gtin", *_TEXTS),
    languages=("title", "description"),
)
_AVAILABILITY: dict[str, Availability] = {
    "instock": "in_stock",
    "outofstock": "out_of_stock",
    "preorder": "preorder",
    "backorder": "backorder",
}


def read(path: Path) -> Iterator[Product | Refused]:
    """Each product, or why its row was refused, in the order of the file.

    Raises:
        FeedError: the file is no such feed (see table.rows).
    """
    first: dict[str, int] = {}
    for found in table.records(path, COLUMNS, _product):
        if isinstance(found, Refused):
            yield found
            continue
        row, product = found
        if product.sku in first:
            yield row.refused("id", f"{cells.shown(product.sku)} stands on line {first[product.sku]} already")
            continue
        first[product.sku] = row.line
        yield product


def _product(row: Row) -> Product:
    price, currency = row.take("price", cells.money)
    return Product(
        sku=row.take("id", cells.code),
        title=row.take("title", cells.words),
        price=price,
        currency=currency,
        availability=row.take("availability", _availability),
        description=row.maybe("description", cells.words) or "",
        gtin=row.maybe("gtin", _gtin),
        link=row.maybe("link", _link),
        titles=_in_languages(row, "title"),
        descriptions=_in_languages(row, "description"),
        **{field: row.maybe(column, cells.words) for column, field in _TEXTS.items()},
    )


def _in_languages(row: Row, column: str) -> dict[str, str]:
    """By BCP 47 tag, what stands in the columns title[es], title[zh] and so on; empty cells are left out."""
    start = column + "["
    return {name[len(start) : -1]: text for name, text in row.cells.items() if text and name.startswith(start)}


def _availability(text: str) -> Availability:
    found = _AVAILABILITY.get(re.sub(r"[\s_-]+", "", cells.plain(text).lower()))
    if found is None:
        raise ValueError(f"{cells.shown(text)} is not in_stock, out_of_stock, preorder or backorder")
    return found


def _gtin(text: str) -> str:
    """A GTIN-8, -12, -13 or -14 without spaces and dashes, its check digit right."""
    try:
        return str(ean.validate(cells.plain(text)))
    except InvalidChecksum:
        raise ValueError(f"{cells.shown(text)} is not a GTIN: its check digit is wrong") from None
    except ValidationError:
        raise ValueError(f"{cells.shown(text)} is not a GTIN: it needs 8, 12, 13 or 14 digits") from None


def _link(text: str) -> str:
    """An address that a page may link to: a javascript: address would run in the customer's browser."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or not text.isprintable():
        raise ValueError(f"{cells.shown(text)} is not an http or https address")
    return text
