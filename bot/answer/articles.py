"""Answers from the shop's help pages: the passage that fits, word for word, with the page cited."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
from babel.lists import format_list

from bot import entities
from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.figures import figures
from bot.answer.relevance import is_answer
from bot.phrasebook import best, language_name, locale_of
from bot.settings import LANGUAGES
from bot.understand import ABOUT_COUNTRIES
from knowledge.passages import of_article
from knowledge.records import Article, Passage
from knowledge.search import Find

# How far the question is moved toward what messages of its intent are like (Rocchio 1971, with the examples of the
# intent as what is relevant): far to choose the page, less to choose the passage.
TOWARD_PAGE = 5.0
TOWARD_PASSAGE = 1.0
# A page begins with its main rule: the first passage that is no more than this behind the nearest one is taken.
MAIN = 0.02


def from_help_pages(ask: Ask) -> Draft:
    """What a help page says to the question, or that the data do not say."""
    passage = best_passage(ask)
    return quoted(ask, passage) if passage else ask.not_known()


def best_passage(ask: Ask) -> Passage | None:
    """The help page passage that answers the question, or None where none is near enough to it. Of a page that tells
    countries apart, the passage that tells of the country that is meant."""
    vector, intents = ask.query.text_vector, ask.query.intents
    if vector is None or intents is None:
        return None
    intent = np.asarray(intents @ ask.shop.typical, dtype=np.float32)
    leaning = vector + TOWARD_PAGE * intent
    leaning /= np.linalg.norm(leaning)
    find = Find(text_vector=leaning, language=ask.language, kinds=frozenset({"article"}))
    hits = ask.shop.search.find(find, top=1)
    if not hits or hits[0].passage is None or not is_answer(ask, hits[0].record, intent):
        return None
    article = version(ask, hits[0].record)
    if article is None:  # retired since the index was built
        return None
    passages = _passages(article)
    toward = vector + TOWARD_PASSAGE * intent
    near = {
        found: float(at @ toward) for found in passages if (at := ask.shop.search.passage_vector(found.id)) is not None
    }
    ranked = sorted(near, key=near.__getitem__, reverse=True)
    return _of_country(ask, ranked) or next((found for found in near if near[found] >= near[ranked[0]] - MAIN), None)


def version(ask: Ask, name: str) -> Article | None:
    """The article in the reply's language, else in English, which most can read, else in any that it has."""
    languages = ask.shop.store.article_languages(name)
    language = best(ask.language, languages) or best("en", languages) or next(iter(languages), None)
    return ask.shop.store.article(name, language) if language else None


def _of_country(ask: Ask, ranked: list[Passage]) -> Passage | None:
    """The first passage that names the country that is meant, and of a list only the lines that do."""
    wanted = set(ask.query.entities.countries)
    if not wanted and ask.topic.country and ask.query.intent in ABOUT_COUNTRIES:
        wanted = {ask.topic.country}
    for passage in ranked if wanted else ():
        lines = passage.text.split("\n")
        naming = [line for line in lines if wanted & set(_countries(line, passage.language))]
        if naming and len(lines) > 2:
            heading = passage.heading.rpartition(" › ")[2]
            return msgspec.structs.replace(passage, text="\n".join((heading, *naming)))
        if naming:
            return passage
    return None


@lru_cache(maxsize=1024)
def _passages(article: Article) -> list[Passage]:
    return of_article(article)


@lru_cache(maxsize=16_384)
def _countries(text: str, language: str) -> tuple[str, ...]:
    return entities.find(text, language, frozenset()).countries


def quoted(ask: Ask, passage: Passage) -> Draft:
    """The passage as the reply. In another language it is marked as a quotation, and what it says in figures is said in
    the language of the reply as well."""
    article = ask.shop.store.article(passage.record, passage.language)
    if article is None:  # retired since the index was built
        return ask.not_known()
    cited = citations.of_article(article, passage.text)
    texts = [passage.text]
    if _base(passage.language) != _base(ask.language):
        said_in = language_name(passage.language, ask.language) if passage.language in LANGUAGES else passage.language
        texts = [ask.say("article.quote_in", title=article.title, language=said_in, quote=passage.text)]
        found = figures(
            passage.text, passage.language, ask.language, lambda count: ask.say("figure.working_days", count=count)
        )
        if found:
            listed = format_list(found, "unit-short", locale_of(ask.language))
            texts.append(ask.say("article.figures", figures=listed))
    return Draft(
        ask.query.intent,
        ask.topic,
        tuple(Sentence(text, (cited.id,)) for text in texts),
        (cited,),
        confidence=ask.query.confidence,
    )


def _base(tag: str) -> str:
    return tag.split("-")[0]
