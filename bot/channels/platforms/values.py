"""What passes between a messaging platform and this house, as values.

A platform calls `/hooks/{name}` (`Call`); what its module reads in it is `Taken`: what the platform is answered at
once, and every message that `Arrived`. A reply goes back as `Request`s, and what the platform says to one is a
`Verdict`. Nothing here does I/O.
"""

from __future__ import annotations

from typing import Literal, Protocol
from urllib.parse import parse_qsl

import msgspec

from bot.messages import Reply, Text


class Call(msgspec.Struct, frozen=True):
    """One call of a webhook, as it came. `url` is the address that the platform knows, query and all."""

    method: Literal["GET", "POST"]
    url: str
    headers: dict[str, str]  # by their names in lower case
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address; of one that is given twice, the last."""
        return dict(parse_qsl(self.url.partition("?")[2], keep_blank_values=True))


class Media(msgspec.Struct, frozen=True, tag="media"):
    """A photo or a voice note that is fetched afterwards. `reference` is the platform's id of it, or its address."""

    kind: Literal["photo", "speech"]
    reference: str


class Location(msgspec.Struct, frozen=True, tag="location"):
    """Where the customer says to be: degrees of WGS 84, and what the platform calls the place."""

    latitude: float
    longitude: float
    name: str = ""


class Address(msgspec.Struct, frozen=True):
    """Where an answer goes. `at` is when the customer wrote, in seconds since 1970: some platforms take no answer a day
    later. The rest is the platform's own: its ids of the account written to, and of the thread or message."""

    chat: str
    at: float
    account: str = ""
    thread: str = ""
    token: str = ""


class Arrived(msgspec.Struct, frozen=True):
    """One message of a customer. `id` is the platform's, and the same when it is delivered again."""

    id: str
    address: Address
    parts: tuple[Text | Media | Location, ...]
    language: str | None = None  # BCP 47, where the platform says it


class Taken(msgspec.Struct, frozen=True):
    """What a call holds: every message in it, and the answer that the platform expects at once."""

    arrived: tuple[Arrived, ...] = ()
    body: bytes = b""
    content_type: str = "text/plain"


class Request(msgspec.Struct, frozen=True):
    """A call of a platform's API. Its headers hold secrets: it is made when it is sent, and never stored or logged."""

    method: Literal["GET", "POST"]
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method})"


class Answer(msgspec.Struct, frozen=True):
    """What a platform's API answered to a request."""

    status: int
    headers: dict[str, str]  # by their names in lower case
    body: bytes


class Verdict(msgspec.Struct, frozen=True):
    """What an answer means: it was sent; try again, after `seconds` where the platform says so; or never, and why.

    `stale` says that the access token is no longer good: a new one is asked for before the next try. `reason` is a
    code of the platform's, never its text, which may quote what was written.
    """

    what: Literal["sent", "again", "never"]
    reason: str = ""
    seconds: float | None = None
    stale: bool = False


class Platform(Protocol):
    """One messaging platform: pure functions over its payloads, bound to the credentials of an installation."""

    @property
    def name(self) -> str:
        """As in /hooks/{name}."""

    @property
    def window_seconds(self) -> float | None:
        """After the customer's message, that an answer is still taken; None: for ever."""

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Where media may come from: hosts, those of another port with it; ".example" allows all that end so."""

    def read(self, call: Call, now: float) -> Taken:
        """What a call holds. The signature is checked first, over the raw bytes, in constant time.

        Raises:
            Refused: no secret is set, the signature is missing or wrong, or the call is too old.
            BadInput: signed, but not of a form that the platform's documentation knows.
        """

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """The requests that say a reply, within the platform's limits. The same `key` (a UUID) gives the same
        requests, so that those that went are not sent again; where the platform knows such keys it goes with them."""

    def judge(self, answer: Answer) -> Verdict:
        """What the answer to one of `sends` means."""

    def typing(self, to: Address, token: str) -> Request | None:
        """Says that an answer is being written, where the platform shows that."""

    def fetch(self, media: Media, token: str) -> Request:
        """Asks for media, or for where they are."""

    def located(self, answer: Answer, token: str) -> Request | None:
        """The request for the content, where the answer to `fetch` only says where it is; None: it is the content.

        Raises:
            BadInput: the answer says nothing of the kind.
        """

    def grant(self) -> Request | None:
        """Asks for an access token; None where the token does not run out and is part of the settings."""

    def granted(self, answer: Answer) -> tuple[str, float]:
        """The token that was asked for, and how many seconds it is good.

        Raises:
            BadInput: the answer holds none.
        """
