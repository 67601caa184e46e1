"""Orders: CSV or TSV, one row a line item, or schema.org's Order as JSON. Which of them a file is, its beginning tells.

What can't be taken of an order keeps the whole order out, since half an order would be a wrong answer to who asks
about it; whatever the store has of that order stays as it was. All that is read goes through a file of its own on the
disk first, which the system removes: only when the whole feed is read is it known that nothing contradicts an order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import msgspec

from knowledge.feeds import cells, table
from knowledge.feeds.errors import BadCell
from knowledge.feeds.json_values import values
from knowledge.feeds.orders_json import orders_in, private
from knowledge.feeds.table import Columns, Row
from knowledge.feeds.watched import Done, ignore, watched
from knowledge.records import Order, OrderLine, Refused

MOST_LINES = 1_000  # of one order
_CACHE = "-16384"  # KiB of what was read that stay in memory
_AT_ONCE = 1_000

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
_ORDER = msgspec.json.Decoder(Order)


class _Part(msgspec.Struct, frozen=True):
    """What stands at one place of the file of an order: a row of it or all of it, None where it was refused there."""

    order: str
    line: int
    record: Order | None


def read(path: Path, done: Done = ignore) -> Iterator[Order | Refused]:
    """First each refused row, then each order that was taken, by its id, with what keeps others out.

    The rows of an order need not stand together. A row that contradicts an earlier one of its order keeps the order
    out; an empty e-mail, phone, postal code or shipment is not a contradiction. A row that can't be split into cells
    keeps out the orders that stand directly before and after it, since it may be a line of either; a row without an
    order id the one before it. An order that comes twice in JSON must be the same both times.

    Raises:
        FeedError: the file is no such feed (see table.rows, json_values.values, orders_json.orders_in).
    """
    with watched(path, done) as file, closing(_spool()) as spool:
        is_json = _is_json(file.peek())
        found = (_from_json if is_json else _from_rows)(file, path.name)
        yield from _kept(found, spool)
        for id, parts in _by_order(spool):
            if order := _order(id, parts, path.name, is_json):
                yield order


def _is_json(begin: bytes) -> bool:
    return begin.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _from_json(file: BinaryIO, name: str) -> Iterator[_Part | Refused]:
    for found in orders_in(values(file, name), name):
        if isinstance(found, Refused):
            yield found
            if found.record:
                yield _Part(found.record, found.line, None)
        else:
            yield _Part(found[1].id, found[0], found[1])


def _from_rows(file: BinaryIO, name: str) -> Iterator[_Part | Refused]:
    before, unread = "", 0
    for row in table.rows_of(file, name, COLUMNS):
        if isinstance(row, Refused):
            yield row
            unread = row.line
            if before:
                yield _Part(before, unread, None)
            continue
        id = row.cells["order_id"]
        try:
            order = _item(row)
        except BadCell as bad:
            yield msgspec.structs.replace(row.refused(bad.column, bad.reason), record=id)
            order = None
        if unread and id:
            yield _Part(id, unread, None)
        before, unread = id or before, 0
        if before and (id or order is None):
            yield _Part(before, row.line, order)


def _item(row: Row) -> Order:
    """What a row says of its order, with its one line. Raises BadCell."""
    line = OrderLine(
        sku=row.take("sku", cells.code),
        quantity=row.take("quantity", cells.positive),
        unit_price=row.take("unit_price", cells.amount),
    )
    return Order(
        id=row.take("order_id", cells.code),
        customer=row.take("customer_id", private),
        placed_at=row.take("placed_at", cells.moment),
        currency=row.take("currency", cells.currency),
        status=row.take("status", cells.words),
        lines=(line,),
        email=row.maybe("email", private),
        phone=row.maybe("phone", private),
        postal_code=row.maybe("postal_code", private),
        shipment=row.maybe("shipment_id", cells.code),
    )


def _spool() -> sqlite3.Connection:
    """A database without a name: SQLite keeps it in a file that is removed when it closes, however that happens."""
    spool = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size={_CACHE}"):
        spool.execute(f"PRAGMA {setting}")
    spool.execute("CREATE TABLE parts (id TEXT NOT NULL, line INTEGER NOT NULL, record BLOB)")
    spool.execute("BEGIN")
    return spool


def _kept(found: Iterable[_Part | Refused], spool: sqlite3.Connection) -> Iterator[Refused]:
    """Puts all parts into `spool`, and gives what was refused."""
    rows: list[tuple[str, int, bytes | None]] = []
    for part in found:
        if isinstance(part, Refused):
            yield part
            continue
        record = None if part.record is None else msgspec.json.encode(part.record)
        rows.append((part.order, part.line, record))
        if len(rows) == _AT_ONCE:
            spool.executemany("INSERT INTO parts VALUES (?, ?, ?)", rows)
            rows.clear()
    spool.executemany("INSERT INTO parts VALUES (?, ?, ?)", rows)


def _by_order(spool: sqlite3.Connection) -> Iterator[tuple[str, Iterator[_Part]]]:
    sorted_parts = spool.execute("SELECT id, line, record FROM parts ORDER BY id, line, record IS NULL")
    for id, rows in groupby(sorted_parts, itemgetter(0)):
        yield id, (_Part(id, line, None if record is None else _ORDER.decode(record)) for _, line, record in rows)


def _order(id: str, parts: Iterable[_Part], file: str, whole: bool) -> Order | Refused | None:
    """What the parts of an order make, in the order of the file; `whole`: each is all of it.

    None where every part was refused and told of before; where some were, the order is told of at its first other line.
    """
    order: Order | None = None
    first = refused = 0
    lines: list[OrderLine] = []
    for part in parts:
        if part.record is None:
            refused = refused or part.line
            continue
        first = first or part.line
        if whole and order not in (None, part.record):
            return Refused(file, part.line, "orderNumber", f"is on line {first} already, with other contents", id)
        try:
            order = table.merged(order or part.record, part.record, _SHARED, first)
        except BadCell as bad:
            return Refused(file, part.line, bad.column, f"{bad.reason}; the order is refused as a whole", id)
        lines += () if whole and lines else part.record.lines
        if len(lines) > MOST_LINES:
            return Refused(file, part.line, "order_id", f"has more than {MOST_LINES} lines", id)
    if order is None:
        return None
    if refused:
        return Refused(file, first, "", f"the order is refused as a whole because of line {refused}", id)
    return msgspec.structs.replace(order, lines=tuple(lines))
