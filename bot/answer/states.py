"""What a sentence says of the state of a product or a parcel, by the phrases of its language that say it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import get_args

import msgspec

from bot.answer import negations
from bot.answer.marks import folded
from bot.phrasebook import Phrasebook
from knowledge.records import Availability, CustomsStatus, ShipmentStatus

_PLACE = re.compile(r"\{\w+\}")
_STATES = frozenset((*get_args(Availability), *get_args(ShipmentStatus), *get_args(CustomsStatus)))


class Saying(msgspec.Struct, frozen=True):
    """A way to say a state, which a record names with `token`."""

    token: str
    pattern: re.Pattern[str]


@lru_cache(maxsize=64)
def sayings(phrases: Phrasebook, language: str) -> tuple[Saying, ...]:
    """All ways of a language, longest first, so that "not available" is not taken for "available"."""
    found: list[tuple[int, Saying]] = []
    for key, phrase in phrases.texts(language).items():
        token = key.rpartition(".")[2]
        if token not in _STATES or key.startswith("widget."):
            continue
        pieces = [piece.strip(" .,:;。、“”\"'«»„।") for piece in _PLACE.split(folded(phrase))]
        pieces = [piece for piece in pieces if any(map(str.isalpha, piece))]
        joined = "(.*?)".join(_whole(piece) for piece in pieces)  # between two stands what is put into the place
        found.append((sum(map(len, pieces)), Saying(token, re.compile(joined))))
    return tuple(saying for _, saying in sorted(found, key=lambda one: -one[0]))


def _whole(piece: str) -> str:
    """A pattern of the piece: within no longer word, in scripts that put spaces between them."""
    start = r"(?<!\w)" if piece[0] < "\u0e00" else ""
    end = r"(?!\w)" if piece[-1] < "\u0e00" else ""
    return start + re.escape(piece) + end


def contradicted(text: str, told: str, phrases: Phrasebook, language: str) -> list[str]:
    """The states that the text tells and the record does not; and the text, where it denies what it tells.

    Both in small letters, `text` without the names that it repeats of the record.
    """
    wrong: list[str] = []
    said = False
    for saying in sayings(phrases, language):
        text, times = saying.pattern.subn(lambda found: " ".join(("", *found.groups(), "")), text)
        said |= times > 0
        if times and not re.search(rf"(?<!\w){saying.token.casefold()}(?!\w)", told):
            wrong.append(saying.token)
    if said and negations.count(text, language):
        wrong.append(text.strip())
    return wrong
