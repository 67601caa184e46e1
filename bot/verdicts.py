"""Yes or no of a text in any language, by its vector: does it turn down what was shown, or give orders to machines.

Perceptrons over the text encoder's vectors. Each is fitted on its folder in bot/examples, a text a line behind the
folder's word or "other", and, as what is neither, on the examples of the intents. scripts/train fits them
(bot/training_verdicts.py). Figures stand in bot/examples/VERDICTS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot import perceptron
from bot.intents import read_examples as read_messages
from bot.perceptron import Perceptron

F32 = NDArray[np.float32]
Kind = Literal["rejections", "instructions"]
_YES: dict[Kind, str] = {"rejections": "rejects", "instructions": "instructs"}
_HERE = Path(__file__).parent
# The least chance from which on a text is of it: what a shop has written is not left out for less.
LEAST: dict[Kind, float] = {"rejections": 0.5, "instructions": 0.7}


@dataclass(frozen=True, eq=False)
class Verdict:
    """Tells one kind; the first class is what is not of it."""

    head: Perceptron
    least: float

    def __call__(self, vector: F32) -> bool:
        """Whether a text with this vector [d] is of it."""
        return float(self.head.probabilities(vector)[1]) >= self.least


def read_examples(kind: Kind) -> tuple[list[str], list[bool], list[str]]:
    """Texts of all languages, whether each is of the kind, and their languages (BCP 47)."""
    rows = [
        (line, path.stem)
        for path in sorted((_HERE / "examples" / kind).glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    words, texts, languages = zip(*((*line.split("\t"), language) for line, language in rows), strict=True)
    return list(texts), [word == _YES[kind] for word in words], list(languages)


def fingerprint(kind: Kind, encoder: str) -> str:
    """Of what is fitted on: the examples, and the encoder by its name."""
    texts, yes, _ = read_examples(kind)
    others, intents = read_messages()
    return hashlib.sha256("\n".join((encoder, *map(str, yes), *texts, *intents, *others)).encode()).hexdigest()


def trained(kind: Kind) -> Path:
    """Where it is kept."""
    return _HERE / "trained" / f"{kind}.npz"


@cache
def load(kind: Kind, encoder: str) -> Verdict:
    """What comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    return Verdict(perceptron.load(trained(kind), fingerprint(kind, encoder)), LEAST[kind])
