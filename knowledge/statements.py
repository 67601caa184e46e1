"""What is asked of the store, as statements that are made once: SQLAlchemy then takes their compiled form from its
cache."""

from __future__ import annotations

from typing import get_args

import sqlalchemy as sa

from knowledge.records import ShipmentStatus
from knowledge.tables import (
    ARTICLES,
    DUTIES,
    GENERATIONS,
    IDENTIFIERS,
    IMPORTS,
    ORDERS,
    PICTURES,
    PRODUCTS,
    SHAPES,
    SHIPMENTS,
)

_ASKED: sa.BindParameter[str] = sa.bindparam("asked")
_MOST = sa.bindparam("most", type_=sa.Integer)
_NAMES: sa.BindParameter[list[str]] = sa.bindparam("names", expanding=True)
_SOLD = PRODUCTS.c.retired.is_(False)

PRODUCTS_AT = sa.select(PRODUCTS.c.key, PRODUCTS.c.record).where(PRODUCTS.c.key.in_(_NAMES))
SOLD_AT = PRODUCTS_AT.where(_SOLD)
ALL_PRODUCTS = sa.select(PRODUCTS.c.record).where(_SOLD).order_by(PRODUCTS.c.key)
VARIANTS = ALL_PRODUCTS.where(PRODUCTS.c.variant_group == _ASKED)
VALUES = {name: sa.select(PRODUCTS.c[name]).where(_SOLD).distinct() for name in ("color", "size", "category", "brand")}
PRODUCTS_NAMED = (
    sa.select(PRODUCTS.c.record)
    .join(IDENTIFIERS, PRODUCTS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "product", IDENTIFIERS.c.identifier.in_(_NAMES))
    .distinct()
)
NAMED = sa.select(IDENTIFIERS).where(IDENTIFIERS.c.identifier.in_(_NAMES))

ALL_ARTICLES = (
    sa.select(ARTICLES.c.record).where(ARTICLES.c.retired.is_(False)).order_by(ARTICLES.c.key, ARTICLES.c.language)
)
ARTICLES_AT = ALL_ARTICLES.where(ARTICLES.c.key == _ASKED)
ARTICLE_AT = ARTICLES_AT.where(ARTICLES.c.language == sa.bindparam("in"))

ORDER_NAMED = (
    sa.select(ORDERS.c.key, ORDERS.c.record)
    .join(IDENTIFIERS, ORDERS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "order", IDENTIFIERS.c.identifier == _ASKED)
)
# By time and key in one direction, as its index is, so that a million orders come without being sorted first.
NEWEST = sa.select(ORDERS.c.record).order_by(ORDERS.c.placed.desc(), ORDERS.c.key.desc())
NEWEST_SINCE = NEWEST.where(ORDERS.c.placed >= sa.bindparam("since", type_=sa.Float))
_OF_SOMEONE = sa.select(ORDERS.c.record).order_by(ORDERS.c.placed.desc(), ORDERS.c.key)
ORDERS_OF = _OF_SOMEONE.where(ORDERS.c.customer == _ASKED).limit(_MOST)
ORDERS_SHIPPED = _OF_SOMEONE.where(ORDERS.c.shipment == _ASKED)

SHIPMENT_AT = sa.select(SHIPMENTS.c.record).where(SHIPMENTS.c.key == _ASKED)
SHIPMENTS_NUMBERED = (
    sa.select(SHIPMENTS.c.record)
    .join(IDENTIFIERS, SHIPMENTS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "shipment", IDENTIFIERS.c.identifier == _ASKED)
    .order_by(SHIPMENTS.c.last_event.desc(), SHIPMENTS.c.key)
)
_LANE = sa.select(SHIPMENTS.c.record).where(
    SHIPMENTS.c.origin == sa.bindparam("from"), SHIPMENTS.c.destination == sa.bindparam("to")
)
LATEST_ON_LANE = _LANE.order_by(SHIPMENTS.c.last_event.desc()).limit(_MOST)
LATEST_OF_CARRIER = LATEST_ON_LANE.where(SHIPMENTS.c.carrier == sa.bindparam("carrier"))
_OPEN = [status for status in get_args(ShipmentStatus) if status not in ("Delivered", "Expired")]
OPEN_SHIPMENTS = (
    sa.select(SHIPMENTS.c.record).where(SHIPMENTS.c.status.in_(_OPEN)).order_by(SHIPMENTS.c.status, SHIPMENTS.c.key)
)

DUTY_ON = (
    sa.select(DUTIES.c.record)
    .where(DUTIES.c.country == _ASKED, DUTIES.c.valid_from <= sa.bindparam("on"))
    .where(DUTIES.c.valid_to.is_(None) | (DUTIES.c.valid_to >= sa.bindparam("on")))
    .order_by(DUTIES.c.valid_from.desc())
    .limit(1)
)
DUTY_COUNTRIES = sa.select(DUTIES.c.country).distinct().order_by(DUTIES.c.country)

ALL_SHAPES = sa.select(SHAPES)
ALL_GENERATIONS = sa.select(GENERATIONS)
IMPORTED = sa.select(IMPORTS).where(IMPORTS.c.kind == _ASKED)
PICTURES_AT = sa.select(PICTURES.c.record).where(PICTURES.c.place.in_(_NAMES))
ALL_PICTURES = sa.select(PICTURES.c.record)
LAST_USED = sa.select(sa.func.max(PICTURES.c.used))
