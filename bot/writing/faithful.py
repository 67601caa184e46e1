"""Whether a line that a model wrote says what the line of the plan says, and no more.

By its words, since no model is trusted to judge another: the same values and names in the same order, every word of
the plan that carries meaning, in the same order and with any ending, and beside them small words alone. So "we pay,
you do not" can't become "you pay, we do not". Truthful rewritings in other words are refused as well: then the
customer reads our own phrase.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from bot.answer.marks import folded
from bot.answer.values import Value, plain, read, without
from bot.answer.vocabulary import TOGETHER, runs
from bot.writing.small_words import small_words

# Two words are one in two forms where they begin alike: so much of the shorter one, and so many letters at least.
_ALIKE, _LETTERS = 0.66, 4
_SYLLABLE = 2  # letters that a syllable of Korean counts for
_PREFIXES = {"ar": 3, "he": 2}  # letters that these languages write together with the word behind them
_LONGER = 60  # characters that a line may grow beside half its length
# Signs that may come in: punctuation of sentences. Symbols, marks over letters and controls say or hide something.
_PUNCTUATION = frozenset(" .,;:!?¡¿'\"()-–—…«»„“”‘’‹›、。，；：！？「」『』（）،؛؟।॥־")


def unfaithful(planned: str, written: str, names: Sequence[str], language: str) -> str:
    """What the written line adds to the planned one, changes or leaves out, in a word; empty where it is faithful.

    `names`, of things, have to stand in it letter by letter.
    """
    if not written.strip() or len(written) > 1.5 * len(planned) + _LONGER:
        return "length"
    if any(not _may_come(sign) for sign in set(written) - set(planned)):
        return "sign"
    old, new = plain(planned), plain(written)
    before, after = read(old, language), read(new, language)
    if _in_order(before) != _in_order(after):
        return "value"
    (old, had), (new, has) = _named(old, names), _named(new, names)
    if had != has:
        return "name"
    had, has = runs(without(old, before)), runs(without(new, after))
    if _signs(had, language) != _signs(has, language):
        return "words"
    return _words(had, has, language)


def _may_come(sign: str) -> bool:
    return sign in _PUNCTUATION or unicodedata.category(sign)[0] in "LN" or "\u0591" <= sign <= "\u0e4e"


def _in_order(values: Sequence[Value]) -> dict[str, list[frozenset[str]]]:
    """The values of each kind, as they come."""
    found: dict[str, list[frozenset[str]]] = {}
    for value in sorted(values, key=lambda one: one.start):
        found.setdefault(value.kind, []).append(value.readings)
    return found


def _named(text: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """The text with blanks in place of the names, as long as before, and the names as they come in it."""
    if not names:
        return text, []
    every = sorted((plain(name) for name in names), key=len, reverse=True)
    pattern = re.compile("|".join(map(_whole, every)), re.IGNORECASE)
    return pattern.sub(lambda found: " " * len(found.group()), text), [folded(name) for name in pattern.findall(text)]


def _whole(name: str) -> str:
    """A pattern of a name, within no longer word where its script parts words."""
    start, end = (r"\b" if sign.isalnum() and sign < "\u0e00" else "" for sign in (name[:1], name[-1:]))
    return start + re.escape(name) + end


def _words(had: Sequence[str], has: Sequence[str], language: str) -> str:
    """Both are gone through together, word for word."""
    small = small_words(language)
    wanted = [word for word in had if word not in small and not _is_together(word)]
    place = 0
    for word in has:
        if _is_together(word):
            continue
        if place < len(wanted) and _alike(word, wanted[place], language):
            place += 1
        elif word not in small:
            return "words"
    return "words" if place < len(wanted) else ""


def _signs(words: Sequence[str], language: str) -> str:
    """The signs of scripts without spaces that carry meaning, in their order."""
    text = "\n".join(word for word in words if _is_together(word))
    for small in _longest_first(language):
        text = text.replace(small, "\n")
    return text.replace("\n", "")


@lru_cache(maxsize=64)
def _longest_first(language: str) -> tuple[str, ...]:
    return tuple(sorted((word for word in small_words(language) if _is_together(word)), key=len, reverse=True))


def _is_together(word: str) -> bool:
    return re.match(rf"[{TOGETHER}]", word) is not None


def _alike(one: str, other: str, language: str) -> bool:
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if language in _PREFIXES and len(shorter) > 2 and longer.endswith(shorter):
        return len(longer) - len(shorter) <= _PREFIXES[language]
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    weight = same * (_SYLLABLE if one[0] >= "\uac00" else 1)
    return weight >= _LETTERS and same >= _ALIKE * len(shorter)
