"""WhatsApp Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from bot.channels.platforms import graph
from bot.channels.platforms.reading import each, location, media_of, place_of, read, said
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
from bot.platform_settings import WhatsApp

_TEXT = 4_096  # characters
_BUTTON_BODY = 1_024  # characters of a message with buttons
_BUTTONS, _LABEL = 3, 20
_WINDOW = frozenset({131047})
_GONE = frozenset({131026})
_AGAIN = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004})


class _File(msgspec.Struct):
    id: str
    mime_type: str = ""
    caption: str = ""


class _Place(msgspec.Struct):
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class _Body(msgspec.Struct):
    body: str = ""


class _Button(msgspec.Struct):
    text: str = ""


class _Choice(msgspec.Struct):
    title: str = ""


class _Order(msgspec.Struct):
    text: str = ""


class _Interactive(msgspec.Struct):
    button_reply: _Choice | None = None
    list_reply: _Choice | None = None


class _Message(msgspec.Struct, rename={"phone": "from", "user": "from_user_id"}):
    id: str
    timestamp: str
    phone: str = ""
    user: str = ""  # who has a user name may keep the number to themselves
    text: _Body | None = None
    image: _File | None = None
    audio: _File | None = None
    document: _File | None = None
    video: _File | None = None
    location: _Place | None = None
    button: _Button | None = None
    interactive: _Interactive | None = None
    order: _Order | None = None
    group_id: str | None = None


class _Metadata(msgspec.Struct):
    phone_number_id: str


class _Value(msgspec.Struct):
    metadata: _Metadata
    messages: list[msgspec.Raw] = []


class _Change(msgspec.Struct):
    value: msgspec.Raw
    field: str = ""


class _Entry(msgspec.Struct):
    changes: list[_Change] = []


class _Batch(msgspec.Struct):
    entry: list[msgspec.Raw] = []


class _Where(msgspec.Struct):
    url: str


@dataclass(frozen=True)
class WhatsAppCloud:
    """A business number's messages."""

    keys: WhatsApp
    name: str = "whatsapp"
    window_seconds: float | None = 24 * 3600.0

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Where `url` of a media object points to, and the API itself."""
        return ("lookaside.fbsbx.com", place_of(self.keys.api))

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        if call.method == "GET":
            return graph.handshake(call, self.keys.verify_token.value)
        graph.check(call, self.keys.app_secret.value)
        found: list[Arrived] = []
        for entry in each(_Entry, read(_Batch, call.body).entry):
            values = (change.value for change in entry.changes if change.field == "messages")
            for value in each(_Value, values):
                messages = each(_Message, value.messages)
                found.extend(filter(None, (_arrived(one, value.metadata.phone_number_id) for one in messages)))
        return Taken(tuple(found))

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Buttons stand under the last text, where that is short enough to have any."""
        texts = split(reply.text, _TEXT, utf16)
        labels = [one for one in dict.fromkeys(reply.suggestions) if one.strip() and utf16(one) <= _LABEL][:_BUTTONS]
        contents: list[dict[str, object]] = [{"type": "text", "text": {"preview_url": False, "body": t}} for t in texts]
        if labels and texts and utf16(texts[-1]) <= _BUTTON_BODY:
            buttons = [{"type": "reply", "reply": {"id": str(n), "title": one}} for n, one in enumerate(labels)]
            asked = {"type": "button", "body": {"text": texts[-1]}, "action": {"buttons": buttons}}
            contents[-1] = {"type": "interactive", "interactive": asked}
        who = "to" if to.thread.isdecimal() else "recipient"  # a phone number, or an id
        head = {"messaging_product": "whatsapp", "recipient_type": "individual", who: to.thread}
        return tuple(self._post(to, {**head, **content}) for content in contents)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        return graph.judge(answer, window=_WINDOW, gone=_GONE, again=_AGAIN)

    def typing(self, to: Address, token: str) -> Request | None:
        """Marks the message as read, which is how an indicator is asked for."""
        indicator = {"type": "text"}
        read_it = {"messaging_product": "whatsapp", "status": "read", "message_id": to.token}
        return self._post(to, {**read_it, "typing_indicator": indicator})

    def fetch(self, media: Media, token: str) -> Request:
        """Asks for the address of a media object."""
        return Request("GET", f"{self.keys.api}/{quote(media.reference, safe='')}", self._headers())

    def located(self, answer: Answer, token: str) -> Request | None:
        """The media object itself, which is given out for the access token only."""
        where = said(_Where, answer)
        if where is None:
            raise BadInput("The platform does not say where the file is.")
        return Request("GET", where.url, self._headers())

    def grant(self) -> Request | None:
        """None: a system user's token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.access_token.value}"}

    def _post(self, to: Address, content: dict[str, object]) -> Request:
        url = f"{self.keys.api}/{quote(to.account, safe='')}/messages"
        headers = {**self._headers(), "Content-Type": "application/json"}
        return Request("POST", url, headers, msgspec.json.encode(content))


def _arrived(message: _Message, account: str) -> Arrived | None:
    parts = tuple(_parts(message))
    who = message.phone or message.user
    if not parts or not who or message.group_id or not message.timestamp.isdecimal():
        return None
    address = Address(f"{account}:{who}", float(message.timestamp[:12]), account, who, message.id)
    return Arrived(message.id, address, parts)


def _parts(message: _Message) -> list[Text | Media | Location]:
    parts: list[Text | Media | Location] = []
    files = ((message.image, "image/"), (message.audio, "audio/"), (message.document, ""), (message.video, ""))
    for file, mime in files:
        if file and (media := media_of(mime or file.mime_type, file.id)):
            parts.append(media)
        if file and file.caption.strip():
            parts.append(Text(file.caption))
    if (at := message.location) and (place := location(at.latitude, at.longitude, at.name, at.address)):
        parts.append(place)
    pressed = message.interactive and (message.interactive.button_reply or message.interactive.list_reply)
    texts = (
        message.text.body if message.text else "",
        message.button.text if message.button else "",
        pressed.title if pressed else "",
        message.order.text if message.order else "",
    )
    return [*parts, *(Text(text) for text in texts if text.strip())]
