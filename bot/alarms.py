"""What makes a message one for a person, whatever else it asks: danger, harm, law, anger.

A perceptron over the text encoder's vectors, fitted on bot/examples/alarms and, as what is no
alarm, on the examples of the intents. scripts/train fits it (bot/training_alarms.py). Figures stand in
bot/examples/ALARMS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bot import perceptron
from bot.intents import read_examples as read_messages
from bot.perceptron import Perceptron

F32 = NDArray[np.float32]
Alarm = Literal["safety", "medical", "legal", "anger"]
ALARMS: tuple[Alarm, ...] = get_args(Alarm)
EXAMPLES = Path(__file__).with_name("examples") / "alarms"
TRAINED = Path(__file__).with_name("trained") / "alarms.npz"
UNSURE = 0.1  # the chance that it is none, or is one: more than that and numbers in the message may turn it
LEAST = 0.5  # the chance that it is any of them


@dataclass(frozen=True)
class AlarmHead:
    """Tells what is an alarm; the first class is none, then ALARMS."""

    head: Perceptron

    def is_sure(self, vector: F32) -> bool:
        """Whether a few other digits in the message would change nothing."""
        return not UNSURE <= float(self.head.probabilities(vector)[0]) <= 1 - UNSURE

    def alarm(self, vector: F32) -> Alarm | None:
        """The likeliest alarm, or None where it is likelier that there is none."""
        chances = self.head.probabilities(vector)
        return ALARMS[int(chances[1:].argmax())] if 1 - chances[0] >= LEAST else None


def read_examples() -> tuple[list[str], list[Alarm | None], list[str]]:
    """Sentences of all languages, the alarm of each (None: it only looks like one), and their languages (BCP 47)."""
    sentences: list[str] = []
    alarms: list[Alarm | None] = []
    languages: list[str] = []
    for path in sorted(EXAMPLES.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            alarm, _, sentence = line.partition("\t")
            sentences.append(sentence)
            alarms.append(None if alarm == "none" else ALARMS[ALARMS.index(alarm)])
            languages.append(path.stem)
    return sentences, alarms, languages


def fingerprint(encoder: str) -> str:
    """Of what the head is fitted on: the examples, and the encoder by its name."""
    sentences, alarms, _ = read_examples()
    messages, intents = read_messages()
    return hashlib.sha256("\n".join((encoder, *map(str, alarms), *sentences, *intents, *messages)).encode()).hexdigest()


def load(encoder: str) -> AlarmHead:
    """The head that comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    return AlarmHead(perceptron.load(TRAINED, fingerprint(encoder)))
