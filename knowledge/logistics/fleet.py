"""All parcels that are under way: which need somebody, counted by carrier and lane, and whom to tell before they ask.

Open shipments are streamed and counted one by one; what is kept of each is its counts, and the `most` urgent.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from knowledge.logistics.lanes import Lanes
from knowledge.logistics.parcels import ParcelFacts, parcel_facts
from knowledge.records import Shipment
from knowledge.store import Store
from knowledge.tables import carrier_name

# Most urgent first: what ends by itself if nobody acts, what waits for the customer, what for the shop, what for time.
Reason = Literal[
    "collect_soon", "duties_unpaid", "document_needed", "delivery_failed", "customs_held", "to_collect", "stuck",
    "late", "expected_late",
]  # fmt: skip
REASONS: tuple[Reason, ...] = get_args(Reason)
SOON = timedelta(days=3)  # to the last day of collection
_NEVER = datetime.max.replace(tzinfo=UTC)


class Count(msgspec.Struct, frozen=True):
    """How many shipments are open, how many of them have a reason, and each reason; one may have several."""

    open: int
    noticed: int
    reasons: dict[Reason, int]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be told before they ask, or without an order, a shipment to look into.

    `reason` is the most urgent of `reasons`, `since` when that began as far as it is known. `until` is the last day to
    collect, `late_days` and `silent_days` are whole days.
    """

    order: str | None
    customer: str | None
    shipment: str
    carrier: str
    lane: str
    reason: Reason
    reasons: tuple[Reason, ...]
    since: datetime | None = None
    until: date | None = None
    late_days: int | None = None
    silent_days: int | None = None


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """What is under way at a moment. A lane is "CN>ES", with "?" for a country that is not known.

    The counts are of all shipments, the notices of the most urgent ones.
    """

    now: datetime
    all: Count
    carriers: dict[str, Count]
    lanes: dict[str, Count]
    notices: tuple[Notice, ...]


class _Tally:
    """Counts while the shipments pass."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.noticed: Counter[str] = Counter()
        self.reasons: dict[str, Counter[Reason]] = {}

    def add(self, name: str, reasons: tuple[Reason, ...]) -> None:
        self.open[name] += 1
        if reasons:
            self.noticed[name] += 1
            self.reasons.setdefault(name, Counter()).update(reasons)

    def counts(self) -> dict[str, Count]:
        """By name; the one with most shipments that have a reason first, then with most open."""
        names = sorted(self.open, key=lambda name: (-self.noticed[name], -self.open[name], name))
        return {name: self._count(name) for name in names}

    def _count(self, name: str) -> Count:
        reasons = self.reasons.get(name, Counter())
        return Count(self.open[name], self.noticed[name], {r: reasons[r] for r in REASONS if reasons[r]})


_Key = tuple[int, datetime, str]
_Found = tuple[_Key, Shipment, ParcelFacts, tuple[Reason, ...]]


def fleet(store: Store, now: datetime, most: int = 200) -> Fleet:
    """The fleet view of a store; `notices` name at most the `most` urgent shipments.

    Raises:
        ValueError: `now` has no offset.
    """
    every, carriers, lanes = _Tally(), _Tally(), _Tally()
    spelled: dict[str, str] = {}  # a carrier's name as it is compared, and as it first came

    def with_reason() -> Iterator[_Found]:
        past = Lanes(store)
        for shipment in store.open_shipments():
            facts = parcel_facts(shipment, past.of(shipment), now)
            if facts.delivered_at:
                continue  # by its events in order, whatever came in last
            reasons = reasons_of(facts, now)
            every.add("", reasons)
            carriers.add(spelled.setdefault(carrier_name(shipment.carrier), shipment.carrier), reasons)
            lanes.add(_lane(shipment), reasons)
            if reasons:
                yield _key(facts, reasons[0]), shipment, facts, reasons

    # Of equal keys there are none: the shipment's id is in it.
    urgent = heapq.nsmallest(most, with_reason(), key=lambda found: found[0])
    return Fleet(
        now=now,
        all=every.counts().get("", Count(0, 0, {})),
        carriers=carriers.counts(),
        lanes=lanes.counts(),
        notices=tuple(notice for found in urgent for notice in _notices(store, found)),
    )


def reasons_of(facts: ParcelFacts, now: datetime) -> tuple[Reason, ...]:
    """Why somebody should look at a parcel, the most urgent first."""
    found: set[Reason] = set()
    match facts.customs:
        case "customs_duties_unpaid":
            found.add("duties_unpaid")
        case "customs_information_needed":
            found.add("document_needed")
        case "customs_held":
            found.add("customs_held")
    match facts.status:
        case "AvailableForPickup":
            found.add("collect_soon" if _ends_soon(facts, now) else "to_collect")
        case "AttemptFail":
            found.add("delivery_failed")
    if facts.stuck_for:
        found.add("stuck")
    if facts.late:
        found.add("expected_late" if facts.late.how == "expected" else "late")
    return tuple(reason for reason in REASONS if reason in found)


def _ends_soon(facts: ParcelFacts, now: datetime) -> bool:
    until = facts.to_do.until if facts.to_do else None
    zone = facts.heard.tzinfo if facts.heard else None
    return until is not None and until - now.astimezone(zone).date() <= SOON


def _since(facts: ParcelFacts, reason: Reason) -> datetime | None:
    """When a reason began: silence with the last news, lateness with the promised time, the rest with the status."""
    match reason:
        case "stuck":
            return facts.heard
        case "late":
            return facts.promised_at
        case "expected_late":
            return None
    return facts.since


def _key(facts: ParcelFacts, reason: Reason) -> _Key:
    """The place in the list: by reason, then by the last day to collect or by what is longest so."""
    when = _deadline(facts) or _since(facts, reason) or facts.promised_at or _NEVER
    return REASONS.index(reason), when, facts.shipment


def _deadline(facts: ParcelFacts) -> datetime | None:
    until = facts.to_do.until if facts.to_do else None
    return datetime(until.year, until.month, until.day, tzinfo=UTC) if until else None


def _lane(shipment: Shipment) -> str:
    return f"{shipment.origin or '?'}>{shipment.destination or '?'}"


def _notices(store: Store, found: _Found) -> Iterator[Notice]:
    """One for each order in the shipment."""
    _, shipment, facts, reasons = found
    orders: list[tuple[str | None, str | None]] = [(o.id, o.customer) for o in store.orders_shipped(shipment.id)]
    for order, customer in orders or [(None, None)]:
        yield Notice(
            order=order,
            customer=customer,
            shipment=shipment.id,
            carrier=shipment.carrier,
            lane=_lane(shipment),
            reason=reasons[0],
            reasons=reasons,
            since=_since(facts, reasons[0]),
            until=facts.to_do.until if facts.to_do else None,
            late_days=facts.late.by.days if facts.late else None,
            silent_days=facts.stuck_for.days if facts.stuck_for else None,
        )
