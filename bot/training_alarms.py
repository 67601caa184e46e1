"""Fits bot/trained/alarms.npz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot import alarms, perceptron
from bot.alarms import ALARMS, AlarmHead
from bot.intents import read_examples as read_messages
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.training_perceptron import fit

F32 = NDArray[np.float32]
FOLDS = 7  # of languages
OF_MESSAGES = 0.25  # what a message of the intents' examples counts, of which there are ten times as many


def run(parts: Parts) -> list[Figure]:
    """Fits the head, and says how well one does on languages that it has seen no alarm in."""
    sentences, labels, languages = alarms.read_examples()
    numbers = np.array([1 + ALARMS.index(label) if label else 0 for label in labels])
    vectors, messages = parts.text.queries(sentences), parts.text.queries(read_messages()[0])
    figures = _held_out(vectors, numbers, np.array(languages), messages)
    head = _fitted(vectors, numbers, messages).head
    perceptron.save(head, alarms.TRAINED, alarms.fingerprint(parts.text_encoder))
    return figures


def _fitted(vectors: F32, numbers: NDArray[np.int64], messages: F32) -> AlarmHead:
    return AlarmHead(fit(vectors, numbers, messages, 1 + len(ALARMS), OF_MESSAGES))


def _held_out(vectors: F32, numbers: NDArray[np.int64], languages: NDArray[np.str_], messages: F32) -> list[Figure]:
    fold = np.array([sorted(set(languages)).index(language) % FOLDS for language in languages])
    of_messages = np.arange(len(messages)) % FOLDS
    right, false = np.zeros(len(numbers), bool), np.zeros(len(messages), bool)
    for held in range(FOLDS):
        head = _fitted(vectors[fold != held], numbers[fold != held], messages[of_messages != held])
        for place in np.flatnonzero(fold == held):
            alarm = head.alarm(vectors[place])
            right[place] = numbers[place] == (1 + ALARMS.index(alarm) if alarm else 0)
        for place in np.flatnonzero(of_messages == held):
            false[place] = head.alarm(messages[place]) is not None
    found = [
        Figure(name=f"alarms: {name}", value=float(right[numbers == number].mean()), n=int((numbers == number).sum()))
        for number, name in enumerate(("none", *ALARMS))
    ]
    return [*found, Figure(name="alarms in messages without", value=float(false.mean()), n=len(messages))]
