"""Speech → text: Whisper behind a gate that lets only speech through."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bot.messages import Heard
from bot.senses.voice_activity import Span, VoiceActivity

Samples = npt.NDArray[np.float32]

RATE = 16_000
# Samples of one window. Whisper has room for 30 s, but leaves out sentences of a full one: of 33 s in English the error
# rate is 0.02 by windows of 20 s with time marks, 0.09 by 30 s, and 0.49 by 30 s without time marks.
_WINDOW = 20 * RATE
_TEMPERATURES = (0.0, 0.4, 0.8)  # the next is tried where a text fails the thresholds
_LOWEST_LOG_PROBABILITY, _HIGHEST_COMPRESSION, _NO_SPEECH = -1.0, 2.4, 0.6  # openai-whisper's own
# What might have been said before, to settle the script: Whisper base writes spoken Hindi in Urdu's letters otherwise,
# and Mandarin as often in traditional characters as in simplified ones. Hindi errs a third less with this sentence
# than with a plain greeting (character error rate 0.30 and 0.45 on ten clips), Mandarin two thirds less than without
# (0.10 and 0.30). Japanese and French gain nothing.
_PROMPTS = {
    "hi": "नमस्ते, मेरे ऑर्डर, पार्सल और डिलीवरी के बारे में एक सवाल है।",
    "zh": "您好，我想问一下订单、包裹和配送的问题。",
    "zh-Hant": "您好，我想問一下訂單、包裹和配送的問題。",
}
_ARABIC_LEADS = range(0xD8, 0xDC)  # first bytes of Arabic letters in UTF-8; no byte of Devanagari lies here
_TOKENS, _TOKENS_A_SECOND = 40, 30  # more than anybody says, so that a loop ends soon in a short note
_HINT = 3.0  # how much likelier the expected language is


class Whisper:
    """Hears voice notes in `languages` (BCP 47). Calls from several threads take turns: Whisper keeps state."""

    def __init__(self, checkpoint: Path, voice_activity: Path, languages: tuple[str, ...], threads: int) -> None:
        """Loads both models; `threads` (0: as many as there are cores) sets those of torch, for the whole process."""
        import whisper
        from whisper.tokenizer import LANGUAGES, get_tokenizer

        with warnings.catch_warnings():  # openai-whisper leaves its vocabulary file open
            warnings.simplefilter("ignore", ResourceWarning)
            get_tokenizer(multilingual=True)
        torch.set_num_threads(threads or os.cpu_count() or 1)
        self._model: Any = whisper.load_model(str(checkpoint), device="cpu").eval()
        self._voice = VoiceActivity(voice_activity)
        self._tags: dict[str, str] = {}
        for tag in languages:
            if (code := tag.partition("-")[0]) in LANGUAGES:
                self._tags.setdefault(code, tag)
        self._unwritten = {"hi": [-1, *_arabic_tokens()]}  # -1 stands for Whisper's own list of what is no speech
        self._turn = threading.Lock()

    def hear(self, samples: Samples, hint: str | None = None) -> Heard | None:
        """What is said in float32[n] at 16 kHz, or None where nobody speaks or nobody could understand it.

        `hint` is the language that the conversation is held in: it decides where the sound does not.
        """
        windows = _windows(self._voice.spans(samples))
        if not windows:
            return None
        with self._turn, torch.inference_mode():
            first = self._encoded(samples, windows[0])
            code = self._language(first, hint)
            tag = hint if hint and hint.partition("-")[0] == code else self._tags[code]
            results = [self._understood(first, tag, windows[0])]
            results += [self._understood(self._encoded(samples, window), tag, window) for window in windows[1:]]
        understood = [result for result in results if result is not None]
        if not understood:
            return None
        gap = "" if code in ("zh", "ja", "th") else " "
        words = sum(len(result.tokens) + 1 for result in understood)
        mean = sum(result.avg_logprob * (len(result.tokens) + 1) for result in understood) / words
        return Heard(gap.join(result.text for result in understood), tag, round(float(np.exp(mean)), 3))

    def transcribe(self, samples: Samples, language: str | None = None) -> dict[str, Any]:
        """openai-whisper's own transcription, ungated, as a measure of what `hear` adds."""
        with self._turn, torch.inference_mode():
            heard: dict[str, Any] = self._model.transcribe(
                samples, language=language, fp16=False, condition_on_previous_text=False
            )
        return heard

    def _encoded(self, samples: Samples, window: Span) -> torch.Tensor:
        """Whisper's features of one window, float32[1, 1500, 512]; made once, for the language and for the text."""
        from whisper.audio import log_mel_spectrogram, pad_or_trim

        sound = pad_or_trim(samples[slice(*window)])
        features: torch.Tensor = self._model.encoder(log_mel_spectrogram(sound, self._model.dims.n_mels)[None])
        return features

    def _language(self, features: torch.Tensor, hint: str | None) -> str:
        """Whisper's code of the likeliest language out of those offered."""
        chances = self._model.detect_language(features)[1][0]
        if hint and (code := hint.partition("-")[0]) in self._tags:
            chances[code] *= _HINT
        return max(self._tags, key=lambda code: chances[code])

    def _understood(self, features: torch.Tensor, tag: str, window: Span) -> Any:
        """The decoding of one window that passes Whisper's thresholds, or None."""
        from whisper.decoding import DecodingOptions

        code = tag.partition("-")[0]
        prompt = _PROMPTS.get(tag, _PROMPTS.get(code))
        most = min(self._model.dims.n_text_ctx // 2, _TOKENS + _TOKENS_A_SECOND * (window[1] - window[0]) // RATE)
        for temperature in _TEMPERATURES:
            options = DecodingOptions(
                language=code, prompt=prompt, suppress_tokens=self._unwritten.get(code, "-1"),
                sample_len=most, temperature=temperature, fp16=False,
            )  # fmt: skip
            with torch.random.fork_rng(devices=[]):  # the same sound gives the same text, drawn by chance or not
                torch.manual_seed(0)
                result = self._model.decode(features, options)[0]
            unlikely = result.avg_logprob < _LOWEST_LOG_PROBABILITY
            if unlikely and result.no_speech_prob > _NO_SPEECH:
                return None
            if not unlikely and result.compression_ratio <= _HIGHEST_COMPRESSION:
                return result if any(map(str.isalnum, result.text)) else None
        return None


def _arabic_tokens() -> list[int]:
    """Whisper's tokens that hold a piece of an Arabic letter, which spoken Hindi is not to be written in."""
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(multilingual=True)
    pieces = ((token, tokenizer.encoding.decode_single_token_bytes(token)) for token in range(tokenizer.eot))
    return [token for token, piece in pieces if any(byte in _ARABIC_LEADS for byte in piece)]


def _windows(spans: Sequence[Span]) -> list[Span]:
    """Windows of at most 20 s from the first speech to the last, cut in silences where there are any."""
    windows: list[Span] = []
    for start, end in spans:
        if windows and end - windows[-1][0] <= _WINDOW:
            windows[-1] = (windows[-1][0], end)
            continue
        for cut in range(start, end, _WINDOW):
            windows.append((cut, min(end, cut + _WINDOW)))
    return windows
