"""What schema.org's offers say, as cells of Google Merchant's columns."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from knowledge.feeds import cells, merchant
from knowledge.feeds.json_nodes import Node, Place, address_of, listed, text_of
from knowledge.feeds.table import Row

_MOST_OFFERS = 2_000
# The price before, beside the one that is asked for.
_LIST_PRICES = ("ListPrice", "StrikethroughPrice", "RegularPrice")


def offers_of(value: Any, path: str, place: Place) -> list[tuple[str, Node]]:
    """The offers with their paths; those within an AggregateOffer stand for it."""
    return list(_offers(value, path, place))[:_MOST_OFFERS]


def _offers(value: Any, path: str, place: Place) -> Iterator[tuple[str, Node]]:
    many = isinstance(value, list)
    for index, one in enumerate(listed(value)):
        where = f"{path}[{index}]" if many else path
        offer = place.whole(one)
        inner = [(f"{where}.offers[{n}]", place.whole(found)) for n, found in enumerate(listed(offer.get("offers")))]
        if inner := [(at, found) for at, found in inner if found]:
            yield from inner
        elif offer:
            yield where, offer


def variants_of(offers: list[tuple[str, Node]]) -> bool:
    """Whether the offers are of variants: several, each with a SKU of its own."""
    return len(offers) > 1 and len({text_of(offer.get("sku")) for _, offer in offers} - {""}) == len(offers)


def best_of(offers: list[tuple[str, Node]]) -> tuple[str, Node]:
    """The cheapest that is in stock, else the cheapest; an empty one where there is none."""
    return min(offers, key=lambda found: _rank(found[1]), default=("offers", {}))


def _rank(offer: Node) -> tuple[bool, Decimal]:
    try:
        there = merchant.availability(_availability(offer)) == "in_stock"
    except ValueError:
        there = False
    return not there, _number(_price(offer)[0]) or Decimal("Infinity")


def fill(row: Row, path: str, offer: Node, place: Place) -> None:
    """Puts price, sale, availability and countries into the cells of `row`, and where they stood."""
    price, where = _price(offer)
    before = _list_price(offer)
    currency = next(filter(None, (text_of(one.get("priceCurrency")) for one in (offer, *_specifications(offer)))), "")
    put(row, "price", f"{price} {currency}".strip() if price else "", f"{path}.{where}")
    if _is_more(before, price):
        put(row, "sale_price", row.cells["price"], f"{path}.{where}")
        row.cells["price"] = f"{before} {currency}".strip()
        put(row, "sale_price_effective_date", _interval(offer), f"{path}.priceValidUntil")
    put(row, "availability", _availability(offer), f"{path}.availability")
    put(row, "shipping", ",".join(_countries(offer, place)), f"{path}.shippingDetails")


def put(row: Row, column: str, text: str, path: str) -> None:
    """A cell that is not filled yet; its path is told as well where it stays empty."""
    if column not in row.cells:
        row.written[column] = path
        if text:
            row.cells[column] = text


def _availability(offer: Node) -> str:
    value = offer.get("availability")
    return text_of(value) or address_of(value, "")


def _specifications(offer: Node) -> list[Node]:
    return [spec for spec in listed(offer.get("priceSpecification")) if isinstance(spec, dict)]


def _is_list_price(spec: Node) -> bool:
    kind = text_of(spec.get("priceType")) or address_of(spec.get("priceType"), "")
    return kind.rpartition("/")[2] in _LIST_PRICES


def _price(offer: Node) -> tuple[str, str]:
    """The price asked for, and the key under which it stands."""
    if price := text_of(offer.get("price")):
        return price, "price"
    for spec in _specifications(offer):
        if not _is_list_price(spec) and (price := text_of(spec.get("price"))):
            return price, "priceSpecification.price"
    return (price, "lowPrice") if (price := text_of(offer.get("lowPrice"))) else ("", "price")


def _list_price(offer: Node) -> str:
    return next((text_of(spec.get("price")) for spec in _specifications(offer) if _is_list_price(spec)), "")


def _number(text: str) -> Decimal | None:
    try:
        return cells.amount(text)
    except ValueError:
        return None


def _is_more(before: str, price: str) -> bool:
    higher, lower = _number(before), _number(price)
    return higher is not None and lower is not None and higher > lower


def _interval(offer: Node) -> str:
    """When the price holds. A date without a time is taken as the whole day in UTC."""
    begin = text_of(offer.get("validFrom"))
    end = text_of(offer.get("priceValidUntil")) or text_of(offer.get("validThrough"))
    begin += "T00:00:00Z" if len(begin) == len("2026-11-30") else ""
    end += "T23:59:59Z" if len(end) == len("2026-11-30") else ""
    return f"{begin}/{end}" if begin or end else ""


def _countries(offer: Node, place: Place) -> Iterator[str]:
    for value in listed(offer.get("shippingDetails")):
        details = place.whole(value)
        if text_of(details.get("doesNotShip")) or details.get("doesNotShip") is True:
            continue
        for where in listed(details.get("shippingDestination")):
            region = place.whole(where)
            for country in listed(region.get("addressCountry")):
                if name := text_of(country):
                    yield name
