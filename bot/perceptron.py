"""A perceptron of one hidden layer over the text encoder's vectors, kept with what it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import NotReady

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Perceptron:
    """p(class | v) = softmax(output @ max(0, hidden @ v + hidden_bias) + output_bias); hidden [h, d], output [c, h]."""

    hidden: F32
    hidden_bias: F32
    output: F32
    output_bias: F32

    def probabilities(self, vector: F32) -> F32:
        """[c] for a vector [d]."""
        logits = self.output @ np.maximum(0, self.hidden @ vector + self.hidden_bias) + self.output_bias
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum(), dtype=np.float32)


def save(head: Perceptron, file: Path, fingerprint: str) -> None:
    """Keeps it in half precision."""
    arrays = {name: array.astype(np.float16) for name, array in vars(head).items()}
    np.savez(file, fingerprint=fingerprint, **arrays)


def load(file: Path, fingerprint: str) -> Perceptron:
    """What was kept.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(file) as kept:
        if str(kept["fingerprint"]) != fingerprint:
            raise NotReady(f"{file.stem} were fitted on other examples: run scripts/train.")
        return Perceptron(**{name: kept[name].astype(np.float32) for name in kept.files if name != "fingerprint"})
