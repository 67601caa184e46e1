"""Payloads as typed values. What a platform adds to its payloads is passed over; what has another form is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from bot.channels.platforms.values import Answer, Location, Media
from bot.errors import BadInput

_T = TypeVar("_T")


def read(kind: type[_T], body: bytes | msgspec.Raw) -> _T:
    """JSON as a value of `kind`.

    Raises:
        BadInput: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadInput("This is not of the form that the platform sends.") from None


def each(kind: type[_T], bodies: Iterable[msgspec.Raw]) -> Iterator[_T]:
    """Those of the bodies that are of `kind`: an event of a new kind does not keep the others from being read."""
    for body in bodies:
        try:
            yield read(kind, body)
        except BadInput:
            continue


def said(kind: type[_T], answer: Answer) -> _T | None:
    """What an API answered, or None where it is of no form that it should have."""
    try:
        return read(kind, answer.body)
    except BadInput:
        return None


def seconds(text: str | None) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); None where there is none, or a date."""
    return float(text) if text and text.isascii() and text.isdigit() else None


def media_of(mime: str, reference: str) -> Media | None:
    """A file by its declared kind; what it really is, its bytes decide later."""
    kind = mime.partition("/")[0].strip().lower()
    if not reference:
        return None
    if kind == "image":
        return Media("photo", reference)
    return Media("speech", reference) if kind == "audio" else None


def location(latitude: float | str, longitude: float | str, *names: str | None) -> Location | None:
    """Where somebody is, if that is on the earth."""
    try:
        there = float(latitude), float(longitude)
    except ValueError:
        return None
    if not (abs(there[0]) <= 90 and abs(there[1]) <= 180):  # nor is a NaN
        return None
    return Location(*there, ", ".join(filter(None, names)))


def place_of(address: str) -> str:
    """The host of an address, with its port."""
    return urlsplit(address).netloc.lower()
