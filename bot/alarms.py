"""What makes a message one for a person, whatever else it asks: danger, harm, law, anger.

A perceptron of one hidden layer over the text encoder's vectors, fitted on bot/examples/alarms and, as what is no
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

from bot.errors import NotReady
from bot.intents import read_examples as read_messages

F32 = NDArray[np.float32]
Alarm = Literal["safety", "medical", "legal", "anger"]
ALARMS: tuple[Alarm, ...] = get_args(Alarm)
EXAMPLES = Path(__file__).with_name("examples") / "alarms"
TRAINED = Path(__file__).with_name("trained") / "alarms.npz"
LEAST = 0.5  # the chance that it is any of them


@dataclass(frozen=True)
class AlarmHead:
    """p(alarm | v) = softmax(output @ max(0, hidden @ v + hidden_bias) + output_bias); none first, then ALARMS.

    hidden [h, d], output [1 + alarms, h].
    """

    hidden: F32
    hidden_bias: F32
    output: F32
    output_bias: F32

    def probabilities(self, vector: F32) -> F32:
        """[1 + alarms] for a vector [d]."""
        logits = self.output @ np.maximum(0, self.hidden @ vector + self.hidden_bias) + self.output_bias
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum(), dtype=np.float32)

    def alarm(self, vector: F32) -> Alarm | None:
        """The likeliest alarm, or None where it is likelier that there is none."""
        chances = self.probabilities(vector)
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


def save(head: AlarmHead, encoder: str) -> None:
    """Keeps the head in the project, in half precision."""
    arrays = {name: array.astype(np.float16) for name, array in vars(head).items()}
    np.savez(TRAINED, fingerprint=fingerprint(encoder), **arrays)


def load(encoder: str) -> AlarmHead:
    """The head that comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The alarms were fitted on other examples: run scripts/train.")
        return AlarmHead(**{name: kept[name].astype(np.float32) for name in kept.files if name != "fingerprint"})
