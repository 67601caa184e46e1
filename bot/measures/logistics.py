"""How well expected dates and silences hold, on a generated history whose truth is known.

The generator knows nothing of the estimator: journeys are made of legs with log-normal times, customs on some ways,
failed attempts, no delivery on Sundays, and parcels that are lost. As of some days the estimator sees what had been
reported by then, open parcels too, and says when those under way arrive.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bot.measures.figures import Figure
from knowledge.logistics.lanes import LEAST_SILENCE, Expected, Lane, expect, lane, silence, told
from knowledge.records import CustomsStatus, Shipment, ShipmentStatus, TrackingEvent

if TYPE_CHECKING:
    from bot.parts import Parts

SEED = 20261123
MOST = 500  # shipments that a lane is made of, as the store gives them
LOST = 0.02  # share of parcels
START = datetime(2026, 1, 5, tzinfo=UTC)
_DAY = timedelta(days=1)
_Sent = tuple[Shipment, bool]  # with its whole future, and whether it ever arrives


class Way(msgspec.Struct, frozen=True):
    """A generated lane: parcels a day, median days of its transport and of customs (0: none), and days promised."""

    carrier: str
    origin: str
    destination: str
    daily: float
    transport: float
    spread: float  # of the logarithm
    customs: float
    promised: int


WAYS = (
    Way("DHL", "DE", "DE", 12.0, 1.6, 0.30, 0.0, 3),
    Way("Hermes", "DE", "DE", 5.0, 2.4, 0.40, 0.0, 4),
    Way("La Poste", "DE", "FR", 4.0, 3.5, 0.35, 0.0, 6),
    Way("Royal Mail", "DE", "GB", 3.0, 4.0, 0.35, 1.0, 9),
    Way("Japan Post", "DE", "JP", 1.0, 8.0, 0.30, 2.0, 16),
    Way("UPS", "DE", "BR", 1.0, 6.0, 0.25, 6.0, 20),
    Way("China Post", "CN", "ES", 4.0, 14.0, 0.45, 3.0, 28),
    Way("Cainiao", "CN", "ES", 0.06, 10.0, 0.30, 2.0, 20),
    *(Way("Aramex", "DE", to, 0.06, 8.0, 0.40, 2.0, 14) for to in ("SA", "AE", "KW", "QA", "OM", "BH", "JO", "EG")),
    *(Way("DPD", "DE", to, 0.08, 5.0, 0.40, 0.0, 8) for to in ("EE", "LV", "LT", "HR", "SI", "BG", "CY", "MT")),
)


def measure(_parts: Parts) -> list[Figure]:
    """Expected dates and silences on the generated history."""
    sent = history(random.Random(SEED), 300)  # noqa: S311 - no secret
    # Days and hours of all kinds.
    grown = [one for day in range(120, 290, 24) for one in judge(sent, START + day * 1.013 * _DAY)]
    young = [one for day in (24, 27, 30, 33) for one in judge(sent, START + day * 1.013 * _DAY)]
    return [*_dates(grown), *_few(grown, young), *_silences(sent, START + 200 * _DAY)]


def history(chance: random.Random, days: int) -> list[_Sent]:
    """The shipments of some days on all ways, by when they were announced."""
    sent = [
        _shipment(chance, way, f"{way.carrier}-{i}", START + chance.uniform(0, days) * _DAY)
        for way in WAYS
        for i in range(round(way.daily * days))
    ]
    return sorted(sent, key=lambda one: one[0].events[0].time)


def _shipment(chance: random.Random, way: Way, id: str, begun: datetime) -> _Sent:
    events: list[TrackingEvent] = []
    at = begun

    def happens(status: ShipmentStatus, after: float, customs: CustomsStatus | None = None) -> None:
        nonlocal at
        at += after * _DAY
        events.append(TrackingEvent(time=at, status=status, customs=customs))

    happens("InfoReceived", 0)
    happens("InTransit", chance.expovariate(1 / 0.7))
    legs = chance.randint(2, 4)
    for _ in range(legs):
        happens("InTransit", way.transport / legs * chance.lognormvariate(0, way.spread * legs**0.5))
    if way.customs:
        happens("InTransit", 0.2, "customs_processing")
        if chance.random() < 0.1:
            happens("Exception", chance.uniform(0.5, 2), "customs_information_needed")
            at += chance.uniform(2, 9) * _DAY
        happens("InTransit", way.customs * chance.lognormvariate(0, 0.6), "customs_released")
        happens("InTransit", chance.uniform(0.3, 1.2))
    at = _open(at + chance.uniform(0.3, 1) * _DAY)
    happens("OutForDelivery", 0)
    while chance.random() < 0.08:
        happens("AttemptFail", chance.uniform(0.1, 0.4))
        at = _open(at + chance.uniform(0.7, 2.5) * _DAY)
    happens("Delivered", chance.uniform(0.1, 0.4))
    arrives = chance.random() >= LOST
    seen = events if arrives else events[: chance.randint(2, len(events) - 1)]
    promised = begun + way.promised * _DAY
    return (
        Shipment(
            id=id,
            carrier=way.carrier,
            origin=way.origin,
            destination=way.destination,
            promised_at=promised,
            events=tuple(seen),
        ),
        arrives,
    )


def _open(at: datetime) -> datetime:
    """The same moment, or a day later where it is a Sunday."""
    return at + _DAY if at.weekday() == 6 else at


class Judged(msgspec.Struct, frozen=True):
    """A parcel that was under way: what was expected of it, and when it came."""

    now: datetime
    expected: Expected | None
    without_open: Expected | None  # by the delivered parcels alone
    promised: datetime
    mean: datetime | None  # the mean journey of those delivered by its carrier on its lane
    came: datetime


_Name = tuple[str | None, str, str]


def judge(sent: Sequence[_Sent], now: datetime) -> list[Judged]:
    """All parcels that were under way at a moment and arrive, each judged by what had been reported by then."""
    known = [(_as_of(shipment, now), shipment) for shipment, _ in sent if shipment.events[0].time <= now]
    lanes = _lanes(seen for seen, _ in known)
    delivered = _lanes(seen for seen, _ in known if seen.events[-1].status == "Delivered")
    found = []
    for seen, whole in known:
        if seen.events[-1].status == "Delivered" or whole.events[-1].status != "Delivered":
            continue
        names = _names(seen)
        mean = _mean_journey(lanes[names[0]])
        assert whole.promised_at
        judged = Judged(
            now,
            expect(told(seen), [lanes[name] for name in names], now),
            expect(told(seen), [delivered[name] for name in names if name in delivered], now),
            whole.promised_at,
            None if mean is None else seen.events[0].time + mean,
            whole.events[-1].time,
        )
        found.append(judged)
    return found


def _names(shipment: Shipment) -> tuple[_Name, _Name]:
    assert shipment.origin and shipment.destination
    return (shipment.carrier, shipment.origin, shipment.destination), (None, shipment.origin, shipment.destination)


def _as_of(shipment: Shipment, now: datetime) -> Shipment:
    return msgspec.structs.replace(shipment, events=tuple(event for event in shipment.events if event.time <= now))


def _lanes(seen: Iterable[Shipment]) -> dict[_Name, Lane]:
    """The lanes as `Lanes` makes them of a store: of each the MOST that were last heard of."""
    by_name: dict[_Name, list[Shipment]] = {}
    for shipment in sorted(seen, key=lambda one: one.events[-1].time, reverse=True):
        for name in _names(shipment):
            by_name.setdefault(name, []).append(shipment)
    return {name: lane(*name, some[:MOST], cut=len(some) >= MOST) for name, some in by_name.items()}


def _mean_journey(way: Lane) -> timedelta | None:
    stays = way.stays.get(None)
    if stays is None or not stays.delivered.any():
        return None
    return float(stays.end[stays.delivered].mean()) * _DAY


def _dates(judged: Sequence[Judged]) -> list[Figure]:
    known = [one for one in judged if one.expected]
    wide = [one.expected.latest - one.expected.earliest for one in known if one.expected]
    dated = [(one, one.expected, one.mean) for one in judged if one.expected and one.mean]
    return [
        Figure(name="expected date known", value=len(known) / len(judged), n=len(judged), note="of parcels under way"),
        _held("in the range that 80 % are to be in", (one.expected for one in known), known, reach=0.77),
        _days("width of the range", [width / _DAY for width in wide]),
        _errors("median error of the likely date", [(e.likely, one.came) for one, e, _ in dated]),
        _errors("median error of the promised date", [(max(one.promised, one.now), one.came) for one, _, _ in dated]),
        _errors("median error of the lane's mean", [(max(mean, one.now), one.came) for one, _, mean in dated]),
    ]


def _few(grown: Sequence[Judged], young: Sequence[Judged]) -> list[Figure]:
    """Where there is little past: few parcels on the lane, or a shop that has sent for 30 days."""
    few = [one for one in grown if one.expected and one.expected.n < 9]
    both = [one for one in young if one.expected and one.without_open]
    return [
        _held("in the range, resting on 5 to 8 parcels", (one.expected for one in few), few),
        _held("in the range, shop 30 days old", (one.expected for one in both), both),
        _held("the same without the open parcels", (one.without_open for one in both), both),
    ]


def _held(name: str, ranges: Iterable[Expected | None], judged: Sequence[Judged], reach: float | None = None) -> Figure:
    """The share of parcels that came within their range; the spread has those before and after it."""
    pairs = [(e, one.came) for e, one in zip(ranges, judged, strict=True) if e]
    if not pairs:
        return Figure(name=name, value=None, note="no such parcel")
    before = sum(came < e.earliest for e, came in pairs) / len(pairs)
    after = sum(came > e.latest for e, came in pairs) / len(pairs)
    spread = {"before": before, "after": after}
    return Figure(name=name, value=1 - before - after, n=len(pairs), reach=reach, spread=spread)


def _errors(name: str, pairs: Sequence[tuple[datetime, datetime]]) -> Figure:
    """The median distance in days of what was said and what came."""
    days = np.abs(np.array([(said - came) / _DAY for said, came in pairs]))
    spread = {"p90": float(np.quantile(days, 0.9))}
    return Figure(name=name, value=float(np.median(days)), n=len(pairs), unit="days", better="less", spread=spread)


def _silences(sent: Sequence[_Sent], now: datetime) -> list[Figure]:
    """Parcels sent after `now` by the lanes of then: how many that arrive are ever called stuck, and how long a lost
    one is not; beside them the plainer rule, a silence longer than 95 % of all gaps between events on the lane."""
    lanes = _lanes(_as_of(shipment, now) for shipment, _ in sent if shipment.events[0].time <= now)
    gaps = {name: _usual_gap(sent, name, now) for name in lanes}
    alarms, plain_alarms, waits, plain_waits = [], [], [], []
    for shipment, arrives in sent:
        names = _names(shipment)
        if shipment.events[0].time <= now or names[0] not in lanes:
            continue
        ways, events = [lanes[name] for name in names], told(shipment)
        if not arrives:
            waits.append(silence(events, ways).usual / _DAY)
            plain_waits.append(gaps[names[0]] / _DAY)
            continue
        silent = [(events[:i], events[i].time - events[i - 1].time) for i in range(1, len(events))]
        alarms.append(any(gap > silence(before, ways).usual for before, gap in silent))
        plain_alarms.append(any(gap > gaps[names[0]] for _, gap in silent))
    return [
        Figure(name="called stuck, of parcels that arrive", value=float(np.mean(alarms)), n=len(alarms), better="less"),
        Figure(name="the same by 95 % of all gaps", value=float(np.mean(plain_alarms)), n=len(alarms), better="less"),
        _days("lost parcels are noticed after", waits),
        _days("the same by 95 % of all gaps", plain_waits),
    ]


def _usual_gap(sent: Sequence[_Sent], name: _Name, now: datetime) -> timedelta:
    past = [_as_of(shipment, now).events for shipment, _ in sent if _names(shipment)[name[0] is None] == name]
    gaps = [
        (events[i].time - events[i - 1].time) / _DAY
        for events in past
        if events and events[-1].status == "Delivered"
        for i in range(1, len(events))
    ]
    return max(float(np.quantile(gaps, 0.95)) * _DAY if gaps else LEAST_SILENCE, LEAST_SILENCE)


def _days(name: str, days: Sequence[float]) -> Figure:
    spread = {"p90": float(np.quantile(days, 0.9))}
    return Figure(name=name, value=float(np.median(days)), n=len(days), unit="days", better="less", spread=spread)
