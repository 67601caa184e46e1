"""What AfterShip posts to a webhook: https://www.aftership.com/docs/tracking/webhook/webhook-overview."""

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
from knowledge.logistics.statuses import Mapped, from_aftership, from_text
from knowledge.records import Shipment, TrackingEvent


class _Checkpoint(msgspec.Struct):
    checkpoint_time: Text | None = None
    tag: Text | None = None
    subtag: Text | None = None
    message: Text | None = None
    location: Text | None = None
    city: Text | None = None
    state: Text | None = None
    country_name: Text | None = None
    country_iso3: Text | None = None
    country_region: Text | None = None  # what country_iso3 is called since version 2024-04


class _Estimate(msgspec.Struct):
    estimated_delivery_date: Text | None = None
    datetime: Text | None = None
    datetime_max: Text | None = None


class _Tracking(msgspec.Struct):
    tracking_number: Text
    slug: Text
    tag: Text | None = None
    subtag: Text | None = None
    custom_fields: msgspec.Raw = msgspec.Raw(b"null")
    origin_country_iso3: Text | None = None
    origin_country_region: Text | None = None
    destination_country_iso3: Text | None = None
    destination_country_region: Text | None = None
    courier_destination_country_iso3: Text | None = None
    courier_destination_country_region: Text | None = None
    expected_delivery: Text | None = None
    courier_estimated_delivery_date: _Estimate | None = None
    latest_estimated_delivery: _Estimate | None = None
    order_promised_delivery_date: Text | None = None
    last_updated_at: Text | None = None
    updated_at: Text | None = None
    checkpoints: Annotated[list[_Checkpoint], Many] = []


class _Posted(msgspec.Struct):
    msg: _Tracking


_POSTED = msgspec.json.Decoder(_Posted)
_CUSTOM = msgspec.json.Decoder(dict[str, object])


def from_aftership_body(body: bytes) -> Told:
    """A shipment as one posted body tells it.

    Its id is `custom_fields.shipment_id`, which the shop gives AfterShip with the number; else its tracking number.
    `order_id` is no shipment's: an order may travel in several. A sub-status that is newer than our table leaves its
    tag, which says as much. A checkpoint without an offset is by its country's clock; where that has several, the
    checkpoint is refused.

    Raises:
        BadCell: it is no such body, or names no shipment.
    """
    tracking = decoded(body, _POSTED).msg
    number = code(tracking.tracking_number, "msg.tracking_number")
    destination = country(tracking.destination_country_iso3 or tracking.destination_country_region) or country(
        tracking.courier_destination_country_iso3 or tracking.courier_destination_country_region
    )
    refused: list[tuple[str, str]] = []
    events = []
    for place, checkpoint in enumerate(tracking.checkpoints):
        try:
            events.append(_event(checkpoint))
        except BadCell as bad:
            refused.append((f"msg.checkpoints[{place}].{bad.column}", bad.reason))
    seen = _maybe(tracking.last_updated_at or tracking.updated_at, "msg.updated_at", destination, refused)
    shipment = Shipment(
        id=_shop_id(tracking.custom_fields) or number,
        carrier=carrier_of(code(tracking.slug, "msg.slug")),
        tracking_number=number,
        origin=country(tracking.origin_country_iso3 or tracking.origin_country_region),
        destination=destination,
        promised_at=_maybe(
            tracking.order_promised_delivery_date, "msg.order_promised_delivery_date", destination, refused
        ),
        expected_at=_maybe(_expected(tracking), "msg.expected_delivery", destination, refused),
    )
    latest = None
    try:
        latest = _mapped(tracking.tag, tracking.subtag, "msg.tag", "") if tracking.tag else None
    except BadCell as bad:
        refused.append((bad.column, bad.reason))
    return told_of(shipment, with_latest(events, latest, seen), refused)


def _event(checkpoint: _Checkpoint) -> TrackingEvent:
    text = plain(checkpoint.message)
    place = country(checkpoint.country_iso3 or checkpoint.country_region)
    mapped = _mapped(checkpoint.tag, checkpoint.subtag, "tag", text)
    if not checkpoint.checkpoint_time:
        raise BadCell("checkpoint_time", "is empty")
    try:
        time = moment(checkpoint.checkpoint_time, place)
    except ValueError as wrong:
        raise BadCell("checkpoint_time", str(wrong)) from None
    parts = (plain(part) for part in (checkpoint.city, checkpoint.state, checkpoint.country_name))
    location = plain(checkpoint.location) or ", ".join(part for part in parts if part)
    return TrackingEvent(time=time, status=mapped.status, customs=mapped.customs, location=location, text=text)


def _mapped(tag: str | None, subtag: str | None, column: str, text: str) -> Mapped:
    if not tag:
        words = from_text(text)
        if words is None:
            raise BadCell(column, "is empty, and the message is not known")
        return words
    try:
        return refined(from_aftership(tag, subtag), text)
    except ValueError:
        pass
    try:
        return refined(from_aftership(tag), text)
    except ValueError as wrong:
        raise BadCell(column, str(wrong)) from None


def _expected(tracking: _Tracking) -> str | None:
    """The courier's estimate, the latest first."""
    latest, couriers = tracking.latest_estimated_delivery, tracking.courier_estimated_delivery_date
    return (
        (latest and (latest.datetime_max or latest.datetime))
        or (couriers and couriers.estimated_delivery_date)
        or tracking.expected_delivery
    )


def _maybe(text: str | None, column: str, place: str | None, refused: list[tuple[str, str]]) -> datetime | None:
    """A time that need not be there; one that can't be read is refused alone."""
    if not text:
        return None
    try:
        return end_of(text, place)
    except ValueError as wrong:
        refused.append((column, str(wrong)))
        return None


def _shop_id(custom: msgspec.Raw) -> str | None:
    """The shop's own shipment id among the custom fields, whatever else they hold."""
    if bytes(custom)[:1] != b"{":
        return None
    given = decoded(bytes(custom), _CUSTOM).get("shipment_id")
    return code(given, "msg.custom_fields.shipment_id") if isinstance(given, str) and given.strip() else None
