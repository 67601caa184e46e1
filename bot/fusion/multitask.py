"""One common space trained for three tasks at once: finding the item, naming its category, and telling its attributes.

Each task's loss is weighted by how uncertain the task turns out to be: exp(-s) · loss + s / 2 with s learnt. Kendall,
Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses for scene geometry and semantics", 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.fusion import towers
from bot.fusion.contrastive import BATCH, RATE, STEPS, Temperature, retrieval
from bot.fusion.features import F32, I64, Lessons
from bot.fusion.networks import Layers, descend, layers, mlp, pack, run, unpack
from bot.fusion.towers import WIDTH, Learning, Towers

Task = Literal["retrieval", "category", "attributes"]
TASKS: tuple[Task, ...] = ("retrieval", "category", "attributes")


@dataclass(frozen=True)
class MultiTask:
    """What was learnt: the common space, and what is read from it."""

    towers: Towers
    category: Layers  # d → one score a category
    attributes: Layers  # d → one score an attribute

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [n, d] of length 1 of texts [n, t], photos [n, p], or both.

        Raises:
            ValueError: both are missing.
        """
        return self.towers.encode(text, photo)

    def categories(self, text: F32 | None, photo: F32 | None) -> I64:
        """The likeliest category of each row: int64[n].

        Raises:
            ValueError: both are missing.
        """
        return np.asarray(run(self.category, self.towers.summed(text, photo)).argmax(1), np.int64)

    def chances(self, text: F32 | None, photo: F32 | None) -> F32:
        """How likely each row's item has each attribute, 0..1: [n, a].

        Raises:
            ValueError: both are missing.
        """
        scores = np.clip(run(self.attributes, self.towers.summed(text, photo)), -30, 30)
        return np.asarray(1 / (1 + np.exp(-scores)), np.float32)

    def arrays(self) -> dict[str, F32]:
        return self.towers.arrays() | pack("category", self.category) | pack("attributes", self.attributes)


def from_arrays(arrays: Mapping[str, F32]) -> MultiTask:
    """What `MultiTask.arrays` gave, made whole again.

    Raises:
        ValueError: an array is missing, or the shapes do not fit one another.
    """
    common = towers.from_arrays(arrays)
    heads = unpack("category", arrays), unpack("attributes", arrays)
    if any(head[0][0].shape[1:] != common.text[-1][1].shape for head in heads):
        raise ValueError("the arrays of a multi-task checkpoint do not fit one another")
    return MultiTask(common, *heads)


def fit(lessons: Lessons, seed: int, tasks: Sequence[Task] = TASKS, steps: int = STEPS) -> MultiTask:
    """Learns the tasks that are named, together; of the others the heads stay as they were drawn.

    A shop that has noted no attributes has one task less.

    Raises:
        ValueError: no task is left.
    """
    generator = torch.Generator().manual_seed(seed)
    learning = Learning(lessons, generator)
    kinds, traits = int(lessons.category.max()) + 1, lessons.attributes.shape[1]
    heads = {"category": _head(kinds, generator), "attributes": _head(max(traits, 1), generator)}
    temperature, item = Temperature(), torch.from_numpy(lessons.item)
    category, attributes = torch.from_numpy(lessons.category), torch.from_numpy(lessons.attributes)

    def found(rows: Tensor) -> Tensor:
        return retrieval(learning, item, rows, temperature(), generator)

    def named(rows: Tensor) -> Tensor:
        return _of_each(learning, item, rows, heads["category"], category, functional.cross_entropy)

    def told(rows: Tensor) -> Tensor:
        scored = functional.binary_cross_entropy_with_logits
        return _of_each(learning, item, rows, heads["attributes"], attributes, scored)

    ways: dict[Task, Callable[[Tensor], Tensor]] = {"retrieval": found, "category": named, "attributes": told}
    chosen = [ways[task] for task in tasks if task != "attributes" or traits]
    if not chosen:
        raise ValueError("no task to learn")
    unsure = nn.Parameter(torch.zeros(len(chosen)))

    def loss(rows: Tensor) -> Tensor:
        return weighted(torch.stack([way(rows) for way in chosen]), unsure)

    parameters = [*learning.parameters(), *temperature.parameters(), unsure]
    parameters += [weights for head in heads.values() for weights in head.parameters()]
    descend(parameters, loss, len(item), generator, steps=steps, batch=BATCH, rate=RATE)
    ((weights, bias),) = layers(heads["attributes"])
    return MultiTask(learning.learnt(), layers(heads["category"]), ((weights[:traits], bias[:traits]),))


def weighted(losses: Tensor, unsure: Tensor) -> Tensor:
    """The losses [k] as one: each is weighed by exp(-s), s [k] being the logarithm of its variance, and pays s / 2."""
    total: Tensor = ((-unsure).exp() * losses + unsure / 2).sum()
    return total


def _head(width: int, generator: torch.Generator) -> nn.Sequential:
    return mlp((WIDTH, width), 0.0, generator)


def _of_each(
    learning: Learning,
    item: Tensor,
    rows: Tensor,
    head: nn.Module,
    truth: Tensor,
    scored: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The loss of what the head reads from these queries by text, by photo and by both, and from their items."""
    meant = item[rows]
    text, photo = learning.of_queries(rows)
    item_text, item_photo = learning.of_items(meant)
    sums = (text, photo, text + photo, item_text + item_photo)
    return torch.stack([scored(head(vectors), truth[meant]) for vectors in sums]).mean()
