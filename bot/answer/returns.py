"""Until when an order can be sent back, by the help page that promises it."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from bot.answer import citations
from bot.answer.articles import from_help_pages, quoted, version
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.figures import duration
from bot.answer.orders import shipment_of
from bot.answer.ownership import order_spoken_of, own_orders, speaking_of
from bot.answer.parcels import now_at
from bot.messages import Citation, LookedUp
from bot.phrasebook import day
from knowledge.logistics.lanes import told
from knowledge.logistics.parcels import Returns, order_facts
from knowledge.passages import of_article
from knowledge.records import Article, Order, Passage, Shipment
from knowledge.store import Store


def sending_back(ask: Ask) -> Draft:
    """For a message that names no order: of the one spoken of, or the last that came and can go back; else the help
    page alone."""
    order = order_spoken_of(ask)
    if order is None:
        order = next((order for order in own_orders(ask) if _is_open(_window(ask, order)[1])), None)
    return sent_back(ask, order) if order else from_help_pages(ask)


def sent_back(ask: Ask, order: Order) -> Draft:
    """The return window of an order whose owner asks, and what the help page says to the question."""
    shipment, window = _window(ask, order)
    page = version(ask, window.article) if window else None
    if window is None or page is None:
        return msgspec.structs.replace(from_help_pages(speaking_of(ask, order)), intent="return_refund")
    passage = _passage(page, window.days)
    draft = _answer(ask, page, passage)
    text, computed = _told(ask, order, shipment, window)
    records = [citations.of_order(order, computed)]
    if shipment:
        ask.tell(LookedUp("find_shipment", {"order": order.id}, (shipment.id,)))
        records.append(citations.of_shipment(shipment))
    cited = _together(citations.of_article(page, passage.text), draft.citations)
    sentence = Sentence(text, (*(record.id for record in records), page.id))
    return Draft(
        "return_refund",
        speaking_of(ask, order).topic,
        (sentence, *draft.sentences),
        (*records, *cited),
        confidence=ask.query.confidence,
    )


def _answer(ask: Ask, page: Article, passage: Passage) -> Draft:
    """What the page says to the question; `passage` where it is none, but the proof that was asked for, or where
    another page seems nearer to it, for the number of the order and not for what is asked."""
    if ask.query.intent == "return_refund":
        draft = from_help_pages(ask)
        if page.id in {citation.id for citation in draft.citations}:
            return draft
    return quoted(ask, [passage])


def _window(ask: Ask, order: Order) -> tuple[Shipment | None, Returns | None]:
    shipment = shipment_of(ask, order)
    store = ask.shop.store
    pages = _pages(store, store.generation()[1])
    return shipment, order_facts(order, shipment, pages, now_at(shipment.events if shipment else ())).returns


def _is_open(window: Returns | None) -> bool:
    return window is not None and window.left is not None and window.left >= 0


@lru_cache(maxsize=8)
def _pages(store: Store, _generation: int) -> tuple[Article, ...]:
    """The pages that promise a time for returns, read again when articles have changed."""
    return tuple(article for article in store.all_articles() if article.return_days is not None)


def _passage(page: Article, promised: int) -> Passage:
    """The first passage of the page that names the number of days, else its first."""
    passages = of_article(page)
    naming = re.compile(rf"(?<!\d){promised}(?!\d)")
    return next((passage for passage in passages if naming.search(passage.text)), passages[0])


def _told(ask: Ask, order: Order, shipment: Shipment | None, window: Returns) -> tuple[str, str]:
    """The sentence, and what of it was computed, for the quote."""
    events = told(shipment) if shipment else []
    if window.until is None or window.left is None or not events:
        text = ask.say("order.return_from_delivery", order=order.id, time=duration(window.days, "day", ask.language))
        return text, f"return within {window.days} days of delivery"
    said = {
        "order": order.id,
        "date": day(events[-1].time, ask.language),
        "until": day(window.until, ask.language),
    }
    computed = f"return until {window.until.isoformat()}, {window.days} days from delivery"
    if window.left < 0:
        return ask.say("order.return_over", **said), computed
    if window.left == 0:
        return ask.say("order.return_today", **said), computed
    text = ask.say("order.return_until", **said, time=duration(window.left, "day", ask.language))
    return text, f"{computed}, {window.left} days left"


def _together(page: Citation, others: tuple[Citation, ...]) -> list[Citation]:
    """The page once, with whatever of it is repeated, and what else is cited."""
    quotes = dict.fromkeys((page.quote, *(other.quote for other in others if other.id == page.id)))
    whole = msgspec.structs.replace(page, quote="\n".join(quotes))
    return [whole, *(other for other in others if other.id != page.id)]
