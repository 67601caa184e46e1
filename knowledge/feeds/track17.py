"""What 17TRACK posts to a webhook, version 2.2: https://api.17track.net/en/doc?version=v2.2."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from knowledge.feeds.bodies import (
    Many,
    Text,
    Told,
    carrier_of,
    code,
    country,
    decoded,
    end_of,
    moment,
    plain,
    refined,
    told_of,
    with_latest,
)
from knowledge.feeds.errors import BadCell
from knowledge.logistics.statuses import Mapped, from_17track, from_text
from knowledge.records import Shipment, ShipmentStatus, TrackingEvent


class _Address(msgspec.Struct):
    country: Text | None = None
    state: Text | None = None
    city: Text | None = None


class _Event(msgspec.Struct):
    time_iso: Text | None = None
    time_utc: Text | None = None
    description: Text | None = None
    location: Text | None = None
    stage: Text | None = None
    sub_status: Text | None = None
    address: _Address | None = None


class _Named(msgspec.Struct):
    key: int | None = None
    name: Text | None = None


class _Provider(msgspec.Struct):
    provider: _Named | None = None
    latest_sync_time: Text | None = None
    events: Annotated[list[_Event], Many] | None = None


class _Tracked(msgspec.Struct):
    providers: Annotated[list[_Provider], msgspec.Meta(max_length=20)] | None = None


class _Latest(msgspec.Struct):
    status: Text | None = None
    sub_status: Text | None = None


class _Window(msgspec.Struct, rename={"begin": "from", "end": "to"}):
    begin: Text | None = None
    end: Text | None = None


class _Metrics(msgspec.Struct):
    estimated_delivery_date: _Window | None = None


class _Shipping(msgspec.Struct):
    shipper_address: _Address | None = None
    recipient_address: _Address | None = None


class _Info(msgspec.Struct):
    shipping_info: _Shipping | None = None
    latest_status: _Latest | None = None
    time_metrics: _Metrics | None = None
    tracking: _Tracked | None = None


class _Data(msgspec.Struct):
    number: Text
    carrier: int | None = None
    tag: Text | None = None
    track_info: _Info | None = None


class _Posted(msgspec.Struct):
    data: _Data
    event: Text | None = None


_POSTED = msgspec.json.Decoder(_Posted)

# The stage of an event that has no sub-status: 17TRACK's milestones.
_STAGES: dict[str, ShipmentStatus] = {
    "InfoReceived": "InfoReceived",
    "PickedUp": "InTransit",
    "Departure": "InTransit",
    "Arrival": "InTransit",
    "AvailableForPickup": "AvailableForPickup",
    "OutForDelivery": "OutForDelivery",
    "Delivered": "Delivered",
    "Returning": "Exception",
    "Returned": "Exception",
}


def from_17track_body(body: bytes) -> Told:
    """A shipment as one posted body tells it.

    Its id is `tag`, which is the shop's own word for the number: a shop that registers numbers with something else as
    tag leaves the ids of its shipments unknown. Without it, the tracking number.

    Raises:
        BadCell: it is no such body, names no shipment, or tells nothing of it (TRACKING_STOPPED).
    """
    posted = decoded(body, _POSTED)
    data, info = posted.data, posted.data.track_info
    number = code(data.number, "data.number")
    if info is None:
        raise BadCell("data.track_info", f"is missing: {plain(posted.event)[:40] or 'the body'} tells of no parcel")
    providers = (info.tracking.providers if info.tracking else None) or []
    refused: list[tuple[str, str]] = []
    events = [event for place, one in enumerate(providers) for event in _events(place, one, refused)]
    route = info.shipping_info or _Shipping()
    destination = country(route.recipient_address.country) if route.recipient_address else None
    shipment = Shipment(
        id=code(data.tag, "data.tag") if data.tag and data.tag.strip() else number,
        carrier=_carrier(data, providers),
        tracking_number=number,
        origin=country(route.shipper_address.country) if route.shipper_address else None,
        destination=destination,
        expected_at=_expected(info.time_metrics, destination, refused),
    )
    latest = _latest(info.latest_status, refused)
    return told_of(shipment, with_latest(events, latest, _seen(providers)), refused)


def _events(place: int, provider: _Provider, refused: list[tuple[str, str]]) -> list[TrackingEvent]:
    taken = []
    for number, event in enumerate(provider.events or ()):
        try:
            taken.append(_event(event))
        except BadCell as bad:
            refused.append((f"data.track_info.tracking.providers[{place}].events[{number}].{bad.column}", bad.reason))
    return taken


def _event(event: _Event) -> TrackingEvent:
    text, address = plain(event.description), event.address or _Address()
    mapped = _mapped(event, text)
    if not (event.time_iso or event.time_utc):
        raise BadCell("time_iso", "is empty")
    try:
        time = _time(event, country(address.country))
    except ValueError as wrong:
        raise BadCell("time_iso", str(wrong)) from None
    parts = (plain(part) for part in (address.city, address.state, address.country))
    location = plain(event.location) or ", ".join(part for part in parts if part)
    return TrackingEvent(time=time, status=mapped.status, customs=mapped.customs, location=location, text=text)


def _time(event: _Event, place: str | None) -> datetime:
    """By the carrier's clock, which time_iso keeps; its offset may be missing, and then time_utc has the moment."""
    try:
        return moment(event.time_iso or "", place)
    except ValueError:
        if not event.time_utc:
            raise
        return moment(event.time_utc, None)


def _mapped(event: _Event, text: str) -> Mapped:
    if event.sub_status:
        try:
            return refined(from_17track(event.sub_status.partition("_")[0], event.sub_status), text)
        except ValueError as wrong:
            raise BadCell("sub_status", str(wrong)) from None
    if event.stage:
        if event.stage not in _STAGES:
            raise BadCell("stage", f"{event.stage[:40]!r} is no stage of 17TRACK's")
        return refined(Mapped(_STAGES[event.stage]), text)
    words = from_text(text)
    if words is None:
        raise BadCell("sub_status", "is empty, and the description is not known")
    return words


def _latest(latest: _Latest | None, refused: list[tuple[str, str]]) -> Mapped | None:
    if latest is None or not latest.status:
        return None
    try:
        return from_17track(latest.status, latest.sub_status)
    except ValueError as wrong:
        refused.append(("data.track_info.latest_status", str(wrong)))
        return None


def _seen(providers: list[_Provider]) -> datetime | None:
    """When 17TRACK last asked the carriers."""
    times = []
    for provider in providers:
        try:
            times.append(moment(provider.latest_sync_time or "", None))
        except ValueError:
            continue
    return max(times, default=None)


def _carrier(data: _Data, providers: list[_Provider]) -> str:
    """The carrier that the number was registered with, among those that told something; else the first."""
    named = [one.provider for one in providers if one.provider and one.provider.name]
    chosen = next((one for one in named if one.key == data.carrier), named[0] if named else None)
    if chosen is None:
        raise BadCell("data.track_info.tracking.providers", "name no carrier")
    return carrier_of(plain(chosen.name))


def _expected(metrics: _Metrics | None, place: str | None, refused: list[tuple[str, str]]) -> datetime | None:
    window = metrics.estimated_delivery_date if metrics else None
    text = window and (window.end or window.begin)
    if not text:
        return None
    try:
        return end_of(text, place)
    except ValueError as wrong:
        refused.append(("data.track_info.time_metrics.estimated_delivery_date", str(wrong)))
        return None
