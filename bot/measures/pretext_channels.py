"""The pretexts of pretexts.tsv by voice note and by photo: some of them in every language, and each of them in some.

What is said in a voice note is spoken by espeak-ng, with the number typed beside it, since numbers are hard to hear; a
photo shows the words and the number as a note, and what is typed beside it asks where the order is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.measures.label_drawing import drawn_note
from bot.measures.spoken import spoken
from bot.messages import Part, Photo, Speech, Text
from bot.parts import Parts
from bot.settings import LANGUAGES

if TYPE_CHECKING:
    from bot.measures.pretexts import Pretext

KINDS, APART = 20, 7  # each language tries the kinds that are so far apart


def by_voice(_: Parts, pretext: Pretext, order: str) -> tuple[Part, ...] | None:
    """A voice note without the number, which is typed; None where there is no voice."""
    sound = spoken(pretext.text.replace("{o}", " "), pretext.language)
    return (Text(order), Speech(sound)) if sound else None


def by_photo(parts: Parts, pretext: Pretext, order: str) -> tuple[Part, ...]:
    """A photo of all of it, and the plain question."""
    asked = parts.phrases.say(pretext.language, "suggest.track_order")
    return Text(asked), Photo(drawn_note(pretext.text.format(o=order), pretext.language))


def some(pretexts: Sequence[Pretext]) -> Iterator[Pretext]:
    """Three of each language, by which each kind comes about as often."""
    kinds = list(dict.fromkeys(pretext.kind for pretext in pretexts))
    for number, language in enumerate(LANGUAGES):
        wanted = {kinds[(number + step) % len(kinds)] for step in range(0, KINDS, APART)}
        yield from (one for one in pretexts if one.language == language and one.kind in wanted)
