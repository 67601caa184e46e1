"""What the owner of an order is told of its parcel: when it comes, that it is late or stuck, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.answer.figures import duration
from bot.phrasebook import day
from tests.answer.own import LANGUAGES, ORDERS, SHOP, ago, ask
from tests.fakes import Desk, open_desk, phrases

WHERE = {
    "en": "Where is my order {}?",
    "zh": "我的订单{}到哪里了？",
    "ar": "أين طلبي رقم {}؟",
    "ru": "Где мой заказ {}?",
    "es": "¿Dónde está mi pedido {}?",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), SHOP)
    yield opened
    opened.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_expected_when_past_parcels_came(desk: Desk, language: str) -> None:
    """They took 10 to 14 days, and this one has been on its way for 8."""
    reply = ask(desk, "way", WHERE[language], "track_order", language)
    assert day(ago(-2), language) in reply.text and day(ago(-6), language) in reply.text
    assert "25" in reply.text  # so many parcels it rests on
    assert day(ago(-30), language) not in reply.text  # promised for long after: nothing to worry about
    (quote,) = (cited.quote for cited in reply.citations if cited.id == "S-way")
    assert f"expected {ago(-2).date()} to {ago(-6).date()}, from 25 past parcels" in quote
    assert (reply.handoff, reply.suggestions) == (None, ())


@pytest.mark.parametrize(("language", "said"), [("en", "3 days"), ("zh", "3天"), ("ar", "3 أيام"), ("ru", "3 дня")])
def test_a_late_parcel_is_said_to_be_late_and_by_how_much(desk: Desk, language: str, said: str) -> None:
    reply = ask(desk, "late", WHERE[language], "track_order", language)
    assert said in reply.text and day(ago(3), language) in reply.text
    assert day(ago(-2), language) in reply.text  # and when it comes all the same
    assert len(reply.text.splitlines()) <= 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stuck_parcel_is_said_to_be_stuck_and_a_person_is_offered(desk: Desk, language: str) -> None:
    reply = ask(desk, "silent", WHERE[language], "track_order", language)
    assert duration(40, "day", language) in reply.text
    assert phrases().say(language, "order.look_into") in reply.text
    assert reply.suggestions == (phrases().say(language, "suggest.human"),)
    assert reply.handoff is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "until"), [("waits", ago(-4)), ("waited", ago(4)), ("missed", ago(-5))])
def test_who_has_to_collect_or_rearrange_is_told_until_when(
    desk: Desk, language: str, name: str, until: object
) -> None:
    reply = ask(desk, name, WHERE[language], "track_order", language)
    assert day(until, language) in reply.text
    assert "S-" + name in {cited.id for cited in reply.citations}
    assert (phrases().say(language, "shipment.rearrange") in reply.text) == (name == "missed")
    # Too late: somebody should look. And when it comes is now for the customer to decide.
    assert (phrases().say(language, "order.look_into") in reply.text) == (name == "waited")
    assert all(day(ago(-2 - more), language) not in reply.text for more in (0, 4))


@pytest.mark.parametrize("language", LANGUAGES)
def test_duties_are_for_the_one_to_pay_who_took_them_over(desk: Desk, language: str) -> None:
    mine = ask(desk, "dap", WHERE[language], "track_order", language)
    theirs = ask(desk, "ddp", WHERE[language], "track_order", language)
    asked = phrases().say(language, "shipment.customs_duties_unpaid")
    assert asked in mine.text and asked not in theirs.text
    assert phrases().say(language, "shipment.duties_ours") in theirs.text


def test_a_parcel_that_came_is_neither_late_nor_expected(desk: Desk) -> None:
    reply = ask(desk, "came", WHERE["en"], "track_order")
    assert day(ago(10), "en") in reply.text
    assert all(word not in reply.text for word in ("late", "Expected", "Promised"))


def test_none_of_it_is_told_to_a_stranger(desk: Desk) -> None:
    for name in ("late", "silent", "waits"):
        reply = ask(desk, name, WHERE["en"], "track_order", customer="c-9")
        assert reply.needs is not None and reply.citations == () and "day" not in reply.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("1 day", "3 days")),
        ("ru", ("1 день", "3 дня", "11 дней", "21 день")),
        ("ar", ("يوم", "يومان", "3 أيام", "11 يومًا")),
        ("pl", ("1 dzień", "5 dni")),
        ("zh", ("1天", "40天")),
        ("ja", ("1 日",)),
    ],
)
def test_days_are_counted_as_the_language_counts(language: str, said: tuple[str, ...]) -> None:
    counts = {"يوم": 1, "يومان": 2}
    for text in said:
        count = counts.get(text) or int("".join(filter(str.isdigit, text)))
        assert duration(count, "day", language) == text


def test_every_order_of_the_shop_is_told_of(desk: Desk) -> None:
    for name, order in ORDERS.items():
        reply = ask(desk, name, WHERE["en"], "track_order")
        assert order.id in reply.text and reply.needs is None
