"""What is said of a parcel and its order is what the records say, and nothing where they say nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.logistics.lanes import Lane, lane
from knowledge.logistics.parcels import Late, OrderFacts, ParcelFacts, ToDo, order_facts, parcel_facts
from knowledge.records import (
    Article,
    CustomsStatus,
    Order,
    OrderLine,
    Shipment,
    ShipmentStatus,
    TrackingEvent,
)

TOKYO = timezone(timedelta(hours=9))
HONOLULU = timezone(timedelta(hours=-10))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STATUSES: list[ShipmentStatus] = [
    "Pending", "InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "AvailableForPickup", "Delivered",
    "Exception", "Expired",
]  # fmt: skip


def event(
    ago: float,
    status: ShipmentStatus = "InTransit",
    customs: CustomsStatus | None = None,
    location: str = "",
    zone: timezone = UTC,
) -> TrackingEvent:
    return TrackingEvent(time=(NOW - ago * DAY).astimezone(zone), status=status, customs=customs, location=location)


def parcel(*events: TrackingEvent, **changes: object) -> Shipment:
    fields: dict[str, object] = {"id": "S-1", "carrier": "DHL", "origin": "DE", "destination": "JP", "events": events}
    return Shipment(**{**fields, **changes})  # type: ignore[arg-type]


def facts(*events: TrackingEvent, lanes: tuple[Lane, ...] = (), **changes: object) -> ParcelFacts:
    return parcel_facts(parcel(*events, **changes), lanes, NOW)


def lane_of(days: float, n: int = 20) -> Lane:
    """A lane on which parcels take about these days, with news every day."""
    history = [
        parcel(*(event(100 - d) for d in range(int(days))), event(100 - days - i / 100, "Delivered"), id=f"P-{i}")
        for i in range(n)
    ]
    return lane("DHL", "DE", "JP", history)


TEN_DAYS = lane_of(10)

# Where it is, since when.


def test_it_is_where_the_last_event_that_names_a_place_says() -> None:
    found = facts(event(5, location="深圳"), event(3, location="Алматы"), event(1, "Exception", "customs_held"))
    assert (found.status, found.customs, found.location) == ("Exception", "customs_held", "Алматы")
    assert (found.since, found.located) == (NOW - 1 * DAY, NOW - 3 * DAY)


def test_since_is_when_the_status_began_and_heard_the_latest_news() -> None:
    found = facts(event(9), event(6, "Exception", "customs_held"), event(2, "Exception", "customs_held"))
    assert (found.since, found.heard) == (NOW - 6 * DAY, NOW - 2 * DAY)


def test_of_a_parcel_without_events_only_the_promise_is_known() -> None:
    found = facts(promised_at=NOW - 2 * DAY)
    assert (found.status, found.since, found.stuck_for, found.to_do, found.expected) == (None,) * 5
    assert found.late == Late(2 * DAY, "passed")


def test_an_event_in_the_future_is_true_but_its_time_is_not() -> None:
    found = facts(event(3), event(-0.4, "OutForDelivery", location="الرياض"), lanes=(lane_of(5),))
    assert (found.status, found.location) == ("OutForDelivery", "الرياض")
    assert (found.since, found.heard, found.located, found.stuck_for) == (None,) * 4


def test_now_before_the_first_event_says_nothing_of_time() -> None:
    found = facts(event(-3), event(-5), lanes=(lane_of(5),), promised_at=NOW + 30 * DAY)
    assert (found.since, found.stuck_for, found.late) == (None, None, None)
    assert found.expected is not None and found.expected.earliest >= NOW


def test_now_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        parcel_facts(parcel(), (), datetime(2026, 1, 1))


# Late or not, and by how much.


@pytest.mark.parametrize(
    ("promised", "last", "late"),
    [
        (-1, event(1), Late(1 * DAY, "passed")),
        (1, event(1), None),
        (-3, event(1, "Delivered"), Late(2 * DAY, "delivered")),
        (-1, event(1, "Delivered"), None),
    ],
)
def test_late_is_against_the_promise(promised: int, last: TrackingEvent, late: Late | None) -> None:
    assert facts(event(6), last, promised_at=NOW + promised * DAY).late == late


def test_it_is_expected_late_where_most_parcels_like_it_came_after_the_promise() -> None:
    found = facts(event(2), event(1), lanes=(TEN_DAYS,), promised_at=NOW + 3 * DAY)
    assert found.expected is not None and found.late is not None
    assert found.late.how == "expected"
    assert found.late.by == found.expected.likely - (NOW + 3 * DAY)
    assert facts(event(2), event(1), lanes=(TEN_DAYS,), promised_at=NOW + 12 * DAY).late is None


# Stuck or not.


def test_stuck_is_silence_longer_than_usual_on_the_lane() -> None:
    assert facts(event(9), event(2), lanes=(TEN_DAYS,)).stuck_for is None
    assert facts(event(9), event(4), lanes=(TEN_DAYS,)).stuck_for == 4 * DAY


def test_without_a_lane_silence_of_ten_days_is_stuck_and_rests_on_nothing() -> None:
    found = facts(event(11))
    assert found.stuck_for == 11 * DAY
    assert found.silence is not None and found.silence.n == 0
    assert facts(event(9)).stuck_for is None


def test_a_parcel_that_waits_for_its_customer_or_arrived_is_not_stuck() -> None:
    for last in (
        event(30, "AvailableForPickup"),
        event(30, "Delivered"),
        event(30, "Exception", "customs_duties_unpaid"),
    ):
        assert facts(event(40), last).stuck_for is None


def test_a_parcel_that_the_carrier_gave_up_is_stuck_since_the_last_news() -> None:
    found = facts(event(40, location="Roissy"), event(10, "Expired"))
    assert found.stuck_for == 40 * DAY
    assert found.heard == NOW - 40 * DAY


# What the customer has to do.


@pytest.mark.parametrize(
    ("last", "incoterm", "to_do"),
    [
        (event(1, "Exception", "customs_duties_unpaid"), "DAP", ToDo("pay_duties")),
        (event(1, "Exception", "customs_duties_unpaid"), None, ToDo("pay_duties")),
        (event(1, "Exception", "customs_duties_unpaid"), " ddp ", None),
        (event(1, "Exception", "customs_information_needed"), "DDP", ToDo("give_document")),
        (event(1, "Exception", "customs_held"), "DAP", None),
        (event(1, "AvailableForPickup"), "DAP", ToDo("collect")),
        (event(1, "AttemptFail"), "DAP", ToDo("rearrange_delivery")),
        (event(1, "Delivered"), "DAP", None),
        (event(1), "DAP", None),
    ],
)
def test_the_customer_has_to_do_what_the_last_event_asks(
    last: TrackingEvent, incoterm: str | None, to_do: ToDo | None
) -> None:
    assert facts(event(5), last, incoterm=incoterm).to_do == to_do


def test_a_parcel_waits_until_a_day_of_the_place_where_it_is() -> None:
    # In Tokyo it is the 20th at 21:00, in Honolulu the 20th at 02:00; three hours later it is the 21st in Tokyo.
    waits = parcel(event(1, "AvailableForPickup", zone=TOKYO), collect_until=date(2026, 11, 20))
    assert parcel_facts(waits, (), NOW).to_do == ToDo("collect", date(2026, 11, 20))
    assert parcel_facts(waits, (), NOW + timedelta(hours=3)).to_do == ToDo("collect", date(2026, 11, 20), over=True)
    there = parcel(event(1, "AvailableForPickup", zone=HONOLULU), collect_until=date(2026, 11, 20))
    assert parcel_facts(there, (), NOW + timedelta(hours=3)).to_do == ToDo("collect", date(2026, 11, 20))


# The order.


def order(ago: float = 10, shipment: str | None = "S-1", status: str = "processing") -> Order:
    line = OrderLine("MUG-1", 1, Decimal("12.50"))
    return Order(
        id="BD-1",
        customer="c-1",
        placed_at=NOW - ago * DAY,
        currency="EUR",
        status=status,
        lines=(line,),
        shipment=shipment,
    )


def page(days: int | None = 30, id: str = "returns", language: str = "en", **valid: date) -> Article:
    return Article(id=id, language=language, title="Returns", body="…", return_days=days, **valid)


def of_order(
    one: Order, shipment: Shipment | None = None, articles: tuple[Article, ...] = (), now: datetime = NOW
) -> OrderFacts:
    return order_facts(one, shipment, articles, now)


def test_before_the_carrier_has_it_a_change_may_be_possible_and_after_it_is_not() -> None:
    announced = of_order(order(), parcel(event(2, "Pending"), event(1, "InfoReceived")))
    assert (announced.cancellation, announced.address_change) == ("maybe", "maybe")
    gone = of_order(order(), parcel(event(2, "InfoReceived"), event(1)))
    assert (gone.cancellation, gone.address_change, gone.handed_over_at) == ("no", "no", NOW - 1 * DAY)


@pytest.mark.parametrize("status", ["cancelled", "已发货", "تم الشحن", "versendet"])
def test_the_orders_own_status_is_not_read(status: str) -> None:
    assert of_order(order(status=status)).cancellation == of_order(order()).cancellation


def test_without_a_shipment_a_new_order_may_still_be_here_and_an_old_one_is_not_known() -> None:
    assert of_order(order(ago=2, shipment=None)).cancellation == "maybe"
    assert of_order(order(ago=400, shipment=None)).cancellation == "not_known"
    assert of_order(order(ago=2, shipment="S-9")).cancellation == "not_known"  # it is named, and not in the store


def test_returns_end_so_many_days_after_the_delivery_at_the_customers_place() -> None:
    # Delivered on the 15th at 12:00 UTC, which is the 16th in Kiritimati.
    zone = timezone(timedelta(hours=14))
    returns = of_order(order(), parcel(event(8), event(5, "Delivered", zone=zone)), (page(7),)).returns
    assert returns is not None
    assert (returns.until, returns.left, returns.article) == (date(2026, 11, 23), 2, "returns")
    closed = of_order(order(), parcel(event(30), event(25, "Delivered")), (page(14),)).returns
    assert closed is not None and closed.left == -11


def test_before_the_delivery_only_the_days_are_known() -> None:
    returns = of_order(order(), parcel(event(1)), (page(),)).returns
    assert returns is not None
    assert (returns.days, returns.until, returns.left) == (30, None, None)


def test_the_page_that_held_when_the_order_was_placed_counts() -> None:
    old = page(14, valid_to=date(2026, 10, 31))
    new = page(60, id="returns-2", valid_from=date(2026, 11, 1))
    before = of_order(order(ago=40), None, (old, new)).returns
    after = of_order(order(ago=5), None, (old, new)).returns
    assert before is not None and (before.days, before.article) == (14, "returns")
    assert after is not None and (after.days, after.article) == (60, "returns-2")
    assert of_order(order(ago=40), None, (new,)).returns is None


def test_pages_that_contradict_each_other_or_say_nothing_promise_nothing() -> None:
    assert of_order(order(), None, (page(30), page(14, language="de"))).returns is None
    assert of_order(order(), None, (page(None),)).returns is None
    same = of_order(order(), None, (page(30, language="ar"), page(30, language="zh"))).returns
    assert same is not None and same.days == 30


def test_a_page_that_promises_thousands_of_years_breaks_nothing() -> None:
    returns = of_order(order(), parcel(event(1, "Delivered")), (page(10**9),)).returns
    assert returns is not None and returns.until is None


@given(
    st.lists(
        st.builds(
            TrackingEvent,
            time=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones() | st.just(TOKYO)),
            status=st.sampled_from(STATUSES),
            customs=st.sampled_from([None, "customs_held", "customs_duties_unpaid", "customs_released"]),
            location=st.sampled_from(["", "上海"]),
        ),
        max_size=5,
    ),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.dates(),
    st.randoms(use_true_random=False),
)
def test_facts_hold_together_whatever_the_events(
    events: list[TrackingEvent], promised: datetime | None, until: date | None, chance: object
) -> None:
    whole = parcel(*events, promised_at=promised, collect_until=until)
    found = parcel_facts(whole, (TEN_DAYS,), NOW)
    assert found.since is None or found.since <= NOW
    assert found.heard is None or found.heard <= NOW
    assert found.stuck_for is None or found.stuck_for > timedelta()
    assert found.late is None or found.late.by > timedelta()
    assert (found.delivered_at is None) == (found.status != "Delivered")
    assert not (found.delivered_at and (found.expected or found.stuck_for or found.to_do))
    if len({one.time for one in events}) == len(events):  # of events at one time the order tells
        shuffled = list(events)
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        assert parcel_facts(parcel(*shuffled, promised_at=promised, collect_until=until), (TEN_DAYS,), NOW) == found
    returns = of_order(order(), whole, (page(),)).returns
    assert returns is not None and (returns.until is None) == (found.delivered_at is None)
