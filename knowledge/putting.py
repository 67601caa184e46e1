"""Each kind of record into the store: what it is staged as, and what of it is told apart, joined or retired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import sqlalchemy as sa

from knowledge import shipping
from knowledge.identifiers import names_of, normal_identifier, shape_of
from knowledge.joining import joined, merged
from knowledge.records import Article, Duty, Order, Product, Shipment
from knowledge.tables import (
    ARTICLES,
    DUTIES,
    ORDERS,
    PICTURES,
    PRODUCTS,
    Changes,
    KnownPicture,
    article_row,
    duty_row,
    in_parts,
    order_row,
    product_row,
)
from knowledge.writing import Imported, add_shapes, note, put, settle, settle_names, stage, staging, upsert

_PRODUCTS, _ARTICLES, _ORDERS = staging(PRODUCTS), staging(ARTICLES), staging(ORDERS)


def products(engine: sa.Engine, given: Iterable[Product], imported: Imported | None) -> Changes:
    """See Store.put_products."""

    def fill(connection: sa.Connection) -> None:
        stage(
            connection,
            _PRODUCTS,
            given,
            key_of=lambda product: (product.sku,),
            row_of=product_row,
            decode=msgspec.json.Decoder(Product).decode,
            fold=joined,
            names_of=names_of,
        )

    def bring(connection: sa.Connection) -> Changes:
        changes = settle(connection, PRODUCTS, _PRODUCTS, all_there_is=True)
        if changes.added or changes.updated or changes.retired:
            settle_names(connection, "product", all_there_are=True)
        return changes

    return put(engine, _PRODUCTS, fill, bring, "products", imported)


def articles(engine: sa.Engine, given: Iterable[Article], imported: Imported | None) -> Changes:
    """See Store.put_articles."""

    def fill(connection: sa.Connection) -> None:
        stage(
            connection,
            _ARTICLES,
            given,
            key_of=lambda article: (article.id, article.language),
            row_of=article_row,
            decode=msgspec.json.Decoder(Article).decode,
        )

    def bring(connection: sa.Connection) -> Changes:
        return settle(connection, ARTICLES, _ARTICLES, all_there_is=True)

    return put(engine, _ARTICLES, fill, bring, "articles", imported)


def orders(engine: sa.Engine, given: Iterable[Order], imported: Imported | None) -> Changes:
    """See Store.put_orders."""
    shapes: set[str] = set()

    def seen() -> Iterator[Order]:
        for order in given:
            shapes.add(shape_of(order.id))
            yield order

    def fill(connection: sa.Connection) -> None:
        stage(
            connection,
            _ORDERS,
            seen(),
            key_of=lambda order: (order.id,),
            row_of=order_row,
            decode=msgspec.json.Decoder(Order).decode,
            names_of=lambda order: {normal_identifier(order.id)} - {""},
        )

    def bring(connection: sa.Connection) -> Changes:
        changes = settle(connection, ORDERS, _ORDERS, all_there_is=False)
        settle_names(connection, "order", all_there_are=False)
        add_shapes(connection, shapes)
        return changes

    return put(engine, _ORDERS, fill, bring, "orders", imported)


def shipments(engine: sa.Engine, given: Iterable[Shipment], imported: Imported | None) -> Changes:
    """See Store.put_shipments."""
    shapes: set[str] = set()

    def seen() -> Iterator[Shipment]:
        for shipment in given:
            shapes.add(shape_of(shipment.tracking_number or ""))
            yield shipment

    def fill(connection: sa.Connection) -> None:
        stage(
            connection,
            shipping.STAGED,
            seen(),
            key_of=lambda shipment: (shipment.id,),
            row_of=shipping.staged_row,
            decode=msgspec.json.Decoder(Shipment).decode,
            fold=merged,
        )

    def bring(connection: sa.Connection) -> Changes:
        changes = shipping.settle(connection)
        add_shapes(connection, shapes)
        return changes

    return put(engine, shipping.STAGED, fill, bring, "shipments", imported)


def duties(engine: sa.Engine, given: Iterable[Duty], imported: Imported | None) -> Changes:
    """See Store.put_duties. There are some hundreds at most."""
    new = {(d.country, d.valid_from): d for d in given}
    with engine.execution_options(writes=True).begin() as connection:
        rows = connection.execute(sa.select(DUTIES))
        before = {(row.country, row.valid_from): row.record for row in rows}
        gone = [{"country": country, "since": since} for country, since in before if (country, since) not in new]
        if gone:
            at = (DUTIES.c.country == sa.bindparam("country"), DUTIES.c.valid_from == sa.bindparam("since"))
            connection.execute(sa.delete(DUTIES).where(*at), gone)
        changes = upsert(connection, DUTIES, map(duty_row, new.values()), before)
        changes = msgspec.structs.replace(changes, retired=len(gone))
        note(connection, "duties", imported, changes)
    return changes


def pictures(engine: sa.Engine, known: Sequence[KnownPicture], used: int) -> None:
    """See Store.remember_pictures."""
    rows = [{"place": picture.place, "record": msgspec.json.encode(picture), "used": used} for picture in known]
    with engine.execution_options(writes=True).begin() as connection:
        for part in in_parts([picture.place for picture in known]):
            connection.execute(sa.delete(PICTURES).where(PICTURES.c.place.in_(part)))
        connection.execute(sa.insert(PICTURES), rows)


def forget_pictures(engine: sa.Engine, used_before: int) -> None:
    """See Store.forget_pictures."""
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.delete(PICTURES).where(PICTURES.c.used < used_before))
