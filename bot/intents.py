"""What a message wants: a linear head over the text encoder's vectors, fitted on bot/examples.

Multinomial logistic regression with an L2 penalty (Hastie, Tibshirani, Friedman, The Elements of Statistical
Learning, 4.4), on standardised vectors. scripts/train fits it; it comes with the project in
bot/trained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from bot.errors import NotReady
from bot.messages import Intent

F32 = NDArray[np.float32]
TRAINED = Path(__file__).with_name("trained") / "intents.npz"
EXAMPLES = Path(__file__).with_name("examples")
INTENTS: tuple[Intent, ...] = get_args(Intent)
PENALTY = 3e-3  # see bot/examples/EXPERIMENTS.md


@dataclass(frozen=True)
class IntentHead:
    """p(intent | vector) = softmax(weight @ vector + bias); weight [intents, d], bias [intents]."""

    weight: F32
    bias: F32

    def probabilities(self, vector: F32) -> F32:
        """[intents] in the order of INTENTS, for a vector [d]."""
        logits = self.weight @ vector + self.bias
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum(), dtype=np.float32)


def read_examples(folder: Path = EXAMPLES) -> tuple[list[str], list[Intent]]:
    """Sentences and their intents, all languages together."""
    sentences: list[str] = []
    intents: list[Intent] = []
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            intent, _, sentence = line.partition("\t")
            sentences.append(sentence)
            intents.append(INTENTS[INTENTS.index(intent)])
    return sentences, intents


def fit(vectors: F32, intents: Sequence[Intent], penalty: float = PENALTY) -> IntentHead:
    """The head for vectors [n, d] and their n intents. Deterministic.

    The penalty is on the weights for standardised vectors; the head that comes back takes raw ones.
    """
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    x = torch.from_numpy((vectors - mean) / spread)
    y = torch.tensor([INTENTS.index(intent) for intent in intents])
    weight = torch.zeros(len(INTENTS), x.shape[1], requires_grad=True)
    bias = torch.zeros(len(INTENTS), requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        value = torch.nn.functional.cross_entropy(x @ weight.T + bias, y) + penalty * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    solver.step(loss)  # type: ignore[no-untyped-call]
    raw = (weight.detach().numpy() / spread).astype(np.float32)
    return IntentHead(raw, (bias.detach().numpy() - raw @ mean).astype(np.float32))


def fingerprint(encoder: str) -> str:
    """Of all that the head is made from: the examples, the penalty, and the encoder by its name."""
    sentences, intents = read_examples()
    return hashlib.sha256("\n".join((encoder, str(PENALTY), *intents, *sentences)).encode()).hexdigest()


def save(head: IntentHead, encoder: str) -> None:
    """Keeps the head in the project, so that no installation has to fit it again."""
    np.savez(TRAINED, weight=head.weight, bias=head.bias, fingerprint=fingerprint(encoder))


def load(encoder: str) -> IntentHead:
    """The head that comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The intents were fitted on other examples: run scripts/train.")
        return IntentHead(kept["weight"], kept["bias"])
