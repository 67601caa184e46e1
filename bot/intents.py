"""What a message wants: a small head over the text encoder's vectors, fitted on bot/examples.

A multilayer perceptron of one hidden layer. scripts/train fits it (bot/training.py); it comes with the project in
bot/trained. What else was tried stands in bot/examples/EXPERIMENTS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bot.errors import NotReady
from bot.messages import Intent

F32 = NDArray[np.float32]
EXAMPLES = Path(__file__).with_name("examples")
TRAINED = Path(__file__).with_name("trained") / "intents.npz"
INTENTS: tuple[Intent, ...] = get_args(Intent)


@dataclass(frozen=True)
class IntentHead:
    """p(intent | v) = softmax(output @ max(0, hidden @ v + hidden_bias) + output_bias).

    hidden [h, d], output [intents, h], in the order of INTENTS. `typical` [intents, d] is where the messages of an
    intent lie, less where all messages lie.
    """

    hidden: F32
    hidden_bias: F32
    output: F32
    output_bias: F32
    typical: F32

    def probabilities(self, vector: F32) -> F32:
        """[intents] in the order of INTENTS, for a vector [d]."""
        logits = self.output @ np.maximum(0, self.hidden @ vector + self.hidden_bias) + self.output_bias
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum(), dtype=np.float32)


def read_examples(folder: Path = EXAMPLES, languages: tuple[str, ...] | None = None) -> tuple[list[str], list[Intent]]:
    """Sentences and their intents, of all languages together or of some (BCP 47)."""
    sentences: list[str] = []
    intents: list[Intent] = []
    for path in sorted(folder.glob("*.tsv")):
        if languages is not None and path.stem not in languages:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            intent, _, sentence = line.partition("\t")
            sentences.append(sentence)
            intents.append(INTENTS[INTENTS.index(intent)])
    return sentences, intents


def fingerprint(encoder: str) -> str:
    """Of what the head is fitted on: the examples, and the encoder by its name."""
    sentences, intents = read_examples()
    return hashlib.sha256("\n".join((encoder, *intents, *sentences)).encode()).hexdigest()


def save(head: IntentHead, encoder: str) -> None:
    """Keeps the head in the project, in half precision, so that no installation has to fit it again."""
    arrays = {name: array.astype(np.float16) for name, array in vars(head).items()}
    np.savez(TRAINED, fingerprint=fingerprint(encoder), **arrays)


def load(encoder: str) -> IntentHead:
    """The head that comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The intents were fitted on other examples: run scripts/train.")
        return IntentHead(**{name: kept[name].astype(np.float32) for name in kept.files if name != "fingerprint"})
