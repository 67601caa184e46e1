"""One space for three tasks, held against spaces for one task each."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bot.fusion import multitask
from bot.fusion.multitask import weighted
from tests.fusion.generated import hits, lessons
from tests.fusion.methods import behaves


def test_one_space_does_what_a_space_for_each_task_does() -> None:
    taught, asked = lessons(1500, 2), lessons(1000, 3)
    both, truth = (asked.text, asked.photo), asked.category[asked.item]
    scores: dict[str, list[float]] = {"retrieval": [], "category": [], "attributes": []}
    for seed in range(1):
        joint = multitask.fit(taught, seed, steps=150)
        alone = {task: multitask.fit(taught, seed, (task,), steps=150) for task in multitask.TASKS}
        for one in (joint, alone["retrieval"]):
            items = one.encode(asked.item_text, asked.item_photo)
            scores["retrieval"].append(hits(one.encode(*both), items, asked.item))
        for one in (joint, alone["category"]):
            scores["category"].append(float((one.categories(*both) == truth).mean()))
        for one in (joint, alone["attributes"]):
            right = (one.chances(*both) > 0.5) == (asked.attributes[asked.item] > 0.5)
            scores["attributes"].append(float(right.mean()))
    for task, found in scores.items():
        together, apart = np.mean(found[::2]), np.mean(found[1::2])
        assert together > apart - 0.05, (task, together, apart)  # of 1000 queries: some .03 is chance
    assert np.mean(scores["category"][::2]) > 0.6 and np.mean(scores["attributes"][::2]) > 0.7  # chance .25 and .5


def test_category_and_attributes_are_read_from_either_part_alone() -> None:
    taught, asked = lessons(1500, 2), lessons(400, 3)
    found, truth = multitask.fit(taught, 0, steps=60), asked.category[asked.item]
    for parts in ((asked.text, None), (None, asked.photo)):
        assert (found.categories(*parts) == truth).mean() > 0.45  # chance is about a quarter
        chances = found.chances(*parts)
        assert chances.shape == (400, 4) and chances.min() >= 0 and chances.max() <= 1


def test_the_weights_are_kendalls() -> None:
    """The best s of a loss L is log 2L, where the weighed loss is (1 + log 2L) / 2."""
    losses = torch.tensor([0.3, 2.0])
    unsure = (2 * losses).log().requires_grad_()
    total = weighted(losses, unsure)
    assert float(total.detach()) == pytest.approx(float(((1 + (2 * losses).log()) / 2).sum().detach()))
    total.backward()
    np.testing.assert_allclose(unsure.grad, 0, atol=1e-6)


def test_a_shop_that_noted_no_attributes_has_a_task_less() -> None:
    taught = replace(lessons(300, 2), attributes=np.zeros((60, 0), np.float32))
    found = multitask.fit(taught, 0, steps=5)
    assert found.chances(taught.text, None).shape == (300, 0)
    assert multitask.from_arrays(found.arrays()).chances(taught.text, None).shape == (300, 0)
    with pytest.raises(ValueError, match="no task"):
        multitask.fit(taught, 0, ("attributes",))


def test_it_behaves_as_every_method_does() -> None:
    behaves(multitask, steps=60)
