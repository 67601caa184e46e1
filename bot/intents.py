"""What a message wants: a small head over the text encoder's vector and the letters of the message.

A multilayer perceptron of one hidden layer, and beside it what each word and row of letters speaks for; both are
fitted on bot/examples, and calibrated on examples that they were not fitted on. scripts/train does so
(bot/training_intents.py); the head comes with the project in bot/trained. What else was tried, and what sets
the intents apart, stands in bot/examples/EXPERIMENTS.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bot.errors import NotReady
from bot.intent_grams import Grams
from bot.messages import Intent

F32 = NDArray[np.float32]
EXAMPLES = Path(__file__).with_name("examples")
TRAINED = Path(__file__).with_name("trained") / "intents.npz"
INTENTS: tuple[Intent, ...] = get_args(Intent)
MOST = 3  # intents that are asked about
LIKELY = 0.1  # the chance from which on an intent is worth asking about


@dataclass(frozen=True)
class IntentHead:
    """p(intent | v, text) = softmax(output @ max(0, hidden @ v + hidden_bias) + output_bias + grams(text)).

    hidden [h, d], output [intents, h], in the order of INTENTS. `typical` [intents, d] is where the messages of an
    intent lie, less where all messages lie. An intent of `certain` or more is right in 95 of 100 messages.
    """

    hidden: F32
    hidden_bias: F32
    output: F32
    output_bias: F32
    typical: F32
    grams: Grams
    certain: float

    def probabilities(self, vector: F32, text: str = "") -> F32:
        """[intents] in the order of INTENTS, for the vector [d] of a message and its text."""
        logits = self.output @ np.maximum(0, self.hidden @ vector + self.hidden_bias) + self.output_bias
        logits = logits + self.grams.logits(text)
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum(), dtype=np.float32)

    def to_ask(self, chances: F32) -> tuple[Intent, ...]:
        """What to ask about rather than guess, likeliest first; empty where the likeliest is certain enough."""
        order = np.argsort(-chances, kind="stable")[:MOST]
        if chances[order[0]] >= self.certain:
            return ()
        return tuple(INTENTS[at] for rank, at in enumerate(order) if rank == 0 or chances[at] >= LIKELY)


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
    kept = {"fingerprint": np.array(fingerprint(encoder)), "certain": np.array(head.certain)}
    kept |= {name: getattr(head, name).astype(np.float16) for name in _arrays()}
    kept["gram_names"] = np.frombuffer("\n".join(head.grams.names).encode(), dtype=np.uint8)
    kept["gram_weights"] = head.grams.weights.astype(np.float16)
    np.savez(TRAINED, **kept)  # type: ignore[arg-type]


def load(encoder: str) -> IntentHead:
    """The head that comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The intents were fitted on other examples: run scripts/train.")
        names = kept["gram_names"].tobytes().decode().split("\n")
        grams = Grams(tuple(names), kept["gram_weights"].astype(np.float32))
        arrays = {name: kept[name].astype(np.float32) for name in _arrays()}
        return IntentHead(**arrays, grams=grams, certain=float(kept["certain"]))


def _arrays() -> list[str]:
    return [field.name for field in fields(IntentHead) if field.name not in {"grams", "certain"}]
