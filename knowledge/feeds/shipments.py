"""Shipments: CSV or TSV, one row an event, or what AfterShip and 17TRACK post to a webhook, as JSON.

A JSON file holds one body, an array of bodies, or a body a line. Which of all these a file is, its beginning tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import get_args

import msgspec

from knowledge.feeds import cells, table
from knowledge.feeds.aftership import from_aftership_body
from knowledge.feeds.bodies import Told, bodies, is_17track
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.table import Columns, Row
from knowledge.feeds.track17 import from_17track_body
from knowledge.feeds.watched import Done, ignore
from knowledge.logistics.statuses import from_text
from knowledge.records import CustomsStatus, Refused, Shipment, ShipmentStatus, TrackingEvent

__all__ = ["COLUMNS", "from_17track_body", "from_aftership_body", "read"]

MOST_EVENTS = 1_000  # of one shipment in rows that stand together

# The fields that all rows of a shipment share, and their columns.
_SHARED = {
    "carrier": "carrier",
    "tracking_number": "tracking_number",
    "origin": "origin_country",
    "destination": "destination_country",
    "incoterm": "incoterm",
    "promised_at": "promised_at",
    "expected_at": "expected_at",
    "collect_until": "collect_until",
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


def read(path: Path, done: Done = ignore) -> Iterator[Shipment | Refused]:
    """Each shipment with its events, oldest first, after what was refused of it, in the order of the file.

    Only one shipment is held at a time. In a CSV it ends with its last row in a row: a row that contradicts an earlier
    one of them is refused, while an empty cell is no contradiction; where rows of it come again further down, the
    shipment comes again, and whoever stores it merges the two, as with a second file. A row without any event gives a
    shipment for which a label was made and nothing more.

    A body tells of a shipment under the shop's id where it names it (see from_aftership_body, from_17track_body), else
    under its tracking number, by which the store finds the shop's own.

    Raises:
        FeedError: the file is no such feed (see table.rows, bodies.bodies). It may come after shipments were given.
    """
    yield from (_posted if _is_json(path) else _rows)(path, done)


def _is_json(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    except OSError as wrong:
        raise FeedError(path.name, 0, f"can't be read: {wrong.strerror or wrong}") from None


def _posted(path: Path, done: Done) -> Iterator[Shipment | Refused]:
    for place, body in bodies(path, done):
        parse: Callable[[bytes], Told] = from_17track_body if is_17track(body) else from_aftership_body
        try:
            told = parse(body)
        except BadCell as bad:
            yield Refused(path.name, place.line, place.name(bad.column), bad.reason)
            continue
        for column, reason in told.refused:
            yield Refused(path.name, place.line, place.name(column), reason, told.shipment.id)
        yield told.shipment


def _rows(path: Path, done: Done) -> Iterator[Shipment | Refused]:
    shipment: Shipment | None = None
    events: list[TrackingEvent] = []
    first = 0
    for found in chain(table.records(path, COLUMNS, _step, done), (None,)):
        if isinstance(found, Refused):
            yield found
            continue
        if shipment and (found is None or found[1][0].id != shipment.id):
            yield msgspec.structs.replace(shipment, events=tuple(sorted(events, key=lambda event: event.time)))
            shipment, events = None, []
        if found is None:
            return
        row, (step, event) = found
        first = first if shipment else row.line
        try:
            merged = table.merged(shipment or step, step, _SHARED, first)
            if len(events) >= MOST_EVENTS:
                raise BadCell("event_time", f"is more than event {MOST_EVENTS} of this shipment")
        except BadCell as bad:
            yield row.refused(bad.column, bad.reason)
            continue
        shipment = merged
        events.extend([event] if event else [])


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
        expected_at=row.maybe("expected_at", cells.moment),
        collect_until=row.maybe("collect_until", cells.day),
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
    """Exception, or Exception:customs_duties_unpaid, or a carrier's own words."""
    name, colon, rest = cells.plain(text[: cells.MOST_CHARACTERS]).partition(":")
    status = _STATUS.get(name.strip().lower())
    if status is None:
        mapped = from_text(text)
        if mapped is None:
            raise ValueError(f"{cells.shown(text)} is neither one of {', '.join(_STATUS.values())} nor known words")
        return mapped.status, mapped.customs
    customs = _CUSTOMS.get(rest.strip().lower())
    if colon and customs is None:
        raise ValueError(f"{cells.shown(text)} has no customs status after the colon: {', '.join(_CUSTOMS)}")
    return status, customs


def _incoterm(text: str) -> str:
    term = cells.plain(text).upper()
    if term not in _INCOTERMS:
        raise ValueError(f"{cells.shown(text)} is not an Incoterm, as in DAP or DDP")
    return term
