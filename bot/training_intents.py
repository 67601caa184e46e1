"""Fits bot/trained/intents.npz: the head over vectors, the one over letters, and how sure both are together.

What was tried stands in bot/examples/EXPERIMENTS.md.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from bot import intents
from bot.intent_grams import Grams, pieces, plain, share
from bot.intents import INTENTS, IntentHead
from bot.measures.figures import Figure
from bot.parts import Parts

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
FOLDS = 4
ALIKE = 0.93  # cosine from which on two examples are in one fold
RIGHT = 0.95  # of the messages whose intent is certain
EPOCHS, BATCH = 20, 256
HIDDEN, DROPOUT, BLIND = 1024, 0.6, 0.1  # BLIND: the share of a vector that a step does not see
NOISE = 0.35  # standard deviations of the vectors' own spread, added to each at every step
SMOOTHING = 0.05
STEP, DECAY = 3e-3, 1e-2
# The letters'
GRAM_EPOCHS, GRAM_STEP, GRAM_UNSEEN, GRAM_PULL = 15, 0.015, 0.3, 1e-4
GRAM_LEAST = 3  # examples that a piece stands in
GRAM_SHARE = 0.4  # of what the letters say by themselves: they are surer than right where a word is new


def train(parts: Parts) -> list[Figure]:
    """Fits the head and keeps it; how many examples one gets right that was fitted on the others, and how surely."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # more would add in another order, and change the last digits
    try:
        sentences, labels = intents.read_examples()
        numbers = np.array([INTENTS.index(label) for label in labels])
        asked, rows = _variants(sentences)
        vectors = parts.text.queries(asked)
        logits = _held_out(vectors, rows, sentences, numbers)
        heat = temperature(logits, numbers)
        certain = threshold(_chances(logits / heat), numbers)
        head = _cooled(_fit_both(vectors, rows, sentences, numbers), heat)
        intents.save(replace(head, certain=certain), parts.text_encoder)
    finally:
        torch.set_num_threads(before)
    return _figures(_chances(logits / heat), numbers, certain)


def _variants(sentences: list[str]) -> tuple[list[str], I64]:
    """The sentences, each once more as typed in haste, and once with a slip; and of which example each is."""
    chance = random.Random(0)  # noqa: S311
    hasty = [re.sub(r"[^\w\s#'-]", "", plain(sentence)).strip() or sentence for sentence in sentences]
    slips = [_slip(sentence, chance) for sentence in sentences]
    all_three = [*enumerate(sentences), *enumerate(hasty), *enumerate(slips)]
    kept = list(dict.fromkeys((row, text) for row, text in all_three))
    return [text for _, text in kept], np.array([row for row, _ in kept])


def _slip(sentence: str, chance: random.Random) -> str:
    """The sentence with letters swapped, left out or doubled: about one in thirty, and at least one."""
    letters = list(sentence.lower())
    inner = [at for at in range(1, len(letters) - 1) if all("a" <= plain(x) <= "я" for x in letters[at - 1 : at + 2])]
    for _ in range(1 + len(letters) // 30 if inner else 0):
        at = chance.choice(inner)
        match chance.randrange(3):
            case 0:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            case 1:
                letters[at] = ""
            case _:
                letters[at] *= 2
    return " ".join("".join(letters).split())


def _held_out(vectors: F32, rows: I64, sentences: list[str], numbers: I64) -> F32:
    """Logits [n, intents] of each example by heads that were fitted on the other folds."""
    groups = alike(vectors[: len(sentences)], numbers)
    fold = (np.random.default_rng(0).permutation(groups.max() + 1) % FOLDS)[groups]
    logits = np.zeros((len(sentences), len(INTENTS)), np.float32)
    for held in tqdm(range(FOLDS), desc="folds", leave=False, disable=None):
        taken = np.flatnonzero(fold != held)
        again = np.full(len(sentences), -1)
        again[taken] = np.arange(len(taken))
        of_taken = fold[rows] != held
        head = _fit_both(
            vectors[of_taken], again[rows[of_taken]], [sentences[place] for place in taken], numbers[taken]
        )
        for place in np.flatnonzero(fold == held):
            logits[place] = np.log(head.probabilities(vectors[place], sentences[place]) + 1e-12)
    return logits


def alike(vectors: F32, numbers: I64) -> I64:
    """A number for each example [n], the same for those of an intent that say nearly the same, directly or by others:
    the same question in another language is not kept out of a fit that has seen it in this one."""
    groups = np.arange(len(numbers))
    for number in range(len(INTENTS)):
        own = np.flatnonzero(numbers == number)
        near = vectors[own] @ vectors[own].T >= ALIKE
        lowest = np.arange(len(own))
        while True:
            lower = np.array([lowest[row].min() for row in near], dtype=np.int64)
            if (lower == lowest).all():
                break
            lowest = lower
        groups[own] = own[lowest]
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _fit_both(vectors: F32, rows: I64, sentences: list[str], numbers: I64) -> IntentHead:
    """The head, not calibrated. `vectors` [v, d] are of the sentences and their variants, `rows` [v] whose."""
    names, weights = fit_grams(sentences, numbers)
    grams = Grams(names, weights * np.float32(GRAM_SHARE))
    return fit(vectors, numbers[rows], vectors[: len(sentences)], numbers, grams)


def fit(vectors: F32, labels: I64, plainly: F32, of_plainly: I64, grams: Grams) -> IntentHead:
    """The perceptron for vectors [n, d] and intents [n]; `plainly` are those without variants, for what is typical."""
    torch.manual_seed(0)
    mean, spread = vectors.mean(axis=0), float(vectors.std())
    x, y = torch.from_numpy((vectors - mean) / spread), torch.from_numpy(labels)
    hidden, output = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, len(INTENTS))
    model = torch.nn.Sequential(torch.nn.Dropout(BLIND), hidden, torch.nn.ReLU(), torch.nn.Dropout(DROPOUT), output)
    solver = torch.optim.AdamW(model.parameters(), weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(solver, STEP, total_steps=EPOCHS * -(-len(x) // BATCH))
    for _ in range(EPOCHS):
        for taken in torch.randperm(len(x)).split(BATCH):  # type: ignore[no-untyped-call]
            solver.zero_grad()
            seen = model(x[taken] + NOISE * torch.randn_like(x[taken]))
            torch.nn.functional.cross_entropy(seen, y[taken], label_smoothing=SMOOTHING).backward()  # type: ignore[no-untyped-call]
            solver.step()
            schedule.step()
    typical = np.stack([_unit(plainly[of_plainly == number].mean(axis=0)) for number in range(len(INTENTS))])
    # The head takes raw vectors: the standardising goes into its first layer.
    weight = np.asarray(hidden.weight.detach().numpy() / spread, dtype=np.float32)
    return IntentHead(
        weight,
        hidden.bias.detach().numpy() - weight @ mean,
        output.weight.detach().numpy(),
        output.bias.detach().numpy(),
        typical - typical.mean(axis=0),
        grams,
        1.0,
    )


def fit_grams(sentences: list[str], labels: I64) -> tuple[tuple[str, ...], F32]:
    """The pieces that several sentences have, and what each says of the intent [n, intents]: a logistic regression."""
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    found = [pieces(sentence) for sentence in sentences]
    often = Counter(piece for some in found for piece in some)
    names = tuple(sorted(piece for piece, count in often.items() if count >= GRAM_LEAST))
    rows = {name: row for row, name in enumerate(names)}
    known = [np.array(sorted(rows[piece] for piece in some if piece in rows), dtype=np.int64) for some in found]
    bag = torch.nn.EmbeddingBag(len(names), len(INTENTS), mode="sum")
    torch.nn.init.zeros_(bag.weight)
    solver = torch.optim.Adam(bag.parameters())
    y = torch.from_numpy(labels)
    steps = GRAM_EPOCHS * -(-len(sentences) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(solver, GRAM_STEP, total_steps=steps)
    for _ in range(GRAM_EPOCHS):
        for taken in torch.randperm(len(y)).split(BATCH):  # type: ignore[no-untyped-call]
            solver.zero_grad()
            some = [known[row] for row in taken.tolist()]
            seen = [piece[chance.random(len(piece)) > GRAM_UNSEEN] for piece in some]
            weigh = [share(len(piece)) / (1 - GRAM_UNSEEN) for piece in some]
            flat = torch.from_numpy(np.concatenate(seen))
            starts = torch.from_numpy(np.cumsum([0, *map(len, seen[:-1])]))
            each = torch.from_numpy(np.repeat(weigh, [len(piece) for piece in seen]).astype(np.float32))
            loss = torch.nn.functional.cross_entropy(
                bag(flat, starts, per_sample_weights=each), y[taken], label_smoothing=SMOOTHING
            )
            (loss + GRAM_PULL * (bag.weight[flat] ** 2).sum() / len(taken)).backward()  # type: ignore[no-untyped-call]
            solver.step()
            schedule.step()
    return names, bag.weight.detach().numpy()


def temperature(logits: F32, labels: I64) -> float:
    """What logits [n, intents] are to be divided by, so that chances are as likely as can be (Guo et al., 2017)."""
    heats = np.linspace(0.3, 3.0, 271)
    own = np.arange(len(labels))
    return float(heats[np.argmin([-np.log(_chances(logits / heat)[own, labels] + 1e-12).mean() for heat in heats])])


def threshold(chances: F32, labels: I64) -> float:
    """The least chance from which on the likeliest intent is right as often as RIGHT says."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    order = np.argsort(-sure)
    enough = np.flatnonzero(np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= RIGHT)
    return float(sure[order[enough[-1]]]) if len(enough) else 1.0


def _cooled(head: IntentHead, heat: float) -> IntentHead:
    by = np.float32(1 / heat)
    grams = replace(head.grams, weights=head.grams.weights * by)
    return replace(head, output=head.output * by, output_bias=head.output_bias * by, grams=grams)


def _figures(chances: F32, labels: I64, certain: float) -> list[Figure]:
    right, sure = chances.argmax(axis=1) == labels, chances.max(axis=1) >= certain
    return [
        Figure(name="intents", value=float(right.mean()), n=len(labels), note=f"{FOLDS} folds"),
        Figure(name="intents: certain", value=float(sure.mean()), n=len(labels), note=f"of {certain:.2f} or more"),
        Figure(name="intents: right where certain", value=float(right[sure].mean()), n=int(sure.sum())),
    ]


def _chances(logits: F32) -> F32:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float32)


def _unit(vector: F32) -> F32:
    return vector / np.float32(np.linalg.norm(vector))
