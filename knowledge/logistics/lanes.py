"""What this shop's own past parcels say about one that is on its way: when it comes, and how long silence is usual.

A lane is a way that parcels take: a carrier from one country to another, or the two countries whoever carries. Times
are days as floats. Weekends and holidays are not modelled: they are in the past durations, spread over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.records import Shipment, TrackingEvent
from knowledge.store import Store

Stage = Literal["announced", "moving", "customs", "cleared", "out", "waiting", "exception"]
Level = Literal["carrier", "countries"]
F32 = NDArray[np.float32]

ENOUGH = 5  # delivered parcels that an estimate rests on at least
PLENTY = 100  # with so many delivered by one carrier, other carriers on the way add nothing
LONGEST = 730.0  # days; a past parcel that took longer has a wrong time in it
CACHED = 4096  # lanes
_DAY = timedelta(days=1)
_ENDS = ("Delivered", "Expired")
_UNDO = ("OutForDelivery", "AttemptFail", "AvailableForPickup", "Exception")  # a delivery that was reported before
_Row = tuple[float, float, bool, float]  # left, end, delivered, longest silence


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """When a parcel comes: `likely` is the median of what past parcels in its place did, and 80 % of them came from
    `earliest` to `latest`.

    `n` past parcels were delivered of those that it rests on: the ones of `level` that were as long in the same state
    (`basis` state), or where those are too few, under way as long (`basis` journey).
    """

    earliest: datetime
    likely: datetime
    latest: datetime
    n: int
    level: Level
    basis: Literal["state", "journey"]


@dataclass(frozen=True)
class Stays:
    """The past parcels that came into a stage, [n] each, in days since they came into it.

    `left` is when they left it for another stage (or were last heard of), `end` when they were delivered or, where
    `delivered` is false, last heard of. `silences` [m] are the longest times without news that each delivered one
    had in the stage.
    """

    left: F32
    end: F32
    delivered: NDArray[np.bool_]
    silences: F32


@dataclass(frozen=True)
class Lane:
    """The past of one way: stays by stage, and of the whole journey under None. `carrier` None is whoever carries."""

    carrier: str | None
    origin: str
    destination: str
    delivered: int
    stays: dict[Stage | None, Stays]

    @property
    def level(self) -> Level:
        """How wide it is."""
        return "countries" if self.carrier is None else "carrier"


class Lanes:
    """A store's lanes, each read once. Make a new one as often as the past should be read afresh."""

    def __init__(self, store: Store, most: int = 500) -> None:
        """The `most` shipments that were last heard of make a lane."""

        def read(carrier: str | None, origin: str, destination: str) -> Lane:
            past = store.recent_shipments(carrier, origin, destination, most)
            return lane(carrier, origin, destination, past, cut=len(past) >= most)

        self._read = lru_cache(CACHED)(read)

    def of(self, shipment: Shipment) -> tuple[Lane, ...]:
        """The lanes that tell about a shipment, the narrowest first; none where its countries are not known."""
        if not shipment.origin or not shipment.destination:
            return ()
        own = self._read(shipment.carrier, shipment.origin, shipment.destination)
        if own.delivered >= PLENTY:
            return (own,)
        return own, self._read(None, shipment.origin, shipment.destination)


def told(shipment: Shipment) -> list[TrackingEvent]:
    """What a shipment's events tell, by time; those of one time stand as they were given.

    A Delivered stands, and scans that come in after it are left out, until news that only a parcel that is not there
    can have undoes it. News after an Expired undo that.
    """
    kept: list[TrackingEvent] = []
    for event in sorted(shipment.events, key=lambda event: event.time):
        if kept and kept[-1].status == "Delivered":
            if event.status not in _UNDO:
                continue
            kept.pop()
        elif kept and kept[-1].status == "Expired":
            kept.pop()
        kept.append(event)
    return kept


def trail(events: Iterable[TrackingEvent]) -> list[Stage]:
    """The stage that a parcel is in after each of its events, as `told` gives them, but for Delivered and Expired.

    InTransit without a word of customs keeps a parcel at the stage it had reached, and means that customs have let it
    go. Something wrong (exception) is a stage of its own until the next news.
    """
    found: list[Stage] = []
    reached: Stage = "announced"
    for event in events:
        if event.status in _ENDS:
            break
        stage = _stage(event, reached)
        reached = reached if stage == "exception" else stage
        found.append(stage)
    return found


def _stage(event: TrackingEvent, reached: Stage) -> Stage:
    if event.customs:
        return "cleared" if event.customs == "customs_released" else "customs"
    match event.status:
        case "Pending" | "InfoReceived":
            return reached
        case "OutForDelivery":
            return "out"
        case "AttemptFail" | "AvailableForPickup":
            return "waiting"
        case "Exception":
            return "exception"
    if reached == "customs":
        return "cleared"
    return "moving" if reached == "announced" else reached


def now_in(events: Sequence[TrackingEvent]) -> tuple[Stage, datetime] | None:
    """The stage that a parcel is in, and when it first came into it; None without events, or where it has ended."""
    if not events or events[-1].status in _ENDS:
        return None
    been = trail(events)
    return been[-1], events[been.index(been[-1])].time


def lane(carrier: str | None, origin: str, destination: str, past: Iterable[Shipment], cut: bool = False) -> Lane:
    """The lane of past shipments, delivered and open; those without events or with impossible times are left out.

    `cut`: there are more, of which nothing was heard for longer. All that are under way are then among these, but of
    the delivered only the newest: beside them the open ones would make every journey look too long, and don't count.
    """
    rows: dict[Stage | None, list[_Row]] = {}
    delivered = 0
    for shipment in past:
        events = told(shipment)
        if events and events[-1].status == "Expired":
            events.pop()  # it says only that nothing was heard
        arrived = bool(events) and events[-1].status == "Delivered"
        if len(events) <= arrived or (cut and not arrived) or (events[-1].time - events[0].time) / _DAY > LONGEST:
            continue
        delivered += arrived
        for stage, row in _rows(events, arrived).items():
            rows.setdefault(stage, []).append(row)
    return Lane(carrier, origin, destination, delivered, {stage: _stays(some) for stage, some in rows.items()})


def _rows(events: Sequence[TrackingEvent], arrived: bool) -> dict[Stage | None, _Row]:
    """What one past parcel adds to each stage that it was in, and to the journey."""
    been: list[Stage] = trail(events)
    start, end = events[0].time, events[-1].time
    began: dict[Stage | None, datetime] = {None: start}
    left: dict[Stage | None, datetime] = {None: end}
    silent: dict[Stage | None, float] = {}
    for i, stage in enumerate(been):
        following = events[min(i + 1, len(events) - 1)].time
        began.setdefault(stage, events[i].time)
        left[stage] = following
        for name in (None, stage):
            silent[name] = max(silent.get(name, 0.0), (following - events[i].time) / _DAY)
    return {
        name: ((left[name] - since) / _DAY, (end - since) / _DAY, arrived, silent[name])
        for name, since in began.items()
    }


def _stays(rows: Sequence[_Row]) -> Stays:
    return Stays(
        np.array([row[0] for row in rows], np.float32),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.bool_),
        np.array([row[3] for row in rows if row[2]], np.float32),
    )


def expect(events: Sequence[TrackingEvent], lanes: Sequence[Lane], now: datetime) -> Expected | None:
    """When a parcel comes that `told` tells this of; None where too few past parcels were in its place.

    First those of each lane that were as long in the same state, then those that were under way as long.
    """
    state = now_in(events)
    if state is None:
        return None
    clocks: list[tuple[Stage | None, datetime]] = [state, (None, events[0].time)]
    for stage, since in clocks:
        elapsed = max((now - since) / _DAY, 0.0)
        for way in lanes:
            if (stays := way.stays.get(stage)) and (found := remaining(stays, elapsed)):
                earliest, likely, latest = (now + timedelta(days=max(days - elapsed, 0.0)) for days in found[0])
                basis: Literal["state", "journey"] = "state" if stage else "journey"
                return Expected(
                    earliest=earliest, likely=likely, latest=latest, n=found[1], level=way.level, basis=basis
                )
    return None


def remaining(stays: Stays, elapsed: float) -> tuple[tuple[float, float, float], int] | None:
    """The days, counted from the coming into a stage, by which 10, 50 and 90 % are delivered of those that were still
    in it after `elapsed` days, and how many of them were delivered; None for fewer than ENOUGH.

    The product-limit estimate (Kaplan and Meier 1958): a parcel that is still open counts until it was last heard of.
    The longest of all counts as delivered (Efron 1967). The 10 and 90 % are taken at the ranks between which the next
    of n + 1 falls 8 times in 10, which for fewer than 9 are the first and the last, and then hold less often.
    """
    there = (stays.left > elapsed) & (stays.end > elapsed)
    n = int(np.count_nonzero(stays.delivered & there))
    if n < ENOUGH:
        return None
    end, delivered = stays.end[there], stays.delivered[there].copy()
    order = np.lexsort((~delivered, end))  # at one time deliveries go before the merely last heard of
    end, delivered = end[order], delivered[order]
    delivered[-1] = True
    at_risk = np.arange(len(end), 0, -1)
    arrived = 1 - np.cumprod(np.where(delivered, 1 - 1 / at_risk, 1.0))
    first, last = math.floor(0.1 * (len(end) + 1)), math.ceil(0.9 * (len(end) + 1))
    wanted = (max(first, 0.5) / len(end), 0.5, min(last / len(end), 1.0))
    places = np.searchsorted(arrived, np.array(wanted) - 1e-9)
    low, middle, high = (float(end[place]) for place in places)
    return (low, middle, high), n


class Silence(msgspec.Struct, frozen=True):
    """For how long no news is usual, and how many past parcels say so; 0: none do, and it is a convention."""

    usual: timedelta
    n: int


# No news for under three days is no sign of anything: a weekend and a day.
LEAST_SILENCE = timedelta(days=3)
# Where no past parcels tell. A convention: longer than legs between two scans at sea or by air usually are at home,
# short enough that a carrier still takes a search request.
UNKNOWN_SILENCE = timedelta(days=10)


def silence(events: Sequence[TrackingEvent], lanes: Sequence[Lane]) -> Silence:
    """For how long past parcels were silent in the state that one is in, 19 of 20 of them, and at least three days.

    It takes the longest silence of each delivered parcel in the state, not all its gaps between events: of these a
    parcel has several, and one in 20 gaps would call far more than one in 20 parcels stuck.
    """
    state = now_in(events)
    for stage in (state[0], None) if state else (None,):
        for way in lanes:
            stays = way.stays.get(stage)
            if stays is not None and (n := len(stays.silences)) >= ENOUGH:
                rank = min(math.ceil(0.95 * (n + 1)), n)
                days = float(np.partition(stays.silences, rank - 1)[rank - 1])
                return Silence(max(timedelta(days=days), LEAST_SILENCE), n)
    return Silence(UNKNOWN_SILENCE, 0)
