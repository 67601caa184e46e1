"""Query and records → a Draft, and the check that it has to pass."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from bot.answer.articles import from_help_pages
from bot.answer.attributes import asks_for_field, coming, fact_of, question
from bot.answer.changes import change, changed
from bot.answer.check import Spoken, unsupported
from bot.answer.comparing import compared
from bot.answer.context import Ask
from bot.answer.customs import duties
from bot.answer.doubts import doubted
from bot.answer.draft import Draft
from bot.answer.handoffs import alarmed, counted, soothed
from bot.answer.meant import firsts, meant, named, pointed_out
from bot.answer.naming import kinds_named
from bot.answer.orders import state_of, track
from bot.answer.ownership import (
    ABOUT_OWN_ORDER,
    about_own_order,
    named_order,
    order_spoken_of,
    proof,
    proves,
    wanted,
    with_given,
)
from bot.answer.products import availability, search
from bot.answer.recommending import recommended, with_others
from bot.answer.rejecting import rejected, with_seen
from bot.answer.resuming import left_open, resumed
from bot.answer.returns import sending_back, sent_back
from bot.answer.together import again, each, price_and_time, together
from bot.intents import INTENTS
from bot.messages import Handoff, Intent, Needs
from bot.understand import short


def checked(ask: Ask, draft: Draft) -> tuple[Draft, tuple[str, ...]]:
    """The draft where its evidence states all it says; else a reply that the data do not tell, and what was wrong."""
    wrong = unsupported(draft, ask.shop.name, spoken(ask))
    return (ask.not_known(), wrong) if wrong else (draft, ())


def spoken(ask: Ask) -> Spoken:
    """What the reply may be written with."""
    places = frozenset((*ask.query.entities.countries, *([ask.topic.country] if ask.topic.country else ())))
    return Spoken(ask.language, ask.shop.phrases, places)


def plan(ask: Ask) -> Draft:
    """What to reply, by what the message says and what came of those before it."""
    if ask.query.alarm in ("safety", "medical", "legal"):
        return alarmed(ask, ask.query.alarm)
    ask = resumed(ask)
    draft = rejected(ask) or with_seen(ask, doubted(ask, left_open(ask, _planned(ask))))
    return counted(ask, soothed(ask, draft) if ask.query.alarm == "anger" else draft)


def _planned(ask: Ask) -> Draft:
    query = ask.query
    if query.unheard and not query.text and query.photo_vectors is None:
        return ask.plain(ask.say("unheard"), intent="other", needs=Needs("speech"))
    if query.parts and not proves(ask):
        if {part.intent for part in query.parts} <= ONE_WISH:  # "I need a present. What would you recommend?"
            return _of_one_wish(replace(ask, query=replace(query, intent="recommend", parts=())))
        return each(ask, _of_one_wish)
    if several := again(ask):
        return together([_of_one_wish(one) for one in several])
    if both := price_and_time(ask):
        return each(replace(ask, query=replace(query, parts=tuple(both))), _of_one_wish)
    return _of_one_wish(replace(ask, topic=msgspec.structs.replace(ask.topic, together=())))


def _of_one_wish(ask: Ask) -> Draft:
    ask = with_given(ask)
    # A number of an order on the table says more than how the sentence around it is worded.
    if about_own_order(ask):
        return _of_named_order(ask)
    ask = _about_what_is_sold(ask)
    if both := compared(ask):
        return both
    query = ask.query
    match query.intent:
        case "greeting":
            return _greeting(ask)
        case "thanks" | "goodbye":
            return ask.plain(ask.say(query.intent))
        case "human":
            return ask.plain(ask.say("human"), handoff=Handoff("requested"))
        case "other":
            return ask.not_known(ask.say("other"))
        case "track_order" | "delivery_time" if not ask.topic.order and (draft := coming(ask)):
            return draft
        case "track_order":
            return track(ask)
        case "delivery_time" if ask.topic.order and not query.entities.countries:
            return track(ask)  # when will it be here
        case "cancel_order" | "change_address" if query.confidence >= CERTAIN_OF_CHANGE:
            return change(ask, query.intent)
        case "return_refund":
            return sending_back(ask)
        case "customs_duty":
            return duties(ask)
        case "product_search" | "recommend" | "compare":
            suggested = recommended(ask)
            if suggested:
                return suggested
            draft = search(ask)
            # "and what does it go for": nothing new is looked for, but what the conversation is about.
            return question(ask) if draft.handoff and ask.topic.products and fact_of(ask) else with_others(ask, draft)
        case "availability":
            return with_others(ask, availability(ask))
        case "product_question":
            draft = recommended(ask) or question(ask)
            # "do you have this one here" asks for stock, and no record says it in so many words.
            return availability(ask) if draft.handoff and _may_be(ask, "availability") else draft
        case _:
            return from_help_pages(_speaking_of_what_is_named(ask))


def _speaking_of_what_is_named(ask: Ask) -> Ask:
    """The turn about the product that the message names beside what it asks of the shop, so that "it" is that next."""
    about = firsts(meant(ask)) if kinds_named(ask) and named(ask) else []
    if len(about) != 1:
        return ask
    return replace(ask, topic=msgspec.structs.replace(ask.topic, products=(about[0].sku,)))


def _of_named_order(ask: Ask) -> Draft:
    """What the message wants of the order that it names, for its owner; for all others the request for proof."""
    what = wanted(ask)
    ask, order = named_order(ask)
    if order is None:
        return msgspec.structs.replace(proof(ask), intent=what)
    match what:
        case "cancel_order" | "change_address":
            return changed(ask, order, what)
        case "return_refund":
            return sent_back(ask, order)
        case "customs_duty":
            return duties(ask, order)
        case _:
            return state_of(ask, order)


# An intent that is less sure than this gives way to what the message names.
CERTAIN = 0.6
# Below this a wish to change an order that is not named is a guess.
CERTAIN_OF_CHANGE = 0.5
ONE_WISH: frozenset[Intent] = frozenset({"product_search", "recommend"})
# From here on an intent that is not the likeliest is tried where that one finds nothing.
LIKELY = 0.15
# What a shop's help pages tell of, and what the price of a thing may sound like.
ABOUT_PAGES: frozenset[Intent] = frozenset({"shipping_cost", "delivery_time", "payment", "promotion", "invoice"})
ABOUT_PRODUCTS: tuple[Intent, ...] = ("product_search", "product_question", "availability")


def _about_what_is_sold(ask: Ask) -> Ask:
    """Where the intent is a guess, and the message names something that is sold here or asks what is known of the
    product that the conversation is about, that is what it is about."""
    chances, query = ask.query.intents, ask.query
    if chances is None:
        return ask
    if query.intent not in ("availability", *ABOUT_OWN_ORDER) and pointed_out(ask):
        return replace(ask, query=replace(query, intent="product_question"))
    if query.intent in ABOUT_PAGES and kinds_named(ask) and named(ask):
        about = meant(ask)
        if about and asks_for_field(ask, about[0]):
            return replace(ask, query=replace(query, intent="product_question"))
    if query.confidence >= CERTAIN or query.intent in (*ABOUT_PRODUCTS, ask.topic.intent):
        return ask
    if not named(ask):
        if ask.topic.products and fact_of(ask):
            return replace(ask, query=replace(query, intent="product_question"))
        # "is there a number for it?": all that can be told of an order is told with where it is.
        its_order = query.intent not in ABOUT_OWN_ORDER and short(query.text) and order_spoken_of(ask)
        return replace(ask, query=replace(query, intent="track_order")) if its_order else ask
    likeliest = max(ABOUT_PRODUCTS, key=lambda intent: chances[INTENTS.index(intent)])
    return replace(ask, query=replace(query, intent=likeliest))


def _may_be(ask: Ask, intent: Intent) -> bool:
    return ask.query.intents is not None and ask.query.intents[INTENTS.index(intent)] >= LIKELY


def _greeting(ask: Ask) -> Draft:
    suggestions = tuple(ask.say(f"suggest.{name}") for name in ("track_order", "delivery_time", "customs_duty"))
    return ask.plain(ask.say("greeting", shop=ask.shop.name), suggestions=suggestions)
