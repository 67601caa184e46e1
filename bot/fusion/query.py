"""What a customer's photo and the words beside it are, once they are to be looked for together.

Late fusion is what bot/measures/fusion.py found best for products that were never trained on (EXPERIMENTS.md), so this
is what is loaded; it needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.fusion import late, telling, words
from bot.fusion.features import F32
from bot.fusion.late import Late
from bot.fusion.photo_head import PhotoHead
from bot.fusion.telling import Telling
from bot.fusion.words import Words

WORDS, FUSION = "words.npz", "fusion.npz"


@dataclass(frozen=True)
class Fused:
    """Photos [n, d] as the shop's pictures are, and what the words beside them say by themselves, [t]."""

    photos: F32 | None = None
    words: F32 | None = None


@dataclass(frozen=True)
class Fusing:
    """What was learnt: words of other languages, which photos show something, and how much words count beside one.

    `telling` is None for vectors of another encoder than it was learnt on; `head`, where photos need none.
    """

    words: Words
    telling: Telling | None
    late: Late
    head: PhotoHead | None = None

    @property
    def weight(self) -> float:
        """How much what words say beyond the floor counts, beside a photo's cosine: the surer cosines are of what they
        say, the less. A head takes cosines down by the root of two, with the number that it adds to photos."""
        usual = self.late.photo if self.head is None else self.late.photo * 2**0.5
        known = self.head.sharpness if self.head is not None else 0.0
        return self.late.words / max(known or usual, 1e-6)

    def fuse(self, photos: F32, text: F32 | None, language: str) -> Fused:
        """What is to be looked for, from photos [n, p] and the text's vector [t].

        Where there are words, photos that show nothing are left out; where none shows anything, words are all there is.
        """
        if text is None:
            return Fused(self._shown(photos))
        shows = np.ones(len(photos), bool) if self.telling is None else self.telling.tells(photos)
        if not shows.any():
            return Fused()
        return Fused(self._shown(photos[shows]), self.words.english(text[None], language)[0])

    def _shown(self, photos: F32) -> F32:
        return photos if self.head is None else self.head.photos(photos)


def load(folder: Path) -> Fusing:
    """What comes with the project, or what a shop has trained.

    Raises:
        OSError: a file is missing.
        ValueError: a file holds something else.
    """
    with np.load(folder / FUSION, allow_pickle=False) as arrays:
        found: Mapping[str, F32] = {name: arrays[name] for name in arrays.files}
    return Fusing(words.load(folder / WORDS), telling.from_arrays(found), late.from_arrays(found))


def save(folder: Path, what: Telling, how: Late) -> None:
    """Writes what `load` reads, but for the words, which save themselves."""
    np.savez_compressed(folder / FUSION, allow_pickle=False, **what.arrays(), **how.arrays())
