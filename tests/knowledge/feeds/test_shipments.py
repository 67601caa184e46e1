"""Shipments: events in order, customs, and labels without any event."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from knowledge.feeds import shipments
from knowledge.records import Refused, Shipment, TrackingEvent

FIRST = {
    "shipment_id": "S-1", "carrier": "DHL", "tracking_number": "RR123456785DE", "origin_country": "DE",
    "destination_country": "FR", "incoterm": "DAP", "promised_at": "2026-11-08T20:00:00+01:00", "expected_at": "",
    "collect_until": "",
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
        ("On its way", "InTransit", None),
        ("清关中", "InTransit", "customs_processing"),
        ("تم تسليم الشحنة", "Delivered", None),
        ("Die Sendung wird vom Zoll zurückgehalten und zunächst nicht weiter befördert", "Exception", "customs_held"),
    ],
)
def test_status(tmp_path: Path, text: str, status: str, customs: str | None) -> None:
    (event,) = one(tmp_path, {"event_status": text}).events
    assert (event.status, event.customs) == (status, customs)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("event_status", "Lorem ipsum"), ("event_status", "Delivered; out for delivery"),
        ("event_status", "Exception:held"), ("event_status", "Exception:"),
        ("event_status", ""), ("event_time", ""), ("event_time", "2026-11-04T08:00:00"), ("promised_at", "soon"),
        ("origin_country", "UK"), ("destination_country", "France"), ("incoterm", "FREE"), ("carrier", ""),
        ("shipment_id", ""), ("expected_at", "2026-11-08"), ("collect_until", "2026-11-31"),
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


def test_dates_that_the_carrier_gives(tmp_path: Path) -> None:
    found = one(tmp_path, {"expected_at": "2026-11-07T18:00:00+01:00"}, {"collect_until": "2026-11-15"})
    assert found.expected_at == datetime(2026, 11, 7, 17, tzinfo=UTC)
    assert found.collect_until == date(2026, 11, 15)


def test_a_shipment_comes_as_soon_as_its_rows_end(tmp_path: Path) -> None:
    """A million rows are not held: nothing of the second shipment is read before the first is given."""
    path = tmp_path / "shipments.csv"
    rows = "".join(f"S-{number // 3},DHL,2026-11-04T08:0{number % 3}:00Z,InTransit\n" for number in range(30_000))
    path.write_text(f"shipment_id,carrier,event_time,event_status\n{rows}")
    told: list[float] = []
    reading = shipments.read(path, told.append)
    first = next(reading)
    assert isinstance(first, Shipment)
    assert (first.id, len(first.events)) == ("S-0", 3)
    assert told
    assert told[-1] < 0.5
    assert sum(len(found.events) for found in reading if isinstance(found, Shipment)) == 30_000 - 3


def test_rows_that_stand_apart_give_the_shipment_again(tmp_path: Path) -> None:
    found = read(tmp_path, {}, {"shipment_id": "S-2"}, {"event_time": "2026-11-05T08:00:00+01:00"})
    assert [shipment.id for shipment in found if isinstance(shipment, Shipment)] == ["S-1", "S-2", "S-1"]


def test_a_bad_row_does_not_end_a_shipment(tmp_path: Path) -> None:
    refused, found = read(tmp_path, {}, {"event_time": "soon"}, {"event_time": "2026-11-05T08:00:00+01:00"})
    assert isinstance(refused, Refused)
    assert isinstance(found, Shipment)
    assert len(found.events) == 2


def test_a_shipment_without_end_is_cut(tmp_path: Path) -> None:
    rows = [{"event_time": f"2026-11-04T08:00:00.{number:06}Z"} for number in range(shipments.MOST_EVENTS + 2)]
    *refused, found = read(tmp_path, *rows)
    assert isinstance(found, Shipment)
    assert (len(found.events), len(refused)) == (shipments.MOST_EVENTS, 2)
