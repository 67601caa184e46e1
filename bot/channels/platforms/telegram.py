"""Telegram Bot API: https://core.telegram.org/bots/api.

A call is known by the secret that setWebhook was given, which comes in a header and covers nothing of the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from bot.channels.platforms.reading import location, media_of, place_of, read, said, seconds
from bot.channels.platforms.signing import needs, refused, same
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
from bot.platform_settings import Telegram

_TEXT = 4_096  # UTF-16 code units


class _Chat(msgspec.Struct):
    id: int
    type: str


class _User(msgspec.Struct):
    is_bot: bool = False
    language_code: str | None = None


class _File(msgspec.Struct):
    file_id: str
    mime_type: str = ""


class _Point(msgspec.Struct):
    latitude: float
    longitude: float


class _Venue(msgspec.Struct):
    title: str = ""
    address: str = ""


class _Message(msgspec.Struct, rename={"sender": "from"}):
    message_id: int
    date: int
    chat: _Chat
    sender: _User | None = None
    text: str = ""
    caption: str = ""
    photo: list[_File] = []
    voice: _File | None = None
    audio: _File | None = None
    document: _File | None = None
    location: _Point | None = None
    venue: _Venue | None = None


class _Update(msgspec.Struct):
    update_id: int
    message: msgspec.Raw = msgspec.Raw()


class _Parameters(msgspec.Struct):
    retry_after: int | None = None


class _Said(msgspec.Struct):
    ok: bool = False
    error_code: int = 0
    parameters: _Parameters | None = None


class _Path(msgspec.Struct):
    file_path: str


class _Found(msgspec.Struct):
    result: _Path


@dataclass(frozen=True)
class TelegramBot:
    """A bot's private chats."""

    keys: Telegram
    name: str = "telegram"
    window_seconds: float | None = None

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Files come from the API itself."""
        return (place_of(self.keys.api),)

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        given = call.headers.get("x-telegram-bot-api-secret-token", "")
        if not same(given, needs(self.keys.secret_token.value)):
            raise refused()
        update = read(_Update, call.body)
        if not bytes(update.message):
            return Taken()
        try:
            arrived = _arrived(read(_Message, update.message))
        except BadInput:
            return Taken()
        return Taken((arrived,) if arrived else ())

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Suggestions take the place of the keyboard until one is pressed."""
        plain: dict[str, object] = {"chat_id": to.thread, "link_preview_options": {"is_disabled": True}}
        bodies = [{**plain, "text": text} for text in split(reply.text, _TEXT, utf16)]
        if bodies:
            rows = [[{"text": label}] for label in reply.suggestions if label]
            keyboard = {"keyboard": rows, "one_time_keyboard": True, "resize_keyboard": True}
            bodies[-1]["reply_markup"] = keyboard if rows else {"remove_keyboard": True}
        return tuple(self._post("sendMessage", body) for body in bodies)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        found = said(_Said, answer)
        if answer.status == 200 and found and found.ok:
            return Verdict("sent")
        code = (found and found.error_code) or answer.status
        if code == 429 or code >= 500 or found is None:
            after = found.parameters.retry_after if found and found.parameters else None
            pause = float(after) if after is not None else seconds(answer.headers.get("retry-after"))
            return Verdict("again", str(code), pause)
        return Verdict("never", {401: "unauthorized", 404: "unauthorized", 403: "blocked"}.get(code, str(code)))

    def typing(self, to: Address, token: str) -> Request | None:
        """See Platform."""
        return self._post("sendChatAction", {"chat_id": to.thread, "action": "typing"})

    def fetch(self, media: Media, token: str) -> Request:
        """Asks where a file lies."""
        return Request("GET", f"{self._address()}/getFile?file_id={quote(media.reference, safe='')}")

    def located(self, answer: Answer, token: str) -> Request | None:
        """The file itself."""
        found = said(_Found, answer)
        if found is None:
            raise BadInput("The platform does not say where the file is.")
        path = quote(found.result.file_path.lstrip("/"))
        return Request("GET", f"{self.keys.api}/file/bot{self.keys.access_token.value}/{path}")

    def grant(self) -> Request | None:
        """None: a bot's token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _address(self) -> str:
        return f"{self.keys.api}/bot{self.keys.access_token.value}"

    def _post(self, method: str, content: dict[str, object]) -> Request:
        headers = {"Content-Type": "application/json"}
        return Request("POST", f"{self._address()}/{method}", headers, msgspec.json.encode(content))


def _arrived(message: _Message) -> Arrived | None:
    sender = message.sender
    parts = tuple(_parts(message))
    if not parts or message.chat.type != "private" or (sender and sender.is_bot):
        return None
    chat = str(message.chat.id)
    address = Address(chat, float(message.date), thread=chat)
    return Arrived(f"{chat}:{message.message_id}", address, parts, sender.language_code if sender else None)


def _parts(message: _Message) -> list[Text | Media | Location]:
    parts: list[Text | Media | Location] = []
    if message.photo:
        parts.append(Media("photo", message.photo[-1].file_id))  # the largest one is the last
    for sound in filter(None, (message.voice, message.audio)):
        parts.append(Media("speech", sound.file_id))
    if message.document and (media := media_of(message.document.mime_type, message.document.file_id)):
        parts.append(media)
    if at := message.location:
        venue = message.venue or _Venue()
        if place := location(at.latitude, at.longitude, venue.title, venue.address):
            parts.append(place)
    return [*parts, *(Text(text) for text in (message.caption, message.text) if text.strip())]
