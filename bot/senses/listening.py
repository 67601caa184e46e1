"""What is said so far while a note is still being recorded: text that two passes in a row agree on.

LocalAgreement-2 (Macháček, Dabre and Bojar, 2023): the sound so far is heard again and again, and what two passes have
in common after what is confirmed already is confirmed as well. Nothing confirmed is taken back, so the whole note,
heard at its end, may differ. LISTENING.md has the figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from bot.errors import UnreadableMedia
from bot.messages import Heard
from bot.senses.media import decode_speech
from bot.settings import Limits

Samples = npt.NDArray[np.float32]

RATE = 16_000
_STEP = RATE  # new sound between two passes, at least
_WINDOW = 15 * RATE  # longer sound is cut in two before it is heard further
_CUT = slice(_WINDOW // 3, 2 * _WINDOW // 3)  # where the quietest moment is looked for
_MOMENT = RATE // 5
_SLIPS = 1 / 3  # of the confirmed letters that a pass may write otherwise and still be followed
# A letter of a script that is written without spaces, or what stands between two spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\s\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")


class Hears(Protocol):
    """What `Listening` needs of `Whisper`."""

    def hear(self, samples: Samples, hint: str | None = None) -> Heard | None: ...


class Overheard:
    """One note of which more and more bytes come. Called with all there are, it tells what is confirmed of them."""

    def __init__(self, whisper: Hears, limits: Limits, hint: str | None = None) -> None:
        self._listening = Listening(whisper, hint)
        self._limits = limits
        self._taken = 0  # samples

    def __call__(self, content: bytes) -> Heard | None:
        """What is confirmed of the note that begins with `content`; None while there is nothing.

        A beginning that can't be decoded yet changes nothing. The whole beginning is decoded each time, since
        containers can't be entered in the middle: about 2.5 ms a second of Opus.

        Raises:
            TooLarge: the note has more bytes or seconds than the limits allow.
        """
        try:
            samples = decode_speech(content, self._limits)
        except UnreadableMedia:
            return self._listening.heard
        self._listening.feed(samples[self._taken :])
        self._taken = max(self._taken, len(samples))
        return self._listening.heard


class Listening:
    """One note that is being recorded. A pass follows a second of new sound; each hears 16 s at most."""

    def __init__(self, whisper: Hears, hint: str | None = None) -> None:
        self._whisper, self._hint = whisper, hint
        self._sound = np.empty(0, np.float32)  # not yet let go
        self._unheard = 0
        self._closed = ""  # text of the sound that was let go
        self._confirmed = ""  # text of the sound at hand
        self._last = ""
        self._newest: Heard | None = None  # the last pass that heard something

    @property
    def text(self) -> str:
        """All that is confirmed."""
        return self._closed + self._confirmed

    @property
    def heard(self) -> Heard | None:
        """All that is confirmed, with the language and the confidence of the last pass; None while it is nothing."""
        newest = self._newest
        return Heard(self.text, newest.language, newest.confidence) if newest and self.text else None

    def feed(self, samples: Samples) -> str:
        """Takes the next sound, float32[n] at 16 kHz; all text that is confirmed by now, which only ever grows.

        At most one pass follows, however much comes at once, and nothing before the last 16 s is heard.
        """
        self._sound = np.concatenate([self._sound, samples])
        self._unheard += len(samples)
        if self._unheard < _STEP:
            return self.text
        self._unheard = 0
        if len(self._sound) > _WINDOW:
            self._let_go()
            return self.text
        said = self._pass(self._sound)
        self._confirmed = _agreed(self._confirmed, self._last, said)
        self._last = said
        return self.text

    def _pass(self, sound: Samples) -> str:
        # Its own last language is expected where the conversation has none: doubt costs a second look.
        hint = self._hint or (self._newest.language if self._newest else None)
        heard = self._whisper.hear(sound, hint)
        self._newest = heard or self._newest
        return heard.text if heard else ""

    def _let_go(self) -> None:
        """Cuts the sound at a quiet moment; what is said before it is heard once more, to cut the texts there too."""
        self._sound = self._sound[-_WINDOW - _STEP :]
        cut = _quietest(self._sound)
        head = words(self._pass(self._sound[:cut]))
        (closed, self._confirmed), (_, self._last) = _cut(self._confirmed, head), _cut(self._last, head)
        self._closed += closed
        self._sound = self._sound[cut:]


def _quietest(sound: Samples) -> int:
    """The middle of the quietest fifth of a second in the middle third of a window, in samples."""
    middle = np.square(sound[_CUT], dtype=np.float64)
    power = np.convolve(
        middle[: len(middle) // _MOMENT * _MOMENT].reshape(-1, _MOMENT // 4).sum(1), np.ones(4), "valid"
    )
    return _CUT.start + int(power.argmin()) * (_MOMENT // 4) + _MOMENT // 2


@dataclass(frozen=True)
class Word:
    """A word without the marks around it, and where it ends in its text, without a full stop."""

    plain: str
    end: int


def words(text: str) -> list[Word]:
    """The words of a text, or its letters where the script puts no spaces between words."""
    found = ((match[0].casefold().strip(".,;:!?…。、，！？¿¡"), match) for match in _WORD.finditer(text))
    return [Word(plain, match.start() + len(match[0].rstrip(".…"))) for plain, match in found if plain]


def _agreed(confirmed: str, last: str, now: str) -> str:
    """`confirmed`, longer by the words that both passes have after it; as it is where one of them is quite another."""
    had, before, after = words(confirmed), words(last), words(now)
    places = _place(had, before), _place(had, after)
    if None in places:
        return confirmed
    start = count = places[1] or 0
    for one, other in zip(before[places[0] :], after[start:], strict=False):
        if one.plain != other.plain:
            break
        count += 1
    if count == start:
        return confirmed
    return confirmed + now[after[start - 1].end if start else 0 : after[count - 1].end]


def _place(head: list[Word], text: list[Word]) -> int | None:
    """How many of the first words of a text are `head`, by the fewest changes of letters; None where they are too many.

    By letters, since passes part words otherwise: "doveva arrivare lunedì", "dove va arrivare l'unedi".
    """
    letters = "".join(word.plain for word in head)
    beginnings = accumulate((word.plain for word in text), initial="")
    changes = [Levenshtein.distance(letters, beginning) for beginning in beginnings]
    best = min(range(len(changes)), key=lambda count: (changes[count], abs(count - len(head))))
    return best if changes[best] <= _SLIPS * len(letters) else None


def _cut(text: str, head: list[Word]) -> tuple[str, str]:
    """The text up to the end of what `head` is of it, and the rest; all and nothing where it can't be told."""
    found = words(text)
    place = _place(head, found)
    at = len(text) if place is None else found[place - 1].end if place else 0
    return text[:at], text[at:]
