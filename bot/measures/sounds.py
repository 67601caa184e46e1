"""Sounds that are no speech, made by numpy: silence, hum, noises, tones, music, clicks and engines, at five levels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

RATE = 16_000
LEVELS = (-50, -35, -22, -12, -3)  # dB of the peak below full scale
KINDS = ("silence", "hum", "white", "pink", "brown", "tone", "sweep", "chords", "arpeggio", "clicks", "engine", "rain")


def clips(count: int, seed: int = 0) -> Iterator[tuple[str, Samples]]:
    """`count` recordings of 1.5 to 8 s with their kinds; kinds and levels take turns."""
    for number in range(count):
        random = np.random.default_rng((seed, number))
        kind = KINDS[number % len(KINDS)]
        clock = np.arange(int(random.uniform(1.5, 8) * RATE)) / RATE
        sound = made(kind, clock, random)
        level = 10 ** (LEVELS[number // len(KINDS) % len(LEVELS)] / 20)
        yield kind, (sound / max(1e-9, np.abs(sound).max()) * level).astype(np.float32)


def made(kind: str, clock: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.float64]:
    """One sound of a kind over the seconds `clock`, at any level."""
    n = len(clock)
    white = random.normal(size=n)
    if kind == "silence":  # what a quiet microphone gives
        return np.round(white) * (random.random() < 0.5)
    if kind == "hum":
        base = random.choice([50, 60])
        return np.asarray(sum(np.sin(2 * np.pi * base * k * clock) / k for k in (1, 2, 3, 5, 7)) + 0.01 * white)
    if kind in ("white", "pink", "brown"):
        return coloured(white, {"white": 0, "pink": 0.5, "brown": 1}[kind])
    if kind == "tone":
        return np.asarray(np.sin(2 * np.pi * random.uniform(80, 4000) * clock))
    if kind == "sweep":
        return np.asarray(np.sin(2 * np.pi * (200 * clock + random.uniform(20, 300) * clock**2)))
    if kind in ("chords", "arpeggio"):
        return music(kind, clock, random)
    if kind == "clicks":
        return np.asarray((random.random(n) > 1 - random.uniform(1e-4, 2e-3)) * random.uniform(-1, 1, n))
    if kind == "engine":
        speed = random.uniform(25, 90) * (1 + 0.1 * np.sin(2 * np.pi * 0.3 * clock))
        beat = np.sin(2 * np.pi * np.cumsum(speed) / RATE) ** 8
        return np.asarray(beat * (1 + 0.5 * coloured(white, 0.5)))
    drops = np.convolve((random.random(n) > 0.997) * random.random(n), np.exp(-np.arange(200) / 30), "same")
    return np.asarray(drops * white + 0.1 * coloured(white, 0.5))


def coloured(white: npt.NDArray[np.float64], slope: float) -> npt.NDArray[np.float64]:
    """Noise whose amplitude falls with frequency to the power of `slope`; variance 1."""
    spectrum = np.fft.rfft(white) / np.maximum(1, np.arange(len(white) // 2 + 1)) ** slope
    found = np.fft.irfft(spectrum, len(white))
    return np.asarray(found / found.std())


def music(kind: str, clock: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Notes with overtones that die away, three at a time or one after another."""
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    length = 0.5 if kind == "chords" else 0.18
    found = np.zeros(len(clock))
    for start in np.arange(0, clock[-1], length):
        after = clock - start
        heard = np.where(after >= 0, np.exp(-3 * np.maximum(after, 0)), 0)
        for pitch in random.choice(scale, 3 if kind == "chords" else 1, replace=False):
            found += heard * sum(np.sin(2 * np.pi * pitch * k * after) / k for k in (1, 2, 3))
    return found


def mixed(speech: Samples, decibels: float, random: np.random.Generator) -> Samples:
    """Speech with pink noise that is so many dB below it."""
    noise = coloured(random.normal(size=len(speech)), 0.5)
    level = float(np.sqrt(np.mean(speech**2))) * 10 ** (-decibels / 20)
    return np.asarray(speech + noise * level, np.float32)
