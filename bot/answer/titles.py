"""What the words of a product's title share with the words of a message, and which kind of goods each names."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.entities import colour_of
from bot.goods import found, without
from bot.intents import read_examples
from bot.named_words import plain

MANY_INTENTS = 9
SOME_INTENTS = 4  # of titles, where no verb stands and few nouns of messages: "with", "avec", "met"

_TOGETHER = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_ARTICLE = re.compile(r"^(?:وال|بال|كال|فال|لل|ال)(?=\w{3})")
# Languages that put what a thing is at the end of its name, and what it is like before that.
_HEAD_LAST = frozenset({"en", "de", "nl", "zh", "zh-Hant", "ja", "ko", "tr", "hi"})
_PART = re.compile(r"[^\s,;:()\[\]/|–—]+|[,;:()\[\]/|–—]")  # a word, or what parts a title


@lru_cache(maxsize=2)
def function_words(intents: int = MANY_INTENTS) -> frozenset[str]:
    """Words that messages of so many kinds have, in any of the languages: "for", "pour", "です". What a message is
    about is not told by them. Nouns of things that shops sell stand in the examples of seven intents at most."""
    seen: dict[str, set[str]] = {}
    for sentence, intent in zip(*read_examples(), strict=True):
        for term in terms(sentence):
            seen.setdefault(term, set()).add(intent)
    return frozenset(term for term, found in seen.items() if len(found) >= intents)


@lru_cache(maxsize=4096)
def terms(text: str) -> frozenset[str]:
    """Words of three letters or more; of scripts without spaces, every two letters that stand together."""
    found: set[str] = set()
    for run in re.findall(r"\w+", text.casefold()):
        if _TOGETHER.search(run):
            pairs = (run[place : place + 2] for place in range(len(run) - 1))
            found |= {pair for pair in pairs if pair.isalpha()}
        elif len(run) >= 3 and not run.isdigit():
            found.add(_ARTICLE.sub("", run))
    return frozenset(found)


def alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: they begin alike and differ in their last letters at most."""
    if one == other:
        return True
    if one[0] != other[0]:
        return False
    least = max(3, max(len(one), len(other)) - 3)
    return len(one) >= 3 and one[:least] == other[:least] and min(len(one), len(other)) >= least


def without_names(text: str, title: str, codes: tuple[str, ...], *languages: str) -> str:
    """The text without codes, colours, kinds of goods that the title names, and the words of a product's title: what
    is asked, not of what."""
    for code in codes:
        text = text.replace(code, " ")
    if title:
        text = without(text, title, *languages)
    named = terms(title) - function_words()

    def kept(match: re.Match[str]) -> str:
        word = match.group().casefold()
        if _TOGETHER.search(word):
            pairs = {word[place : place + 2] for place in range(len(word) - 1)} & named
            return re.sub("|".join(map(re.escape, pairs)), "", word) if pairs else match.group()
        gone = colour_of(word) or any(alike(_ARTICLE.sub("", word), term) for term in named)
        return "" if gone else match.group()

    return re.sub(r"\w+", kept, text).strip()


@lru_cache(maxsize=16_384)
def heads(title: str, *languages: str) -> frozenset[str]:
    """The kind of goods that a title names: of "Leather briefcase for 15-inch laptops" the briefcase. All kinds that
    it names where no language tells which is meant; empty where it names none."""
    title = plain(title)
    for language in dict.fromkeys((*languages, "en")):
        named = found(title, language)
        if named:
            until = _part_end(title, named[0].end, {one.start for one in named})
            within = [one for one in named if one.start < until]
            return frozenset({within[-1 if language in _HEAD_LAST else 0].kind})
    return frozenset()


def _part_end(title: str, start: int, goods: set[int]) -> int:
    """Where the part of a title that holds `start` ends: before a comma, a figure or "for", but not where a word of
    goods begins."""
    for part in _PART.finditer(title, start):
        if part.start() in goods:
            continue
        word = part.group().casefold()
        apart = not re.match(r"\w", word) or word[0].isdigit() or word in function_words(SOME_INTENTS)
        if apart or (part.start() > start and _TOGETHER.search(word) and not _is_hangul(word)):
            return part.start()
    return len(title)


def _is_hangul(word: str) -> bool:
    return any("가" <= letter <= "힣" for letter in word)
