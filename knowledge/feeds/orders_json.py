"""schema.org's Order as JSON: https://schema.org/Order.

Read are orderNumber, customer, billingAddress, orderDate, orderStatus, orderedItem, acceptedOffer and orderDelivery.
What was bought stands in orderedItem, or where that is missing in acceptedOffer; where both are there, acceptedOffer
gives the prices that orderedItem lacks. Orders are found at the top, in lists and in @graph, where one node may name
another by its @id. Contexts are not fetched: the names are taken to be schema.org's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

from knowledge.feeds import cells
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.json_nodes import Node, Place, listed, text_of, types_of
from knowledge.feeds.json_values import Value
from knowledge.records import Order, OrderLine, Refused

MOST_DEPTH = 6  # of lists and graphs in each other
MOST_LINES = 1_000  # of one order

_WITHIN = ("@graph", "mainEntity", "itemListElement", "item")
_STATUS = re.compile(r"(?:https?://schema\.org/|schema:)?(Order(?:[A-Z][a-z]+)+)")

T = TypeVar("T")


def orders_in(found: Iterable[Value], name: str) -> Iterator[tuple[int, Order] | Refused]:
    """Each order with the line on which its value begins, or why it was refused.

    `Refused.column` is the path in the file, `Refused.record` the order's number where it can be read.

    Raises:
        FeedError: there is no order at all.
    """
    empty = True
    for value in found:
        members = listed(value.value.get("@graph")) if isinstance(value.value, dict) else []
        graph = {str(node["@id"]): node for node in members if isinstance(node, dict) and "@id" in node}
        place = Place(name, value.line, graph=graph)
        for path, node in _nodes(value.value, value.path, 0):
            empty = False
            try:
                yield value.line, _order(node, place)
            except BadCell as bad:
                yield Refused(name, value.line, _join(path, bad.column), bad.reason, _number(node))
    if empty:
        raise FeedError(name, 0, "has no Order of schema.org")


def private(text: str) -> str:
    """What names a person. It is not quoted where it is refused: reasons are printed and logged."""
    if len(text) > 254 or not text.isprintable():  # the longest e-mail address that can be delivered to (RFC 5321)
        raise ValueError("is not a text of at most 254 printable characters")
    return text


def _nodes(value: Any, path: str, depth: int) -> Iterator[tuple[str, Node]]:
    if depth > MOST_DEPTH:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _nodes(one, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        kinds = types_of(value)
        if "Order" in kinds or (not kinds and "orderNumber" in value):
            yield path, value
            return
        for key in _WITHIN:
            if key in value:
                yield from _nodes(value[key], _join(path, key), depth + 1)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


def _number(node: Node) -> str:
    try:
        return cells.code(_text(node.get("orderNumber")))
    except ValueError:
        return ""


def _order(node: Node, place: Place) -> Order:
    customer = place.whole(_first(node.get("customer")))
    offers = _offers(node, place)
    lines, currencies = _lines(node, offers, place)
    if stated := _text(node.get("priceCurrency")):
        currencies.add(_parsed("priceCurrency", stated, cells.currency))
    if len(currencies) != 1:
        raise BadCell(
            "priceCurrency", "is missing" if not currencies else f"is several: {', '.join(sorted(currencies))}"
        )
    return Order(
        id=_take(node, "orderNumber", cells.code),
        customer=_take(customer, "identifier", private, "customer."),
        placed_at=_take(node, "orderDate", cells.moment),
        currency=currencies.pop(),
        status=_take(node, "orderStatus", _status),
        lines=lines,
        email=_maybe(customer, "email", private, "customer."),
        phone=_maybe(customer, "telephone", private, "customer."),
        postal_code=_postal_code(node, customer, place),
        shipment=_shipment(node, place),
    )


def _lines(node: Node, offers: list[tuple[str, Node]], place: Place) -> tuple[tuple[OrderLine, ...], set[str]]:
    """The lines, and the currencies that their prices are in."""
    ordered = [(f"orderedItem[{n}]", place.whole(one)) for n, one in enumerate(listed(node.get("orderedItem")))]
    found = ordered or offers
    if not found:
        raise BadCell("orderedItem", "is missing, and so is acceptedOffer")
    if len(found) > MOST_LINES:
        raise BadCell("orderedItem", f"has more than {MOST_LINES} lines")
    priced = {_sku(offer, path, place): (path, offer) for path, offer in offers} if ordered else {}
    lines: list[OrderLine] = []
    currencies: set[str] = set()
    for path, item in found:
        sku = _sku(item, path, place)
        line, currency = _line(item, path, sku, priced.get(sku), place)
        lines.append(line)
        currencies |= {currency} - {""}
    if strange := priced.keys() - {line.sku for line in lines}:
        path = priced[min(strange)][0]
        raise BadCell(path, f"offers {cells.shown(min(strange))}, which is not in orderedItem")
    return tuple(lines), currencies


def _line(item: Node, path: str, sku: str, offer: tuple[str, Node] | None, place: Place) -> tuple[OrderLine, str]:
    key = next((key for key in ("orderQuantity", "eligibleQuantity") if key in item), "")
    quantity = _parsed(f"{path}.{key}", _text(item[key]), cells.positive) if key else 1
    found = _price(item, path, place) or (_price(offer[1], offer[0], place) if offer else None)
    if found is None:
        raise BadCell(f"{path}.price", "is missing")
    price, currency = found
    return OrderLine(sku, quantity, price), currency


def _price(item: Node, path: str, place: Place) -> tuple[Decimal, str] | None:
    """The price of one, and its currency where it is told: the item's own, its priceSpecification's or its offer's."""
    product = place.whole(_first(item.get("orderedItem")))
    for where, holder in (
        (path, item),
        (f"{path}.priceSpecification", place.whole(_first(item.get("priceSpecification")))),
        (f"{path}.offers", place.whole(_first(item.get("offers")))),
        (f"{path}.orderedItem.offers", place.whole(_first(product.get("offers")))),
    ):
        if price := _text(holder.get("price")):
            currency = _text(holder.get("priceCurrency"))
            return (
                _parsed(f"{where}.price", price, cells.amount),
                _parsed(f"{where}.priceCurrency", currency, cells.currency) if currency else "",
            )
    return None


def _offers(node: Node, place: Place) -> list[tuple[str, Node]]:
    return [(f"acceptedOffer[{n}]", place.whole(one)) for n, one in enumerate(listed(node.get("acceptedOffer")))]


def _sku(item: Node, path: str, place: Place) -> str:
    """The SKU of an OrderItem, an Offer, or a Product that stands in their place."""
    key = next((key for key in ("orderedItem", "itemOffered") if key in item), "")
    inner = place.whole(_first(item.get(key))) if key else {}
    where = f"{path}.{key}.sku" if key else f"{path}.sku"
    text = _text(inner.get("sku")) or _text(item.get("sku"))
    if not text:
        raise BadCell(where, "is missing")
    return _parsed(where, text, cells.code)


def _postal_code(node: Node, customer: Node, place: Place) -> str | None:
    for path, address in (
        ("billingAddress.", node.get("billingAddress")),
        ("customer.address.", customer.get("address")),
    ):
        if code := _maybe(place.whole(_first(address)), "postalCode", private, path):
            return code
    return None


def _shipment(node: Node, place: Place) -> str | None:
    """The shipment's id, or its tracking number where it has none. An order here travels in one shipment."""
    items = (place.whole(one) for one in listed(node.get("orderedItem")))
    every = [*listed(node.get("orderDelivery")), *(one for item in items for one in listed(item.get("orderDelivery")))]
    named: dict[str, None] = {}
    for delivery in map(place.whole, every):
        for key in ("identifier", "trackingNumber"):
            if text := _text(delivery.get(key)):
                named[_parsed(f"orderDelivery.{key}", text, cells.code)] = None
                break
    if len(named) > 1:
        raise BadCell("orderDelivery", "names several shipments; an order can have one")
    return next(iter(named), None)


def _status(text: str) -> str:
    """A status of schema.org as words, OrderInTransit as "Order in transit"; any other as it stands."""
    known = _STATUS.fullmatch(text)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", known[1]).capitalize() if known else text


def _first(value: Any) -> Any:
    return next(iter(listed(value)), None)


def _text(value: Any) -> str:
    """The text of a value, of a PropertyValue or QuantitativeValue its value."""
    one = _first(value)
    return text_of(one) or (text_of(one.get("value")) if isinstance(one, dict) else "")


def _parsed(path: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as wrong:
        raise BadCell(path, str(wrong)) from None


def _maybe(node: Node, key: str, parse: Callable[[str], T], path: str = "") -> T | None:
    text = _text(node.get(key))
    return _parsed(path + key, text, parse) if text else None


def _take(node: Node, key: str, parse: Callable[[str], T], path: str = "") -> T:
    value = _maybe(node, key, parse, path)
    if value is None:
        raise BadCell(path + key, "is missing")
    return value
