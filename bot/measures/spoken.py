"""Words spoken by espeak-ng and heard by the product, to see what is left of them. Its voices are robots'."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

from tqdm import tqdm

from bot.parts import Parts
from bot.senses.media import decode_speech

_VOICES = {"zh": "cmn", "es": "es", "ar": "ar"}
_SECONDS = 20  # that one word may take to be spoken


def can_speak() -> bool:
    """Whether espeak-ng is installed."""
    return shutil.which("espeak-ng") is not None


def heard(parts: Parts, words: Sequence[str], languages: Sequence[str]) -> list[str]:
    """What is heard of each word in its language; empty where nothing is."""

    @cache
    def one(word: str, language: str) -> str:
        command = ["espeak-ng", "-v", _VOICES[language], "-s", "140", "--stdout", word]
        sound = subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS).stdout  # noqa: S603
        found = parts.speech.hear(decode_speech(sound, parts.settings.limits), language)
        return found.text if found else ""

    pairs = list(zip(words, languages, strict=True))
    for pair in tqdm(sorted(set(pairs)), desc="words spoken", leave=False):
        one(*pair)
    return [one(*pair) for pair in pairs]
