"""What two records of one thing come to: a product in two languages, a parcel that was heard of twice."""

from __future__ import annotations

import msgspec

from knowledge.identifiers import normal_identifier
from knowledge.records import Product, Shipment


def joined(earlier: Product, later: Product) -> Product:
    """Two rows of one SKU. A later one in another language adds its title and description under that language and
    leaves the rest; in the same language, or where it does not tell its language, it takes the earlier one's place."""
    if later.language is None or later.language == earlier.language:
        return later
    titles = {**earlier.titles, **later.titles, later.language: later.title}
    descriptions = {**earlier.descriptions, **later.descriptions}
    if later.description:
        descriptions[later.language] = later.description
    return msgspec.structs.replace(earlier, titles=titles, descriptions=descriptions)


def merged(known: Shipment | None, new: Shipment) -> Shipment:
    """What is known of a shipment once `new` is told: its events are added, oldest first, each once; what `new` leaves
    out stays."""
    if known is None:
        given, events = new, new.events
    else:
        said = {name: value for name in new.__struct_fields__ if (value := getattr(new, name)) is not None}
        given, events = msgspec.structs.replace(known, **said), (*known.events, *new.events)
    once = sorted(dict.fromkeys(events), key=lambda event: event.time)
    return msgspec.structs.replace(given, events=tuple(once))


def number_name(shipment: Shipment) -> str:
    """The tracking number as identifiers are compared; "" without one."""
    return normal_identifier(shipment.tracking_number or "")


def goes_by_number(shipment: Shipment) -> bool:
    """Whether its id is its tracking number: a carrier tells of it so, not knowing the shop's own id."""
    return bool(number_name(shipment)) and normal_identifier(shipment.id) == number_name(shipment)
