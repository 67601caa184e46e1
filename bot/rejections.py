"""Whether a message turns down what was shown, in any language: "not this one", "不是这个", "ليس هذا".

A perceptron over the text encoder's vectors, fitted on bot/examples/rejections and, as what is none, on the examples of
the intents. scripts/train fits it (bot/training_rejections.py). Figures stand in bot/examples/REJECTIONS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot import perceptron
from bot.intents import read_examples as read_messages
from bot.perceptron import Perceptron

F32 = NDArray[np.float32]
EXAMPLES = Path(__file__).with_name("examples") / "rejections"
TRAINED = Path(__file__).with_name("trained") / "rejections.npz"
LEAST = 0.5


@dataclass(frozen=True)
class Rejections:
    """Tells what turns something down; the first class is what does not."""

    head: Perceptron

    def rejects(self, vector: F32) -> bool:
        """Whether a message with this vector [d] does."""
        return float(self.head.probabilities(vector)[1]) >= LEAST


def read_examples() -> tuple[list[str], list[bool], list[str]]:
    """Messages of all languages, whether each turns something down, and their languages (BCP 47)."""
    rows = [
        (line, path.stem)
        for path in sorted(EXAMPLES.glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    kinds, messages = zip(*(line.split("\t") for line, _ in rows), strict=True)
    return list(messages), [kind == "rejects" for kind in kinds], [language for _, language in rows]


def fingerprint(encoder: str) -> str:
    """Of what the head is fitted on: the examples, and the encoder by its name."""
    messages, kinds, _ = read_examples()
    others, intents = read_messages()
    return hashlib.sha256("\n".join((encoder, *map(str, kinds), *messages, *intents, *others)).encode()).hexdigest()


def load(encoder: str) -> Rejections:
    """What comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    return Rejections(perceptron.load(TRAINED, fingerprint(encoder)))
