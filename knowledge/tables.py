"""The tables of the store, and records as their rows.

A table keeps the columns that are asked for beside the whole record as JSON, so that a read is one row by its key and
one decoding. JSON and not MessagePack, because a time keeps its offset in it.

A change here needs a migration (migrations/versions) that makes the same of a database that is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from knowledge.records import Article, Duty, Order, Product, Shipment

Key = tuple[Any, ...]  # the values of a table's primary key
Row = dict[str, Any]
MOST_AT_ONCE = 500  # rows written, or values bound, in one statement

META = sa.MetaData()


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
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
    sa.Index("orders_newest", "placed", "key"),
)
SHIPMENTS = _table(
    "shipments",
    _key(),
    sa.Column("carrier", sa.Text, nullable=False, server_default=""),  # as `carrier_name` has it
    sa.Column("origin", sa.Text),
    sa.Column("destination", sa.Text),
    sa.Column("status", sa.Text, nullable=False, server_default="Pending"),  # of the last event
    sa.Column("last_event", sa.Float, nullable=False, server_default="0"),  # seconds since 1970; 0 without events
    sa.Index("shipments_lane", "origin", "destination", "last_event"),
    sa.Index("shipments_carrier_lane", "carrier", "origin", "destination", "last_event"),
    sa.Index("shipments_status", "status", "key"),
)
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
# Of each kind, the feed that its table holds as it was imported last; no row once something else was written.
IMPORTS = sa.Table(
    "imports",
    META,
    _key("kind"),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Column("refused", sa.LargeBinary, nullable=False),
)
# KnownPictures, which spare the next import their reading. Kept as they come, so that an import that breaks off
# need not fetch them again.
PICTURES = sa.Table(
    "pictures",
    META,
    _key("place"),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),  # number of the import that came upon it last
)


class KnownPicture(msgspec.Struct, frozen=True):
    """A picture by its place (feeds.pictures.place_of) as it was had last: the `media` hash that it became, or `why` it
    could not be had. By its `mark` it is told whether it is still the same."""

    place: str
    media: str | None = None
    mark: str = ""
    why: str = ""


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
    last = shipment.events[-1] if shipment.events else None
    return {
        "key": shipment.id,
        "carrier": carrier_name(shipment.carrier),
        "origin": shipment.origin,
        "destination": shipment.destination,
        "status": last.status if last else "Pending",
        "last_event": last.time.timestamp() if last else 0.0,
        "record": msgspec.json.encode(shipment),
    }


def carrier_name(carrier: str) -> str:
    """A carrier's name as names are compared: without case, and with single spaces."""
    return " ".join(carrier.casefold().split())


def duty_row(duty: Duty) -> Row:
    """A duty row as its row."""
    record = msgspec.json.encode(duty)
    return {"country": duty.country, "valid_from": duty.valid_from, "valid_to": duty.valid_to, "record": record}


def in_parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """`values` in runs that fit one statement."""
    return (values[start : start + MOST_AT_ONCE] for start in range(0, len(values), MOST_AT_ONCE))
