"""Where in a recording somebody speaks: silero-vad by its ONNX model, without its package (which needs torchaudio)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Span = tuple[int, int]  # samples at 16 kHz, the end not included

RATE = 16_000
_HOP, _CONTEXT = 512, 64  # samples of one step, and those of the step before that the model wants again
_SPEECH, _STILL_SPEECH = 0.5, 0.35  # probability that begins a span, and below which it ends
_SHORTEST = RATE // 4  # a quarter of a second; anything shorter is a click or a cough
_GAP = RATE // 2  # of silence that does not end a span
_PAD = RATE // 5  # kept before and after, so that no consonant is lost


class VoiceActivity:
    """Finds speech. One instance serves many threads."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the steps are too small to share
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, samples: Samples) -> npt.NDArray[np.float32]:
        """How likely each step of 32 ms is speech, float32[ceil(n / 512)]."""
        steps = -(-len(samples) // _HOP)
        padded = np.zeros(_CONTEXT + steps * _HOP, np.float32)
        padded[_CONTEXT : _CONTEXT + len(samples)] = samples
        state, rate = np.zeros((2, 1, 128), np.float32), np.array(RATE, np.int64)
        found = np.empty(steps, np.float32)
        for step in range(steps):
            heard = padded[None, step * _HOP : (step + 1) * _HOP + _CONTEXT]
            chance, state = self._session.run(None, {"input": heard, "state": state, "sr": rate})
            found[step] = chance[0, 0]
        return found

    def spans(self, samples: Samples) -> list[Span]:
        """The stretches of speech in order, each with a fifth of a second around it."""
        return merged(self.probabilities(samples), len(samples))


def merged(probabilities: npt.NDArray[np.float32], length: int) -> list[Span]:
    """Spans of speech from the probabilities of their steps; short silences are bridged, short sounds dropped."""
    spans: list[Span] = []
    start: int | None = None
    for step, chance in enumerate([*probabilities.tolist(), 0.0]):
        if start is None and chance >= _SPEECH:
            start = step * _HOP
        elif start is not None and chance < _STILL_SPEECH:
            if spans and start - spans[-1][1] < _GAP:
                start = spans.pop()[0]
            spans.append((start, step * _HOP))
            start = None
    return [(max(0, a - _PAD), min(length, b + _PAD)) for a, b in spans if b - a >= _SHORTEST]
