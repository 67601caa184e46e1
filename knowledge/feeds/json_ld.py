"""Rows of schema.org's Product in JSON-LD, brought to Google Merchant's columns.

Products are found at the top, in lists, in @graph, in an ItemList and as the mainEntity of a page; those that a product
is only related to are not taken. A ProductGroup gives its variants what they lack. Several offers that each have a SKU
are variants as well; of several without, the cheapest that is in stock gives the price, and of an AggregateOffer its
lowPrice. Contexts are not fetched: the names are taken to be schema.org's.

A product's id is its sku, else that of its offer, its productID, mpn or GTIN.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.feeds import cells
from knowledge.feeds.errors import FeedError
from knowledge.feeds.json_nodes import (
    Node,
    Place,
    address_of,
    languages,
    listed,
    measure_of,
    text_of,
    texts_of,
    types_of,
)
from knowledge.feeds.json_offers import best_of, fill, offers_of, put, variants_of
from knowledge.feeds.json_values import Value
from knowledge.feeds.table import Row
from knowledge.records import Refused

MOST_DEPTH = 20

_PRODUCTS = frozenset({
    "Product", "IndividualProduct", "ProductModel", "SomeProducts", "Vehicle", "Car", "Motorcycle", "Drug",
    "DietarySupplement", "ProductCollection",
})  # fmt: skip
_WITHIN = ("@graph", "mainEntity", "itemListElement", "item")
_GTINS = ("gtin", "gtin13", "gtin12", "gtin14", "gtin8")
_OF_OFFERS = ("sku", "name", "mpn", "url", "image", "color", "size", *_GTINS)
_INHERITED = ("name", "description", "brand", "category", "material", "color", "size", "weight", "image", "inLanguage")


def rows(found: Iterable[Value], name: str, language: str = "", base: str = "") -> Iterator[Row | Refused]:
    """Each product as a row with Google's columns, or why it was refused.

    `language` and `base` are those of the page that the values stand in.

    Raises:
        FeedError: there is no product at all.
    """
    empty = True
    for value in found:
        graph, variants = _graph(value.value)
        spoken = _context_language(value.value) or _context_language(value.around) or language
        place = Place(name, value.line, spoken, base, graph)
        for row in _found(value.value, value.path, place, variants, 0):
            empty = False
            yield row
    if empty:
        raise FeedError(name, 0, "has no Product of schema.org")


def _graph(value: Any) -> tuple[dict[str, Node], set[str]]:
    """The nodes of @graph by @id, and the ids of those that a ProductGroup names as its variants."""
    members = listed(value.get("@graph")) if isinstance(value, dict) else []
    nodes = {str(node["@id"]): node for node in members if isinstance(node, dict) and "@id" in node}
    groups = [node for node in members if isinstance(node, dict) and "hasVariant" in node]
    variants = {
        str(one["@id"]) for g in groups for one in listed(g["hasVariant"]) if isinstance(one, dict) and "@id" in one
    }
    return nodes, variants


def _context_language(value: Any) -> str:
    contexts = listed(value.get("@context")) if isinstance(value, dict) else []
    return next((text for one in contexts if isinstance(one, dict) and (text := text_of(one.get("@language")))), "")


def _found(value: Any, path: str, place: Place, variants: set[str], depth: int) -> Iterator[Row | Refused]:
    if depth > MOST_DEPTH:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _found(one, f"{path}[{index}]", place, variants, depth + 1)
    if not isinstance(value, dict) or ("hasVariant" not in value and str(value.get("@id")) in variants):
        return  # a variant comes with its group
    kinds = types_of(value)
    if "ProductGroup" in kinds:
        yield from _group(value, path, place)
    elif kinds & _PRODUCTS:
        yield from _product(value, path, place, "")
    elif not kinds and "name" in value and ("offers" in value or "sku" in value):
        yield Refused(place.file, place.line, _join(path, "@type"), "is missing", text_of(value.get("sku")))
    else:
        for key in _WITHIN:
            if key in value:
                yield from _found(value[key], _join(path, key), place, variants, depth + 1)


def _group(node: Node, path: str, place: Place) -> Iterator[Row | Refused]:
    """The variants of a group. Those that are only named by their address stand on pages of their own."""
    inner = [(index, place.whole(one)) for index, one in enumerate(listed(node.get("hasVariant")))]
    inner = [(index, one) for index, one in inner if one.keys() & {"name", "offers", "sku", *_GTINS}]
    for index, one in inner:
        where = _join(path, f"hasVariant[{index}]")
        yield from _product(_inheriting(one, node), where, place, _group_id(node))
    if not inner and "offers" in node:
        yield from _product(node, path, place, "")


def _inheriting(node: Node, group: Node) -> Node:
    return {**{key: group[key] for key in _INHERITED if key in group}, **node}


def _group_id(group: Node) -> str:
    return next(
        (text for key in ("productGroupID", "sku", "productID", "@id") if (text := text_of(group.get(key)))), ""
    )


def _product(node: Node, path: str, place: Place, group: str) -> Iterator[Row | Refused]:
    if parent := place.whole(next(iter(listed(node.get("isVariantOf"))), None)):
        node, group = _inheriting(node, parent), group or _group_id(parent)
    group = group or text_of(node.get("inProductGroupWithID"))
    offers = offers_of(node.get("offers"), _join(path, "offers"), place)
    if not variants_of(offers):
        yield _row(node, path, *best_of(offers or [(_join(path, "offers"), {})]), place, group)
        return
    group = group or _group_id({**node, "@id": address_of(node.get("url"), place.base) or node.get("@id")})
    for where, offer in offers:
        own = {
            key: offer[key] for key in ("sku", "name", "mpn", "url", "image", "color", "size", *_GTINS) if key in offer
        }
        yield _row({**node, **own}, path, where, offer, place, group)


def _row(node: Node, path: str, offer_path: str, offer: Node, place: Place, group: str) -> Row | Refused:
    """The cells of one product with one offer; its column names are paths in the JSON."""
    row = Row(place.file, place.line, {}, {})
    _identify(row, node, path, offer, offer_path)
    try:
        language = text_of(node.get("inLanguage")) or place.language
        put(row, "language", cells.language(language) if language else "", _join(path, "inLanguage"))
        for column, key in (("title", "name"), ("description", "description")):
            _in_languages(row, column, languages(node, key), _join(path, key))
    except ValueError as wrong:
        return Refused(place.file, place.line, _join(path, "@language"), str(wrong), row.cells.get("id", ""))
    fill(row, offer_path, offer, place)
    link = address_of(node.get("url"), place.base)
    put(row, "link", link or address_of(offer.get("url"), place.base), _join(path, "url"))
    put(row, "image_link", address_of(node.get("image"), place.base or _absolute(link)), _join(path, "image"))
    for column in ("color", "size", "material"):
        put(row, column, texts_of(node.get(column)), _join(path, column))
    put(row, "item_group_id", group, _join(path, "isVariantOf"))
    put(row, "brand", text_of(place.whole(node.get("brand")) or node.get("brand")), _join(path, "brand"))
    put(row, "product_type", text_of(node.get("category")), _join(path, "category"))
    put(row, "shipping_weight", measure_of(node.get("weight")), _join(path, "weight"))
    put(row, "mpn", text_of(node.get("mpn")), _join(path, "mpn"))
    return _whole(row)


def _identify(row: Row, node: Node, path: str, offer: Node, offer_path: str) -> None:
    for key in _GTINS:
        if text := text_of(node.get(key)) or text_of(offer.get(key)):
            put(row, "gtin", text, _join(path, key))
    for key in ("sku", "offers.sku", "productID", "mpn", *_GTINS):
        if text := text_of(offer.get("sku") if key == "offers.sku" else node.get(key)):
            put(row, "id", text, f"{offer_path}.sku" if key == "offers.sku" else _join(path, key))
            return
    put(row, "id", "", _join(path, "sku"))


def _in_languages(row: Row, column: str, texts: dict[str, str], path: str) -> None:
    """The text in the product's own language, and those in others; a title in none but others sets the language."""
    row.written[column] = path
    own = "" if "" in texts else row.cells.get("language", "")
    if column == "title" and own not in texts and texts:
        own = row.cells["language"] = next(iter(texts))
    for tag, text in texts.items():
        put(row, column if tag == own else f"{column}[{tag}]", text, path)


def _absolute(link: str) -> str:
    return link if link.startswith(("https://", "http://")) else ""


def _whole(row: Row) -> Row | Refused:
    """What JSON can hold and no text can: halves of surrogate pairs, and NUL, which no database takes."""
    for column, text in row.cells.items():
        if "\0" in text or not (text.isascii() or _encodes(text)):
            where = row.written.get(column, column)
            return Refused(row.file, row.line, where, "has characters that are no text: NUL or half a surrogate pair")
    return row


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
