"""Fits what comes with the project in bot/trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot import (
    background,
    intents,
    training_alarms,
    training_fusion,
    training_intents,
    training_sentences,
    training_verdicts,
)
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.senses import language_training
from bot.senses.token_means import TokenMeans, mean_of
from bot.settings import LANGUAGES

F32 = NDArray[np.float32]


def run(parts: Parts) -> list[Figure]:
    """Fits everything, and says how well each does on what it was not fitted on."""
    figures = [*training_intents.train(parts), *training_alarms.run(parts), *training_sentences.run(parts)]
    figures += training_verdicts.run(parts)
    figures += training_fusion.run(parts)
    found = background.encode(parts.text.passages)
    background.save(found, parts.text_encoder)
    _train_token_means(parts)
    language_training.train()
    return figures


def _train_token_means(parts: Parts) -> None:
    means: dict[bool, dict[str, F32]] = {True: {}, False: {}}
    for language in LANGUAGES:
        sentences, _ = intents.read_examples(languages=(language,))
        for is_query, found in means.items():
            found[language] = mean_of(parts.text.tokens(sentences, is_query))
    TokenMeans.save(means[True], means[False])
