"""The tables of the store, and how rows are written to them.

A table keeps the columns that are asked for beside the whole record as JSON, so that a read is one row by its key and
one decoding. JSON and not MessagePack, because a time keeps its offset in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from knowledge.records import Article, Duty, Order, Product, Shipment

Key = tuple[Any, ...]  # the values of a table's primary key
Row = dict[str, Any]
MOST_AT_ONCE = 500  # values bound in one statement

META = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, META, *columns, sa.Column("record", sa.LargeBinary, nullable=False))


def _key(name: str = "key") -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


PRODUCTS = _table(
    "products",
    _key(),
    sa.Column("variant_group", sa.Text, index=True),
    sa.Column("brand", sa.Text),
    sa.Column("color", sa.Text),
    sa.Column("size", sa.Text),
    sa.Column("category", sa.Text),
    sa.Column("retired", sa.Boolean, nullable=False, default=False),
)
ARTICLES = _table("articles", _key(), _key("language"), sa.Column("retired", sa.Boolean, nullable=False, default=False))
ORDERS = _table(
    "orders",
    _key(),
    sa.Column("customer", sa.Text, nullable=False, index=True),
    sa.Column("placed", sa.Float, nullable=False),  # seconds since 1970, so that times of any offset compare
    sa.Column("shipment", sa.Text, index=True),
)
SHIPMENTS = _table("shipments", _key())
DUTIES = _table(
    "duties", _key("country"), sa.Column("valid_from", sa.Date, primary_key=True), sa.Column("valid_to", sa.Date)
)
# What a record may be called, normalised. Not a column of each table, since a product has up to four names.
IDENTIFIERS = sa.Table(
    "identifiers", META, _key("identifier"), _key("kind"), _key(), sa.Index("identifiers_of", "kind", "key")
)
# What order ids and tracking numbers look like. Only ever added to: orders and shipments are never removed.
SHAPES = sa.Table("shapes", META, _key("shape"))
# How often a table's live rows have changed.
GENERATIONS = sa.Table("generations", META, _key("name"), sa.Column("number", sa.Integer, nullable=False))


class Changes(msgspec.Struct, frozen=True):
    """What a writing did, in records."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0


def product_row(product: Product) -> Row:
    """A product as its row."""
    return {
        "key": product.sku,
        "variant_group": product.group,
        "brand": product.brand,
        "color": product.color,
        "size": product.size,
        "category": product.category,
        "retired": False,
        "record": msgspec.json.encode(product),
    }


def article_row(article: Article) -> Row:
    """An article in one language as its row."""
    record = msgspec.json.encode(article)
    return {"key": article.id, "language": article.language, "retired": False, "record": record}


def order_row(order: Order) -> Row:
    """An order as its row."""
    return {
        "key": order.id,
        "customer": order.customer,
        "placed": order.placed_at.timestamp(),
        "shipment": order.shipment,
        "record": msgspec.json.encode(order),
    }


def shipment_row(shipment: Shipment) -> Row:
    """A shipment as its row."""
    return {"key": shipment.id, "record": msgspec.json.encode(shipment)}


def duty_row(duty: Duty) -> Row:
    """A duty row as its row."""
    record = msgspec.json.encode(duty)
    return {"country": duty.country, "valid_from": duty.valid_from, "valid_to": duty.valid_to, "record": record}


_PASSED_OVER = {"Zs", "Pd", "Cf", "Cc", "Cs"}  # spaces, dashes, direction marks, controls, halves of characters


def normal_identifier(text: str) -> str:
    """`text` as identifiers are compared: NFKC, any script's digits as 0-9, without case, spaces and dashes."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    digits = ((str(unicodedata.decimal(c)) if c.isdecimal() else c) for c in folded)
    return "".join(c for c in digits if c != "\N{MINUS SIGN}" and unicodedata.category(c) not in _PASSED_OVER)


def _gtin_name(gtin: str) -> str:
    """One name for a GTIN of any length: a shorter one is the same number after zeros (GS1 General Specifications)."""
    return f"gtin:{gtin.zfill(14)}"


def shape_of(code: str) -> str:
    """What a code looks like, so that one can be told for an order's without looking it up: "Q-1001" is "A0000"."""
    return "".join("0" if c.isdigit() else "A" if c.isalpha() else c for c in normal_identifier(code))


def names_of(product: Product) -> set[str]:
    """What a product may be called: SKU, MPN, GTIN."""
    names = {normal_identifier(name) for name in (product.sku, product.mpn, product.gtin) if name}
    if product.gtin:
        names.add(_gtin_name(normal_identifier(product.gtin)))
    return names - {""}


def asked_names(identifier: str) -> list[str]:
    """The names under which the thing that someone calls `identifier` may stand."""
    normal = normal_identifier(identifier)
    if normal.isdigit() and len(normal) in (8, 12, 13, 14):
        return [normal, _gtin_name(normal)]
    return [normal] if normal else []


def in_parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """`values` in runs that fit one statement."""
    return (values[start : start + MOST_AT_ONCE] for start in range(0, len(values), MOST_AT_ONCE))


def stored(connection: sa.Connection, table: sa.Table, keys: Sequence[str]) -> dict[Key, bytes]:
    """The records at these keys, of a table with one key column."""
    found: dict[Key, bytes] = {}
    for part in in_parts(keys):
        rows = connection.execute(sa.select(table.c.key, table.c.record).where(table.c.key.in_(part)))
        found.update({(row.key,): row.record for row in rows})
    return found


def upsert(connection: sa.Connection, table: sa.Table, rows: Iterable[Row], before: Mapping[Key, bytes]) -> Changes:
    """Inserts the rows that are new and updates those that differ from `before`, the records by key."""
    names = [column.name for column in table.primary_key]
    new, changed, unchanged = [], [], 0
    for row in rows:
        record = before.get(tuple(row[name] for name in names))
        if record is None:
            new.append(row)
        elif record != row["record"]:
            changed.append({**row, **{f"at_{name}": row[name] for name in names}})
        else:
            unchanged += 1
    if new:
        connection.execute(sa.insert(table), new)
    if changed:
        connection.execute(sa.update(table).where(*_at_key(table)), changed)
    return Changes(len(new), len(changed), unchanged)


def replace(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> tuple[Changes, list[Key]]:
    """Makes `rows` all the live rows of a table with a `retired` column. Gives the keys that were retired, too."""
    names = [column.name for column in table.primary_key]
    before: dict[Key, bytes] = {}
    live: set[Key] = set()
    for row in connection.execute(sa.select(table)):
        key = tuple(getattr(row, name) for name in names)
        before[key] = b"" if row.retired else row.record  # one that comes back counts as updated
        if not row.retired:
            live.add(key)
    changes = upsert(connection, table, rows, before)
    gone = sorted(live - {tuple(row[name] for name in names) for row in rows})
    if gone:
        where = [{f"at_{name}": part for name, part in zip(names, key, strict=True)} for key in gone]
        connection.execute(sa.update(table).where(*_at_key(table)).values(retired=True), where)
    if changes.added or changes.updated or gone:
        _count(connection, table.name)
    return msgspec.structs.replace(changes, retired=len(gone)), gone


def _at_key(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    return [column == sa.bindparam(f"at_{column.name}") for column in table.primary_key]


def rename(
    connection: sa.Connection, kind: Literal["product", "order", "shipment"], names: Mapping[str, Iterable[str]]
) -> None:
    """Makes `names` what these records may be called, in place of what they were called before."""
    if not names:
        return
    forget = sa.delete(IDENTIFIERS).where(IDENTIFIERS.c.kind == kind, IDENTIFIERS.c.key == sa.bindparam("at_key"))
    connection.execute(forget, [{"at_key": key} for key in names])
    rows = [{"identifier": name, "kind": kind, "key": key} for key, all_of_it in names.items() for name in all_of_it]
    if rows:
        connection.execute(sa.insert(IDENTIFIERS), rows)


def add_shapes(connection: sa.Connection, codes: Iterable[str]) -> None:
    """Remembers what these codes look like."""
    new = {shape_of(code) for code in codes} - {""} - set(connection.execute(sa.select(SHAPES.c.shape)).scalars())
    if new:
        connection.execute(sa.insert(SHAPES), [{"shape": shape} for shape in sorted(new)])


def _count(connection: sa.Connection, name: str) -> None:
    raised = sa.update(GENERATIONS).where(GENERATIONS.c.name == name).values(number=GENERATIONS.c.number + 1)
    if connection.execute(raised).rowcount == 0:
        connection.execute(sa.insert(GENERATIONS), {"name": name, "number": 1})
