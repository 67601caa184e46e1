"""What a message wants where it wants several things: its clauses by their marks, and each of those in two where its
letters speak of two things ("what does it cost and how long does it take"). No list of words that join clauses: the
letters propose a cut, in any language, and the encoder has to agree with both halves.

How the marks below were chosen stands in bot/examples/EXPERIMENTS.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.clauses import clauses
from bot.intent_grams import UNSPACED, Grams
from bot.intents import INTENTS, IntentHead
from bot.messages import Intent

F32 = NDArray[np.float32]
# What frames a message, or blames and wants nothing; one that wants something as well is about that.
FRAMES: frozenset[Intent] = frozenset({"greeting", "thanks", "goodbye", "other", "complaint"})
# One matter: what is wrong with the goods, and what is wanted for it.
OF_ONE_MATTER: frozenset[Intent] = frozenset({"return_refund", "exchange", "damaged_or_wrong", "warranty"})
MOST = 3  # wishes of one message
OF_CLAUSE = 0.95  # the chance from which on a clause wants something of its own: "two cushions," says little alone
OF_HALF, OF_BOTH = 0.9, -2.8  # the same of half a clause, and the log-probability that letters give to both halves
ALLOWED = 0.001  # the chance that the whole clause leaves to what its halves want
_WORDS, _LETTERS = range(5, 31), range(8, 61)  # of a clause that may be cut: words, or letters where they join
_LEAST, _LEAST_LETTERS = 3, 4  # words of a half, or letters


class Wish(NamedTuple):
    """What one part of a message wants: its text, vector [d], and the probabilities of INTENTS [intents]."""

    intent: Intent
    text: str
    vector: F32
    chances: F32


def wishes(head: IntentHead, text: str, encode: Callable[[Sequence[str]], F32]) -> tuple[F32, tuple[Wish, ...]]:
    """The vector [d] of a message, and what its parts want, in their order: empty where the message as a whole says it,
    one where greetings and thanks around it are all that this tells.

    `encode` gives the vectors [n, d] of n texts. Parts are encoded where the letters speak of several things, or the
    message as a whole seems to want none: that is once more the time of the message.
    """
    vector = encode([text])[0]
    whole = _wish(head, text, vector)
    cut = clauses(text)
    halved = [halves(head.grams, clause) for clause in cut]
    if len(cut) == 1 and not all(_allowed(whole, _hint(head.grams, half)) for half in halved[0]):
        halved = [()]
    hinted = {_hint(head.grams, clause) for clause in cut} - FRAMES
    framed = whole.intent in FRAMES
    if not any(halved) and len(hinted) < 2 and not (framed and len(cut) > 1):
        return vector, ()
    texts = list(dict.fromkeys((*cut, *(half for pair in halved for half in pair))))
    of = {part: _wish(head, part, vector) for part, vector in zip(texts, encode(texts), strict=True)}
    found: dict[Intent, Wish] = {}
    for clause, pair in zip(cut, halved, strict=True):
        both = [of[half] for half in pair]
        alone = [of[clause]] if len(cut) > 1 and _sure(of[clause], OF_CLAUSE) else []
        for one in both if _agreed(of[clause], both) else alone:
            one_matter = one.intent in OF_ONE_MATTER and not OF_ONE_MATTER.isdisjoint(found)
            if one.intent not in FRAMES and not one_matter:
                found[one.intent] = found.get(one.intent, one)
    return vector, tuple(found.values())[:MOST] if len(found) > 1 or framed else ()


def _wish(head: IntentHead, text: str, vector: F32) -> Wish:
    chances = head.probabilities(vector, text)
    return Wish(INTENTS[int(chances.argmax())], text, vector, chances)


def _hint(grams: Grams, clause: str) -> Intent:
    return INTENTS[int(grams.logits(clause).argmax())]


def halves(grams: Grams, clause: str) -> tuple[str, ...]:
    """The two parts of a clause that speak of two things by their letters, where there are such; else nothing."""
    best = OF_BOTH
    halved: tuple[str, ...] = ()
    for at in _places(clause):
        pair = clause[:at].strip(), clause[at:].strip()
        one, other = (_log_chances(grams.logits(half)) for half in pair)
        first, second = int(one.argmax()), int(other.argmax())
        both = float(one[first] + other[second])
        if both > best and first != second and not {INTENTS[first], INTENTS[second]} & FRAMES:
            best, halved = both, pair
    return halved


def _places(clause: str) -> list[int]:
    if UNSPACED.search(clause) and len(clause.split()) not in _WORDS:
        return list(range(_LEAST_LETTERS, len(clause) - _LEAST_LETTERS + 1)) if len(clause) in _LETTERS else []
    spaces = [match.end() for match in re.finditer(r"\s+", clause)]
    return spaces[_LEAST - 1 : len(spaces) - _LEAST + 1] if len(spaces) + 1 in _WORDS else []


def _agreed(whole: Wish, both: list[Wish]) -> bool:
    return (
        len({half.intent for half in both} - OF_ONE_MATTER) + any(half.intent in OF_ONE_MATTER for half in both) == 2
        and all(_sure(half, OF_HALF) and half.intent not in FRAMES for half in both)
        and all(_allowed(whole, half.intent) for half in both)
    )


def _allowed(whole: Wish, intent: Intent) -> bool:
    return bool(whole.chances[INTENTS.index(intent)] >= ALLOWED)


def _sure(wish: Wish, chance: float) -> bool:
    return bool(wish.chances.max() >= chance)


def _log_chances(logits: F32) -> F32:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)
