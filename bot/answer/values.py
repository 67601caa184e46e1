"""The values in a text: dates, times, prices, shares, other numbers, codes and addresses, whatever language says them.

A reply and the records that it rests on are read in the same way, so that "12,50 €" is 12.50 EUR, "8 novembre 2026" is
2026-11-08, and what a record says word for word is read alike in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from bot.answer import marks

Kind = Literal["link", "time", "date", "code", "amount", "percent", "number"]


class Value(msgspec.Struct, frozen=True):
    """One value as it is written, from `start` to `end` of the plain text, and all that it may mean.

    A reading is a number ("1250", "12.5"), number and currency ("12.5 EUR"), hours and minutes ("20:00"), a date
    ("2026-11-08", with 0 for the parts that are not said), or the code or address in small letters.
    """

    kind: Kind
    written: str
    readings: frozenset[str]
    start: int
    end: int


# Addresses: e-mail, web addresses, and what has the form of a domain.
_LINK = re.compile(r"\S+@\S+|[a-zA-Z][a-zA-Z+.]*://\S+|www\.\S+|(?<![\w.])(?:[^\W\d_][\w-]*\.)+[^\W\d_]{2,}(?:/\S*)?")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_TIME = re.compile(r"(?<![\d:.,])(\d{1,2}):(\d\d)(?::\d\d)?(?![\d:])")
_NUMERIC = re.compile(r"(?<![\d.,/-])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?![\d/-]|[.,]\d)")
_SIGNS = re.compile(r"(?:(\d{4})\s*[年년]\s*)?(?<!\d)(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日號号일])?")
_THANG = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?!\d)(?:\s*,?\s*(?:năm\s+)?(\d{4})(?!\d))?", re.IGNORECASE)
_CODE = re.compile(r"(?=[A-Za-z\-_/]*\d)(?=[\d\-_/]*[A-Za-z])[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
# A word, with the marks that scripts of India, Arabic and Thai write over and under letters.
MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
WORD = re.compile(rf"(?:[^\W\d_]|[{MARKS}])+")
# What may stand between the day and the month, and between the month and what follows.
_BEFORE = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|re|º|°|ª|-?[гео]+|-?е)?\.?\s*(?:de|del|of|di|d['’]|ngày)?\s*$")
_WITHIN = re.compile(r"\d[.,']?$")  # before the day: then it is no day, but the end of a number
_AFTER = re.compile(r"[.,]?\s*(?:de|del|of)?\s*(\d{1,4})(?:st|nd|rd|th)?(?![\d:]|[.,]\d)(?:\s?[гр]\.)?")
_YEAR = re.compile(r"[.,]?\s*(?:de|del|of|ค\.ศ\.|พ\.ศ\.)?\s*(\d{4})(?!\d)(?:\s?[гр]\.)?")
_BUDDHIST = 543  # years ahead of the common era, in Thailand
_BE = re.compile(r"พ\.ศ\.")
_THAI = re.compile("|".join(sorted((name for name in marks.months() if "ก" <= name[0] <= "ฮ"), key=len, reverse=True)))
_ESCAPED = {ord(space): " " for space in "\u00a0\u202f\u2009"}
_ESCAPED |= dict.fromkeys(map(ord, "\u200e\u200f\u061c\u2066\u2067\u2068\u2069"), "")  # marks of direction
_GROUPS = re.compile(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_BLANK = "\ue000"


def plain(text: str) -> str:
    """The text as values are read in it: one form of writing, Western digits, ' between thousands."""
    text = _GROUPS.sub("'", text).translate(_ESCAPED)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found.group())), text)


@lru_cache(maxsize=4096)
def read(text: str, language: str | None = None) -> tuple[Value, ...]:
    """The values of a plain text, by kind and place. `language` decides what "$" is; None: it may be any dollar."""
    found: list[Value] = []
    for value in _in_turn(text, language, rest := list(text)):
        found.append(value)
        rest[value.start : value.end] = _BLANK * (value.end - value.start)
    return tuple(found)


def without(text: str, values: tuple[Value, ...]) -> str:
    """The plain text with blanks in place of the values."""
    rest = list(text)
    for value in values:
        rest[value.start : value.end] = " " * (value.end - value.start)
    return "".join(rest)


def _in_turn(text: str, language: str | None, rest: list[str]) -> Iterator[Value]:
    """Each kind reads what those before it have left."""
    if "." in text or "@" in text or ":" in text:
        for found in _LINK.finditer(text):
            written = found.group().rstrip(".,;:!?)]}»”\"'。，")
            yield Value("link", written, frozenset({written.casefold()}), found.start(), found.start() + len(written))
    if not any(map(str.isdigit, text)):
        return
    left = "".join(rest)
    for found in _MOMENT.finditer(left):
        day, time = f"{found[1]}-{found[2]}-{found[3]}", f"{found[4]}:{found[5]}"
        yield Value("date", day, frozenset({day}), found.start(), found.end())
        yield Value("time", time, frozenset({time}), found.start(), found.end())
    yield from _dates("".join(rest))
    for found in _TIME.finditer("".join(rest)):
        yield Value("time", found.group(), frozenset({f"{int(found[1]):02}:{found[2]}"}), found.start(), found.end())
    for found in _CODE.finditer("".join(rest)):
        yield Value("code", found.group(), frozenset({found.group().casefold()}), found.start(), found.end())
    left = "".join(rest)
    for found in _NUMBER.finditer(left):
        yield _number(left, found.group(), found.start(), found.end(), language)


def _dates(text: str) -> Iterator[Value]:
    for found in _NUMERIC.finditer(text):
        first, second, third = int(found[1]), int(found[3]), int(found[4])
        orders = ((first, second, third), (third, second, first), (third, first, second))
        readings = {day for year, month, number in orders if (day := _date(year, month, number)) and year >= 1000}
        if readings:
            yield Value("date", found.group(), frozenset(readings), found.start(), found.end())
    for pattern, order in ((_SIGNS, (1, 2, 3)), (_THANG, (3, 2, 1))):
        if pattern is _THANG and "háng" not in text and "HÁNG" not in text:
            continue
        for found in pattern.finditer(text):
            year, month, number = (int(found[place] or 0) for place in order)
            if day := _date(year, month, number):
                yield Value("date", found.group(), frozenset({day}), found.start(), found.end())
    yield from _dates_in_words(text)


def _dates_in_words(text: str) -> Iterator[Value]:
    names, short = marks.months(), marks.months(short=True)
    taken = 0  # up to where the text belongs to a date before
    for word in (*WORD.finditer(text), *_THAI.finditer(text)):
        name = word.group().casefold()
        months = names.get(name) or short.get(name)
        if months is None or word.start() < taken:
            continue
        before = _BEFORE.search(text, max(taken, word.start() - 12), word.start())
        start, end, day, year = word.start(), word.end(), 0, 0
        if (
            before
            and 1 <= int(before[1]) <= 31
            and not _WITHIN.search(text, max(0, before.start() - 2), before.start())
        ):
            start, day = before.start(), int(before[1])
        if not day and (after := _AFTER.match(text, end)):
            number = int(after[1])
            if 1 <= number <= 31:
                day, end = number, after.end()
            elif number >= 1000:
                year, end = number, after.end()
        if not year and (follows := _YEAR.match(text, end)):
            year, end = int(follows[1]), follows.end()
            year -= _BUDDHIST if _BE.search(follows.group()) else 0
        readings = frozenset(date for month in months if (date := _date(year, month, day)))
        # Shortened, it is a month only where a whole date stands: "5 mar" may be the sea.
        if (day and year if name not in names else day or year) and readings:
            taken = end
            yield Value("date", text[start:end], readings, start, end)


def _date(year: int, month: int, day: int) -> str:
    """ISO 8601 with zeros for what is not said; empty where there is no such date."""
    if not 1 <= month <= 12 or not 0 <= day <= 31 or not (year == 0 or 1000 <= year <= 9999):
        return ""
    return f"{year:04}-{month:02}-{day:02}"


def _number(text: str, written: str, start: int, end: int, language: str | None) -> Value:
    """A number, with the currency or the sign of percent before or behind it."""
    meant = readings(written)
    known = marks.of_language(language)
    (behind, ends), (before, begins) = _mark_behind(text, end, known), _mark_before(text, start, known)
    if "%" in (behind, before):
        start, end = (start, ends) if behind == "%" else (begins, end)
        return Value("percent", text[start:end], meant, start, end)
    # Of two, the one that touches: "Preis 5 €: 3 Stück" is no 5 of something else.
    codes, start, end = (
        (before, begins, end) if before and (not behind or begins + 1 == start) else (behind, start, ends)
    )
    if not codes:
        return Value("number", written, meant, start, end)
    return Value(
        "amount", text[start:end], frozenset(f"{n} {code}" for n in meant for code in codes.split()), start, end
    )


def _mark_behind(text: str, end: int, known: marks.Marks) -> tuple[str, int]:
    """What the mark behind a number means, if there is one, and where it ends."""
    begins = end + 1 if text[end : end + 1] == " " else end
    edge = text[begins : begins + 2].casefold()
    for length in (*known.heads.get(edge, ()), *known.heads.get(edge[:1], ())):
        ends = begins + length
        if (meant := known.meaning(text[begins:ends])) and not _is_cut(text, ends):
            return meant, ends
    return "", end


def _mark_before(text: str, start: int, known: marks.Marks) -> tuple[str, int]:
    """The same before it, and where it begins."""
    ends = start - 1 if text[start - 1 : start] == " " else start
    edge = text[max(0, ends - 2) : ends].casefold()
    for length in (*known.tails.get(edge, ()), *known.tails.get(edge[-1:], ())):
        begins = ends - length
        if begins >= 0 and (meant := known.meaning(text[begins:ends])) and not _is_cut(text, begins):
            return meant, begins
    return "", start


def _is_cut(text: str, place: int) -> bool:
    """Whether the place lies within a word of a script that puts spaces between them."""
    if not 0 < place < len(text):
        return False
    before, behind = text[place - 1], text[place]
    return before.isalpha() and behind.isalpha() and not ("\u0e00" <= before <= "\u0e7f" or before >= "\u2e80")


@lru_cache(maxsize=4096)
def readings(number: str) -> frozenset[str]:
    """What the digits may mean: "1.250" is 1250 or 1.25, "08" is 8, "12,50" is 12.5."""
    parts = re.split(r"\D", number)
    whole = "".join(parts).lstrip("0") or "0"
    if len(parts) == 1:
        return frozenset({whole})
    fraction = parts[-1].rstrip("0")
    units = "".join(parts[:-1]).lstrip("0") or "0"
    decimal = f"{units}.{fraction}" if fraction else units
    # Three digits after the only separator may be thousands; otherwise the last separator is the decimal one,
    # unless there are several alike ("1.234.567", "2026.11.08").
    if len(parts) == 2 and len(parts[1]) == 3:
        return frozenset({whole, decimal})
    # "1,00,000" is how India groups.
    if len(parts) > 2 and len(parts[-1]) == 3 and {len(part) for part in parts[1:-1]} in ({2}, {3}):
        return frozenset({whole})
    return frozenset({decimal})
