"""Feishu and Lark: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive.

Calls are taken encrypted only. All are signed but the first one, which asks for a challenge: that one is known by its
token, which only who has the key can read or write.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec

from bot.channels.platforms import encryption
from bot.channels.platforms.reading import location, place_of, read, said, seconds
from bot.channels.platforms.signing import fresh, needs, refused, same
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
from bot.platform_settings import Feishu

_REPLAY_SECONDS = 300.0
_TEXT = 4_000  # characters; the platform takes more, readers don't
_STALE = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991671, 99991677})
_AGAIN = frozenset({99991400, 230020, 2200, 1663})
_GONE = frozenset({230002, 230006, 230013, 230038})


class _Sealed(msgspec.Struct):
    encrypt: str


class _Header(msgspec.Struct):
    event_type: str
    token: str = ""


class _Open(msgspec.Struct):
    type: str = ""
    token: str = ""
    challenge: str = ""
    header: _Header | None = None
    event: msgspec.Raw = msgspec.Raw()


class _Id(msgspec.Struct):
    open_id: str = ""


class _Sender(msgspec.Struct):
    sender_type: str
    sender_id: _Id = msgspec.field(default_factory=_Id)


class _Message(msgspec.Struct):
    message_id: str
    create_time: str
    chat_id: str
    chat_type: str
    message_type: str
    content: str = ""


class _Event(msgspec.Struct):
    sender: _Sender
    message: _Message


class _Run(msgspec.Struct):
    tag: str = ""
    text: str = ""
    image_key: str = ""


class _Content(msgspec.Struct):
    text: str = ""
    image_key: str = ""
    file_key: str = ""
    name: str = ""
    latitude: str = ""
    longitude: str = ""
    title: str = ""
    content: list[list[_Run]] = []


class _Said(msgspec.Struct):
    code: int


class _Granted(msgspec.Struct):
    tenant_access_token: str
    expire: float


@dataclass(frozen=True)
class FeishuApp:
    """An app's chats with one person each."""

    keys: Feishu
    name: str = "feishu"
    window_seconds: float | None = None

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Files come from the API itself."""
        return (place_of(self.keys.api),)

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        needs(self.keys.encrypt_key.value)
        token = needs(self.keys.verification_token.value)
        signed = "x-lark-signature" in call.headers
        if signed:
            self._check(call, now)
        opened = self._opened(call.body, refuse=not signed)
        given = opened.header.token if opened.header else opened.token
        challenged = opened.type == "url_verification"
        if not same(given, token) or not (signed or challenged):
            raise refused()
        if challenged:
            return Taken(body=msgspec.json.encode({"challenge": opened.challenge}), content_type="application/json")
        if opened.header is None or opened.header.event_type != "im.message.receive_v1" or not bytes(opened.event):
            return Taken()
        try:
            arrived = _arrived(read(_Event, opened.event))
        except BadInput:
            return Taken()
        return Taken((arrived,) if arrived else ())

    def _check(self, call: Call, now: float) -> None:
        at, nonce = (call.headers.get(f"x-lark-request-{name}", "") for name in ("timestamp", "nonce"))
        base = (at + nonce + self.keys.encrypt_key.value).encode("utf-8", "replace") + call.body
        if not same(call.headers["x-lark-signature"], hashlib.sha256(base).hexdigest()):
            raise refused()
        fresh(float(at) if at.isascii() and at.isdigit() else 0.0, now, _REPLAY_SECONDS)

    def _opened(self, body: bytes, *, refuse: bool) -> _Open:
        key = hashlib.sha256(self.keys.encrypt_key.value.encode()).digest()
        try:
            sealed = base64.b64decode(read(_Sealed, body).encrypt, validate=True)
            return read(_Open, encryption.opened(key, sealed[:16], sealed[16:]))
        except (ValueError, BadInput):
            raise (refused() if refuse else BadInput("This is not of the form that the platform sends.")) from None

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Within an hour a message with the same uuid is sent once."""
        url = f"{self.keys.api}/open-apis/im/v1/messages?receive_id_type=chat_id"
        headers = {"Authorization": f"Bearer {token}", **_JSON}
        requests = []
        for number, text in enumerate(split(reply.text, _TEXT)):
            content = msgspec.json.encode({"text": text.replace("<at", "<\u200bat")}).decode()  # would call somebody
            body = {"receive_id": to.thread, "msg_type": "text", "content": content}
            body["uuid"] = str(uuid5(UUID(key), str(number)))
            requests.append(Request("POST", url, headers, msgspec.json.encode(body)))
        return tuple(requests)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        found = said(_Said, answer)
        code = found.code if found else -1
        if code == 0:
            return Verdict("sent")
        if code in _STALE or answer.status == 401:
            return Verdict("again", str(code), stale=True)
        if found is None or code in _AGAIN or answer.status == 429 or answer.status >= 500:
            after = answer.headers.get("retry-after") or answer.headers.get("x-ogw-ratelimit-reset")
            return Verdict("again", str(code), seconds(after))
        return Verdict("never", "blocked" if code in _GONE else str(code))

    def typing(self, to: Address, token: str) -> Request | None:
        """None: the platform shows nothing of the kind."""
        return None

    def fetch(self, media: Media, token: str) -> Request:
        """A file of a message; the reference is the message's id, the file's key and its type."""
        message, file, kind = (quote(part, safe="") for part in media.reference.split(" ", 2))
        url = f"{self.keys.api}/open-apis/im/v1/messages/{message}/resources/{file}?type={kind}"
        return Request("GET", url, {"Authorization": f"Bearer {token}"})

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content."""
        return None

    def grant(self) -> Request | None:
        """See Platform."""
        url = f"{self.keys.api}/open-apis/auth/v3/tenant_access_token/internal"
        content = {"app_id": self.keys.app_id, "app_secret": self.keys.app_secret.value}
        return Request("POST", url, _JSON, msgspec.json.encode(content))

    def granted(self, answer: Answer) -> tuple[str, float]:
        """See Platform."""
        found = read(_Granted, answer.body)
        return found.tenant_access_token, found.expire


_JSON = {"Content-Type": "application/json; charset=utf-8"}


def _arrived(event: _Event) -> Arrived | None:
    message = event.message
    if message.chat_type != "p2p" or event.sender.sender_type != "user" or not message.create_time.isdecimal():
        return None
    parts = tuple(_parts(message, read(_Content, message.content.encode())))
    if not parts:
        return None
    address = Address(message.chat_id, float(message.create_time[:15]) / 1000, thread=message.chat_id)
    return Arrived(message.message_id, address, parts)


def _parts(message: _Message, content: _Content) -> list[Text | Media | Location]:
    name, kind = message.message_id, message.message_type
    runs = [run for line in content.content for run in line]
    lines = ["".join(run.text for run in line) for line in content.content]
    texts = {"text": content.text, "post": "\n".join(filter(None, (content.title, *lines)))}
    text = texts.get(kind, "")
    parts: list[Text | Media | Location] = []
    images = [content.image_key] if kind == "image" else [run.image_key for run in runs if run.tag == "img"]
    parts.extend(Media("photo", f"{name} {image} image") for image in images if image)
    if kind == "audio" and content.file_key:
        parts.append(Media("speech", f"{name} {content.file_key} file"))
    if kind == "location" and (place := location(content.latitude, content.longitude, content.name)):
        parts.append(place)
    return [*parts, Text(text)] if text.strip() else parts
