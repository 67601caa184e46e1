"""Chatwoot's Agent Bot: https://developers.chatwoot.com/api-reference and its webhooks.

The bot speaks while a conversation is pending. Once a person has it open the bot is silent, and where a reply hands
over it opens the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import msgspec

from bot.channels.platforms.reading import location, place_of, read, seconds
from bot.channels.platforms.signing import fresh, hmac_sha256, needs, refused, same
from bot.channels.platforms.splitting import split
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
from bot.platform_settings import Chatwoot

_REPLAY_SECONDS = 300.0
_TEXT = 10_000  # characters; its channels may cut shorter


class _Sender(msgspec.Struct):
    type: str = "contact"


class _Account(msgspec.Struct):
    id: int


class _More(msgspec.Struct):
    browser_language: str | None = None


class _Conversation(msgspec.Struct):
    id: int
    status: str
    additional_attributes: _More = msgspec.field(default_factory=_More)


class _Attachment(msgspec.Struct):
    file_type: str = ""
    data_url: str = ""
    coordinates_lat: float = 0.0
    coordinates_long: float = 0.0
    fallback_title: str | None = None


class _Event(msgspec.Struct):
    event: str
    id: int
    account: _Account
    conversation: _Conversation
    message_type: str | int = ""
    content: str | None = None
    created_at: str | int = 0
    private: bool = False
    sender: _Sender | None = None
    attachments: list[_Attachment] = []


@dataclass(frozen=True)
class ChatwootBot:
    """A bot of an installation, in all its inboxes."""

    keys: Chatwoot
    name: str = "chatwoot"
    window_seconds: float | None = None  # its channels' own windows are Chatwoot's to know

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """The installation itself, which sends on to where it stores."""
        return (place_of(self.keys.api), ".amazonaws.com")

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        at = call.headers.get("x-chatwoot-timestamp", "")
        base = at.encode("utf-8", "replace") + b"." + call.body
        right = "sha256=" + hmac_sha256(needs(self.keys.secret.value), base).hex()
        if not same(call.headers.get("x-chatwoot-signature", ""), right):
            raise refused()
        fresh(float(at) if at.isascii() and at.isdigit() else 0.0, now, _REPLAY_SECONDS)
        if read(_Kind, call.body).event != "message_created":
            return Taken()
        arrived = _arrived(read(_Event, call.body), now)
        return Taken((arrived,) if arrived else ())

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Suggestions are a choice, which Chatwoot shows as its channel can."""
        texts = split(reply.text, _TEXT)
        bodies: list[dict[str, object]] = [{"content": text, "message_type": "outgoing"} for text in texts]
        if bodies and reply.suggestions and not reply.handoff:
            items = [{"title": label, "value": label} for label in reply.suggestions]
            bodies[-1] |= {"content_type": "input_select", "content_attributes": {"items": items}}
        requests = [self._post(to, "messages", body) for body in bodies]
        if bodies and reply.handoff:
            requests.append(self._post(to, "toggle_status", {"status": "open"}))
        return tuple(requests)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        if answer.status == 200:
            return Verdict("sent")
        if answer.status == 429 or answer.status >= 500:
            return Verdict("again", str(answer.status), seconds(answer.headers.get("retry-after")))
        return Verdict("never", "unauthorized" if answer.status == 401 else str(answer.status))

    def typing(self, to: Address, token: str) -> Request | None:
        """See Platform."""
        return self._post(to, "toggle_typing_status", {"typing_status": "on"})

    def fetch(self, media: Media, token: str) -> Request:
        """An attachment, whose address is signed."""
        return Request("GET", media.reference)

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content."""
        return None

    def grant(self) -> Request | None:
        """None: the token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _post(self, to: Address, what: str, content: dict[str, object]) -> Request:
        account, conversation = quote(to.account, safe=""), quote(to.thread, safe="")
        url = f"{self.keys.api}/api/v1/accounts/{account}/conversations/{conversation}/{what}"
        headers = {"api_access_token": self.keys.access_token.value, "Content-Type": "application/json"}
        return Request("POST", url, headers, msgspec.json.encode(content))


class _Kind(msgspec.Struct):
    event: str


def _arrived(event: _Event, now: float) -> Arrived | None:
    incoming = event.message_type in ("incoming", 0) and not event.private
    person = event.sender is None or event.sender.type == "contact"
    parts = tuple(_parts(event))
    if not incoming or not person or not parts or event.conversation.status != "pending":
        return None
    account, conversation = str(event.account.id), str(event.conversation.id)
    address = Address(f"{account}:{conversation}", _time(event.created_at, now), account, conversation)
    return Arrived(f"{account}:{event.id}", address, parts, event.conversation.additional_attributes.browser_language)


def _time(given: str | int, now: float) -> float:
    if isinstance(given, int):
        return float(given)
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        return now


def _parts(event: _Event) -> list[Text | Media | Location]:
    parts: list[Text | Media | Location] = []
    for one in event.attachments:
        if one.file_type == "location":
            place = location(one.coordinates_lat, one.coordinates_long, one.fallback_title)
            parts.extend((place,) if place else ())
        elif one.file_type in ("image", "audio") and one.data_url:
            parts.append(Media("photo" if one.file_type == "image" else "speech", one.data_url))
    return [*parts, Text(event.content)] if event.content and event.content.strip() else parts
