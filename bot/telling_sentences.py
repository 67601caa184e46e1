"""Which sentence of a product's text answers a question, and how surely any does.

A logistic regression over cosines of the text encoder, fitted on bot/examples/products: questions that one sentence of
a text answers, and near misses that none does. scripts/train fits it (bot/training_sentences.py). Figures, and what did
not help, stand in bot/examples/PRODUCTS.md.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.errors import NotReady
from bot.goods import akin, same

F32 = NDArray[np.float32]
EXAMPLES = Path(__file__).with_name("examples") / "products"
TRAINED = Path(__file__).with_name("trained") / "sentences.npz"
FEATURES = 11
_PARTED = "¦"  # between the sentences of an example's text


@dataclass(frozen=True)
class TellingSentences:
    """p(a sentence answers) = 1 / (1 + exp(−(weights · features + bias))); weights [FEATURES].

    `sure` and `near` are the logits from which on the best sentence is the answer, or at least near to one.
    """

    weights: F32
    bias: float
    sure: float
    near: float

    def scores(self, question: F32, rest: F32, said: F32, foreign: bool, names: Sequence[bool] | None) -> F32:
        """Logits [n] of sentences `said` [n, d] for a question [d], and for it without the product's name [d].

        Args:
            foreign: the sentences are in another language than the question.
            names: whether each sentence [n] names one of the things that the question names beside the product; None
                where it names none.
        """
        return np.asarray(features(question, rest, said, foreign, names) @ self.weights + self.bias, dtype=np.float32)


def features(question: F32, rest: F32, said: F32, foreign: bool, names: Sequence[bool] | None) -> F32:
    """What each sentence is judged by, [n, FEATURES]: its cosine with the question and with the question without the
    product's name, how far those are above the middle sentence's and above the best other's; and whether it names a
    thing that the question names, or none of them."""
    columns: list[F32] = []
    for cosines in (said @ question, said @ rest):
        highest = np.sort(cosines)[-2:]
        others = np.where(cosines == highest[-1], highest[0], highest[-1])
        columns += [cosines, cosines - np.median(cosines), cosines - others]
    apart = np.full(len(said), float(foreign), np.float32)
    shared = np.asarray(names if names is not None else [False] * len(said), np.float32)
    lacking = np.zeros(len(said), np.float32) if names is None else 1 - shared
    return np.stack([*columns, apart, apart * columns[0], apart * columns[3], shared, lacking], 1).astype(np.float32)


def named_in(question: frozenset[str], own: frozenset[str], sentences: Sequence[frozenset[str]]) -> list[bool] | None:
    """Whether each sentence, by the kinds of goods in it, names one that the question names and that the product itself
    is not; None where the question names none."""
    asked = {kind for kind in question if not any(same(kind, one) for one in own)}
    return [any(akin(kind, one) for kind in asked for one in named) for named in sentences] if asked else None


class Example(msgspec.Struct, frozen=True):
    """A question about a product, the sentences of its text in the language that is nearest to it, and which of them,
    from 0, answers; None where none does."""

    product: str
    language: str
    question: str
    title: str
    written_in: str
    sentences: tuple[str, ...]
    answer: int | None


def read_examples(folder: Path = EXAMPLES) -> list[Example]:
    """The questions, in their order."""
    texts: dict[str, dict[str, dict[str, str]]] = {}
    for row in _rows(folder / "texts.tsv"):
        texts.setdefault(row["product"], {})[row["language"]] = row
    found = []
    for row in _rows(folder / "questions.tsv"):
        of_product, language = texts[row["product"]], row["language"]
        written = next(tag for tag in (language, language.split("-")[0], "en") if tag in of_product)
        text = of_product[written]
        sentences = tuple(sentence.strip() for sentence in text["text"].split(_PARTED))
        answer = int(row["sentence"]) - 1 if row["sentence"] != "0" else None
        found.append(Example(row["product"], language, row["question"], text["title"], written, sentences, answer))
    return found


def fingerprint(encoder: str) -> str:
    """Of what the weights are fitted on: the examples, and the encoder by its name."""
    return hashlib.sha256(encoder.encode() + msgspec.json.encode(read_examples())).hexdigest()


def save(fitted: TellingSentences, encoder: str) -> None:
    """Keeps it in the project."""
    np.savez(TRAINED, fingerprint=fingerprint(encoder), **vars(fitted))


def load(encoder: str) -> TellingSentences:
    """What comes with the project.

    Raises:
        NotReady: it was fitted on other examples or vectors.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The telling sentences were fitted on other examples: run scripts/train.")
        numbers = {name: float(kept[name]) for name in ("bias", "sure", "near")}
        return TellingSentences(kept["weights"].astype(np.float32), **numbers)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))
