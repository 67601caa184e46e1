"""What kinds of goods a text names, in 21 languages: "mochilas", "рюкзаков" and "双肩包" are backpacks.

bot/lexicon/goods.tsv holds, a line for each kind, what it is called in each language; bot/lexicon/broader.tsv what a
kind is a kind of. A shop's titles and a customer's words are held against each other by the kinds that both name, so
that a shop whose titles are German is understood in Thai.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, takewhile

from bot.named_words import HAS_TOGETHER, WORD, folded, plain, rows

NO_GOODS = "-"  # the line of words that hold a kind's letters by chance: 包裹 is no 包
_BETWEEN = " -'’\u00a0׳"  # what may stand between two words of one name
# Languages whose nouns change their last vowels, and how many letters at most; the others only add an ending.
_CHANGES = {"it": 1, "pl": 2, "ru": 2, "uk": 2, "ar": 1, "he": 1, "hi": 1}
# What letters the endings consist of that stand for a vowel at the end of a name.
_ENDINGS = {
    "it": frozenset("aeio"),
    "pl": frozenset("aeiouyąęómwhcj"),
    "ru": frozenset("аеёиоуыэюяйьмхв"),
    "uk": frozenset("аеєиіїоуюяйьмхв"),
    "ar": frozenset("تيكهنامو"),
    "he": frozenset("תיםךהונו"),
    "hi": frozenset("ािीेोंँएयओ"),
}
_PLURALS = {
    "en": ("s", "es"),
    "fr": ("s", "x"),
    "es": ("s", "es"),
    "pt": ("s",),
    "nl": ("s", "en"),
    "de": ("s", "n", "en"),
}
_VOWELS = frozenset("aeiouyąęóáéíúàèìòùâêîôûäöüıаеёиоуыэюяьйіїєהאويىةهาाीेोुूिौै")
_COMPOUND_ENDINGS = ("", "s", "n", "e", "en", "er", "es")
# Languages that write a noun's attribute before it, in one word, and how long a noun is at least that is known so.
_COMPOUNDS = {"de": 4, "nl": 5}
_ATTACHED = {
    "ar": ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل"),
    "he": ("וה", "שה", "ה", "ב", "ל", "מ", "ש", "ו"),
}
_OWNED = re.compile("(?:nya|ku|mu|kah|lah)$")  # what Indonesian puts behind a noun


@dataclass(frozen=True)
class Named:
    """A kind of goods where a text names it, from character `start` to before `end` of the text as `plain` makes it."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class _Forms:
    """What the kinds are called in one language."""

    language: str
    # The first two letters of a form's first word → forms of folded words and their kinds, most words first.
    words: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    # A form's first letter → the forms of a script without spaces and their kinds, longest first.
    together: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    ends: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # last three letters → whole single words


def kinds(text: str, *languages: str) -> frozenset[str]:
    """The kinds of goods that a text names, by the words of these languages."""
    return frozenset(named.kind for named in found(text, *languages))


def without(text: str, title: str, *languages: str) -> str:
    """The text without the words that name goods which a title names as well."""
    mine = kinds(title, *dict.fromkeys((*languages, "en")))
    text = plain(text)
    spans = {_at(named) for named in found(text, *languages) if any(same(named.kind, kind) for kind in mine)}
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return " ".join(text.split())


def without_goods(text: str, *languages: str) -> str:
    """The text without the words that name goods."""
    text = plain(text)
    for start, end in sorted({_at(named) for named in found(text, *languages)}, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


@lru_cache(maxsize=4096)
def word_for(kind: str, language: str) -> str:
    """What a kind of goods is called first of all in a language."""
    return next((form for form, of in _lexicon().get(language, []) if of == kind), kind)


def found(text: str, *languages: str) -> list[Named]:
    """Where a text names goods, in its order; where two names overlap, the longer one."""
    return list(_found(plain(text), languages))


@lru_cache(maxsize=4096)
def _found(text: str, languages: tuple[str, ...]) -> tuple[Named, ...]:
    every: list[Named] = []
    for language in dict.fromkeys(languages):
        forms = _forms(language)
        every += _by_words(text, forms)
        if forms.together and HAS_TOGETHER.search(text):
            every += _by_letters(text, forms)
    kept: list[Named] = []
    for named in sorted(dict.fromkeys(every), key=lambda one: (one.start - one.end, one.start)):
        # One word may name two kinds: 笔记本 is a notebook and a laptop.
        if all(named.end <= other.start or named.start >= other.end or _at(named) == _at(other) for other in kept):
            kept.append(named)
    return tuple(sorted((one for one in kept if one.kind != NO_GOODS), key=lambda one: one.start))


def _at(named: Named) -> tuple[int, int]:
    return named.start, named.end


def same(one: str, other: str) -> bool:
    """Whether one of two kinds is a kind of the other, or they are one."""
    return one in chain(other) or other in chain(one)


def akin(one: str, other: str) -> bool:
    """Whether two kinds are of one family: a boot and a sandal are both shoes."""
    return not set(chain(one)).isdisjoint(chain(other))


@lru_cache(maxsize=1024)
def chain(kind: str) -> tuple[str, ...]:
    """The kind, what it is a kind of, and so on."""
    above = _broader().get(kind)
    return (kind, *chain(above)) if above else (kind,)


@lru_cache(maxsize=1)
def _broader() -> dict[str, str]:
    return dict(rows("broader.tsv"))


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, list[tuple[str, str]]]:
    """Language → (form, kind)."""
    header, *lines = rows("goods.tsv", header=True)
    return {
        language: [(form.strip(), line[0]) for line in lines for form in line[column].split("|") if form.strip()]
        for column, language in enumerate(header)
        if column > 0
    }


@lru_cache(maxsize=32)
def _forms(language: str) -> _Forms:
    forms = _Forms(language)
    for form, kind in _lexicon().get(language, []):
        form = plain(form)
        if HAS_TOGETHER.search(form):
            forms.together.setdefault(form[0], []).append((form.casefold(), kind))
            continue
        words = tuple(folded(word) for word in WORD.findall(form))
        if len("".join(words)) > 1:
            forms.words.setdefault(words[0][:2], []).append((words, kind))
            if len(words) == 1 and len(words[0]) >= _COMPOUNDS.get(language, 99):
                forms.ends.setdefault(words[0][-3:], []).append((words[0], kind))
    for several in forms.words.values():
        several.sort(key=lambda each: -len(each[0]))
    for written in forms.together.values():
        written.sort(key=lambda each: -len(each[0]))
    return forms


def _by_words(text: str, forms: _Forms) -> Iterator[Named]:
    words = [(folded(word.group()), word.start(), word.end()) for word in WORD.finditer(text)]
    for place, (word, start, end) in enumerate(words):
        best: tuple[int, int, str] | None = None  # how many words, how exactly, the kind
        for bare in _bare(word, forms.language):
            for names, kind in forms.words.get(bare[:2], ()):
                if best and len(names) < best[0]:
                    break
                fit = _fit(text, words[place : place + len(names)], bare, names, forms.language)
                if fit and (not best or (len(names), fit) > best[:2]):
                    best = (len(names), fit, kind)
        if best:
            yield Named(best[2], start, words[place + best[0] - 1][2])
        elif forms.language in _COMPOUNDS and (last := _last_part(word, forms)):
            yield Named(last, start, end)


def _fit(text: str, words: list[tuple[str, int, int]], first: str, names: tuple[str, ...], language: str) -> int:
    """How well words of the text are a name's: 0 not, 1 as forms of it, 2 letter by letter."""
    if len(words) < len(names):
        return 0
    between = (text[one[2] : other[1]] for one, other in pairwise(words))
    if any(gap.strip(_BETWEEN) for gap in between):
        return 0
    if (first, *(word for word, _, _ in words[1:])) == names:
        return 2
    rest = zip((word for word, _, _ in words[1:]), names[1:], strict=True)
    fits = (any(_form_of(bare, name, language) for bare in _bare(word, language)) for word, name in rest)
    return int(_form_of(first, names[0], language) and all(fits))


def _form_of(word: str, name: str, language: str) -> bool:
    """Whether a word is a form of a name: but for an ending, of which the name itself may have a vowel or two."""
    if word == name:
        return True
    shared = sum(1 for _ in takewhile(lambda two: two[0] == two[1], zip(word, name, strict=False)))
    dropped, added = name[shared:], word[shared:]
    if shared < 3 or len(dropped) > _CHANGES.get(language, 0) or not set(dropped) <= _VOWELS:
        return False
    if language == "tr":
        return len(name) > 3 and len(added) <= 7
    if language == "id":
        return bool(_OWNED.fullmatch(added))
    if dropped and not set(added) <= _ENDINGS.get(language, frozenset()):
        return False
    if dropped and language in _ATTACHED:
        return added.startswith(("ت", "ات", "ת", "ות"))  # "my …", and the plural; the last letter is never just missing
    if not dropped and added in _PLURALS.get(language, ()):
        return True
    if language == "vi" or len(name) <= 3:
        return False
    if len(name) == 4:  # "Buch" and "Buche", "tour" and "tours"
        return added == "s" if not dropped else len(added) <= 1 and language in ("pl", "ru", "uk")
    return len(added) <= 3


def _bare(word: str, language: str) -> Iterator[str]:
    """The word, and without what Arabic and Hebrew put before a noun."""
    yield word
    for before in _ATTACHED.get(language, ()):
        if word.startswith(before) and len(word) - len(before) >= 3:
            yield word.removeprefix(before)


def _last_part(word: str, forms: _Forms) -> str | None:
    """The kind of the noun that a compound ends in: Wanderrucksack, Laufschuhen."""
    for ending in _COMPOUND_ENDINGS:
        stem = word.removesuffix(ending)
        if ending and stem == word:
            continue
        for name, kind in sorted(forms.ends.get(stem[-3:], ()), key=lambda each: -len(each[0])):
            if stem.endswith(name) and len(stem) - len(name) >= 3:
                return kind
    return None


def _by_letters(text: str, forms: _Forms) -> Iterator[Named]:
    small, place = text.lower(), 0
    if len(small) != len(text):
        return
    while place < len(small):
        written = forms.together.get(small[place], ())
        longest = next(
            (form for form, _ in written if small.startswith(form, place) and _stands(small, place, form)), ""
        )
        yield from (Named(kind, place, place + len(form)) for form, kind in written if longest and form == longest)
        place += max(len(longest), 1)


def _stands(text: str, start: int, form: str) -> bool:
    """Whether a form of a script without spaces is a word here and no part of another."""
    end = start + len(form)
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    one, last = text[start], text[end - 1]
    if "가" <= one <= "힣":
        return end - start > 1 or not ("가" <= before <= "힣")
    if "ァ" <= one <= "ー" and "ァ" <= before <= "ー" and len(form) < 4:
        return False  # but トレッキングバックパック is a バックパック
    if "ァ" <= last <= "ー" and "ァ" <= after <= "ー":
        return False
    return not ("\u0e31" <= after <= "\u0e3a" or "\u0e45" <= after <= "\u0e4e")
