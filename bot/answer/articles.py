"""Answers from the shop's help pages: the passage that fits, word for word, with the page cited."""

from __future__ import annotations

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.relevance import ARTICLE, as_passage
from bot.phrasebook import language_name
from bot.settings import LANGUAGES
from knowledge.records import Hit
from knowledge.search import Find


def from_help_pages(ask: Ask) -> Draft:
    """What a help page says to the question, or that the data do not say."""
    hit = best_passage(ask)
    return quoted(ask, hit) if hit else ask.not_known()


def best_passage(ask: Ask) -> Hit | None:
    """The help page passage that answers the question, or None where none stands out."""
    if ask.query.text_vector is None:
        return None
    found = ask.shop.search.find(
        Find(
            text=ask.query.text,
            text_vector=ask.query.text_vector,
            language=ask.language,
            kinds=frozenset({"article"}),
        ),
        top=1,
    )
    if not found or found[0].passage is None:
        return None
    return found[0] if as_passage(ask, found[0]) >= ARTICLE else None


def quoted(ask: Ask, hit: Hit) -> Draft:
    """The passage of a hit as the reply, marked as a quotation where it is in another language."""
    passage = hit.passage
    assert passage is not None
    article = ask.shop.store.article(hit.record, passage.language)
    if article is None:  # retired since the index was built
        return ask.not_known()
    cited = citations.of_article(article, passage.text)
    text = passage.text
    if _base(passage.language) != _base(ask.language):
        said_in = language_name(passage.language, ask.language) if passage.language in LANGUAGES else passage.language
        text = ask.say("article.quote_in", title=article.title, language=said_in, quote=passage.text)
    return Draft(
        ask.query.intent,
        ask.topic,
        (Sentence(text, (cited.id,)),),
        (cited,),
        confidence=ask.query.confidence,
    )


def _base(tag: str) -> str:
    return tag.split("-")[0]
