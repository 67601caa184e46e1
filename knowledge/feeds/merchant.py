"""A product from a row with Google Merchant's columns. The other formats are brought to these columns as well."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

from stdnum import ean
from stdnum.exceptions import InvalidChecksum, ValidationError

from knowledge.feeds import cells
from knowledge.feeds.errors import BadCell
from knowledge.feeds.markup import plain_text
from knowledge.feeds.table import Columns, Row
from knowledge.records import Availability, Product

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
}
COLUMNS = Columns(
    required=("id", "title", "price", "availability"),
    optional=(
        "description", "link", "image_link", "gtin", *_TEXTS, "sale_price", "sale_price_effective_date", "shipping",
        "content_language", "language",
    ),
    languages=("title", "description"),
)  # fmt: skip
# Google's four, and the values of schema.org's ItemAvailability that say the same.
_AVAILABILITY: dict[str, Availability] = {
    "instock": "in_stock",
    "limitedavailability": "in_stock",
    "onlineonly": "in_stock",
    "outofstock": "out_of_stock",
    "soldout": "out_of_stock",
    "discontinued": "out_of_stock",
    "reserved": "out_of_stock",
    "preorder": "preorder",
    "presale": "preorder",
    "backorder": "backorder",
    "madetoorder": "backorder",
}
_SCHEMA_ORG = re.compile(r"(?:https?://schema\.org/|schema:)", re.IGNORECASE)
_MOST_COUNTRIES = 300
_MOST_SHIPPING_CHARACTERS = 20_000


def product(row: Row) -> Product:
    """The product that a row describes.

    Raises:
        BadCell: a cell is missing or wrong.
    """
    price, currency = row.take("price", cells.money)
    title, titles, language = _title(row)
    description, descriptions = _descriptions(row, language)
    sale_from, sale_to = row.maybe("sale_price_effective_date", cells.interval) or (None, None)
    return Product(
        sku=row.take("id", cells.code),
        title=title,
        price=price,
        currency=currency,
        availability=row.take("availability", availability),
        gtin=row.maybe("gtin", gtin),
        link=row.maybe("link", _link),
        titles=titles,
        language=language,
        ships_to=row.maybe("shipping", _shipping) or (),
        sale_price=_sale_price(row, price, currency),
        sale_from=sale_from,
        sale_to=sale_to,
        description=description,
        descriptions=descriptions,
        image=row.cells.get("image_link") or None,
        **{field: row.maybe(column, _line) or None for column, field in _TEXTS.items()},
    )


def _title(row: Row) -> tuple[str, dict[str, str], str | None]:
    """The title in the feed's own language, those in further languages, and the own language where the row tells it.

    Where all titles name their language, the first one that is there is the feed's own.
    """
    language = row.maybe("content_language", cells.language) or row.maybe("language", cells.language)
    titles = _in_languages(row, "title")
    if "title" in row.written or not titles:
        return row.take("title", _own_title), titles, language
    own = language if language in titles else next(iter(titles))
    return titles.pop(own), titles, own


def _descriptions(row: Row, language: str | None) -> tuple[str, dict[str, str]]:
    descriptions = _in_languages(row, "description")
    own = row.maybe("description", plain_text) or ""
    if "description" not in row.written and language:
        own = descriptions.pop(language, "")
    return own, descriptions


def _in_languages(row: Row, column: str) -> dict[str, str]:
    """By BCP 47 tag, what stands in the columns title[es], title[zh] and so on; empty cells are left out."""
    start = column + "["
    plain = _line if column == "title" else plain_text
    tagged = [name for name in row.cells if name.endswith("]") and name.startswith(start)]
    found = {name[len(start) : -1]: row.maybe(name, plain) for name in tagged}
    return {tag: text for tag, text in found.items() if text}


def _line(text: str) -> str:
    """A text of one line: where it is HTML, its lines are one."""
    plain = plain_text(text)
    return text if plain == text else " ".join(plain.split())


def _own_title(text: str) -> str:
    if title := _line(text):
        return title
    raise ValueError("is empty without its markup")


def _sale_price(row: Row, price: Decimal, currency: str) -> Decimal | None:
    found = row.maybe("sale_price", cells.money)
    if found is None:
        return None
    amount, other = found
    if other != currency:
        raise BadCell("sale_price", f"is in {other}, the price in {currency}")
    if amount > price:
        raise BadCell("sale_price", f"{amount} is more than the price, {price}")
    return amount


def availability(text: str) -> Availability:
    """One of the records' four, from Google's and schema.org's words. Raises ValueError."""
    found = _AVAILABILITY.get(re.sub(r"[\s_-]+", "", _SCHEMA_ORG.sub("", cells.plain(text)).lower()))
    if found is None:
        raise ValueError(f"{cells.shown(text)} is not in_stock, out_of_stock, preorder or backorder")
    return found


def gtin(text: str) -> str:
    """A GTIN-8, -12, -13 or -14 without spaces and dashes, its check digit right. Raises ValueError."""
    try:
        return str(ean.validate(cells.plain(text)))
    except InvalidChecksum:
        raise ValueError(f"{cells.shown(text)} is not a GTIN: its check digit is wrong") from None
    except ValidationError:
        raise ValueError(f"{cells.shown(text)} is not a GTIN: it needs 8, 12, 13 or 14 digits") from None


def _shipping(text: str) -> tuple[str, ...]:
    """The countries of Google's shipping, country:region:service:price with commas between, each once.

    An entry without a country is for the country that the feed is made for, which it does not name: it is passed over.
    """
    entries = text.split(",", _MOST_COUNTRIES)
    if len(text) > _MOST_SHIPPING_CHARACTERS or len(entries) > _MOST_COUNTRIES:
        raise ValueError(f"names more than {_MOST_COUNTRIES} countries")
    named = [entry.partition(":")[0].strip() for entry in entries]
    return tuple(dict.fromkeys(cells.country(name) for name in named if name))


def _link(text: str) -> str:
    """An address that a page may link to: a javascript: address would run in the customer's browser."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or not text.isprintable():
        raise ValueError(f"{cells.shown(text)} is not an http or https address")
    return text
