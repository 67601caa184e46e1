"""What stands in a cell, as a value. Each function takes stripped text and raises ValueError with the reason.

Digits may be those of any script, full-width forms included. A decimal comma is refused: 1,234 is two amounts. Where
both a comma and a point stand in a number, in their places, it has one reading alone: 1,234.50 and 1.234,50 are taken.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import list_currencies

MOST_CHARACTERS = 64  # of a number, time or code; no longer one means anything
YEARS = range(1970, 2200)  # what lies outside is a typing error, and would overflow when moved to another offset

# What CLDR lists beside the 249 countries of ISO 3166-1: groupings, test codes and parts of countries. XK (Kosovo)
# is not assigned either, but it is what carriers write, so it stays.
_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_NOT_CURRENCIES = frozenset({"XXX", "XTS"})  # no currency, and the code for tests
_NOT_LANGUAGES = frozenset({"und", "mul", "zxx", "root"})

_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(\.[0-9]{1,4})?")
_GROUPED = re.compile(
    r"(-?)(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(\.)[0-9]{1,4}|[0-9]{1,3}(?:\.[0-9]{2,3})*\.[0-9]{3}(,)[0-9]{1,4})"
)  # lakhs have two digits between the commas
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)


def shown(text: str) -> str:
    """`text` as a reason quotes it: short, and with nothing unprintable."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def plain(text: str) -> str:
    """`text` with the digits of every script, full-width forms, spaces and the minus sign as ASCII.

    Raises:
        ValueError: it is longer than MOST_CHARACTERS.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"{shown(text)} is too long")
    if text.isascii():
        return text.strip() if text.isprintable() else " ".join(text.split())
    return "".join(_ascii(character) for character in text).strip()


def _ascii(character: str) -> str:
    """Not by Unicode's compatibility forms: they would read 12² as 122."""
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if "\uff01" <= character <= "\uff5e":  # the full-width forms stand in the order of ASCII
        return chr(ord(character) - 0xFEE0)
    if character.isspace():
        return " "
    return {"\u2212": "-", "\u066b": "."}.get(character, character)  # minus sign, Arabic decimal point


def amount(text: str) -> Decimal:
    """A decimal that is not negative: 12.50. With a point or comma between thousands: 1,234.50, 1.234,50."""
    number = plain(text)
    if grouped := _GROUPED.fullmatch(number):
        number = number.replace(",", "") if grouped[2] else number.replace(".", "").replace(",", ".")
    match = _AMOUNT.fullmatch(number)
    if match is None:
        raise ValueError(f"{shown(text)} is not a number with a decimal point, as in 12.50")
    if match[1]:
        raise ValueError(f"{shown(text)} is negative")
    return Decimal(match[0])


def money(text: str) -> tuple[Decimal, str]:
    """An amount and its ISO 4217 currency: 12.50 EUR, EUR 12.50."""
    number, _, code = plain(text).partition(" ")
    if not code:
        raise ValueError(f"{shown(text)} is not an amount and a currency, as in 12.50 EUR")
    if number.upper() in _currencies():
        number, code = code.strip(), number
    try:
        return amount(number), currency(code.strip())
    except ValueError as wrong:
        raise ValueError(f"{shown(text)}: {wrong}") from None


def percent(text: str) -> Decimal:
    """A percentage from 0 to 100, without a sign."""
    value = amount(text)
    if value > 100:
        raise ValueError(f"{shown(text)} is more than 100 percent")
    return value


def positive(text: str) -> int:
    """A whole number from 1."""
    found = re.fullmatch(r"[0-9]{1,9}", plain(text))
    if found is None or int(found[0]) == 0:
        raise ValueError(f"{shown(text)} is not a whole number from 1")
    return int(found[0])


def moment(text: str) -> datetime:
    """An ISO 8601 time with an offset from UTC."""
    try:
        time = datetime.fromisoformat(plain(text))
    except ValueError:
        raise ValueError(f"{shown(text)} is not an ISO 8601 time, as in 2026-11-01T10:00:00+01:00") from None
    if time.utcoffset() is None:
        raise ValueError(f"{shown(text)} has no offset from UTC, as in 2026-11-01T10:00:00+01:00")
    if time.year not in YEARS:
        raise ValueError(f"{shown(text)} is not in the years {YEARS[0]} to {YEARS[-1]}")
    return time


def interval(text: str) -> tuple[datetime | None, datetime | None]:
    """An ISO 8601 interval of two times with offsets, from/to; an end that is left out or .. is open."""
    if len(text) > 2 * MOST_CHARACTERS or text.count("/") != 1:
        raise ValueError(f"{shown(text)} is not two ISO 8601 times with / between them")
    ends = [end.strip() for end in text.split("/")]
    begin, end = (moment(end) if end not in ("", "..") else None for end in ends)
    if begin and end and end < begin:
        raise ValueError(f"{shown(text)} ends before it begins")
    return begin, end


def day(text: str) -> date:
    """An ISO 8601 date."""
    try:
        found = date.fromisoformat(plain(text))
    except ValueError:
        raise ValueError(f"{shown(text)} is not an ISO 8601 date, as in 2026-11-01") from None
    if found.year not in YEARS:
        raise ValueError(f"{shown(text)} is not in the years {YEARS[0]} to {YEARS[-1]}")
    return found


def currency(text: str) -> str:
    """An ISO 4217 code, in capitals."""
    code = plain(text).upper()
    if code not in _currencies():
        raise ValueError(f"{shown(text)} is not an ISO 4217 currency")
    return code


def country(text: str) -> str:
    """An ISO 3166-1 alpha-2 code, in capitals."""
    code = plain(text).upper()
    if code not in _countries():
        raise ValueError(f"{shown(text)} is not an ISO 3166-1 alpha-2 country")
    return code


def language(text: str) -> str:
    """A BCP 47 tag of language, script and region, in its usual capitals: zh-Hant, pt-BR."""
    match = _TAG.fullmatch(text)
    if match is None or match[1].lower() not in _languages():
        raise ValueError(f"{shown(text)} is not a BCP 47 language tag, as in es or zh-Hant")
    subtags = (match[1].lower(), (match[2] or "").title(), (match[3] or "").upper())
    return "-".join(tag for tag in subtags if tag)


def code(text: str) -> str:
    """An identifier as the shop writes it: up to 100 printable characters."""
    if len(text) > 100 or not text.isprintable():
        raise ValueError(f"{shown(text)} is not an identifier of at most 100 printable characters")
    return text


def words(text: str) -> str:
    """Free text as it stands."""
    return text


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - _NOT_CURRENCIES


@cache
def _countries() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NOT_COUNTRIES


@cache
def _languages() -> frozenset[str]:
    return frozenset(Locale("en").languages) - _NOT_LANGUAGES
