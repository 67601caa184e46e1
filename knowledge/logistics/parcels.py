"""The facts of one parcel and of the order in it, from the shop's records alone. None is "the records don't say"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from knowledge.logistics.lanes import Expected, Lane, Silence, expect, now_in, silence, told
from knowledge.records import Article, CustomsStatus, Order, Shipment, ShipmentStatus, TrackingEvent

Act = Literal["pay_duties", "give_document", "collect", "rearrange_delivery"]
Change = Literal["maybe", "no", "not_known"]

_NOT_HANDED_OVER = ("Pending", "InfoReceived", "Expired")
# An order without a shipment that is older has most likely gone some way that the records don't tell.
_STILL_HERE = timedelta(days=30)


class Late(msgspec.Struct, frozen=True):
    """How much later than promised: now that the day has `passed`, as it was `delivered`, or as it is `expected`.

    An expected lateness is that of the likely date; half of such parcels come sooner.
    """

    by: timedelta
    how: Literal["passed", "delivered", "expected"]


class ToDo(msgspec.Struct, frozen=True):
    """What the customer has to do, until which day (included) where the records say, and whether that is over."""

    act: Act
    until: date | None = None
    over: bool = False


class ParcelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a parcel at a moment.

    `since` is when it came into this status and customs status, `heard` the time of the latest news. Both are None
    where the carrier's time lies in the future: the news is true, its clock is not. `located` is the time of the news
    that named `location`. `stuck_for` is the time without news where that is longer than `silence.usual`; a parcel
    that waits for its customer, or has arrived, is not stuck.
    """

    shipment: str
    status: ShipmentStatus | None = None
    customs: CustomsStatus | None = None
    since: datetime | None = None
    heard: datetime | None = None
    location: str | None = None
    located: datetime | None = None
    promised_at: datetime | None = None
    carrier_expects: datetime | None = None
    expected: Expected | None = None
    late: Late | None = None
    silence: Silence | None = None
    stuck_for: timedelta | None = None
    to_do: ToDo | None = None
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None


def parcel_facts(shipment: Shipment, lanes: Sequence[Lane], now: datetime) -> ParcelFacts:
    """The facts of a parcel; `lanes` are those that tell about it, the narrowest first.

    Raises:
        ValueError: `now` has no offset.
    """
    if now.tzinfo is None:
        raise ValueError("now needs an offset")
    events = told(shipment)
    if not events:
        return ParcelFacts(
            shipment=shipment.id,
            promised_at=shipment.promised_at,
            carrier_expects=shipment.expected_at,
            late=_late(shipment, None, None, now),
        )
    last = events[-1]
    delivered = last.time if last.status == "Delivered" else None
    expected = expect(events, lanes, now)
    to_do = _to_do(shipment, last, now)
    usual = silence(events, lanes) if _moves(last, to_do) else None
    named = next((event for event in reversed(events) if event.location), None)
    return ParcelFacts(
        shipment=shipment.id,
        status=last.status,
        customs=last.customs,
        since=_past(_since(events), now),
        heard=_past(_news(events).time, now),
        location=named.location if named else None,
        located=_past(named.time, now) if named else None,
        promised_at=shipment.promised_at,
        carrier_expects=None if delivered else shipment.expected_at,
        expected=expected,
        late=_late(shipment, delivered, expected, now),
        silence=usual,
        stuck_for=_stuck(events, usual, now),
        to_do=to_do,
        handed_over_at=_handed_over(events),
        delivered_at=delivered,
    )


def _past(time: datetime, now: datetime) -> datetime | None:
    return time if time <= now else None


def _since(events: Sequence[TrackingEvent]) -> datetime:
    """When the last run of events with one status began."""
    state = (events[-1].status, events[-1].customs)
    run = events[-1]
    for event in reversed(events):
        if (event.status, event.customs) != state:
            break
        run = event
    return run.time


def _news(events: Sequence[TrackingEvent]) -> TrackingEvent:
    """The last event that tells of the parcel: Expired tells that nothing was heard."""
    return next((event for event in reversed(events) if event.status != "Expired"), events[-1])


def _late(shipment: Shipment, delivered: datetime | None, expected: Expected | None, now: datetime) -> Late | None:
    promised = shipment.promised_at
    if promised is None:
        return None
    if delivered:
        return Late(delivered - promised, "delivered") if delivered > promised else None
    if now > promised:
        return Late(now - promised, "passed")
    if expected and expected.likely > promised:
        return Late(expected.likely - promised, "expected")
    return None


def _to_do(shipment: Shipment, last: TrackingEvent, now: datetime) -> ToDo | None:
    """What the last event asks of the customer. Duties of a parcel that was sent DDP are the shop's to pay."""
    if last.status == "Delivered":
        return None
    if last.customs == "customs_duties_unpaid":
        return None if (shipment.incoterm or "").strip().upper() == "DDP" else ToDo("pay_duties")
    if last.customs == "customs_information_needed":
        return ToDo("give_document")
    if last.status not in ("AvailableForPickup", "AttemptFail"):
        return None
    until = shipment.collect_until
    act: Act = "collect" if last.status == "AvailableForPickup" else "rearrange_delivery"
    return ToDo(act, until, over=until is not None and until < _day(now, last))


def _day(now: datetime, event: TrackingEvent) -> date:
    """The day that it is where an event happened."""
    return now.astimezone(event.time.tzinfo).date()


def _moves(last: TrackingEvent, to_do: ToDo | None) -> bool:
    """Whether news is to be expected: it has not arrived, and does not wait for its customer."""
    return last.status != "Delivered" and (to_do is None or to_do.act == "rearrange_delivery")


def _stuck(events: Sequence[TrackingEvent], usual: Silence | None, now: datetime) -> timedelta | None:
    """How long there was no news, where that is unusual. A carrier that has stopped following it has lost it."""
    if usual is None:
        return None
    silent = now - _news(events).time
    expired = events[-1].status == "Expired"
    return silent if silent > timedelta() and (expired or silent > usual.usual) else None


def _handed_over(events: Sequence[TrackingEvent]) -> datetime | None:
    """When the carrier first had it in hand."""
    return next((event.time for event in events if event.status not in _NOT_HANDED_OVER), None)


class Returns(msgspec.Struct, frozen=True, kw_only=True):
    """What a page about returns promises for an order: `days` from delivery, and once delivered the last day `until`.

    `left` is the days until then, 0 on the last day and negative after it. `article` is the page's id.
    """

    days: int
    article: str
    until: date | None = None
    left: int | None = None


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say of an order beyond its parcel.

    `cancellation` and `address_change`: "no" once the carrier has the parcel (`handed_over_at`); "maybe" before, since
    the shop may have packed it; nothing is promised. The order's own status is free text and is not read.
    """

    order: str
    returns: Returns | None = None
    cancellation: Change = "not_known"
    address_change: Change = "not_known"
    handed_over_at: datetime | None = None


def order_facts(order: Order, shipment: Shipment | None, articles: Iterable[Article], now: datetime) -> OrderFacts:
    """The facts of an order; `shipment` is the one that it names, None where that is not in the store.

    Raises:
        ValueError: `now` has no offset.
    """
    if now.tzinfo is None:
        raise ValueError("now needs an offset")
    events = told(shipment) if shipment else []
    handed_over = _handed_over(events)
    change: Change = "no" if handed_over else "not_known"
    if handed_over is None and (_waits(events) or (order.shipment is None and now - order.placed_at <= _STILL_HERE)):
        change = "maybe"
    return OrderFacts(
        order=order.id,
        returns=_returns(order, events, articles, now),
        cancellation=change,
        address_change=change,
        handed_over_at=handed_over,
    )


def _waits(events: Sequence[TrackingEvent]) -> bool:
    state = now_in(events)
    return state is not None and state[0] == "announced"


def _returns(
    order: Order, events: Sequence[TrackingEvent], articles: Iterable[Article], now: datetime
) -> Returns | None:
    """By the newest page that held on the day of the order. None without one, and where such pages contradict."""
    placed = order.placed_at.date()
    valid = [a for a in articles if a.return_days is not None and a.return_days >= 0 and _held(a, placed)]
    if not valid:
        return None
    newest = max(a.valid_from or date.min for a in valid)
    promised = {(a.return_days, a.id) for a in valid if (a.valid_from or date.min) == newest}
    if len({days for days, _ in promised}) > 1:
        return None
    days, article = min(promised)
    assert days is not None
    if not events or events[-1].status != "Delivered":
        return Returns(days=days, article=article)
    delivered = events[-1]
    try:
        until = delivered.time.date() + timedelta(days=days)
    except OverflowError:  # a page that promises thousands of years
        return Returns(days=days, article=article)
    return Returns(days=days, article=article, until=until, left=(until - _day(now, delivered)).days)


def _held(article: Article, day: date) -> bool:
    return (article.valid_from or date.min) <= day <= (article.valid_to or date.max)
