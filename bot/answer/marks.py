"""What CLDR calls months, currencies and percent in every language that the bot writes: the marks by which a number in
a text is read as a date, a price or a share."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from babel.numbers import get_currency_name, list_currencies
from babel.units import format_unit

from bot.phrasebook import locale_of
from bot.settings import LANGUAGES

# Currencies that prices are often told in; their names are read as well as their codes and symbols.
_NAMED = (
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "JPY", "KRW", "KWD", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY",
    "TWD", "UAH", "USD", "VND", "ZAR",
)  # fmt: skip
# Where the noun stands in a currency's name: "US dollar", "dólar estadounidense". By itself it is read too.
_NOUN_FIRST = frozenset({"es", "fr", "pt", "it", "pl", "ar", "he", "id", "vi", "th"})
# How people write them that CLDR gives in no language's own list.
_SYMBOLS = {
    "$": "USD CAD AUD NZD HKD SGD TWD MXN", "¥": "CNY JPY", "元": "CNY TWD HKD", "块": "CNY", "塊": "TWD", "圓": "TWD",
    "円": "JPY", "원": "KRW", "kr": "SEK NOK DKK", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "р.": "RUB", "грн": "UAH",
    "₴": "UAH", "zł": "PLN", "Kč": "CZK", "₺": "TRY", "TL": "TRY", "₹": "INR", "₩": "KRW", "₫": "VND", "đ": "VND",
    "฿": "THB", "บาท": "THB", "₪": "ILS", "Rp": "IDR", "R$": "BRL", "£": "GBP", "€": "EUR", "Fr.": "CHF", "Ft": "HUF",
    "ドル": "USD CAD AUD NZD HKD SGD", "달러": "USD CAD AUD NZD HKD SGD", "美金": "USD",
}  # fmt: skip


def folded(text: str) -> str:
    """The letters without case, in one form of writing."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def months(short: bool = False) -> dict[str, frozenset[int]]:
    """Months 1..12 by their names in all languages, or by what these are shortened to and are not a whole name in
    another: "mar" may be one of several, and "out" (of outubro) none at all."""
    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        every: Any = locale_of(language).months
        for form in ("format", "stand-alone"):
            for number, name in every[form]["abbreviated" if short else "wide"].items():
                word = folded(name).strip(" .")
                if (len(word) < 3 and word.isascii()) or any(map(str.isdigit, word)) or " " in word:
                    continue
                for said in (word, f"ב{word}") if language == "he" else (word,):
                    found.setdefault(said, set()).add(int(number))
    whole = months() if short else {}
    return {name: frozenset(numbers) for name, numbers in found.items() if name not in whole}


class Marks(msgspec.Struct, frozen=True):
    """What stands beside a number: `exact` as it is written, `names` in small letters, each with the ISO 4217 codes
    that it may mean, or "%". `heads` and `tails` give, by the first two signs of a mark in small letters and by the
    last two, how long such marks are, longest first."""

    exact: dict[str, str]
    names: dict[str, str]
    heads: dict[str, tuple[int, ...]]
    tails: dict[str, tuple[int, ...]]

    def meaning(self, mark: str) -> str:
        """The currencies that a mark may mean, parted by spaces, or "%"; nothing where it is none."""
        return self.exact.get(mark) or self.names.get(mark.casefold(), "")


@cache
def of_language(language: str | None) -> Marks:
    """The marks as they are read in a language; None: all that they may mean in any."""
    exact = {mark: " ".join(sorted(codes)) for mark, codes in (_symbols(language) if language else _any()).items()}
    names = {name: " ".join(sorted(codes)) for name, codes in _names().items()}
    names |= dict.fromkeys(_percent(), "%")
    every = {mark.casefold() for mark in (*exact, *names)}
    return Marks(exact, names, _lengths(every, lambda mark: mark[:2]), _lengths(every, lambda mark: mark[-2:]))


def _lengths(every: set[str], edge: Callable[[str], str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for mark in every:
        found.setdefault(edge(mark), set()).add(len(mark))
    return {key: tuple(sorted(lengths, reverse=True)) for key, lengths in found.items()}


def _symbols(language: str) -> dict[str, frozenset[str]]:
    """By code and symbol, in `language` where that has the symbol."""
    own: dict[str, set[str]] = {}
    for code, symbol in locale_of(language).currency_symbols.items():
        own.setdefault(_symbol(symbol), set()).add(code)
    every = {code: frozenset({code}) for code in list_currencies()}
    every |= {symbol: frozenset(codes.split()) for symbol, codes in _SYMBOLS.items()}
    return every | {symbol: frozenset(codes) for symbol, codes in own.items()}


def _any() -> dict[str, frozenset[str]]:
    """The same of all languages together: what a symbol may mean in a record whose language is not known."""
    found: dict[str, frozenset[str]] = {}
    for language in LANGUAGES:
        for symbol, codes in _symbols(language).items():
            found[symbol] = found.get(symbol, frozenset()) | codes
    return {symbol: codes | frozenset(_SYMBOLS.get(symbol, "").split()) for symbol, codes in found.items()}


def _symbol(text: str) -> str:
    return unicodedata.normalize("NFKC", "".join(c for c in text if c not in "\u200e\u200f\u061c")).strip()


@cache
def _names() -> dict[str, frozenset[str]]:
    """By what currencies are called in all languages, in any number: "euros", "доллара США"."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for code in _NAMED:
            for count in (None, 0, 1, 2, 3, 5, 11, 100):
                name = folded(get_currency_name(code, count, locale_of(language)))
                words = name.split()
                noun = words[0 if language in _NOUN_FIRST or words[-1] == "сша" else -1]
                for said in (name, noun) if len(noun) > 2 else (name,):
                    found.setdefault(said, set()).add(code)
    return {name: frozenset(codes) for name, codes in found.items()}


@cache
def _percent() -> frozenset[str]:
    """What stands behind or before a number of percent, in any language, without the number."""
    words = {"%", "٪"}
    for language in LANGUAGES:
        for count in (1, 2, 3, 5, 11):
            said = folded(format_unit(count, "concentr-percent", "long", locale=locale_of(language)))
            words.add(said.replace(str(count), "").strip(" \u200f\u200e"))
    return frozenset(word for word in words if word and not word.startswith("concentr"))
