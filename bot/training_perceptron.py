"""Fits a perceptron on vectors of which some stand for a class, and many messages for none."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bot.perceptron import Perceptron

F32 = NDArray[np.float32]
HIDDEN, DROPOUT = 128, 0.5
NOISE = 0.3  # standard deviations of the vectors' own spread, added to each at every step
SMOOTHING = 0.02
STEPS, STEP, DECAY = 300, 1e-2, 1e-2


def fit(vectors: F32, numbers: NDArray[np.int64], messages: F32, classes: int, of_messages: float) -> Perceptron:
    """The head for vectors [n, d] by number (0: none), and of messages [m, d] that are none, of which each counts
    `of_messages`."""
    torch.manual_seed(0)
    x = np.concatenate([vectors, messages])
    mean, spread = messages.mean(axis=0), float(messages.std())
    inputs = torch.from_numpy((x - mean) / spread)
    wanted = torch.from_numpy(np.concatenate([numbers, np.zeros(len(messages), np.int64)]))
    weights = torch.tensor([1.0] * len(vectors) + [of_messages] * len(messages))
    hidden, output = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, classes)
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
    return Perceptron(weight, bias, output.weight.detach().numpy(), output.bias.detach().numpy())
