"""The shop's data in SQL: products, orders, shipments, articles and duties. How rows look stands in tables.py, what is
asked in statements.py, how they are written in writing.py."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from knowledge import putting
from knowledge import statements as asks
from knowledge.identifiers import asked_names, normal_identifier, shape_of
from knowledge.opening import UnknownVersion, connected
from knowledge.records import Article, Duty, Order, Product, Refused, Shipment
from knowledge.tables import MOST_AT_ONCE, Changes, KnownPicture, carrier_name, in_parts
from knowledge.writing import Imported

__all__ = ["Changes", "Identified", "Imported", "Store", "UnknownVersion", "normal_identifier", "shape_of"]

Identified = Literal["product", "order", "shipment"]


class _BasketLine(msgspec.Struct):
    sku: str


class _Basket(msgspec.Struct):
    """What `baskets` reads of an order."""

    customer: str
    placed_at: datetime
    lines: tuple[_BasketLine, ...]


_PRODUCT = msgspec.json.Decoder(Product)
_ARTICLE = msgspec.json.Decoder(Article)
_ORDER = msgspec.json.Decoder(Order)
_SHIPMENT = msgspec.json.Decoder(Shipment)
_DUTY = msgspec.json.Decoder(Duty)
_BASKET = msgspec.json.Decoder(_Basket)
_PICTURE = msgspec.json.Decoder(KnownPicture)
_REFUSED = msgspec.json.Decoder(list[Refused])


class Store:
    """A shop's records by SQLAlchemy URL. Usable from several threads; several processes may share a SQLite file."""

    def __init__(self, url: str) -> None:
        """Opens the database, and makes its tables or brings them to this version.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it can't be opened, or is no database.
            UnknownVersion: a newer program wrote it.
        """
        self._engine = connected(url)
        self._values: tuple[int, dict[str, frozenset[str]]] = (-1, {})
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    # Writing. Each in one transaction at its end, and an exception in the iterable changes nothing; however many
    # records it gives, few are in memory. `imported` is the feed that the records are, to be read back by `imported`.

    def put_products(self, products: Iterable[Product], imported: Imported | None = None) -> Changes:
        """Takes `products` as all that the shop sells: the others are retired. `image` is the final media hash.

        Of two with one SKU the later stands, or adds its language (joining.joined). A retired product is still read
        by its SKU, since old orders name it, and is found in no other way.
        """
        return putting.products(self._engine, products, imported)

    def put_articles(self, articles: Iterable[Article], imported: Imported | None = None) -> Changes:
        """Takes `articles` as all that there are: an id in a language that is missing is retired."""
        return putting.articles(self._engine, articles, imported)

    def put_orders(self, orders: Iterable[Order], imported: Imported | None = None) -> Changes:
        """Adds or updates; orders that are missing stay."""
        return putting.orders(self._engine, orders, imported)

    def put_shipments(self, shipments: Iterable[Shipment], imported: Imported | None = None) -> Changes:
        """Adds or updates; of a shipment that is known or comes twice, the events of both are kept, oldest first.

        What a later record leaves out (a promised date, a tracking number) stays as it was known. A shipment whose id
        is its tracking number, as carriers tell of it, is joined to the one known under that number, now or later.
        """
        return putting.shipments(self._engine, shipments, imported)

    def put_duties(self, duties: Iterable[Duty], imported: Imported | None = None) -> Changes:
        """Takes `duties` in place of all there were; those that are no more count as retired."""
        return putting.duties(self._engine, duties, imported)

    def imported(self, kind: str) -> Imported | None:
        """The feed of "products", "orders"… that was imported last; None once anything else was written."""
        row = next(iter(self._rows(asks.IMPORTED, asked=kind)), None)
        return row and Imported(row.digest, _REFUSED.decode(row.refused), row.taken)

    def remember_pictures(self, known: Sequence[KnownPicture], used: int) -> None:
        """Keeps what is known of these pictures now, each place once, as used by the import with the number `used`."""
        putting.pictures(self._engine, known, used)

    def forget_pictures(self, used_before: int) -> None:
        """Forgets the pictures that no import from this number on has used."""
        putting.forget_pictures(self._engine, used_before)

    def known_pictures(self, places: Sequence[str]) -> dict[str, KnownPicture]:
        """What is known of the pictures at these places, by place."""
        found = (
            _PICTURE.decode(r.record) for part in in_parts(places) for r in self._rows(asks.PICTURES_AT, names=part)
        )
        return {picture.place: picture for picture in found}

    def all_pictures(self) -> Iterator[KnownPicture]:
        """All pictures that are known, read one after another."""
        return (_PICTURE.decode(r.record) for r in self._streamed(asks.ALL_PICTURES))

    def last_picture_import(self) -> int:
        """The highest number under which pictures were remembered; 0 without any."""
        return self._rows(asks.LAST_USED)[0][0] or 0

    # Reading.

    def product(self, sku: str) -> Product | None:
        """The product with exactly this SKU, a retired one too (`live` tells)."""
        return next(iter(self.products([sku])), None)

    def products(self, skus: Sequence[str]) -> list[Product]:
        """The products with these SKUs in this order, retired ones too; an unknown SKU is left out."""
        found = {r.key: r.record for part in in_parts(skus) for r in self._rows(asks.PRODUCTS_AT, names=part)}
        return [_PRODUCT.decode(found[sku]) for sku in skus if sku in found]

    def live(self, skus: Sequence[str]) -> frozenset[str]:
        """Which of these SKUs are sold now."""
        return frozenset(r.key for part in in_parts(skus) for r in self._rows(asks.SOLD_AT, names=part))

    def all_products(self) -> Iterator[Product]:
        """The products that are sold now, by SKU, as they are at the first: read one after another, not held."""
        return (_PRODUCT.decode(r.record) for r in self._streamed(asks.ALL_PRODUCTS))

    def all_articles(self) -> Iterator[Article]:
        """The articles that are not retired, by id and language."""
        return (_ARTICLE.decode(r.record) for r in self._streamed(asks.ALL_ARTICLES))

    def variants(self, group: str) -> list[Product]:
        """The products of this group that are sold now, by SKU."""
        return [_PRODUCT.decode(r.record) for r in self._rows(asks.VARIANTS, asked=group)]

    def by_identifier(self, identifier: str) -> list[Product]:
        """The products sold now whose SKU, GTIN or MPN this is; the one spelled exactly so comes first."""
        found = [_PRODUCT.decode(r.record) for r in self._rows(asks.PRODUCTS_NAMED, names=asked_names(identifier))]
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
            for r in self._rows(asks.NAMED, names=part):
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
        found = sorted(self._rows(asks.ORDER_NAMED, asked=normal_identifier(id)), key=lambda r: (r.key != id, r.key))
        return _ORDER.decode(found[0].record) if found else None

    def shapes(self) -> frozenset[str]:
        """What the shop's order ids and tracking numbers look like (`shape_of`)."""
        return frozenset(r.shape for r in self._rows(asks.ALL_SHAPES))

    def orders_of(self, customer: str, most: int = 5) -> list[Order]:
        """A customer's orders, newest first."""
        return [_ORDER.decode(r.record) for r in self._rows(asks.ORDERS_OF, asked=customer, most=most)]

    def baskets(self, since: datetime | None = None) -> Iterator[tuple[str, datetime, tuple[str, ...]]]:
        """Of each order, the newest first: customer, when it was placed, and its SKUs; read one after another."""
        rows = (
            self._streamed(asks.NEWEST) if since is None else self._streamed(asks.NEWEST_SINCE, since=since.timestamp())
        )
        baskets = (_BASKET.decode(r.record) for r in rows)
        return ((b.customer, b.placed_at, tuple(line.sku for line in b.lines)) for b in baskets)

    def orders_shipped(self, shipment: str) -> list[Order]:
        """The orders that travel in a shipment, newest first: whose parcel it is."""
        return [_ORDER.decode(r.record) for r in self._rows(asks.ORDERS_SHIPPED, asked=shipment)]

    def shipment(self, id: str) -> Shipment | None:
        """The shipment with exactly this id."""
        return next((_SHIPMENT.decode(r.record) for r in self._rows(asks.SHIPMENT_AT, asked=id)), None)

    def shipment_by_tracking(self, number: str) -> Shipment | None:
        """The shipment with this tracking number, however it is written; of several the one heard of last, since
        carriers use their numbers again."""
        found = self._rows(asks.SHIPMENTS_NUMBERED, asked=normal_identifier(number))
        return next((_SHIPMENT.decode(r.record) for r in found), None)

    def recent_shipments(self, carrier: str | None, origin: str, destination: str, most: int = 500) -> list[Shipment]:
        """The shipments from one country to another, the one heard of last first; None: of any carrier."""
        lane = {"from": origin.upper(), "to": destination.upper(), "most": most}
        if carrier is None:
            found = self._rows(asks.LATEST_ON_LANE, **lane)
        else:
            found = self._rows(asks.LATEST_OF_CARRIER, **lane, carrier=carrier_name(carrier))
        return [_SHIPMENT.decode(r.record) for r in found]

    def open_shipments(self) -> Iterator[Shipment]:
        """The shipments whose last event is neither Delivered nor Expired, read one after another, not held."""
        return (_SHIPMENT.decode(r.record) for r in self._streamed(asks.OPEN_SHIPMENTS))

    def article(self, id: str, language: str) -> Article | None:
        """The article in exactly this language."""
        found = self._rows(asks.ARTICLE_AT, **{"asked": id, "in": language})
        return next((_ARTICLE.decode(r.record) for r in found), None)

    def article_languages(self, id: str) -> list[str]:
        """The languages that an article is written in, sorted."""
        return [_ARTICLE.decode(r.record).language for r in self._rows(asks.ARTICLES_AT, asked=id)]

    def duty(self, country: str, on: date) -> Duty | None:
        """What a country asks of a parcel on a day; of rows that overlap, the one that began last."""
        found = self._rows(asks.DUTY_ON, asked=country.upper(), on=on)
        return next((_DUTY.decode(r.record) for r in found), None)

    def duty_countries(self) -> list[str]:
        """The countries that there is any duty row for, sorted."""
        return [r.country for r in self._rows(asks.DUTY_COUNTRIES)]

    def attribute_values(self) -> dict[str, frozenset[str]]:
        """The distinct `color`, `size`, `category` and `brand` of the products that are sold now.

        Read again only after products were written, by whatever process.
        """
        products = self.generation()[0]
        with self._lock:
            if self._values[0] != products:
                found = {name: (r[0] for r in self._rows(statement)) for name, statement in asks.VALUES.items()}
                self._values = products, {name: frozenset(v for v in some if v) for name, some in found.items()}
            return self._values[1]

    def generation(self) -> tuple[int, int]:
        """How often the products and the articles have changed; what was derived at other numbers is behind."""
        numbers = {r.name: int(r.number) for r in self._rows(asks.ALL_GENERATIONS)}
        return numbers.get("products", 0), numbers.get("articles", 0)

    def _rows(self, statement: sa.Select[Any], **values: object) -> Sequence[sa.Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(statement, values).all()

    def _streamed(self, statement: sa.Select[Any], **values: object) -> Iterator[sa.Row[Any]]:
        """Rows as they come. One statement sees one state of the database, however long it is read."""
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=MOST_AT_ONCE).execute(statement, values)
