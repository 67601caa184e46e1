"""Where in a text words of a lexicon stand: by words where a script parts them, by letters where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.named_words import HAS_TOGETHER, WORD, Letters, Lexicon, Meaning, folded

_BETWEEN = " -'’.\u00a0׳"  # what may stand between two words of one name
_ATTACHED = {"ar": "وفبلك", "he": "ובלהמשכ"}  # letters before a noun: and, in, to, from, for


def named(text: str, lexicon: Lexicon) -> list[Meaning]:
    """What the words of a lexicon that stand in a text mean, in the order of the text."""
    found = list(_names(text, lexicon))
    if lexicon.together and HAS_TOGETHER.search(text):
        found += _written_together(text, lexicon)
    return [meaning for _, meaning in sorted(found)]


def _names(text: str, lexicon: Lexicon) -> Iterator[tuple[int, Meaning]]:
    words = list(WORD.finditer(text))
    bare = [folded(word.group()) for word in words]
    place = 0
    while place < len(words):
        for first in _bare(bare[place], lexicon.language):
            for count in range(min(lexicon.longest.get(first, 0), len(words) - place), 0, -1):
                known = lexicon.names.get(" ".join((first, *bare[place + 1 : place + count])))
                if known and _written_so(text, words, place, count, known[1]):
                    yield words[place].start(), known[0]
                    place += count - 1
                    break
            else:
                continue
            break
        place += 1


def _written_so(text: str, words: list[re.Match[str]], place: int, count: int, letters: Letters) -> bool:
    """Whether words are written as one name: nothing but spaces, dashes and the like between, capitals where due."""
    last = place + count - 1
    if any(text[words[n].end() : words[n + 1].start()].strip(_BETWEEN) for n in range(place, last)):
        return False
    if letters == "inside" and (place == 0 or text[words[place - 1].end() : words[place].start()].strip(_BETWEEN)):
        return False
    return letters == "any" or text[words[last].start()].isupper()


def _bare(word: str, language: str) -> Iterator[str]:
    """The word, and without the letters that Arabic and Hebrew put before a noun."""
    yield word
    letters = _ATTACHED.get(language, "")
    rest = word
    for _ in range(2):
        if language == "ar" and rest.startswith("لل"):
            yield "ال" + rest[2:]  # to + the
        if language == "ar" and rest.startswith("ال") and len(rest) > 4:
            yield rest[2:]
        if len(rest) <= 3 or rest[0] not in letters:
            return
        rest = rest[1:]
        yield rest


def _written_together(text: str, lexicon: Lexicon) -> Iterator[tuple[int, Meaning]]:
    place = 0
    while place < len(text):
        for form, meaning in lexicon.together.get(text[place], ()):
            if text.startswith(form, place) and _stands(text, place, place + len(form), meaning):
                yield place, meaning
                place += len(form) - 1
                break
        place += 1


_KATAKANA, _KANJI, _HANGUL = (re.compile(f"[{signs}]") for signs in ("ァ-ヺー", "一-鿿々", "가-힣"))
_THAI_MARK = re.compile("[\u0e31-\u0e3a\u0e45-\u0e4e]")
_AFTER_COLOUR = "色的款系の"
# What follows a short Korean noun: particles, endings of courtesy, and what a shop is asked about.
_KOREAN_TAIL = re.compile(
    "(?:으로|로|에서|에게|에|은|는|이|가|을|를|의|도|만|와|과|나|랑|까지|부터|행|산|쪽|인|요|예요|이에요|입니다|색상|색|컬러|있|없"
    "|배송|관세|통관|세금|택배|주소|직구|사이즈|[A-Za-z0-9])"
)


def _stands(text: str, start: int, end: int, meaning: Meaning) -> bool:
    """Whether a form of a script without spaces is a word here and no part of another."""
    before, after = text[start - 1 : start], text[end : end + 1]
    first, last = text[start], text[end - 1]
    if meaning[0] == "neither":
        return True
    if meaning[0] == "country" and after in ("語", "语", "어"):
        return False  # the language, not the country
    if _HANGUL.match(first):
        if _HANGUL.match(before):
            return False
        return end - start > 2 or not _HANGUL.match(after) or bool(_KOREAN_TAIL.match(text, end))
    if (_KATAKANA.match(last) and _KATAKANA.match(after)) or (_KATAKANA.match(first) and _KATAKANA.match(before)):
        return False
    if meaning[0] == "colour" and _KANJI.match(first):
        if end - start == 1:
            return _one_letter(before, after)
        if not _KANJI.match(text[start + 1]):
            return not _KANJI.match(before)  # 白い, but not in 面白い
    return not _THAI_MARK.match(after)


def _one_letter(before: str, after: str) -> bool:
    """A colour of one letter: before 的, 色 or の, or with no kanji at either side; not in 红茶 or 告白."""
    if after and after in _AFTER_COLOUR:
        return True
    return not _KANJI.match(before) and not _KANJI.match(after)
