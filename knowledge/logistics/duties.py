"""What a basket costs at a country's border on a day, as far as the shop's row for that country can be computed.

Amounts are exact Decimals until each is rounded to its currency's minor units, half up. The value that is compared
with a threshold is the goods' without shipping; the base of VAT is goods, shipping and duty together (the EU's rule,
Directive 2006/112/EC articles 85 and 86, and that of most countries). Carriers' own fees for presenting a parcel are
in no row and in no amount. What can't be computed is None with the reason, and the rule is there to be quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal

import msgspec
from babel.numbers import get_currency_precision

from knowledge.logistics.duty_rules import Band, Form, Rule, read
from knowledge.records import Duty

Unknown = Literal[
    "no_row", "origin", "rule_not_read", "beyond_rule", "by_tariff_code", "tariff_codes", "currency", "shipping",
    "vat_below_threshold", "duty",
]  # fmt: skip

# The member states of the customs union of the EU (Regulation 952/2013 article 4), with Monaco, which belongs to
# France there. Their territories outside of it (the Canary Islands for VAT, Livigno, Büsingen) share their codes.
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
# Of the Incoterms of 2010 and 2020 and DDU before them, those by which the buyer pays at the border: all but DDP.
_BUYER_PAYS = frozenset({"CFR", "CIF", "CIP", "CPT", "DAP", "DAT", "DDU", "DPU", "EXW", "FAS", "FCA", "FOB"})
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_MOST = Decimal(10) ** 12


class Money(msgspec.Struct, frozen=True):
    """An amount in an ISO 4217 currency."""

    amount: Decimal
    currency: str


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a basket. `tariff_code` is its heading in the destination's tariff, where the shop knows it."""

    quantity: int
    unit_price: Decimal
    tariff_code: str | None = None


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """Goods for one parcel, in one currency.

    `origins` are the countries that it may be sent from, none where that is not known; `shipping` is what the
    customer pays for it, None where that is not known.
    """

    lines: tuple[Goods, ...]
    currency: str
    destination: str
    origins: frozenset[str]
    shipping: Decimal | None = None


class Rates(msgspec.Struct, frozen=True):
    """Exchange rates of a day: what one unit of the first currency is in the second."""

    on: date
    of: Mapping[tuple[str, str], Decimal]


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """How an amount came about: `percent` of `base`, or `each` times `count`; neither for nothing to pay."""

    form: Form | Literal["vat", "no_import"]
    percent: Decimal | None = None
    base: Money | None = None
    each: Money | None = None
    count: int | None = None


class Amount(msgspec.Struct, frozen=True):
    """Something to pay and how it was computed, or why it is not known; exactly one of `money` and `unknown`."""

    money: Money | None = None
    formula: Formula | None = None
    unknown: Unknown | None = None
    at_checkout: bool = False


class DutyAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a basket. `country` to `valid_to` are the row's, None without one that holds on the day.

    `is_import` is False where it crosses no customs border, None where that is not known. `below_threshold` tells
    whether the goods are worth no more than the row's de minimis amount (above 0), None where they can't be compared.
    `total` is duty and VAT; `on_delivery` what of it the customer pays when the parcel comes: nothing for DDP.
    `rates_on` is the day of the exchange rate, where one was used.
    """

    on: date
    goods: Money
    shipping: Money | None
    is_import: bool | None
    duty: Amount
    vat: Amount
    total: Money | None
    payer: Literal["seller", "customer"] | None
    on_delivery: Money | None
    country: str | None = None
    rule: str | None = None
    source: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    threshold: Money | None = None
    below_threshold: bool | None = None
    rates_on: date | None = None


class _Values(msgspec.Struct, frozen=True):
    """A basket's exact values in one currency; `compares` is False where that is not the row's."""

    goods: Decimal
    shipping: Decimal | None
    currency: str
    compares: bool


def assess(
    duty: Duty | None, basket: Basket, incoterm: str | None, on: date, rates: Rates | None = None
) -> DutyAssessment:
    """What a basket's destination asks of it on a day; `duty` is the row of that country, None without one.

    Raises:
        ValueError: the row is another country's, an amount is not one (0 to 10¹²), or a quantity is under 1.
    """
    _check(duty, basket, rates)
    if duty is not None and not (duty.valid_from <= on <= (duty.valid_to or date.max)):
        duty = None
    with localcontext(_EXACT):
        values = _values(basket, duty.currency if duty else basket.currency, rates)
        crosses = _crosses(basket)
        due, vat = _amounts(duty, basket, values, crosses)
        total = _sum(values.currency, due, vat)
        payer = _payer(incoterm)
        nothing = Money(Decimal(0), values.currency)
        on_delivery = nothing if payer == "seller" else _at_the_door(values.currency, due, vat) if payer else None
        assessed = DutyAssessment(
            on=on,
            goods=_money(values.goods, values.currency),
            shipping=None if values.shipping is None else _money(values.shipping, values.currency),
            is_import=crosses,
            duty=due,
            vat=vat,
            total=total,
            payer=payer,
            on_delivery=on_delivery if crosses is not False else nothing,
            rates_on=rates.on if rates and values.currency != basket.currency else None,
        )
        return msgspec.structs.replace(assessed, **_row(duty, values)) if duty else assessed


def _row(duty: Duty, values: _Values) -> dict[str, object]:
    threshold = duty.de_minimis if duty.de_minimis > 0 else None
    return {
        "country": duty.country,
        "rule": duty.rule,
        "source": duty.source,
        "valid_from": duty.valid_from,
        "valid_to": duty.valid_to,
        "threshold": None if threshold is None else Money(threshold, duty.currency),
        "below_threshold": values.goods <= threshold if threshold is not None and values.compares else None,
    }


def _check(duty: Duty | None, basket: Basket, rates: Rates | None) -> None:
    if duty is not None and duty.country != basket.destination:
        raise ValueError(f"the row is for {duty.country}, the basket for {basket.destination}")
    amounts = [line.unit_price for line in basket.lines]
    amounts += [] if basket.shipping is None else [basket.shipping]
    amounts += [duty.de_minimis, duty.vat_percent] if duty else []
    if not all(_sound(amount) for amount in amounts):
        raise ValueError("an amount must be from 0 to 10¹², with at most 12 decimals")
    if rates and not all(_sound(rate) and rate > 0 for rate in rates.of.values()):
        raise ValueError("an exchange rate must be above 0 and at most 10¹², with at most 12 decimals")
    if not all(1 <= line.quantity <= _MOST for line in basket.lines):
        raise ValueError("a quantity must be 1 or more")


def _sound(number: Decimal) -> bool:
    # So many digits that everything computed from them is exact in _EXACT.
    return number.is_finite() and 0 <= number <= _MOST and int(number.as_tuple().exponent) >= -12


def _values(basket: Basket, currency: str, rates: Rates | None) -> _Values:
    """The basket in `currency`, or in its own where no rate for exactly these two is given."""
    goods = sum((line.quantity * line.unit_price for line in basket.lines), Decimal(0))
    if basket.currency == currency:
        return _Values(goods, basket.shipping, currency, True)
    rate = rates.of.get((basket.currency, currency)) if rates else None
    if rate is None:
        return _Values(goods, basket.shipping, basket.currency, False)
    return _Values(goods * rate, None if basket.shipping is None else basket.shipping * rate, currency, True)


def _crosses(basket: Basket) -> bool | None:
    """Whether it crosses a customs border; None where its origin is not known, or only some of them do."""
    to = basket.destination
    across = {origin != to and not (origin in EU and to in EU) for origin in basket.origins}
    return across.pop() if len(across) == 1 else None


def _amounts(duty: Duty | None, basket: Basket, values: _Values, crosses: bool | None) -> tuple[Amount, Amount]:
    """Duty and VAT."""
    if crosses is False:
        none = Amount(Money(Decimal(0), values.currency), Formula(form="no_import"))
        return none, none
    unknown: Unknown | None = "no_row" if duty is None else "origin" if crosses is None else None
    if duty is None or unknown:
        return Amount(unknown=unknown), Amount(unknown=unknown)
    rule = read(duty.rule, duty.currency, duty.vat_percent)
    if rule and rule.outside_eu and basket.origins & EU:
        rule = None  # it does not say what it asks of these
    band = _band(rule, values) if rule else "rule_not_read"
    due = Amount(unknown=band) if isinstance(band, str) else _duty(band, basket, values)
    return due, _vat(duty, None if isinstance(band, str) else band, due, values)


def _band(rule: Rule, values: _Values) -> Band | Unknown:
    """The range that the goods fall under, or why none can be told."""
    if not values.compares:
        whole = rule.bands[0]
        return whole if whole.above is None and whole.up_to is None else "currency"
    return next((band for band in rule.bands if band.covers(values.goods)), "beyond_rule")


def _duty(band: Band, basket: Basket, values: _Values) -> Amount:
    match band.form:
        case "none":
            return Amount(Money(Decimal(0), values.currency), Formula(form="none"))
        case "by_tariff_code":
            return Amount(unknown="by_tariff_code")
        case "percent_of_goods" | "percent_of_excess":
            free = band.above if band.form == "percent_of_excess" else None
            base = values.goods - (free or 0)
            return _share(band.form, band.number, base, values.currency)
    if not values.compares:
        return Amount(unknown="currency")
    count = 1 if band.form == "per_parcel" else _tariff_items(basket)
    if count is None:
        return Amount(unknown="tariff_codes")
    each = Money(band.number, values.currency)
    return Amount(_money(count * band.number, values.currency), Formula(form=band.form, each=each, count=count))


def _share(form: Form | Literal["vat"], percent: Decimal, base: Decimal, currency: str) -> Amount:
    amount = _money((percent * base).scaleb(-2), currency)
    return Amount(amount, Formula(form=form, percent=percent, base=_money(base, currency)))


def _tariff_items(basket: Basket) -> int | None:
    """How many tariff headings the goods have; None where the shop does not know those of several."""
    codes = {line.tariff_code for line in basket.lines}
    if len(basket.lines) <= 1:
        return len(basket.lines)
    return None if None in codes else len(codes)


def _vat(duty: Duty, band: Band | None, due: Amount, values: _Values) -> Amount:
    """VAT, which below a threshold is owed only where the rule says so."""
    if duty.vat_percent == 0:
        return Amount(Money(Decimal(0), values.currency), Formula(form="none"))
    if band is None:
        return Amount(unknown=due.unknown)
    if band.vat == "free":
        return Amount(Money(Decimal(0), values.currency), Formula(form="none"))
    if band.vat == "unsaid" and duty.de_minimis > 0:
        if not values.compares:
            return Amount(unknown="currency")
        if values.goods <= duty.de_minimis:
            return Amount(unknown="vat_below_threshold")
    if values.shipping is None or due.money is None:
        return Amount(unknown="duty" if due.money is None else "shipping", at_checkout=band.vat == "at_checkout")
    base = values.goods + values.shipping + due.money.amount
    share = _share("vat", duty.vat_percent, base, values.currency)
    return msgspec.structs.replace(share, at_checkout=band.vat == "at_checkout")


def _payer(incoterm: str | None) -> Literal["seller", "customer"] | None:
    """Who pays at the border; None where the term is not known."""
    term = (incoterm or "").strip().upper()
    return "seller" if term == "DDP" else "customer" if term in _BUYER_PAYS else None


def _sum(currency: str, *amounts: Amount) -> Money | None:
    known = [amount.money.amount for amount in amounts if amount.money]
    return Money(sum(known, Decimal(0)), currency) if len(known) == len(amounts) else None


def _at_the_door(currency: str, *amounts: Amount) -> Money | None:
    return _sum(currency, *(amount for amount in amounts if not amount.at_checkout))


def _money(amount: Decimal, currency: str) -> Money:
    """Rounded to the currency's minor units."""
    return Money(amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP), currency)
