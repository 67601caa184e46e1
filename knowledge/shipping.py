"""Shipments into the store: each is joined with what is known of the parcel, under its id or its tracking number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from knowledge.joining import goes_by_number, merged, number_name
from knowledge.records import Shipment
from knowledge.tables import IDENTIFIERS, MOST_AT_ONCE, ORDERS, SHIPMENTS, Changes, carrier_name, shipment_row
from knowledge.writing import rename, staging, stored, upsert

# `by_number`: the record comes from a carrier that does not know the shop's id of it.
STAGED = staging(SHIPMENTS, sa.Column("by_number", sa.Boolean, nullable=False))

_DECODE = msgspec.json.Decoder(Shipment).decode
_PAGE = (
    sa.select(STAGED.c.key, STAGED.c.record)
    .where(STAGED.c.by_number == sa.bindparam("by_number", type_=sa.Boolean), STAGED.c.key > sa.bindparam("after"))
    .order_by(STAGED.c.key)
    .limit(MOST_AT_ONCE)
)
_NUMBERED = (
    sa.select(IDENTIFIERS.c.identifier, SHIPMENTS.c.key, SHIPMENTS.c.carrier, SHIPMENTS.c.record)
    .join(SHIPMENTS, SHIPMENTS.c.key == IDENTIFIERS.c.key)
    .where(IDENTIFIERS.c.kind == "shipment", IDENTIFIERS.c.identifier.in_(sa.bindparam("names", expanding=True)))
    .order_by(SHIPMENTS.c.key)
)


def staged_row(shipment: Shipment) -> dict[str, object]:
    """A shipment as its row in STAGED."""
    return {**shipment_row(shipment), "by_number": goes_by_number(shipment)}


def settle(connection: sa.Connection) -> Changes:
    """Merges the staged shipments into the table. The shop's own come first: a carrier's may belong to one of them."""
    done = [_merge(connection, some, _taken_over(connection, some)) for some in _pages(connection, by_number=False)]
    done += [_merge(connection, _at_their_ids(connection, some), {}) for some in _pages(connection, by_number=True)]
    return Changes(sum(c.added for c in done), sum(c.updated for c in done), sum(c.unchanged for c in done))


def _pages(connection: sa.Connection, *, by_number: bool) -> Iterator[list[Shipment]]:
    after = ""
    while rows := connection.execute(_PAGE, {"by_number": by_number, "after": after}).all():
        yield [_DECODE(row.record) for row in rows]
        after = rows[-1].key


def _merge(connection: sa.Connection, shipments: Sequence[Shipment], taken_over: Mapping[str, Shipment]) -> Changes:
    """Merges each with what is known of it, after what it takes over under its id."""
    before = stored(connection, SHIPMENTS, list({(s.id,): None for s in shipments}))
    now = dict(taken_over)
    for (id,), record in before.items():
        now[id] = merged(now.get(id), _DECODE(record))
    for shipment in shipments:
        now[shipment.id] = merged(now.get(shipment.id), shipment)
    rename(connection, "shipment", {id: {number_name(s)} - {""} for id, s in now.items()})
    return upsert(connection, SHIPMENTS, map(shipment_row, now.values()), before)


def _taken_over(connection: sa.Connection, shipments: Sequence[Shipment]) -> dict[str, Shipment]:
    """What a carrier has told of these shipments before the shop did, by the shop's ids. It is no shipment of its own
    any more, unless an order names it as one."""
    owners = {number_name(s): s for s in reversed(shipments) if s.tracking_number}
    theirs = [row for row in _numbered(connection, list(owners)) if goes_by_number(_DECODE(row.record))]
    ordered = sa.select(ORDERS.c.shipment).where(ORDERS.c.shipment.in_([row.key for row in theirs]))
    kept = set(connection.execute(ordered).scalars())
    found = {row.key: (owners[row.identifier], _DECODE(row.record)) for row in theirs if row.key not in kept}
    if found:
        connection.execute(sa.delete(SHIPMENTS).where(SHIPMENTS.c.key.in_(list(found))))
        rename(connection, "shipment", dict.fromkeys(found, ()))
    taken: dict[str, Shipment] = {}
    for owner, told in found.values():
        taken[owner.id] = merged(taken.get(owner.id), msgspec.structs.replace(told, id=owner.id, carrier=owner.carrier))
    return taken


def _at_their_ids(connection: sa.Connection, shipments: Sequence[Shipment]) -> list[Shipment]:
    """What a carrier tells, at the id of the one shipment known under that number (of several: that carrier's)."""
    known: dict[str, list[sa.Row[Any]]] = {}
    for row in _numbered(connection, list({number_name(s): None for s in shipments})):
        known.setdefault(row.identifier, []).append(row)
    return [_at_its_id(shipment, known.get(number_name(shipment), [])) for shipment in shipments]


def _at_its_id(shipment: Shipment, known: list[sa.Row[Any]]) -> Shipment:
    if any(row.key == shipment.id for row in known):
        return shipment
    if len(known) > 1:
        known = [row for row in known if row.carrier == carrier_name(shipment.carrier)]
    if len(known) != 1:
        return shipment
    owner = _DECODE(known[0].record)  # its own way of writing the carrier and the number stands
    return msgspec.structs.replace(shipment, id=owner.id, carrier=owner.carrier, tracking_number=owner.tracking_number)


def _numbered(connection: sa.Connection, names: list[str]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    return connection.execute(_NUMBERED, {"names": names}).all()
