from __future__ import annotations

import importlib

import numpy as np
import torch

from bot.fusion import mfb
from tests.fusion.independent import packages_unopened


def test_as_in_block_forward_and_gradient() -> None:
    with packages_unopened("block", "block.models", "block.models.networks"):
        theirs = importlib.import_module("block.models.networks.fusions.fusions").MFB(
            (12, 20), 8, mm_dim=16, factor=5, activ_input=None, activ_output=None, normalize=True
        )
    chance = torch.Generator().manual_seed(0)
    for weight in theirs.parameters():
        weight.data = torch.randn(weight.shape, generator=chance) * 0.5
    ours = {
        "text_in": theirs.linear0.weight.T, "text_bias": theirs.linear0.bias,
        "photo_in": theirs.linear1.weight.T, "photo_bias": theirs.linear1.bias,
        "out": theirs.linear_out.weight.T, "out_bias": theirs.linear_out.bias,
    }  # fmt: skip
    ours = {name: weight.detach().clone().requires_grad_() for name, weight in ours.items()}
    text = torch.randn(30, 12, generator=chance).requires_grad_()
    photo = torch.randn(30, 20, generator=chance).requires_grad_()
    expected, given = theirs([text, photo]), mfb.bilinear(ours, text, photo)
    assert (given - expected).abs().max() < 1e-5
    seen = torch.randn(expected.shape, generator=chance)
    named = dict(theirs.named_parameters())
    right = torch.autograd.grad((expected * seen).sum(), [text, photo, *named.values()])
    mine = torch.autograd.grad((given * seen).sum(), [text, photo, *ours.values()])
    order = ["text_in", "text_bias", "photo_in", "photo_bias", "out", "out_bias"]
    assert list(ours) == order and [name.split(".")[0] for name in named][::2] == ["linear0", "linear1", "linear_out"]
    for a, b in zip(right, mine, strict=True):
        b = b.T if a.shape != b.shape else b
        assert (a - b).abs().max() <= 1e-5 * max(1.0, float(a.abs().max()))


def test_gradient_is_finite_where_the_product_is_zero() -> None:
    """The square root's slope is endless there: block's own gradient is not a number."""
    z = torch.zeros(2, 10, requires_grad=True)
    (slope,) = torch.autograd.grad(mfb.pooled(z, 5).sum(), z)
    assert slope.isfinite().all()


def test_pooling_in_numbers() -> None:
    given = mfb.pooled(np.array([[1.0, 3.0, -8.0, -1.0]], np.float32), 2)  # sums 4 and -9, roots 2 and -3
    assert np.allclose(given, [[2 / 13**0.5, -3 / 13**0.5]], atol=1e-6)
