"""Speech → text: Whisper behind a gate that lets only speech through.

Every choice here was measured; HEARING.md has the figures.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bot.messages import Heard
from bot.senses.cores import Cores, Work
from bot.senses.voice_activity import Span, VoiceActivity
from bot.senses.whisper_decoding import Beginning, Decoded, Options, Search
from bot.senses.whisper_model import Decoder, Encoder, Weights, best_kinds, sizes
from bot.senses.whisper_scripts import Writing

Samples = npt.NDArray[np.float32]

RATE = 16_000
# Samples of one window. Whisper has room for 30 s, but leaves out sentences of a full one.
_WINDOW = 20 * RATE
_LEAST, _ROOM = 10 * RATE, 30 * RATE  # what is encoded at least; what Whisper learnt with
_AFTER = 2 * RATE  # silence after the last word, without which Whisper does not stop
_FRAME = 320  # samples of one frame after the encoder
_TIMED = 5 * RATE  # longer windows are written with time marks, without which sentences are left out
_LOWEST_LOG_PROBABILITY, _HIGHEST_COMPRESSION, _NO_SPEECH = -1.0, 2.4, 0.6  # openai-whisper's own
_BEAMS = 5  # openai-whisper's own number where it searches
# What the shop might have said before, which settles the script and the field: Whisper base would rather write Hindi
# in Urdu's or in Latin letters. These are first sentences of the catalogues' "other", not chosen for any recording.
_BEFORE = {
    "hi": "यहाँ उत्पादों, ऑर्डर, डिलीवरी, सीमा शुल्क और वापसी से जुड़ी सहायता मिलती है।",
    "zh": "我可以解答有关商品、订单、配送、清关和退货的问题。",
    "zh-Hant": "我可以協助處理商品、訂單、配送、清關和退貨的問題。",
    "ja": "商品、ご注文、配送、通関、返品についてお手伝いできます。",
}
_TOKENS, _TOKENS_A_SECOND = 40, 30  # more than anybody says, so that a loop ends soon in a short note
_HINT = 3.0  # how much likelier the expected language is
_DOUBT = 0.05  # a second language with this chance is tried as well, and the likelier text taken


@dataclass(frozen=True)
class _Understood:
    decoded: Decoded
    tag: str
    length: int  # samples


class Whisper:
    """Hears voice notes in `languages` (BCP 47). Notes of several threads are heard side by side, each on a core."""

    def __init__(self, checkpoint: Path, voice_activity: Path, languages: tuple[str, ...], threads: int) -> None:
        """Loads both models; `threads` (0: as many as there are cores) sets those of torch, for the whole process."""
        from whisper.tokenizer import LANGUAGES, get_tokenizer

        with warnings.catch_warnings():  # openai-whisper leaves its vocabulary file open
            warnings.simplefilter("ignore", ResourceWarning)
            tokenizer = get_tokenizer(multilingual=True)
        cores = threads or os.cpu_count() or 1
        torch.set_num_threads(cores)
        self._checkpoint = checkpoint
        held = torch.load(checkpoint, weights_only=True, mmap=True)
        weights, kinds = Weights(held["model_state_dict"]), best_kinds()
        self._mels: int = held["dims"]["n_mels"]
        self._encoder = Encoder(weights, sizes(held["dims"]), kinds.encoder)
        self._search = Search(Decoder(weights, sizes(held["dims"]), kinds.linear), tokenizer, kinds.linear)
        self._voice = VoiceActivity(voice_activity)
        self._tags: dict[str, str] = {}
        for tag in languages:
            if (code := tag.partition("-")[0]) in LANGUAGES:
                self._tags.setdefault(code, tag)
        self._writings: dict[str, Writing] = {}
        self._cores = Cores(cores)

    def hear(self, samples: Samples, hint: str | None = None) -> Heard | None:
        """What is said in float32[n] at 16 kHz, or None where nobody speaks or nobody could understand it.

        `hint` is the language that the conversation is held in: it decides where the sound does not. Every window of
        a long note is understood in its own language, and the note's is that of most of it.
        """
        windows = _windows(self._voice.spans(samples))
        understood: list[_Understood] = []
        for window in windows:
            found = self._cores.finish(self._understood(samples[slice(*window)], hint))
            if found:
                understood.append(found)
                hint = hint or found.tag
        if not understood:
            return None
        lengths: dict[str, int] = {}
        for part in understood:
            lengths[part.tag] = lengths.get(part.tag, 0) + part.length
        tag = max(lengths, key=lambda tag: lengths[tag])
        gap = "" if tag.partition("-")[0] in ("zh", "ja", "th") else " "
        words = sum(len(part.decoded.tokens) + 1 for part in understood)
        mean = sum(part.decoded.log_probability * (len(part.decoded.tokens) + 1) for part in understood) / words
        return Heard(gap.join(part.decoded.text for part in understood), tag, round(math.exp(mean), 3))

    def transcribe(self, samples: Samples, language: str | None = None) -> dict[str, Any]:
        """openai-whisper's own transcription, ungated, as a measure of what `hear` adds. For one caller at a time."""
        with torch.inference_mode():
            heard: dict[str, Any] = self._stock.transcribe(
                samples, language=language, fp16=False, condition_on_previous_text=False
            )
        return heard

    @cached_property
    def _stock(self) -> Any:
        import whisper

        return whisper.load_model(str(self._checkpoint), device="cpu").eval()

    def _understood(self, sound: Samples, hint: str | None) -> Work[_Understood | None]:
        """The text of one window that passes Whisper's thresholds, or None.

        A sound whose language is in doubt is given all of Whisper's room, and a text in both. What loops, is cut or
        unlikely is tried once more with that room, which costs three times as much and is seldom needed.
        """
        for least in (_LEAST, _ROOM):
            begun = yield from self._begun(sound, least)
            tags = self._likeliest(begun.languages, hint)
            if len(tags) > 1 and least < _ROOM:
                continue
            found = []
            for tag, chance in tags:
                found.append(((yield from self._decoded(begun, tag, len(sound))), chance, tag))
            decoded, _, tag = max(found, key=lambda one: one[0].total + math.log(one[1]))
            unlikely = decoded.log_probability < _LOWEST_LOG_PROBABILITY
            if unlikely and begun.no_speech > _NO_SPEECH:
                return None
            if decoded.ended and not unlikely and decoded.compression <= _HIGHEST_COMPRESSION:
                return _Understood(decoded, tag, len(sound)) if any(map(str.isalnum, decoded.text)) else None
        return None

    def _begun(self, sound: Samples, least: int) -> Work[Beginning]:
        """The decoder's first look at one window, with silence after it up to `least` samples and a whole frame."""
        from whisper.audio import log_mel_spectrogram

        length = -(-max(least, len(sound) + _AFTER) // _FRAME) * _FRAME
        mel = log_mel_spectrogram(np.pad(sound, (0, length - len(sound))), self._mels)
        yield
        encoded = self._encoder(mel)
        yield
        return self._search.begin(encoded)

    def _likeliest(self, chances: dict[str, float], hint: str | None) -> list[tuple[str, float]]:
        """The likeliest language, and the next where there is doubt, with their chances among those offered."""
        expected = hint.partition("-")[0] if hint else ""
        weighed = {code: chances[code] * (_HINT if code == expected else 1) for code in self._tags}
        total = sum(weighed.values())
        first, *others = sorted(weighed, key=lambda code: weighed[code], reverse=True)
        codes = [first, *(code for code in others[:1] if weighed[code] > _DOUBT * total)]
        return [
            (hint if hint and code == expected else self._tags[code], max(weighed[code] / total, 1e-9))
            for code in codes
        ]

    def _decoded(self, begun: Beginning, tag: str, length: int) -> Work[Decoded]:
        """The text of one window in one language."""
        code = tag.partition("-")[0]
        options = Options(
            beams=_BEAMS,
            most=min(self._search.room, _TOKENS + _TOKENS_A_SECOND * length // RATE),
            timed=length > _TIMED,
            before=_BEFORE.get(tag, _BEFORE.get(code, "")),
        )
        if tag not in self._writings:
            self._writings[tag] = Writing(tag, self._search.pieces)
        return (yield from self._search.decode(begun, code, self._writings[tag], options))


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
