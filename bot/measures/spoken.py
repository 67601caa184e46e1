"""Words spoken by espeak-ng and heard by the product, to see what is left of them. Its voices are robots'."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

from tqdm import tqdm

from bot.measures.queries import Asked
from bot.parts import Parts
from bot.senses.media import decode_speech

SPOKEN = "the word spoken"
_VOICES = {"zh": "cmn", "zh-Hant": "cmn"}  # those that are not called as their language
_SECONDS = 30  # that a text may take to be spoken


def can_speak() -> bool:
    """Whether espeak-ng is installed."""
    return shutil.which("espeak-ng") is not None


def spoken(text: str, language: str) -> bytes | None:
    """A text spoken in a language, as WAV; None where this machine has no voice for it."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    # What follows "--" is spoken, even where it begins with a dash.
    command = [program, "-v", _VOICES.get(language, language), "-s", "140", "--stdout", "--", text]
    made = subprocess.run(command, capture_output=True, timeout=_SECONDS)  # noqa: S603
    return made.stdout if made.returncode == 0 and made.stdout else None


def heard(parts: Parts, asked: Asked) -> Asked:
    """The same queries with what is heard of each word in its language; empty where nothing is."""
    pairs = list(zip(asked.words, asked.language, strict=True))
    found = {pair: _heard(parts, *pair) for pair in tqdm(sorted(set(pairs)), desc="words spoken", leave=False)}
    return replace(asked, words=[found[pair] for pair in pairs])


def _heard(parts: Parts, word: str, language: str) -> str:
    sound = spoken(word, language)
    found = parts.speech.hear(decode_speech(sound, parts.settings.limits), language) if sound else None
    return found.text if found else ""
