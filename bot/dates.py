"""Days that a message names: "last Tuesday", "vor 3 Tagen", "上周二", "17 ноября", 2026-11-17. No model, 21 languages.

The words stand in bot/lexicon/dates.tsv, the names of months come from CLDR. What lies before today is meant, as
befits what was ordered: "on Tuesday" is the last one there was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bot.named_words import HAS_TOGETHER, folded, plain, rows
from bot.phrasebook import locale_of
from knowledge.records import Order

LONGEST = 400  # days back that anything is looked for
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ISO = re.compile(r"(?<![\d./-])(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?![\d./-])")
_NUMERIC = re.compile(r"(?<![\d./,-])(\d{1,2})[./-](\d{1,2})(?:\.|[./-](\d{4}|\d\d))?(?![\d€$%])")
_CJK = re.compile(r"(?:(\d{4}) ?[年년] ?)?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号號일]")
_VIETNAMESE = re.compile(r"(?<!\d)(\d{1,2}) tháng (\d{1,2})(?!\d)")
_ALWAYS = re.compile(r"(?<!\d)24/7(?!\d)")  # around the clock, and no day
# Languages in which "last Tuesday" is that of the calendar week before, and of no other.
_OF_THE_WEEK_BEFORE = frozenset({"zh", "zh-Hant", "ja", "ko", "vi"})
_BUDDHIST = 543  # years of the Thai calendar before 1 CE
_APOSTROPHE = re.compile("[’ʼ`]")


class Span(msgspec.Struct, frozen=True, order=True):
    """The days from `first` to `last`, both of them within."""

    first: date
    last: date


def dates(text: str, language: str, today: date) -> tuple[Span, ...]:
    """The days that a text in `language` (BCP 47) names, the likeliest reading first; empty where it names none."""
    text = _APOSTROPHE.sub("'", folded(plain(text)))
    found = [*_written(text, language, today), *_relative(text, language, today)]
    near = [span for span in found if timedelta(0) <= today - span.first <= timedelta(LONGEST)]
    return tuple(dict.fromkeys(near))


def of_those_days(orders: Sequence[Order], spans: Sequence[Span], zone: ZoneInfo) -> list[Order]:
    """The orders that were placed on one of these days as they were in the time zone, those of the first span first."""
    found = [
        order
        for span in spans
        for order in orders
        if span.first <= order.placed_at.astimezone(zone).date() <= span.last
    ]
    return list({order.id: order for order in found}.values())


def _relative(text: str, language: str, today: date) -> Iterator[Span]:
    words = _words().get(language) or _words()["en"]
    for kind, unit in (("days_ago", 1), ("weeks_ago", 7)):
        for count in _counted(text, words[kind]):
            at = today - timedelta(min(count * unit, LONGEST + 1))
            # "Two weeks ago" is seldom exact.
            yield Span(at, at) if unit == 1 else Span(at - timedelta(3), min(at + timedelta(3), today))
    for back, kind in enumerate(("today", "yesterday", "before_yesterday")):
        # The longest first: yesterday stands in the day before yesterday.
        if _stands(text, words[kind]) and not (back == 1 and _stands(text, words["before_yesterday"])):
            yield _one(today - timedelta(back))
    weekday = next((number for number, name in enumerate(_DAYS) if _stands(text, words[name])), None)
    if weekday is not None:
        yield from _weekday(weekday, bool(_stands(text, words["last"])), language, today)
    elif _stands(text, words["last_week"]):
        monday = today - timedelta(today.weekday() + 7)
        yield Span(monday, monday + timedelta(6))
    elif _stands(text, words["last_month"]):
        end = today.replace(day=1) - timedelta(1)
        yield Span(end.replace(day=1), end)


def _weekday(weekday: int, last: bool, language: str, today: date) -> Iterator[Span]:
    back = (today.weekday() - weekday) % 7
    nearest = today - timedelta(back or (7 if last else 0))
    week_before = today - timedelta(today.weekday() + 7 - weekday)
    if not (last and language in _OF_THE_WEEK_BEFORE):
        yield _one(nearest)
    if last:
        yield _one(week_before)


def _written(text: str, language: str, today: date) -> Iterator[Span]:
    for year, month, number in _ISO.findall(text):
        yield from _day(int(year), int(month), int(number), today)
    rest = _ALWAYS.sub(" ", _ISO.sub(" ", text))
    for number, month in _VIETNAMESE.findall(rest):
        yield from _day(None, int(month), int(number), today)
    for year, month, number in _CJK.findall(rest):
        yield from _day(int(year) if year else None, int(month), int(number), today)
    for one, other, year in _NUMERIC.findall(rest):
        if not year and f"{one}.{other}" in rest and f"{one}.{other}." not in rest and f"{one}.{other} " not in rest:
            continue  # 3.99 is a price
        pairs = [(int(other), int(one)), (int(one), int(other))]
        for month, number in pairs if not _month_first(language) else pairs[::-1]:
            yield from _day(_year(year), month, number, today)
    for name, month in _months(language):
        for before, after in re.findall(_beside(name), rest):
            yield from _day(None, month, int(before or after), today)


def _beside(name: str) -> str:
    """A day of the month before or after a month's name: "17 de noviembre", "November 17th"."""
    number = r"(\d{1,2})"
    after = rf"(?<!\d){number}(?:\.|-?го|st|nd|rd|th|º|er)?(?: de| of| tháng)? ?{name}(?!\w)"
    return rf"{after}|(?<!\w){name}\.? {number}(?!\d)"


def _day(year: int | None, month: int, number: int, today: date) -> Iterator[Span]:
    """That day; without a year, the last one there was."""
    if year is not None and year > today.year + 400:
        year -= _BUDDHIST
    for guess in (year,) if year is not None else (today.year, today.year - 1):
        try:
            day = date(guess, month, number)
        except ValueError:
            continue
        if day <= today:
            yield _one(day)
            return


def _year(text: str) -> int | None:
    if not text:
        return None
    return 2000 + int(text) if len(text) == 2 else int(text)


def _one(day: date) -> Span:
    return Span(day, day)


def _counted(text: str, forms: Sequence[str]) -> Iterator[int]:
    for form in forms:
        number, _, whole = form.partition("=")
        if whole:
            if _stands(text, (whole,)):
                yield int(number)
            continue
        before, _, after = form.partition("#")
        pattern = rf"{re.escape(before.rstrip())}\s*(\d{{1,3}})\s*{re.escape(after.lstrip())}"
        yield from (int(count) for count in re.findall(rf"(?<!\w){pattern}" if before else rf"(?<!\d){pattern}", text))


def _stands(text: str, forms: Sequence[str]) -> bool:
    """Whether one of these forms is in the text: as words, or anywhere in scripts that put no spaces between words."""
    return any(
        form in text
        if HAS_TOGETHER.search(form)
        else re.search(rf"(?<!\w)(?:وال|بال|ב|ה)?{re.escape(form)}(?!\w)", text)
        for form in forms
    )


def _month_first(language: str) -> bool:
    pattern = str(locale_of(language).date_formats["short"].pattern)
    return pattern.find("M") < pattern.find("d") and not pattern.startswith("y")


@lru_cache(maxsize=32)
def _months(language: str) -> tuple[tuple[str, int], ...]:
    """The names of the months as CLDR writes them, folded and escaped, the longest first."""
    every: Any = locale_of(language).months
    names = {
        (folded(str(name)).rstrip("."), number)
        for form in every.values()
        for width in ("wide", "abbreviated")
        for number, name in form[width].items()
    }
    written = {(name, number) for name, number in names if len(name) > 2 and not any(map(str.isdigit, name))}
    return tuple((re.escape(name), number) for name, number in sorted(written, key=lambda each: -len(each[0])))


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, tuple[str, ...]]]:
    """Language → kind → forms, folded."""
    header, *lines = rows("dates.tsv", header=True)
    return {
        line[0]: {
            kind: tuple(folded(form) for form in cell.split("|"))
            for kind, cell in zip(header[1:], line[1:], strict=True)
        }
        for line in lines
    }
