"""InfoNCE held against numpy, and what the two encoders learn with it."""

import numpy as np
import pytest
import torch

from bot.fusion import contrastive
from bot.fusion.contrastive import SCALE, Temperature, symmetric_infonce
from bot.fusion.features import unit
from tests.fusion.generated import hits, lessons
from tests.fusion.methods import behaves

PAIRED, SHARED = [0, 1, 2, 3, 4, 5], [2, 0, 2, 2, 5, 0]  # the latter: items of many queries, and of none


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    grown = np.exp(x - x.max(axis, keepdims=True))
    return grown / grown.sum(axis, keepdims=True)


def reference(
    q: np.ndarray, z: np.ndarray, meant: list[int], scale: float
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """The loss in numpy, and its gradients by the queries, the items and the scale, derived by hand."""
    products = q @ z.T
    by_row, by_column = (softmax(scale * products, axis) for axis in (1, 0))
    truth = np.zeros_like(products)
    truth[range(len(meant)), meant] = 1
    counts = truth.sum(0)
    share = truth / np.maximum(counts, 1)
    asked = (counts > 0).sum()
    loss = -(truth * np.log(by_row)).sum() / len(q) / 2 - (share * np.log(by_column)).sum() / asked / 2
    by_logits = (by_row - truth) / len(q) / 2 + (by_column * (counts > 0) - share) / asked / 2
    return loss, scale * by_logits @ z, scale * by_logits.T @ q, float((by_logits * products).sum())


@pytest.mark.parametrize("meant", [PAIRED, SHARED])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_the_loss_and_its_gradient_are_those_of_numpy(meant: list[int], scale: float) -> None:
    random = np.random.default_rng(0)
    q, z = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in random.normal(size=(2, 6, 5)))
    given = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (q, z, scale)]
    loss = symmetric_infonce(given[0], given[1], torch.tensor(meant), given[2])
    loss.backward()
    expected = reference(q, z, meant, scale)
    for ours, theirs in zip((loss.detach(), *(x.grad for x in given)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_of_pairs_it_is_clips_loss() -> None:
    random = torch.Generator().manual_seed(0)
    q, z = torch.randn(2, 7, 4, generator=random)
    logits, truth = 5 * q @ z.T, torch.arange(7)
    clip = (torch.nn.functional.cross_entropy(logits, truth) + torch.nn.functional.cross_entropy(logits.T, truth)) / 2
    torch.testing.assert_close(symmetric_infonce(q, z, truth, torch.tensor(5.0)), clip)


def test_the_temperature_is_learnt_and_bounded() -> None:
    temperature = Temperature()
    assert float(temperature().detach()) == pytest.approx(SCALE)
    with torch.no_grad():
        temperature.log_scale.fill_(50.0)
    assert float(temperature().detach()) == pytest.approx(100.0)


def test_it_behaves_as_every_method_does() -> None:
    behaves(contrastive, steps=60)


def test_it_learns_more_than_the_features_say_by_themselves() -> None:
    taught, asked = lessons(1500, 2), lessons(400, 3)
    found = contrastive.fit(taught, 0, steps=60)
    learnt = hits(found.encode(asked.text, asked.photo), found.encode(asked.item_text, asked.item_photo), asked.item)
    queries, items = (
        unit(np.concatenate(parts, 1)) for parts in ((asked.text, asked.photo), (asked.item_text, asked.item_photo))
    )
    assert learnt > hits(queries, items, asked.item)
    # A text finds a photo, which the features by themselves cannot tell anything about.
    crossed = hits(found.encode(asked.text, None), found.encode(None, asked.item_photo), asked.item)
    assert crossed > 0.15, crossed  # chance is 1 / 60
