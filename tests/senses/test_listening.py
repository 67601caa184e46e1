"""Words appear while a note is still being recorded, and none that appeared goes away."""

import io
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from bot import models
from bot.errors import TooLarge
from bot.messages import Heard
from bot.senses.listening import RATE, Listening, Overheard
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
        (("It came. Where", "It came. Where is", "It came. Where is it"), ["", "It came. Where", "It came. Where is"]),
        # what is confirmed may be written otherwise later, and the words after it go on
        (
            (
                "these shoes in size forty",
                "these shoes in size forty",
                "These shoes in size 42 please",
                "These shoes in size 42, please!",
            ),
            ["", "these shoes in size forty", "these shoes in size forty", "these shoes in size forty please!"],
        ),
        (
            ("蓝色的背包有", "蓝色的背包有", "蓝色的书包有货吗", "蓝色的书包有货吗？"),
            ["", "蓝色的背包有", "蓝色的背包有", "蓝色的背包有货吗"],
        ),
        (
            ("هل لديكم هذا الحذاء", "هل لديكم هذا الحذاء", "هل عندكم هذا الحذاء بمقاس", "هل عندكم هذا الحذاء بمقاس"),
            ["", "هل لديكم هذا الحذاء", "هل لديكم هذا الحذاء", "هل لديكم هذا الحذاء بمقاس"],
        ),
        (
            (
                "doveva arrivare lunedì",
                "doveva arrivare lunedì",
                "dove va arrivare l'unedi posso",
                "Dove va arrivare l'Unedì? Posso",
            ),
            ["", "doveva arrivare lunedì", "doveva arrivare lunedì", "doveva arrivare lunedì Posso"],
        ),
        (("one two three", "one two three", "quite another text", "quite another text"), ["", *["one two three"] * 3]),
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
    assert script.longest <= 16 * RATE


class Reader:
    """Hears numbered words by their loudness: the second n of the sound is as loud as n / 100, its end silent."""

    def hear(self, samples: np.ndarray, hint: str | None = None) -> Heard | None:
        levels = np.round(samples * 100).astype(int)
        numbers = [int(one) for one in dict.fromkeys(levels.tolist()) if one]
        return Heard(" ".join(f"word{number}" for number in numbers), "en", 0.9) if numbers else None


def numbered(count: int) -> np.ndarray:
    spoken = np.repeat(np.arange(1, count + 1) / 100, RATE).reshape(count, RATE).astype(np.float32)
    spoken[:, RATE * 3 // 4 :] = 0
    return spoken.ravel()


def test_a_long_note_is_confirmed_without_loss_or_repetition() -> None:
    listening, sound = Listening(Reader()), numbered(60)
    for start in range(0, len(sound), RATE // 3):
        listening.feed(sound[start : start + RATE // 3])
    words = listening.text.split()
    assert words == [f"word{number}" for number in range(1, len(words) + 1)]
    assert len(words) >= 56


def encoded(samples: np.ndarray, container: str, codec: str, **options: str) -> bytes:
    """As a browser's recorder writes it: in small pieces, the first ones before the last are known."""
    held = io.BytesIO()
    with av.open(held, "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        size = stream.codec_context.frame_size or 960
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", 48_000, frame_size=size)
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = RATE
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return held.getvalue()


FORMS = [
    ("webm", "libopus", {"cluster_time_limit": "250"}),
    ("ogg", "libopus", {"page_duration": "250000"}),
    ("mp4", "aac", {"movflags": "empty_moov+frag_every_frame"}),
]


@pytest.mark.parametrize(("container", "codec", "options"), FORMS)
def test_bytes_are_heard_as_they_come(container: str, codec: str, options: dict[str, str]) -> None:
    lengths: list[float] = []

    class Ear:
        def hear(self, samples: np.ndarray, hint: str | None = None) -> Heard | None:
            lengths.append(len(samples) / RATE)
            return Heard(f"{'أين طلبي الآن ' * 9}"[: 4 * len(lengths)], "ar", 0.9)

    noise = np.random.default_rng(0).normal(0, 0.05, 6 * RATE).astype(np.float32)
    content, overheard, told = encoded(noise, container, codec, **options), Overheard(Ear(), Limits()), [""]
    assert overheard(content[:30]) is None
    for end in range(0, len(content) + 2_000, 2_000):
        heard = overheard(content[:end])
        told.append(heard.text if heard else "")
        assert told[-1].startswith(told[-2])
    assert told[-1]
    assert 4 <= len(lengths) <= 6
    assert all(later - before >= 1 for before, later in itertools.pairwise(lengths))
    assert lengths[-1] == pytest.approx(6, abs=1.1)


def test_a_container_that_ends_with_its_index_is_not_heard_before_its_end() -> None:
    script = Script("whole", "whole")
    content = encoded(seconds(3), "mp4", "aac")
    overheard = Overheard(script, Limits())
    assert [overheard(content[:end]) for end in range(0, len(content), 200)][-1] is None
    assert script.passes == 0


@given(st.binary(max_size=200), st.integers(0, 3_000), st.sampled_from(FORMS[:2]))
@settings(max_examples=40, deadline=None)
def test_hostile_bytes_give_nothing_or_words(junk: bytes, at: int, form: tuple[str, str, dict[str, str]]) -> None:
    content = bytearray(encoded(seconds(1.2), form[0], form[1], **form[2]))
    content[at : at + len(junk)] = junk
    overheard = Overheard(Script(*["words"] * 9), Limits())
    for end in (len(content) // 3, len(content)):
        heard = overheard(bytes(content[:end]))
        assert heard is None or heard.text == "words"
    assert Overheard(Script(), Limits())(junk) is None


def test_a_note_over_the_limits_is_said_to_be() -> None:
    overheard = Overheard(Script(), Limits(speech_seconds=2, media_bytes=100_000))
    with pytest.raises(TooLarge):
        overheard(encoded(seconds(4), "ogg", "libopus"))
    with pytest.raises(TooLarge):
        overheard(bytes(100_001))


@pytest.fixture(scope="module")
def whisper(speech_checkpoint: Path) -> Whisper:
    return Whisper(speech_checkpoint, models.voice_activity_weights(), LANGUAGES, threads=2)


@needs_data
@pytest.mark.parametrize("name", ["es_2.flac", "zh_0.flac"])
def test_a_real_note_is_confirmed_while_it_is_spoken(name: str, whisper: Whisper) -> None:
    assert DATA
    samples = np.concatenate([decode_speech((DATA / "speech" / name).read_bytes(), Limits()), seconds(1.5)])
    content = encoded(samples, "webm", "libopus", cluster_time_limit="250")
    overheard, seen = Overheard(whisper, Limits()), [""]
    for end in range(0, len(content) + 2_000, 2_000):  # half a second at 32 kbit/s
        found = overheard(content[:end])
        seen.append(found.text if found else "")
        assert seen[-1].startswith(seen[-2])
    assert found is not None
    assert found.language == name[:2]
    heard = whisper.hear(decode_speech(content, Limits()))
    assert heard is not None
    confirmed, whole = ("".join(filter(str.isalnum, text)).casefold() for text in (seen[-1], heard.text))
    assert len(confirmed) > len(whole) / 2
    assert ratio(confirmed, whole[: len(confirmed)]) > 80
