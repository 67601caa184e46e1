"""Whether an order can still be cancelled or its address changed. Nothing is promised: that is for a person."""

from __future__ import annotations

from typing import Literal

import msgspec

from bot.answer import citations
from bot.answer.articles import answering, quoted
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.orders import newest_open, shipment_of
from bot.answer.ownership import order_spoken_of, own_orders, proof, speaking_of
from bot.answer.parcels import now_at
from bot.messages import Handoff, LookedUp, Needs
from bot.phrasebook import day
from knowledge.logistics.parcels import OrderFacts, order_facts
from knowledge.records import Order, Shipment

Change = Literal["cancel_order", "change_address"]
# What the phrases of each begin with.
_NAMES: dict[Change, str] = {"cancel_order": "order.cancel", "change_address": "order.address"}


def change(ask: Ask, what: Change) -> Draft:
    """For a message that names no order: of the one spoken of, or that can be meant; else the help page and proof."""
    order = order_spoken_of(ask)
    if order:
        return changed(ask, order, what)
    if ask.message.customer is None:
        return _without_order(ask)
    orders = own_orders(ask)
    if not orders:
        return ask.plain(ask.say("order.none"), intent=what)
    open_ones = (order for order in orders if _facts(ask, order)[1].cancellation == "maybe")
    return changed(ask, next(open_ones, None) or newest_open(ask, orders) or orders[0], what)


def changed(ask: Ask, order: Order, what: Change) -> Draft:
    """What the records say of a change of an order whose owner asks. Where it may be possible, a person takes over."""
    shipment, facts = _facts(ask, order)
    topic = speaking_of(ask, order).topic
    if facts.cancellation == "no" and shipment and facts.handed_over_at:
        date = day(facts.handed_over_at, ask.language)
        said = ask.say(f"{_NAMES[what]}_no", order=order.id, carrier=shipment.carrier, date=date)
        ask.tell(LookedUp("find_shipment", {"order": order.id}, (shipment.id,)))
        handed_over = f"handed over {facts.handed_over_at.isoformat()}"
        cited = (citations.of_order(order), citations.of_shipment(shipment, handed_over))
        more = ("suggest.return_refund", "suggest.human") if what == "cancel_order" else ("suggest.human",)
        return Draft(
            what,
            topic,
            (Sentence(said, (order.id, shipment.id)),),
            cited,
            suggestions=tuple(ask.say(name) for name in more),
            confidence=ask.query.confidence,
        )
    sentences: tuple[Sentence, ...]
    about, person = citations.of_order(order), Sentence(ask.say("human"))
    if facts.cancellation == "maybe":
        sentences = (
            Sentence(ask.say(f"{_NAMES[what]}_maybe", order=order.id), (order.id,)),
            Sentence(ask.say("order.status", status=order.status.rstrip(" .。")), (order.id,)),
            person,
        )
        handoff = Handoff("requested")
    else:
        sentences = (
            Sentence(ask.say("order.change_not_known", order=order.id), (order.id,), states=False),
            person,
        )
        handoff = Handoff("not_known")
    return Draft(what, topic, sentences, (about,), handoff=handoff, confidence=ask.query.confidence)


def _facts(ask: Ask, order: Order) -> tuple[Shipment | None, OrderFacts]:
    shipment = shipment_of(ask, order)
    now = now_at(shipment.events if shipment else ())
    return shipment, order_facts(order, shipment, (), now)


def _without_order(ask: Ask) -> Draft:
    """What a help page says of it, and the request for proof."""
    passages = answering(ask)
    draft, asking = quoted(ask, passages) if passages else proof(ask), proof(ask)
    if not draft.claims:
        return asking
    return msgspec.structs.replace(draft, sentences=(*draft.sentences, *asking.sentences), needs=Needs("proof"))
