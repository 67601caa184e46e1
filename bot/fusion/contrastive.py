"""Two encoders over frozen features, trained so that a query lies by the item it means: symmetric InfoNCE.

Van den Oord et al., "Representation learning with contrastive predictive coding", 2018; both ways and with a learnt
temperature as in Radford et al., "Learning transferable visual models from natural language supervision", 2021.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.fusion import towers
from bot.fusion.features import F32, Lessons
from bot.fusion.networks import descend
from bot.fusion.towers import Learning, Towers

SCALE = 20.0  # 1 / temperature at the start
MOST = 100.0  # and at most, as in CLIP
STEPS, BATCH, RATE = 300, 256, 2e-3
_COLUMNS = 256  # items that a batch of queries chooses among, where there are so many
_MISSING = 0.15  # of the items' texts, and as many of their photos, that are left out in a step


def symmetric_infonce(queries: Tensor, items: Tensor, meant: Tensor, scale: Tensor) -> Tensor:
    """How surely queries [b, d] find the items [u, d] that they mean, int64[b], and items their queries: a scalar.

    The mean of two cross-entropies over scale · queries · itemsᵀ: of each query among all items; and of each item that
    is meant among all queries, as the mean over those that mean it. Where query i means item i and none else, it is
    the loss of CLIP. Rows of length 1 make the products cosines.
    """
    logits = scale * queries @ items.T
    chosen = logits.log_softmax(0).gather(1, meant[:, None])[:, 0]
    counts = torch.bincount(meant, minlength=len(items))
    backward = -(chosen / counts[meant]).sum() / (counts > 0).sum()
    return (functional.cross_entropy(logits, meant) + backward) / 2


class Temperature(nn.Module):
    """The scale of the products, learnt as its logarithm, and bounded."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(SCALE)))

    def forward(self) -> Tensor:
        return self.log_scale.clamp(max=math.log(MOST)).exp()


def fit(lessons: Lessons, seed: int, steps: int = STEPS) -> Towers:
    """Learns the two encoders; queries with both parts, with text alone and with a photo alone count alike."""
    generator = torch.Generator().manual_seed(seed)
    learning, temperature = Learning(lessons, generator), Temperature()
    item = torch.from_numpy(lessons.item)

    def loss(rows: Tensor) -> Tensor:
        return retrieval(learning, item, rows, temperature(), generator)

    parameters = [*learning.parameters(), *temperature.parameters()]
    descend(parameters, loss, len(item), generator, steps=steps, batch=BATCH, rate=RATE)
    return learning.learnt()


def retrieval(learning: Learning, item: Tensor, rows: Tensor, scale: Tensor, generator: torch.Generator) -> Tensor:
    """The loss of the queries of these rows among the items that they mean and some others: a scalar."""
    columns, meant = _columns(item[rows], len(learning.item[0]), generator)
    text, photo = learning.of_queries(rows)
    items = functional.normalize(_some(learning, columns, generator))
    losses = [symmetric_infonce(functional.normalize(q), items, meant, scale) for q in (text, photo, text + photo)]
    return torch.stack(losses).mean()


def _columns(meant: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The items that these queries choose among, each once, and for each query the place of its own among them."""
    columns, places = torch.unique(meant, return_inverse=True)
    more = min(count, _COLUMNS) - len(columns)
    if more > 0:
        free = torch.ones(count, dtype=torch.bool)
        free[columns] = False
        others = free.nonzero()[:, 0]
        columns = torch.cat((columns, others[torch.randperm(len(others), generator=generator)[:more]]))
    return columns, places


def _some(learning: Learning, columns: Tensor, generator: torch.Generator) -> Tensor:
    """The sums of the items' parts, of some of which the text is left out, and of as many the photo."""
    chance = torch.rand(len(columns), 1, generator=generator)
    text, photo = learning.of_items(columns)
    given: Tensor = text * (chance >= _MISSING) + photo * (chance < 1 - _MISSING)
    return given


def from_arrays(arrays: Mapping[str, F32]) -> Towers:
    """What `Towers.arrays` gave, made whole again.

    Raises:
        ValueError: an array is missing, or the shapes do not fit one another.
    """
    return towers.from_arrays(arrays)
