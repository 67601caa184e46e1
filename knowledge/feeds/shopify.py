"""Rows of a Shopify product export, one a variant, brought to Google Merchant's columns.

The rows of a product stand together and share its Handle; the first has what holds for all of them. Rows that only add
a picture are no variants. What isn't published, and drafts and archived products, are not sold and left out.

A variant's id is its SKU. Where it has none, the id is the Handle with the values of the options, so that it stays
when variants are put in another order: enamel-mug/Blue/350 ml; the Handle alone where there are no options.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

import msgspec

from knowledge.feeds import cells, merchant, table
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.table import Columns, Row
from knowledge.records import Refused

MOST_ROWS = 5_000  # of one Handle; Shopify itself allows 2048 variants and 250 pictures

_OPTIONS = ("1", "2", "3")
COLUMNS = Columns(
    required=("handle", "title", "variant_price"),
    optional=(
        "body_(html)", "vendor", "type", "product_category", "published", "status", "variant_sku", "variant_barcode",
        "variant_compare_at_price", "variant_grams", "variant_weight_unit", "variant_inventory_tracker",
        "variant_inventory_qty", "variant_inventory_policy", "variant_image", "image_src",
        *(f"option{n}_{part}" for n in _OPTIONS for part in ("name", "value")),
    ),
    # The names of the exports since 2024.
    names={
        "url_handle": "handle", "description": "body_(html)", "published_on_online_store": "published",
        "sku": "variant_sku", "barcode": "variant_barcode", "price": "variant_price",
        "compare-at_price": "variant_compare_at_price", "weight_value_(grams)": "variant_grams",
        "weight_unit_for_display": "variant_weight_unit", "inventory_tracker": "variant_inventory_tracker",
        "inventory_quantity": "variant_inventory_qty", "continue_selling_when_out_of_stock": "variant_inventory_policy",
        "variant_image_url": "variant_image", "product_image_url": "image_src",
    },
)  # fmt: skip

# What the options of colour, size and material are called in the languages that shops write most.
_OPTION_NAMES = {
    "color": "color, colour, colore, couleur, farbe, cor, kleur, färg, farve, kolor, barva, culoare, renk, warna, màu, "
    "màu sắc, цвет, колір, 颜色, 顏色, 色, カラー, 색상, اللون, لون, צבע, रंग, สี",
    "size": "size, talla, tamaño, taille, größe, groesse, grösse, tamanho, taglia, maat, storlek, størrelse, rozmiar, "
    "velikost, mărime, beden, ukuran, kích thước, kích cỡ, размер, розмір, 尺码, 尺碼, 尺寸, サイズ, 사이즈, "
    "المقاس, مقاس, الحجم, מידה, आकार, ขนาด",
    "material": "material, materiale, matériau, matière, materiaal, materiał, materiál, malzeme, bahan, chất liệu, "
    "материал, матеріал, 材质, 材質, 材料, 素材, 소재, المادة, الخامة, חומר, सामग्री, วัสดุ",
}
_OPTION_COLUMNS = {name: column for column, names in _OPTION_NAMES.items() for name in names.split(", ")}
_NO_OPTION = "Default Title"  # what Shopify writes where a product has no options
# The columns of the export that a column of Google's is made from, for what is refused.
_SOURCES = {
    "id": "variant_sku", "title": "title", "description": "body_(html)", "price": "variant_price",
    "sale_price": "variant_price", "availability": "variant_inventory_qty", "gtin": "variant_barcode",
    "brand": "vendor", "item_group_id": "handle", "product_type": "type", "shipping_weight": "variant_grams",
    "image_link": "image_src",
}  # fmt: skip


def is_header(names: list[str]) -> bool:
    """Whether a table with these columns (table.names) is such an export. Google's feeds all have an id."""
    return "id" not in names and bool({"handle", "url_handle"} & set(names))


def rows(file: BinaryIO, name: str, currency: str | None) -> Iterator[Row | Refused]:
    """Each variant that is sold as a row with Google's columns, or why it was refused.

    Raises:
        FeedError: there is no `currency`, which such an export does not tell, or it is no such table.
    """
    if not currency:
        raise FeedError(name, 0, "is a Shopify export, which names no currency: set BABELDESK_CURRENCY, as in EUR")
    for found in _products(table.rows_of(file, name, COLUMNS)):
        if isinstance(found, Refused):
            yield found
        else:
            yield from _product(found, currency)


def _products(found: Iterator[Row | Refused]) -> Iterator[list[Row] | Refused]:
    """The rows that stand together and have one Handle; a broken one among them does not part them."""
    together: list[Row] = []
    for row in found:
        if isinstance(row, Refused):
            yield row
            continue
        if together and row.cells["handle"] != together[0].cells["handle"]:
            yield together
            together = []
        if len(together) == MOST_ROWS:
            raise FeedError(row.file, row.line, f"has more than {MOST_ROWS} rows of one Handle")
        together.append(row)
    if together:
        yield together


def _product(together: list[Row], currency: str) -> Iterator[Row | Refused]:
    head = together[0]
    published = head.cells.get("published", "").lower() not in ("false", "no")
    if not published or head.cells.get("status", "").lower() not in ("", "active"):
        return
    image = next((row.cells["image_src"] for row in together if row.cells.get("image_src")), "")
    for row in together:
        if row is not head and not any(row.cells.get(column) for column in _VARIANT):
            continue
        try:
            yield _variant(row, head, image, currency)
        except BadCell as bad:
            refused = row.refused(bad.column, bad.reason)
            yield msgspec.structs.replace(refused, record=_text(row, "variant_sku"))


_VARIANT = ("variant_sku", "variant_price", *(f"option{n}_value" for n in _OPTIONS))


def _variant(row: Row, head: Row, image: str, currency: str) -> Row:
    if not head.cells["handle"]:
        raise BadCell("handle", "is empty")
    if not head.cells["title"]:
        raise BadCell("title", "is empty, and the row before is of another Handle")
    options = _options(row, head)
    price, sale_price = _prices(row)
    made = {
        "id": _text(row, "variant_sku") or "/".join([head.cells["handle"], *options.values()]),
        "title": " – ".join([head.cells["title"], *(v for n, v in options.items() if n not in _OPTION_COLUMNS)]),
        "description": head.cells.get("body_(html)", ""),
        "price": f"{price} {currency}",
        "sale_price": f"{sale_price} {currency}" if sale_price else "",
        "availability": _availability(row),
        "gtin": _gtin(row),
        "item_group_id": head.cells["handle"],
        "brand": head.cells.get("vendor", ""),
        "product_type": head.cells.get("type", "") or head.cells.get("product_category", ""),
        "shipping_weight": _weight(row),
        "image_link": row.cells.get("variant_image", "") or image,
    }
    for option, value in options.items():
        if column := _OPTION_COLUMNS.get(option):
            made[column] = value
    written = {column: row.written.get(source, source) for column, source in _SOURCES.items()}
    return Row(row.file, row.line, made, written)


def _options(row: Row, head: Row) -> dict[str, str]:
    """The values by the small name of their option; the names stand in the first row of the product alone."""
    found = {}
    for n in _OPTIONS:
        value = row.cells.get(f"option{n}_value", "")
        if value and value != _NO_OPTION:
            found[(head.cells.get(f"option{n}_name") or n).lower()] = value
    return found


def _prices(row: Row) -> tuple[Decimal, Decimal | None]:
    """The price, and the sale price where it is below the one to compare it with."""
    price = row.take("variant_price", cells.amount)
    before = row.maybe("variant_compare_at_price", cells.amount)
    return (before, price) if before and before > price else (price, None)


def _availability(row: Row) -> str:
    """What isn't counted is there; what may be sold beyond the count can be ordered."""
    if "variant_inventory_tracker" in row.written and not row.cells["variant_inventory_tracker"]:
        return "in_stock"
    quantity = row.take("variant_inventory_qty", _whole)
    if quantity > 0:
        return "in_stock"
    goes_on = row.cells.get("variant_inventory_policy", "").lower() in ("continue", "true")
    return "backorder" if goes_on else "out_of_stock"


def _whole(text: str) -> int:
    number = cells.plain(text)
    if not number.removeprefix("-").isdecimal() or len(number) > 10:
        raise ValueError(f"{cells.shown(text)} is not a whole number")
    return int(number)


def _text(row: Row, column: str) -> str:
    """Spreadsheets put an apostrophe before what they must not read as a number."""
    return row.cells.get(column, "").removeprefix("'")


def _gtin(row: Row) -> str:
    """The barcode where it is a GTIN: shops write their own codes there as well."""
    try:
        return merchant.gtin(_text(row, "variant_barcode"))
    except ValueError:
        return ""


def _weight(row: Row) -> str:
    grams = row.maybe("variant_grams", cells.amount)
    if not grams:
        return ""
    if row.cells.get("variant_weight_unit", "").lower() == "kg":
        return f"{(grams / 1000).normalize():f} kg"
    return f"{grams.normalize():f} g"
