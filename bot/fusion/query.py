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
from bot.fusion.telling import Telling
from bot.fusion.words import Words

WORDS, FUSION = "words.npz", "fusion.npz"


@dataclass(frozen=True)
class Fusing:
    """What was learnt: words of other languages, which photos show something, and how much words count beside one."""

    words: Words
    telling: Telling
    late: Late


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
