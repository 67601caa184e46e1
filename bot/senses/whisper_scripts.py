"""Which of Whisper's tokens may be written in a language: those that can only become letters of its own script.

Latin letters and digits may stand everywhere, since names, sizes and order numbers are said in every language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_LATIN = ("LATIN", "COMBINING", "FEMININE ORDINAL", "MASCULINE ORDINAL", "MODIFIER LETTER", "FULLWIDTH LATIN")
_HAN = ("CJK UNIFIED", "IDEOGRAPHIC")
_KANA = ("HIRAGANA", "KATAKANA")
# How Unicode names of a script's letters begin; what is not here is written in Latin letters alone.
_SCRIPTS = {
    "zh": _HAN,
    "ja": (*_HAN, *_KANA),
    "ko": ("HANGUL",),
    "ar": ("ARABIC",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "ru": ("CYRILLIC",),
    "uk": ("CYRILLIC",),
    "th": ("THAI",),
}
# A character set that holds a variant's characters, and one that holds the other's. What only the other has is not of
# the variant: 應 stands in Big5 and not in GB 2312. What both have (后, 里) or neither has may be written.
_VARIANTS = {"zh": ("gb2312", "big5"), "zh-Hant": ("big5", "gb2312"), "ja": ("euc_jp", "gb18030")}


class Writing:
    """The tokens of one language. `pieces` are the bytes of every token, b"" for what is no text."""

    def __init__(self, tag: str, pieces: Sequence[bytes]) -> None:
        letters = alphabet(tag)
        self._letters = letters
        self._starts = {code[:cut] for code in map(str.encode, letters) for cut in range(1, len(code))}
        self._pieces = pieces
        # Only these can go on with a letter whose bytes are not all there; the others would spoil it.
        self._going_on = [n for n, piece in enumerate(pieces) if piece and 0x80 <= piece[0] < 0xC0]
        self._masks: dict[bytes, Mask] = {}

    def allowed(self, pending: bytes) -> Mask:
        """bool[tokens]: what may follow `pending`, the first bytes of a letter (none: what stands before is whole)."""
        if pending not in self._masks:
            mask = np.zeros(len(self._pieces), np.bool_)
            for token in self._going_on if pending else range(len(self._pieces)):
                mask[token] = bool(self._pieces[token]) and self.rest(pending + self._pieces[token]) is not None
            mask.flags.writeable = False
            self._masks[pending] = mask
        return self._masks[pending]

    def rest(self, written: bytes) -> bytes | None:
        """The bytes at the end that are only the start of a letter; None where something is not of this language."""
        if written.isascii():
            return b""
        for cut in range(min(3, len(written)) + 1):
            head, tail = written[: len(written) - cut], written[len(written) - cut :]
            try:
                text = head.decode()
            except UnicodeDecodeError:
                continue
            return tail if self._letters.issuperset(text) and (not tail or tail in self._starts) else None
        return None


@lru_cache(maxsize=32)
def alphabet(tag: str) -> frozenset[str]:
    """The characters (of Unicode's first plane) that a language may be written in."""
    names = _SCRIPTS.get(tag.partition("-")[0], ())
    ours, other = _VARIANTS.get(tag, _VARIANTS.get(tag.partition("-")[0], (None, None)))
    found = set()
    for sign in map(chr, range(0x10000)):
        kind = unicodedata.category(sign)[0]
        if kind in "LMN" and not sign.isascii():
            name = unicodedata.name(sign, "")
            if not name.startswith(_LATIN) and not name.startswith(names or ("LATIN",)):
                continue
            if ours and other and name.startswith(_HAN) and not _has(ours, sign) and _has(other, sign):
                continue
        elif kind == "C" and sign != "\u200c" and sign != "\u200d":  # joiners shape letters in Hindi and Arabic
            continue
        found.add(sign)
    return frozenset(found)


def _has(charset: str, sign: str) -> bool:
    try:
        sign.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
