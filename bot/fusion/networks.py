"""Small networks and how they are trained: all chance comes from the generator that is given, none from torch's own.

`mlp` builds a network, `descend` trains it, `layers` takes its weights out as arrays, and `run` works them in numpy,
so that a question is answered without torch. `pack` and `unpack` are for checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from bot.fusion.features import F32

Layers = tuple[tuple[F32, F32], ...]  # of each layer the weights [given, taken] and the bias [given]
_WARM = 0.05  # the share of the steps in which the rate rises
_STEEPEST = 1.0  # the gradient's greatest length


class Dropout(nn.Module):
    """Srivastava et al., 2014: in training each number is 0 by chance `share`, the others grow to make up for it."""

    def __init__(self, share: float, generator: torch.Generator) -> None:
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * kept / (1 - self.share)


def mlp(widths: Sequence[int], dropout: float, generator: torch.Generator) -> nn.Sequential:
    """Linear layers from widths[0] to widths[-1] numbers, with ReLU and then dropout between them, none after the last.

    Two widths make a plain projection. Weights are drawn after He et al. (2015) before a ReLU and Glorot and Bengio
    (2010) at the end; biases start at 0.
    """
    parts: list[nn.Module] = []
    for number, (taken, given) in enumerate(pairwise(widths)):
        last = number == len(widths) - 2
        linear = nn.Linear(taken, given, device="meta").to_empty(device="cpu")  # unfilled: draws nothing yet
        if last:
            nn.init.xavier_normal_(linear.weight, generator=generator)
        else:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(linear.bias)
        parts += [linear] if last else [linear, nn.ReLU(), Dropout(dropout, generator)]
    return nn.Sequential(*parts)


def descend(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[Tensor], Tensor],
    n: int,
    generator: torch.Generator,
    *,
    steps: int,
    batch: int,
    rate: float,
    decay: float = 0.01,
) -> None:
    """Takes `steps` steps of AdamW down `loss`, which is given the numbers of some of n rows, int64[batch or fewer].

    The rows go round in an order drawn anew each time; what is left over at the end of a round is in the next one's
    draw. The rate rises over the first twentieth and falls along half a cosine (Loshchilov and Hutter, 2017, 2019).
    """
    kept = list(parameters)
    adam = torch.optim.AdamW(kept, lr=rate, weight_decay=decay)
    batch, warm = min(batch, n), max(1, round(_WARM * steps))
    order, at = torch.randperm(n, generator=generator), 0
    for step in range(steps):
        if at + batch > n:
            order, at = torch.randperm(n, generator=generator), 0
        share = (step + 1) / warm if step < warm else (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2
        for group in adam.param_groups:
            group["lr"] = rate * share
        adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss(order[at : at + batch]))
        nn.utils.clip_grad_norm_(kept, _STEEPEST)
        adam.step()
        at += batch


def layers(network: nn.Sequential) -> Layers:
    """The weights and biases of what `mlp` built, copied."""
    linear = [part for part in network if isinstance(part, nn.Linear)]
    return tuple((part.weight.detach().numpy().copy(), part.bias.detach().numpy().copy()) for part in linear)


def run(network: Layers, x: F32) -> F32:
    """What the layers make of the rows [k, taken]: float32[k, given]."""
    for number, (weights, bias) in enumerate(network):
        x = x @ weights.T + bias
        if number < len(network) - 1:
            x = np.maximum(x, np.float32(0))
    return x


def pack(name: str, network: Layers) -> dict[str, F32]:
    """The layers as arrays of a checkpoint: `name.0.weights`, `name.0.bias` and so on."""
    pairs = {f"{name}.{i}": pair for i, pair in enumerate(network)}
    return {f"{key}.{kind}": array for key, pair in pairs.items()
            for kind, array in zip(("weights", "bias"), pair, strict=True)}  # fmt: skip


def unpack(name: str, arrays: Mapping[str, F32]) -> Layers:
    """The layers that `pack` named so.

    Raises:
        ValueError: there are none, or their shapes do not follow on one another.
    """
    found: list[tuple[F32, F32]] = []
    while (key := f"{name}.{len(found)}") + ".weights" in arrays:
        weights, bias = arrays[f"{key}.weights"], arrays.get(f"{key}.bias")
        taken = found[-1][0].shape[0] if found else weights.shape[-1]
        if bias is None or weights.ndim != 2 or weights.shape[1] != taken or bias.shape != weights.shape[:1]:
            raise ValueError(f"a checkpoint's layer {key} has the wrong shape")
        found.append((weights, bias))
    if not found:
        raise ValueError(f"a checkpoint holds no layers named {name}")
    return tuple(found)
