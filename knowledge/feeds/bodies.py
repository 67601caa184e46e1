"""What trackers post to a webhook: one body as JSON, in bounds, and the bodies of a file.

Nothing is believed: a body is bounded in bytes, its lists and texts in length, its depth by the decoder.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timezone
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel.core import get_global

from knowledge.feeds import cells
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.watched import Done, ignore, watched
from knowledge.logistics.couriers import carrier_named, courier
from knowledge.logistics.statuses import Mapped, from_text
from knowledge.records import Shipment, TrackingEvent

MOST_BODY_BYTES = 1_000_000
MOST_ARRAY_BYTES = 64_000_000  # an array is read as a whole; a body a line is not

Text = Annotated[str, msgspec.Meta(max_length=4_000)]
Many = msgspec.Meta(max_length=1_000)  # for lists
T = TypeVar("T")


class Told(msgspec.Struct, frozen=True):
    """What a body says, and the (column, reason) of each part of it that could not be taken."""

    shipment: Shipment
    refused: tuple[tuple[str, str], ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a body stands in its file: on a line, or at a number from 0 in an array."""

    line: int
    number: int | None = None

    def name(self, column: str) -> str:
        """A column's name with the body's number before it."""
        return column if self.number is None else f"[{self.number}]{'.' if column else ''}{column}"


def decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A body as its type. Raises BadCell: it is too long or too deep, no JSON, or not of the form of `decoder`."""
    if len(body) > MOST_BODY_BYTES:
        raise BadCell("", f"is longer than {MOST_BODY_BYTES} bytes")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as wrong:
        raise BadCell("", f"is no such body: {wrong}"[:300]) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadCell("", "is not JSON") from None
    except RecursionError:
        raise BadCell("", "is too deep") from None


class _Top(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw()


_TOP = msgspec.json.Decoder(_Top)
_RAW = msgspec.json.Decoder(msgspec.Raw)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


def is_17track(body: bytes) -> bool:
    """Whether a body has its news under `data`, as 17TRACK's have; AfterShip's have theirs under `msg`."""
    try:
        return bool(bytes(decoded(body, _TOP).data))
    except BadCell:
        return False


def bodies(path: Path, done: Done = ignore) -> Iterator[tuple[Place, bytes]]:
    """The bodies of a file, each still to be decoded. One that is on a line of its own may be anything.

    Raises:
        FeedError: the file can't be read, is too long to be read as a whole, no JSON, or cut off.
    """
    with watched(path, done) as file:
        if file.peek(3)[:3] == b"\xef\xbb\xbf":
            file.read(3)
        line, text = 1, file.readline(MOST_BODY_BYTES + 1)
        while text and not text.strip():
            line, text = line + 1, file.readline(MOST_BODY_BYTES + 1)
        if text.lstrip()[:1] == b"{" and _is_whole(text):
            yield from _by_line(file, path.name, line, text)
        else:
            yield from _as_whole(file, path.name, line, text)


def _is_whole(text: bytes) -> bool:
    try:
        decoded(text, _RAW)
    except BadCell:
        return False
    return True


def _by_line(file: io.BufferedReader, name: str, line: int, text: bytes) -> Iterator[tuple[Place, bytes]]:
    while text:
        if len(text) > MOST_BODY_BYTES:
            raise FeedError(name, line, f"is longer than {MOST_BODY_BYTES} bytes")
        if not text.endswith(b"\n") and not _is_whole(text):
            raise FeedError(name, line, "is cut off: its last line is no whole body")
        if text.strip():
            yield Place(line), text.strip()
        line, text = line + 1, file.readline(MOST_BODY_BYTES + 1)


def _as_whole(file: io.BufferedReader, name: str, line: int, begun: bytes) -> Iterator[tuple[Place, bytes]]:
    is_array = begun.lstrip()[:1] == b"["
    most = MOST_ARRAY_BYTES if is_array else MOST_BODY_BYTES
    text = begun + file.read(most + 1)
    if len(text) > most:
        raise FeedError(name, line, f"is longer than {most} bytes")
    try:
        if not is_array:
            yield Place(line), bytes(_RAW.decode(text))
            return
        for number, body in enumerate(_RAWS.decode(text)):
            yield Place(line, number), bytes(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FeedError(name, line, "is not JSON, or cut off") from None
    except RecursionError:
        raise FeedError(name, line, "is too deep") from None


# What AfterShip and 17TRACK have in common.


def told_of(shipment: Shipment, events: list[TrackingEvent], refused: list[tuple[str, str]]) -> Told:
    """A shipment with its events, oldest first and each once."""
    once = sorted(dict.fromkeys(events), key=lambda event: event.time)
    return Told(msgspec.structs.replace(shipment, events=tuple(once)), tuple(refused))


def with_latest(events: list[TrackingEvent], latest: Mapped | None, at: datetime | None) -> list[TrackingEvent]:
    """The events, and one for the status that the tracker gives the whole parcel where no event has it: that a parcel
    is Expired stands in no line of its history. `at` is when the tracker last looked."""
    if latest is None or at is None or any(event.status == latest.status for event in events):
        return events
    at = max((at, *(event.time for event in events)))
    return [*events, TrackingEvent(time=at, status=latest.status, customs=latest.customs)]


def refined(mapped: Mapped, text: str) -> Mapped:
    """A code's status with the customs status that the carrier's words beside it tell, where the code tells none."""
    if mapped.customs is None and mapped.status in ("InTransit", "Exception"):
        words = from_text(text)
        if words and words.customs:
            return Mapped(mapped.status, words.customs)
    return mapped


def carrier_of(name: str) -> str:
    """A tracker's name for a courier as people write it, where it is known: DHL for dhl, China Post for china-post."""
    known = courier(carrier_named(name) or "")
    return known.name if known else name


def code(text: str, column: str) -> str:
    """An identifier. Raises BadCell: there is none, or it is none."""
    if not text.strip():
        raise BadCell(column, "is empty")
    try:
        return cells.code(text.strip())
    except ValueError as wrong:
        raise BadCell(column, str(wrong)) from None


def plain(text: str | None) -> str:
    """Free text on one line, without what can't be printed."""
    shown = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text or "")
    return " ".join("".join(shown).split())


def country(text: str | None) -> str | None:
    """The alpha-2 code of a country that is given by two or three letters; None where it is no country.

    CLDR's aliases give the three-letter codes of ISO 3166-1.
    """
    named = (text or "").strip().upper()
    if len(named) == 3:
        alias = get_global("territory_aliases").get(named) or [""]
        named = alias[0] if len(alias) == 1 else ""
    try:
        return cells.country(named)
    except ValueError:
        return None


def moment(text: str, place: str | None) -> datetime:
    """An ISO 8601 time; one without an offset is by the clock of the country `place`, where that has but one.

    Raises:
        ValueError: it is none, or can't be told apart from the same hour elsewhere.
    """
    try:
        return cells.moment(text)
    except ValueError as wrong:
        try:
            naive = cells.moment(f"{text.strip()}+00:00").replace(tzinfo=None)
        except ValueError:
            raise wrong from None
    offset = _offset(place, naive)
    if offset is None:
        raise ValueError(f"{cells.shown(text)} has no offset from UTC, and its country has several or is not told")
    return naive.replace(tzinfo=offset)


def end_of(text: str, place: str | None) -> datetime:
    """A time as `moment` reads it; a day alone is meant until its end, in UTC where `place` has several clocks.

    Raises:
        ValueError: it is neither.
    """
    stripped = text.strip()
    if len(stripped) > 10:
        return moment(stripped, place)
    day: date = cells.day(stripped)
    end = datetime.combine(day, time(23, 59, 59))
    return end.replace(tzinfo=_offset(place, end) or UTC)


def _offset(place: str | None, naive: datetime) -> timezone | None:
    """The offset of a country's clocks at a local time, where they all agree or one is the country's own."""
    offsets = set()
    for name in _zones().get(place or "", ()):
        try:
            offsets.add(ZoneInfo(name).utcoffset(naive))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    (offset,) = offsets if len(offsets) == 1 else (None,)
    return None if offset is None else timezone(offset)


# Of countries with several clocks, the one that the country as a whole goes by: CLDR's primaryZones (metaZones.xml).
_PRIMARY = {
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "EC": "America/Guayaquil",
    "ES": "Europe/Madrid", "MH": "Pacific/Majuro", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon", "UA": "Europe/Kiev", "UZ": "Asia/Tashkent",
}  # fmt: skip


@lru_cache(maxsize=1)
def _zones() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for zone, territory in get_global("zone_territories").items():
        found.setdefault(territory, []).append(zone)
    return found | {territory: [zone] for territory, zone in _PRIMARY.items()}
