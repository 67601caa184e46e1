"""What a text in another language says in figures: times, amounts, percentages and countries, in the reader's words.

Only what is said by a number and a unit beside it. Units of time come from CLDR, working days, which are other days,
from bot/lexicon/working_days.tsv.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Set
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from babel.dates import format_timedelta

from bot import entities
from bot.phrasebook import country, locale_of, money, percent
from bot.price_limits import amounts

Unit = Literal["year", "month", "week", "day", "hour"]
UNITS: dict[Unit, timedelta] = {
    "year": timedelta(days=365),
    "month": timedelta(days=30),
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
}
_WORKING_DAYS = Path(__file__).parents[1] / "lexicon" / "working_days.tsv"
_COUNTS = (1, 2, 3, 5, 11, 21, 100)  # enough for every plural form of CLDR
_PERCENT = re.compile(r"(?<![A-Za-z0-9.,])(\d{1,3}(?:[.,]\d{1,2})?)[ \u00a0]?%")
_NO_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
MOST = 8  # figures: a text with more of them is a table, and needs its labels


def figures(text: str, written_in: str, language: str, working_days: Callable[[str], str]) -> tuple[str, ...]:
    """What `text` (in `written_in`, BCP 47) says in figures, in `language`, in its order; empty where it is too much.

    Amounts stay in their currency. `working_days` says so many of them.
    """
    text = unicodedata.normalize("NFKC", text)
    working = [(match.start(), working_days(_count(match))) for match in _working(written_in).finditer(text)]
    starts = {start for start, _ in working}
    times = [found for found in _times(text, written_in, language) if found[0] not in starts]
    found = sorted((*working, *times, *_money(text, language), *_percents(text, language)))
    named = [country(code, language) for code in entities.find(text, written_in, frozenset()).countries]
    said = tuple(dict.fromkeys((*(words for _, words in found), *named)))
    return said if len(said) <= MOST else ()


def duration(count: int, unit: Unit, language: str) -> str:
    """A time in words, in the nominative: "3 days", "3 дня"."""
    said = format_timedelta(UNITS[unit] * count, granularity=unit, threshold=10**9, locale=locale_of(language))
    return str(said).replace("\u202f", "\u00a0")


def _times(text: str, written_in: str, language: str) -> Iterator[tuple[int, str]]:
    for unit, pattern in _units(written_in).items():
        for match in pattern.finditer(text):
            said = duration(int(match["most"]), unit, language)
            yield match.start(), said.replace(match["most"], _count(match))


def _count(match: re.Match[str]) -> str:
    return f"{match['least']}–{match['most']}" if match["least"] else match["most"]


def _money(text: str, language: str) -> Iterator[tuple[int, str]]:
    for amount in amounts(text):
        if len(amount.currencies) == 1:
            yield amount.start, money(amount.value, amount.currencies[0], language)


def _percents(text: str, language: str) -> Iterator[tuple[int, str]]:
    for match in _PERCENT.finditer(text):
        yield match.start(), percent(Decimal(match[1].replace(",", ".")), language)


@lru_cache(maxsize=64)
def _units(language: str) -> dict[Unit, re.Pattern[str]]:
    """By unit, a number with the unit's name in any plural, and in a case that adds a letter or two to it."""
    return {unit: _pattern({_name(count, unit, language) for count in _COUNTS} - {""}) for unit in UNITS}


@lru_cache(maxsize=64)
def _working(language: str) -> re.Pattern[str]:
    return _pattern(_working_days().get(language) or _working_days().get(language.split("-")[0], frozenset()))


@lru_cache(maxsize=1)
def _working_days() -> dict[str, frozenset[str]]:
    with _WORKING_DAYS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return {language: frozenset(forms.split("|")) for language, forms in rows}


def _name(count: int, unit: Unit, language: str) -> str:
    """The unit's name beside a number; empty where the number is not written in figures ("يومان")."""
    said = duration(count, unit, language)
    return said.replace(str(count), "").strip() if str(count) in said else ""


def _pattern(names: Set[str]) -> re.Pattern[str]:
    if not names:
        return re.compile(r"(?!)")
    forms = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    ends = "" if any(map(_NO_SPACES.search, names)) else r"\w{0,2}(?!\w)"
    number = r"(?<![A-Za-z0-9.,\-–月])(?:(?P<least>\d{1,3})[ ]?(?:-|–|~|〜)[ ]?)?(?P<most>[1-9]\d{0,2})"
    return re.compile(rf"{number}[ \u00a0-]?(?:{forms}){ends}", re.IGNORECASE)
