"""Fits bot/trained/alarms.npz."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bot import alarms
from bot.alarms import ALARMS, AlarmHead
from bot.intents import read_examples as read_messages
from bot.measures.figures import Figure
from bot.parts import Parts

F32 = NDArray[np.float32]
FOLDS = 7  # of languages
HIDDEN, DROPOUT = 128, 0.5
NOISE = 0.3  # standard deviations of the vectors' own spread, added to each at every step
SMOOTHING = 0.02
STEPS, STEP, DECAY = 300, 1e-2, 1e-2
OF_MESSAGES = 0.25  # what a message of the intents' examples counts, of which there are ten times as many


def run(parts: Parts) -> list[Figure]:
    """Fits the head, and says how well one does on languages that it has seen no alarm in."""
    sentences, labels, languages = alarms.read_examples()
    numbers = np.array([1 + ALARMS.index(label) if label else 0 for label in labels])
    vectors, messages = parts.text.queries(sentences), parts.text.queries(read_messages()[0])
    figures = _held_out(vectors, numbers, np.array(languages), messages)
    alarms.save(fit(vectors, numbers, messages), parts.text_encoder)
    return figures


def fit(vectors: F32, numbers: NDArray[np.int64], messages: F32) -> AlarmHead:
    """The head for vectors [n, d] of alarms by number (0: none), and of messages [m, d] that are none."""
    torch.manual_seed(0)
    x = np.concatenate([vectors, messages])
    mean, spread = messages.mean(axis=0), float(messages.std())
    inputs = torch.from_numpy((x - mean) / spread)
    wanted = torch.from_numpy(np.concatenate([numbers, np.zeros(len(messages), np.int64)]))
    weights = torch.tensor([1.0] * len(vectors) + [OF_MESSAGES] * len(messages))
    hidden, output = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 1 + len(ALARMS))
    model = torch.nn.Sequential(hidden, torch.nn.ReLU(), torch.nn.Dropout(DROPOUT), output)
    solver = torch.optim.AdamW(model.parameters(), lr=STEP, weight_decay=DECAY)
    loss = torch.nn.CrossEntropyLoss(reduction="none", label_smoothing=SMOOTHING)
    for _ in range(STEPS):
        solver.zero_grad()
        (loss(model(inputs + NOISE * torch.randn_like(inputs)), wanted) * weights).mean().backward()
        solver.step()
    # The head takes raw vectors: the standardising goes into its first layer.
    weight = np.asarray(hidden.weight.detach().numpy() / spread, dtype=np.float32)
    bias = hidden.bias.detach().numpy() - weight @ mean
    return AlarmHead(weight, bias, output.weight.detach().numpy(), output.bias.detach().numpy())


def _held_out(vectors: F32, numbers: NDArray[np.int64], languages: NDArray[np.str_], messages: F32) -> list[Figure]:
    fold = np.array([sorted(set(languages)).index(language) % FOLDS for language in languages])
    of_messages = np.arange(len(messages)) % FOLDS
    right, false = np.zeros(len(numbers), bool), np.zeros(len(messages), bool)
    for held in range(FOLDS):
        head = fit(vectors[fold != held], numbers[fold != held], messages[of_messages != held])
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
