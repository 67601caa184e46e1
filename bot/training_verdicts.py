"""Fits bot/trained/rejections.npz and instructions.npz."""

from __future__ import annotations

import numpy as np

from bot import perceptron, verdicts
from bot.intents import read_examples as read_messages
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.telling_sentences import read_examples as read_sentences
from bot.training_perceptron import fit
from bot.verdicts import LEAST, Kind, Verdict

FOLDS = 7  # of languages
OF_OTHERS = 0.1  # what a text of other examples counts, of which there are many times as many


def run(parts: Parts) -> list[Figure]:
    """Fits the heads, and says how well such do on languages that they have seen no such text in."""
    sentences = sorted({sentence for example in read_sentences() for sentence in example.sentences})
    asked = parts.text.queries(read_messages()[0])
    said = parts.text.passages([*sentences, *read_messages()[0]])
    return [*_fitted(parts, "rejections", asked), *_fitted(parts, "instructions", said)]


def _fitted(parts: Parts, kind: Kind, others: verdicts.F32) -> list[Figure]:
    texts, yes, languages = verdicts.read_examples(kind)
    wanted = np.array(yes)
    vectors = parts.text.queries(texts) if kind == "rejections" else parts.text.passages(texts)
    fold = np.array([sorted(set(languages)).index(language) % FOLDS for language in languages])
    of_others = np.arange(len(others)) % FOLDS
    told, false = np.zeros(len(wanted), bool), np.zeros(len(others), bool)
    for held in range(FOLDS):
        seen = fold != held
        numbers = wanted[seen].astype(np.int64)
        verdict = Verdict(fit(vectors[seen], numbers, others[of_others != held], 2, OF_OTHERS), LEAST[kind])
        told[~seen] = [verdict(vector) for vector in vectors[~seen]]
        false[of_others == held] = [verdict(vector) for vector in others[of_others == held]]
    made = fit(vectors, wanted.astype(np.int64), others, 2, OF_OTHERS)
    perceptron.save(made, verdicts.trained(kind), verdicts.fingerprint(kind, parts.text_encoder))
    return [
        Figure(name=f"{kind}: found", value=float(told[wanted].mean()), n=int(wanted.sum())),
        Figure(name=f"{kind}: in what is like one", value=float(told[~wanted].mean()), n=int((~wanted).sum())),
        Figure(name=f"{kind}: in other texts", value=float(false.mean()), n=len(others)),
    ]
