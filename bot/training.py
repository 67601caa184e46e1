"""Fits what comes with the project in bot/trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot import background, intents
from bot.messages import Intent
from bot.parts import Parts

FOLDS = 5


def run(parts: Parts) -> int:
    """Fits the intents on all examples, after saying how well they do on a fifth that they were not fitted on."""
    sentences, labels = intents.read_examples()
    vectors = parts.text.queries(sentences)
    right = held_out(vectors, labels)
    print(f"intents: {right.mean():.3f} right on held-out examples, {FOLDS} folds, n = {len(labels)}")
    intents.save(intents.fit(vectors, labels), parts.text_encoder)
    found = background.encode(parts.text.passages)
    background.save(found, parts.text_encoder)
    print(f"background: {len(found)} passages")
    return 0


def held_out(vectors: NDArray[np.float32], labels: list[Intent]) -> NDArray[np.bool_]:
    """For each example, whether a head fitted on the other folds is right."""
    fold = np.random.default_rng(0).permutation(len(labels)) % FOLDS
    right = np.zeros(len(labels), dtype=bool)
    for held in range(FOLDS):
        taken = np.flatnonzero(fold != held)
        head = intents.fit(vectors[taken], [labels[place] for place in taken])
        for place in np.flatnonzero(fold == held):
            right[place] = intents.INTENTS[int(head.probabilities(vectors[place]).argmax())] == labels[place]
    return right
