"""Which language a text is written in, where it says enough: by its script, then by py3langid and telling words."""

from __future__ import annotations

import copy
import functools
import re
import unicodedata
from typing import Any

import msgspec

from bot.senses.telling_words import INTERNATIONAL, WORDS


class Guess(msgspec.Struct, frozen=True):
    """A BCP 47 tag out of those offered; `confidence` is 0..1."""

    language: str
    confidence: float


_READ = 2_000  # characters; more of the same text says nothing new
_SURE_ENOUGH = 0.6
_NAME_SURE_ENOUGH = 0.85  # where every word is capitalised: it may be a name
_TELLING, _TELLING_ALONE = 20.0, 60.0  # how much likelier a word makes the languages that have it, or the only one
_TELLING_LETTERS = {"ru": frozenset("ыэёъ"), "uk": frozenset("іїєґ")}
_SHORT = 12  # words; statistics do better than telling words in longer texts, which may quote names and titles
_FOREIGN_LETTERS, _FOREIGN_SURE = 40, 0.9  # from when a text may be said to be in a language that is not offered

_ASCII_RUN = re.compile(r"[!-~]+")
_RUNS = re.compile(
    r"(?P<latin>[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+(?:['’][A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+)*)"
    r"|(?P<cyrillic>[\u0400-\u052f]+(?:['’][\u0400-\u052f]+)*)"
    r"|(?P<arabic>[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f]+)"
    r"|(?P<hebrew>[\u05d0-\u05ea]+)|(?P<devanagari>[\u0900-\u0963\u0971-\u097f]+)"
    r"|(?P<thai>[\u0e01-\u0e3a\u0e40-\u0e4e]+)|(?P<hangul>[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]+)"
    r"|(?P<kana>[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]+)"
    r"|(?P<han>[\u3400-\u4dbf\u4e00-\u9fff々\U00020000-\U000323af]+)"
    r"|(?P<other>[^\W\d_])"
)
# One sign of these scripts says about as much as so many letters of an alphabet.
_WEIGHTS = {"han": 3.0, "hangul": 2.0, "kana": 2.0}
_CYRILLIC = {"ru", "uk", "bg", "sr", "be", "mk", "kk"}
_OF_ONE_LANGUAGE = {"hebrew": "he", "devanagari": "hi", "thai": "th", "hangul": "ko"}
_NOT_ARABIC = frozenset("پچژگکیےٹڈڑںہھۆێڵەۇۈ")  # Persian, Urdu, Kurdish and Uyghur write with these


def warm(languages: tuple[str, ...]) -> None:
    """Loads what `identify` needs (about 0.6 s), which the first call would do otherwise."""
    for script in ("latin", "cyrillic"):
        _narrowed(languages, script)
    _han_variants()


def identify(text: str, languages: tuple[str, ...]) -> Guess | None:
    """The text's main language out of `languages`, or None where it doesn't say enough.

    Numbers, codes, addresses, emoji and single names say nothing. A text in a language that is not offered gives
    None where that is plain, for instance by its script.
    """
    text = unicodedata.normalize("NFC", text[:_READ])
    text = _ASCII_RUN.sub(lambda run: " " if _is_code(run.group()) else run.group(), text)
    runs: dict[str, list[str]] = {}
    for run in _RUNS.finditer(text):
        runs.setdefault(str(run.lastgroup), []).append(run.group())
    script = _main_script(runs)
    if script is None or script == "other":
        return None
    if script in _OF_ONE_LANGUAGE:
        found = Guess(_OF_ONE_LANGUAGE[script], 0.99) if len("".join(runs[script])) > 1 else None
    elif script == "east_asian":
        found = _east_asian("".join(runs.get("han", ())), "".join(runs.get("kana", ())))
    elif script == "arabic":
        found = _arabic("".join(runs["arabic"]))
    else:
        return _by_letters(runs[script], script, languages)
    return _offered(found, languages)


def _is_code(run: str) -> bool:
    """Numbers, SKUs, e-mail and web addresses: a run of ASCII without a space."""
    return any(sign.isdigit() for sign in run) or "@" in run or "://" in run or run.startswith("www.")


def _main_script(runs: dict[str, list[str]]) -> str | None:
    """The script that says most. Beside another script, Latin words count only where they are not names.

    Han and kana are one here, for Japanese mixes them.
    """
    weights = {script: _WEIGHTS.get(script, 1.0) * sum(map(len, words)) for script, words in runs.items()}
    if len(runs) > 1 and "latin" in runs:
        weights["latin"] = sum(len(word) for word in runs["latin"] if word.islower())
    weights["east_asian"] = weights.pop("han", 0.0) + weights.pop("kana", 0.0)
    script = max(weights, key=lambda script: weights[script])
    return script if weights[script] else None


def _offered(guess: Guess | None, languages: tuple[str, ...]) -> Guess | None:
    """The guess under the tag that is offered for it: the same, its base, or its base with a region."""
    if guess is None or guess.language in languages:
        return guess
    base = guess.language.partition("-")[0]
    for tag in languages:
        if tag.partition("-")[0] == base:
            return Guess(tag, guess.confidence)
    return None


@functools.cache
def _han_variants() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """Characters that are simplified only, traditional only, Japanese only, and all that Japanese uses.

    Read off the national character sets: what GB 2312 has and Big5 lacks is simplified, and the other way round;
    what JIS X 0208 has and both lack is Japanese alone.
    """

    def held(encoding: str) -> set[str]:
        every = map(chr, range(0x4E00, 0xA000))
        return {sign for sign in every if sign.encode(encoding, "ignore")}

    simplified, traditional, japanese = held("gb2312"), held("big5"), held("shift_jis")
    return (
        frozenset(simplified - traditional),
        frozenset(traditional - simplified),
        frozenset(japanese - simplified - traditional),
        frozenset(japanese),
    )


def _east_asian(han: str, kana: str) -> Guess | None:
    """Kana is Japanese, but for the odd の that Chinese shop names borrow."""
    if len(kana) >= 0.15 * (len(han) + len(kana)):
        return Guess("ja", 0.99) if len(kana) + len(han) > 1 else None
    only_simplified, only_traditional, only_japanese, japanese = _han_variants()
    simplified = sum(sign in only_simplified for sign in han)
    traditional = [sign for sign in han if sign in only_traditional]
    if sum(sign in only_japanese for sign in han) > simplified + len(traditional):
        return Guess("ja", 0.9)
    if simplified == len(traditional):
        return Guess("zh", 0.7) if len(han) > 1 else None
    if simplified > len(traditional):
        return Guess("zh", round(0.6 + 0.39 * simplified / (simplified + len(traditional)), 2))
    if not simplified and len(han) < 5 and japanese.issuperset(han):
        return Guess("zh-Hant", 0.7)  # a few words that may be Japanese as well
    return Guess("zh-Hant", round(0.6 + 0.39 * len(traditional) / (simplified + len(traditional)), 2))


def _arabic(letters: str) -> Guess | None:
    """Arabic, unless the letters of another language in its script show."""
    foreign = sum(sign in _NOT_ARABIC for sign in letters)
    return Guess("ar", 0.99) if len(letters) > 1 and foreign < 0.08 * len(letters) else None


@functools.cache
def _identifier() -> Any:
    """py3langid over all its languages."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@functools.lru_cache(maxsize=16)
def _narrowed(languages: tuple[str, ...], script: str) -> tuple[Any, dict[str, str]]:
    """py3langid over the languages offered that are written in `script`, and their tags by its codes."""
    elsewhere = {"ar", "zh", "ja", *_OF_ONE_LANGUAGE.values()}
    tags: dict[str, str] = {}
    for tag in languages:
        base = tag.partition("-")[0]
        if base in _identifier().labels and base not in elsewhere and (base in _CYRILLIC) == (script == "cyrillic"):
            tags.setdefault(base, tag)
    narrow = copy.copy(_identifier())
    narrow.set_languages(list(tags))
    return narrow, tags


def _by_letters(words: list[str], script: str, languages: tuple[str, ...]) -> Guess | None:
    """A language of the Latin or the Cyrillic alphabet: py3langid's odds, times those of the telling words."""
    lower = [word.lower().replace("’", "'") for word in words]
    kept = [word for word, low in zip(words, lower, strict=True) if low not in INTERNATIONAL]
    if not kept:
        return None
    narrow, tags = _narrowed(languages, script)
    if not tags:
        return None
    known = all(low in WORDS for low in lower)
    names = all(word[0].isupper() for word in kept) and not all(map(str.isupper, kept)) and not known
    text = " ".join(words)
    odds = dict(narrow.rank(text))
    telling = [WORDS[low] for low in set(lower) if low in WORDS] if len(words) <= _SHORT else []
    if not names:
        for having in telling:
            for language in having & odds.keys():
                odds[language] *= _TELLING if len(having) > 1 else _TELLING_ALONE
    for language, signs in _TELLING_LETTERS.items():
        if language in odds and not signs.isdisjoint("".join(lower)):
            odds[language] *= _TELLING_ALONE
    language = max(odds, key=lambda language: odds[language])
    confidence = odds[language] / sum(odds.values())
    if confidence < (_NAME_SURE_ENOUGH if names else _SURE_ENOUGH) or _is_foreign(text, tags):
        return None
    return Guess(tags[language], round(confidence, 3))


def _is_foreign(text: str, tags: dict[str, str]) -> bool:
    """Whether a text long enough to tell is plainly in a language that is not offered."""
    if len(text) < _FOREIGN_LETTERS:
        return False
    language, confidence = _identifier().classify(text)
    return language not in tags and confidence >= _FOREIGN_SURE
