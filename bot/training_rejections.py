"""Fits bot/trained/rejections.npz."""

from __future__ import annotations

import numpy as np

from bot import perceptron, rejections
from bot.intents import read_examples as read_messages
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.rejections import Rejections
from bot.training_perceptron import fit

FOLDS = 7  # of languages
OF_MESSAGES = 0.1  # what a message of the intents' examples counts, of which there are twenty times as many


def run(parts: Parts) -> list[Figure]:
    """Fits the head, and says how well one does on languages that it has seen no such message in."""
    texts, kinds, languages = rejections.read_examples()
    wanted = np.array(kinds)
    vectors, messages = parts.text.queries(texts), parts.text.queries(read_messages()[0])
    fold = np.array([sorted(set(languages)).index(language) % FOLDS for language in languages])
    of_messages = np.arange(len(messages)) % FOLDS
    told, false = np.zeros(len(wanted), bool), np.zeros(len(messages), bool)
    for held in range(FOLDS):
        seen = fold != held
        numbers = wanted[seen].astype(np.int64)
        head = Rejections(fit(vectors[seen], numbers, messages[of_messages != held], 2, OF_MESSAGES))
        told[~seen] = [head.rejects(vector) for vector in vectors[~seen]]
        false[of_messages == held] = [head.rejects(vector) for vector in messages[of_messages == held]]
    made = fit(vectors, wanted.astype(np.int64), messages, 2, OF_MESSAGES)
    perceptron.save(made, rejections.TRAINED, rejections.fingerprint(parts.text_encoder))
    return [
        Figure(name="rejections: found", value=float(told[wanted].mean()), n=int(wanted.sum())),
        Figure(name="rejections: in what is like one", value=float(told[~wanted].mean()), n=int((~wanted).sum())),
        Figure(name="rejections: in messages without", value=float(false.mean()), n=len(messages)),
    ]
