"""The fleet view: every parcel that needs somebody is counted, the most urgent are named, and nobody else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bot.errors import BadInput
from bot.fleet_report import moment, run
from knowledge.logistics.fleet import Fleet, fleet
from knowledge.records import CustomsStatus, Order, OrderLine, Shipment, ShipmentStatus, TrackingEvent
from knowledge.store import Store

if TYPE_CHECKING:
    from bot.parts import Parts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def event(ago: float, status: ShipmentStatus = "InTransit", customs: CustomsStatus | None = None) -> TrackingEvent:
    return TrackingEvent(time=NOW - ago * DAY, status=status, customs=customs)


def parcel(id: str, *events: TrackingEvent, **changes: object) -> Shipment:
    fields: dict[str, object] = {"id": id, "carrier": "DHL", "origin": "CN", "destination": "KZ", "events": events}
    return Shipment(**{**fields, **changes})  # type: ignore[arg-type]


def order(id: str, shipment: str, customer: str = "c-1") -> Order:
    lines = (OrderLine("MUG-1", 1, Decimal("12.50")),)
    return Order(
        id=id, customer=customer, placed_at=NOW - 20 * DAY, currency="EUR", status="", lines=lines, shipment=shipment
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    yield opened
    opened.close()


@pytest.fixture
def parts(store: Store) -> Parts:
    return cast("Parts", SimpleNamespace(store=store))  # of all parts the report needs this one


SHIPMENTS = [
    parcel("fine", event(3), event(1), promised_at=NOW + 5 * DAY),
    parcel("arrived", event(9), event(1, "Delivered"), promised_at=NOW - 5 * DAY),
    parcel("scanned-after", event(9), event(2, "Delivered"), event(1), promised_at=NOW - 5 * DAY),
    parcel("given-up", event(60), event(30, "Expired")),
    parcel("no-news", promised_at=NOW - DAY),
    parcel("late", event(3), event(1), promised_at=NOW - 3.5 * DAY),
    parcel("stuck", event(25), event(15), carrier="顺丰速运"),
    parcel("held", event(5), event(2, "Exception", "customs_held"), promised_at=NOW - DAY),
    parcel("unpaid", event(5), event(4, "Exception", "customs_duties_unpaid"), incoterm="DAP", carrier="UPS"),
    parcel("document", event(5), event(3, "Exception", "customs_information_needed"), carrier=" ups"),
    parcel("absent", event(5), event(1, "AttemptFail")),
    parcel("waits", event(5), event(2, "AvailableForPickup"), collect_until=date(2026, 12, 24)),
    parcel("last-day", event(5), event(2, "AvailableForPickup"), collect_until=date(2026, 11, 21), destination=None),
]


def seen(store: Store, most: int = 200) -> Fleet:
    store.put_shipments(SHIPMENTS)
    store.put_orders(order(f"BD-{s.id}", s.id, f"c-{s.id}") for s in SHIPMENTS)
    return fleet(store, NOW, most)


def test_each_shipment_under_way_is_counted_with_its_reasons(store: Store) -> None:
    found = seen(store)
    assert (found.all.open, found.all.noticed) == (10, 9)
    assert found.all.reasons == {
        "collect_soon": 1, "duties_unpaid": 1, "document_needed": 1, "delivery_failed": 1, "customs_held": 1,
        "to_collect": 1, "stuck": 1, "late": 3,
    }  # fmt: skip


def test_counts_are_by_carrier_and_by_lane_and_add_up(store: Store) -> None:
    found = seen(store)
    assert {name: (c.open, c.noticed) for name, c in found.lanes.items()} == {"CN>KZ": (9, 8), "CN>?": (1, 1)}
    assert len(found.carriers) == 3
    assert found.carriers["顺丰速运"].reasons == {"stuck": 1}
    (ups,) = (count for name, count in found.carriers.items() if name.strip().upper() == "UPS")  # however it is spelled
    assert (ups.open, ups.reasons) == (2, {"duties_unpaid": 1, "document_needed": 1})
    for counts in (found.carriers, found.lanes):
        assert sum(count.open for count in counts.values()) == found.all.open
        assert sum(count.noticed for count in counts.values()) == found.all.noticed


def test_those_to_be_told_come_by_urgency_with_their_order_and_since_when(store: Store) -> None:
    found = seen(store).notices
    assert [notice.shipment for notice in found] == [
        "last-day", "unpaid", "document", "absent", "held", "waits", "stuck", "late", "no-news",
    ]  # fmt: skip
    first, held, late = found[0], found[4], found[7]
    assert (first.order, first.customer, first.until) == ("BD-last-day", "c-last-day", date(2026, 11, 21))
    assert (held.reason, held.reasons, held.since) == ("customs_held", ("customs_held", "late"), NOW - 2 * DAY)
    assert (late.since, late.late_days) == (NOW - 3.5 * DAY, 3)
    assert found[6].silent_days == 15


def test_two_orders_in_a_parcel_are_two_to_tell_and_a_parcel_without_one_is_still_named(store: Store) -> None:
    store.put_shipments(
        [parcel("both", event(5), event(1, "AttemptFail")), parcel("none", event(5), event(2, "AttemptFail"))]
    )
    store.put_orders([order("BD-1", "both", "c-1"), order("BD-2", "both", "c-2")])
    found = fleet(store, NOW)
    assert {(notice.order, notice.customer) for notice in found.notices} == {
        ("BD-1", "c-1"),
        ("BD-2", "c-2"),
        (None, None),
    }
    assert found.all.noticed == 2


def test_what_is_listed_is_limited_and_what_is_counted_is_not(store: Store) -> None:
    found = seen(store, most=2)
    assert [notice.shipment for notice in found.notices] == ["last-day", "unpaid"]
    assert found.all.noticed == 9


def test_an_expected_lateness_rests_on_the_lanes_own_past(store: Store) -> None:
    history = [parcel(f"P-{i}", event(60), event(40 - i / 10, "Delivered")) for i in range(10)]
    store.put_shipments([*history, parcel("soon-late", event(3), event(1), promised_at=NOW + 5 * DAY)])
    (notice,) = fleet(store, NOW).notices
    assert (notice.reason, notice.since) == ("expected_late", None)
    assert notice.late_days is not None and notice.late_days >= 10


def test_an_empty_shop_has_nothing_to_tell(store: Store) -> None:
    found = fleet(store, NOW)
    assert (found.all.open, found.carriers, found.notices) == (0, {}, ())


# The command line.


def test_the_table_names_reasons_carriers_and_orders_and_is_aligned(
    parts: Parts, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(store)
    assert run(parts, NOW, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "10 shipments under way at 2026-11-20T12:00:00+00:00, 9 to look at"
    heading = next(line for line in lines if line.startswith("TELL"))
    row = next(line for line in lines if line.startswith("BD-held"))
    assert row.index("customs held, late") == heading.index("WHY")
    wide = next(line for line in lines if line.startswith("BD-stuck"))
    assert wide.rindex("stuck") == heading.index("WHY") - len("顺丰速运")  # four letters two columns wide


def test_json_is_one_line_of_the_same(parts: Parts, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    seen(store)
    run(parts, NOW, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["all"]["open"] == 10
    assert told["carriers"]["顺丰速运"] == {"open": 1, "noticed": 1, "reasons": {"stuck": 1}}
    assert told["notices"][0]["order"] == "BD-last-day"


def test_a_carriers_name_can_not_steer_the_terminal(
    parts: Parts, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.put_shipments([parcel("x", event(5), event(1, "AttemptFail"), carrier="\x1b[2Jevil\n\u202eover" + "w" * 500)])
    run(parts, NOW, as_json=False)
    printed = capsys.readouterr().out
    assert "evil" in printed
    assert not {"\x1b", "\u202e"} & set(printed)
    assert max(map(len, printed.splitlines())) < 200


@pytest.mark.parametrize("text", ["yesterday", "2026-11-20", "2026-11-20T12:00:00", ""])
def test_a_moment_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="offset"):
        moment(text)


def test_a_moment_is_read_with_its_offset() -> None:
    assert moment("2026-11-20T21:00:00+09:00") == NOW
    with pytest.raises(BadInput, match="offset"):
        run(cast("Parts", None), datetime(2026, 11, 20), as_json=True)
