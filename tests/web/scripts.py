"""What the scripted server says: whole turns as events."""

from __future__ import annotations

from typing import Any

from tests.web.desk import Event, Script

MUG = {
    "sku": "MUG-11", "title": "Blue enamel mug, 350 ml", "price": "12.50", "currency": "EUR",
    "availability": "in_stock", "image": "/media/mug", "url": "/p/mug",
}  # fmt: skip
CUP = {
    "sku": "CUP-4", "title": "Espresso cup", "price": "1299.00", "currency": "JPY", "availability": "out_of_stock",
    "image": None, "url": None,
}  # fmt: skip
CITED = [
    {
        "id": "product:MUG-11",
        "kind": "product",
        "title": "Blue enamel mug, 350 ml",
        "quote": "price: 12.50 EUR",
        "url": None,
    },
    {
        "id": "article:returns",
        "kind": "article",
        "title": "Returns",
        "quote": "Within 30 days.",
        "url": "/help/returns",
    },
]


def reply(text: str, **more: Any) -> Event:
    """A Reply with `text`, the rest as given or empty."""
    empty: dict[str, Any] = {
        "language": "en", "intent": "other", "claims": [], "citations": [], "products": [], "cards": [],
        "suggestions": [], "handoff": None, "needs": None, "confidence": 0.9, "heard": None, "seen": None,
        "timings_ms": {},
    }  # fmt: skip
    return {"text": text, **empty, **more}


def steps(*names: str, pause: float = 0.0) -> list[Event | float]:
    """The steps, each begun and ended."""
    said: list[Event | float] = []
    for name in names:
        said += [{"type": "STEP_STARTED", "stepName": name}, pause, {"type": "STEP_FINISHED", "stepName": name}]
    return said


def custom(name: str, **value: Any) -> Event:
    return {"type": "CUSTOM", "name": name, "value": value}


def ending(asked: Event, said: Event, pause: float = 0.0) -> list[Event | float]:
    """The reply's text in two pieces, and the end of the run."""
    name = f"{asked['messages'][-1]['id']}:reply"
    half = len(said["text"]) // 2
    pieces = [said["text"][:half], said["text"][half:]]
    events: list[Event | float] = [{"type": "TEXT_MESSAGE_START", "messageId": name, "role": "assistant"}]
    for piece in pieces:
        events += [{"type": "TEXT_MESSAGE_CONTENT", "messageId": name, "delta": piece}, pause]
    end = {"type": "RUN_FINISHED", "threadId": asked["threadId"], "runId": asked["runId"], "result": said}
    return [*events, {"type": "TEXT_MESSAGE_END", "messageId": name}, end]


def answering(text: str, **more: Any) -> Script:
    """Every message is answered by this."""
    return lambda asked: [*steps("search", "answer"), *ending(asked, reply(text, **more))]
