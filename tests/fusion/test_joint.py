"""What a user of BAN, MFB, TFN and the GAN's stand-ins would notice: they share how they learn and what they give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bot.fusion import ban, gan, mfb, tfn
from bot.fusion.features import Lessons
from bot.fusion.gan import linear_alone
from bot.fusion.joint import Interaction, Learned, joined, read, stand_ins
from bot.fusion.training_loop import WIDTH, Course, bases, learn
from tests.fusion.made_lessons import SHORT, found_first, sizes_larger

WHOLE = Course(batch=128, beside=40)
SOME = sizes_larger(100, 1)
MANY, OTHERS = sizes_larger(2000, 2), sizes_larger(400, 3)
ALL = pytest.mark.parametrize("method", [ban, mfb, tfn, gan], ids=["BAN", "MFB", "TFN", "GAN"])


def linear(lessons: Lessons) -> Learned:
    """The same head without any product of text and photo."""

    def start(chance: torch.Generator, kt: int, kp: int, d: int) -> dict[str, torch.Tensor]:
        return {"no_text": torch.zeros(kt), "no_photo": torch.zeros(kp), "bias": torch.zeros(d)}

    return learn(linear_alone, stand_ins, start, bases(lessons), lessons, 0, WHOLE)


@pytest.mark.parametrize("method", [ban, mfb, tfn], ids=["BAN", "MFB", "TFN"])
def test_understands_both_together(method: Any) -> None:
    """Two sizes larger than this one names one item of forty; each part alone leaves five or more."""
    learnt = method.fit(MANY, 0, WHOLE)
    assert found_first(learnt, OTHERS, OTHERS.text, OTHERS.photo) > 0.85
    assert found_first(learnt, OTHERS, None, OTHERS.photo) < 0.35  # no more than the photo can say
    assert found_first(learnt, OTHERS, OTHERS.text, None) < 0.15


def test_a_sum_of_the_parts_would_not_do() -> None:
    """Without products of text and photo the same lessons cannot be understood."""
    assert found_first(linear(MANY), OTHERS, OTHERS.text, OTHERS.photo) < 0.4


@ALL
def test_same_seed_same_vectors(method: Any) -> None:
    """And nothing outside is touched: neither torch's and numpy's chance, nor the number of threads."""
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    threads = torch.get_num_threads()
    one, again, other = (method.fit(SOME, seed, SHORT).encode(SOME.text[:9], SOME.photo[:9]) for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    assert torch.equal(torch_state, torch.random.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])
    assert threads == torch.get_num_threads()


@ALL
def test_parts_may_be_missing(method: Any) -> None:
    learnt = method.fit(SOME, 0, SHORT)
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


@ALL
def test_saved_and_restored(method: Any) -> None:
    learnt = method.fit(SOME, 0, SHORT)
    arrays = learnt.arrays()
    for given in ((SOME.text, SOME.photo), (None, SOME.photo), (SOME.text, None)):
        assert np.array_equal(method.from_arrays(arrays).encode(*given), learnt.encode(*given))
    for name in arrays:
        with pytest.raises(ValueError, match=name):
            method.from_arrays({other: array for other, array in arrays.items() if other != name})
        with pytest.raises(ValueError, match=name):
            method.from_arrays({**arrays, name: arrays[name] * np.nan})


@pytest.mark.parametrize(
    ("interaction", "method"),
    [(ban.bilinear_attention, ban), (mfb.bilinear, mfb), (tfn.tensor_fusion, tfn), (linear_alone, gan)],
)
def test_query_is_what_was_learnt(interaction: Interaction, method: Any) -> None:
    """numpy's vectors for a query are those that torch learnt with."""
    found = method.fit(SOME, 0, SHORT)
    learnt: Learned = found.learned if method is gan else found
    w = {name: torch.from_numpy(array) for name, array in learnt.weights.items()}
    parts = [torch.from_numpy(part) for part in read(learnt.weights, SOME.text, SOME.photo)]
    ours = learnt.encode(SOME.text, SOME.photo)
    assert np.allclose(ours, joined(interaction, w, parts[0], parts[1]).numpy(), atol=1e-5)
    assert ours.shape[1] == WIDTH + learnt.weights["text"].shape[0] + learnt.weights["photo"].shape[0]
