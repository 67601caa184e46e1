"""How BAN, MFB, TFN and the head behind the GAN are learnt: each query's vector is drawn to that of its item.

The loss is symmetric InfoNCE over a batch of queries and the items they mean, with some others beside them. Parts go
missing at random, so that a query with one part alone finds its item too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from bot.fusion.features import F32, Lessons, unit
from bot.fusion.joint import Filling, Interaction, Learned, joined, read

TEXT, PHOTO, WIDTH = 192, 256, 256  # components kept of a text and of a photo, and the width of what is learnt
_KEPT = (0.1, 0.4)  # of text and photo as they came, in the product of two vectors
_EXAMINED = 20_000  # vectors from which a basis is taken: more change it little

Start = Callable[[Generator, int, int, int], dict[str, Tensor]]  # a method's own weights, from kt, kp and d


@dataclass(frozen=True)
class Course:
    """How to learn."""

    batch: int = 256
    beside: int = 256  # items in a batch that no query of it means
    rounds: int = 25  # times through all queries, within these steps
    least: int = 200
    most: int = 1000
    rate: float = 2e-3
    anchor: float = 1.0  # share of the way back to the first weights, in each step, as a multiple of the rate
    absent: float = 0.2  # chance that a query's text is left out, and as much for its photo
    absent_of_item: float = 0.1
    corrupt: float = 0.1  # chance that a part is another row's, or noise
    dropped: float = 0.1  # share of components set to 0

    def steps(self, rows: int) -> int:
        return min(max(self.rounds * rows // self.batch, self.least), self.most)


COURSE = Course()


def basis(vectors: F32, width: int) -> F32:
    """The main directions [d, min(d, width)] of vectors [n, d], scaled so that a component is about 1.

    Where fewer than `width` vectors span the space, the rest are any directions at right angles: what was never seen
    is not lost.
    """
    sample = vectors[:: max(1, len(vectors) // _EXAMINED)].astype(np.float64)
    found = np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :width]
    return np.ascontiguousarray(found * math.sqrt(found.shape[1]), dtype=np.float32)


def bases(lessons: Lessons) -> dict[str, F32]:
    """What is not learnt by steps: the bases of `read`, and the shares of `joined`."""
    return {
        "kept": np.array(_KEPT, np.float32),
        "text_basis": basis(unit(np.concatenate([lessons.text, lessons.item_text])), TEXT),
        "photo_basis": basis(unit(np.concatenate([lessons.photo, lessons.item_photo])), PHOTO),
    }


def normal(chance: Generator, *shape: int, of: float) -> Tensor:
    """Random weights whose standard deviation is `of`."""
    return torch.randn(*shape, generator=chance) * of


def level(chance: Generator, taken: int, given: int) -> Tensor:
    """Weights [taken, given] that keep lengths as they are, as far as there is room."""
    square = torch.randn(max(taken, given), min(taken, given), generator=chance)
    turned: Tensor = torch.linalg.qr(square).Q
    return (turned if taken >= given else turned.T).contiguous() / math.sqrt(taken)


def learn(
    interaction: Interaction,
    filling: Filling,
    start: Start,
    fixed: Mapping[str, F32],
    lessons: Lessons,
    seed: int,
    course: Course,
) -> Learned:
    """A method with its weights: `fixed`, which hold the bases, and those that are learnt here.

    Raises:
        ValueError: there are no queries.
    """
    if not len(lessons.item):
        raise ValueError("there is nothing to learn from")
    chance = Generator().manual_seed(seed)
    kept = {name: torch.from_numpy(array) for name, array in fixed.items()}
    kt, kp = fixed["text_basis"].shape[1], fixed["photo_basis"].shape[1]
    free = {"text": level(chance, kt, WIDTH), "photo": level(chance, kp, WIDTH), **start(chance, kt, kp, WIDTH)}
    begun = {name: weight.clone() for name, weight in free.items()}
    for weight in free.values():
        weight.requires_grad_()
    sharpness = torch.tensor(math.log(1 / 0.07), requires_grad=True)
    queries = _tensors(read(fixed, lessons.text, lessons.photo))
    items = _tensors(read(fixed, lessons.item_text, lessons.item_photo))
    meant = torch.tensor(lessons.item)
    adam = torch.optim.Adam([*free.values(), sharpness], lr=course.rate)
    steps = course.steps(len(meant))
    pace = torch.optim.lr_scheduler.OneCycleLR(adam, course.rate, total_steps=steps, pct_start=0.1)
    with torch.enable_grad():
        for _ in range(steps):
            some, shown = _batch(chance, meant, len(items[0]), course)
            one = _spoilt(chance, [part[some] for part in queries], course.absent, course)
            other = _spoilt(chance, [part[shown] for part in items], course.absent_of_item, course)
            w = {**kept, **free}
            left = joined(interaction, w, *filling(w, *one))
            right = joined(interaction, w, *filling(w, *other))
            loss = infonce(left @ right.T * sharpness.exp().clamp(max=100), meant[some][:, None] == shown)
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(list(free.values()), 1.0)
            adam.step()
            pace.step()
            _drawn_back(free, begun, course.anchor * float(pace.get_last_lr()[0]))
    learnt = {name: weight.detach().numpy().copy() for name, weight in free.items()}
    return Learned(interaction, filling, {**fixed, **learnt})


def infonce(scores: Tensor, right: Tensor) -> Tensor:
    """The mean loss both ways of scores [k, c], queries to items, where `right` [k, c] says which pairs belong.

    Each query has exactly one item. An item that several queries mean is drawn to all of them; one that none means
    counts only as a wrong answer (van den Oord et al. 2018; symmetric as in Radford et al. 2021).
    """
    to_items = -functional.log_softmax(scores, 1)[right].mean()
    shown = right[:, right.any(0)]
    to_queries = functional.log_softmax(scores[:, right.any(0)], 0) * shown
    return (to_items - (to_queries.sum(0) / shown.sum(0)).mean()) / 2


@torch.no_grad()
def _drawn_back(free: dict[str, Tensor], begun: dict[str, Tensor], share: float) -> None:
    """Weights go a little back to where they began: what no query taught stays as the frozen features have it."""
    for name, weight in free.items():
        weight.lerp_(begun[name], min(share, 1.0))


def _tensors(parts: tuple[F32, F32, F32, F32]) -> list[Tensor]:
    return [torch.from_numpy(part) for part in parts]


def _batch(chance: Generator, meant: Tensor, items: int, course: Course) -> tuple[Tensor, Tensor]:
    """The numbers of some queries, and of the items that are shown to them."""
    some = torch.randperm(len(meant), generator=chance)[: course.batch]
    beside = torch.randperm(items, generator=chance)[: course.beside]
    return some, torch.unique(torch.cat([meant[some], beside]))


def _spoilt(chance: Generator, parts: list[Tensor], absent: float, course: Course) -> list[Tensor]:
    """Parts as in `read`, some left out, some of another row, all with a few components dropped.

    A row never loses its only part.
    """
    text, photo, has_text, has_photo = parts
    rows = len(text)
    fate = torch.rand(rows, 1, generator=chance)
    both = has_text * has_photo
    has_text = has_text - both * (fate < absent)
    has_photo = has_photo - both * (fate > 1 - absent)
    fate = torch.rand(rows, 1, generator=chance)
    text = torch.where(fate < course.corrupt, _misleading(chance, text), text)
    photo = torch.where(fate > 1 - course.corrupt, _misleading(chance, photo), photo)
    return [_thinned(chance, text, course.dropped), _thinned(chance, photo, course.dropped), has_text, has_photo]


def _misleading(chance: Generator, x: Tensor) -> Tensor:
    """For every row another, half of them with signs at random: as strong as a real one, but it means nothing."""
    other = x[torch.randperm(len(x), generator=chance)]
    signs = torch.randint(0, 2, x.shape, generator=chance) * 2 - 1
    return torch.where(torch.rand(len(x), 1, generator=chance) < 0.5, other, other * signs)


def _thinned(chance: Generator, x: Tensor, share: float) -> Tensor:
    return x * (torch.rand(x.shape, generator=chance) >= share) / (1 - share)
