"""What is said so far while a note is still being recorded: text that two passes in a row agree on.

LocalAgreement-2 (Macháček, Dabre and Bojar, 2023): the sound so far is heard again and again, and the beginning that
two passes share is confirmed. What is confirmed is never taken back, so the whole note, heard at its end, may differ.
"""

from __future__ import annotations

import re
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.messages import Heard

Samples = npt.NDArray[np.float32]

RATE = 16_000
_STEP = RATE  # new sound between two passes, at least
_WINDOW = 20 * RATE  # the most that a pass hears
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\s\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")


class Hears(Protocol):
    """What `Listening` needs of `Whisper`."""

    def hear(self, samples: Samples, hint: str | None = None) -> Heard | None: ...


class Listening:
    """One note that is being recorded. A pass follows a second of new sound; each hears 20 s at most."""

    def __init__(self, whisper: Hears, hint: str | None = None) -> None:
        self._whisper, self._hint = whisper, hint
        self._sound = np.empty(0, np.float32)  # not yet let go
        self._unheard = 0
        self._closed = ""  # text of the sound that was let go
        self._confirmed = ""  # text of the sound at hand
        self._last = ""

    @property
    def text(self) -> str:
        """All that is confirmed."""
        return _joined(self._closed, self._confirmed)

    def feed(self, samples: Samples) -> str:
        """Takes the next sound, float32[n] at 16 kHz; all text that is confirmed by now, which only ever grows.

        At most one pass follows, however much comes at once. Sound beyond 20 s is let go with what was confirmed of it.
        """
        self._sound = np.concatenate([self._sound, samples])
        self._unheard += len(samples)
        if self._unheard < _STEP:
            return self.text
        self._unheard = 0
        if len(self._sound) > _WINDOW:
            self._closed, self._confirmed, self._last = self.text, "", ""
            self._sound = self._sound[-_STEP:]
        heard = self._whisper.hear(self._sound, self._hint)
        said = heard.text if heard else ""
        self._confirmed = _agreed(self._confirmed, self._last, said)
        self._last = said
        return self.text


def _agreed(confirmed: str, last: str, now: str) -> str:
    """`confirmed`, longer by the words after it that both passes have; unchanged where they do not begin with it."""
    had, before, after = ([(_plain(m[0]), m.end()) for m in _WORD.finditer(text)] for text in (confirmed, last, now))
    count = len(had)
    if [word for word, _ in after[:count]] != [word for word, _ in had] or len(before) < count:
        return confirmed
    while count < min(len(before), len(after)) and before[count][0] == after[count][0]:
        count += 1
    if count <= len(had):
        return confirmed
    start = after[len(had) - 1][1] if had else 0
    return confirmed + now[start : after[count - 1][1]].rstrip(".…") if had else now[: after[count - 1][1]].rstrip(".…")


def _plain(word: str) -> str:
    return word.casefold().strip(".,;:!?…。、，！？¿¡")


def _joined(first: str, second: str) -> str:
    return " ".join(part.strip() for part in (first, second) if part.strip())
