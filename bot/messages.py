"""What goes in and out of a turn: Message, Reply, and the events between them. Pure values."""

from __future__ import annotations

from typing import Literal

import msgspec

Intent = Literal[
    "track_order", "delivery_time", "shipping_cost", "customs_duty", "return_refund", "exchange", "cancel_order",
    "change_address", "damaged_or_wrong", "product_search", "product_question", "availability", "compare", "recommend",
    "payment", "invoice", "promotion", "warranty", "account", "complaint", "human", "greeting", "thanks", "goodbye",
    "other",
]  # fmt: skip


class Text(msgspec.Struct, frozen=True, tag="text"):
    """What was typed."""

    text: str


class Speech(msgspec.Struct, frozen=True, tag="speech"):
    """A voice note as it came, undecoded; its format is decided by its content."""

    content: bytes


class Photo(msgspec.Struct, frozen=True, tag="photo"):
    """A picture as it came, undecoded; its format is decided by its content."""

    content: bytes


Part = Text | Speech | Photo


class Message(msgspec.Struct, frozen=True):
    """One message of a customer. All its parts together are one question."""

    id: str
    conversation: str
    parts: tuple[Part, ...]
    customer: str | None = None  # proven by a token or given by whoever runs the command line
    language: str | None = None  # the channel's locale or an explicit choice, a BCP 47 tag
    country: str | None = None  # ISO 3166-1 alpha-2


class Claim(msgspec.Struct, frozen=True):
    """One statement of a reply and the ids of the citations that it rests on."""

    text: str
    evidence: tuple[str, ...]


class Citation(msgspec.Struct, frozen=True):
    """A record that a reply rests on. `quote` is what the record says, in its own words and numbers."""

    id: str
    kind: Literal["product", "order", "shipment", "article", "duty"]
    title: str
    quote: str
    url: str | None = None


class Card(msgspec.Struct, frozen=True):
    """A product as the widget shows it. `price` is a decimal in text; `image` a path of this server."""

    sku: str
    title: str
    price: str | None
    currency: str | None
    availability: str
    image: str | None = None
    url: str | None = None


class Handoff(msgspec.Struct, frozen=True):
    """A person is to take over, and why: `not_known`, `requested`."""

    reason: str


class Needs(msgspec.Struct, frozen=True):
    """What the customer has to give before there can be an answer."""

    what: Literal["proof", "speech", "choice", "detail"]


class Heard(msgspec.Struct, frozen=True):
    """What a voice note says. `confidence` is 0..1."""

    text: str
    language: str
    confidence: float


class Seen(msgspec.Struct, frozen=True):
    """What the photos show: ImageNet labels, barcodes, and the text in them."""

    labels: tuple[str, ...] = ()
    barcodes: tuple[str, ...] = ()
    text: str = ""


class Reply(msgspec.Struct, frozen=True):
    """The answer to one message, in the form of the Reply contract."""

    text: str
    language: str
    intent: Intent
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    products: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    suggestions: tuple[str, ...] = ()
    handoff: Handoff | None = None
    needs: Needs | None = None
    confidence: float = 0.0
    heard: Heard | None = None
    seen: Seen | None = None
    timings_ms: dict[str, float] = {}


class StepStarted(msgspec.Struct, frozen=True):
    """A step of the turn begins."""

    step: Literal["listen", "look", "search", "answer"]


class StepFinished(msgspec.Struct, frozen=True):
    """A step of the turn is done."""

    step: Literal["listen", "look", "search", "answer"]


class LookedUp(msgspec.Struct, frozen=True):
    """Orders or shipments were looked up: the tool's name, what it was asked, and the ids it found."""

    tool: Literal["find_order", "find_shipment"]
    arguments: dict[str, str]
    found: tuple[str, ...]


# What a turn tells while it runs, in order; the Reply comes back from Bot.turn.
TurnEvent = StepStarted | StepFinished | LookedUp | Heard | Seen
