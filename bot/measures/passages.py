"""Whether a question gets the right passage of the right help page: questions in twenty languages about the demo shop's
pages, worded for this purpose (passages.tsv), and some that no page answers.

The weights in bot/answer/passages.py were chosen by these questions: this tells what a change does, not how good it is
with questions that it has not seen. That is told by the conversations of tests/scenarios.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import msgspec
from tqdm import tqdm

from bot import telling_sentences, verdicts
from bot.answer.articles import answering
from bot.answer.context import Ask, Shop
from bot.conversations import Topic
from bot.measures.conversations import demo_shop
from bot.measures.figures import Figure
from bot.messages import Message, Text, TurnEvent
from bot.parts import Parts
from bot.understand import Stopwatch, Understanding
from knowledge.passages import of_article
from knowledge.records import Passage
from knowledge.store import Store

QUESTIONS = Path(__file__).with_name("passages.tsv")
QUOTED = "en"  # the language in which the questions name headings


class Question(msgspec.Struct, frozen=True):
    """A question, and the English heading of what answers it; `article` is empty where nothing does."""

    language: str
    article: str
    heading: str
    question: str


def measure(parts: Parts) -> list[Figure]:
    """Asks every question as the first of a conversation, and prints those that get something else."""
    demo = demo_shop(parts.settings)
    shop = Shop(
        "Demo shop", demo.store, demo.search, demo.phrases, demo.text, demo.background, demo.senses.intents.typical,
        telling_sentences.load(demo.text_encoder),
        verdicts.load("rejections", demo.text_encoder), verdicts.load("instructions", demo.text_encoder),
    )  # fmt: skip
    understand = Understanding(demo.senses, demo.settings, lambda: demo.store.attribute_values()["size"])
    asked = read()
    found = [answering(_ask(demo, shop, understand, question)) for question in tqdm(asked, leave=False)]
    got = [list(dict.fromkeys(_heading(shop.store, passage) for passage in passages)) for passages in found]
    demo.conversations.close()
    for question, headings in zip(asked, got, strict=True):
        if headings != [wanted for wanted in [(question.article, question.heading)] if question.article]:
            print(f"{question.language} {question.question!r}: {headings}, not {question.article} {question.heading}")
    return figures(list(zip(asked, got, strict=True)))


def read(file: Path = QUESTIONS) -> list[Question]:
    """The questions, in their order."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [Question(*row) for row in rows]


def figures(got: list[tuple[Question, list[tuple[str, str]]]]) -> list[Figure]:
    """What share of the questions got what they should; each with the (article, English heading) that it got."""
    known = [(question, headings) for question, headings in got if question.article]
    unknown = [headings for question, headings in got if not question.article]
    pages = [any(article == question.article for article, _ in headings) for question, headings in known]
    passages = [(question.article, question.heading) in headings for question, headings in known]
    alone = [headings == [(question.article, question.heading)] for question, headings in known]
    return [
        Figure(name="the right help page", value=_share(pages), n=len(known)),
        Figure(name="the right passage of it", value=_share(passages), n=len(known), spread={"alone": _share(alone)}),
        Figure(name="not known, and a page answers it", value=_share([not headings for _, headings in known]),
               n=len(known), reach=0.05, better="less"),
        Figure(name="a page quoted that does not answer it", value=_share([bool(headings) for headings in unknown]),
               n=len(unknown), reach=0.03, better="less"),
    ]  # fmt: skip


def _share(true: list[bool]) -> float:
    return sum(true) / max(len(true), 1)


def _ask(demo: Parts, shop: Shop, understand: Understanding, question: Question) -> Ask:
    message = Message("1", "passages", (Text(question.question),), None, question.language)
    query = understand(message, Topic(), _nobody, Stopwatch())
    topic = Topic(language=query.language, country=next(iter(query.entities.countries), None))
    return Ask(shop, message, query, topic, {}, date.today(), _nobody, demo.conversations)


def _nobody(_event: TurnEvent) -> None:
    """Tells nobody."""


def _heading(store: Store, passage: Passage) -> tuple[str, str]:
    """The article, and what the passage's heading is in English: the pages have as many in each language."""
    headings = {language: _headings(store, passage.record, language) for language in (passage.language, QUOTED)}
    place = headings[passage.language].index(passage.heading)
    return passage.record, headings[QUOTED][place].rpartition(" › ")[2]


def _headings(store: Store, name: str, language: str) -> list[str]:
    article = store.article(name, language)
    return list(dict.fromkeys(passage.heading for passage in of_article(article))) if article else []
