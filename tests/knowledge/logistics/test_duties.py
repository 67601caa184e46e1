"""Duties and taxes: exact to the cent where the row can be computed, and not known, with the reason, where it can't."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.logistics.duties import Basket, DutyAssessment, Formula, Goods, Money, Rates, assess
from knowledge.logistics.duty_rules import LONGEST, read
from knowledge.records import Duty

ON = date(2026, 11, 23)
DEMO = Path(__file__).resolve().parents[3] / "bot" / "demo" / "duties.csv"


def row(rule: str, **changes: object) -> Duty:
    fields: dict[str, object] = {
        "country": "AU",
        "valid_from": date(2026, 1, 1),
        "de_minimis": Decimal(0),
        "currency": "AUD",
        "vat_percent": Decimal(10),
        "rule": rule,
        "source": "the source",
    }
    return Duty(**{**fields, **changes})  # type: ignore[arg-type]


def basket(*prices: str, **changes: object) -> Basket:
    fields: dict[str, object] = {
        "lines": tuple(Goods(quantity=1, unit_price=Decimal(price)) for price in prices),
        "currency": "AUD",
        "destination": "AU",
        "origins": frozenset({"DE"}),
        "shipping": Decimal("20.00"),
    }
    return Basket(**{**fields, **changes})  # type: ignore[arg-type]


def aud(amount: str) -> Money:
    return Money(Decimal(amount), "AUD")


def assessed(rule: str, *prices: str, incoterm: str | None = "DAP", **changes: object) -> DutyAssessment:
    return assess(row(rule, **changes), basket(*prices), incoterm, ON)


# What can be computed.


@pytest.mark.parametrize(
    ("rule", "price", "duty", "formula"),
    [
        ("No duty", "100", "0.00", Formula(form="none")),
        ("no customs duty up to 1,000 AUD; above that 5 percent", "1000.00", "0.00", Formula(form="none")),
        (
            "No duty up to 1000 AUD; above that 5 % of the goods’ value.",
            "1000.01",
            "50.00",
            Formula(form="percent_of_goods", percent=Decimal(5), base=aud("1000.01")),
        ),
        (
            "No duty up to 200 AUD; above that 15 percent of the excess",
            "203.30",
            "0.50",  # .495, half up
            Formula(form="percent_of_excess", percent=Decimal(15), base=aud("3.30")),
        ),
        (
            "3 AUD per tariff item up to 150 AUD",
            "40",
            "3.00",
            Formula(form="per_tariff_item", each=aud("3"), count=1),
        ),
        ("12.50 AUD per parcel", "40", "12.50", Formula(form="per_parcel", each=aud("12.50"), count=1)),
        ("5 percent above 1000 AUD", "2000", "100.00",
         Formula(form="percent_of_goods", percent=Decimal(5), base=aud("2000.00"))),
    ],
)  # fmt: skip
def test_duty_is_computed_by_the_rule(rule: str, price: str, duty: str, formula: Formula) -> None:
    found = assessed(rule, price).duty
    assert (found.money, found.unknown) == (aud(duty) if Decimal(duty) else Money(Decimal(0), "AUD"), None)
    assert found.formula == formula


def test_vat_is_of_goods_shipping_and_duty_together() -> None:
    found = assessed("10 % of the goods' value", "99.95")
    # Duty 9.995, half up 10.00; VAT a tenth of 99.95 + 20 + 10.00 = 12.995, half up 13.00.
    assert (found.duty.money, found.vat.money) == (aud("10.00"), aud("13.00"))
    assert found.vat.formula == Formula(form="vat", percent=Decimal(10), base=aud("129.95"))
    assert (found.total, found.on_delivery, found.payer) == (aud("23.00"), aud("23.00"), "customer")


@pytest.mark.parametrize(("currency", "vat"), [("JPY", "13"), ("EUR", "12.50"), ("KWD", "12.500")])
def test_amounts_are_rounded_to_what_the_currency_has(currency: str, vat: str) -> None:
    one = basket("105", currency=currency)
    found = assess(row("no duty", currency=currency), one, "DAP", ON).vat.money
    assert found is not None and str(found.amount) == vat


def test_ddp_leaves_nothing_to_pay_at_the_door_even_where_the_duty_is_not_known() -> None:
    found = assessed("duty by tariff code", "100", incoterm="ddp ")
    assert (found.payer, found.on_delivery) == ("seller", Money(Decimal(0), "AUD"))
    assert found.duty.unknown == "by_tariff_code"


@pytest.mark.parametrize("incoterm", [None, "", "cash"])
def test_without_a_known_term_who_pays_is_not_known(incoterm: str | None) -> None:
    found = assessed("no duty", "100", incoterm=incoterm)
    assert (found.payer, found.on_delivery) == (None, None)
    assert found.total == aud("12.00")


def test_vat_that_is_charged_at_checkout_is_not_due_at_the_door() -> None:
    rule = "No duty up to 135 AUD, VAT is charged by the shop at checkout; above that 5 % and VAT at the border"
    below, above = assessed(rule, "100", de_minimis=Decimal(135)), assessed(rule, "200", de_minimis=Decimal(135))
    assert (below.vat.at_checkout, below.total, below.on_delivery) == (True, aud("12.00"), Money(Decimal(0), "AUD"))
    assert (above.vat.at_checkout, above.on_delivery) == (False, aud("33.00"))


# What is not known.


def test_without_a_row_nothing_is_known() -> None:
    found = assess(None, basket("100"), "DAP", ON)
    assert (found.duty.unknown, found.vat.unknown, found.total, found.on_delivery) == ("no_row", "no_row", None, None)
    assert (found.source, found.goods) == (None, aud("100.00"))


@pytest.mark.parametrize(("on", "known"), [
    (date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False),
])  # fmt: skip
def test_a_row_holds_on_its_days_alone_the_first_and_last_included(on: date, known: bool) -> None:
    found = assess(row("no duty", valid_to=date(2026, 6, 30)), basket("100"), "DAP", on)
    assert (found.duty.unknown is None) == known
    assert found.valid_from == (date(2026, 1, 1) if known else None)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "Up to 10000 AUD free of duty, except leather bags, shoes and knitwear; above that duty by tariff code",
        "No customs duty on industrial goods since 2024",
        "15 percent of the excess",  # over what?
        "above that 5 percent",  # above what?
        "5 percent duty for most goods",
        "10 % up to 100 AUD; 5 % above 50 AUD",  # both between 50 and 100
        "3 EUR per tariff item",  # another currency than the row's
        "no duty; 19 percent VAT",  # another VAT than the row's
        "17 to 20 percent",
        "免税" * 10,
        "لا رسوم",
        "no duty " * LONGEST,
    ],
)
def test_a_rule_that_is_not_read_to_its_last_word_is_quoted_and_not_computed(rule: str) -> None:
    found = assessed(rule, "60", de_minimis=Decimal(1000))
    assert (found.duty.money, found.duty.unknown, found.vat.money, found.total) == (None, "rule_not_read", None, None)
    assert (found.rule, found.source) == (rule, "the source")
    assert (found.threshold, found.below_threshold) == (aud("1000"), True)


def test_what_a_rule_does_not_cover_is_not_known() -> None:
    assert assessed("3 AUD per tariff item up to 150 AUD", "150.01").duty.unknown == "beyond_rule"


def test_how_many_tariff_items_several_goods_are_is_known_by_their_codes_alone() -> None:
    rule = row("3 AUD per tariff item")
    unknown = assess(rule, basket("10", "20"), "DAP", ON)
    assert (unknown.duty.unknown, unknown.vat.unknown) == ("tariff_codes", "duty")
    goods = tuple(Goods(quantity=2, unit_price=Decimal(10), tariff_code=code) for code in ("6912", "0902", "6912"))
    assert assess(rule, msgspec.structs.replace(basket(), lines=goods), "DAP", ON).duty.money == aud("6.00")


def test_below_the_threshold_vat_is_known_only_where_the_rule_speaks_of_it() -> None:
    silent = "No duty up to 150 AUD"
    for price in ("100", "150.00"):
        assert assessed(silent, price, de_minimis=Decimal(150)).vat.unknown == "vat_below_threshold"
    first_cent = assessed(f"{silent}; VAT from the first cent", "100", de_minimis=Decimal(150))
    assert first_cent.vat.money == aud("12.00")
    free = assessed("Up to 150 AUD free of duty and GST; above that 5 %", "100", de_minimis=Decimal(150))
    assert free.vat.money == Money(Decimal(0), "AUD")


def test_without_the_shipping_vat_is_not_known() -> None:
    found = assess(row("no duty"), basket("100", shipping=None), "DAP", ON)
    assert (found.duty.money, found.vat.unknown, found.total) == (Money(Decimal(0), "AUD"), "shipping", None)


# Borders.


def eu_row(**changes: object) -> Duty:
    rule = "3 EUR per tariff item up to 150 EUR on goods from outside the EU. Parcels from inside the EU pay none"
    return row(rule, **{"country": "FR", "currency": "EUR", "vat_percent": Decimal(20), **changes})


@pytest.mark.parametrize(
    ("origins", "is_import", "duty", "unknown"),
    [
        ({"CN"}, True, Money(Decimal("3.00"), "EUR"), None),
        ({"CN", "GB"}, True, Money(Decimal("3.00"), "EUR"), None),
        ({"DE"}, False, Money(Decimal(0), "EUR"), None),
        ({"FR"}, False, Money(Decimal(0), "EUR"), None),
        ({"DE", "CN"}, None, None, "origin"),
        (set(), None, None, "origin"),
    ],
)
def test_within_the_eu_nothing_is_imported(
    origins: set[str], is_import: bool | None, duty: Money | None, unknown: str | None
) -> None:
    one = basket("100", currency="EUR", destination="FR", origins=frozenset(origins))
    found = assess(eu_row(), one, "DAP", ON)
    assert (found.is_import, found.duty.money, found.duty.unknown) == (is_import, duty, unknown)


def test_a_rule_for_goods_from_outside_the_eu_says_nothing_of_goods_from_inside() -> None:
    rule = row("No duty on goods from outside the EU")
    assert assess(rule, basket("100", origins=frozenset({"CN"})), "DAP", ON).duty.money == Money(Decimal(0), "AUD")
    assert assess(rule, basket("100", origins=frozenset({"DE"})), "DAP", ON).duty.unknown == "rule_not_read"


# Currencies.


def test_another_currency_is_never_compared_without_a_rate() -> None:
    one = basket("100", currency="EUR")
    found = assess(row("No duty up to 1000 AUD; above that 5 %", de_minimis=Decimal(1000)), one, "DAP", ON)
    assert (found.below_threshold, found.duty.unknown, found.vat.unknown) == (None, "currency", "currency")
    assert found.goods == Money(Decimal("100.00"), "EUR")
    plain = assess(row("10 percent of the goods"), one, "DAP", ON)  # compares nothing
    assert plain.duty.money == Money(Decimal("10.00"), "EUR")


def test_with_a_rate_everything_is_in_the_rows_currency_and_the_rates_day_is_told() -> None:
    one = basket("600", currency="EUR", shipping=Decimal(10))
    rates = Rates(date(2026, 11, 20), {("EUR", "AUD"): Decimal("1.75")})
    found = assess(row("No duty up to 1000 AUD; above that 5 %"), one, "DAP", ON, rates)
    assert (found.goods, found.shipping, found.rates_on) == (aud("1050.00"), aud("17.50"), date(2026, 11, 20))
    assert (found.duty.money, found.vat.money) == (aud("52.50"), aud("112.00"))
    only_back = Rates(date(2026, 11, 20), {("AUD", "EUR"): Decimal("0.57")})
    assert assess(row("No duty up to 1000 AUD"), one, "DAP", ON, only_back).duty.unknown == "currency"


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "1e13", "1e-13"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        assess(row("no duty"), basket(amount), "DAP", ON)
    with pytest.raises(ValueError, match="amount"):
        assess(row("no duty", vat_percent=Decimal(amount)), basket("1"), "DAP", ON)


def test_a_row_of_another_country_and_a_quantity_of_none_are_refused() -> None:
    with pytest.raises(ValueError, match="AU"):
        assess(row("no duty"), basket("1", destination="NZ"), "DAP", ON)
    none = (Goods(quantity=0, unit_price=Decimal(1)),)
    with pytest.raises(ValueError, match="quantity"):
        assess(row("no duty"), msgspec.structs.replace(basket(), lines=none), "DAP", ON)


# The demo shop.


def test_of_the_demo_shops_rules_those_are_read_that_say_all_they_need() -> None:
    with DEMO.open(encoding="utf-8", newline="") as feed:
        rows = list(csv.DictReader(feed))
    found = {
        one["country"]
        for one in rows
        if read(one["duty_rule"], one["currency"], Decimal(one["vat_percent"])) is not None
    }
    assert found >= {"DE", "FR", "ES", "GB", "SA"}
    # Exceptions, kinds of goods, states and weights.
    assert not found & {"JP", "CA", "CN", "BR", "KZ", "MX", "CH"}


# Whatever the basket.

amounts = st.decimals(0, 10**6, places=2)
percents = st.decimals(0, 100, places=2)
RULES = [
    "no duty",
    "{p} % of the goods' value",
    "No duty up to {l} AUD; above that {p} percent of the excess",
    "up to {l} AUD {p} % of the goods; above that by tariff code",
    "{p} AUD per parcel; VAT from the first cent",
    "No duty up to {l} AUD",
]


@st.composite
def rules(draw: st.DrawFn) -> str:
    limit, percent = draw(st.decimals(1, 10**6, places=2)), draw(percents)
    return draw(st.sampled_from(RULES)).format(p=percent, l=limit)


@given(rules(), percents, amounts, amounts, amounts, st.sampled_from(["DAP", "DDP", None]))
@example("5 % of the goods' value", Decimal("7.5"), Decimal("0.10"), Decimal("0.09"), Decimal(0), "DAP")
def test_amounts_are_exact_never_negative_and_grow_with_the_goods(
    rule: str, vat: Decimal, price: Decimal, more: Decimal, shipping: Decimal, incoterm: str | None
) -> None:
    duty = row(rule, vat_percent=vat)
    assert read(rule, "AUD", vat) is not None
    less, higher = (
        assess(duty, basket(str(value), shipping=shipping), incoterm, ON) for value in (price, price + more)
    )
    for found in (less, higher):
        for one in (found.duty, found.vat):
            assert (one.money is None) != (one.unknown is None)
            assert (one.money is None) == (one.formula is None)
            if one.money:
                assert one.money.amount >= 0
                assert one.money.amount == one.money.amount.quantize(Decimal("0.01"))
            if one.money and one.formula and one.formula.base and one.formula.percent is not None:
                exact = one.formula.base.amount * one.formula.percent / 100
                assert abs(exact - one.money.amount) <= Decimal("0.005")
        assert (found.total is None) == (found.duty.money is None or found.vat.money is None)
        assert found.on_delivery is None or found.on_delivery.amount >= 0
    if less.duty.money and higher.duty.money and less.duty.formula and higher.duty.formula:
        assert less.duty.money.amount <= higher.duty.money.amount
        if less.vat.money and higher.vat.money:
            assert less.vat.money.amount <= higher.vat.money.amount


@given(rules(), amounts, st.sampled_from(["EUR", "USD", "JPY", "XXX"]))
def test_an_unknown_rate_is_never_taken_for_one(rule: str, price: Decimal, currency: str) -> None:
    found = assess(row(rule, de_minimis=Decimal(50)), basket(str(price), currency=currency), "DAP", ON)
    assert found.below_threshold is None
    assert found.rates_on is None
    for one in (found.duty, found.vat):
        assert one.money is None or one.money.currency == currency
    if " AUD" in rule:
        assert found.duty.unknown == "currency"


@given(st.text(max_size=200), percents)
def test_no_text_breaks_the_reading_of_rules(text: str, vat: Decimal) -> None:
    rule = read(text, "AUD", vat)
    assert rule is None or rule.bands


@given(rules(), st.integers(0, 20), st.sampled_from(["except", "not", "most", "at least", "knives,", "皮包", "إلا"]))
def test_a_rule_with_a_word_more_is_not_read(rule: str, at: int, word: str) -> None:
    words = rule.split()
    longer = " ".join([*words[:at], word, *words[at:]])
    assert read(longer, "AUD", Decimal(10)) is None
