"""Fits what comes with the project in bot/trained."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from bot import background, intents, training_alarms, training_fusion
from bot.intents import INTENTS, IntentHead
from bot.measures.figures import Figure
from bot.messages import Intent
from bot.parts import Parts
from bot.senses import language_training
from bot.senses.token_means import TokenMeans, mean_of
from bot.settings import LANGUAGES

F32 = NDArray[np.float32]
FOLDS = 5
HIDDEN = 512
DROPOUT = 0.5
NOISE = 0.5  # standard deviations of the vectors' own spread, added to each at every step
SMOOTHING = 0.05
EPOCHS = 60
BATCH = 128
STEP = 4e-3
DECAY = 1e-2


def run(parts: Parts) -> list[Figure]:
    """Fits everything, and says how well each does on what it was not fitted on."""
    figures = [_train_intents(parts), *training_alarms.run(parts), *training_fusion.run(parts)]
    found = background.encode(parts.text.passages)
    background.save(found, parts.text_encoder)
    _train_token_means(parts)
    language_training.train()
    return figures


def _train_intents(parts: Parts) -> Figure:
    sentences, labels = intents.read_examples()
    vectors = parts.text.queries(sentences)
    right = held_out(vectors, labels)
    intents.save(fit(vectors, labels), parts.text_encoder)
    return Figure(name="intents", value=float(right.mean()), n=len(labels), note=f"{FOLDS} folds")


def _train_token_means(parts: Parts) -> None:
    means: dict[bool, dict[str, F32]] = {True: {}, False: {}}
    for language in LANGUAGES:
        sentences, _ = intents.read_examples(languages=(language,))
        for is_query, found in means.items():
            found[language] = mean_of(parts.text.tokens(sentences, is_query))
    TokenMeans.save(means[True], means[False])


def held_out(vectors: F32, labels: list[Intent]) -> NDArray[np.bool_]:
    """For each example, whether a head fitted on the other folds is right."""
    fold = np.random.default_rng(0).permutation(len(labels)) % FOLDS
    right = np.zeros(len(labels), dtype=bool)
    for held in tqdm(range(FOLDS), desc="folds", leave=False):
        taken = np.flatnonzero(fold != held)
        head = fit(vectors[taken], [labels[place] for place in taken])
        for place in np.flatnonzero(fold == held):
            right[place] = INTENTS[int(head.probabilities(vectors[place]).argmax())] == labels[place]
    return right


def fit(vectors: F32, labels: list[Intent]) -> IntentHead:
    """The head for vectors [n, d] and their n intents; the same one every time on the same machine."""
    torch.manual_seed(0)
    mean, spread = vectors.mean(axis=0), float(vectors.std())
    x = torch.from_numpy((vectors - mean) / spread)
    y = torch.tensor([INTENTS.index(label) for label in labels])
    hidden, output = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, len(INTENTS))
    model = torch.nn.Sequential(hidden, torch.nn.ReLU(), torch.nn.Dropout(DROPOUT), output)
    solver = torch.optim.AdamW(model.parameters(), weight_decay=DECAY)
    batches = -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(solver, STEP, total_steps=EPOCHS * batches)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):  # type: ignore[no-untyped-call]
            solver.zero_grad()
            seen = model(x[rows] + NOISE * torch.randn_like(x[rows]))
            torch.nn.functional.cross_entropy(seen, y[rows], label_smoothing=SMOOTHING).backward()  # type: ignore[no-untyped-call]
            solver.step()
            schedule.step()
    typical = np.stack([_unit(vectors[y.numpy() == number].mean(axis=0)) for number in range(len(INTENTS))])
    # The head takes raw vectors: the standardising goes into its first layer.
    weight = np.asarray(hidden.weight.detach().numpy() / spread, dtype=np.float32)
    return IntentHead(
        weight,
        hidden.bias.detach().numpy() - weight @ mean,
        output.weight.detach().numpy(),
        output.bias.detach().numpy(),
        typical - typical.mean(axis=0),
    )


def _unit(vector: F32) -> F32:
    return vector / np.float32(np.linalg.norm(vector))
