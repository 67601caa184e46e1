"""What is known of a parcel, as sentences: where it is, when it comes, and what its customer has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Sentence
from bot.answer.figures import duration
from bot.messages import Citation
from bot.phrasebook import day, moment
from knowledge.logistics.lanes import Lanes, told
from knowledge.logistics.parcels import ParcelFacts, parcel_facts
from knowledge.records import Shipment, TrackingEvent
from knowledge.store import Store


class Parcel(msgspec.Struct, frozen=True):
    """What a reply says of a parcel, and the record with all of it. `person`: somebody of the shop should look."""

    sentences: tuple[Sentence, ...]
    citation: Citation
    person: bool


class _Line(msgspec.Struct, frozen=True):
    """A sentence, and what it says beyond the shipment's own record, for the quote."""

    text: str
    computed: str = ""


def of(ask: Ask, shipment: Shipment) -> Parcel:
    """The parcel as it is now."""
    now = now_at(shipment.events)
    facts = parcel_facts(shipment, _lanes(ask.shop.store, int(now.timestamp() // 3600)).of(shipment), now)
    lines = [*_whereabouts(ask, shipment, facts), *_to_do(ask, facts)]
    if facts.delivered_at is None:
        promise, outlook = [*_promise(ask, facts, now)], [*_outlook(ask, shipment, facts, now)]
        lines += outlook if _in_time(facts) else [*promise, *outlook]
    if shipment.tracking_number:
        lines.append(_Line(ask.say("shipment.number", number=shipment.tracking_number)))
    return Parcel(
        tuple(Sentence(line.text, (shipment.id,)) for line in lines),
        citations.of_shipment(shipment, *(line.computed for line in lines if line.computed)),
        facts.stuck_for is not None or _ours_to_pay(facts) or bool(facts.to_do and facts.to_do.over),
    )


def now_at(events: Sequence[TrackingEvent]) -> datetime:
    """Now, by the clock of the last of these events, so that a parcel's days are those of where it is."""
    return datetime.now(events[-1].time.tzinfo if events else UTC)


@lru_cache(maxsize=8)
def _lanes(store: Store, _hour: int) -> Lanes:
    """The past parcels, read afresh every hour."""
    return Lanes(store)


def _whereabouts(ask: Ask, shipment: Shipment, facts: ParcelFacts) -> Iterator[_Line]:
    events = told(shipment)
    if not events:
        yield _Line(ask.say("order.unsent"))
        return
    last = events[-1]
    yield _Line(ask.say(f"shipment.{last.status}", carrier=shipment.carrier))
    if last.customs:
        yield _Line(ask.say("shipment.duties_ours" if _ours_to_pay(facts) else f"shipment.{last.customs}"))
    when = moment(last.time, ask.language)
    if not last.text:
        yield _Line(ask.say("shipment.reported", date=", ".join(part for part in (when, last.location) if part)))
    else:
        key = "shipment.latest_at" if last.location else "shipment.latest"
        yield _Line(ask.say(key, date=when, location=last.location, text=last.text.rstrip(" .。")))


def _ours_to_pay(facts: ParcelFacts) -> bool:
    return facts.customs == "customs_duties_unpaid" and facts.to_do is None and facts.delivered_at is None


def _to_do(ask: Ask, facts: ParcelFacts) -> Iterator[_Line]:
    """What the customer has to do; that of customs stands in what is said of customs."""
    if facts.to_do is None:
        return
    if facts.to_do.act == "rearrange_delivery":
        yield _Line(ask.say("shipment.rearrange"))
    if until := facts.to_do.until:
        key = "shipment.last_day_over" if facts.to_do.over else "shipment.last_day"
        yield _Line(ask.say(key, date=day(until, ask.language)), f"kept until {until.isoformat()}")


def _in_time(facts: ParcelFacts) -> bool:
    """Whether it is expected so surely by the promised day that the promise says nothing more."""
    if facts.promised_at is None or facts.expected is None or facts.to_do or facts.stuck_for:
        return False
    return facts.expected.latest <= facts.promised_at


def _promise(ask: Ask, facts: ParcelFacts, now: datetime) -> Iterator[_Line]:
    """The promised day, and by how many days of the calendar it has passed."""
    promised = facts.promised_at
    if promised is None:
        return
    date = day(promised, ask.language)
    late = (now.astimezone(promised.tzinfo).date() - promised.date()).days
    if late > 0:
        text = ask.say("shipment.late", date=date, time=duration(late, "day", ask.language))
        yield _Line(text, f"late by {late} days on {now.date().isoformat()}")
    else:
        yield _Line(ask.say("shipment.promised", date=date))


def _outlook(ask: Ask, shipment: Shipment, facts: ParcelFacts, now: datetime) -> Iterator[_Line]:
    """When it comes, or that it seems stuck. Nothing where it first waits for its customer, who decides when."""
    if facts.to_do:
        return
    if facts.stuck_for:
        silent = max(facts.stuck_for.days, 1)
        text = ask.say("shipment.stuck", time=duration(silent, "day", ask.language))
        yield _Line(text, f"no news for {silent} days on {now.date().isoformat()}")
    elif facts.expected:
        first, last, n = facts.expected.earliest.date(), facts.expected.latest.date(), facts.expected.n
        said = {"earliest": day(first, ask.language), "latest": day(last, ask.language), "count": str(n)}
        if first == last:
            text = ask.say("shipment.expected_on", date=said["latest"], count=said["count"])
        else:
            text = ask.say("shipment.expected", **said)
        yield _Line(text, f"expected {first.isoformat()} to {last.isoformat()}, from {n} past parcels")
    elif (expects := facts.carrier_expects) and expects.date() >= now.astimezone(expects.tzinfo).date():
        text = ask.say("shipment.carrier_expects", carrier=shipment.carrier, date=day(expects, ask.language))
        yield _Line(text, f"{shipment.carrier} expects {expects.isoformat()}")
