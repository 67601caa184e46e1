"""Orders from CSV or TSV, one row a line item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from knowledge.feeds import cells, table
from knowledge.feeds.errors import BadCell
from knowledge.feeds.table import Columns, Row
from knowledge.records import Order, OrderLine, Refused

# The fields that all rows of an order share, and their columns.
_SHARED = {
    "customer": "customer_id",
    "placed_at": "placed_at",
    "currency": "currency",
    "status": "status",
    "email": "email",
    "phone": "phone",
    "postal_code": "postal_code",
    "shipment": "shipment_id",
}
COLUMNS = Columns(
    required=("order_id", "customer_id", "placed_at", "currency", "sku", "quantity", "unit_price", "status"),
    optional=("email", "phone", "postal_code", "shipment_id"),
)


def read(path: Path) -> Iterator[Order | Refused]:
    """First each refused row, then each order with the lines that were taken, in the order of their first rows.

    The rows of an order need not stand together, so all orders of the file are held in memory at once. A row that
    contradicts an earlier one of its order is refused; an empty e-mail, phone, postal code or shipment is not a
    contradiction.

    Raises:
        FeedError: the file is no such feed (see table.rows).
    """
    orders: dict[str, Order] = {}
    lines: dict[str, list[OrderLine]] = {}
    first: dict[str, int] = {}
    for found in table.records(path, COLUMNS, _item):
        if isinstance(found, Refused):
            yield found
            continue
        row, (order, line) = found
        line_of_first = first.setdefault(order.id, row.line)
        try:
            orders[order.id] = table.merged(orders.get(order.id, order), order, _SHARED, line_of_first)
        except BadCell as bad:
            yield row.refused(bad.column, bad.reason)
            continue
        lines.setdefault(order.id, []).append(line)
    for order in orders.values():
        yield msgspec.structs.replace(order, lines=tuple(lines[order.id]))


def _item(row: Row) -> tuple[Order, OrderLine]:
    """What a row says of its order, without lines, and its line."""
    order = Order(
        id=row.take("order_id", cells.code),
        customer=row.take("customer_id", _private),
        placed_at=row.take("placed_at", cells.moment),
        currency=row.take("currency", cells.currency),
        status=row.take("status", cells.words),
        lines=(),
        email=row.maybe("email", _private),
        phone=row.maybe("phone", _private),
        postal_code=row.maybe("postal_code", _private),
        shipment=row.maybe("shipment_id", cells.code),
    )
    line = OrderLine(
        sku=row.take("sku", cells.code),
        quantity=row.take("quantity", cells.positive),
        unit_price=row.take("unit_price", cells.amount),
    )
    return order, line


def _private(text: str) -> str:
    """What names a person. It is not quoted where it is refused: reasons are printed and logged."""
    if len(text) > 254 or not text.isprintable():  # the longest e-mail address that can be delivered to (RFC 5321)
        raise ValueError("is not a text of at most 254 printable characters")
    return text
