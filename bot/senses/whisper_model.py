"""Whisper's layers over openai-whisper's weights, for one recording at a time and no longer than it is.

The encoder takes as many frames as there are, in bfloat16 where the processor multiplies in it. The decoder keeps what
it needs of the tokens before, takes several hypotheses at once, and has its weights in 8 bits where torch can.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Apply = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Sizes:
    """What openai-whisper's checkpoints call dims, as far as it is needed."""

    heads: int
    audio_layers: int
    text_layers: int
    tokens: int  # at most


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        return functional.layer_norm(values, self.weight.shape, self.weight, self.bias)


@dataclass(frozen=True)
class _AudioLayer:
    attend_norm: _Norm
    attend: Apply  # to queries, keys and values, one after another
    attended: Apply
    norm: _Norm
    widen: Apply
    narrow: Apply


@dataclass(frozen=True)
class _TextLayer(_AudioLayer):
    cross_norm: _Norm
    cross_query: Apply
    cross_attended: Apply
    cross_keys: Apply  # keys and values of the sound


class Weights:
    """Reads layers out of a state dict."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._state = state

    def __getitem__(self, name: str) -> Tensor:
        return self._state[name].float()

    def norm(self, name: str) -> _Norm:
        return _Norm(self[f"{name}.weight"], self[f"{name}.bias"])

    def joined(self, *names: str, scale: float = 1.0) -> tuple[Tensor, Tensor]:
        """Weight [out, in] and bias [out] of several layers with the same input; the first is scaled."""
        weights = [self[f"{name}.weight"] for name in names]
        biases = [
            self._state[f"{name}.bias"].float() if f"{name}.bias" in self._state else torch.zeros(len(weight))
            for name, weight in zip(names, weights, strict=True)
        ]  # keys have none
        weights[0], biases[0] = weights[0] * scale, biases[0] * scale
        return torch.cat(weights), torch.cat(biases)


def single(weight: Tensor, bias: Tensor | None = None) -> Apply:
    """A layer in single precision."""
    return lambda values: functional.linear(values, weight, bias)


def half(weight: Tensor, bias: Tensor) -> Apply:
    """A layer in bfloat16, from and to bfloat16."""
    weight, bias = weight.bfloat16(), bias.bfloat16()
    return lambda values: functional.linear(values, weight, bias)


def eighth(weight: Tensor, bias: Tensor | None = None) -> Apply:
    """A layer with weights in 8 bits, a scale for each output; values are float32 and quantised on the way in."""
    scale = (weight.abs().amax(1) / 127).clamp_min(1e-12).double()
    with warnings.catch_warnings():  # torch, whose version is fixed, says that a later one will do this otherwise
        warnings.simplefilter("ignore", UserWarning)
        held = torch.quantize_per_channel(weight, scale, torch.zeros(len(weight), dtype=torch.int64), 0, torch.qint8)
    packed = torch.ops.quantized.linear_prepack(held, bias)
    run: Any = torch.ops.quantized.linear_dynamic
    return lambda values: run(values, packed, False)


@dataclass(frozen=True)
class Kinds:
    """What the layers are computed in."""

    encoder: torch.dtype
    linear: Callable[[Tensor, Tensor | None], Apply]  # of the decoder


def best_kinds() -> Kinds:
    """Half precision and 8 bits where the processor multiplies in them; elsewhere they would be slower than single."""
    able = torch.cpu.get_capabilities()
    fast_half = able.get("avx512_bf16") or able.get("amx_bf16")
    fast_eighth = "x86" in torch.backends.quantized.supported_engines and able.get("avx2")
    return Kinds(torch.bfloat16 if fast_half else torch.float32, eighth if fast_eighth else single)


def sizes(dims: Mapping[str, int]) -> Sizes:
    """From the dims of an openai-whisper checkpoint."""
    return Sizes(
        heads=dims["n_audio_head"],
        audio_layers=dims["n_audio_layer"],
        text_layers=dims["n_text_layer"],
        tokens=dims["n_text_ctx"],
    )


class Encoder:
    """mel float32[80, 2n] → float32[n, width]."""

    def __init__(self, weights: Weights, sizes: Sizes, kind: torch.dtype) -> None:
        self._kind, self._heads = kind, sizes.heads
        self._convolutions = [
            (weights[f"encoder.conv{i}.weight"].to(kind), weights[f"encoder.conv{i}.bias"].to(kind)) for i in (1, 2)
        ]
        self._places = weights["encoder.positional_embedding"]
        deep = self._places.shape[1] // sizes.heads
        linear = half if kind == torch.bfloat16 else single

        def layer(name: str) -> _AudioLayer:
            queries = weights.joined(*(f"{name}.attn.{part}" for part in ("query", "key", "value")), scale=deep**-0.5)
            return _AudioLayer(
                weights.norm(f"{name}.attn_ln"),
                linear(*queries),
                linear(*weights.joined(f"{name}.attn.out")),
                weights.norm(f"{name}.mlp_ln"),
                linear(*weights.joined(f"{name}.mlp.0")),
                linear(*weights.joined(f"{name}.mlp.2")),
            )

        self._layers = [layer(f"encoder.blocks.{i}") for i in range(sizes.audio_layers)]
        self._last = weights.norm("encoder.ln_post")

    def __call__(self, mel: Tensor) -> Tensor:
        (first, first_bias), (second, second_bias) = self._convolutions
        values = functional.gelu(functional.conv1d(mel[None].to(self._kind), first, first_bias, padding=1))
        values = functional.gelu(functional.conv1d(values, second, second_bias, stride=2, padding=1))
        values = values[0].T.float()
        values = values + self._places[: len(values)]
        for layer in self._layers:
            asked = layer.attend(layer.attend_norm(values).to(self._kind))
            values = values + layer.attended(self._attend(asked))
            wide = functional.gelu(layer.widen(layer.norm(values).to(self._kind)))
            values = values + layer.narrow(wide)
        return self._last(values)

    def _attend(self, asked: Tensor) -> Tensor:
        """[n, width] from queries, keys and values [n, 3 · width]."""
        n, width = len(asked), asked.shape[1] // 3
        query, key, value = asked.view(n, 3, self._heads, -1).permute(1, 2, 0, 3)
        shares = torch.softmax(torch.bmm(query, key.transpose(1, 2)), -1)
        return torch.bmm(shares, value).transpose(0, 1).reshape(n, width)


class Heads:
    """What a decoding keeps: the sound's keys and values, and those of the tokens so far, for each hypothesis."""

    def __init__(self, sound: list[tuple[Tensor, Tensor]], past: Tensor, length: int = 0) -> None:
        self.sound = sound  # a layer: keys [heads, deep, n], values [heads, n, deep]
        self.past = past  # [layers, keys and values, hypotheses, heads, tokens, deep]
        self.length = length  # of the past that is filled
        self._spare = past.new_empty(0)

    def again(self) -> Heads:
        """The same beginning once more, for another search."""
        past = torch.empty_like(self.past)
        past[..., : self.length, :] = self.past[..., : self.length, :]
        return Heads(self.sound, past, self.length)

    def keep(self, sources: list[int]) -> None:
        """Goes on with these hypotheses, some perhaps more than once."""
        if sources == list(range(self.past.shape[2])):
            return
        shape = (*self.past.shape[:2], len(sources), *self.past.shape[3:])
        kept = self._spare if self._spare.shape == shape else self.past.new_empty(shape)
        kept[..., : self.length, :] = self.past[..., : self.length, :].index_select(2, torch.tensor(sources))
        self.past, self._spare = kept, self.past


class Decoder:
    """tokens → what the last layer says of them, [hypotheses, tokens, width]; `words` are the rows of the output."""

    def __init__(self, weights: Weights, sizes: Sizes, linear: Callable[[Tensor, Tensor | None], Apply]) -> None:
        self.words = weights["decoder.token_embedding.weight"]
        self._places = weights["decoder.positional_embedding"]
        self._sizes, self._deep = sizes, self.words.shape[1] // sizes.heads
        scale = self._deep**-0.5

        def layer(name: str) -> _TextLayer:
            def joined(*parts: str, scale: float = 1.0) -> tuple[Tensor, Tensor]:
                return weights.joined(*(f"{name}.{part}" for part in parts), scale=scale)

            return _TextLayer(
                weights.norm(f"{name}.attn_ln"),
                linear(*joined("attn.query", "attn.key", "attn.value", scale=scale)),
                linear(*joined("attn.out")),
                weights.norm(f"{name}.mlp_ln"),
                linear(*joined("mlp.0")),
                linear(*joined("mlp.2")),
                weights.norm(f"{name}.cross_attn_ln"),
                linear(*joined("cross_attn.query", scale=scale)),
                linear(*joined("cross_attn.out")),
                linear(*joined("cross_attn.key", "cross_attn.value")),
            )

        self._layers = [layer(f"decoder.blocks.{i}") for i in range(sizes.text_layers)]
        self._last = weights.norm("decoder.ln")

    @property
    def room(self) -> int:
        """Tokens at most."""
        return self._sizes.tokens

    def begin(self, sound: Tensor) -> Heads:
        """What of the encoded sound [n, width] every token looks at, computed once."""
        heads, kept = self._sizes.heads, []
        for layer in self._layers:
            key, value = layer.cross_keys(sound).view(len(sound), 2, heads, -1).permute(1, 2, 0, 3)
            kept.append((key.transpose(1, 2).contiguous(), value.contiguous()))
        return Heads(kept, torch.empty(len(self._layers), 2, 1, heads, self.room, self._deep))

    def __call__(self, tokens: Tensor, heads: Heads) -> Tensor:
        """`tokens` int64[hypotheses, n] follow those that `heads` has seen; several at once of one hypothesis."""
        beams, n = tokens.shape
        start, heads.length = heads.length, heads.length + n
        rows = beams * n
        values = (self.words[tokens] + self._places[start : heads.length]).view(rows, -1)
        hidden = torch.full((n, heads.length), -torch.inf).triu_(start + 1) if n > 1 else None
        for number, layer in enumerate(self._layers):
            asked = layer.attend(layer.attend_norm(values)).view(beams, n, 3, self._sizes.heads, self._deep)
            query, key, value = asked.permute(2, 0, 3, 1, 4)
            past = heads.past[number]
            past[0, :, :, start : heads.length], past[1, :, :, start : heads.length] = key, value
            scores = query @ past[0, :, :, : heads.length].transpose(2, 3)
            if hidden is not None:
                scores += hidden
            found = torch.softmax(scores, -1) @ past[1, :, :, : heads.length]
            values = values + layer.attended(found.transpose(1, 2).reshape(rows, -1))
            keys, said = heads.sound[number]
            query = layer.cross_query(layer.cross_norm(values)).view(rows, self._sizes.heads, -1).transpose(0, 1)
            found = torch.bmm(torch.softmax(torch.bmm(query, keys), -1), said)
            values = values + layer.cross_attended(found.transpose(0, 1).reshape(rows, -1))
            values = values + layer.narrow(functional.gelu(layer.widen(layer.norm(values))))
        return self._last(values).view(beams, n, -1)
