"""What the bot says, in each language: gettext catalogues (one .po a language), numbers, dates and names by CLDR.

A phrase is named by a key ("order.status") and holds named places ({order}); the catalogue of every language has the
same keys and places, which a test keeps. Digits are Western in every language.

What is put into a phrase that is written from right to left stands between isolates (Unicode Standard Annex 9), so
that no code, price or name of another script is torn or drawn into the order of the words around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_percent, get_currency_precision

FOLDER = Path(__file__).with_name("phrases")
_LETTER_AND_DIGIT = re.compile(r"(?<=[A-Za-z])(?=\d)")  # "CHF12.50" would read as one code

RIGHT_TO_LEFT = frozenset({"ar", "he"})
_LEFT, _RIGHT, _END = "\u2066", "\u2067", "\u2069"  # isolates: from the left, from the right, and where they end
_MARKS = re.compile("[\u2066-\u2069]")
_ISOLATED = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
_PLAIN = re.compile(r"[\d\s]*(?:[.,:]\d+)*")  # nothing in a number alone can change places
# "2–4", "-5", "30 x 40": read from the right, their parts would change places.
_DIGITS = r"\d[\d.,]{0,15}"
_MORE = rf"\s?[-–−/x×]\s?{_DIGITS}"
_SERIES = re.compile(rf"(?<!\w)(?:[+\-−]{_DIGITS}|{_DIGITS}(?={_MORE}))(?:{_MORE})*(?<=\d)%?")


def best(language: str, among: Iterable[str]) -> str | None:
    """The tag of `among` that serves a speaker of `language` best: itself, its script or region dropped, or None."""
    known = {tag.lower(): tag for tag in among}
    wanted = language.replace("_", "-").lower()
    if wanted.startswith("zh-") and wanted.split("-")[1] in {"tw", "hk", "mo"}:
        wanted = "zh-hant"
    while wanted:
        if wanted in known:
            return known[wanted]
        wanted = wanted.rpartition("-")[0]
    return None


class Phrasebook:
    """The catalogues of a folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._said = {path.stem: _read(path) for path in sorted(folder.glob("*.po"))}

    @property
    def languages(self) -> tuple[str, ...]:
        """The BCP 47 tags that there is a catalogue for."""
        return tuple(self._said)

    def say(self, language: str, key: str, /, **values: str) -> str:
        """The phrase `key` in `language` (one of `languages`), its places filled, each value `kept_together`.

        Raises:
            KeyError: no such language, key or place.
        """
        if language in RIGHT_TO_LEFT:
            values = {name: kept_together(value) for name, value in values.items()}
        return self._said[language][key].format_map(values)

    def texts(self, language: str) -> Mapping[str, str]:
        """Every phrase of `language` (one of `languages`) by its key, its places open.

        Raises:
            KeyError: no such language.
        """
        return MappingProxyType(self._said[language])

    def widget(self, language: str) -> dict[str, str]:
        """The widget's texts by key, in the language that serves a speaker of `language` best."""
        said = self._said[best(language, self._said) or "en"]
        return {key.removeprefix("widget."): text for key, text in said.items() if key.startswith("widget.")}


def kept_together(value: str) -> str:
    """A value as it stands in a text from right to left: between isolates where its parts could change places.

    It reads from the left but where its first letter or most of them do not. What is isolated within it stays so.
    """
    loose = _loose(value)
    if _MARKS.search(loose):  # a record's own, left open: it would reach into the phrase
        value = loose = _MARKS.sub("", value)
    kinds = [unicodedata.bidirectional(sign) for sign in loose]
    left, right = kinds.count("L"), kinds.count("R") + kinds.count("AL")
    if _PLAIN.fullmatch(loose) or not any(map(str.isalnum, loose)):
        return value
    if right and not left:
        return _SERIES.sub(lambda found: f"{_LEFT}{found.group()}{_END}", value) if loose == value else value
    # CLDR writes the sign of a currency to the left of the number in these languages.
    sign_alone = not left and "Sc" in map(unicodedata.category, loose) and "-" not in loose
    first = next((kind for kind in kinds if kind in ("L", "R", "AL")), "L")
    return f"{_RIGHT if right > left or first != 'L' or sign_alone else _LEFT}{value}{_END}"


def _loose(value: str) -> str:
    """What of a value stands between no isolates."""
    while (rest := _ISOLATED.sub("", value)) != value:
        value = rest
    return value


def _read(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem.replace("-", "_"))
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id}


@cache
def locale_of(language: str) -> Locale:
    """The CLDR locale of a BCP 47 tag.

    Raises:
        babel.UnknownLocaleError, ValueError: there is none.
    """
    return Locale.parse(language, sep="-")


def money(amount: Decimal, currency: str, language: str) -> str:
    """12.5, "EUR" → "12,50 €", with the currency's own number of decimals."""
    # A price per screw may have more decimals than its currency has coins: it is said as it is.
    exact = -int(amount.normalize().as_tuple().exponent) > get_currency_precision(currency)
    said = format_currency(
        amount, currency, locale=locale_of(language), currency_digits=not exact, decimal_quantization=not exact
    )
    return _LETTER_AND_DIGIT.sub("\u00a0", _plain(said))


def percent(value: Decimal, language: str) -> str:
    """20 → "20 %": the value is given in percent, not as a fraction."""
    return _plain(format_percent(value / 100, locale=locale_of(language), decimal_quantization=False))


def day(when: date | datetime, language: str) -> str:
    """The date in words: "8 November 2026", "2026年11月8日". A time shows the date where it was taken."""
    return format_date(when, "long", locale=locale_of(language))


def moment(when: datetime, language: str) -> str:
    """Date and 24-hour time, as the clock showed where it was taken."""
    return f"{day(when, language)}, {format_datetime(when, 'HH:mm', locale=locale_of(language))}"


def country(code: str, language: str) -> str:
    """The country's name, or its code where CLDR has none."""
    return str(locale_of(language).territories.get(code, code))


def language_name(tag: str, language: str) -> str:
    """What a language is called in another, or its tag."""
    return str(locale_of(tag).get_display_name(locale_of(language)) or tag)


def _plain(text: str) -> str:
    """Without the marks of direction and the narrow spaces that CLDR puts in: they break copying and matching."""
    return text.replace("\u200e", "").replace("\u200f", "").replace("\u061c", "").replace("\u202f", "\u00a0")
