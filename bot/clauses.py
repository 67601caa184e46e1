"""The clauses of a message, by its marks and line breaks: no list of words, so that any language is cut alike."""

from __future__ import annotations

import re

MOST = 8  # clauses; what is left stays in the last
_LEAST = 2  # letters of a clause

# A full stop, comma or colon ends a clause where no letter or digit follows: not in "10.99", "12:30", "a@b.com".
_ENDS = re.compile(r"[\n\r!?;…؟؛،。！？；，、।]+|[.,:](?!\w)|\s[-–—]\s|(?<=[\u0e00-\u0e7f])\s+(?=[\u0e00-\u0e7f])")


def clauses(text: str) -> tuple[str, ...]:
    """The clauses in their order; a message without marks is one. Thai ends clauses with a space."""
    found: list[str] = []
    start = 0
    for end in _ENDS.finditer(text):
        if len(found) == MOST - 1:
            break
        clause = text[start : end.end()].strip()
        if sum(letter.isalnum() for letter in clause) >= _LEAST:
            found.append(clause)
            start = end.end()
    rest = text[start:].strip()
    if sum(letter.isalnum() for letter in rest) >= _LEAST or not found:
        return (*found, rest) if rest else tuple(found)
    return tuple(found)
