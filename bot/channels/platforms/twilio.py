"""Twilio Programmable Messaging, for SMS and WhatsApp: https://www.twilio.com/docs/usage/webhooks/webhooks-security.

The signature covers the address that Twilio was given and the form, but no time: what is delivered again is known by
its id.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import msgspec

from bot.channels.platforms.reading import location, media_of, place_of, said, seconds
from bot.channels.platforms.signing import hmac_sha1, needs, refused, same
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
from bot.platform_settings import Twilio

_TEXT = 1_600  # characters
_FIELDS = 200
_MEDIA = 10
_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
_NEVER = {63016: "window", 21610: "unsubscribed", 20003: "unauthorized"}
_AGAIN = frozenset({20429, 63038, 14107})


class _Said(msgspec.Struct):
    code: int = 0


@dataclass(frozen=True)
class TwilioNumber:
    """What comes to the numbers of an account. WhatsApp's window is Twilio's to know: SMS has none."""

    keys: Twilio
    name: str = "twilio"
    window_seconds: float | None = None

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """The API, and the stores that it sends on to."""
        return ("api.twilio.com", ".twiliocdn.com", "s3-external-1.amazonaws.com", place_of(self.keys.api))

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        secret = needs(self.keys.auth_token.value)
        try:
            pairs = parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
        except ValueError:
            raise refused() from None  # no form: nothing that could have been signed
        # A parameter that comes twice with one value counts once, as Twilio's own libraries have it.
        base = call.url + "".join(name + value for name, value in sorted(set(pairs)))
        right = base64.b64encode(hmac_sha1(secret, base.encode())).decode()
        if not same(call.headers.get("x-twilio-signature", ""), right):
            raise refused()
        arrived = _arrived(dict(pairs), now)
        return Taken((arrived,) if arrived else (), _NOTHING, "text/xml")

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. What answers a form is text alone: Twilio has buttons only in templates."""
        url = f"{self.keys.api}/2010-04-01/Accounts/{self.keys.account_sid}/Messages.json"
        headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        return tuple(
            Request("POST", url, headers, urlencode({"To": to.thread, "From": to.account, "Body": text}).encode())
            for text in split(reply.text, _TEXT)
        )

    def judge(self, answer: Answer) -> Verdict:
        """See Platform."""
        if answer.status in (200, 201):
            return Verdict("sent")
        found = said(_Said, answer)
        code = found.code if found else 0
        if code in _AGAIN or answer.status == 429 or answer.status >= 500:
            return Verdict("again", str(code or answer.status), seconds(answer.headers.get("retry-after")))
        return Verdict(
            "never", _NEVER.get(code, "unauthorized" if answer.status == 401 else str(code or answer.status))
        )

    def typing(self, to: Address, token: str) -> Request | None:
        """None: there is nothing of the kind in SMS."""
        return None

    def fetch(self, media: Media, token: str) -> Request:
        """A file of a message."""
        return Request("GET", media.reference, self._headers() if self._own(media.reference) else {})

    def _own(self, address: str) -> bool:
        return place_of(address) in ("api.twilio.com", place_of(self.keys.api))

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
        who = f"{self.keys.account_sid}:{self.keys.auth_token.value}".encode()
        return {"Authorization": f"Basic {base64.b64encode(who).decode()}"}


def _arrived(form: dict[str, str], now: float) -> Arrived | None:
    name, sender, number = (form.get(key, "") for key in ("MessageSid", "From", "To"))
    parts = tuple(_parts(form))
    if not (name and sender and number and parts):
        return None
    return Arrived(name, Address(f"{number}:{sender}", now, number, sender), parts)


def _parts(form: dict[str, str]) -> list[Text | Media | Location]:
    parts: list[Text | Media | Location] = []
    for number in range(_MEDIA):
        kind, where = form.get(f"MediaContentType{number}", ""), form.get(f"MediaUrl{number}", "")
        if media := media_of(kind, where):
            parts.append(media)
    name = form.get("Label") or form.get("Address")
    if place := location(form.get("Latitude", ""), form.get("Longitude", ""), name):
        parts.append(place)
    text = form.get("ButtonText") or form.get("Body", "")
    return [*parts, Text(text)] if text.strip() else parts
