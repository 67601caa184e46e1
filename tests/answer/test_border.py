"""Who pays what at the border for an order of one's own; an estimate says that it is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.phrasebook import country, day
from tests.answer.own import DUTIES, LANGUAGES, ORDERS, SHOP, ask
from tests.fakes import Desk, open_desk, phrases

CUSTOMS = {
    "en": "do I have to pay customs for {}?", "zh": "订单{}要交关税吗？", "ar": "هل عليّ دفع جمارك على الطلب {}؟",
    "ru": "нужно ли платить пошлину за {}?", "es": "¿tengo que pagar aduanas por {}?",
}  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), SHOP)
    yield opened
    opened.close()


def pays(language: str, name: str, who: str, incoterm: str) -> str:
    return phrases().say(language, f"customs.pays_{who}", order=ORDERS[name].id, incoterm=incoterm)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_computed_is_estimated_and_what_cant_is_said_not_to_be(desk: Desk, language: str) -> None:
    """One tariff item worth 25 EUR: 3 EUR of duty. VAT depends on the shipping, which no record holds."""
    reply = ask(desk, "items", CUSTOMS[language], "customs_duty", language)
    number = reply.text.replace(",", ".")
    assert "25.00" in number and "3.00" in number and "19" in number
    assert pays(language, "items", "customer", "DAP") in reply.text
    assert day(DUTIES[0].valid_from, language) in reply.text and "EU reform" in reply.text
    assert {cited.id for cited in reply.citations} == {ORDERS["items"].id, "S-items", "duty:DE:2026-07-01"}
    assert reply.intent == "customs_duty" and reply.handoff is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_sends_duties_paid_is_not_asked_to_pay(desk: Desk, language: str) -> None:
    reply = ask(desk, "ddp", CUSTOMS[language], "customs_duty", language)
    assert reply.text == pays(language, "ddp", "seller", "DDP")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_parcel_that_crosses_no_border_costs_nothing_there(desk: Desk, language: str) -> None:
    reply = ask(desk, "inside", CUSTOMS[language], "customs_duty", language)
    assert reply.text == phrases().say(language, "customs.no_border", order=ORDERS["inside"].id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_can_be_computed_the_rule_is_quoted(desk: Desk, language: str) -> None:
    reply = ask(desk, "way", CUSTOMS[language], "customs_duty", language)
    assert pays(language, "way", "customer", "DAP") in reply.text
    assert "Above 20 CAD duty by tariff code" in reply.text and "CBSA" in reply.text
    assert country("CA", language) in reply.text


def test_nothing_to_pay_is_a_sum_too(desk: Desk) -> None:
    reply = ask(desk, "free", CUSTOMS["en"], "customs_duty")
    assert reply.text.count("€0.00") == 3  # duty, VAT, both together


@pytest.mark.parametrize("language", LANGUAGES)
def test_vat_that_is_charged_at_checkout_is_not_due_at_the_door(desk: Desk, language: str) -> None:
    reply = ask(desk, "shop", CUSTOMS[language], "customs_duty", language)
    assert phrases().say(language, "customs.vat_at_checkout") in reply.text


def test_the_order_spoken_of_is_meant_unless_a_country_is_named(desk: Desk) -> None:
    ask(desk, "items", "where is {}?", "track_order", conversation="customs")
    own = ask(desk, "items", "what about customs?", "customs_duty", conversation="customs")
    assert ORDERS["items"].id in own.text
    other = ask(desk, "items", "and customs to Canada?", "customs_duty", conversation="customs")
    assert ORDERS["items"].id not in other.text and "CBSA" in other.text


def test_a_stranger_learns_nothing_by_asking_about_customs(desk: Desk) -> None:
    for customer in (None, "c-9"):
        reply = ask(desk, "items", CUSTOMS["en"], "customs_duty", customer=customer, conversation=f"who {customer}")
        assert reply.needs is not None and reply.citations == ()
        assert reply.text == phrases().say("en", "proof")
