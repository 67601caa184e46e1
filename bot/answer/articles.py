"""Answers from the shop's help pages: the passage that fits, word for word, with the page cited."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import numpy as np

from bot import entities
from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.figures import figures
from bot.answer.relevance import SURE, is_answer
from bot.intents import INTENTS
from bot.messages import Intent
from bot.phrasebook import best, language_name
from bot.seams import F32
from bot.settings import LANGUAGES
from bot.understand import ABOUT_COUNTRIES, short
from knowledge.logistics.duties import EU as EU_MEMBERS
from knowledge.passages import of_article
from knowledge.records import Article, Passage
from knowledge.search import Find
from knowledge.store import Store

# How far the question is moved toward what messages of its intent are like (Rocchio 1971, with the examples of the
# intent as what is relevant): far to choose the page, less to choose the passage.
TOWARD_PAGE = 5.0
TOWARD_PASSAGE = 1.0
TOPICAL = 0.05  # cosine that a page gains whose topic is surely that of the intent
LOOKED_AT = 6  # pages
# A second passage is quoted as well where it is no more than so many standard deviations of the page behind the best.
MOST_PASSAGES, SECOND = 2, 1.0
# What the topics of articles are called, by the intents that they answer.
TOPICS: dict[Intent, frozenset[str]] = {
    "return_refund": frozenset({"returns", "return", "refunds", "refund", "return_refund", "returns_and_refunds"}),
    "exchange": frozenset({"exchange", "exchanges"}),
    "damaged_or_wrong": frozenset({"damaged_or_wrong", "damaged", "claims", "returns", "warranty", "return_refund"}),
    "warranty": frozenset({"warranty", "warranties", "guarantee", "repairs"}),
    "payment": frozenset({"payment", "payments", "payment_methods"}),
    "invoice": frozenset({"invoice", "invoices", "billing", "payment", "payments"}),
    "promotion": frozenset({"promotion", "promotions", "discounts", "vouchers", "coupons", "gift_cards", "offers"}),
    "account": frozenset({"account", "accounts", "privacy", "login", "registration"}),
    "cancel_order": frozenset({"cancel_order", "cancellation", "cancellations", "orders", "payment"}),
    "change_address": frozenset({"change_address", "orders", "address"}),
    "shipping_cost": frozenset({"shipping_cost", "shipping_costs", "shipping", "delivery"}),
    "delivery_time": frozenset({"delivery_time", "delivery_times", "shipping", "delivery", "shipping_times"}),
    "customs_duty": frozenset({"customs_duty", "customs", "duties", "taxes"}),
}
COMMAS = {"ar": "، ", "ja": "、", "zh": "、"}  # no "and" before the last, which some languages write into the word
EU = "EU"  # as CLDR writes it
_EU = re.compile(
    r"(?<!\w)(?:EU|UE|ЕС|ЄС)(?!\w)|EU(?=[^\W\da-zA-Z])|欧盟|歐盟|欧州連合|유럽 ?연합|الاتحاد الأوروبي|האיחוד האירופי"
    r"|यूरोपीय संघ|Uni Eropa|Liên minh châu Âu|สหภาพยุโรป|Avrupa Birliği"
)


def from_help_pages(ask: Ask) -> Draft:
    """What a help page says to the question, or that the data do not say."""
    passages = answering(ask)
    return quoted(ask, passages) if passages else ask.not_known()


def answering(ask: Ask) -> list[Passage]:
    """The passages of one help page that answer the question, best first; empty where none is near enough to it. Of a
    page that tells countries apart, the passage that tells of the country that is meant."""
    again = _of_last_page(ask)
    if again:
        return again
    vector, intents = ask.query.text_vector, ask.query.intents
    if vector is None or intents is None:
        return []
    intent = np.asarray(intents @ ask.shop.typical, dtype=np.float32)
    article = _page(ask, vector, intents, intent)
    if article is None:
        return []
    near = _near(ask, article, vector + TOWARD_PASSAGE * intent)
    ranked = sorted(near, key=near.__getitem__, reverse=True)
    of_country = _of_country(ask, ranked, _wanted(ask))
    if of_country:
        return [of_country]
    least = near[ranked[0]] - SECOND * float(np.std([*near.values()])) if ranked else 0.0
    return sorted((found for found in ranked[:MOST_PASSAGES] if near[found] >= least), key=[*near].index)


def _page(ask: Ask, vector: F32, intents: F32, intent: F32) -> Article | None:
    """The help page that answers the question, if one does. One whose topic is that of the intent is preferred; where
    the intent has a topic that no page is of, no page answers for the intent's sake."""
    leaning = vector + TOWARD_PAGE * intent
    leaning /= np.linalg.norm(leaning)
    search = ask.shop.search
    hits = search.find(Find(text_vector=leaning, language=ask.language, kinds=frozenset({"article"})), top=LOOKED_AT)
    topics = _topics(ask.shop.store, ask.shop.store.generation()[1])
    likely = {name: float(sum(intents[INTENTS.index(of)] for of in topics.get(name, ()))) for name in topics}
    scores = {
        name: cosine + TOPICAL * likely.get(name, 0.0)
        for name in {*(hit.record for hit in hits), *(name for name, chance in likely.items() if chance >= SURE)}
        if (cosine := search.similarity(leaning, name)) is not None
    }
    best_one = max(scores, key=scores.__getitem__, default=None)
    covered = not topics or ask.query.intent not in TOPICS or any(ask.query.intent in of for of in topics.values())
    if best_one is None or not is_answer(ask, best_one, intent if covered else None):
        return None
    return version(ask, best_one)


def _near(ask: Ask, article: Article, toward: F32) -> dict[Passage, float]:
    """The article's passages in its order, each by how near it is."""
    vectors = {found: ask.shop.search.passage_vector(found.id) for found in _passages(article)}
    return {found: float(vector @ toward) for found, vector in vectors.items() if vector is not None}


@lru_cache(maxsize=8)
def _topics(store: Store, _generation: int) -> dict[str, frozenset[Intent]]:
    """The intents that each article's topic is about; without those whose topic tells none."""
    found: dict[str, frozenset[Intent]] = {}
    for article in store.all_articles():
        topic = re.sub(r"\W+|_+", "_", (article.topic or "").casefold()).strip("_")
        about = frozenset(intent for intent, topics in TOPICS.items() if topic in topics)
        if about:
            found[article.id] = about
    return found


def _of_last_page(ask: Ask) -> list[Passage]:
    """For a message that names a country and little else: what the page quoted before says of that country."""
    named = ask.query.entities.countries
    if not named or not ask.topic.page or ask.query.intent != ask.topic.intent or not short(ask.query.text):
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
    languages = ask.shop.store.article_languages(name)
    language = best(ask.language, languages) or best("en", languages) or next(iter(languages), None)
    return ask.shop.store.article(name, language) if language else None


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
    if article is None:  # retired since the index was built
        return ask.not_known()
    quote = "\n".join(passage.text for passage in passages)
    cited = citations.of_article(article, quote)
    texts = [passage.text for passage in passages]
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
