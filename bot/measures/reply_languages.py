"""Which language a short or mixed message is answered in, within a conversation of each of the 21 languages.

reply_languages.tsv holds, a line each, the kind, the language that the reply must be in, and the message; `-` is the
conversation's. They were written for this and are not learnt from. Messages that say nothing keep the conversation's
language; single words that one language alone writes so, and mixed ones, are in their own, whatever came before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.measures.figures import Figure
from bot.settings import LANGUAGES
from bot.understand import language_of

_FILE = Path(__file__).with_suffix(".tsv")
_REACH = 0.99
_NAMED = 3  # faults of a kind that are shown


def messages() -> list[tuple[str, str | None, str]]:
    """The kind of each message, the language of the reply (None: the conversation's), and what is written."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [(kind, None if tag == "-" else tag, text) for kind, tag, text in rows]


def replies() -> list[Figure]:
    """The share that is right of each kind, and of all."""
    right: dict[str, list[bool]] = {}
    faults: dict[str, dict[str, list[str]]] = {}
    for kind, tag, text in messages():
        for before in LANGUAGES:
            found, _ = language_of(text, None, before, None, "en")
            right.setdefault(kind, []).append(found == (tag or before))
            if found != (tag or before):
                faults.setdefault(kind, {}).setdefault(text, []).append(f"{before} → {found}")
    figures = [
        Figure(
            name=f"reply language, {kind}",
            value=float(np.mean(told)),
            n=len(told),
            note="; ".join(f"{text}: {', '.join(how[:_NAMED])}" for text, how in faults.get(kind, {}).items()),
        )
        for kind, told in right.items()
    ]
    every = [one for told in right.values() for one in told]
    whole = Figure(
        name="reply language in a conversation of each of 21", value=float(np.mean(every)), n=len(every), reach=_REACH
    )
    return [whole, *figures]
