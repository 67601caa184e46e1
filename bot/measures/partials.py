"""Words of notes that are still being recorded: how soon they are sure, how many last, and what they cost whole notes.

A note is five clips of one language with .4 s of silence after each. How two passes are compared was decided in sight
of these clips (LISTENING.md).
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

import numpy as np

from bot.channels.frames import AudioStart
from bot.channels.notes import NOTES, PACE, Note, Overhearing
from bot.measures.figures import Figure
from bot.measures.hearing import Clip, read
from bot.measures.sounds import Samples
from bot.parts import Parts
from bot.senses.listening import RATE, Listening, Overheard, words
from bot.settings import Limits

_PIECE = 0.25  # seconds of sound that a browser sends at once
_GAP = np.zeros(int(0.4 * RATE), np.float32)
_CLIPS = 5  # in a note
_WHOLE = 16  # whole notes that are timed beside others


@dataclass(frozen=True)
class _Spoken:
    """A note, float32[n], and its words with the second in which each was over."""

    language: str
    samples: Samples
    said: list[tuple[str, float]]


@dataclass(frozen=True)
class _Followed:
    """What became of a note. `lags` are seconds from the end of a word to the moment at which it was sure."""

    lags: list[float]
    sure: int  # words by the end of the note
    lasting: int  # of these, words that the whole note has as well
    whole: int  # words of the whole note
    passes: list[float]  # seconds


def measure(parts: Parts) -> list[Figure]:
    """All of it; about five minutes."""
    clips = list(read())
    if not clips:
        return [Figure(name="words of notes being recorded", value=None, note="the shared data are not here")]
    notes = [
        note for language, some in groupby(clips, lambda clip: clip.language) for note in _notes(language, [*some])
    ]
    return [*_words(parts, notes), *_delays(parts, clips[:: len(clips) // _WHOLE], notes)]


def _notes(language: str, clips: list[Clip]) -> Iterator[_Spoken]:
    """Where in its clip a word ends is taken from where it ends in the text, as if all letters took the same time."""
    for first in range(0, len(clips), _CLIPS):
        five, said, at = clips[first : first + _CLIPS], list[tuple[str, float]](), 0.0
        for clip in five:
            length = len(clip.samples) / RATE
            said += [(word.plain, at + length * word.end / len(clip.said)) for word in words(clip.said)]
            at += length + len(_GAP) / RATE
        yield _Spoken(language, np.concatenate([piece for clip in five for piece in (clip.samples, _GAP)]), said)


def _words(parts: Parts, notes: list[_Spoken]) -> list[Figure]:
    followed = [_followed(parts, note) for note in notes]
    lags = np.array([lag for note in followed for lag in note.lags])
    passes = np.array([seconds for note in followed for seconds in note.passes])
    sure, lasting, whole = (sum(getattr(note, what) for note in followed) for what in ("sure", "lasting", "whole"))
    by_language = {
        language: [one for one, note in zip(followed, notes, strict=True) if note.language == language]
        for language in dict.fromkeys(note.language for note in notes)
    }
    shares = {
        name: sum(one.sure for one in some) / sum(one.whole for one in some) for name, some in by_language.items()
    }
    kept = {
        name: sum(one.lasting for one in some) / max(1, sum(one.sure for one in some))
        for name, some in by_language.items()
    }
    clock = "virtual clock; a pass takes its processor time ÷ threads"
    return [
        Figure(name="from a word's end until it is sure, median", value=float(np.median(lags)), n=len(lags), unit="s",
               better="less", spread=_spread(lags), note=clock),
        Figure(name="words sure before the note's end ÷ its words", value=sure / whole, n=whole, spread=shares),
        Figure(name="sure words that the whole note keeps", value=lasting / sure, n=sure, spread=kept),
        Figure(name="a pass, processor time ÷ threads", value=float(passes.mean()), n=len(passes), unit="s",
               better="less", spread=_spread(passes)),
    ]  # fmt: skip


def _spread(values: Any) -> dict[str, float]:
    return {"p5": float(np.percentile(values, 5)), "p95": float(np.percentile(values, 95)), "most": float(values.max())}


def _followed(parts: Parts, note: _Spoken) -> _Followed:
    """The note as `Overhearing` follows it where nothing else is going on, on a clock of its own."""
    listening, now, taken = Listening(parts.speech), _PIECE, 0
    times, passes = list[float](), list[float]()  # when each word that is sure became so
    while now * RATE <= len(note.samples):
        began = time.process_time()
        listening.feed(note.samples[taken : int(now * RATE)])
        took = (time.process_time() - began) / parts.threads
        taken = int(now * RATE)
        if took > 0.05:  # less is no pass
            passes.append(took)
        times += [now + took] * (len(words(listening.text)) - len(times))
        wait = max(PACE, 2 * took)
        now += np.ceil(wait / _PIECE) * _PIECE
    heard = parts.speech.hear(note.samples)
    whole = [word.plain for word in words(heard.text)] if heard else []
    sure = [word.plain for word in words(listening.text)]
    lags = [
        times[b + i] - note.said[a + i][1]
        for a, b, n in _alike([word for word, _ in note.said], sure)
        for i in range(n)
    ]
    return _Followed(lags, len(sure), sum(n for _, _, n in _alike(sure, whole)), len(whole), passes)


def _alike(one: list[str], other: list[str]) -> list[tuple[int, int, int]]:
    return [(a, b, n) for a, b, n in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks() if n]


def _delays(parts: Parts, clips: list[Clip], notes: list[_Spoken]) -> Iterator[Figure]:
    """How much longer a whole note takes while others are being recorded in real time; turn about, another first."""
    random = np.random.default_rng(0)
    took: dict[int, list[float]] = {0: [], 1: [], NOTES: []}
    parts.speech.hear(clips[0].samples)
    for number, clip in enumerate(clips):
        counts = list(took)
        for count in counts[number % len(counts) :] + counts[: number % len(counts)]:
            with _beside(parts, [notes[int(one)] for one in random.integers(0, len(notes), count)]) as occupied:
                time.sleep(random.uniform(1.5, 3) if count else 0)
                occupied.set()
                began = time.perf_counter()
                parts.speech.hear(clip.samples)
                took[count].append(time.perf_counter() - began)
    quiet = np.array(took.pop(0))
    yield Figure(name="a whole note, alone", value=float(quiet.mean()), n=len(quiet), unit="s", better="less",
                 spread=_spread(quiet))  # fmt: skip
    for count, seconds in took.items():
        later = np.array(seconds) - quiet
        name = f"a whole note waits for {count} being recorded"
        yield Figure(name=name, value=float(later.mean()), n=len(later), unit="s", better="less", spread=_spread(later))


@contextmanager
def _beside(parts: Parts, notes: list[_Spoken]) -> Iterator[threading.Event]:
    """The notes come in, in real time, from some seconds on, and are heard along the way until the event is set."""
    occupied = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_stream(parts, notes, occupied, left)))
    left = threading.Event()
    thread.start()
    yield occupied
    left.set()
    thread.join()


class _Ears:
    """What `Overhearing` asks of the bot."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def overhearing(self, _conversation: str, _language: str | None) -> Overheard:
        return Overheard(self._parts.speech, Limits())


async def _stream(parts: Parts, notes: list[_Spoken], occupied: threading.Event, left: threading.Event) -> None:
    overhearing = Overhearing(_Ears(parts), occupied.is_set)  # type: ignore[arg-type]

    async def tell(_: object) -> None:
        pass

    async def one(spoken: _Spoken) -> None:
        sound, note = _wav(spoken.samples), Note(AudioStart("", "", ""), Limits().media_bytes)
        note.following = asyncio.create_task(overhearing.follow(note, "", None, tell))
        note.add(sound[: 44 + 2 * 3 * RATE])  # three seconds are in
        for start in range(44 + 2 * 3 * RATE, len(sound), int(2 * _PIECE * RATE)):
            if left.is_set():
                break
            note.add(sound[start : start + int(2 * _PIECE * RATE)])
            await asyncio.sleep(_PIECE)
        note.leave()

    await asyncio.gather(*map(one, notes))
    overhearing.close()


def _wav(samples: Samples) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return held.getvalue()
