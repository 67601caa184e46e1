"""What a message names: numbers and codes, colours, sizes, countries, e-mail addresses. No model, any script.

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

import msgspec

from bot.phrasebook import locale_of
from bot.price_limits import Limits, in_stock, limits

LEXICON = Path(__file__).with_name("lexicon")

# A code as shops and carriers write it: Latin letters and digits, joined by dashes, slashes or dots, or after a #.
_CODE = re.compile(r"(?<![\w@.])#?([A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*)(?![\w@])", re.ASCII)
_LONGEST_CODE = 64
# "RR 1234 5678 5 DE": groups of a long number written apart; "BD 20481": a code whose dash became a space.
_GROUPED = re.compile(r"(?<![\w])(?:[A-Za-z]{2} ?)?\d{3,4}(?:[ \-]\d{1,4}){2,5}(?: ?[A-Za-z]{2})?(?![\w])", re.ASCII)
_PARTED = re.compile(r"(?<![\w\-])[A-Z]{1,4} \d{4,12}(?![\w\-])", re.ASCII)
# Latin letters with their accents, but not those that Chinese or Thai put right before an address.
_EMAIL = re.compile(
    r"(?<![A-Za-zÀ-ɏ0-9._%+\-])[A-Za-zÀ-ɏ0-9._%+\-]{1,64}"
    r"@[A-Za-zÀ-ɏ0-9\-]{1,63}(?:\.[A-Za-zÀ-ɏ0-9\-]{1,63})*\.(?:xn--[A-Za-z0-9\-]+|[A-Za-zÀ-ɏ]{2,24})"
)
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # marks of direction, breaks
_DASH = re.compile("(?<=[A-Za-z0-9])[\u2010-\u2015\u2212\u30fc](?=[A-Za-z0-9])")  # ー is typed for it in Japanese

# Scripts that put no spaces between words, Korean among them for its particles; words of the others may hold marks.
_TOGETHER = "\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
_WORD = re.compile(rf"(?:[^\W\d_{_TOGETHER}]|[{_MARKS}\u200c\u200d])+")
_HAS_TOGETHER = re.compile(f"[{_TOGETHER}]")
_BETWEEN = " -'’.\u00a0׳"  # what may stand between two words of one name
_ARABIC = str.maketrans({**dict.fromkeys("أإآ", "ا"), "ى": "ي", "ة": "ه", **dict.fromkeys("ـًٌٍَُِّْٰ")})
_ATTACHED = {"ar": "وفبلك", "he": "ובלהמשכ"}  # letters before a noun: and, in, to, from, for

Kind = Literal["colour", "country", "neither"]
Meaning = tuple[Kind, str]
# Small letters count too; or the name's own capitals only; or those only inside a sentence.
Letters = Literal["any", "capital", "inside"]


class Entities(msgspec.Struct, frozen=True):
    """What was found, in the order of the text. Codes as written, but for NFKC, digits 0-9 and plain dashes; colours
    as the lexicon's English names, sizes as the shop writes them, countries ISO 3166-1 alpha-2. `limits` are what a
    thing may cost, and `in_stock` that it must be there now."""

    codes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    limits: Limits | None = None
    in_stock: bool = False


def find(text: str, language: str, sizes: frozenset[str]) -> Entities:
    """All that `text` names. `language` (BCP 47) chooses the words for colours and countries, English always counts;
    `sizes` are the shop's own, so that a plain "42" is a size only where the shop sells one."""
    text = _plain(text)
    emails = tuple(dict.fromkeys(_EMAIL.findall(text))) if "@" in text else ()
    bare = _EMAIL.sub(" ", text) if emails else text
    named = dict.fromkeys(_named(bare, _lexicon(language)))
    return Entities(
        codes=tuple(dict.fromkeys(_codes(bare))),
        emails=emails,
        colours=tuple(name for kind, name in named if kind == "colour"),
        sizes=tuple(dict.fromkeys(_sizes(bare, sizes))),
        countries=tuple(name for kind, name in named if kind == "country"),
        limits=limits(bare, language),
        in_stock=in_stock(bare, language),
    )


def colour_of(value: str) -> str | None:
    """The lexicon's colour of a product's own colour text in any of the languages, or None."""
    return _all_colours().get(_folded(value.strip()))


def _plain(text: str) -> str:
    """NFKC, without unseen marks, with the digits of every script as 0-9 and any dash inside a code as -."""
    if text.isascii():
        return text
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return _DASH.sub("-", _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit.group())), text))


def _codes(text: str) -> Iterator[str]:
    for pattern in (_GROUPED, _PARTED):
        yield from (match.group() for match in pattern.finditer(text))
    for match in _CODE.finditer(text):
        code = match.group(1)
        if len(code) <= _LONGEST_CODE and any(map(str.isdigit, code)):
            yield code


def _sizes(text: str, sizes: frozenset[str]) -> Iterator[str]:
    pattern, written = _size_words(sizes)
    for match in pattern.finditer(text):
        yield written[match.group().replace(",", ".").casefold()]


@lru_cache(maxsize=8)
def _size_words(sizes: frozenset[str]) -> tuple[re.Pattern[str], dict[str, str]]:
    """The shop's sizes in one pattern, longest first, and each as the shop writes it."""
    forms = sorted((_plain(size) for size in sizes if size), key=lambda form: (-len(form), form))
    escaped = (re.escape(form).replace(r"\.", "[.,]") for form in forms)
    # One letter is a size in capitals alone: a small one is a part of "it's" or "l'été".
    words = "|".join(f"(?i:{words})" if len(form) > 1 else words for form, words in zip(forms, escaped, strict=True))
    # Not a part of a code or a number, and no amount of money.
    pattern = rf"(?<![A-Za-z0-9.,\-/_#@€$£¥])(?:{words})(?![A-Za-z0-9@])(?![.,\-/]\d)(?! ?[%€$£¥₽₩])"
    written = {_plain(size).replace(",", ".").casefold(): size for size in sizes}
    return re.compile(pattern if forms else r"(?!)"), written


@dataclass(frozen=True)
class _Lexicon:
    """The words of one language and of English, longest match first."""

    language: str
    # Folded words of a name, one space between → what it means, and which letters count.
    names: dict[str, tuple[Meaning, Letters]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)  # a name's first word → how many words names have with it
    # Of scripts without spaces: a form's first letter → the forms, longest first.
    together: dict[str, list[tuple[str, Meaning]]] = field(default_factory=dict)


def _named(text: str, lexicon: _Lexicon) -> list[Meaning]:
    found = list(_names(text, lexicon))
    if lexicon.together and _HAS_TOGETHER.search(text):
        found += _written_together(text, lexicon)
    return [meaning for _, meaning in sorted(found)]


def _names(text: str, lexicon: _Lexicon) -> Iterator[tuple[int, Meaning]]:
    words = list(_WORD.finditer(text))
    folded = [_folded(word.group()) for word in words]
    place = 0
    while place < len(words):
        for first in _bare(folded[place], lexicon.language):
            for count in range(min(lexicon.longest.get(first, 0), len(words) - place), 0, -1):
                known = lexicon.names.get(" ".join((first, *folded[place + 1 : place + count])))
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


def _written_together(text: str, lexicon: _Lexicon) -> Iterator[tuple[int, Meaning]]:
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


# What tells the country all the same where everyday.tsv takes the plain name away.
_ALSO = {
    "ar": {"سلطنة عمان": "OM"},
    "ko": {"가나로": "GH", "가나까지": "GH", "가나에서": "GH", "오만으로": "OM", "오만까지": "OM", "오만에서": "OM"},
}


def _folded(text: str) -> str:
    """Without what writers differ in: case, Arabic's vowel signs and forms of alef, the dot of a Turkish İ."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "")
    return folded if folded.isascii() else folded.translate(_ARABIC)


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
    for language, ending, forms in _rows("endings.tsv"):
        rules.setdefault(language, []).append((ending.strip("_"), forms))
    return rules


@lru_cache(maxsize=1)
def _everyday() -> dict[tuple[str, str], frozenset[str]]:
    """By rule and language, names that are more often other words: those that count only with a capital, or with one
    inside a sentence, and those that never do, with what holds a name's letters by chance ("*": any language)."""
    return {(rule, language): frozenset(words.split("|")) for rule, language, words in _rows("everyday.tsv")}


@lru_cache(maxsize=64)
def _lexicon(language: str) -> _Lexicon:
    """The words of a language, and those of English where it has no other meaning for them."""
    lexicon = _Lexicon(language)
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


def _add(lexicon: _Lexicon, form: str, meaning: Meaning, name: str) -> None:
    """Adds a form of a name, but for one that has a meaning already."""
    form = _plain(form)
    if _HAS_TOGETHER.search(form):
        forms = lexicon.together.setdefault(form[0], [])
        if all(form != known for known, _ in forms):
            forms.append((form, meaning))
        return
    words = [_folded(word) for word in _WORD.findall(form)]
    if words:
        lexicon.names.setdefault(" ".join(words), (meaning, _letters(name, lexicon.language)))
        lexicon.longest[words[0]] = max(lexicon.longest.get(words[0], 0), len(words))


def _letters(name: str, language: str) -> Letters:
    everyday, folded = _everyday(), _folded(name)
    if folded in everyday.get(("inside", language), ()):
        return "inside"
    if folded in everyday["capital", "*"] | everyday.get(("capital", language), frozenset()):
        return "capital"
    if language == "vi" and name.split()[-1][0].isupper() and (" " not in name or name[0].islower()):
        return "capital"  # one syllable is a common word in small letters: "ý", "anh", "sang Ý"
    return "any"


def _countries(language: str) -> Iterator[tuple[str, str]]:
    """What countries are called in a language, and their codes."""
    yield from _ALSO.get(language, {}).items()
    for code, tag, names in _rows("countries.tsv"):
        if tag == language:
            yield from ((name.strip(), code) for name in names.split("|") if name.strip())
    for code, name in locale_of(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}:
            yield name, code


@lru_cache(maxsize=1)
def _colours() -> dict[str, dict[str, str]]:
    """Language → surface form → English colour."""
    header, *rows = _rows("colours.tsv", header=True)
    return {
        language: {form.strip(): row[0] for row in rows for form in row[column].split("|") if form.strip()}
        for column, language in enumerate(header)
        if column > 0
    }


@lru_cache(maxsize=1)
def _all_colours() -> dict[str, str]:
    merged: dict[str, str] = {}
    for forms in reversed(list(_colours().values())):  # English, the first, wins
        merged |= {_folded(form): colour for form, colour in forms.items()}
    return merged


def _rows(name: str, *, header: bool = False) -> list[list[str]]:
    with (LEXICON / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows if header else rows[1:]
