"""Cancelling, another address, sending back: what the owner of an order is told, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
import pytest

from bot.answer.figures import duration
from bot.messages import Intent
from bot.phrasebook import day
from knowledge.records import Article
from tests.answer.own import LANGUAGES, ORDERS, SHOP, ago, ask
from tests.fakes import Desk, Stock, an_order, open_desk, phrases

CANCEL = {
    "en": "please cancel order {}", "zh": "请取消订单{}", "ar": "أريد إلغاء الطلب {}", "ru": "отмените заказ {}",
    "es": "quiero cancelar el pedido {}",
}  # fmt: skip
SEND_BACK = {
    "en": "can I still return order {}?", "zh": "订单{}还能退货吗？", "ar": "هل يمكنني إرجاع الطلب {}؟",
    "ru": "можно ли вернуть заказ {}?", "es": "¿puedo devolver el pedido {}?",
}  # fmt: skip
CHANGES: tuple[Literal["cancel_order", "change_address"], ...] = ("cancel_order", "change_address")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), SHOP)
    yield opened
    opened.close()


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_carrier_has_cant_be_changed(desk: Desk, language: str, what: Intent) -> None:
    reply = ask(desk, "late", CANCEL[language], what, language, conversation=f"{what} {language}")
    assert reply.intent == what and reply.handoff is None and reply.needs is None
    assert ORDERS["late"].id in reply.text and "Postnord" in reply.text and day(ago(8), language) in reply.text
    assert len(reply.text.splitlines()) == 1
    assert phrases().say(language, "suggest.human") in reply.suggestions


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("name", ["packed", "new"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_still_here_goes_to_a_person_and_nothing_is_promised(
    desk: Desk, language: str, name: str, what: Intent
) -> None:
    reply = ask(desk, name, CANCEL[language], what, language, conversation=f"{what} {name} {language}")
    assert reply.intent == what and reply.handoff is not None and reply.handoff.reason == "requested"
    assert ORDERS[name].id in reply.text and phrases().say(language, "human") in reply.text
    assert {cited.id for cited in reply.citations} == {ORDERS[name].id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_records_dont_say_goes_to_a_person_as_not_known(desk: Desk, language: str) -> None:
    """The order names a parcel that the shop has not been told of."""
    reply = ask(desk, "unknown", CANCEL[language], "cancel_order", language)
    assert reply.handoff is not None and reply.handoff.reason == "not_known" and reply.claims == ()


@pytest.mark.parametrize("what", CHANGES)
def test_who_is_signed_in_need_not_name_the_order(desk: Desk, what: Intent) -> None:
    packed = ask(desk, "packed", "please change it", what, conversation=f"signed in {what}")
    assert ORDERS["packed"].id in packed.text and packed.handoff is not None
    nobody = ask(desk, "packed", "please change it", what, conversation=f"none {what}", customer="c-9")
    assert (nobody.citations, nobody.handoff) == ((), None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("texts", "intent"), [(CANCEL, "cancel_order"), (SEND_BACK, "return_refund")])
def test_a_proof_goes_on_with_what_it_was_asked_for(
    desk: Desk, language: str, texts: dict[str, str], intent: Intent
) -> None:
    talk = f"proof {language} {intent}"
    asked = ask(desk, "came", texts[language], intent, language, customer=None, conversation=talk)
    assert asked.needs is not None and asked.needs.what == "proof" and asked.citations == ()
    assert asked.text == phrases().say(language, "proof")
    wrong = ask(desk, "came", "late@example.org", "other", language, customer=None, conversation=talk, sure=0.3)
    assert (wrong.text, wrong.needs) == (asked.text, asked.needs)
    right = ask(desk, "came", "came@example.org", "other", language, customer=None, conversation=talk, sure=0.3)
    assert right.intent == intent and right.needs is None and ORDERS["came"].id in right.text


def test_a_wish_that_is_a_guess_is_not_acted_on(desk: Desk) -> None:
    reply = ask(desk, "packed", "it is about my order {}", "cancel_order", sure=0.3)
    assert reply.intent == "track_order" and reply.handoff is None


def test_without_number_or_sign_in_the_help_page_and_the_proof_are_all(desk: Desk) -> None:
    for intent in CHANGES:
        reply = ask(desk, "late", "I want to change my order", intent, customer=None, conversation=f"nobody {intent}")
        assert reply.needs is not None and phrases().say("en", "proof") in reply.text
        assert not {cited.kind for cited in reply.citations} & {"order", "shipment"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_until_when_it_can_be_sent_back(desk: Desk, language: str) -> None:
    reply = ask(desk, "came", SEND_BACK[language], "return_refund", language)
    assert reply.intent == "return_refund" and reply.handoff is None
    assert day(ago(10), language) in reply.text and day(ago(-20), language) in reply.text
    assert duration(20, "day", language) in reply.text
    assert {ORDERS["came"].id, "S-came", "returns"} == {cited.id for cited in reply.citations}
    assert len({cited.id for cited in reply.citations}) == len(reply.citations)


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_it_is_too_late_to_send_it_back(desk: Desk, language: str) -> None:
    reply = ask(desk, "long", SEND_BACK[language], "return_refund", language)
    assert day(ago(20), language) in reply.text and duration(20, "day", language) not in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_not_come_has_all_its_time_from_delivery(desk: Desk, language: str) -> None:
    reply = ask(desk, "way", SEND_BACK[language], "return_refund", language)
    assert duration(30, "day", language) in reply.text.splitlines()[0]
    assert "returns" in {cited.id for cited in reply.citations}


def test_the_order_spoken_of_need_not_be_named_again(desk: Desk) -> None:
    ask(desk, "came", "where is {}?", "track_order", conversation="on and on")
    back = ask(desk, "came", "can I send it back?", "return_refund", conversation="on and on")
    assert day(ago(-20), "en") in back.text
    gone = ask(desk, "came", "or cancel it?", "cancel_order", conversation="on and on")
    assert "no longer" in gone.text


def test_who_is_signed_in_is_told_of_the_last_order_that_can_go_back(desk: Desk) -> None:
    came = ask(desk, "came", "how long can I send things back?", "return_refund")
    assert day(ago(-20), "en") in came.text
    for name in ("long", "way"):
        page = ask(desk, name, "how long can I send things back?", "return_refund")
        assert ORDERS[name].id not in page.text


def test_a_page_that_promises_no_days_is_quoted_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    pages = tuple(msgspec.structs.replace(article, return_days=None) for article in SHOP.articles)
    stock = Stock(SHOP.products, SHOP.orders, SHOP.shipments, pages, pictures=SHOP.pictures)
    desk = open_desk(tmp_path_factory.mktemp("shop"), stock)
    reply = ask(desk, "came", "You can send goods back within days of delivery {}", "return_refund")
    assert day(ago(-20), "en") not in reply.text
    desk.close()


@pytest.mark.parametrize("text", ["refund 100234", "退款 100234", "верните деньги за 100234"])
def test_a_number_of_digits_alone_is_an_orders_where_the_shop_numbers_so(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    page = Article(id="returns", language="en", title="Returns", body="Within 30 days.", return_days=30)
    stock = Stock(
        SHOP.products, (an_order("100234", "c-1", "a@example.org"),), articles=(page,), pictures=SHOP.pictures
    )
    desk = open_desk(tmp_path_factory.mktemp("shop"), stock)
    stranger = desk.ask(text, "return_refund", conversation="a")
    assert stranger.needs is not None and stranger.needs.what == "proof"
    assert "100234" in desk.ask(text, "return_refund", conversation="b", customer="c-1").text
    amount = desk.ask("refund of 1200 EUR", "return_refund", conversation="c")
    assert amount.needs is None
    desk.close()
