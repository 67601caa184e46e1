"""Query and records → a Draft, and the check that it has to pass."""

from __future__ import annotations

from bot.answer.articles import from_help_pages
from bot.answer.attributes import question
from bot.answer.check import unsupported
from bot.answer.context import Ask
from bot.answer.customs import duties
from bot.answer.draft import Draft
from bot.answer.orders import about_own_order, track
from bot.answer.products import availability, search
from bot.messages import Handoff, Needs


def checked(ask: Ask, draft: Draft) -> tuple[Draft, tuple[str, ...]]:
    """The draft where its evidence states all it says; else a reply that the data do not tell, and what was wrong."""
    wrong = unsupported(draft)
    return (ask.not_known(), wrong) if wrong else (draft, ())


def plan(ask: Ask) -> Draft:
    """What to reply, by what the message wants."""
    query = ask.query
    if query.unheard and not query.text and query.photo_vectors is None:
        return ask.plain(ask.say("unheard"), intent="other", needs=Needs("speech"))
    # A number of an order on the table says more than how the sentence around it is worded.
    if about_own_order(ask):
        return track(ask)
    match query.intent:
        case "greeting":
            return _greeting(ask)
        case "thanks" | "goodbye":
            return ask.plain(ask.say(query.intent))
        case "human":
            return ask.plain(ask.say("human"), handoff=Handoff("requested"))
        case "other":
            return ask.not_known(ask.say("other"))
        case "track_order":
            return track(ask)
        case "customs_duty":
            return duties(ask)
        case "product_search" | "recommend" | "compare":
            return search(ask)
        case "availability":
            return availability(ask)
        case "product_question":
            return question(ask)
        case _:
            return from_help_pages(ask)


def _greeting(ask: Ask) -> Draft:
    suggestions = tuple(ask.say(f"suggest.{name}") for name in ("track_order", "delivery_time", "customs_duty"))
    return ask.plain(ask.say("greeting", shop=ask.shop.name), suggestions=suggestions)
