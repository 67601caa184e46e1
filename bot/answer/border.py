"""What is asked at a border, in sentences: by a country's row, and of one order as far as it can be computed."""

from __future__ import annotations

from datetime import date

from bot.answer import citations
from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.answer.orders import shipment_of
from bot.answer.ownership import speaking_of
from bot.messages import LookedUp
from bot.phrasebook import country, day, money, percent
from knowledge.logistics.duties import Basket, DutyAssessment, Goods, Money, assess
from knowledge.logistics.lanes import told
from knowledge.records import Duty, Order, Shipment


def rules(ask: Ask, duty: Duty) -> list[str]:
    """A country's row."""
    language = ask.language
    where = country(duty.country, language)
    vat = ask.say("customs.vat", country=where, percent=percent(duty.vat_percent, language))
    threshold = ask.say("customs.de_minimis", amount=money(duty.de_minimis, duty.currency, language))
    return [
        vat if duty.vat_percent else ask.say("customs.no_vat", country=where),
        threshold if duty.de_minimis else ask.say("customs.no_de_minimis"),
        *_rule(ask, duty),
    ]


def _rule(ask: Ask, duty: Duty) -> list[str]:
    """The rule itself, from when it holds, and its source."""
    return [
        ask.say("customs.rule", rule=duty.rule),
        ask.say("customs.source", date=day(duty.valid_from, ask.language), source=duty.source),
    ]


def duties_on(ask: Ask, order: Order) -> Draft | None:
    """What an order whose owner asks is charged at the border and who pays it: an estimate where the amounts can be
    computed, else the country's rule. None where the records don't say where its parcel goes, or nothing of it."""
    shipment = shipment_of(ask, order)
    if shipment is None or not shipment.destination:
        return None
    on = _day_of_import(ask, shipment)
    duty = ask.shop.store.duty(shipment.destination, on)
    basket = Basket(
        lines=tuple(Goods(quantity=line.quantity, unit_price=line.unit_price) for line in order.lines),
        currency=order.currency,
        destination=shipment.destination,
        origins=frozenset({shipment.origin} if shipment.origin else ()),
    )
    try:
        assessed = assess(duty, basket, shipment.incoterm, on)
    except ValueError:  # a discount among the lines, or no amount at all
        return None
    said = [Sentence(text, (order.id, shipment.id)) for text in _who_pays(ask, order, shipment, assessed)]
    cited = [citations.of_order(order), citations.of_shipment(shipment)]
    # What the shop pays itself, or nobody does, needs no figures.
    if duty and assessed.is_import is not False and assessed.payer != "seller":
        estimated = assessed.duty.money is not None
        row = citations.of_duty(duty, *([_quote(assessed)] if estimated else []))
        evidence = (order.id, row.id) if estimated else (row.id,)
        lines = _estimate(ask, order, duty, assessed) if estimated else rules(ask, duty)
        said += [Sentence(text, evidence) for text in lines]
        cited.append(row)
    if not said:
        return None
    ask.tell(LookedUp("find_shipment", {"order": order.id}, (shipment.id,)))
    topic = speaking_of(ask, order).topic
    return Draft("customs_duty", topic, tuple(said), tuple(cited), confidence=ask.query.confidence)


def _day_of_import(ask: Ask, shipment: Shipment) -> date:
    """The day that it came, or today."""
    events = told(shipment)
    return events[-1].time.date() if events and events[-1].status == "Delivered" else ask.today


def _who_pays(ask: Ask, order: Order, shipment: Shipment, assessed: DutyAssessment) -> list[str]:
    if assessed.is_import is False:
        return [ask.say("customs.no_border", order=order.id)]
    if assessed.payer is None:
        return []
    return [ask.say(f"customs.pays_{assessed.payer}", order=order.id, incoterm=shipment.incoterm or "")]


def _estimate(ask: Ask, order: Order, duty: Duty, assessed: DutyAssessment) -> list[str]:
    """The amounts, by which rule, and that the one of VAT is not known."""
    lines = [ask.say("customs.estimate", order=order.id, amount=_money(ask, assessed.goods))]
    if assessed.duty.money:
        lines.append(ask.say("customs.estimate_duty", amount=_money(ask, assessed.duty.money)))
    rate = percent(duty.vat_percent, ask.language)
    if assessed.vat.at_checkout:
        lines.append(ask.say("customs.vat_at_checkout"))
    elif not duty.vat_percent:
        lines.append(ask.say("customs.no_vat", country=country(duty.country, ask.language)))
    elif assessed.vat.money is None:
        lines.append(ask.say("customs.vat_unknown", percent=rate))
    else:
        lines.append(ask.say("customs.estimate_vat", amount=_money(ask, assessed.vat.money)))
        if assessed.total:
            lines.append(ask.say("customs.estimate_total", amount=_money(ask, assessed.total)))
    return lines + _rule(ask, duty)


def _quote(assessed: DutyAssessment) -> str:
    """The amounts that were computed, for the row's quote."""
    parts = {
        "goods": assessed.goods,
        "duty": assessed.duty.money,
        "VAT": assessed.vat.money,
        "together": assessed.total,
    }
    known = [f"{name} {amount.amount} {amount.currency}" for name, amount in parts.items() if amount]
    return f"estimate on {assessed.on.isoformat()}: {', '.join(known)}"


def _money(ask: Ask, amount: Money) -> str:
    return money(amount.amount, amount.currency, ask.language)
