"""Finding the passage that answers a question, in its own and in other languages, on XQuAD (Artetxe et al., 2020).

Each of the 240 paragraphs is a help page with a number for a title, stored, cut, encoded and indexed as a shop's own
pages are, and each of the 1,190 questions goes the way of a customer's: its language is told, it is encoded, and the
search ranks all pages. A question is right at k where its paragraph is among the first k.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from tqdm import tqdm

from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.parts import Parts
from bot.senses.language import identify
from bot.senses.text import E5
from bot.settings import LANGUAGES as SPOKEN
from knowledge.indexing import build
from knowledge.records import Article
from knowledge.search import Find, Search
from knowledge.store import Store

ENGLISH = "en"
FOREIGN = ("de", "es", "ru", "zh", "ar")
LANGUAGES = (ENGLISH, *FOREIGN)
DEEP = 10


class Question(msgspec.Struct, frozen=True):
    """A question and the number of the paragraph that answers it."""

    text: str
    paragraph: int


def measure(parts: Parts) -> list[Figure]:
    """Recall at 1 and 10 across languages and within each, and of all six versions in one index."""
    if DATA is None:
        return [Figure(name="XQuAD", value=None, note="the shared data are not on this machine")]
    questions = {language: read(DATA / "xquad" / f"xquad.{language}.json")[1] for language in LANGUAGES}
    asked = {language: [_ask(parts.text, question) for question in questions[language]] for language in LANGUAGES}
    with tempfile.TemporaryDirectory() as folder:
        alone = {}
        for language in LANGUAGES:
            with _shop(Path(folder) / language, (language,), parts) as search:
                alone[language] = _parts_of(search, asked[language], questions[language], language)
                if language == ENGLISH:
                    across = {tag: _parts_of(search, asked[tag], questions[tag], tag) for tag in FOREIGN}
        with _shop(Path(folder) / "all", LANGUAGES, parts) as search:
            together = {tag: _together(search, asked[tag], questions[tag], tag) for tag in LANGUAGES}
    return [*_across(across), *_within(alone), *_versions(together, alone)]


def read(file: Path) -> tuple[list[str], list[Question]]:
    """The paragraphs of an XQuAD file, and its questions."""
    paragraphs: list[str] = []
    questions: list[Question] = []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            questions += [Question(one["question"], len(paragraphs)) for one in paragraph["qas"]]
            paragraphs.append(paragraph["context"])
    return paragraphs, questions


@contextmanager
def _shop(folder: Path, languages: Sequence[str], parts: Parts) -> Iterator[Search]:
    """A shop whose help pages are the paragraphs, each in these languages."""
    assert DATA is not None
    folder.mkdir()
    store = Store(f"sqlite:///{folder / 'shop.db'}")
    store.put_articles(
        Article(id=str(number), language=language, title=str(number), body=paragraph)
        for language in languages
        for number, paragraph in enumerate(read(DATA / "xquad" / f"xquad.{language}.json")[0])
    )
    bar = tqdm(total=1.0, desc=f"pages in {', '.join(languages)}", leave=False, bar_format="{l_bar}{bar}| {elapsed}")

    def progress(_: str, part: float) -> None:
        bar.update(part - bar.n)

    build(
        store,
        folder / "index",
        encode=parts.text.passages,
        encode_tokens=parts.text.telling_tokens,
        look=lambda names: np.empty((len(names), 0), np.float32),
        progress=progress,
        text_encoder=parts.text_encoder,
        photo_encoder="none",
    )
    bar.close()
    yield Search(store, folder / "index")
    store.close()


def _ask(encoder: E5, question: Question) -> Find:
    """The question as `search` on the command line asks it."""
    guess = identify(question.text, SPOKEN)
    language = guess.language if guess else ENGLISH
    vector, tokens = encoder.question(question.text, language)
    return Find(text=question.text, text_vector=vector, text_tokens=tokens, language=language)


class Ranks(msgspec.Struct, frozen=True):
    """Where the right paragraph came, one for each question, counted from 0; DEEP where it was not among the first."""

    hybrid: list[int]
    dense: list[int]
    lexical: list[int]


def _parts_of(search: Search, asked: list[Find], questions: list[Question], language: str) -> Ranks:
    def ranks(**parts: object) -> list[int]:
        return [
            _rank(search, replace(find, **parts), question)  # type: ignore[arg-type]
            for find, question in zip(tqdm(asked, desc=f"questions in {language}", leave=False), questions, strict=True)
        ]

    return Ranks(ranks(), ranks(text=""), ranks(text_vector=None, text_tokens=None))


def _rank(search: Search, find: Find, question: Question) -> int:
    found = [hit.record for hit in search.find(find, top=DEEP)]
    wanted = str(question.paragraph)
    return found.index(wanted) if wanted in found else DEEP


def _together(search: Search, asked: list[Find], questions: list[Question], language: str) -> tuple[list[int], int]:
    """Where the right paragraph came among all versions, and how often the first hit was in the question's language."""
    ranks, own = [], 0
    for find, question in zip(tqdm(asked, desc=f"all versions, {language}", leave=False), questions, strict=True):
        hits = search.find(find, top=DEEP)
        found = [hit.record for hit in hits]
        wanted = str(question.paragraph)
        ranks.append(found.index(wanted) if wanted in found else DEEP)
        own += bool(hits and hits[0].passage and hits[0].passage.language == language)
    return ranks, own


def _recall(ranks: list[int], k: int) -> float:
    return float(np.mean([rank < k for rank in ranks]))


def _across(found: dict[str, Ranks]) -> list[Figure]:
    first = {tag: _recall(ranks.hybrid, 1) for tag, ranks in found.items()}
    ten = {tag: _recall(ranks.hybrid, DEEP) for tag, ranks in found.items()}
    n = sum(len(ranks.hybrid) for ranks in found.values())
    return [
        Figure(name="foreign question → English: recall@1", value=_mean(first), n=n, reach=0.88, spread=first),
        Figure(name="foreign question → English: recall@1, least", value=min(first.values()), n=n, reach=0.83),
        Figure(name="foreign question → English: recall@10", value=_mean(ten), n=n, reach=0.97, spread=ten),
    ]


def _within(found: dict[str, Ranks]) -> list[Figure]:
    both, dense, lexical = (
        {tag: _recall(getattr(ranks, part), 1) for tag, ranks in found.items()}
        for part in ("hybrid", "dense", "lexical")
    )
    n = sum(len(ranks.hybrid) for ranks in found.values())
    margin = {tag: both[tag] - max(dense[tag], lexical[tag]) for tag in found}
    return [
        Figure(name="same language, hybrid: recall@1", value=_mean(both), n=n, reach=0.94, spread=both),
        Figure(name="same language, by meaning alone", value=_mean(dense), n=n, spread=dense),
        Figure(name="same language, by words alone", value=_mean(lexical), n=n, spread=lexical),
        Figure(name="hybrid less its better part, least", value=min(margin.values()), n=n, reach=0.0, spread=margin),
    ]


def _versions(found: dict[str, tuple[list[int], int]], alone: dict[str, Ranks]) -> list[Figure]:
    own = {tag: first / len(ranks) for tag, (ranks, first) in found.items()}
    lost = {tag: _recall(ranks, 1) - _recall(alone[tag].hybrid, 1) for tag, (ranks, _) in found.items()}
    n = sum(len(ranks) for ranks, _ in found.values())
    return [
        Figure(name="six versions: the question's own language first, least", value=min(own.values()), n=n, reach=0.99,
               spread=own),
        Figure(name="six versions: recall@1 less that of one language, least", value=min(lost.values()), n=n,
               reach=0.0, spread=lost),
    ]  # fmt: skip


def _mean(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values())))
