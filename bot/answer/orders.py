"""Where an order is, for its owner alone."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

import msgspec

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.messages import LookedUp, Needs
from bot.phrasebook import day, moment
from knowledge.records import Order, Shipment
from knowledge.store import shape_of

# Wrong proofs in one conversation before no further one is looked at.
MOST_PROOFS = 5
# Numbers that are kept while their proof is waited for.
MOST_ASKED = 3


def track(ask: Ask) -> Draft:
    """The state of the order that is meant, or a request for proof of who asks.

    The request is the same whether the order is another's or does not exist.
    """
    if _names_order(ask) or _proves(ask):
        return _named(ask)
    if ask.topic.order:
        order = ask.shop.store.order(ask.topic.order)
        if order and _owns(ask, order):
            return _told(ask, order)
    if ask.message.customer is None:
        return _proof(ask, asked=())
    orders = ask.shop.store.orders_of(ask.message.customer)
    ask.tell(LookedUp("find_order", {"customer": "me"}, tuple(order.id for order in orders)))
    if not orders:
        return ask.plain(ask.say("order.none"), intent="track_order")
    open_ones = [order for order in orders if _is_open(_shipment(ask, order))]
    return _told(ask, (open_ones or orders)[0])


def about_own_order(ask: Ask) -> bool:
    """Whether the message speaks of an order by its number, or proves whose it is."""
    return _names_order(ask) or _proves(ask)


_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
# With these, any long number is taken for that of an order.
_ABOUT_ORDERS = frozenset({"track_order", "cancel_order", "change_address", "other", "invoice"})


def _names_order(ask: Ask) -> bool:
    """Decided by what the codes look like, never by whether there is such an order: the reply must not tell."""
    shapes = ask.shop.store.shapes()
    for code in ask.query.entities.codes:
        if ask.known.get(code, ("", ""))[0] == "product" or _DATE.fullmatch(code):
            continue
        shape = shape_of(code)
        if shape in shapes and not shape.isdigit():
            return True
        if ask.query.intent in _ABOUT_ORDERS and (shape in shapes or sum(map(str.isdigit, code)) >= 4):
            return True
    return False


def _proves(ask: Ask) -> bool:
    return bool(ask.query.entities.emails and ask.topic.asked)


def _named(ask: Ask) -> Draft:
    codes = ask.query.entities.codes
    if ask.query.entities.emails:
        # One address proves one order, so that nobody tries many numbers at once. The message may hold other numbers.
        likely = [code for code in codes if shape_of(code) in ask.shop.store.shapes()]
        codes = tuple((likely or [*ask.topic.asked, *codes])[:1])
    known = ask.shop.store.known(codes)
    orders = [order for kind, name in known.values() if (order := _order_of(ask, kind, name))]
    proven = tuple(order.id for order in orders if _proven_now(ask, order))
    topic = ask.topic
    if ask.query.entities.emails and not proven:
        topic = msgspec.structs.replace(topic, failed_proofs=topic.failed_proofs + 1)
    topic = msgspec.structs.replace(topic, proven=tuple(dict.fromkeys((*topic.proven, *proven))))
    ask = replace(ask, topic=topic)
    owned = [order for order in orders if _owns(ask, order)]
    ask.tell(LookedUp("find_order", {"order": ", ".join(codes)}, tuple(order.id for order in owned)))
    return _told(ask, owned[0]) if owned else _proof(ask, asked=tuple(codes))


def _order_of(ask: Ask, kind: str, name: str) -> Order | None:
    if kind == "order":
        return ask.shop.store.order(name)
    return next(iter(ask.shop.store.orders_shipped(name)), None) if kind == "shipment" else None


def _proven_now(ask: Ask, order: Order) -> bool:
    """Whether the first e-mail address of the message is that of the order, compared in constant time."""
    if ask.topic.failed_proofs >= MOST_PROOFS or not order.email or not ask.query.entities.emails:
        return False
    right = order.email.casefold().encode()
    return hmac.compare_digest(ask.query.entities.emails[0].casefold().encode(), right)


def _owns(ask: Ask, order: Order) -> bool:
    return order.id in ask.topic.proven or (
        ask.message.customer is not None and hmac.compare_digest(ask.message.customer.encode(), order.customer.encode())
    )


def _proof(ask: Ask, asked: tuple[str, ...]) -> Draft:
    topic = msgspec.structs.replace(ask.topic, asked=(asked or ask.topic.asked)[:MOST_ASKED])
    return ask.plain(ask.say("proof"), intent="track_order", needs=Needs("proof"), topic=topic)


def _shipment(ask: Ask, order: Order) -> Shipment | None:
    return ask.shop.store.shipment(order.shipment) if order.shipment else None


def _is_open(shipment: Shipment | None) -> bool:
    return shipment is not None and not (shipment.events and shipment.events[-1].status == "Delivered")


def _told(ask: Ask, order: Order) -> Draft:
    """All that is known about an order whose owner asks."""
    products = {product.sku: product for product in ask.shop.store.products([line.sku for line in order.lines])}
    items = [
        (f"{line.quantity} × " if line.quantity > 1 else "")
        + (products[line.sku].title_in(ask.language) if line.sku in products else line.sku)
        for line in order.lines
    ]
    about = citations.of_order(order)
    goods = [citations.of_product(product, ask.language) for product in products.values()]
    named = (about.id, *(citation.id for citation in goods))
    placed = day(order.placed_at, ask.language)
    sentences = [
        Sentence(ask.say("order.head", order=order.id, date=placed, items=", ".join(items)), named),
        Sentence(ask.say("order.status", status=order.status.rstrip(" .。")), (about.id,)),
    ]
    cited = [about, *goods]
    shipment = _shipment(ask, order)
    if shipment:
        ask.tell(LookedUp("find_shipment", {"order": order.id}, (shipment.id,)))
        cited.append(citations.of_shipment(shipment))
        sentences += [Sentence(text, (shipment.id,)) for text in _whereabouts(ask, shipment)]
    topic = msgspec.structs.replace(ask.topic, order=order.id, asked=())
    return Draft("track_order", topic, tuple(sentences), tuple(cited), confidence=ask.query.confidence)


def _whereabouts(ask: Ask, shipment: Shipment) -> list[str]:
    told = []
    if shipment.events:
        last = shipment.events[-1]
        told.append(ask.say(f"shipment.{last.status}", carrier=shipment.carrier))
        if last.customs:
            told.append(ask.say(f"shipment.{last.customs}"))
        if last.text:
            key = "shipment.latest_at" if last.location else "shipment.latest"
            when = moment(last.time, ask.language)
            told.append(ask.say(key, date=when, location=last.location, text=last.text.rstrip(" .。")))
    else:
        told.append(ask.say("order.unsent"))
    if shipment.promised_at and not (shipment.events and shipment.events[-1].status == "Delivered"):
        told.append(ask.say("shipment.promised", date=day(shipment.promised_at, ask.language)))
    if shipment.tracking_number:
        told.append(ask.say("shipment.number", number=shipment.tracking_number))
    return told
