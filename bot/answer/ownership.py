"""Whose order it is. An order's facts are for its owner alone; nobody else learns so much as whether there is one."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

import msgspec

from bot.answer import proofs
from bot.answer.context import Ask
from bot.answer.draft import Draft
from bot.conversations import Given
from bot.messages import Intent, LookedUp, Needs
from bot.understand import short
from knowledge.identifiers import normal_identifier
from knowledge.records import Order
from knowledge.store import shape_of

# Wrong proofs in one conversation before no further one is looked at.
MOST_PROOFS = 5
# Wrong proofs for one order within a day, in all conversations together, before no further one is looked at.
MOST_TRIES = 10
# Numbers that are kept while their proof is waited for.
MOST_ASKED = 3

# What can be wanted of one's own order; all else about it is taken for "where is it?".
OF_AN_ORDER: frozenset[Intent] = frozenset({"cancel_order", "change_address", "return_refund", "customs_duty"})
ABOUT_OWN_ORDER: frozenset[Intent] = OF_AN_ORDER | {"track_order"}
# A message that names an order and is less sure than this to want one of them is taken to ask where it is.
SURE_OF_WISH = 0.6
# The words around a proof ("my postcode is") sound like a wish to change it; what was asked for before is surer.
SURE_BESIDE_PROOF = 0.95
# A message that is so sure to be about products is no proof, though it may hold a number.
SURE_OF_ANOTHER = 0.6
# After one of these the conversation is no longer about the order that was spoken of before.
_ABOUT_PRODUCTS: frozenset[Intent] = frozenset(
    {"product_search", "product_question", "availability", "compare", "recommend"}
)
# With these, any long number is taken for that of an order.
_ABOUT_ORDERS: frozenset[Intent] = frozenset({"track_order", "cancel_order", "change_address", "other", "invoice"})
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")


def about_own_order(ask: Ask) -> bool:
    """Whether the message speaks of an order by its number, or proves whose it is."""
    return _names_order(ask) or proves(ask)


def with_given(ask: Ask) -> Ask:
    """The turn, remembering what the message gives as proof, for an order whose number may come later."""
    if not ask.query.entities.emails and ask.query.intent not in _ABOUT_ORDERS | OF_AN_ORDER:
        return ask
    given = proofs.together(ask.topic.given, _given(ask))
    return replace(ask, topic=msgspec.structs.replace(ask.topic, given=given))


def wanted(ask: Ask) -> Intent:
    """What the message wants of the order that it names. A proof that was asked for goes on with what it was for."""
    intent, before = ask.query.intent, ask.topic.intent
    if proves(ask) and before in ABOUT_OWN_ORDER:
        another = intent in OF_AN_ORDER - {"change_address"} and ask.query.confidence >= SURE_BESIDE_PROOF
        return intent if another else before
    return intent if intent in OF_AN_ORDER and ask.query.confidence >= SURE_OF_WISH else "track_order"


def named_order(ask: Ask) -> tuple[Ask, Order | None]:
    """The order that the message names where it is the asker's own, and the turn with what was proven or asked."""
    codes = _numbers(ask)
    given = proofs.together(ask.topic.given, _given(ask))
    if any(given.all):
        # What is given is held against one order, so that nobody tries many numbers at once.
        codes = codes[:1]
    known = ask.shop.store.known(codes)
    orders = {code: _order_of(ask, *known[code]) for code in codes if code in known}
    ask = replace(ask, topic=msgspec.structs.replace(ask.topic, given=given))
    if codes and any(given.all):
        ask = _tried(ask, codes[0], orders.get(codes[0]))
    owned = [order for order in orders.values() if order and owns(ask, order)]
    ask.tell(LookedUp("find_order", {"order": ", ".join(codes)}, tuple(order.id for order in owned)))
    if owned:
        return speaking_of(ask, owned[0]), owned[0]
    asked = codes[:MOST_ASKED]
    return replace(ask, topic=msgspec.structs.replace(ask.topic, asked=asked)), None


def _numbers(ask: Ask) -> tuple[str, ...]:
    """What the message gives as an order's number, else the numbers that proof was asked for."""
    codes = ask.query.entities.codes
    likely = tuple(code for code in codes if shape_of(code) in ask.shop.store.shapes())
    if likely:
        return likely
    return ask.topic.asked if ask.topic.asked and any(_given(ask).all) else codes or ask.topic.asked


def _given(ask: Ask) -> Given:
    """What the message itself holds that may be a proof."""
    codes = ask.query.entities.codes
    likely = next((code for code in codes if shape_of(code) in ask.shop.store.shapes()), None)
    number = likely or (None if ask.topic.asked else next(iter(codes), None))
    return proofs.given(ask.query.text, ask.query.entities.emails, number)


def _tried(ask: Ask, code: str, order: Order | None) -> Ask:
    """The turn, after what was given was held against the order of this number, if there is one."""
    if order and owns(ask, order):
        return ask
    topic, key = ask.topic, order.id if order else normal_identifier(code)
    looked_at = topic.failed_proofs < MOST_PROOFS and ask.tries.tries(key) < MOST_TRIES
    if proofs.prove(topic.given, order) and looked_at and order:
        return replace(ask, topic=msgspec.structs.replace(topic, proven=(*topic.proven, order.id)))
    ask.tries.tried(key)
    return replace(ask, topic=msgspec.structs.replace(topic, failed_proofs=topic.failed_proofs + 1))


def order_spoken_of(ask: Ask) -> Order | None:
    """The order that the conversation is about, where it is the asker's own."""
    if not ask.topic.order or ask.topic.intent in _ABOUT_PRODUCTS:
        return None
    order = ask.shop.store.order(ask.topic.order)
    return order if order and owns(ask, order) else None


def own_orders(ask: Ask) -> list[Order]:
    """The orders of whoever is signed in, newest first."""
    if ask.message.customer is None:
        return []
    orders = ask.shop.store.orders_of(ask.message.customer)
    ask.tell(LookedUp("find_order", {"customer": "me"}, tuple(order.id for order in orders)))
    return orders


def speaking_of(ask: Ask, order: Order) -> Ask:
    """The turn, with the conversation about this order."""
    return replace(ask, topic=msgspec.structs.replace(ask.topic, order=order.id, asked=()))


def owns(ask: Ask, order: Order) -> bool:
    """Whether it is the order of who is signed in, or was proven to be in this conversation."""
    return order.id in ask.topic.proven or (
        ask.message.customer is not None and hmac.compare_digest(ask.message.customer.encode(), order.customer.encode())
    )


def proof(ask: Ask) -> Draft:
    """The request for proof of who asks: the same whether the order is another's or does not exist."""
    return ask.plain(ask.say("proof"), intent=wanted(ask), needs=Needs("proof"))


def _names_order(ask: Ask) -> bool:
    """Decided by what the codes look like, never by whether there is such an order: the reply must not tell."""
    shapes, intent = ask.shop.store.shapes(), ask.query.intent
    for code in ask.query.entities.codes:
        if ask.known.get(code, ("", ""))[0] == "product" or _DATE.fullmatch(code):
            continue
        shape = shape_of(code)
        # A plain number may also be an amount or a year.
        if shape in shapes and (not shape.isdigit() or intent == "return_refund"):
            return True
        if intent in _ABOUT_ORDERS and (shape in shapes or sum(map(str.isdigit, code)) >= 4):
            return True
    return False


def proves(ask: Ask) -> bool:
    """Whether the message is the proof that was asked for, and not a new question with a number in it."""
    if not ask.topic.asked:
        return False
    given = _given(ask)
    if given.email:
        return True
    rest = ask.query.text
    for said in (*given.all, *ask.query.entities.codes):
        rest = rest.replace(said, " ") if said else rest
    about_another = ask.query.intent in _ABOUT_PRODUCTS and ask.query.confidence >= SURE_OF_ANOTHER
    return not about_another and (bool(given.phone) or (bool(given.postcode) and short(rest)))


def _order_of(ask: Ask, kind: str, name: str) -> Order | None:
    if kind == "order":
        return ask.shop.store.order(name)
    return next(iter(ask.shop.store.orders_shipped(name)), None) if kind == "shipment" else None
