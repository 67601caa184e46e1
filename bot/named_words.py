"""The words that name a colour or a country in a language, as they may be written in a sentence.

Colours come from bot/lexicon/colours.tsv, countries from CLDR's territory names and bot/lexicon/countries.tsv.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Literal

from bot.phrasebook import locale_of

LEXICON = Path(__file__).with_name("lexicon")

_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # marks of direction, breaks
_DASH = re.compile("(?<=[A-Za-z0-9])[\u2010-\u2015\u2212\u30fc](?=[A-Za-z0-9])")  # ー is typed for it in Japanese

# Scripts that put no spaces between words, Korean among them for its particles; words of the others may hold marks.
_TOGETHER = "\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
WORD = re.compile(rf"(?:[^\W\d_{_TOGETHER}]|[{_MARKS}\u200c\u200d])+")
HAS_TOGETHER = re.compile(f"[{_TOGETHER}]")
_ARABIC = str.maketrans({**dict.fromkeys("أإآ", "ا"), "ى": "ي", "ة": "ه", **dict.fromkeys("ـًٌٍَُِّْٰ")})

Kind = Literal["colour", "country", "neither"]
Meaning = tuple[Kind, str]
# Small letters count too; or the name's own capitals only; or those only inside a sentence.
Letters = Literal["any", "capital", "inside"]


def plain(text: str) -> str:
    """NFKC, without unseen marks, with the digits of every script as 0-9 and any dash inside a code as -."""
    if text.isascii():
        return text
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return _DASH.sub("-", _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit.group())), text))


@dataclass(frozen=True)
class Lexicon:
    """The words of one language and of English, longest match first."""

    language: str
    # Folded words of a name, one space between → what it means, and which letters count.
    names: dict[str, tuple[Meaning, Letters]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # a name's first word → how many words names have with it
    # Of scripts without spaces: a form's first letter → the forms, longest first.
    together: dict[str, list[tuple[str, Meaning]]] = field(default_factory=dict)


# What tells the country all the same where everyday.tsv takes the plain name away.
_ALSO = {
    "ar": {"سلطنة عمان": "OM"},
    "ko": {"가나로": "GH", "가나까지": "GH", "가나에서": "GH", "오만으로": "OM", "오만까지": "OM", "오만에서": "OM"},
}


def folded(text: str) -> str:
    """Without what writers differ in: case, Arabic's vowel signs and forms of alef, the dot of a Turkish İ."""
    bare = unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "")
    return bare if bare.isascii() else bare.translate(_ARABIC)


def _cases(name: str, language: str) -> Iterator[str]:
    """A country's name as it is written in a sentence: itself, and its one or two words in every case."""
    yield name
    words = name.split()
    rules = _endings().get(language, [])
    if not rules or len(words) > 2 or len(words[-1]) < 4 or name.isupper():
        return
    # What stands before a Turkish noun keeps its form.
    parts = [[word] if language == "tr" else list(_in_cases(word, rules)) for word in words[:-1]]
    for forms in product(*parts, _in_cases(words[-1], rules)):
        yield " ".join(forms)


def _in_cases(word: str, rules: list[tuple[str, str]]) -> Iterator[str]:
    for ending, forms in rules:
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            yield from (stem + form.strip("_") for form in forms.split())
            return


@lru_cache(maxsize=1)
def _endings() -> dict[str, list[tuple[str, str]]]:
    """By language, a name's last letters and what they change to with the case; the first that fit count."""
    rules: dict[str, list[tuple[str, str]]] = {}
    for language, ending, forms in rows("endings.tsv"):
        rules.setdefault(language, []).append((ending.strip("_"), forms))
    return rules


@lru_cache(maxsize=1)
def _everyday() -> dict[tuple[str, str], frozenset[str]]:
    """By rule and language, names that are more often other words: those that count only with a capital, or with one
    inside a sentence, and those that never do, with what holds a name's letters by chance ("*": any language)."""
    return {(rule, language): frozenset(words.split("|")) for rule, language, words in rows("everyday.tsv")}


@lru_cache(maxsize=64)
def lexicon(language: str) -> Lexicon:
    """The words of a language, and those of English where it has no other meaning for them."""
    lexicon = Lexicon(language)
    for tag in dict.fromkeys((language, "en")):
        for form in _everyday().get(("neither", tag), ()):
            _add(lexicon, form, ("neither", ""), form)
        for name, code in _countries(tag):
            for form in _cases(name, tag):
                _add(lexicon, form, ("country", code), name)
        for form, colour in _colours().get(tag, {}).items():
            _add(lexicon, form, ("colour", colour), form)
    for forms in lexicon.together.values():
        forms.sort(key=lambda form: -len(form[0]))
    return lexicon


def _add(lexicon: Lexicon, form: str, meaning: Meaning, name: str) -> None:
    """Adds a form of a name, but for one that has a meaning already."""
    form = plain(form)
    if HAS_TOGETHER.search(form):
        forms = lexicon.together.setdefault(form[0], [])
        if all(form != known for known, _ in forms):
            forms.append((form, meaning))
        return
    words = [folded(word) for word in WORD.findall(form)]
    if words:
        lexicon.names.setdefault(" ".join(words), (meaning, _letters(name, lexicon.language)))
        lexicon.longest[words[0]] = max(lexicon.longest.get(words[0], 0), len(words))


def _letters(name: str, language: str) -> Letters:
    everyday, bare = _everyday(), folded(name)
    if bare in everyday.get(("inside", language), ()):
        return "inside"
    if bare in everyday["capital", "*"] | everyday.get(("capital", language), frozenset()):
        return "capital"
    if language == "vi" and name.split()[-1][0].isupper() and (" " not in name or name[0].islower()):
        return "capital"  # one syllable is a common word in small letters: "ý", "anh", "sang Ý"
    return "any"


def _countries(language: str) -> Iterator[tuple[str, str]]:
    """What countries are called in a language, and their codes."""
    yield from _ALSO.get(language, {}).items()
    for code, tag, names in rows("countries.tsv"):
        if tag == language:
            yield from ((name.strip(), code) for name in names.split("|") if name.strip())
    for code, name in locale_of(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}:
            yield name, code


@lru_cache(maxsize=1)
def _colours() -> dict[str, dict[str, str]]:
    """Language → surface form → English colour."""
    header, *lines = rows("colours.tsv", header=True)
    return {
        language: {form.strip(): row[0] for row in lines for form in row[column].split("|") if form.strip()}
        for column, language in enumerate(header)
        if column > 0
    }


@lru_cache(maxsize=1)
def all_colours() -> dict[str, str]:
    """Folded surface form, of any language → English colour."""
    merged: dict[str, str] = {}
    for forms in reversed(list(_colours().values())):  # English, the first, wins
        merged |= {folded(form): colour for form, colour in forms.items()}
    return merged


def rows(name: str, *, header: bool = False) -> list[list[str]]:
    """The lines of a lexicon, parted into their columns; with the first, the columns' names, where it is asked for."""
    with (LEXICON / name).open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return lines if header else lines[1:]
