"""What a carrier's own words say of a parcel: the phrases of phrases.tsv, found in a text of any language.

A text says what its phrases say together; where they contradict each other, or none is known, it says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import get_args

import msgspec

from knowledge.records import CustomsStatus, ShipmentStatus

MOST_CHARACTERS = 500  # of a text; carriers' lines are shorter, and the rest of a longer one is not read

_TABLE = Path(__file__).with_name("phrases.tsv")
_TOGETHER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts that are read without their spaces
_STATUSES: dict[str, ShipmentStatus] = {status: status for status in get_args(ShipmentStatus)}
_CUSTOMS: dict[str, CustomsStatus] = {status: status for status in get_args(CustomsStatus)}


class Mapped(msgspec.Struct, frozen=True):
    """A status of our vocabulary, and the customs status that came with it, if any."""

    status: ShipmentStatus
    customs: CustomsStatus | None = None


class _Phrase(msgspec.Struct, frozen=True):
    """One phrase: `literal` stands in every text that it is found in, which is quick to see; `terms` counts its words
    or, in the scripts without spaces, letters; `meaning` None is a wording that says nothing."""

    literal: str
    pattern: str
    terms: int
    meaning: Mapped | None


@lru_cache(maxsize=8192)
def from_text(text: str) -> Mapped | None:
    """What a line of a carrier's history means; None where no phrase is known or several disagree."""
    plain = _folded(text[:MOST_CHARACTERS])
    meanings: set[Mapped] = set()
    for phrases, form in zip(_phrases(), (f" {plain} ", plain.replace(" ", "")), strict=True):
        found = []
        for phrase in phrases:
            if phrase.literal in form:
                found += [(phrase, match.span()) for match in _compiled(phrase.pattern).finditer(form)]
        meanings |= _longest(found)
    return _together(meanings)


# Most of the phrases are never met, and to compile them all takes half a second.
_compiled = lru_cache(maxsize=None)(re.compile)


def _longest(found: list[tuple[_Phrase, tuple[int, int]]]) -> set[Mapped]:
    """The meanings of those phrases that no longer one overlaps."""
    found.sort(key=lambda one: (-one[0].terms, one[1][0] - one[1][1]))
    kept: list[tuple[int, int, int]] = []
    meanings = set()
    for phrase, (start, end) in found:
        if any(start < last and end > first and terms > phrase.terms for first, last, terms in kept):
            continue
        kept.append((start, end, phrase.terms))
        if phrase.meaning:
            meanings.add(phrase.meaning)
    return meanings


# Of two that are said at once, what the parcel's state is: a failed attempt is why it waits to be fetched or went back;
# that it moved, or is known, says less than where it is now.
_OVER: dict[ShipmentStatus, frozenset[ShipmentStatus]] = {
    "Pending": frozenset({"InTransit"}),
    "InfoReceived": frozenset({"InTransit"}),
    "OutForDelivery": frozenset({"InTransit"}),
    "AttemptFail": frozenset({"InTransit"}),
    "AvailableForPickup": frozenset({"InTransit", "AttemptFail"}),
    "Delivered": frozenset({"InTransit"}),
    "Exception": frozenset({"InTransit", "AttemptFail"}),
    "Expired": frozenset({"InTransit"}),
}


def _together(meanings: set[Mapped]) -> Mapped | None:
    """One meaning for all, or None."""
    customs = {meaning.customs for meaning in meanings} - {None}
    if len(customs) > 1:
        customs -= {"customs_processing"}  # said of every parcel at customs
    statuses = {meaning.status for meaning in meanings}
    statuses -= {under for status in statuses for under in _OVER.get(status, ())}
    if len(statuses) != 1 or len(customs) > 1:
        return None
    (status,) = statuses
    if customs and status not in ("InTransit", "Exception"):
        return None if status == "Delivered" else Mapped(status)  # past customs, or no news of it
    return Mapped(status, next(iter(customs), None))


def _folded(text: str) -> str:
    """Case, accents, vowel signs, compatibility forms and punctuation away; words one space apart."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(_letter(character) for character in text)
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _letter(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Mn" or character == "\u0640":  # accents, Arabic vowel signs and the stroke that lengthens words
        return ""
    if category[0] not in "LNM":
        return " "
    return {"ł": "l", "ı": "i", "ى": "ي", "ة": "ه", "ø": "o", "đ": "d"}.get(character, character)


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[_Phrase, ...], tuple[_Phrase, ...]]:
    """Those of scripts with spaces between words, and those of scripts without."""
    spaced, together = [], []
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        if line.startswith("#"):
            continue
        _, status, customs, phrases = line.split("\t")
        meaning = None if status == "-" else Mapped(_STATUSES[status], _CUSTOMS[customs] if customs else None)
        for phrase in phrases.split("|"):
            if _TOGETHER.search(phrase):
                together += _apart(phrase, meaning)
            else:
                spaced += _worded(phrase, meaning)
    return tuple(spaced), tuple(together)


def _worded(phrase: str, meaning: Mapped | None) -> list[_Phrase]:
    """A phrase of words: each its own pattern by its first word's forms, since those are what is looked for first."""
    terms = phrase.split()
    while terms[-1] == "..":
        terms.pop()
    made = []
    for first in terms[0].split("/"):
        pattern = rf"(?<= ){_word(first)} "
        for term in terms[1:]:
            forms = "|".join(_word(form) for form in term.split("/"))
            pattern += r"(?:\S+ ){0,3}" if term == ".." else f"(?:{forms}) "
        count = sum(term != ".." for term in terms)
        literal = _folded(first.strip("*"))
        made.append(_Phrase(literal, pattern, count, meaning))
    return made


def _word(form: str) -> str:
    before, after = (r"\S*" if form[:1] == "*" else ""), (r"\S*" if form[-1:] == "*" else "")
    return before + re.escape(_folded(form.strip("*"))) + after


def _apart(phrase: str, meaning: Mapped | None) -> list[_Phrase]:
    """A phrase of letters: one for each choice among its alternatives."""
    made = []
    for parts in product(*(part.split("/") for part in phrase.strip().split(".."))):
        bare = [_folded(part).replace(" ", "") for part in parts]
        pattern = ".{0,8}?".join(map(re.escape, bare))
        made.append(_Phrase(bare[0], pattern, sum(map(len, bare)), meaning))
    return made
