"""Shipments: events in order, customs, and labels without any event."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.feeds import shipments
from knowledge.records import Refused, Shipment, TrackingEvent

FIRST = {
    "shipment_id": "S-1", "carrier": "DHL", "tracking_number": "RR123456785DE", "origin_country": "DE",
    "destination_country": "FR", "incoterm": "DAP", "promised_at": "2026-11-08T20:00:00+01:00",
    "event_time": "2026-11-04T08:00:00+01:00", "event_status": "InTransit", "event_location": "Strasbourg",
    "event_text": "Departed hub",
}  # fmt: skip
NO_EVENT = {"event_time": "", "event_status": "", "event_location": "", "event_text": ""}


def read(tmp_path: Path, *rows: dict[str, str]) -> list[Shipment | Refused]:
    path = tmp_path / "shipments.csv"
    body = "\n".join(",".join((FIRST | row).values()) for row in rows)
    path.write_bytes(f"{','.join(FIRST)}\n{body}\n".encode())
    return list(shipments.read(path))


def one(tmp_path: Path, *rows: dict[str, str]) -> Shipment:
    (found,) = read(tmp_path, *rows)
    assert isinstance(found, Shipment)
    return found


def test_events_are_oldest_first_whatever_the_offset(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        {"event_time": "2026-11-05T01:00:00+08:00", "event_status": "Exception:customs_held", "event_location": "上海"},
        {"event_time": "2026-11-04T20:00:00+01:00", "event_text": "غادر المركز"},
        {},
    )
    assert [event.location for event in found.events] == ["Strasbourg", "上海", "Strasbourg"]
    assert found.events[2].text == "غادر المركز"
    assert found.events[1] == TrackingEvent(
        time=datetime(2026, 11, 4, 17, tzinfo=UTC), status="Exception", customs="customs_held", location="上海",
        text="Departed hub",
    )  # fmt: skip


def test_the_shipment_itself(tmp_path: Path) -> None:
    found = one(tmp_path, NO_EVENT | {"promised_at": ""}, {"tracking_number": "", "incoterm": "dap"}, NO_EVENT)
    assert (found.carrier, found.tracking_number, found.origin, found.destination) == (
        "DHL",
        "RR123456785DE",
        "DE",
        "FR",
    )
    assert (found.incoterm, found.promised_at) == ("DAP", datetime(2026, 11, 8, 19, tzinfo=UTC))
    assert len(found.events) == 1


def test_a_label_and_nothing_more(tmp_path: Path) -> None:
    found = one(tmp_path, NO_EVENT | {"tracking_number": "", "promised_at": "", "incoterm": ""})
    assert (found.events, found.tracking_number, found.promised_at) == ((), None, None)


@pytest.mark.parametrize(
    ("text", "status", "customs"),
    [
        ("Exception:customs_duties_unpaid", "Exception", "customs_duties_unpaid"),
        ("intransit : customs_processing", "InTransit", "customs_processing"),
        ("Ｅｘｃｅｐｔｉｏｎ：customs_held", "Exception", "customs_held"),
        ("AvailableForPickup", "AvailableForPickup", None),
    ],
)
def test_status(tmp_path: Path, text: str, status: str, customs: str | None) -> None:
    (event,) = one(tmp_path, {"event_status": text}).events
    assert (event.status, event.customs) == (status, customs)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("event_status", "On its way"), ("event_status", "Exception:held"), ("event_status", "Exception:"),
        ("event_status", ""), ("event_time", ""), ("event_time", "2026-11-04T08:00:00"), ("promised_at", "soon"),
        ("origin_country", "UK"), ("destination_country", "France"), ("incoterm", "FREE"), ("carrier", ""),
        ("shipment_id", ""),
    ],
)  # fmt: skip
def test_a_bad_cell_refuses_its_row(tmp_path: Path, column: str, text: str) -> None:
    refused, shipment = read(tmp_path, {column: text}, {"shipment_id": "S-2"})
    assert isinstance(refused, Refused)
    assert (refused.file, refused.line, refused.column) == ("shipments.csv", 2, column)
    assert isinstance(shipment, Shipment)
    assert shipment.id == "S-2"


def test_a_contradiction_is_refused(tmp_path: Path) -> None:
    refused, shipment = read(tmp_path, {}, {"destination_country": "ES"})
    assert isinstance(refused, Refused)
    assert (refused.line, refused.column) == (3, "destination_country")
    assert isinstance(shipment, Shipment)
    assert len(shipment.events) == 1
