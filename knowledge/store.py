"""The shop's data in SQL: products, orders, shipments, articles and duties. How rows look stands in tables.py."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from knowledge.records import Article, Duty, Order, Product, Shipment
from knowledge.tables import (
    ARTICLES,
    DUTIES,
    GENERATIONS,
    IDENTIFIERS,
    META,
    ORDERS,
    PRODUCTS,
    SHAPES,
    SHIPMENTS,
    Changes,
    Key,
    add_shapes,
    article_row,
    asked_names,
    duty_row,
    in_parts,
    names_of,
    normal_identifier,
    order_row,
    product_row,
    rename,
    replace,
    shape_of,
    shipment_row,
    stored,
    upsert,
)

__all__ = ["Changes", "Identified", "Store", "normal_identifier", "shape_of"]

Identified = Literal["product", "order", "shipment"]

_PRODUCT = msgspec.json.Decoder(Product)
_ARTICLE = msgspec.json.Decoder(Article)
_ORDER = msgspec.json.Decoder(Order)
_SHIPMENT = msgspec.json.Decoder(Shipment)
_DUTY = msgspec.json.Decoder(Duty)

# Statements are made once: SQLAlchemy then takes their compiled form from its cache.
_ASKED = IDENTIFIERS.c.identifier.in_(sa.bindparam("names", expanding=True))
_SOLD = PRODUCTS.c.retired.is_(False)
_PRODUCTS_AT = sa.select(PRODUCTS.c.key, PRODUCTS.c.record).where(
    PRODUCTS.c.key.in_(sa.bindparam("names", expanding=True))
)
_ALL_PRODUCTS = sa.select(PRODUCTS.c.record).where(_SOLD).order_by(PRODUCTS.c.key)
_SOLD_AT = _PRODUCTS_AT.where(_SOLD)
_VARIANTS = _ALL_PRODUCTS.where(PRODUCTS.c.variant_group == sa.bindparam("asked"))
_ALL_ARTICLES = (
    sa.select(ARTICLES.c.record).where(ARTICLES.c.retired.is_(False)).order_by(ARTICLES.c.key, ARTICLES.c.language)
)
_ARTICLE_AT = _ALL_ARTICLES.where(ARTICLES.c.key == sa.bindparam("asked"), ARTICLES.c.language == sa.bindparam("in"))
_ARTICLES_AT = _ALL_ARTICLES.where(ARTICLES.c.key == sa.bindparam("asked"))
_PRODUCTS_NAMED = (
    sa.select(PRODUCTS.c.record)
    .join(IDENTIFIERS, PRODUCTS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "product", _ASKED)
    .distinct()
)
_NAMED = sa.select(IDENTIFIERS).where(_ASKED)
_ORDER_NAMED = (
    sa.select(ORDERS.c.key, ORDERS.c.record)
    .join(IDENTIFIERS, ORDERS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "order", IDENTIFIERS.c.identifier == sa.bindparam("asked"))
)
_NEWEST = sa.select(ORDERS.c.record).order_by(ORDERS.c.placed.desc(), ORDERS.c.key)
_ORDERS_OF = _NEWEST.where(ORDERS.c.customer == sa.bindparam("asked")).limit(sa.bindparam("most", type_=sa.Integer))
_ORDERS_SHIPPED = _NEWEST.where(ORDERS.c.shipment == sa.bindparam("asked"))
_SHIPMENT_AT = sa.select(SHIPMENTS.c.record).where(SHIPMENTS.c.key == sa.bindparam("asked"))
_DUTY_ON = (
    sa.select(DUTIES.c.record)
    .where(DUTIES.c.country == sa.bindparam("asked"), DUTIES.c.valid_from <= sa.bindparam("on"))
    .where(DUTIES.c.valid_to.is_(None) | (DUTIES.c.valid_to >= sa.bindparam("on")))
    .order_by(DUTIES.c.valid_from.desc())
    .limit(1)
)
_DUTY_COUNTRIES = sa.select(DUTIES.c.country).distinct().order_by(DUTIES.c.country)
_GENERATIONS = sa.select(GENERATIONS)
_SHAPES = sa.select(SHAPES)
_VALUES = {name: sa.select(PRODUCTS.c[name]).where(_SOLD).distinct() for name in ("color", "size", "category", "brand")}


class Store:
    """A shop's records by SQLAlchemy URL. Usable from several threads; several processes may share a SQLite file."""

    def __init__(self, url: str) -> None:
        """Opens the database and makes the tables that it lacks.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it can't be opened, or is no database.
        """
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            _set_up_sqlite(self._engine)
        with self._writing() as connection:
            META.create_all(connection)
        self._values: tuple[int, dict[str, frozenset[str]]] = (-1, {})
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    # Writing. Each in one transaction, and an exception in the iterable changes nothing.

    def put_products(self, products: Iterable[Product]) -> Changes:
        """Takes `products` as all that the shop sells: the others are retired. `image` is the final media hash.

        Of two with one SKU the later stands. A retired product is still read by its SKU, since old orders name it,
        and is found in no other way.
        """
        given = {p.sku: p for p in products}
        with self._writing() as connection:
            changes, gone = replace(connection, PRODUCTS, [product_row(p) for p in given.values()])
            named = {sku: names_of(p) for sku, p in given.items()}
            rename(connection, "product", named | {str(sku): set() for (sku,) in gone})
        return changes

    def put_articles(self, articles: Iterable[Article]) -> Changes:
        """Takes `articles` as all that there are: an id in a language that is missing is retired."""
        given = {(a.id, a.language): a for a in articles}
        with self._writing() as connection:
            return replace(connection, ARTICLES, [article_row(a) for a in given.values()])[0]

    def put_orders(self, orders: Iterable[Order]) -> Changes:
        """Adds or updates; orders that are missing stay."""
        given = {o.id: o for o in orders}
        with self._writing() as connection:
            before = stored(connection, ORDERS, list(given))
            changes = upsert(connection, ORDERS, map(order_row, given.values()), before)
            rename(connection, "order", {id: {normal_identifier(id)} for id in given})
            add_shapes(connection, given)
        return changes

    def put_shipments(self, shipments: Iterable[Shipment]) -> Changes:
        """Adds or updates; of a shipment that is known or comes twice, the events of both are kept, oldest first.

        What a later record leaves out (a promised date, a tracking number) stays as it was known.
        """
        given: dict[str, Shipment] = {}
        for s in shipments:
            given[s.id] = _merged(given.get(s.id), s)
        with self._writing() as connection:
            before = stored(connection, SHIPMENTS, list(given))
            known = {key: _SHIPMENT.decode(record) for (key,), record in before.items()}
            merged = {id: _merged(known.get(id), s) for id, s in given.items()}
            changes = upsert(connection, SHIPMENTS, map(shipment_row, merged.values()), before)
            names = {id: {normal_identifier(s.tracking_number or "")} - {""} for id, s in merged.items()}
            rename(connection, "shipment", names)
            add_shapes(connection, (s.tracking_number for s in given.values() if s.tracking_number))
        return changes

    def put_duties(self, duties: Iterable[Duty]) -> Changes:
        """Takes `duties` in place of all there were; those that are no more count as retired."""
        given = {(d.country, d.valid_from): d for d in duties}
        with self._writing() as connection:
            before: dict[Key, bytes] = {
                (r.country, r.valid_from): r.record for r in connection.execute(sa.select(DUTIES))
            }
            gone = [{"country": c, "since": since} for c, since in before if (c, since) not in given]
            if gone:
                at = (DUTIES.c.country == sa.bindparam("country"), DUTIES.c.valid_from == sa.bindparam("since"))
                connection.execute(sa.delete(DUTIES).where(*at), gone)
            changes = upsert(connection, DUTIES, map(duty_row, given.values()), before)
        return msgspec.structs.replace(changes, retired=len(gone))

    # Reading.

    def product(self, sku: str) -> Product | None:
        """The product with exactly this SKU, a retired one too (`live` tells)."""
        return next(iter(self.products([sku])), None)

    def products(self, skus: Sequence[str]) -> list[Product]:
        """The products with these SKUs in this order, retired ones too; an unknown SKU is left out."""
        found = {r.key: r.record for part in in_parts(skus) for r in self._rows(_PRODUCTS_AT, names=part)}
        return [_PRODUCT.decode(found[sku]) for sku in skus if sku in found]

    def live(self, skus: Sequence[str]) -> frozenset[str]:
        """Which of these SKUs are sold now."""
        return frozenset(r.key for part in in_parts(skus) for r in self._rows(_SOLD_AT, names=part))

    def all_products(self) -> Iterator[Product]:
        """The products that are sold now, by SKU."""
        return (_PRODUCT.decode(r.record) for r in self._rows(_ALL_PRODUCTS))

    def all_articles(self) -> Iterator[Article]:
        """The articles that are not retired, by id and language."""
        return (_ARTICLE.decode(r.record) for r in self._rows(_ALL_ARTICLES))

    def variants(self, group: str) -> list[Product]:
        """The products of this group that are sold now, by SKU."""
        return [_PRODUCT.decode(r.record) for r in self._rows(_VARIANTS, asked=group)]

    def by_identifier(self, identifier: str) -> list[Product]:
        """The products sold now whose SKU, GTIN or MPN this is; the one spelled exactly so comes first."""
        found = [_PRODUCT.decode(r.record) for r in self._rows(_PRODUCTS_NAMED, names=asked_names(identifier))]
        return sorted(found, key=lambda p: (p.sku != identifier, p.sku))

    def known(self, identifiers: Sequence[str]) -> dict[str, tuple[Identified, str]]:
        """Those of `identifiers` that name something here: a SKU, GTIN, MPN, order id or tracking number.

        Maps each, as it was given, to a kind and the SKU, order id or shipment id. Where one names several, the
        record whose own id is spelled exactly so goes first, then products, orders, shipments. That an order is
        known says nothing about who asks: its facts are for its owner.
        """
        names = {given: asked_names(given) for given in identifiers}
        asked = list(dict.fromkeys(name for some in names.values() for name in some))
        found: dict[str, list[tuple[Identified, str]]] = {}
        for part in in_parts(asked):
            for r in self._rows(_NAMED, names=part):
                found.setdefault(r.identifier, []).append((r.kind, r.key))
        candidates = {given: [named for name in some for named in found.get(name, ())] for given, some in names.items()}
        kinds = ("product", "order", "shipment")
        return {
            given: min(some, key=lambda named: (named[1] != given, kinds.index(named[0]), named[1]))
            for given, some in candidates.items()
            if some
        }

    def order(self, id: str) -> Order | None:
        """The order with this id, however its case, spaces and dashes are written."""
        found = sorted(self._rows(_ORDER_NAMED, asked=normal_identifier(id)), key=lambda r: (r.key != id, r.key))
        return _ORDER.decode(found[0].record) if found else None

    def shapes(self) -> frozenset[str]:
        """What the shop's order ids and tracking numbers look like (`shape_of`)."""
        return frozenset(r.shape for r in self._rows(_SHAPES))

    def orders_of(self, customer: str, most: int = 5) -> list[Order]:
        """A customer's orders, newest first."""
        return [_ORDER.decode(r.record) for r in self._rows(_ORDERS_OF, asked=customer, most=most)]

    def orders_shipped(self, shipment: str) -> list[Order]:
        """The orders that travel in a shipment, newest first: whose parcel it is."""
        return [_ORDER.decode(r.record) for r in self._rows(_ORDERS_SHIPPED, asked=shipment)]

    def shipment(self, id: str) -> Shipment | None:
        """The shipment with exactly this id."""
        return next((_SHIPMENT.decode(r.record) for r in self._rows(_SHIPMENT_AT, asked=id)), None)

    def article(self, id: str, language: str) -> Article | None:
        """The article in exactly this language."""
        found = self._rows(_ARTICLE_AT, **{"asked": id, "in": language})
        return next((_ARTICLE.decode(r.record) for r in found), None)

    def article_languages(self, id: str) -> list[str]:
        """The languages that an article is written in, sorted."""
        return [_ARTICLE.decode(r.record).language for r in self._rows(_ARTICLES_AT, asked=id)]

    def duty(self, country: str, on: date) -> Duty | None:
        """What a country asks of a parcel on a day; of rows that overlap, the one that began last."""
        found = self._rows(_DUTY_ON, asked=country.upper(), on=on)
        return next((_DUTY.decode(r.record) for r in found), None)

    def duty_countries(self) -> list[str]:
        """The countries that there is any duty row for, sorted."""
        return [r.country for r in self._rows(_DUTY_COUNTRIES)]

    def attribute_values(self) -> dict[str, frozenset[str]]:
        """The distinct `color`, `size`, `category` and `brand` of the products that are sold now.

        Read again only after products were written, by whatever process.
        """
        products = self.generation()[0]
        with self._lock:
            if self._values[0] != products:
                found = {name: (r[0] for r in self._rows(statement)) for name, statement in _VALUES.items()}
                self._values = products, {name: frozenset(v for v in some if v) for name, some in found.items()}
            return self._values[1]

    def generation(self) -> tuple[int, int]:
        """How often the products and the articles have changed; what was derived at other numbers is behind."""
        numbers = {r.name: int(r.number) for r in self._rows(_GENERATIONS)}
        return numbers.get("products", 0), numbers.get("articles", 0)

    def _rows(self, statement: sa.Select[Any], **values: object) -> Sequence[sa.Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(statement, values).all()

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self._engine.execution_options(writes=True).begin()


def _merged(known: Shipment | None, new: Shipment) -> Shipment:
    if known is None:
        given, events = new, new.events
    else:
        said = {name: value for name in new.__struct_fields__ if (value := getattr(new, name)) is not None}
        given, events = msgspec.structs.replace(known, **said), (*known.events, *new.events)
    once = sorted(dict.fromkeys(events), key=lambda event: event.time)
    return msgspec.structs.replace(given, events=tuple(once))


def _set_up_sqlite(engine: sa.Engine) -> None:
    """WAL, full syncs and foreign keys on every connection, and transactions that are begun here.

    The driver would begin a writing transaction only at its first write, after it has read: another process may have
    written between the two, and SQLite then refuses. A read is one statement and needs no transaction.
    """

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
