"""Fits the weights of bot/senses/language_grams.py, on what bot/senses/language_sources.py reads.

What is fitted on is drawn anew for each step: a class, all alike; one to seven words of it, by their frequency to a
power (1, as they come up in messages; less, so that rare words are learnt too) or from our own sentences; some without
their accents. Twice: over very many n-grams, and then over those that mattered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from bot.senses.language_grams import GRAMS, Weights, save
from bot.senses.language_sources import Source, bare, sources

I64 = NDArray[np.int64]
BATCH = 2_048
POWERS = (1.0, 0.65, 0.35)
LENGTHS = np.array([0.35, 0.25, 0.1, 0.1, 0.08, 0.06, 0.06])  # how often there are 1, 2, … words
OWN = 0.12  # of the texts are from our own sentences
BARE, BARE_SHORT = 0.1, 0.03  # of the texts of at least three words, and of shorter ones, are without accents
FIRST, STEP, STEP_AGAIN = 200_000, 0.05, 0.02  # n-grams at first, and learning rates
PULL = 1e-4  # towards 0, on the weights that a batch uses
KEEP = {"latin": 50_000, "cyrillic": 14_000, "han": 16_000, "romanised": 6_000}
STEPS = {"latin": 2_400, "cyrillic": 1_200, "han": 1_000, "romanised": 1_200}


class Table(NamedTuple):
    """All words of a script with the n-grams of each, `grams[starts[w]:starts[w + 1]]` those of word w."""

    words: dict[str, int]
    without_accents: I64
    often: NDArray[np.float64]
    names: list[str]
    grams: I64
    starts: I64


class Drawer(NamedTuple):
    """What texts of one class are drawn from: words by their number, and cumulated chances by power."""

    words: I64
    chances: list[NDArray[np.float64]]
    sentences: list[I64]


def train() -> dict[str, int]:
    """Fits all scripts and keeps them in the project (about 4 minutes on one core); the n-grams of each."""
    torch.set_num_threads(1)  # more would add in another order, and change the last digits
    every = {script: fit(script) for script in KEEP}
    save(every)
    return {script: len(found.rows) for script, found in every.items()}


def fit(script: str) -> Weights:
    """The weights of one script."""
    given = sources(script)
    words = _words(given)
    often = _often(given, words)
    counts: dict[str, float] = {}
    for word, number in words.items():
        for gram in GRAMS[script](word) if often[number] else ():
            counts[gram] = counts.get(gram, 0.0) + float(often[number])
    names = sorted(counts, key=lambda gram: -counts[gram])[:FIRST]
    bare_words = np.array([words[bare(word)] for word in words])
    chance = np.random.default_rng(0)
    weights = np.zeros((len(names), len(given)), dtype=np.float32)
    for again in (False, True):
        table = Table(words, bare_words, often, names, *_features(words, names, script))
        steps = STEPS[script] * 2 // 3 if again else STEPS[script]
        weights = _descend(weights, table, given, steps, STEP_AGAIN if again else STEP, chance)
        if not again:
            matter = np.abs(weights).max(axis=1) * np.array([counts[gram] for gram in names]) ** 0.4
            kept = np.sort(np.argsort(-matter, kind="stable")[: KEEP[script]])
            names, weights = [names[at] for at in kept], weights[kept]
    return Weights(tuple(given), {gram: at for at, gram in enumerate(names)}, weights)


def _words(given: dict[str, Source]) -> dict[str, int]:
    """A number for every word, and for each without its accents."""
    words: dict[str, int] = {}
    for source in given.values():
        for word in (*source.words, *(word for sentence in source.sentences for word in sentence)):
            words.setdefault(word, len(words))
    for word in list(words):
        words.setdefault(bare(word), len(words))
    return words


def _often(given: dict[str, Source], words: dict[str, int]) -> NDArray[np.float64]:
    often = np.zeros(len(words))
    for source in given.values():
        total = sum(source.words.values())
        for word, share in source.words.items():
            often[words[word]] += (share / total) ** 0.5
    return often


def _features(words: dict[str, int], names: list[str], script: str) -> tuple[I64, I64]:
    known = {gram: at for at, gram in enumerate(names)}
    grams: list[int] = []
    starts = [0]
    for word in words:
        grams += [known[gram] for gram in GRAMS[script](word) if gram in known]
        starts.append(len(grams))
    return np.array(grams), np.array(starts)


def _drawers(given: dict[str, Source], words: dict[str, int]) -> list[Drawer]:
    """A power below 1 is of the word's use in the language that uses it most: so a rare word comes up more often in
    every language, but not more in those that borrow it."""
    most = np.zeros(len(words))
    for source in given.values():
        numbers = np.array([words[word] for word in source.words])
        most[numbers] = np.maximum(most[numbers], _shares(source))
    found = []
    for source in given.values():
        numbers = np.array([words[word] for word in source.words])
        chances = []
        for power in POWERS:
            weights = _shares(source) * most[numbers] ** (power - 1)
            chances.append(np.cumsum(weights) / weights.sum())
        found.append(Drawer(numbers, chances, [np.array([words[w] for w in held]) for held in source.sentences]))
    return found


def _shares(source: Source) -> NDArray[np.float64]:
    often = np.array(list(source.words.values()))
    return np.asarray(often / often.sum())


def _descend(
    weights: NDArray[np.float32], table: Table, given: dict[str, Source], steps: int, rate: float,
    chance: np.random.Generator,
) -> NDArray[np.float32]:  # fmt: skip
    """Adam on the cross-entropy from these weights; those found, each row less its mean."""
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(weights.copy()), freeze=False, mode="sum")
    solver = torch.optim.Adam(bag.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(solver, rate, total_steps=steps)
    drawn = _draw(table, _drawers(given, table.words), chance)
    for _ in tqdm(range(steps), desc=f"{len(given)} classes, {len(weights):,} n-grams", leave=False, disable=None):
        grams, starts, labels = next(drawn)
        used = torch.from_numpy(np.unique(grams))
        loss = (
            torch.nn.functional.cross_entropy(
                bag(torch.from_numpy(grams), torch.from_numpy(starts)), torch.from_numpy(labels)
            )
            + PULL / BATCH * (bag.weight[used] ** 2).sum()
        )
        solver.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        solver.step()
        schedule.step()
    found = bag.weight.detach().numpy()
    return np.asarray(found - found.mean(axis=1, keepdims=True), dtype=np.float32)


def _draw(table: Table, drawers: list[Drawer], chance: np.random.Generator) -> Iterator[tuple[I64, I64, I64]]:
    """Without end: the n-grams of a batch of texts, where each text's begin, and its class."""
    most = len(LENGTHS)
    while True:
        labels = chance.integers(0, len(drawers), BATCH)
        lengths = chance.choice(most, BATCH, p=LENGTHS) + 1
        texts = np.zeros((BATCH, most), dtype=np.int64)
        power = chance.integers(0, len(POWERS), BATCH)
        for label, drawer in enumerate(drawers):
            for number, cumulated in enumerate(drawer.chances):
                rows = np.flatnonzero((labels == label) & (power == number))
                places = np.searchsorted(cumulated, chance.random((len(rows), most)))
                texts[rows] = drawer.words[np.minimum(places, len(drawer.words) - 1)]
        for row in np.flatnonzero(chance.random(BATCH) < OWN):
            sentences = drawers[labels[row]].sentences
            if sentences:
                sentence = sentences[chance.integers(len(sentences))]
                begin = chance.integers(len(sentence))
                taken = sentence[begin : begin + lengths[row]]
                lengths[row] = len(taken)
                texts[row, : len(taken)] = taken
        without = chance.random(BATCH) < np.where(lengths >= 3, BARE, BARE_SHORT)
        texts[without] = table.without_accents[texts[without]]
        yield *_bags(table, texts, lengths), labels


def _bags(table: Table, texts: I64, lengths: I64) -> tuple[I64, I64]:
    flat = texts[np.arange(texts.shape[1])[None] < lengths[:, None]]
    sizes = table.starts[flat + 1] - table.starts[flat]
    before = np.concatenate([[0], np.cumsum(sizes)])
    grams = table.grams[np.repeat(table.starts[flat] - before[:-1], sizes) + np.arange(before[-1])]
    return grams, before[np.concatenate([[0], np.cumsum(lengths)[:-1]])]
