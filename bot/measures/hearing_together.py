"""What hearing several voice notes as one batch could gain at best: the floor of its costs, on one core.

Layers of Whisper base's sizes with random weights, in what the product computes in, and nothing else: a step of the
decoder for n notes of 5 hypotheses at once, with keys and values of their own, and the encoder for n notes. All notes
are equally long and end together, which real ones do not, so no batch can gain more. What a note costs beside these
(gate, spectrogram, bookkeeping of the search) gains nothing and is left out, which flatters the batch as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bot.measures.figures import Figure
from bot.senses.cores import single_threaded
from bot.senses.whisper_model import Apply, best_kinds, half, single

NOTES = (1, 2, 4, 8, 16)
_ROUNDS, _STEPS = 5, 3  # rounds of all sizes, steps of the decoder in each
_TOKENS = 20  # steps of the decoder for a mean clip of the shared data, the look at the language and a prompt included
_LAYERS, _HEADS, _DEEP, _FRAMES, _WORDS = 6, 8, 64, 500, 50_258  # Whisper base's, and ten seconds of sound
_WIDTH = _HEADS * _DEEP
_HYPOTHESES, _WRITTEN = 5, 24  # tokens before the step that is measured
Run = Callable[[], object]
Linear = Callable[[Tensor, Tensor], Apply]
F64 = NDArray[np.float64]


def bounds() -> list[Figure]:
    """For each number of notes in a batch, how many a core could hear in the time of one by one, at most."""
    with single_threaded(1, "floor") as core:
        encoder, decoder = core.submit(_took).result()
    whole = np.minimum(encoder, encoder[0]) + _TOKENS * decoder  # nobody has to batch the encoder
    gains = whole[0] / whole  # [sizes, rounds]
    return [
        Figure(
            name=f"voice notes, {n} as one batch on one core, at best",
            value=float(np.median(gain)),
            n=_ROUNDS,
            unit="×",
            spread={
                "least": float(gain.min()),
                "most": float(gain.max()),
                "ms a note: encoder": float(np.median(encoder[at])),
                "step of the decoder": float(np.median(decoder[at])),
            },
        )
        for at, (n, gain) in enumerate(zip(NOTES, gains, strict=True))
    ]


@torch.inference_mode()
def _took() -> tuple[F64, F64]:
    """Processor milliseconds a note of the encoder and of a step of the decoder, [sizes, rounds] each."""
    torch.manual_seed(0)
    ways = [(_encoder(notes), _step(notes), notes) for notes in NOTES]
    took = np.empty((2, len(NOTES), _ROUNDS))
    for turn in range(-1, _ROUNDS):  # the round before the first warms up
        for at, (encoder, step, notes) in enumerate(ways):
            took[0, at, turn] = _timed(encoder) / notes
            took[1, at, turn] = min(_timed(step) for _ in range(_STEPS)) / notes
    return took[0], took[1]


def _timed(run: Run) -> float:
    start = time.thread_time()
    run()
    return (time.thread_time() - start) * 1e3


def _encoder(notes: int) -> Run:
    kind = best_kinds().encoder
    layers = [_layer(half if kind == torch.bfloat16 else single) for _ in range(_LAYERS)]
    sound = torch.randn(notes * _FRAMES, _WIDTH, dtype=kind)

    def run() -> Tensor:
        values = sound
        for attend, attended, widen, narrow in layers:
            asked = attend(values).view(notes, _FRAMES, 3, _HEADS, _DEEP).permute(2, 0, 3, 1, 4)
            query, key, value = asked.reshape(3, notes * _HEADS, _FRAMES, _DEEP)
            values = values + attended(_attended(query, key.transpose(1, 2), value, notes))
            values = values + narrow(functional.gelu(widen(values)))
        return values

    return run


def _step(notes: int) -> Run:
    rows, linear = notes * _HYPOTHESES, best_kinds().linear
    layers = [
        (*_layer(linear), _random(linear, _WIDTH, _WIDTH), _random(linear, _WIDTH, _WIDTH)) for _ in range(_LAYERS)
    ]
    words = _random(linear, _WIDTH, _WORDS)
    own = [torch.randn(2, rows * _HEADS, _WRITTEN, _DEEP) for _ in layers]
    sounds = [torch.randn(2, notes * _HEADS, _FRAMES, _DEEP) for _ in layers]
    keys = [keys.transpose(1, 2).contiguous() for keys, _ in sounds]
    first = torch.randn(rows, _WIDTH)

    def run() -> object:
        values = first
        for number, (attend, attended, widen, narrow, ask, asked_of) in enumerate(layers):
            query = attend(values).view(rows, 3, _HEADS, _DEEP)[:, 0].reshape(rows * _HEADS, 1, _DEEP)
            values = values + attended(_attended(query, own[number][0].transpose(1, 2), own[number][1], rows))
            query = ask(values).view(notes, _HYPOTHESES, _HEADS, _DEEP).transpose(1, 2).reshape(-1, _HYPOTHESES, _DEEP)
            values = values + asked_of(_attended(query, keys[number], sounds[number][1], notes))
            values = values + narrow(functional.gelu(widen(values)))
        return torch.log_softmax(words(values), 1).view(notes, -1).topk(2 * _HYPOTHESES)

    return run


def _attended(query: Tensor, keys: Tensor, values: Tensor, notes: int) -> Tensor:
    """[notes · n, width] from queries [notes · heads, n, deep], keys […, deep, m] and values [… , m, deep]."""
    found = torch.bmm(torch.softmax(torch.bmm(query, keys), -1), values)
    return found.view(notes, _HEADS, -1, _DEEP).transpose(1, 2).reshape(-1, _WIDTH)


def _layer(linear: Linear) -> tuple[Apply, Apply, Apply, Apply]:
    """Queries, keys and values; what was attended to; wider; narrower."""
    return (
        _random(linear, _WIDTH, 3 * _WIDTH),
        _random(linear, _WIDTH, _WIDTH),
        _random(linear, _WIDTH, 4 * _WIDTH),
        _random(linear, 4 * _WIDTH, _WIDTH),
    )


def _random(linear: Linear, wide: int, out: int) -> Apply:
    return linear(torch.randn(out, wide) / wide**0.5, torch.zeros(out))
