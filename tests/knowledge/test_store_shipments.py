"""Shipments and baskets as logistics and recommendation read them, and parcels that a carrier tells of first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.records import Order, OrderLine, Shipment, ShipmentStatus, TrackingEvent
from knowledge.store import Changes, Store
from tests.knowledge.test_store import order

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def event(day: int, status: ShipmentStatus = "InTransit", text: str = "") -> TrackingEvent:
    return TrackingEvent(time=START + timedelta(days=day), status=status, text=text)


def parcel(id: str, *events: TrackingEvent, **more: Any) -> Shipment:
    given = {"carrier": "DHL", "origin": "DE", "destination": "CA"} | more
    return Shipment(id=id, events=events, **given)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    yield opened
    opened.close()


def test_shipments_of_a_lane_come_newest_first(store: Store) -> None:
    store.put_shipments([
        parcel("S-1", event(1), event(9)),
        parcel("S-2", event(8), event(2)),
        parcel("S-3"),
        parcel("S-4", event(20), carrier="中国邮政"),
        parcel("S-5", event(20), destination="SA"),
        parcel("S-6", event(20), origin=None, destination=None),
    ])  # fmt: skip
    assert [s.id for s in store.recent_shipments("dhl ", "DE", "ca")] == ["S-1", "S-2", "S-3"]
    assert [s.id for s in store.recent_shipments(None, "DE", "CA")] == ["S-4", "S-1", "S-2", "S-3"]
    assert [s.id for s in store.recent_shipments(None, "DE", "CA", most=2)] == ["S-4", "S-1"]
    assert store.recent_shipments("UPS", "DE", "CA") == []
    store.put_shipments([parcel("S-2", event(15, "Delivered"))])
    assert [s.id for s in store.recent_shipments("DHL", "DE", "CA")] == ["S-2", "S-1", "S-3"]


def test_open_shipments_are_those_still_under_way(store: Store) -> None:
    store.put_shipments([
        parcel("S-1", event(1), event(3, "Delivered")),
        parcel("S-2", event(3, "Exception"), event(1)),
        parcel("S-3"),
        parcel("S-4", event(3, "Expired")),
        parcel("S-5", event(1, "Delivered"), event(3, "InTransit")),
    ])  # fmt: skip
    assert {s.id for s in store.open_shipments()} == {"S-2", "S-3", "S-5"}
    store.put_shipments([parcel("S-3", event(5, "Delivered"))])
    assert {s.id for s in store.open_shipments()} == {"S-2", "S-5"}


def test_baskets_come_newest_first_and_since(store: Store) -> None:
    def basket(id: str, day: int, *skus: str) -> Order:
        lines = tuple(OrderLine(sku, 1, order(id).lines[0].unit_price) for sku in skus)
        return order(id, f"c-{day}", placed_at=START + timedelta(days=day), lines=lines)

    store.put_orders([basket("Q-1", 1, "杯-1", "MUG-2"), basket("Q-2", 5, "MUG-2"), basket("Q-3", 3, "كوب-1")])
    assert list(store.baskets()) == [
        ("c-5", START + timedelta(days=5), ("MUG-2",)),
        ("c-3", START + timedelta(days=3), ("كوب-1",)),
        ("c-1", START + timedelta(days=1), ("杯-1", "MUG-2")),
    ]
    since = (START + timedelta(days=3)).astimezone(order("x").placed_at.tzinfo)
    assert [customer for customer, _, _ in store.baskets(since)] == ["c-5", "c-3"]


def test_what_is_read_one_by_one_is_one_state_and_may_be_left_early(store: Store) -> None:
    store.put_shipments(parcel(f"S-{n:04}", event(n % 7)) for n in range(1500))
    reading = store.open_shipments()
    first = list(islice(reading, 10))
    store.put_shipments(parcel(f"S-{n:04}", event(20, "Delivered")) for n in range(1500))
    assert len(first) + len(list(reading)) == 1500, "what is read began before the parcels arrived"
    assert list(store.open_shipments()) == []
    for _ in range(40):  # more than there are connections
        next(store.baskets(), None)
        next(iter(store.recent_shipments(None, "DE", "CA")))
    store.put_shipments(parcel(f"S-{n:04}", event(30)) for n in range(1500))
    for _ in range(40):
        next(store.open_shipments())


def test_a_shipment_is_found_by_its_number_however_it_is_written(store: Store) -> None:
    store.put_shipments([parcel("S-1", event(1), tracking_number="RR 123 456 785 DE"), parcel("S-2")])
    for written in ("RR123456785DE", "rr123456785de", "ＲＲ１２３４５６７８５ＤＥ", "RR١٢٣٤٥٦٧٨٥DE"):
        found = store.shipment_by_tracking(written)
        assert found is not None and found.id == "S-1"
    assert store.shipment_by_tracking("S-1") is None
    assert store.shipment_by_tracking("") is None
    store.put_shipments([parcel("S-9", event(9), tracking_number="RR123456785DE")])
    again = store.shipment_by_tracking("RR123456785DE")
    assert again is not None and again.id == "S-9", "a number that is used again is the newer parcel's"


def told(*events: TrackingEvent, number: str = "RR123456785DE", **more: Any) -> Shipment:
    """A parcel as a carrier's webhook tells of it: it knows no id but the tracking number."""
    given = {"carrier": "dhl-germany", "origin": None, "destination": None} | more
    return parcel(number, *events, tracking_number=number, **given)


def test_what_a_carrier_tells_belongs_to_the_shop_s_shipment(store: Store) -> None:
    store.put_shipments([parcel("S-1", event(1), tracking_number="RR 123 456 785 DE"), parcel("S-2", event(1))])
    expected = START + timedelta(days=9)
    assert store.put_shipments([told(event(4, "Exception", "已扣留"), expected_at=expected)]) == Changes(updated=1)
    kept = store.shipment("S-1")
    assert kept is not None and [e.text for e in kept.events] == ["", "已扣留"]
    assert (kept.carrier, kept.tracking_number, kept.origin) == ("DHL", "RR 123 456 785 DE", "DE")
    assert kept.expected_at == expected
    assert store.shipment("RR123456785DE") is None
    assert store.known(["rr123456785de"]) == {"rr123456785de": ("shipment", "S-1")}
    assert store.put_shipments([told(event(4, "Exception", "已扣留"))]) == Changes(unchanged=1)


def test_a_carrier_may_tell_before_the_shop_does(store: Store) -> None:
    assert store.put_shipments([told(event(2, text="تم الاستلام"))]) == Changes(added=1)
    assert store.put_shipments([parcel("S-1", event(1), tracking_number="RR123456785DE")]) == Changes(added=1)
    kept = store.shipment("S-1")
    assert kept is not None and [e.text for e in kept.events] == ["", "تم الاستلام"]
    assert kept.carrier == "DHL"
    assert store.shipment("RR123456785DE") is None
    assert [s.id for s in store.open_shipments()] == ["S-1"]
    assert store.known(["RR123456785DE"]) == {"RR123456785DE": ("shipment", "S-1")}


def test_both_in_one_import_are_one_parcel(store: Store) -> None:
    shop = parcel("S-1", event(1), tracking_number="RR123456785DE")
    store.put_shipments([told(event(2)), shop, told(event(3))])
    assert [(s.id, len(s.events)) for s in store.open_shipments()] == [("S-1", 3)]


def test_a_shop_may_use_tracking_numbers_as_ids(store: Store) -> None:
    store.put_orders([order("Q-1", shipment="RR123456785DE")])
    store.put_shipments([told(event(2))])
    store.put_shipments([parcel("S-1", event(1), tracking_number="RR123456785DE")])
    assert store.shipment("RR123456785DE") is not None, "an order names it"
    store.put_shipments([told(event(7))])
    kept = store.shipment("RR123456785DE")
    assert kept is not None and len(kept.events) == 2


def test_a_number_of_two_shipments_goes_to_that_carrier_s(store: Store) -> None:
    store.put_shipments([
        parcel("S-1", event(1), tracking_number="1234567890", carrier="DHL"),
        parcel("S-2", event(1), tracking_number="1234567890", carrier="Colissimo"),
    ])  # fmt: skip
    store.put_shipments([told(event(3), number="1234567890", carrier="COLISSIMO")])
    assert [len(store.shipment(id).events) for id in ("S-1", "S-2")] == [1, 2]  # type: ignore[union-attr]
    store.put_shipments([told(event(4), number="1234567890", carrier="UPS")])
    assert {s.id for s in store.open_shipments()} == {"S-1", "S-2", "1234567890"}, "nobody knows whose it is"


HEARD = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.booleans()), min_size=1, max_size=7)


@given(HEARD)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_a_parcel_is_heard_of_it_is_one(
    tmp_path_factory: pytest.TempPathFactory, heard: list[tuple[bool, int, bool]]
) -> None:
    """Each: whether the shop tells it or the carrier, the day of the event, whether it ends an import."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('parcels') / 'shop.db'}")
    waiting: list[Shipment] = []
    for shop, day, ends in [*heard, (True, 0, True)]:
        number = "rr 123456785 de" if day % 2 else "RR123456785DE"
        waiting.append(parcel("S-1", event(day), tracking_number=number) if shop else told(event(day)))
        if ends:
            store.put_shipments(waiting)
            waiting = []
    parcels = list(store.open_shipments())
    days = sorted({0, *(day for _, day, _ in heard)})
    assert [(s.id, s.carrier, [e.time for e in s.events]) for s in parcels] == [
        ("S-1", "DHL", [START + timedelta(days=day) for day in days])
    ]
    assert store.known(["RR123456785DE"]) == {"RR123456785DE": ("shipment", "S-1")}
    store.close()
