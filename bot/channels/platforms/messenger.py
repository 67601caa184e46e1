"""Messenger (https://developers.facebook.com/docs/messenger-platform) and Instagram messaging
(https://developers.facebook.com/docs/instagram-platform), whose payloads are the same but for their limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bot.channels.platforms import graph
from bot.channels.platforms.reading import each, location, place_of, read
from bot.channels.platforms.splitting import split, utf8, utf16
from bot.channels.platforms.values import (
    Address,
    Answer,
    Arrived,
    Call,
    Location,
    Media,
    Request,
    Taken,
    Verdict,
)
from bot.errors import BadInput
from bot.messages import Reply, Text
from bot.platform_settings import Instagram, Messenger

_REPLIES, _LABEL = 13, 20
_WINDOW = frozenset({2018278, 2534022})
_GONE = frozenset({551, 2018001, 1545041})
_AGAIN = frozenset({1, 2, 4, 17, 32, 341, 613, 1200, 80006})
_HOSTS = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")


class _Id(msgspec.Struct):
    id: str


class _Coordinates(msgspec.Struct):
    lat: float
    long: float


class _Payload(msgspec.Struct):
    url: str = ""
    sticker_id: int | None = None
    coordinates: _Coordinates | None = None


class _Attachment(msgspec.Struct):
    type: str
    payload: _Payload = msgspec.field(default_factory=_Payload)
    title: str | None = None


class _Said(msgspec.Struct):
    mid: str
    text: str = ""
    is_echo: bool = False
    is_deleted: bool = False
    attachments: list[msgspec.Raw] = []


class _Pressed(msgspec.Struct):
    mid: str
    title: str = ""


class _Event(msgspec.Struct):
    sender: _Id
    recipient: _Id
    timestamp: int
    message: _Said | None = None
    postback: _Pressed | None = None


class _Entry(msgspec.Struct):
    messaging: list[msgspec.Raw] = []


class _Batch(msgspec.Struct):
    object: str
    entry: list[msgspec.Raw] = []


@dataclass(frozen=True)
class MessengerPage:
    """The messages of a page, or of an Instagram account: `payload` is what its calls are about."""

    keys: Messenger | Instagram
    name: str
    payload: str
    text_limit: int
    size: Callable[[str], int]
    window_seconds: float | None = 24 * 3600.0

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """The networks that deliver attachments."""
        return (*_HOSTS, place_of(self.keys.api))

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        if call.method == "GET":
            return graph.handshake(call, self.keys.verify_token.value)
        graph.check(call, self.keys.app_secret.value)
        batch = read(_Batch, call.body)
        if batch.object != self.payload:
            return Taken()
        entries = each(_Entry, batch.entry)
        events = (event for entry in entries for event in each(_Event, entry.messaging))
        return Taken(tuple(filter(None, map(_arrived, events))))

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform."""
        messages: list[dict[str, object]] = [{"text": text} for text in split(reply.text, self.text_limit, self.size)]
        labels = [one for one in dict.fromkeys(reply.suggestions) if one.strip() and utf16(one) <= _LABEL][:_REPLIES]
        if labels and messages:
            messages[-1]["quick_replies"] = [{"content_type": "text", "title": one, "payload": one} for one in labels]
        return tuple(self._post(to, {"messaging_type": "RESPONSE", "message": message}) for message in messages)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        return graph.judge(answer, window=_WINDOW, gone=_GONE, again=_AGAIN)

    def typing(self, to: Address, token: str) -> Request | None:
        """See Platform."""
        return self._post(to, {"sender_action": "typing_on"})

    def fetch(self, media: Media, token: str) -> Request:
        """The address of an attachment is signed: nothing that proves who we are goes there."""
        return Request("GET", media.reference)

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content."""
        return None

    def grant(self) -> Request | None:
        """None: a page's token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _post(self, to: Address, content: dict[str, object]) -> Request:
        headers = {"Authorization": f"Bearer {self.keys.access_token.value}", "Content-Type": "application/json"}
        body = msgspec.json.encode({"recipient": {"id": to.thread}, **content})
        return Request("POST", f"{self.keys.api}/me/messages", headers, body)


def messenger(keys: Messenger) -> MessengerPage:
    """A Facebook page's messages: up to 2,000 characters."""
    return MessengerPage(keys, "messenger", "page", 2_000, utf16)


def instagram(keys: Instagram) -> MessengerPage:
    """An Instagram account's messages: up to 1,000 bytes."""
    return MessengerPage(keys, "instagram", "instagram", 1_000, utf8)


def _arrived(event: _Event) -> Arrived | None:
    message, pressed = event.message, event.postback
    parts: list[Text | Media | Location] = []
    if message and not message.is_echo and not message.is_deleted:
        parts.extend(filter(None, map(_part, each(_Attachment, message.attachments))))
        if message.text.strip():
            parts.append(Text(message.text))
    elif pressed and pressed.title.strip():
        parts.append(Text(pressed.title))
    name = message.mid if message else pressed.mid if pressed else ""
    if not parts or not name or event.sender.id == event.recipient.id:
        return None
    chat = f"{event.recipient.id}:{event.sender.id}"
    return Arrived(name, Address(chat, event.timestamp / 1000, event.recipient.id, event.sender.id), tuple(parts))


def _part(attachment: _Attachment) -> Media | Location | None:
    payload = attachment.payload
    if attachment.type == "location" and payload.coordinates:
        return location(payload.coordinates.lat, payload.coordinates.long, attachment.title)
    if attachment.type == "image" and payload.url and payload.sticker_id is None:
        return Media("photo", payload.url)
    return Media("speech", payload.url) if attachment.type == "audio" and payload.url else None
