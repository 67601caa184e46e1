"""What the words and letters of a message say of its intent, beside what the encoder's vector does.

Each word and each row of three to five letters in it adds to the intents what it was found to speak for in the
examples (bot/training_intents.py); of scripts without spaces, each row of one to four. The encoder knows what is
meant in any language, but blurs the rare word, the slang and the misspelling that decide: these don't.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

LONGEST = 600  # letters of a message that are read: what it wants stands in its beginning, and time is short
_WORD_LONGEST = 16  # letters of a word that is kept whole
_IN_WORDS, _TOGETHER = (3, 4, 5), (1, 2, 3, 4)  # letters of a piece

_ACCENTS = re.compile(r"[\u0300-\u036f]")  # marks of Latin, Greek and Cyrillic; those of other scripts are letters
# Harakat and the stretching of Arabic, and the points of Hebrew, which few write.
_POINTS = re.compile(r"[\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u0652\u0670]")
_LETTERS = str.maketrans({"ł": "l", "ı": "i", "đ": "d", "ß": "ss", "ø": "o", "ё": "е"} | {
    "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "’": "'", "臺": "台",
})  # fmt: skip
# Signs of vowels are no letters to Python; in these scripts no word is without them.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0900-\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e'])+|\d+|[?!؟？！]+")
UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Grams:
    """`names` [n] and what each of them says: `weights` [n, intents]."""

    names: tuple[str, ...]
    weights: F32

    def logits(self, text: str) -> F32:
        """[intents], to be added to those of the vector; zero where nothing of the text is known."""
        found = [self._rows[piece] for piece in pieces(text) if piece in self._rows]
        if not found:
            return np.zeros(self.weights.shape[1], np.float32)
        return np.asarray(self.weights[sorted(found)].sum(axis=0) * share(len(found)), dtype=np.float32)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}


def share(count: int) -> float:
    """What one of so many pieces counts: a long message says more than a short one, but not by its length."""
    return float((count + 1) ** -0.5)


def pieces(text: str) -> set[str]:
    """The words of a message and the rows of letters in them, without case and accents; any number is a 0."""
    found: set[str] = set()
    for word in _WORD.findall(plain(text)):
        if UNSPACED.search(word):
            found.update(word[at : at + size] for size in _TOGETHER for at in range(len(word) - size + 1))
        elif word[0].isdigit():
            found.add("0")
        else:
            edged = f"<{word}>"
            found.update(edged[at : at + size] for size in _IN_WORDS for at in range(len(edged) - size + 1))
            if len(word) <= _WORD_LONGEST:
                found.add(edged)
    return found


def plain(text: str) -> str:
    """The text as it is typed in haste: small letters, no accents, no points."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()[:LONGEST].translate(_LETTERS)
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", _POINTS.sub("", text)).translate(_LETTERS)
