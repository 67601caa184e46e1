"""Which parts there are to measure, run one after the other and shown as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from bot.measures.figures import Figure, show, write
from bot.parts import Parts

# What each is called, and its heading. A part is the module of its name here, which is loaded when it is asked for.
QUALITY = {
    "conversations": "Whole conversations with the demo shop",
    "intents": "What messages want",
    "passages": "Which help page and passage answers",
    "pretexts": "What strangers learn of an order",
    "injections": "Instructions in what the bot reads",
    "unanswered": "What the data say and do not say",
    "parallel": "The same conversations in every language",
    "inventions": "Generated shops: what replies say that no record says",
    "writing": "What a chat model may not say",
    "retrieval": "Finding passages across languages (XQuAD)",
    "tracking": "Tracking numbers",
    "logistics": "Expected dates of delivery, on a generated history",
    "hearing": "Hearing: error rates, languages, what is no speech",
    "languages": "Telling languages apart",
    "labels": "Numbers on photographed labels",
    "seeing": "From a photo to the product",
    "fusion": "A photo and a few words as one query",
    "recommendation": "Recommendations, on a generated history",
}
SPEED = {
    "turns": "Whole turns against the bare model passes",
    "answering": "Understanding and answering without the model passes",
    "hearing_speed": "Hearing against openai-whisper and faster-whisper",
    "encoding": "Texts encoded a second",
    "partials": "Words of notes that are still being recorded",
    "batching": "Requests of many conversations through one model",
    "vectors": "Nearest vectors",
    "importing": "Import of 100,000 products",
}
BRIEF = ("turns", "encoding")  # what is measured where no part is named: the others take many minutes


def run(parts: Parts, headings: dict[str, str], asked: Sequence[str], json_file: Path | None) -> int:
    """Measures the parts that are asked for, prints a table of each, and writes all as JSON where a file is given.

    Returns:
        The exit status: 1 where a figure misses what it should reach.
    """
    figures: dict[str, list[Figure]] = {}
    for name in asked:
        measure: Callable[[Parts], list[Figure]] = import_module(f"bot.measures.{name}").measure
        figures[name] = measure(parts)
        show(headings[name], figures[name])
    if json_file:
        write(json_file, figures)
    return int(not all(figure.holds for some in figures.values() for figure in some))
