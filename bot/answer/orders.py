"""Where an order is, for its owner alone."""

from __future__ import annotations

from bot.answer import citations, parcels
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.naming import kinds_named, kinds_of
from bot.answer.ownership import own_orders, owns, proof, speaking_of
from bot.dates import dates, of_those_days
from bot.goods import chain
from bot.messages import LookedUp
from bot.phrasebook import day
from knowledge.logistics.lanes import told
from knowledge.records import Order, Shipment


def track(ask: Ask) -> Draft:
    """The state of the order that is meant, or a request for proof of who asks."""
    order = ask.shop.store.order(ask.topic.order) if ask.topic.order else None
    spoken_of = order if order and owns(ask, order) else None
    if ask.message.customer is None:
        return state_of(ask, spoken_of) if spoken_of else proof(ask)
    days, goods = dates(ask.query.text, ask.language, ask.today), kinds_named(ask)
    if spoken_of and not days and not goods:
        return state_of(ask, spoken_of)
    orders = own_orders(ask)
    of_them = of_those_days(orders, days, ask.shop.zone) if days else _with(ask, orders, goods)
    if of_them or spoken_of:
        return state_of(ask, newest_open(ask, of_them) or next(iter(of_them), None) or spoken_of or orders[0])
    if not orders:
        return ask.plain(ask.say("order.none"), intent="track_order")
    return state_of(ask, newest_open(ask, orders) or orders[0])


def _with(ask: Ask, orders: list[Order], goods: frozenset[str]) -> list[Order]:
    """The orders of a thing of one of these kinds: "where's my tent?"."""
    found = []
    for order in orders if goods else ():
        bought = ask.products([line.sku for line in order.lines])
        if any(one in chain(kind) for product in bought for kind in kinds_of(ask, product) for one in goods):
            found.append(order)
    return found


def newest_open(ask: Ask, orders: list[Order]) -> Order | None:
    """The first whose parcel has not arrived."""
    return next((order for order in orders if _is_open(shipment_of(ask, order))), None)


def shipment_of(ask: Ask, order: Order) -> Shipment | None:
    """The parcel that an order travels in."""
    return ask.shop.store.shipment(order.shipment) if order.shipment else None


def _is_open(shipment: Shipment | None) -> bool:
    events = told(shipment) if shipment else []
    return shipment is not None and not (events and events[-1].status == "Delivered")


def state_of(ask: Ask, order: Order) -> Draft:
    """All that is known about an order whose owner asks."""
    products = {product.sku: product for product in ask.products([line.sku for line in order.lines])}
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
    suggestions: tuple[str, ...] = ()
    shipment = shipment_of(ask, order)
    if shipment:
        ask.tell(LookedUp("find_shipment", {"order": order.id}, (shipment.id,)))
        parcel = parcels.of(ask, shipment)
        cited.append(parcel.citation)
        sentences += parcel.sentences
        if parcel.person:
            sentences.append(Sentence(ask.say("order.look_into")))
            suggestions = (ask.say("suggest.human"),)
    topic = speaking_of(ask, order).topic
    return Draft(
        "track_order",
        topic,
        tuple(sentences),
        tuple(cited),
        suggestions=suggestions,
        confidence=ask.query.confidence,
    )
