"""What a message names: numbers and codes, colours, sizes, countries, e-mail addresses. No model, any script.

Colours come from bot/lexicon/colours.tsv, countries from CLDR's territory names and bot/lexicon/countries.tsv.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from bot.phrasebook import locale_of

LEXICON = Path(__file__).with_name("lexicon")

# A code as shops and carriers write it: Latin letters and digits, joined by dashes, slashes, dots or #, with a digit.
_CODE = re.compile(r"(?<![\w@.])#?(?=[A-Za-z\-_/.]*\d)[A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*(?![\w@])", re.ASCII)
# "RR 1234 5678 5 DE": groups of a long number written apart.
_GROUPED = re.compile(r"(?<![\w])(?:[A-Za-z]{2} ?)?\d{3,4}(?:[ \-]\d{1,4}){2,5}(?: ?[A-Za-z]{2})?(?![\w])", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_NUMBER_OR_LETTERS = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[.,]5)?|[XSML]{1,4}|\dXL)(?![\w.,]*\d)(?![A-Za-z])")
_WRITTEN_TOGETHER = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Letters that Arabic and Hebrew put before a noun: and, in, to, the, from, for.
_ATTACHED = {"ar": "(?:[وفبلك]{0,2}(?:ال|ل)?)", "he": "(?:[ובלהמש]{0,2})"}
# Languages whose country names change their ending with the case.
_INFLECTED = frozenset({"ru", "uk", "pl", "tr", "de", "nl"})


class Entities(msgspec.Struct, frozen=True):
    """What was found, in the order of the text. Codes as written (NFKC), colours as the lexicon's English names,
    sizes as the shop writes them, countries ISO 3166-1 alpha-2."""

    codes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


def find(text: str, language: str, sizes: frozenset[str]) -> Entities:
    """All that `text` names. `language` (BCP 47) chooses the words for colours and countries, English always counts;
    `sizes` are the shop's own, so that a plain "42" is a size only where the shop sells one."""
    text = unicodedata.normalize("NFKC", text)
    emails = tuple(dict.fromkeys(m.group() for m in _EMAIL.finditer(text)))
    bare = _EMAIL.sub(" ", text)
    codes = [m.group().lstrip("#") for m in _GROUPED.finditer(bare)] + [
        m.group().lstrip("#") for m in _CODE.finditer(bare)
    ]
    known_sizes = {size.casefold(): size for size in sizes}
    named = (known_sizes.get(m.group().replace(",", ".").casefold()) for m in _NUMBER_OR_LETTERS.finditer(bare))
    languages = tuple(dict.fromkeys((language, "en")))
    return Entities(
        codes=tuple(dict.fromkeys(codes)),
        emails=emails,
        colours=_named(bare, languages, _colour_words),
        sizes=tuple(dict.fromkeys(size for size in named if size)),
        countries=_named(bare, languages, _country_words),
    )


def colour_of(value: str) -> str | None:
    """The lexicon's colour of a product's own colour text in any of the languages, or None."""
    return _all_colours().get(unicodedata.normalize("NFKC", value).strip().casefold())


class _Words(msgspec.Struct, frozen=True):
    """Words of one language in one pattern, longest first, and what each means."""

    pattern: re.Pattern[str]
    meanings: dict[str, str]  # group name → meaning


def _named(text: str, languages: Iterable[str], words_of: Callable[[str], _Words]) -> tuple[str, ...]:
    found: list[tuple[int, str]] = []
    for language in languages:
        words = words_of(language)
        for match in words.pattern.finditer(text):
            found.append((match.start(), words.meanings[str(match.lastgroup)]))
    return tuple(dict.fromkeys(meaning for _, meaning in sorted(found, key=lambda item: item[0])))


def _compile(forms: dict[str, str], language: str, inflected: bool) -> _Words:
    """`forms`: surface form → meaning."""
    by_meaning: dict[str, str] = {}
    alternatives = []
    for number, (form, meaning) in enumerate(sorted(forms.items(), key=lambda item: -len(item[0]))):
        name = f"g{number}"
        by_meaning[name] = meaning
        alternatives.append(f"(?P<{name}>{_alternative(form, language, inflected)})")
    # A pattern without words matches nothing.
    return _Words(re.compile("|".join(alternatives) or r"(?!)", re.IGNORECASE), by_meaning)


def _alternative(form: str, language: str, inflected: bool) -> str:
    if _WRITTEN_TOGETHER.search(form):
        return re.escape(form)
    if inflected and language in _INFLECTED and len(form) >= 5 and form[-1].isalpha():
        stem = form[:-1] if form[-1] in "аяіьйaeyao" else form
        return rf"\b{re.escape(stem)}['’]?\w{{0,4}}\b"
    return rf"\b{_ATTACHED.get(language, '')}{re.escape(form)}\b"


@lru_cache(maxsize=64)
def _colour_words(language: str) -> _Words:
    return _compile(_colours().get(language, {}), language, inflected=False)


@lru_cache(maxsize=64)
def _country_words(language: str) -> _Words:
    forms = {
        name: code
        for code, name in locale_of(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
    }
    for code, tag, names in _rows("countries.tsv"):
        if tag == language:
            forms |= {name.strip(): code for name in names.split("|") if name.strip()}
    return _compile({form: code for form, code in forms.items() if len(form) > 1}, language, inflected=True)


@lru_cache(maxsize=1)
def _colours() -> dict[str, dict[str, str]]:
    """Language → surface form → English colour."""
    header, *rows = _rows("colours.tsv", header=True)
    return {
        language: {form.strip().casefold(): row[0] for row in rows for form in row[column].split("|") if form.strip()}
        for column, language in enumerate(header)
        if column > 0
    }


@lru_cache(maxsize=1)
def _all_colours() -> dict[str, str]:
    merged: dict[str, str] = {}
    for forms in reversed(list(_colours().values())):  # English, the first, wins
        merged |= forms
    return merged


def _rows(name: str, *, header: bool = False) -> list[list[str]]:
    with (LEXICON / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows if header else rows[1:]
