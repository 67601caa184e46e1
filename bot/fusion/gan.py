"""What is missing is imagined: a photo's vector from the text's and the other way round, by conditional GANs.

Goodfellow et al. 2014; conditional as in Mirza and Osindero 2014. Each generator is a ridge regression and, on top, a
network that also takes noise; it is drawn to the true vector (the mean of its samples) and to what its critic holds for
real (each sample). The critic sees the pair. A missing part's stand-in is the mean over a few fixed draws of noise.
Text and photo together are read by the linear head that the other methods have, learnt with these stand-ins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from bot.fusion.features import F32, I64, Lessons, unit
from bot.fusion.joint import A, Learned, of_length_one, read, relu, restored, together
from bot.fusion.training_loop import Course, bases, learn, level, normal

_NOISE, _DRAWS = 16, 16  # values of noise in a draw, and fixed draws
_INNER = 256  # width of a generator
_CRITIC = 128
_RIDGE = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # λ ÷ rows
_COURSE = Course(rounds=30, least=300, most=600)  # of the head, and of each generator
_RATE = 5e-4  # of a generator
_REAL = 0.3  # weight of looking real beside being right
_CALM = 1.0  # weight of the critic's squared slope at real pairs (Mescheder et al. 2018)
_PARTS = ("line", "shift", "given", "noise", "bias", "out")
_NAMES = ("draws", *(f"{goal}_{part}" for goal in ("text", "photo") for part in _PARTS), "bias")


@dataclass(frozen=True)
class Imagining:
    """What was learnt: `encode` as with every method, and what it imagines."""

    learned: Learned

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """As `Learned.encode`; the stand-in of a missing part is imagined from the other."""
        return self.learned.encode(text, photo)

    def arrays(self) -> dict[str, F32]:
        """All that must be kept to have it again by `from_arrays`."""
        return self.learned.arrays()

    def photo_of(self, text: F32) -> F32:
        """Photo vectors [k, p] of length 1 that texts [k, t] let expect."""
        w = self.learned.weights
        return unit(expected(w, "photo", read(w, text, None)[0]) @ w["photo_basis"].T)

    def text_of(self, photo: F32) -> F32:
        """Text vectors [k, t] of length 1 that photos [k, p] let expect."""
        w = self.learned.weights
        return unit(expected(w, "text", read(w, None, photo)[1]) @ w["text_basis"].T)

    def photos_of(self, text: F32) -> F32:
        """Samples [draws, k, p] of length 1: photos that texts [k, t] might have."""
        w = self.learned.weights
        source = read(w, text, None)[0]
        return np.stack([unit(sample(w, "photo", source, draw) @ w["photo_basis"].T) for draw in w["draws"]])


def sample(w: Mapping[str, A], goal: str, source: A, noise: A) -> A:
    """The `goal` ("text" or "photo") [k, any] for a source [k, any of the other] and noise [16] or [k, 16]."""
    inner = relu(source @ w[f"{goal}_given"] + noise @ w[f"{goal}_noise"] + w[f"{goal}_bias"])
    drawn: A = source @ w[f"{goal}_line"] + w[f"{goal}_shift"] + inner @ w[f"{goal}_out"]
    return drawn


def expected(w: Mapping[str, A], goal: str, source: A) -> A:
    """The mean of the samples for the fixed draws."""
    given = source @ w[f"{goal}_given"] + w[f"{goal}_bias"]
    noises = w["draws"] @ w[f"{goal}_noise"]
    inner: A = relu(given[:, None] + noises[None]).sum(1) / len(noises)
    mean: A = source @ w[f"{goal}_line"] + w[f"{goal}_shift"] + inner @ w[f"{goal}_out"]
    return mean


def imagined(w: Mapping[str, A], text: A, photo: A, has_text: A, has_photo: A) -> tuple[A, A]:
    """Text and photo with what is missing imagined from the other."""
    return (
        has_text * text + (1 - has_text) * expected(w, "text", photo),
        has_photo * photo + (1 - has_photo) * expected(w, "photo", text),
    )


def linear_alone(w: Mapping[str, A], text: A, photo: A) -> A:
    """[d]: nothing of both together, but for a constant."""
    return w["bias"]


def fit(lessons: Lessons, seed: int, course: Course = _COURSE) -> Imagining:
    """Learns to imagine from the rows that have both parts, then the head; the same seed gives the same weights.

    Raises:
        ValueError: no row of queries and items has both parts.
    """
    fixed = bases(lessons)
    parts = [
        np.concatenate(both)
        for both in zip(
            read(fixed, lessons.text, lessons.photo), read(fixed, lessons.item_text, lessons.item_photo), strict=True
        )
    ]
    whole = (parts[2] * parts[3])[:, 0] > 0
    if not whole.any():
        raise ValueError("no row has both text and photo")
    text, photo = parts[0][whole], parts[1][whole]
    group = np.concatenate([lessons.item, np.arange(len(lessons.item_text))])[whole]
    chance = Generator().manual_seed(seed)
    draws = torch.randn(_DRAWS // 2, _NOISE, generator=chance).numpy()
    fixed["draws"] = np.concatenate([draws, -draws])
    fixed |= {f"text_{name}": array for name, array in _generator(chance, photo, text, group, course).items()}
    fixed |= {f"photo_{name}": array for name, array in _generator(chance, text, photo, group, course).items()}
    return Imagining(learn(linear_alone, imagined, _start, fixed, lessons, seed, course))


def from_arrays(arrays: Mapping[str, F32]) -> Imagining:
    """What `arrays()` of a learnt one gave.

    Raises:
        ValueError: an array is missing or unusable.
    """
    return Imagining(restored(linear_alone, imagined, _NAMES, arrays))


def _start(chance: Generator, kt: int, kp: int, d: int) -> dict[str, Tensor]:
    return {"bias": torch.zeros(d)}


def ridge(source: F32, goal: F32, share: float) -> tuple[F32, F32]:
    """The line [a, b] and the shift [b] from source [n, a] to goal [n, b] with λ = share · n; the shift is free."""
    mean, aim = source.mean(0), goal.mean(0)
    inner = (source - mean).T @ (source - mean)
    line: F32 = np.linalg.solve(
        inner + np.float32(share * len(source)) * np.eye(len(inner), dtype=np.float32), (source - mean).T @ (goal - aim)
    )
    return line, aim - mean @ line


def best_share(source: F32, goal: F32, group: I64) -> float:
    """The share for `ridge` that does best by cosine on a fifth of the groups, held out."""
    held = group % 5 == 0
    if held.all() or not held.any():
        return _RIDGE[len(_RIDGE) // 2]

    def cosine(share: float) -> float:
        line, shift = ridge(source[~held], goal[~held], share)
        return float((unit(source[held] @ line + shift) * unit(goal[held])).sum(1).mean())

    return max(_RIDGE, key=cosine)


def _generator(chance: Generator, source: F32, goal: F32, group: I64, course: Course) -> dict[str, F32]:
    """A generator's weights, without the goal's name in front, learnt against a critic of its own."""
    line, shift = ridge(source, goal, best_share(source, goal, group))
    a, b = line.shape
    w = {
        "line": torch.tensor(line),
        "shift": torch.tensor(shift),
        "given": level(chance, a, _INNER),
        "noise": level(chance, _NOISE, _INNER),
        "bias": torch.zeros(_INNER),
        "out": normal(chance, _INNER, b, of=0.3 * _INNER**-0.5),
    }
    critic = [normal(chance, a + b, _CRITIC, of=(2 / (a + b)) ** 0.5), torch.zeros(_CRITIC),
              normal(chance, _CRITIC, _CRITIC, of=(2 / _CRITIC) ** 0.5), torch.zeros(_CRITIC),
              normal(chance, _CRITIC, 1, of=_CRITIC**-0.5)]  # fmt: skip
    for weight in (*w.values(), *critic):
        weight.requires_grad_()
    named = {f"goal_{name}": weight for name, weight in w.items()}
    makes = torch.optim.Adam(w.values(), lr=_RATE, betas=(0.5, 0.99))
    judges = torch.optim.Adam(critic, lr=2 * _RATE, betas=(0.5, 0.99))
    sources, goals = torch.tensor(source), torch.tensor(goal)
    with torch.enable_grad():
        for _ in range(course.steps(len(source))):
            some = torch.randperm(len(sources), generator=chance)[: course.batch]
            given, true = sources[some], goals[some]
            two = [sample(named, "goal", given, _noise(chance, len(some))) for _ in range(2)]
            _step(judges, _mistaken(critic, given, true, two[0].detach()))
            _step(makes, _wrong(true, two) + _REAL * sum(_unreal(critic, given, one) for one in two) / 2)
    return {name: weight.detach().numpy().copy() for name, weight in w.items()}


def _noise(chance: Generator, rows: int) -> Tensor:
    return torch.randn(rows, _NOISE, generator=chance)


def _judged(critic: list[Tensor], given: Tensor, shown: Tensor) -> Tensor:
    """How real the pairs look, [k, 1]: above 0 is real."""
    x = functional.leaky_relu(together([given, shown]) @ critic[0] + critic[1], 0.2)
    return functional.leaky_relu(x @ critic[2] + critic[3], 0.2) @ critic[4]


def _mistaken(critic: list[Tensor], given: Tensor, true: Tensor, made: Tensor) -> Tensor:
    """The critic's loss: real taken for made, made for real, and its slope at what is real."""
    at = true.clone().requires_grad_()
    real = _judged(critic, given, at)
    (slope,) = torch.autograd.grad(real.sum(), at, create_graph=True)
    wrong = functional.softplus(-real).mean() + functional.softplus(_judged(critic, given, made)).mean()
    return wrong + _CALM / 2 * slope.square().sum(1).mean()


def _wrong(true: Tensor, two: list[Tensor]) -> Tensor:
    """How far the mean of two samples is from what is true: by angle, and by distance."""
    mean = (two[0] + two[1]) / 2
    angle = 1 - (of_length_one(mean) * of_length_one(true)).sum(1).mean()
    return angle + 0.1 * (mean - true).square().mean()


def _unreal(critic: list[Tensor], given: Tensor, made: Tensor) -> Tensor:
    return functional.softplus(-_judged(critic, given, made)).mean()


def _step(adam: torch.optim.Adam, loss: Tensor) -> None:
    adam.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    adam.step()
