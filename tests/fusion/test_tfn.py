from __future__ import annotations

import importlib
from types import SimpleNamespace

import numpy as np
import torch

from bot.fusion import tfn
from tests.fusion.independent import packages_unopened


def their_network() -> torch.nn.Module:
    """MMSA's, of three parts (text, audio, video), with weights at random; also its normalisation's."""
    names = ("MMSA", "MMSA.models", "MMSA.models.subNets", "MMSA.models.singleTask")
    with packages_unopened(*names) as stubs:
        parts = importlib.import_module("MMSA.models.subNets.FeatureNets")
        stubs[2].SubNet, stubs[2].TextSubNet = parts.SubNet, parts.TextSubNet  # type: ignore[attr-defined]
        made: torch.nn.Module = importlib.import_module("MMSA.models.singleTask.TFN").TFN(
            SimpleNamespace(feature_dims=(9, 7, 11), hidden_dims=(6, 4, 5), text_out=3, post_fusion_dim=10,
                            dropouts=(0.1, 0.1, 0.1, 0.1), num_classes=8, train_mode="classification")
        ).eval()  # fmt: skip
    chance = torch.Generator().manual_seed(0)
    for name, value in made.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=chance) * 0.4
            value.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise)
    return made


def copied(theirs: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Our weights of "audio", "video" and "after"; the normalisation goes into the first layer."""
    state, ours = theirs.state_dict(), {}
    for part in ("audio", "video"):
        net = f"{part}_subnet"
        scale = state[f"{net}.norm.weight"] / (state[f"{net}.norm.running_var"] + 1e-5) ** 0.5
        shift = state[f"{net}.norm.bias"] - state[f"{net}.norm.running_mean"] * scale
        for layer in (1, 2, 3):
            ours[f"{part}_w{layer}"] = state[f"{net}.linear_{layer}.weight"].T
            ours[f"{part}_b{layer}"] = state[f"{net}.linear_{layer}.bias"]
        ours[f"{part}_b1"] = ours[f"{part}_b1"] + shift @ ours[f"{part}_w1"]
        ours[f"{part}_w1"] = scale[:, None] * ours[f"{part}_w1"]
    for layer in (1, 2, 3):
        ours[f"after_w{layer}"] = state[f"post_fusion_layer_{layer}.weight"].T
        ours[f"after_b{layer}"] = state[f"post_fusion_layer_{layer}.bias"]
    return ours


def test_as_in_mmsa() -> None:
    theirs = their_network()
    ours = copied(theirs)
    chance = torch.Generator().manual_seed(1)
    words, audio, video = (torch.randn(20, *shape, generator=chance) for shape in ((6, 9), (1, 7), (1, 11)))
    with torch.no_grad():
        expected = theirs(words, audio, video)
    heard, watched = tfn.subnetwork(ours, "audio", audio[:, 0]), tfn.subnetwork(ours, "video", video[:, 0])
    assert (heard - expected["Feature_a"]).abs().max() < 1e-5
    assert (watched - expected["Feature_v"]).abs().max() < 1e-5
    product = tfn.outer([heard, watched, expected["Feature_t"]])
    assert (product - expected["Feature_f"]).abs().max() < 1e-5
    assert (tfn.after(ours, product) - expected["M"]).abs().max() < 1e-5
    in_numpy = tfn.after({name: weight.numpy() for name, weight in ours.items()}, product.numpy())
    assert np.abs(in_numpy - expected["M"].numpy()).max() < 1e-5


def test_outer_product_in_numbers() -> None:
    given = tfn.outer([np.array([[2.0]], np.float32), np.array([[3.0, 5.0]], np.float32)])
    assert given.tolist() == [[1, 3, 5, 2, 6, 10]], "1, each alone, and the products"
