"""What a message says that a thing may cost, and whether it must be there now. No model, any script.

The words stand in bot/lexicon/limits.tsv (what says "at most", "at least", "from … to" before or after an amount, and
"in stock") and in bot/lexicon/currencies.tsv.
"""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import msgspec

_LEXICON = Path(__file__).with_name("lexicon")
_LONGEST = 2_000  # characters that are looked at
_TOGETHER = "\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # scripts without spaces, and Korean
_DIGIT = re.compile(r"\d")
_SUFFIX = re.compile(r"^['’]\w{1,5}\s+")  # of a Turkish case: "50 euro'nun altında"
# What may stand after a number in place of zeros.
_TIMES = {"k": 1_000, "тыс": 1_000, "тис": 1_000, "tys": 1_000, "bin": 1_000, "rb": 1_000, "ribu": 1_000,
          "ألف": 1_000, "الف": 1_000, "אלף": 1_000, "हज़ार": 1_000, "हजार": 1_000, "千": 1_000, "천": 1_000, "พัน": 1_000,
          "万": 10_000, "萬": 10_000, "만": 10_000, "หมื่น": 10_000, "jt": 1_000_000, "juta": 1_000_000,
          "triệu": 1_000_000, "nghìn": 1_000, "ngàn": 1_000, "mil": 1_000}  # fmt: skip


Words = dict[str, tuple[re.Pattern[str], re.Pattern[str]]]  # by rule: what stands before an amount, and after it


class Limits(msgspec.Struct, frozen=True):
    """What a thing may cost, both ends included. `currencies` are the ISO 4217 codes that the amount may be in ("$" is
    of several countries), empty where the message names none."""

    least: Decimal | None = None
    most: Decimal | None = None
    currencies: tuple[str, ...] = ()


class Amount(msgspec.Struct, frozen=True):
    """A number in a text, from `start` to `end`, and the ISO 4217 codes of the currency beside it, if any."""

    start: int
    end: int
    value: Decimal
    currencies: tuple[str, ...]


def amounts(text: str) -> list[Amount]:
    """The numbers of `text` (NFKC, digits 0-9) in order, with what currency they may be in."""
    text = text.casefold()
    return [_amount(match) for match in _money().finditer(text)]


def limits(text: str, language: str) -> Limits | None:
    """What `text` (NFKC, digits 0-9) says in `language` (BCP 47) or in English; None where it sets no limit.

    An amount without a currency counts only where nothing is measured by it: "under 50", not "under 50 cm".
    """
    if not _DIGIT.search(text):
        return None
    text = text[:_LONGEST].casefold()
    found_amounts = amounts(text)
    for tag in dict.fromkeys((language, language.split("-")[0], "en")):
        words = _words().get(tag)
        if words and (found := _range(text, found_amounts, words) or _limit(text, found_amounts, words)):
            return found
    return None


def in_stock(text: str, language: str) -> bool:
    """Whether `text` asks for what can be sent now, in `language` or in English."""
    text = text[:_LONGEST].casefold()
    tags = dict.fromkeys((language, language.split("-")[0], "en"))
    return any(_words()[tag]["stock"][0].search(text) for tag in tags if tag in _words())


def _range(text: str, amounts: list[Amount], words: Words) -> Limits | None:
    for one, other in pairwise(amounts):
        currencies = other.currencies or one.currencies
        if currencies and one.value < other.value and words["range"][1].fullmatch(text, one.end, other.start):
            return Limits(one.value, other.value, currencies)
    return None


def _limit(text: str, amounts: list[Amount], words: Words) -> Limits | None:
    between = words["range"][1]
    joined = {two for two in pairwise(amounts) if between.fullmatch(text, two[0].end, two[1].start)}
    sizes = {amount for two in joined for amount in two}  # of a range without a currency: "from 42 to 44"
    for amount in amounts:
        if not amount.currencies and (amount in sizes or _measured(text, amount.end)):
            continue
        said = {
            rule: max(_ends(words[rule][0], text, amount.start), _begins(words[rule][1], text, amount.end))
            for rule in ("most", "least")
        }
        # The longer words tell: "no more than" holds "more than".
        rule = max(said, key=said.__getitem__)
        if said[rule]:
            found = Limits(currencies=amount.currencies)
            return msgspec.structs.replace(found, **{rule: amount.value})
    return None


def _ends(pattern: re.Pattern[str], text: str, end: int) -> int:
    """How many characters of words stand right before `end`."""
    before = text[max(0, end - 40) : end].rstrip(" \u00a0:")
    return max((len(match[0]) for match in pattern.finditer(before) if match.end() == len(before)), default=0)


def _begins(pattern: re.Pattern[str], text: str, start: int) -> int:
    """How many characters of words stand right after `start`."""
    after = text[start : start + 40].lstrip(" \u00a0")
    match = pattern.match(after) or pattern.match(_SUFFIX.sub("", after))
    return len(match[0]) if match else 0


def _measured(text: str, end: int) -> bool:
    """Whether a unit may follow: Latin, Cyrillic, Greek or Arabic letters that no limit begins with, or a %, " or °."""
    after = text[end : end + 20].lstrip()
    if not after or re.match(f"[{_TOGETHER}]", after):
        return False
    return bool(re.match(r"[\w%\"°′″/×*-]", after)) and not any(
        _begins(words[rule][1], text, end) for words in _words().values() for rule in ("most", "least")
    )


def _amount(match: re.Match[str]) -> Amount:
    value = _number(match["number"]) * _TIMES.get((match["times"] or "").strip(" \u00a0."), 1)
    named = match["before"] or match["after"]
    return Amount(match.start(), match.end(), value, _currencies()[named.strip()] if named else ())


def _number(text: str) -> Decimal:
    """1.299,50 and 1,299.50 and 1 299: the last mark is the decimal one where one or two digits follow it."""
    digits = re.sub(r"[ \u00a0\u202f'’]", "", text)
    match = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", digits)
    whole, part = (match[1], match[2]) if match else (digits, None)
    return Decimal(re.sub(r"[.,]", "", whole) + (f".{part}" if part else ""))


@lru_cache(maxsize=1)
def _currencies() -> dict[str, tuple[str, ...]]:
    return {
        form.casefold(): tuple(codes.split()) for codes, forms in _rows("currencies.tsv") for form in forms.split("|")
    }


@lru_cache(maxsize=1)
def _money() -> re.Pattern[str]:
    """An amount with its currency before or after it, if any."""
    forms = sorted(_currencies(), key=len, reverse=True)
    before = "|".join(rf"(?<!\w){re.escape(form)}" if form[0].isalpha() else re.escape(form) for form in forms)
    after = "|".join(
        rf"{re.escape(form)}(?![^\W{_TOGETHER}])" if form[-1].isalpha() else re.escape(form) for form in forms
    )
    times = "|".join(map(re.escape, sorted(_TIMES, key=len, reverse=True)))
    number = r"\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
    return re.compile(
        rf"(?:(?P<before>{before})[ \u00a0]?)?(?<![A-Za-z0-9.,#_])(?<![A-Za-z]-)(?P<number>{number})(?!\d)"
        rf"(?P<times>[ \u00a0]?(?:{times})(?![^\W{_TOGETHER}])\.?)?(?:[ \u00a0]?(?P<after>{after}))?"
    )


@lru_cache(maxsize=1)
def _words() -> dict[str, Words]:
    """By language and rule, the words before an amount and those after it (for a range: between two)."""
    found: dict[str, Words] = {}
    for rule, language, before, after in _rows("limits.tsv"):
        between = rf"[ \u00a0]*(?:{_any(after)})[ \u00a0]*"
        found.setdefault(language, {})[rule] = (
            re.compile(_bounded(before)),
            re.compile(between if rule == "range" else _bounded(after)),
        )
    return found


def _any(forms: str) -> str:
    return "|".join(re.escape(form) for form in sorted(forms.casefold().split("|"), key=len, reverse=True))


def _bounded(forms: str) -> str:
    """Any of the forms, none of them inside a word of a script that has spaces; nothing where there is none."""
    if not forms:
        return r"(?!)"
    return rf"(?<![^\W\d{_TOGETHER}])(?:{_any(forms)})(?![^\W\d{_TOGETHER}])"


def _rows(name: str) -> list[list[str]]:
    with (_LEXICON / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
