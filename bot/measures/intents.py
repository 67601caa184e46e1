"""Whether it is understood what messages want: intents_written.tsv, fifty a language that nothing was chosen by, and
intents_together.tsv, messages that want two things, and ones with commas that want one.

Further 25 a language (`seen`) were looked at while the examples were written: their figure stands beside the others.
All were written for this by the one who wrote half of the examples, none is in these or near them (a cosine of .97).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.intents import INTENTS, IntentHead
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.wishes import wishes

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
_HERE = Path(__file__).parent
_BINS = 15
F1, F1_OF_EACH = 0.92, 0.85
LIKE = 0.97  # cosine with an example from which on a message would be no new one


class Written(NamedTuple):
    """A message, whether it was looked at, its language, and what it wants."""

    part: str
    language: str
    intent: str
    text: str


def measure(parts: Parts) -> list[Figure]:
    """Macro F1 over all and by language, how sure against how right, and several intents in one message."""
    written, head = read(), parts.senses.intents
    vectors = parts.text.queries([message.text for message in written])
    chances = np.stack([head.probabilities(v, m.text) for v, m in zip(vectors, written, strict=True)])
    labels = np.array([INTENTS.index(message.intent) for message in written])
    kept = np.array([message.part == "kept" for message in written])
    languages = np.array([message.language for message in written])
    return [
        *_of(chances[kept], labels[kept], languages[kept]),
        *_certain(chances[kept], labels[kept], head),
        Figure(name="the messages looked at before: macro F1", value=f1(labels[~kept], chances[~kept]), n=sum(~kept)),
        *_together(parts, head),
    ]


def read() -> list[Written]:
    """All messages that were written for this."""
    lines = (_HERE / "intents_written.tsv").read_text(encoding="utf-8").splitlines()
    return [Written(*line.split("\t")) for line in lines]


def f1(labels: I64, chances: F32) -> float:
    """The mean over the intents of 2 tp / (2 tp + fp + fn)."""
    found = chances.argmax(axis=1)
    scores = []
    for number in range(len(INTENTS)):
        both = ((labels == number) & (found == number)).sum()
        scores.append(2 * both / max(1, (labels == number).sum() + (found == number).sum()))
    return float(np.mean(scores))


def off(labels: I64, chances: F32) -> float:
    """The expected calibration error: how far the chances are from how often they are right, over 15 equal bins."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return float(sum(abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(_BINS)) / len(labels))


def _of(chances: F32, labels: I64, languages: NDArray[np.str_]) -> list[Figure]:
    tags = sorted(set(languages.tolist()))
    each = {tag: f1(labels[languages == tag], chances[languages == tag]) for tag in tags}
    worst = min(each, key=each.__getitem__)
    right = chances.argmax(axis=1) == labels
    return [
        Figure(name="macro F1", value=f1(labels, chances), n=len(labels), reach=F1),
        Figure(
            name="macro F1 of the worst language", value=each[worst], n=int((languages == worst).sum()),
            reach=F1_OF_EACH, spread=each, note=worst,
        ),
        Figure(name="right", value=float(right.mean()), n=len(labels)),
    ]  # fmt: skip


def _certain(chances: F32, labels: I64, head: IntentHead) -> list[Figure]:
    sure, right = chances.max(axis=1) >= head.certain, chances.argmax(axis=1) == labels
    asked = [
        INTENTS[label] in head.to_ask(some) for label, some in zip(labels[~sure], chances[~sure], strict=True)
    ]  # fmt: skip
    return [
        Figure(name="expected calibration error", value=off(labels, chances), n=len(labels), better="less"),
        Figure(name="certain", value=float(sure.mean()), n=len(labels), note=f"of {head.certain:.2f} or more"),
        Figure(name="right where certain", value=float(right[sure].mean()), n=int(sure.sum())),
        Figure(name="what is meant is among what is asked about", value=float(np.mean(asked)), n=len(asked)),
    ]


def _together(parts: Parts, head: IntentHead) -> list[Figure]:
    lines = (_HERE / "intents_together.tsv").read_text(encoding="utf-8").splitlines()
    two, split, either = [], [], []
    for _, wanted, text in (line.split("\t") for line in lines):
        found = [wish.intent for wish in wishes(head, text, parts.text.queries)[1]]
        if " " in wanted:
            two.append(found == wanted.split())
            either.append(bool(set(found) & set(wanted.split())))
        else:
            split.append(len(found) > 1)
    return [
        Figure(name="two intents found, in their order", value=float(np.mean(two)), n=len(two)),
        Figure(name="at least one of the two", value=float(np.mean(either)), n=len(either)),
        Figure(name="one intent taken for several", value=float(np.mean(split)), n=len(split), better="less"),
    ]
