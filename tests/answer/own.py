"""A shop whose orders are at every point of their way, for the tests of what their owners are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from bot.messages import Reply
from knowledge.metrics import ungrounded
from knowledge.records import Duty, Order, Shipment, TrackingEvent
from tests.fakes import SMALL, Desk, Stock, an_order, quotes

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
# One question a language that its script or its words tell.
LANGUAGES = ("en", "zh", "ar", "ru", "es")


def ago(days: float) -> datetime:
    """Noon, so many days ago; in days to come where negative."""
    return NOON - timedelta(days=days)


def event(days: float, status: Any, **more: Any) -> TrackingEvent:
    """What was told so many days ago."""
    return TrackingEvent(time=ago(days), status=status, **more)


def parcel(name: str, *events: TrackingEvent, **more: Any) -> Shipment:
    """From China to Canada by Postnord, unless given."""
    given = {"carrier": "Postnord", "origin": "CN", "destination": "CA", "incoterm": "DAP"} | more
    return Shipment(id=name, events=events, **given)


PAST = tuple(
    # Five took 10 days each, five 11, and so on to 14.
    parcel(f"P-{number}", event(100, "InTransit"), event(90 - number // 5, "Delivered"), origin="DE")
    for number in range(25)
)
PARCELS = (
    parcel("S-way", event(8, "InTransit"), origin="DE", promised_at=ago(-30)),
    parcel("S-late", event(8, "InTransit"), origin="DE", promised_at=ago(3)),
    parcel("S-silent", event(40.5, "InTransit"), promised_at=ago(-9)),
    parcel("S-waits", event(2, "AvailableForPickup"), collect_until=ago(-4).date(), origin="DE"),
    parcel("S-waited", event(9, "AvailableForPickup"), collect_until=ago(4).date(), origin="DE"),
    parcel("S-missed", event(1, "AttemptFail"), collect_until=ago(-5).date()),
    parcel("S-dap", event(1, "Exception", customs="customs_duties_unpaid")),
    parcel("S-ddp", event(1, "Exception", customs="customs_duties_unpaid"), incoterm="DDP"),
    parcel("S-came", event(20, "InTransit"), event(10, "Delivered")),
    parcel("S-long", event(60, "InTransit"), event(50, "Delivered")),
    parcel("S-packed", event(1, "InfoReceived")),
    parcel("S-items", event(2, "InTransit"), destination="DE"),
    parcel("S-inside", event(2, "InTransit"), origin="FR", destination="DE"),
    parcel("S-free", event(2, "InTransit"), destination="XK"),
    parcel("S-shop", event(2, "InTransit"), destination="GB"),
)


def order(number: int, name: str, **more: Any) -> Order:
    """The order of the parcel S-name, of customer c-name."""
    given = {"placed_at": ago(12), "shipment": f"S-{name}"} | more
    return an_order(f"N-{number}", f"c-{name}", f"{name}@example.org", **given)


ORDERS = {
    name: order(5001 + place, name)
    for place, name in enumerate((*(shipment.id.removeprefix("S-") for shipment in PARCELS), "unknown"))
} | {"new": order(5100, "new", shipment=None)}
ORDERS["shop"] = msgspec.structs.replace(ORDERS["shop"], currency="GBP")

DUTIES = (
    Duty(
        country="DE", valid_from=date(2026, 7, 1), de_minimis=Decimal(0), currency="EUR", vat_percent=Decimal(19),
        rule="3 EUR per tariff item up to 150 EUR on goods from outside the EU; above that duty by tariff code",
        source="EU reform",
    ),
    Duty(
        country="XK", valid_from=date(2020, 1, 1), de_minimis=Decimal(100), currency="EUR", vat_percent=Decimal(18),
        rule="Parcels up to 100 EUR free of duty and VAT", source="Customs code",
    ),
    Duty(
        country="GB", valid_from=date(2021, 1, 1), de_minimis=Decimal(135), currency="GBP", vat_percent=Decimal(20),
        rule="No customs duty up to 135 GBP, VAT is charged by the shop at checkout", source="HMRC",
    ),
)  # fmt: skip
SHOP = Stock(
    products=SMALL.products,
    orders=tuple(ORDERS.values()),
    shipments=PAST + PARCELS,
    articles=tuple(msgspec.structs.replace(article, return_days=30) for article in SMALL.articles),
    duties=(SMALL.duties[0], *DUTIES),
    pictures=SMALL.pictures,
)


def ask(desk: Desk, name: str, text: str, intent: Any, language: str = "en", **more: Any) -> Reply:
    """The reply to the owner of an order, named in place of {}; all that it says has evidence."""
    given = {"conversation": f"{name} {text} {language}", "customer": f"c-{name}", "language": language} | more
    reply = desk.ask(text.format(ORDERS[name].id), intent, **given)
    assert reply.language == language
    assert ungrounded(reply.text, quotes(reply)) == []
    return reply
