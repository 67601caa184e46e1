"""Shipments from CSV or TSV, one row an event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec

from knowledge.feeds import cells, table
from knowledge.feeds.errors import BadCell
from knowledge.feeds.table import Columns, Row
from knowledge.records import CustomsStatus, Refused, Shipment, ShipmentStatus, TrackingEvent

# The fields that all rows of a shipment share, and their columns.
_SHARED = {
    "carrier": "carrier",
    "tracking_number": "tracking_number",
    "origin": "origin_country",
    "destination": "destination_country",
    "incoterm": "incoterm",
    "promised_at": "promised_at",
}
_EVENT = ("event_time", "event_status", "event_location", "event_text")
COLUMNS = Columns(
    required=("shipment_id", "carrier", "event_time", "event_status"),
    optional=(*(column for column in _SHARED.values() if column != "carrier"), "event_location", "event_text"),
)
_STATUS: dict[str, ShipmentStatus] = {status.lower(): status for status in get_args(ShipmentStatus)}
_CUSTOMS: dict[str, CustomsStatus] = {status: status for status in get_args(CustomsStatus)}
# Incoterms 2020, and the terms of 2010 and 2000 that carriers still print.
_INCOTERMS = frozenset({
    "EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP", "DAT", "DAF", "DES", "DEQ", "DDU",
})  # fmt: skip


def read(path: Path) -> Iterator[Shipment | Refused]:
    """First each refused row, then each shipment with its events, oldest first.

    The rows of a shipment need not stand together, so all shipments of the file are held in memory at once. A row
    without any event gives a shipment for which a label was made and nothing more. A row that contradicts an earlier
    one of its shipment is refused; an empty cell is not a contradiction.

    Raises:
        FeedError: the file is no such feed (see table.rows).
    """
    shipments: dict[str, Shipment] = {}
    events: dict[str, list[TrackingEvent]] = {}
    first: dict[str, int] = {}
    for found in table.records(path, COLUMNS, _step):
        if isinstance(found, Refused):
            yield found
            continue
        row, (shipment, event) = found
        line_of_first = first.setdefault(shipment.id, row.line)
        try:
            shipments[shipment.id] = table.merged(
                shipments.get(shipment.id, shipment), shipment, _SHARED, line_of_first
            )
        except BadCell as bad:
            yield row.refused(bad.column, bad.reason)
            continue
        events.setdefault(shipment.id, []).extend([event] if event else [])
    for shipment in shipments.values():
        history = sorted(events[shipment.id], key=lambda event: event.time)
        yield msgspec.structs.replace(shipment, events=tuple(history))


def _step(row: Row) -> tuple[Shipment, TrackingEvent | None]:
    """What a row says of its shipment, without events, and its event."""
    shipment = Shipment(
        id=row.take("shipment_id", cells.code),
        carrier=row.take("carrier", cells.words),
        tracking_number=row.maybe("tracking_number", cells.code),
        origin=row.maybe("origin_country", cells.country),
        destination=row.maybe("destination_country", cells.country),
        incoterm=row.maybe("incoterm", _incoterm),
        promised_at=row.maybe("promised_at", cells.moment),
    )
    if not any(row.cells.get(column) for column in _EVENT):
        return shipment, None
    status, customs = row.take("event_status", _status)
    event = TrackingEvent(
        time=row.take("event_time", cells.moment),
        status=status,
        customs=customs,
        location=row.maybe("event_location", cells.words) or "",
        text=row.maybe("event_text", cells.words) or "",
    )
    return shipment, event


def _status(text: str) -> tuple[ShipmentStatus, CustomsStatus | None]:
    """Exception, or Exception:customs_duties_unpaid."""
    name, colon, rest = cells.plain(text).partition(":")
    status = _STATUS.get(name.strip().lower())
    if status is None:
        raise ValueError(f"{cells.shown(text)} is not one of {', '.join(_STATUS.values())}")
    customs = _CUSTOMS.get(rest.strip().lower())
    if colon and customs is None:
        raise ValueError(f"{cells.shown(text)} has no customs status after the colon: {', '.join(_CUSTOMS)}")
    return status, customs


def _incoterm(text: str) -> str:
    term = cells.plain(text).upper()
    if term not in _INCOTERMS:
        raise ValueError(f"{cells.shown(text)} is not an Incoterm, as in DAP or DDP")
    return term
