"""Deep CCA: the trace norm held against numpy and linear CCA, and held-out correlations of halves of digits."""

import numpy as np
import torch
from cca_zoo.deep.objectives import CCALoss

from bot.fusion import dcca
from bot.fusion.cca import canonical
from bot.fusion.dcca import trace_norm
from bot.measures.deep_correlation import halves, held_out
from tests.fusion.methods import behaves
from tests.fusion.test_cca import views


def test_the_trace_norm_is_the_sum_of_the_canonical_correlations() -> None:
    for ridge in (0.0, 0.3):
        x, y = views(3)
        found = float(trace_norm(torch.from_numpy(x), torch.from_numpy(y), ridge))
        np.testing.assert_allclose(found, canonical(x, y, ridge, 9).correlations.sum(), atol=1e-9)


def test_cca_zoos_loss_is_the_sum_of_their_squares_and_so_another() -> None:
    x, y = views(3)
    theirs = -float(CCALoss(1e-12)([torch.from_numpy(x), torch.from_numpy(y)]))
    np.testing.assert_allclose(theirs, (canonical(x, y, 0.0, 9).correlations ** 2).sum(), atol=1e-6)


def test_its_gradient_is_that_of_small_steps() -> None:
    x, y = (torch.from_numpy(side).requires_grad_() for side in views(4, 10, 2, 3))
    assert torch.autograd.gradcheck(lambda u, v: trace_norm(u, v, 0.1), (x, y))


def test_halves_of_digits_never_seen_correlate_more_than_linearly() -> None:
    parts = halves(0)
    linear, deep = held_out(parts, None), held_out(parts, dcca.agreement(1e-3), steps=120)
    assert 5.0 < linear < 6.0  # 5.54 was measured on another split
    assert deep > linear + 1, (linear, deep)


def test_it_behaves_as_every_method_does() -> None:
    behaves(dcca, steps=40)
