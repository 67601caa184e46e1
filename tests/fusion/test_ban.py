from __future__ import annotations

import numpy as np
import pytest
import torch

from bot.fusion import ban
from bot.fusion.features import F32
from tests.fusion.made_lessons import SHORT, sizes_larger

N, RX, RY, C, R, G = 5, 3, 4, 6, 7, 2  # examples, tokens of both kinds, their width, rank, glimpses


@pytest.fixture
def made() -> tuple[dict[str, F32], F32, F32]:
    chance = np.random.default_rng(0)
    shapes = {"attend_text": (C, R), "attend_photo": (C, R), "attend_pool": (G, R),
              "join_text": (G, C, C), "join_photo": (G, C, C), "join_pool": (G, C, C)}  # fmt: skip
    w = {name: chance.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    x, y = (chance.standard_normal(shape).astype(np.float32) for shape in ((N, RX, C), (N, RY, C)))
    return w, x, y


def maps_of_the_paper(w: dict[str, F32], x: F32, y: F32) -> F32:
    """A_g = softmax over all i, j of p_gᵀ (σ(Uᵀ X_i) ∘ σ(Vᵀ Y_j))."""
    u, v = np.maximum(np.einsum("nic,cr->nir", x, w["attend_text"]), 0), np.maximum(y @ w["attend_photo"], 0)
    logits = np.einsum("gr,nir,njr->ngij", w["attend_pool"], u, v)
    raised = np.exp(logits - logits.max((2, 3), keepdims=True))
    return raised / raised.sum((2, 3), keepdims=True)


def test_attention_by_the_formula(made: tuple[dict[str, F32], F32, F32]) -> None:
    w, x, y = made
    given = ban.attention(w, x, y)
    assert given.shape == (N, G, RX, RY)
    assert np.allclose(given.sum((2, 3)), 1, atol=1e-5)
    assert np.allclose(given, maps_of_the_paper(w, x, y), atol=1e-5)
    tensors = ban.attention({k: torch.from_numpy(v) for k, v in w.items()}, torch.from_numpy(x), torch.from_numpy(y))
    assert np.allclose(tensors.numpy(), given, atol=1e-5)


def test_joint_feature_by_the_formula(made: tuple[dict[str, F32], F32, F32]) -> None:
    """f_k = Σ_i Σ_j A_ij σ(x_iᵀ U_k) σ(V_kᵀ y_j), and each glimpse adds P_gᵀ f to all tokens of x."""
    w, x, y = made
    maps = maps_of_the_paper(w, x, y)
    expected = x
    for g in range(G):
        u = np.maximum(np.einsum("nic,ck->nik", expected, w["join_text"][g]), 0)
        v = np.maximum(np.einsum("njc,ck->njk", y, w["join_photo"][g]), 0)
        joint = np.einsum("nij,nik,njk->nk", maps[:, g], u, v)
        expected = expected + np.einsum("nk,kc->nc", joint, w["join_pool"][g])[:, None]
    given = ban.read_together(w, x, y, maps)
    assert given.shape == (N, RX, C)
    assert np.allclose(given, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_every_weight_is_learnt() -> None:
    one, other = ban.fit(sizes_larger(100, 1), 0, SHORT).arrays(), ban.fit(sizes_larger(100, 2), 0, SHORT).arrays()
    assert {name for name in one if np.array_equal(one[name], other[name])} == {"kept"}
