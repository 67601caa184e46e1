"""What a shop knows: products, orders, shipments, articles and duties, and what a search over them finds.

Times are timezone-aware, amounts Decimal with an ISO 4217 currency, countries ISO 3166-1 alpha-2, languages BCP 47.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

Kind = Literal["product", "order", "shipment", "article", "duty"]
Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder"]
ShipmentStatus = Literal[
    "Pending", "InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "AvailableForPickup", "Delivered",
    "Exception", "Expired",
]  # fmt: skip
CustomsStatus = Literal[
    "customs_processing", "customs_released", "customs_information_needed", "customs_duties_unpaid", "customs_held"
]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One sellable thing. Variants of one product share `group` and differ in colour, size or material.

    `titles` and `descriptions` hold further languages by BCP 47 tag; `title` and `description` are the feed's own,
    in `language` where the feed tells it. `sale_price`, in the same currency, holds from `sale_from` to `sale_to`.
    `ships_to` names the countries that it is delivered to; empty means that the feed sets no limit.
    `image` is a path or an https address as the feed gives it, until the import has made it a media hash.
    """

    sku: str
    title: str
    price: Decimal
    currency: str
    availability: Availability
    description: str = ""
    brand: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    group: str | None = None
    color: str | None = None
    size: str | None = None
    material: str | None = None
    category: str | None = None  # the feed's product_type, "Kitchen > Mugs"
    weight: str | None = None  # the feed's shipping_weight, "350 g"
    image: str | None = None
    link: str | None = None
    titles: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    language: str | None = None
    ships_to: tuple[str, ...] = ()
    sale_price: Decimal | None = None
    sale_from: datetime | None = None
    sale_to: datetime | None = None

    def price_at(self, moment: datetime) -> Decimal:
        """What it costs at `moment`, which has an offset: the sale price while the sale lasts, both ends included."""
        if self.sale_price is None:
            return self.price
        began = self.sale_from is None or self.sale_from <= moment
        return self.sale_price if began and (self.sale_to is None or moment <= self.sale_to) else self.price

    def title_in(self, language: str) -> str:
        """The title in `language` where the feed has it, else in the feed's own language."""
        return self.titles.get(language) or self.titles.get(language.split("-")[0]) or self.title


class OrderLine(msgspec.Struct, frozen=True):
    """So many of one SKU at a price each, in the order's currency."""

    sku: str
    quantity: int
    unit_price: Decimal


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer bought. `status` is the shop's own free text."""

    id: str
    customer: str
    placed_at: datetime
    currency: str
    status: str
    lines: tuple[OrderLine, ...]
    email: str | None = None
    phone: str | None = None
    postal_code: str | None = None
    shipment: str | None = None


class TrackingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a carrier's history. `location` and `text` are the carrier's own words."""

    time: datetime
    status: ShipmentStatus
    customs: CustomsStatus | None = None
    location: str = ""
    text: str = ""


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel on its way. `events` are oldest first.

    `promised_at` is when the shop said it would be there, `expected_at` the carrier's own estimate, and
    `collect_until` the day until which it waits at a pick-up point.
    """

    id: str
    carrier: str
    tracking_number: str | None = None
    origin: str | None = None
    destination: str | None = None
    incoterm: str | None = None
    promised_at: datetime | None = None
    expected_at: datetime | None = None
    collect_until: date | None = None
    events: tuple[TrackingEvent, ...] = ()


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """A help page in one language; the same id in several languages is one article. `body` is Markdown.

    `return_days` is what a page about returns promises, for the return window of an order: days from delivery.
    """

    id: str
    language: str
    title: str
    body: str
    topic: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    return_days: int | None = None


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What a country asks of an import, between two dates (both included where given)."""

    country: str
    valid_from: date
    de_minimis: Decimal
    currency: str
    vat_percent: Decimal
    rule: str
    source: str
    valid_to: date | None = None


class Refused(msgspec.Struct, frozen=True):
    """A row of a feed that was not taken: where it stands and why, and the id that it names where it can be read."""

    file: str
    line: int
    column: str
    reason: str
    record: str = ""


class Passage(msgspec.Struct, frozen=True):
    """A piece of text that is searched and can be quoted.

    `id` names the passage, `record` what it is from (a SKU, an article's id), `heading` the title it stands under.
    """

    id: str
    kind: Literal["product", "article"]
    record: str
    language: str
    heading: str
    text: str


class Source(msgspec.Struct, frozen=True):
    """Why a hit was found: the score that each part of the search gave, None where that part did not find it."""

    dense: float | None = None
    lexical: float | None = None
    photo: float | None = None
    identifier: float | None = None


class Hit(msgspec.Struct, frozen=True):
    """A record that a search found, by its best passage. Higher scores are better; they compare within one query."""

    record: str
    kind: Literal["product", "article"]
    title: str
    score: float
    source: Source
    passage: Passage | None = None
