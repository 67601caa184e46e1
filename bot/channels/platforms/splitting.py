"""A long text in pieces that a platform takes, cut where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Callable

# From the best place to cut to the worst: after a paragraph, a line, a sentence, a word; then between two clusters.
_PAUSES = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?؟…])\s+|(?<=[。！？])", r"\s+"))
# What belongs to the character before it: combining marks, joiners, variation selectors, skin tones, tags.
_CLINGING = re.compile(
    r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    r"\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)


def split(text: str, limit: int, size: Callable[[str], int] = len) -> tuple[str, ...]:
    """The text in pieces of a `size` of at most `limit` each (at least 16), none of them blank."""
    pieces = []
    rest = text.strip()
    while size(rest) > limit:
        end = _cut(rest, _fitting(rest, limit, size))
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return tuple(piece for piece in (*pieces, rest) if piece)


def utf16(text: str) -> int:
    """Length in UTF-16 code units, in which some platforms count."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode())


def _fitting(text: str, limit: int, size: Callable[[str], int]) -> int:
    """How many characters of the text fit, by bisection."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low


def _cut(text: str, fits: int) -> int:
    for pause in _PAUSES:
        ends = [found.start() for found in pause.finditer(text, fits // 2, fits + 1)]
        if ends:
            return ends[-1]
    end = fits
    while end > max(fits - 32, 1) and (_CLINGING.match(text, end) or text[end - 1] == "\u200d"):
        end -= 1
    return end
