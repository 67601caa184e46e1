"""Which words a reply may hold: those of our phrases, of CLDR, and of the records that it cites."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import cache, lru_cache

import msgspec
from babel.dates import format_timedelta
from babel.lists import format_list

from bot.answer.marks import folded
from bot.answer.values import MARKS
from bot.phrasebook import Phrasebook, country, language_name, locale_of
from bot.settings import LANGUAGES

# Signs of the scripts that put no spaces between words, and of those that do.
TOGETHER = (
    "\u0e00-\u0e3a\u0e40-\u0e4e\u3041-\u3096\u309d\u30a1-\u30fa\u30fc-\u30fe"
    "\u3400-\u4dbf\u4e00-\u9fff々\U00020000-\U000323af"
)
_RUN = re.compile(rf"[{TOGETHER}]+|(?:(?![{TOGETHER}])(?:[^\W\d_]|[{MARKS}]))+")
_PLACE = re.compile(r"\{\w+\}")
_HOLE = "\ue001"  # in place of a place: a private character, which no text of ours has
_SHORT = 2  # signs of a piece of a record's text that counts as taken from it
_COUNTS = (0, 1, 2, 3, 5, 11, 21, 100)  # enough for every plural form of CLDR
_DECLINED = 5  # letters of a name, from when its last one may change
_LONGEST = 40  # signs of such a piece


class Vocabulary(msgspec.Struct, frozen=True):
    """The words of our phrases in one language. `touching`: pieces of words that stand right beside a place, as the
    particles of Korean do. `longest`: signs of the longest word."""

    words: frozenset[str]
    touching: frozenset[str]
    longest: int


def runs(text: str) -> list[str]:
    """The words of a text in one form of writing, small letters; of scripts without spaces whole runs of signs."""
    return _RUN.findall(folded(text))


@lru_cache(maxsize=64)
def of_phrases(phrases: Phrasebook, language: str) -> Vocabulary:
    """What our own phrases say, and CLDR's days and "and" in their places."""
    words: set[str] = set()
    touching: set[str] = set()
    for key, phrase in phrases.texts(language).items():
        if key.startswith("widget."):
            continue
        text = _PLACE.sub(_HOLE, folded(phrase))
        for found in _RUN.finditer(text):
            words.add(found.group())
            if _HOLE in (text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]):
                touching.add(found.group())
    for days in _COUNTS:
        said = format_timedelta(timedelta(days=days), "day", threshold=10**9, locale=locale_of(language))
        words.update(runs(said))
    for style in ("standard", "or"):
        words.update(runs(format_list(["1", "2", "3"], style, locale_of(language))))
        words.update(runs(format_list(["1", "2"], style, locale_of(language))))
    return Vocabulary(frozenset(words), frozenset(touching), max(map(len, words)))


@cache
def of_pages(language: str) -> frozenset[str]:
    """What stands beside a quotation: the names of languages (in some also those of countries), and times, which are
    told again in the reply's language."""
    words = {word for tag in LANGUAGES for word in runs(language_name(tag, language))}
    for unit in (timedelta(days=365), timedelta(days=30), timedelta(weeks=1), timedelta(hours=1)):
        for count in _COUNTS:
            words.update(runs(format_timedelta(unit * count, threshold=1, locale=locale_of(language))))
    return frozenset(words)


def named_places(said: str, told: str, language: str) -> frozenset[str]:
    """The countries that are called by name in both texts, in small letters: in `language` in what is said, in any in
    what is told, whatever the ending."""
    here = [code for code, name in _names(language).items() if name in said]
    return frozenset(code for code in here if any(_stem(_names(tag).get(code, "")) in told for tag in LANGUAGES))


@cache
def _names(language: str) -> dict[str, str]:
    """Countries by ISO 3166-1 alpha-2."""
    every = locale_of(language).territories
    return {code: folded(name) for code, name in every.items() if len(code) == 2 and code.isalpha()}


def _stem(name: str) -> str:
    """The name without the letter that its case changes."""
    return name[:-1] if len(name) >= _DECLINED and name[0] < "\u0900" else name or "\ue002"


@lru_cache(maxsize=256)
def of_places(codes: frozenset[str], language: str) -> frozenset[str]:
    """The words of these countries' names."""
    return frozenset(word for code in codes for word in runs(country(code, language)))


@lru_cache(maxsize=4096)
def of_record(text: str) -> frozenset[str]:
    """The words of what a record says."""
    return frozenset(runs(text))


def strange(said: Iterable[str], known: Vocabulary, more: Collection[str], told: str) -> list[str]:
    """The runs of a reply that are neither of the vocabulary, nor of `more`, nor made of pieces of what is `told`."""
    return [run for run in said if not (run in known.words or run in more or _made_of(run, known, more, told))]


def _made_of(run: str, known: Vocabulary, more: Collection[str], told: str) -> bool:
    if not re.match(rf"[{TOGETHER}]", run):
        return _touched(run, known.touching, more)
    # A run of a script without spaces has to fall into pieces; `reached` are the places where one may end.
    reached = {0}
    for start in range(len(run)):
        if start not in reached:
            continue
        for end in range(start + 1, min(len(run), start + max(known.longest, _LONGEST)) + 1):
            piece = run[start:end]
            if piece in known.words or piece in more or (end - start >= _SHORT and piece in told):
                reached.add(end)
    return len(run) in reached


def _touched(run: str, touching: frozenset[str], more: Collection[str]) -> bool:
    """Whether the word is one of a record with a piece of a phrase at its beginning or end."""
    cuts = range(1, len(run))
    return any(
        (run[:cut] in more and run[cut:] in touching) or (run[:cut] in touching and run[cut:] in more) for cut in cuts
    )
