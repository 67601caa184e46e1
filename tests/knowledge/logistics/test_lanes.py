"""Expected dates from past parcels: right where the truth is known, conditional on what happened, never before now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.measures import logistics as measured
from knowledge.logistics.lanes import (
    ENOUGH,
    LEAST_SILENCE,
    UNKNOWN_SILENCE,
    Expected,
    Lanes,
    Stays,
    expect,
    lane,
    now_in,
    remaining,
    silence,
    told,
    trail,
)
from knowledge.records import CustomsStatus, Shipment, ShipmentStatus, TrackingEvent
from knowledge.store import Store

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STATUSES: list[ShipmentStatus] = [
    "Pending", "InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "AvailableForPickup", "Delivered",
    "Exception", "Expired",
]  # fmt: skip


def event(day: float, status: ShipmentStatus = "InTransit", customs: CustomsStatus | None = None) -> TrackingEvent:
    return TrackingEvent(time=BEGAN + day * DAY, status=status, customs=customs)


def parcel(*events: TrackingEvent, id: str = "S-1", carrier: str = "DHL") -> Shipment:
    return Shipment(id=id, carrier=carrier, origin="DE", destination="FR", events=events)


def past(*durations: float) -> list[Shipment]:
    """Parcels that were in transit at once and took these days."""
    return [parcel(event(0), event(days, "Delivered"), id=f"P-{i}") for i, days in enumerate(durations)]


def expected(shipment: Shipment, history: Sequence[Shipment], after: float) -> Expected | None:
    return expect(told(shipment), [lane("DHL", "DE", "FR", history)], BEGAN + after * DAY)


def days(moment: datetime) -> float:
    return (moment - BEGAN) / DAY


def test_the_likely_date_is_the_median_and_nine_parcels_span_the_range() -> None:
    found = expected(parcel(event(0)), past(*range(1, 10)), after=0.5)
    assert found is not None
    assert (days(found.earliest), days(found.likely), days(found.latest)) == pytest.approx((1, 5, 9), abs=1e-4)
    assert (found.n, found.level, found.basis) == (9, "carrier", "state")


def test_a_parcel_that_has_been_under_way_for_long_is_compared_with_those_that_were() -> None:
    history = past(*range(1, 10), *range(20, 30))
    found = expected(parcel(event(0)), history, after=12)
    assert found is not None
    assert found.n == 10
    assert days(found.earliest) >= 20


def test_fewer_than_five_past_parcels_say_nothing() -> None:
    assert expected(parcel(event(0)), past(2, 3, 4, 5), after=1) is None
    assert expected(parcel(event(0)), past(2, 3, 4, 5, 6), after=1) is not None


def test_a_parcel_that_has_outlived_all_others_has_no_expected_date() -> None:
    assert expected(parcel(event(0)), past(*range(1, 20)), after=40) is None


def test_open_parcels_count_until_they_were_last_heard_of() -> None:
    # Ten are delivered on days 1 to 10; ten others were still under way on day 10.5: the median is no longer day 5.
    delivered = past(*range(1, 11))
    under_way = [parcel(event(0), event(10.5), id=f"O-{i}") for i in range(10)]
    alone = expected(parcel(event(0)), delivered, after=0.1)
    with_open = expected(parcel(event(0)), delivered + under_way, after=0.1)
    assert alone is not None and with_open is not None
    assert with_open.likely >= alone.likely + 4 * DAY
    assert with_open.n == 10


def test_where_the_past_was_cut_to_the_newest_open_parcels_are_left_out() -> None:
    delivered = past(*range(1, 11))
    under_way = [parcel(event(0), event(10.5), id=f"O-{i}") for i in range(10)]
    assert lane("DHL", "DE", "FR", delivered + under_way, cut=True).stays[None].end.size == 10


def test_the_state_matters_more_than_the_age() -> None:
    # All take 20 days, of which the last is out for delivery for a fifth of a day.
    history = [parcel(event(0), event(19.8, "OutForDelivery"), event(20, "Delivered")) for _ in range(10)]
    early = parcel(event(0), event(3, "OutForDelivery"))
    found = expected(early, history, after=3.05)
    assert found is not None
    assert days(found.likely) == pytest.approx(3.2, abs=0.01)
    assert found.basis == "state"


def test_without_parcels_in_its_state_the_whole_journey_tells() -> None:
    held = parcel(event(0), event(2, "Exception", "customs_held"))
    found = expected(held, past(*range(1, 20)), after=3)
    assert found is not None
    assert found.basis == "journey"


def test_all_carriers_of_the_countries_tell_where_the_carrier_has_too_few(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    mine = [parcel(event(0), event(d, "Delivered"), id=f"M-{d}") for d in (2, 3)]
    others = [parcel(event(0), event(d, "Delivered"), id=f"X-{d}", carrier="UPS") for d in range(4, 14)]
    store.put_shipments([*mine, *others])
    asked = parcel(event(0))
    found = expect(told(asked), Lanes(store).of(asked), BEGAN + DAY)
    assert found is not None
    assert (found.level, found.n) == ("countries", 12)
    store.close()


def test_countries_that_are_not_known_have_no_lane(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    assert Lanes(store).of(Shipment(id="S", carrier="DHL", destination="FR")) == ()
    store.close()


def test_lanes_hold_in_all_zones_and_over_the_change_to_summer_time() -> None:
    # In the night that the clock goes forward, noon to one o'clock are 24 hours.
    winter, summer = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
    begun = TrackingEvent(time=datetime(2026, 3, 28, 12, tzinfo=winter), status="InTransit")
    done = TrackingEvent(time=datetime(2026, 3, 29, 13, tzinfo=summer), status="Delivered")
    found = lane("DHL", "DE", "FR", [parcel(begun, done)])
    assert found.stays[None].end[0] == pytest.approx(1.0)


def test_a_scan_that_comes_in_after_the_delivery_does_not_undo_it() -> None:
    late_scan = parcel(event(0), event(3, "Delivered"), event(3.2, "InTransit"))
    assert told(late_scan)[-1].status == "Delivered"
    again = parcel(event(0), event(3, "Delivered"), event(3.2, "AttemptFail"))
    assert told(again)[-1].status == "AttemptFail"
    assert all(one.status != "Delivered" for one in told(again))


def test_events_count_by_time_however_they_are_given() -> None:
    shuffled = parcel(event(3, "OutForDelivery"), event(0, "InfoReceived"), event(1))
    assert trail(told(shuffled)) == ["announced", "moving", "out"]


def test_a_parcel_that_left_customs_is_cleared_though_no_event_says_so() -> None:
    events = [event(0), event(1, "InTransit", "customs_processing"), event(3), event(4, "Exception"), event(5)]
    assert trail(events) == ["moving", "customs", "cleared", "exception", "cleared"]
    assert now_in(events) == ("cleared", BEGAN + 3 * DAY)


@given(
    st.lists(st.tuples(st.floats(0.01, 400), st.booleans()), min_size=1, max_size=60),
    st.floats(0, 400),
)
def test_what_remains_is_in_order_and_after_now(rows: list[tuple[float, bool]], elapsed: float) -> None:
    end = np.array([row[0] for row in rows], np.float32)
    delivered = np.array([row[1] for row in rows])
    found = remaining(Stays(end, end, delivered, end[delivered]), elapsed)
    there = np.count_nonzero(delivered & (end > elapsed))
    assert (found is not None) == (there >= ENOUGH)
    if found is not None:
        (low, middle, high), n = found
        assert n == there
        assert np.float32(elapsed) < low <= middle <= high <= end.max()


@given(st.lists(st.floats(0.01, 100), min_size=9, max_size=80))
def test_without_open_parcels_the_estimate_is_of_plain_ranks(ends: list[float]) -> None:
    """Kaplan and Meier's estimate without censoring is the empirical distribution."""
    end = np.array(sorted(ends), np.float32)
    found = remaining(Stays(end, end, np.ones(len(end), bool), end), 0.0)
    assert found is not None
    (low, middle, high), n = found
    assert n == len(end)
    first, last = int(0.1 * (n + 1)), -int(-0.9 * (n + 1) // 1)
    assert low == end[max(first, 1) - 1]
    assert middle == end[(n + 1) // 2 - 1]
    assert high == end[min(last, n) - 1]


def test_the_estimate_with_open_parcels_is_that_of_the_textbook() -> None:
    """By hand: delivered at 1, 3, 4, 6, 8, last heard of at 2, 5, 7; S falls to .375 at 6."""
    end = np.array([1, 2, 3, 4, 5, 6, 7, 8], np.float32)
    delivered = np.array([1, 0, 1, 1, 0, 1, 0, 1], bool)
    # S: 7/8 = .875 at 1; × 5/6 = .729 at 3; × 4/5 = .583 at 4; × 2/3 = .389 at 6; 0 at 8.
    found = remaining(Stays(end, end, delivered, end), 0.0)
    assert found == ((1.0, 6.0, 8.0), 5)


def test_who_was_last_heard_of_when_another_came_was_still_under_way_then() -> None:
    end = np.array([1, 1, 1, 1, 2, 3, 4, 5, 6, 7], np.float32)
    for tied in ([1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]):
        stays = Stays(end, end, np.array(tied + [1] * 6, bool), end)
        found = remaining(stays, 0.0)
        assert found is not None
        assert found[0][1] == 4.0  # S: 8/10 at 1, × 4/6 = .533 at 3, × 3/6 = .4 at 4; it would be .5 at 3 otherwise


def test_silence_is_usual_up_to_what_19_of_20_parcels_had_in_the_state() -> None:
    history = [
        parcel(event(0), event(gap), event(gap + 1, "OutForDelivery"), event(gap + 1.2, "Delivered"), id=f"P-{i}")
        for i, gap in enumerate([4.0] * 19 + [9.0])
    ]
    ways = [lane("DHL", "DE", "FR", history)]
    moving = silence([event(0)], ways)
    assert (moving.usual / DAY, moving.n) == (pytest.approx(9, abs=0.01), 20)
    # Out for delivery nothing is silent for long, and under three days is no sign.
    assert silence([event(0), event(1, "OutForDelivery")], ways).usual == LEAST_SILENCE
    assert (silence([event(0)], []).usual, silence([event(0)], []).n) == (UNKNOWN_SILENCE, 0)


@given(
    st.lists(
        st.builds(
            TrackingEvent,
            time=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.timezones() | st.just(UTC)),
            status=st.sampled_from(STATUSES),
            customs=st.sampled_from([None, "customs_held", "customs_released"]),
        ),
        max_size=6,
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_no_events_whatever_their_times_break_a_lane(events: list[TrackingEvent], now: datetime) -> None:
    one = parcel(*events)
    way = lane("DHL", "DE", "FR", [one, *past(*range(1, 12))])
    assert way.delivered >= 11
    found = expect(told(one), [way], now)
    assert found is None or now <= found.earliest <= found.likely <= found.latest
    assert silence(told(one), [way]).usual >= LEAST_SILENCE


def test_on_generated_lanes_the_range_holds_eight_times_in_ten_and_beats_promise_and_mean() -> None:
    sent = measured.history(random.Random(7), 170)
    judged = [one for day in (110.3, 129.8, 148.1) for one in measured.judge(sent, measured.START + day * DAY)]
    known = [(one.expected, one) for one in judged if one.expected and one.mean]
    assert len(known) > 500
    held = np.mean([e.earliest <= one.came <= e.latest for e, one in known])
    assert 0.74 <= held <= 0.86
    likely = np.median([abs((e.likely - one.came) / DAY) for e, one in known])
    promised = np.median([abs((max(one.promised, one.now) - one.came) / DAY) for _, one in known])
    mean = np.median([abs((max(one.mean, one.now) - one.came) / DAY) for _, one in known if one.mean])
    assert likely < 0.8 * min(promised, mean)
