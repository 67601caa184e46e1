"""Fits bot/trained/sentences.npz."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bot import telling_sentences
from bot.answer.titles import heads, without_names
from bot.goods import kinds
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.telling_sentences import Example, TellingSentences, features, named_in, read_examples

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
FOLDS = 7  # of products
RIDGE = 10.0  # on the weights of standardised features
# What share of the questions that no sentence answers may be told the best one outright, and with a reserve.
SURE, NEAR = 0.05, 0.4


def run(parts: Parts) -> list[Figure]:
    """Fits the weights, and says how well those do that have not seen the products they are asked about."""
    examples = read_examples()
    inputs = _inputs(parts, examples)
    best, picked = _held_out(examples, inputs)
    known = np.array([example.answer is not None for example in examples])
    right = known & (picked == np.array([-1 if example.answer is None else example.answer for example in examples]))
    sure, near = (float(np.quantile(best[~known], 1 - share)) for share in (SURE, NEAR))
    weights, bias = _fit(np.concatenate(inputs), _wanted(examples))
    telling_sentences.save(TellingSentences(weights, bias, sure, near), parts.text_encoder)
    n = int(known.sum())
    note = f"none answers, and one is told: {SURE:.0%} outright, {NEAR:.0%} with a reserve (n = {len(known) - n})"
    return [
        Figure(name="sentence that answers is the likeliest", value=right.sum() / n, n=n, note=note),
        Figure(name="and told outright", value=(right & (best > sure)).sum() / n, n=n),
        Figure(name="and told outright or with a reserve", value=(right & (best > near)).sum() / n, n=n),
    ]


def _inputs(parts: Parts, examples: list[Example]) -> list[F32]:
    """The features of each example's sentences, [examples][sentences, FEATURES]."""
    said = {example.sentences: parts.text.passages(list(example.sentences)) for example in examples}
    asked = parts.text.queries([example.question for example in examples])
    rest = parts.text.queries([_rest(example) for example in examples])
    return [
        features(question, other, said[example.sentences], _is_foreign(example), _names(example))
        for example, question, other in zip(examples, asked, rest, strict=True)
    ]


def _rest(example: Example) -> str:
    named = (example.language, example.written_in)
    return without_names(example.question, example.title, (), *named) or example.question


def _names(example: Example) -> list[bool] | None:
    languages = tuple(dict.fromkeys((example.language, example.written_in)))
    own, named = heads(example.title, *languages), [kinds(sentence, *languages) for sentence in example.sentences]
    return named_in(kinds(example.question, *languages), own, named)


def _is_foreign(example: Example) -> bool:
    return example.language.split("-")[0] != example.written_in.split("-")[0]


def _wanted(examples: list[Example]) -> F64:
    return np.array([float(number == one.answer) for one in examples for number in range(len(one.sentences))])


def _held_out(examples: list[Example], inputs: list[F32]) -> tuple[F64, NDArray[np.int64]]:
    """The best logit of each example, and which sentence has it, by weights fitted on other products."""
    products = sorted({example.product for example in examples})
    fold = np.array([products.index(example.product) % FOLDS for example in examples])
    best, picked = np.zeros(len(examples)), np.zeros(len(examples), np.int64)
    for held in range(FOLDS):
        seen = [number for number in range(len(examples)) if fold[number] != held]
        weights, bias = _fit(np.concatenate([inputs[n] for n in seen]), _wanted([examples[n] for n in seen]))
        for number in np.flatnonzero(fold == held).tolist():
            logits = inputs[number] @ weights + bias
            best[number], picked[number] = logits.max(), logits.argmax()
    return best, picked


def _fit(inputs: F32, wanted: F64) -> tuple[F32, float]:
    """Weights [FEATURES] and bias of a logistic regression with a ridge on the weights."""
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    x = torch.from_numpy(((inputs - mean) / spread).astype(np.float64))
    answers = torch.from_numpy(wanted)
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")
    entropy = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        total: torch.Tensor = entropy(x @ weights + bias, answers) + RIDGE / 2 * (weights**2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    found = np.asarray(weights.detach().numpy() / spread, dtype=np.float32)
    return found, float(bias.item() - found @ mean)
