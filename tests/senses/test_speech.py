"""Voice notes are heard in the languages that customers speak, and nothing is heard where nobody speaks."""

import csv
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot import models
from bot.messages import Heard
from bot.senses.media import decode_speech
from bot.senses.speech import Whisper, _windows
from bot.senses.voice_activity import RATE, merged
from bot.settings import LANGUAGES, Limits
from tests.shared import DATA, needs_data


@pytest.fixture(scope="module")
def whisper(speech_checkpoint: Path) -> Whisper:
    return Whisper(speech_checkpoint, models.voice_activity_weights(), LANGUAGES, threads=2)


def clip(name: str) -> np.ndarray:
    assert DATA
    return decode_speech((DATA / "speech" / name).read_bytes(), Limits())


def clips(language: str, numbers: str) -> list[tuple[np.ndarray, str]]:
    """Recordings and what they say."""
    assert DATA
    with (DATA / "speech" / "clips.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == language]
    return [(clip(row["clip"]), row["text"]) for row in rows if row["clip"].split("_")[1][0] in numbers]


def plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def errors(heard: str, said: str) -> float:
    """Character error rate: edits from one to the other over the length of what was said."""
    heard, said = plain(heard), plain(said)
    row = list(range(len(said) + 1))
    for i, a in enumerate(heard, 1):
        above, row = row, [i]
        for j, b in enumerate(said, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1] / len(said)


@needs_data
@pytest.mark.parametrize(
    ("language", "most"), [("en", 0.05), ("es", 0.1), ("fr", 0.15), ("zh", 0.25), ("ja", 0.25), ("pt", 0.15)]
)
def test_customers_are_understood(whisper: Whisper, language: str, most: float) -> None:
    rates = []
    for samples, said in clips(language, "048"):
        heard = whisper.hear(samples)
        assert heard is not None
        assert heard.language == language
        assert 0.5 < heard.confidence <= 1
        rates.append(errors(heard.text, said))
    assert np.mean(rates) <= most


@needs_data
def test_hindi_comes_in_its_own_letters(whisper: Whisper) -> None:
    ((samples, said),) = clips("hi", "3")
    heard = whisper.hear(samples)
    assert heard is not None
    assert heard.language == "hi"
    assert all("DEVANAGARI" in unicodedata.name(sign) for sign in heard.text if sign.isalpha())
    assert errors(heard.text, said) < 0.5


@needs_data
def test_mandarin_comes_in_the_characters_of_the_conversation(whisper: Whisper) -> None:
    ((samples, _),) = clips("zh", "0")
    heard = whisper.hear(samples)
    assert heard is not None
    assert "哪里" in heard.text
    assert "应该" in heard.text
    traditional = whisper.hear(samples, hint="zh-Hant")
    assert traditional is not None
    assert traditional.language == "zh-Hant"
    assert "應該" in traditional.text


@needs_data
def test_jfk_is_heard_to_the_word(whisper: Whisper) -> None:
    heard = whisper.hear(clip("jfk.flac"))
    assert isinstance(heard, Heard)
    said = "And so my fellow Americans ask not what your country can do for you, ask what you can do for your country."
    assert errors(heard.text, said) < 0.03
    assert heard.language == "en"


@needs_data
def test_silence_around_speech_is_left_out(whisper: Whisper) -> None:
    ((samples, said),) = clips("en", "0")
    silence = np.zeros(25 * RATE, np.float32)
    heard = whisper.hear(np.concatenate([silence, samples, silence]))
    assert heard is not None
    assert errors(heard.text, said) < 0.1


@needs_data
def test_a_note_longer_than_one_window_is_heard_to_its_end(whisper: Whisper) -> None:
    notes = clips("en", "0124567890")
    silence = np.zeros(RATE, np.float32)
    long = np.concatenate([part for samples, _ in notes for part in (samples, silence)] + [clip("jfk.flac")])
    assert len(long) > 40 * RATE
    heard = whisper.hear(long)
    assert heard is not None
    for said in (notes[0][1], notes[4][1], notes[-1][1], "ask what you can do for your country"):
        assert plain(said) in plain(heard.text)
    assert whisper.hear(long) == heard


@needs_data
def test_notes_that_come_together_are_heard_as_they_are_alone(whisper: Whisper) -> None:
    notes = [samples for language in ("zh", "es", "hi", "en") for samples, _ in clips(language, "5")]
    alone = [whisper.hear(samples) for samples in notes]
    assert all(alone)
    with ThreadPoolExecutor(len(notes)) as callers:
        assert list(callers.map(whisper.hear, notes)) == alone


@needs_data
def test_a_note_that_fails_beside_another_fails_alone(whisper: Whisper) -> None:
    ((samples, _),) = clips("ja", "0")
    broken = samples.astype(object)  # passes the gate, and can't be made a spectrogram of
    alone = whisper.hear(samples)
    with ThreadPoolExecutor(4) as callers:
        found = [callers.submit(whisper.hear, one) for one in (samples, broken, samples)]
        assert [future.exception() is None for future in found] == [True, False, True]
    assert alone is not None
    assert found[0].result() == found[2].result() == whisper.hear(samples) == alone


@needs_data
@pytest.mark.parametrize("language", ["fr", "zh"])
def test_a_shop_may_have_one_language(speech_checkpoint: Path, language: str) -> None:
    whisper = Whisper(speech_checkpoint, models.voice_activity_weights(), (language,), threads=2)
    ((samples, said),) = clips(language, "0")
    heard = whisper.hear(samples)
    assert heard is not None
    assert heard.language == language
    assert errors(heard.text, said) < 0.3
    assert whisper.hear(sounds()["hiss"].astype(np.float32)) is None


def sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    clock = np.arange(5 * RATE) / RATE
    return {
        "silence": np.zeros(5 * RATE),
        "nothing": np.zeros(0),
        "one sample": np.ones(1),
        "hiss": rng.normal(0, 0.1, 5 * RATE),
        "loud hiss": rng.normal(0, 0.5, 5 * RATE).clip(-1, 1),
        "hum": 0.5 * np.sin(2 * np.pi * 50 * clock),
        "a chord": sum(0.2 * np.sin(2 * np.pi * pitch * clock) for pitch in (262, 330, 392)),
        "clicks": (rng.random(5 * RATE) > 0.999) * 0.9,
    }


@pytest.mark.parametrize("name", sounds())
def test_nothing_is_heard_where_nobody_speaks(whisper: Whisper, name: str) -> None:
    assert whisper.hear(sounds()[name].astype(np.float32)) is None


@needs_data
def test_speech_that_nobody_could_understand_is_not_made_up(whisper: Whisper) -> None:
    """Speech at four times its speed passes the gate at most; no sentence may come of it."""
    heard = whisper.hear(np.ascontiguousarray(clip("jfk.flac")[::4]))
    assert heard is None or (heard.confidence < 0.6 and len(heard.text) < 60)


def test_spans_bridge_breaths_and_drop_clicks() -> None:
    chances = np.zeros(200, np.float32)
    chances[20:60] = chances[66:90] = 0.9  # a pause of 0.2 s
    chances[150:153] = 0.9  # a click of 0.1 s
    assert merged(chances, 200 * 512) == [(20 * 512 - RATE // 5, 90 * 512 + RATE // 5)]
    assert merged(np.zeros(0, np.float32), 0) == []


def test_windows_hold_twenty_seconds_and_are_cut_in_silence() -> None:
    def seconds(*spans: tuple[float, float]) -> list[tuple[int, int]]:
        return [(int(a * RATE), int(b * RATE)) for a, b in spans]

    assert _windows(seconds((1, 4), (6, 20), (25, 33))) == seconds((1, 20), (25, 33))
    assert _windows(seconds((2, 75))) == seconds((2, 22), (22, 42), (42, 62), (62, 75))
    assert _windows([]) == []
