"""LINE Messaging API: https://developers.line.biz/en/reference/messaging-api/."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec

from bot.channels.platforms.reading import each, location, place_of, read, seconds
from bot.channels.platforms.signing import hmac_sha256, needs, refused, same
from bot.channels.platforms.splitting import split, utf16
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
from bot.platform_settings import Line

_TEXT = 5_000  # UTF-16 code units
_MESSAGES = 5  # of one request
_REPLIES, _LABEL = 13, 20
_LOADING_SECONDS = 20


class _Source(msgspec.Struct):
    type: str
    userId: str = ""


class _Provider(msgspec.Struct):
    type: str = "line"


class _Message(msgspec.Struct):
    id: str
    type: str
    text: str = ""
    title: str = ""
    address: str = ""
    latitude: float = 0.0
    longitude: float = 0.0
    contentProvider: _Provider = msgspec.field(default_factory=_Provider)


class _Postback(msgspec.Struct):
    data: str = ""


class _Event(msgspec.Struct):
    type: str
    timestamp: int
    source: _Source
    webhookEventId: str
    mode: str = "active"
    message: _Message | None = None
    postback: _Postback | None = None


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw] = []
    destination: str = ""


@dataclass(frozen=True)
class LineChannel:
    """An official account's chats with one person each."""

    keys: Line
    name: str = "line"
    window_seconds: float | None = None

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Content comes from an address of the API's own."""
        return (place_of(self.keys.media_api),)

    def read(self, call: Call, now: float) -> Taken:
        """See Platform. The signature covers the body; LINE gives no time that it covers apart from it."""
        right = base64.b64encode(hmac_sha256(needs(self.keys.channel_secret.value), call.body)).decode()
        if not same(call.headers.get("x-line-signature", ""), right):
            raise refused()
        batch = read(_Batch, call.body)
        found = (_arrived(event, batch.destination) for event in each(_Event, batch.events))
        return Taken(tuple(filter(None, found)))

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Each request has its retry key: LINE sends what has the same one only once."""
        messages: list[dict[str, object]] = [{"type": "text", "text": t} for t in split(reply.text, _TEXT, utf16)]
        labels = [label for label in reply.suggestions if 0 < utf16(label) <= _LABEL][:_REPLIES]
        if messages and labels:
            actions = [{"type": "message", "label": one, "text": one} for one in labels]
            messages[-1]["quickReply"] = {"items": [{"type": "action", "action": action} for action in actions]}
        return tuple(
            self._post("/v2/bot/message/push", {"to": to.thread, "messages": some}, str(uuid5(UUID(key), str(number))))
            for number, some in enumerate(messages[at : at + _MESSAGES] for at in range(0, len(messages), _MESSAGES))
        )

    def judge(self, answer: Answer) -> Verdict:
        """See Platform. 409 says that a request with this retry key was taken before."""
        if answer.status in (200, 409):
            return Verdict("sent")
        if answer.status == 429 or answer.status >= 500:
            return Verdict("again", str(answer.status), seconds(answer.headers.get("retry-after")))
        return Verdict("never", {401: "unauthorized", 403: "unauthorized"}.get(answer.status, str(answer.status)))

    def typing(self, to: Address, token: str) -> Request | None:
        """See Platform."""
        return self._post("/v2/bot/chat/loading/start", {"chatId": to.thread, "loadingSeconds": _LOADING_SECONDS})

    def fetch(self, media: Media, token: str) -> Request:
        """The content of a message."""
        url = f"{self.keys.media_api}/v2/bot/message/{quote(media.reference, safe='')}/content"
        return Request("GET", url, self._headers())

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content."""
        return None

    def grant(self) -> Request | None:
        """None: the token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.access_token.value}"}

    def _post(self, path: str, content: dict[str, object], key: str = "") -> Request:
        headers = {**self._headers(), "Content-Type": "application/json", **({"X-Line-Retry-Key": key} if key else {})}
        return Request("POST", self.keys.api + path, headers, msgspec.json.encode(content))


def _arrived(event: _Event, account: str) -> Arrived | None:
    user, message = event.source.userId, event.message
    part = _part(message) if message else Text(event.postback.data) if event.postback else None
    if part is None or part == Text("") or event.mode != "active" or event.source.type != "user" or not user:
        return None
    name = message.id if message else event.webhookEventId
    return Arrived(name, Address(f"{account}:{user}", event.timestamp / 1000, account, user), (part,))


def _part(message: _Message) -> Text | Media | Location | None:
    if message.type == "text":
        return Text(message.text)
    if message.type == "location":
        return location(message.latitude, message.longitude, message.title, message.address)
    if message.contentProvider.type != "line":
        return None  # it lies with someone else
    kinds = {"image": "photo", "audio": "speech"}
    return Media(kinds[message.type], message.id) if message.type in kinds else None  # type: ignore[arg-type]
