"""faster-whisper over the packaged weights, 8 bits, for comparison; it is no part of the product.

The packaged weights are CTranslate2's own model.bin; what else it reads is written here from openai-whisper's
tokenizer. The vocabulary has no merges: faster-whisper encodes text only for the list of symbols that are no speech,
and is given openai-whisper's list instead.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


def installed() -> bool:
    """Whether faster-whisper and what it needs can be imported."""
    return all(find_spec(name) for name in ("faster_whisper", "ctranslate2", "tokenizers"))


class FasterWhisper:
    """faster-whisper's transcription with its own defaults, one recording at a time."""

    def __init__(self, model: bytes, folder: Path, threads: int) -> None:
        """Writes the model into `folder` and loads it. `model` is model.bin."""
        from faster_whisper import WhisperModel  # type: ignore[import-not-found,unused-ignore]
        from whisper.tokenizer import get_tokenizer

        self._tokenizer: Any = get_tokenizer(multilingual=True)
        (folder / "model.bin").write_bytes(model)
        _write_vocabulary(folder, self._tokenizer)
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        marks = ("transcribe", "translate", "sot", "sot_prev", "sot_lm")
        self._unspoken = [*self._tokenizer.non_speech_tokens, *(getattr(self._tokenizer, mark) for mark in marks)]

    def transcribe(self, samples: Samples) -> str:
        """The text of float32[n] at 16 kHz."""
        parts, _ = self._model.transcribe(
            samples, suppress_tokens=self._unspoken, condition_on_previous_text=False, beam_size=1
        )
        return "".join(part.text for part in parts).strip()


def _write_vocabulary(folder: Path, tokenizer: Any) -> None:
    """config.json, vocabulary.json and tokenizer.json, as CTranslate2 and faster-whisper want them."""
    letters = _letters()
    names: list[str] = []
    for number in range(tokenizer.encoding.n_vocab):
        if number < tokenizer.eot:
            names.append("".join(letters[byte] for byte in tokenizer.encoding.decode_single_token_bytes(number)))
        else:
            names.append(tokenizer.encoding.decode([number]))
    (folder / "vocabulary.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    config = {
        "suppress_ids": [],
        "suppress_ids_begin": [*tokenizer.encode(" "), tokenizer.eot],
        "lang_ids": list(tokenizer.all_language_tokens),
        "alignment_heads": [[3, 1], [4, 2]],
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    special = [
        {"id": n, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True} for n, name in enumerate(names) if n >= tokenizer.eot
    ]  # fmt: skip
    written = {
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {name: n for n, name in enumerate(names[: tokenizer.eot])}, "merges": []},
    }
    (folder / "tokenizer.json").write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def _letters() -> list[str]:
    """A printable character for each byte, as byte-level BPE writes them: bytes without one follow from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]
