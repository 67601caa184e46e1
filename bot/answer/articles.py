"""Answers from the shop's help pages: the passage that fits, word for word, with the page cited."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from bot import entities
from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.figures import figures
from bot.answer.passages import SECOND, Section, fitting, version_of
from bot.answer.quotable import for_customers
from bot.phrasebook import country, language_name
from bot.settings import LANGUAGES
from bot.understand import ABOUT_COUNTRIES, CERTAIN, short
from knowledge.logistics.duties import EU as EU_MEMBERS
from knowledge.passages import of_article
from knowledge.records import Article, Passage

MOST_PASSAGES = 2
LEAST_LISTED = 3  # lines that name countries make a list of them
NEAR_LIST = 0.1  # below the section that fits best: a list of countries is what was asked for
COMMAS = {"ar": "، ", "ja": "、", "zh": "、"}  # no "and" before the last, which some languages write into the word
EU = "EU"  # as CLDR writes it
_EU = re.compile(
    r"(?<!\w)(?:EU|UE|ЕС|ЄС)(?!\w)|EU(?=[^\W\da-zA-Z])|欧盟|歐盟|欧州連合|유럽 ?연합|الاتحاد الأوروبي|האיחוד האירופי"
    r"|यूरोपीय संघ|Uni Eropa|Liên minh châu Âu|สหภาพยุโรป|Avrupa Birliği"
)


def from_help_pages(ask: Ask) -> Draft:
    """What a help page says to the question, or that the data do not say."""
    passages = answering(ask)
    if passages:
        return quoted(ask, passages)
    named = ask.query.entities.countries
    unlisted = named and _lists_others(ask, fitting(ask))
    return ask.not_known(ask.say("article.no_country", country=country(named[0], ask.language)) if unlisted else None)


def answering(ask: Ask) -> list[Passage]:
    """The passages of one help page that answer the question, in its order; empty where none is near enough to it. Of a
    page that tells countries apart, the passage that tells of the country that is meant."""
    again = _of_last_page(ask) if short(ask.query.text) or ask.query.confidence < CERTAIN else []
    if again:
        return again
    sections = fitting(ask)
    if not sections:
        return _of_last_page(ask)
    ranked = [passage for section, _ in sections for passage in section.passages]
    of_country = _of_country(ask, ranked, _wanted(ask))
    if of_country:
        return [of_country]
    if _lists_others(ask, sections):
        return []
    least = sections[0][1] - SECOND
    near = [passage for section, score in sections if score >= least for passage in section.passages][:MOST_PASSAGES]
    return sorted(near, key=lambda passage: int(passage.id.rpartition("/")[2]))


def _lists_others(ask: Ask, sections: list[tuple[Section, float]]) -> bool:
    """Whether what answers best, or nearly so, is a list of countries that the one which the message names is not on:
    what holds for the others is no answer then."""
    if not ask.query.entities.countries or not sections:
        return False
    near = [section for section, score in sections if score >= sections[0][1] - NEAR_LIST]
    lists = (_lists_countries(passage) for section in near for passage in section.passages)
    return ask.query.intent in ABOUT_COUNTRIES and any(lists)


def _lists_countries(passage: Passage) -> bool:
    lines = [line for line in passage.text.split("\n") if _countries(line, passage.language)]
    return len(lines) >= LEAST_LISTED


def _of_last_page(ask: Ask) -> list[Passage]:
    """For a message that names a country and asks what was asked before: what the page quoted then says of it."""
    named = ask.query.entities.countries
    if not named or not ask.topic.page or ask.query.intent != ask.topic.intent:
        return []
    article = version(ask, ask.topic.page)
    passages = _passages(article) if article else []
    found = _of_country(ask, passages, set(named))
    if found:
        return [found]
    listing = max(passages, key=lambda passage: len(_countries(passage.text, passage.language)), default=None)
    return [listing] if listing and len(_countries(listing.text, listing.language)) > 1 else []


def version(ask: Ask, name: str) -> Article | None:
    """The article in the reply's language, else in English, which most can read, else in any that it has."""
    return version_of(ask.shop.store, name, ask.language)


def _wanted(ask: Ask) -> set[str]:
    """The countries that the question is about."""
    named = set(ask.query.entities.countries)
    if not named and ask.topic.country and ask.query.intent in ABOUT_COUNTRIES:
        return {ask.topic.country}
    return named


def _of_country(ask: Ask, ranked: list[Passage], wanted: set[str]) -> Passage | None:
    """The first passage that names a country that is meant, or the EU that it is in, and of a list only the lines that
    do."""
    for place in (wanted, {EU} if wanted & EU_MEMBERS else set()):
        for passage in ranked if place else ():
            lines = passage.text.split("\n")
            naming = [line for line in lines if place & set(_countries(line, passage.language))]
            if naming and len(lines) > 2:
                heading = passage.heading.rpartition(" › ")[2]
                return msgspec.structs.replace(passage, text="\n".join((heading, *naming)))
            if naming and place is wanted:
                return passage
    return None


@lru_cache(maxsize=1024)
def _passages(article: Article) -> list[Passage]:
    return of_article(article)


@lru_cache(maxsize=16_384)
def _countries(text: str, language: str) -> tuple[str, ...]:
    """The countries that a text names, and EU where it names the European Union."""
    named = entities.find(text, language, frozenset()).countries
    return (*named, EU) if _EU.search(text) else named


def quoted(ask: Ask, passages: list[Passage]) -> Draft:
    """Passages of one page as the reply. In another language they are marked as a quotation, and what they say in
    figures is said in the language of the reply as well."""
    first = passages[0]
    article = ask.shop.store.article(first.record, first.language)
    texts = [text for passage in passages if (text := for_customers(ask.shop, passage.text))]
    if article is None or not texts:  # retired since the index was built, or written for nobody
        return ask.not_known()
    quote = "\n".join(texts)
    cited = citations.of_article(article, quote)
    if _base(first.language) != _base(ask.language):
        said_in = language_name(first.language, ask.language) if first.language in LANGUAGES else first.language
        texts = [ask.say("article.quote_in", title=article.title, language=said_in, quote=quote)]
        found = figures(quote, first.language, ask.language, lambda count: ask.say("figure.working_days", count=count))
        if found:
            texts.append(ask.say("article.figures", figures=COMMAS.get(_base(ask.language), ", ").join(found)))
    return Draft(
        ask.query.intent,
        msgspec.structs.replace(ask.topic, page=article.id),
        tuple(Sentence(text, (cited.id,)) for text in texts),
        (cited,),
        confidence=ask.query.confidence,
    )


def _base(tag: str) -> str:
    return tag.split("-")[0]
