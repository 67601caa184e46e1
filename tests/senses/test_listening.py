"""Words appear while a note is still being recorded, and none that appeared goes away."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from bot import models
from bot.messages import Heard
from bot.senses.listening import RATE, Listening
from bot.senses.media import decode_speech
from bot.senses.speech import Whisper
from bot.settings import LANGUAGES, Limits
from tests.shared import DATA, needs_data


class Script:
    """Hears what it is told, pass after pass."""

    def __init__(self, *texts: str | None) -> None:
        self.texts, self.longest, self.passes = list(texts), 0, 0

    def hear(self, samples: np.ndarray, hint: str | None = None) -> Heard | None:
        self.longest, self.passes = max(self.longest, len(samples)), self.passes + 1
        text = self.texts.pop(0) if self.texts else None
        return None if text is None else Heard(text, "en", 0.9)


def seconds(count: float) -> np.ndarray:
    return np.zeros(int(count * RATE), np.float32)


@pytest.mark.parametrize(
    ("passes", "confirmed"),
    [
        (
            ("Where", "Where is my", "Where is my order", "Where is my order?"),
            ["", "Where", "Where is my", "Where is my order?"],
        ),
        (("我的订", "我的订单", "我的订单在哪里"), ["", "我的订", "我的订单"]),
        (("أين", "أين طلبي", "أين طلبي الآن"), ["", "أين", "أين طلبي"]),
        (("I want", "I went", "I went home"), ["", "I", "I went"]),
        ((None, None, "Hello"), ["", "", ""]),
    ],
)
def test_what_two_passes_agree_on_is_confirmed(passes: tuple[str | None, ...], confirmed: list[str]) -> None:
    listening = Listening(Script(*passes))
    assert [listening.feed(seconds(1)) for _ in passes] == confirmed


@given(st.lists(st.none() | st.lists(st.sampled_from(["a", "b", "是", "нет."]), max_size=4).map(" ".join), max_size=12))
def test_nothing_confirmed_is_taken_back(texts: list[str | None]) -> None:
    listening, before = Listening(Script(*texts)), ""
    for _ in texts:
        now = listening.feed(seconds(3))
        assert now.startswith(before)
        before = now


def test_the_work_is_bounded() -> None:
    script = Script(*["same words"] * 1000)
    listening = Listening(script)
    for _ in range(600):
        listening.feed(seconds(0.1))
    assert script.passes <= 60
    assert script.longest <= 20 * RATE


@needs_data
@pytest.mark.parametrize("name", ["es_2.flac", "zh_0.flac"])
def test_a_real_note_is_confirmed_while_it_is_spoken(name: str, speech_checkpoint: Path) -> None:
    assert DATA
    whisper = Whisper(speech_checkpoint, models.voice_activity_weights(), LANGUAGES, threads=2)
    samples = decode_speech((DATA / "speech" / name).read_bytes(), Limits())
    samples = np.concatenate([samples, seconds(1.5)])
    listening, seen = Listening(whisper), [""]
    for start in range(0, len(samples), RATE // 2):
        seen.append(listening.feed(samples[start : start + RATE // 2]))
        assert seen[-1].startswith(seen[-2])
    heard = whisper.hear(samples)
    assert heard is not None
    confirmed, whole = ("".join(filter(str.isalnum, text)).casefold() for text in (seen[-1], heard.text))
    assert len(confirmed) > len(whole) / 2
    assert ratio(confirmed, whole[: len(confirmed)]) > 80
