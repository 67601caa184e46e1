"""What a user of any of these methods would notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import pytest
import torch

from bot.fusion.features import F32, Fusion, Lessons
from bot.fusion.gan import linear_alone
from bot.fusion.joint import Interaction, Learned, joined, read, stand_ins
from bot.fusion.training_loop import WIDTH, Course, bases, learn
from tests.fusion.made_lessons import found_first, sizes_larger


class Kept(Fusion, Protocol):
    def arrays(self) -> dict[str, F32]: ...


class Fit(Protocol):
    def __call__(self, lessons: Lessons, seed: int, course: Course = ...) -> Kept: ...


Restore = Callable[[Mapping[str, F32]], Kept]
SHORT = Course(batch=64, rounds=1, least=4, most=4)  # where it matters that something is learnt, not how well
WHOLE = Course(batch=128, beside=40)
SOME = sizes_larger(100, 1)
MANY, OTHERS = sizes_larger(2000, 2), sizes_larger(400, 3)


def linear(lessons: Lessons, seed: int) -> Learned:
    """The same head without any product of text and photo."""

    def start(chance: torch.Generator, kt: int, kp: int, d: int) -> dict[str, torch.Tensor]:
        return {"no_text": torch.zeros(kt), "no_photo": torch.zeros(kp), "bias": torch.zeros(d)}

    found = learn(linear_alone, stand_ins, start, bases(lessons), lessons, seed, WHOLE)
    return Learned(linear_alone, stand_ins, found)


def check_understands_both_together(fit: Fit) -> None:
    """Two sizes larger than this one names one item of forty; each part alone leaves five or more."""
    learnt = fit(MANY, 0, WHOLE)
    assert found_first(learnt, OTHERS, OTHERS.text, OTHERS.photo) > 0.85
    assert found_first(learnt, OTHERS, None, OTHERS.photo) < 0.35  # no more than the photo can say
    assert found_first(learnt, OTHERS, OTHERS.text, None) < 0.15


def check_same_seed_same_vectors(fit: Fit) -> None:
    """And nothing outside is touched: neither torch's and numpy's chance, nor the number of threads."""
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    threads = torch.get_num_threads()
    one, again, other = (fit(SOME, seed, SHORT).encode(SOME.text[:9], SOME.photo[:9]) for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    assert torch.equal(torch_state, torch.random.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])
    assert threads == torch.get_num_threads()


def check_parts_may_be_missing(fit: Fit) -> None:
    learnt = fit(SOME, 0, SHORT)
    text, photo = SOME.text[:5], SOME.photo[:5]
    without = learnt.encode(text, None)
    for vectors in (learnt.encode(text, photo), without, learnt.encode(None, photo)):
        assert vectors.dtype == np.float32 and len(vectors) == 5
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(without, learnt.encode(text, np.zeros_like(photo)), atol=1e-6), "zeros are no photo"
    mixed = learnt.encode(text, np.concatenate([photo[:2], 0 * photo[2:]]))
    assert np.allclose(mixed[2:], without[2:], atol=1e-5), "a row alone may lack its photo"
    assert np.allclose(mixed[:2], learnt.encode(text[:2], photo[:2]), atol=1e-5), "a row does not depend on the others"
    for wrong in ((None, None), (text, photo[:3]), (text[:, :7], photo), (text[0], None)):
        with pytest.raises(ValueError):
            learnt.encode(*wrong)


def check_saved_and_restored(fit: Fit, restore: Restore) -> None:
    learnt = fit(SOME, 0, SHORT)
    arrays = learnt.arrays()
    for given in ((SOME.text, SOME.photo), (None, SOME.photo), (SOME.text, None)):
        assert np.array_equal(restore(arrays).encode(*given), learnt.encode(*given))
    for name in arrays:
        with pytest.raises(ValueError, match=name):
            restore({other: array for other, array in arrays.items() if other != name})
        with pytest.raises(ValueError, match=name):
            restore({**arrays, name: arrays[name] * np.nan})


def check_query_is_what_was_learnt(interaction: Interaction, learnt: Learned) -> None:
    """numpy's vectors for a query are those that torch learnt with."""
    w = {name: torch.from_numpy(array) for name, array in learnt.weights.items()}
    parts = [torch.from_numpy(part) for part in read(learnt.weights, SOME.text, SOME.photo)]
    ours = learnt.encode(SOME.text, SOME.photo)
    assert np.allclose(ours, joined(interaction, w, parts[0], parts[1]).numpy(), atol=1e-5)
    assert ours.shape[1] == WIDTH + learnt.weights["text"].shape[0] + learnt.weights["photo"].shape[0]
