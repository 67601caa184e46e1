"""Hindi, Russian and Ukrainian in Latin letters, spelt as people type them on a phone, for the model to learn from.

No standard is followed to the letter, for nobody who writes so does: each word gets the spellings that are common. The
short a that Hindi does not write is dropped at a word's end, and between a vowel's consonant and a next one with a
vowel of its own (Choudhury et al. 2004): कहना is kahna.
"""

from __future__ import annotations

import re

SCRIPTS = {
    "hi": re.compile(r"[\u0900-\u0963\u0971-\u097f]+"), "ru": re.compile(r"[а-яё]+"), "uk": re.compile(r"[а-яґєії']+"),
}  # fmt: skip
_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "ph", "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ल": "l", "व": "v", "श": "sh",
    "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip
_DOTTED = {"क": "q", "ख": "kh", "ग": "g", "ज": "z", "ड": "d", "ढ": "dh", "फ": "f"}
_VOWELS = {"अ": "a", "आ": "A", "इ": "i", "ई": "I", "उ": "u", "ऊ": "U", "ए": "e", "ऐ": "ai", "ओ": "o", "औ": "au",
           "ऋ": "ri", "ऑ": "o", "ऍ": "e"}  # fmt: skip
_SIGNS = {"ा": "A", "ि": "i", "ी": "I", "ु": "u", "ू": "U", "े": "e", "ै": "ai", "ो": "o", "ौ": "au", "ृ": "ri",
          "ॉ": "o", "ॅ": "e"}  # fmt: skip
_NASAL, _DOT, _NONE = "ंँ", "\u093c", "\u094d"
# Long vowels, v, an e after a vowel and a nasal end, as the one and as the other write them.
_SPELLINGS = (
    {"A": "a", "I": "i", "U": "u", "v": "v", "E": "e", "N": "n"},
    {"A": "aa", "I": "ee", "U": "oo", "v": "w", "E": "ye", "N": "n"},
    {"A": "a", "I": "i", "U": "u", "v": "w", "E": "ye", "N": ""},
)

_CYRILLIC = dict(zip("абвгдезийклмнопрстуф", "abvgdeziyklmnoprstuf", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e",
    "ю": "yu", "я": "ya", "ё": "yo", "'": "",
}  # fmt: skip
_ALPHABETS = {
    "ru": (_CYRILLIC, _CYRILLIC | {"х": "h", "ю": "ju", "я": "ja", "й": "j", "ц": "c", "ё": "e", "щ": "sh"}),
    "uk": tuple(
        _CYRILLIC | {"г": "h", "ґ": "g", "и": "y", "і": "i", "є": "ye"} | more
        for more in ({"ї": "yi"}, {"ї": "i", "й": "i", "ю": "iu", "я": "ia", "є": "ie", "х": "h"})
    ),
}


def romanised(word: str, language: str) -> list[str]:
    """The common spellings of a word of `hi`, `ru` or `uk` in Latin letters, without repeats; none if it has others."""
    if language == "hi":
        cut = _syllables(word)
        found = [_spelt(cut, how) for how in _SPELLINGS] if cut else []
    else:
        tables = _ALPHABETS[language]
        known = all(sign in tables[0] for sign in word)
        found = ["".join(table[sign] for sign in word) for table in tables] if known else []
    return list(dict.fromkeys(spelling for spelling in found if spelling))


def _syllables(word: str) -> list[tuple[str, str]]:
    """Consonants with the vowel that follows: "" for none, `?` for the short a that is not written."""
    cut: list[tuple[str, str]] = []
    for sign in word:
        if sign in _CONSONANTS:
            cut.append((_CONSONANTS[sign], "?"))
        elif sign in _VOWELS:
            cut.append(("", _VOWELS[sign]))
        elif not cut:
            return []
        elif sign in _SIGNS:
            cut[-1] = (cut[-1][0], _SIGNS[sign])
        elif sign == _NONE:
            cut[-1] = (cut[-1][0], "")
        elif sign == _DOT:
            plain = next((base for base, latin in _CONSONANTS.items() if latin == cut[-1][0]), "")
            cut[-1] = (_DOTTED.get(plain, cut[-1][0]), cut[-1][1])
        elif sign in _NASAL:
            cut.append(("N", ""))
        else:
            return []
    return cut


def _spelt(cut: list[tuple[str, str]], how: dict[str, str]) -> str:
    """One spelling, short a's dropped from the end on."""
    vowels = [vowel for _, vowel in cut]
    for at in range(len(cut) - 1, 0, -1):
        if vowels[at] == "?":
            last = at == len(cut) - 1
            inner = not last and vowels[at + 1] not in ("", "?") and cut[at + 1][0] not in ("", "N")
            vowels[at] = "" if last or (inner and vowels[at - 1]) else "a"
    text = "".join(consonant + vowel for (consonant, _), vowel in zip(cut, vowels, strict=True)).replace("?", "a")
    text = re.sub(r"(?<=[AIi])e", "E", re.sub(r"A$", "a", re.sub(r"I$", "i", text)))
    if how["N"]:
        text = re.sub(r"eN$", "ein", text)  # में is mein, and me
    text = re.sub(r"(?<=[^Nn])N$", how["N"], text)
    return re.sub("[AIUvEN]", lambda sign: how[sign.group()] or "n", text)
