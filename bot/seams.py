"""What understanding asks of the models: the seams at which others may stand in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.alarms import AlarmHead
from bot.fusion.query import Fusing
from bot.intents import IntentHead
from bot.messages import Heard

F32 = NDArray[np.float32]


class TextEncoder(Protocol):
    """Texts to unit vectors [n, d]; queries and passages of one meaning are near each other. Hashed by identity."""

    def __hash__(self) -> int: ...

    def queries(self, texts: Sequence[str]) -> F32: ...

    def passages(self, texts: Sequence[str]) -> F32: ...


class Recogniser(Protocol):
    """Samples float32 [n], mono, 16 kHz, to what was said; None where nothing was, or nothing intelligible."""

    def hear(self, samples: F32, hint: str | None = None) -> Heard | None: ...


class Overhears(Protocol):
    """A voice note that is still being recorded: from all its bytes so far to what is sure of it, None for nothing.

    What it tells only ever grows. Raises TooLarge where the note is too long to be taken at all.
    """

    def __call__(self, content: bytes) -> Heard | None: ...


class Look(Protocol):
    """What a vision encoder makes of n pictures: unit vectors [n, p] and the names of what each shows."""

    @property
    def vectors(self) -> F32: ...

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]: ...


class VisionEncoder(Protocol):
    """Pictures to vectors and labels."""

    def look(self, images: list[Image.Image]) -> Look: ...


class SharedSpace(Protocol):
    """Texts to vectors [n, p] in the space of pictures."""

    def queries(self, texts: Sequence[str]) -> F32: ...


class Reader(Protocol):
    """The text and the barcodes in a picture."""

    def read(self, image: Image.Image) -> str: ...

    def barcodes(self, image: Image.Image) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Senses:
    """The models that understand. Those for speech and pictures come when they are first needed."""

    text: TextEncoder
    intents: IntentHead
    alarms: AlarmHead
    speech: Callable[[], Recogniser]
    vision: Callable[[], VisionEncoder]
    reader: Callable[[], Reader]
    fusing: Callable[[], Fusing]
    shared_space: Callable[[], SharedSpace | None]
    overhearing: Callable[[str | None], Overhears] | None = None  # by the language expected; None: whole notes only
