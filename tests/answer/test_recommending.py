"""What a customer is recommended, in several languages: it is there, it goes there, it says why, and it tells nobody
what another has bought. What the shop costs is said as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Reply
from knowledge.metrics import ungrounded
from knowledge.records import Order, OrderLine, Product
from tests.fakes import SMALL, Desk, Stock, at, open_desk, phrases, quotes

LANGUAGES = ("en", "zh", "ar", "es", "ru")
NOW = datetime.now(UTC)
PERSONAL = ("also_bought", "buy_again", "like_bought")


def thing(sku: str, title: str, price: str, **more: Any) -> Product:
    given = {"availability": "in_stock", "currency": "EUR"} | more
    return Product(sku=sku, title=title, price=Decimal(price), **given)


KETTLES = "Kettle of brushed steel for gas and induction hobs, whistles when the water boils."
PRODUCTS = (
    thing(
        "KET-1", "Whistling kettle 2 l", "40", category="Kitchen > Kettles", description=KETTLES,
        titles={"zh": "鸣笛水壶 2升", "ru": "Чайник со свистком 2 л", "ar": "إبريق بصفارة 2 لتر",
                "es": "Hervidor con silbato 2 l"},
    ),
    thing("KET-2", "Whistling kettle 3 l", "48", category="Kitchen > Kettles", description=KETTLES),
    thing("KET-3", "Whistling kettle 5 l", "70", category="Kitchen > Kettles", description=KETTLES,
          availability="out_of_stock"),
    thing("TEA-1", "Green tea 100 g", "9", category="Food > Tea", ships_to=("DE", "FR")),
    thing("TNT-7", "Tunnel tent", "240", category="Sport > Tents", sale_price=Decimal(150), sale_to=NOW + timedelta(1),
          titles={"zh": "隧道帐篷", "ar": "خيمة نفقية", "es": "Carpa túnel", "ru": "Туннельная палатка"}),
    thing("LMP-1", "Desk lamp", "30", category="Home > Lamps", sale_price=Decimal(20), sale_to=NOW - timedelta(1)),
    *(thing(f"ODD-{n}", f"{name} {n}", "5") for n, name in enumerate(("Rope", "Soap", "Glue"))),
)  # fmt: skip


def bought(number: int, customer: str, *skus: str, day: int = 1) -> Order:
    lines = tuple(OrderLine(sku, 1, Decimal(5)) for sku in skus)
    return Order(id=f"Q-{number}", customer=customer, placed_at=at(day), currency="EUR", status="sent", lines=lines)


ORDERS = (
    *(bought(n, f"kettle-{n}", "KET-1", "TEA-1") for n in range(2000, 2040)),
    *(bought(n, f"odd-{n}", f"ODD-{n % 3}") for n in range(3000, 3150)),
    # Soap is bought again and again, by one who is asked for below as well.
    *(bought(4000 + 10 * n + day, f"soap-{n}", "ODD-1", day=day) for n in range(20) for day in (2, 9)),
)
SHOP = Stock(products=PRODUCTS, orders=ORDERS, articles=SMALL.articles)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), SHOP)
    yield opened
    opened.close()


def ask(desk: Desk, text: str, intent: Any, language: str, **more: Any) -> Reply:
    reply = desk.ask(text, intent, **({"conversation": f"{text} {language}", "language": language} | more))
    assert ungrounded(reply.text, quotes(reply)) == []
    return reply


def why(language: str, kind: str, **places: str) -> str:
    return phrases().say(language, f"recommend.{kind}", **places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_goes_with_it_is_what_others_bought_with_it_and_says_so(desk: Desk, language: str) -> None:
    talk = f"goes {language}"
    ask(desk, "KET-1", "product_question", language, conversation=talk)
    reply = ask(desk, phrases().say(language, "ask.goes_with"), "recommend", language, conversation=talk)
    kettle = PRODUCTS[0].title_in(language)
    assert reply.products[0] == "TEA-1" and reply.cards[0].price == "9"
    line = reply.text.splitlines()[1]
    assert "Green tea" in line and why(language, "bought_with", product=kettle) in line
    assert reply.claims[0].evidence == ("TEA-1", "KET-1")
    assert {citation.id for citation in reply.citations} >= {"TEA-1", "KET-1"}


def test_what_is_not_delivered_there_is_not_recommended(desk: Desk) -> None:
    for country, there in (("DE", True), ("CA", False)):
        talk = f"country {country}"
        ask(desk, "KET-1", "product_question", "en", conversation=talk, country=country)
        reply = ask(desk, "What goes well with it?", "recommend", "en", conversation=talk, country=country)
        assert ("TEA-1" in reply.products) == there


@pytest.mark.parametrize("language", LANGUAGES)
def test_something_similar_is_like_it_and_in_stock(desk: Desk, language: str) -> None:
    talk = f"like {language}"
    ask(desk, "KET-1", "product_question", language, conversation=talk)
    reply = ask(desk, phrases().say(language, "ask.similar"), "product_search", language, conversation=talk)
    assert reply.products == ("KET-2",)
    assert why(language, "similar_to", product=PRODUCTS[0].title_in(language)) in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_something_similar_to_nothing_is_asked_back(desk: Desk, language: str) -> None:
    reply = ask(desk, phrases().say(language, "ask.similar"), "recommend", language)
    assert reply.needs is not None and reply.needs.what == "detail"


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_who_signed_in_is_told_by_their_orders(desk: Desk, language: str) -> None:
    text = phrases().say(language, "ask.recommend")
    again = why(language, "buy_again")
    known = ask(desk, text, "recommend", language, conversation=f"known {language}", customer="soap-1")
    assert known.products[0] == "ODD-1" and again in known.text
    anyone = ask(desk, text, "recommend", language, conversation=f"anyone {language}")
    assert anyone.products and anyone.handoff is None
    for kind in PERSONAL:
        start = why(language, kind, product="\0").partition("\0")[0].strip() or again
        assert start not in anyone.text
    assert why(language, "popular") in anyone.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_recommendation_keeps_to_the_limit_of_price(desk: Desk, language: str) -> None:
    amount = {
        "en": "under 6 euros",
        "zh": "6欧元以下",
        "ar": "أقل من 6 يورو",
        "es": "menos de 6 euros",
        "ru": "до 6 евро",
    }
    text = f"{phrases().say(language, 'ask.recommend')} {amount[language]}"
    reply = ask(desk, text, "recommend", language)
    assert reply.products and all(Decimal(card.price or 99) <= 6 for card in reply.cards)


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_place_of_what_is_out_of_stock_something_like_it_is_offered(desk: Desk, language: str) -> None:
    reply = ask(desk, "KET-3", "availability", language)
    assert reply.products[0] == "KET-3" and set(reply.products[1:]) == {"KET-1", "KET-2"}
    assert phrases().say(language, "recommend.instead") in reply.text.splitlines()
    there = ask(desk, "KET-2", "availability", language)
    assert there.products == ("KET-2",)


TENTS = {"en": "Tunnel tent under {} euros", "zh": "{}欧元以下的隧道帐篷", "ar": "خيمة نفقية أقل من {} يورو",
         "es": "Carpa túnel de menos de {} euros", "ru": "Туннельная палатка до {} евро"}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_fits_the_limit_that_is_said_and_the_nearest_shown(desk: Desk, language: str) -> None:
    reply = ask(desk, TENTS[language].format(90), "product_search", language)
    assert reply.text.splitlines()[0] == phrases().say(language, "product.none_fits")
    assert reply.products[0] == "TNT-7" and reply.handoff is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_price_is_that_of_the_sale_while_it_lasts(desk: Desk, language: str) -> None:
    tent = ask(desk, "TNT-7", "product_search", language)
    assert tent.cards[0].price == "150" and "150" in tent.text and "240" not in tent.text
    assert "150 EUR" in tent.citations[0].quote
    within = ask(desk, TENTS[language].format(160), "product_search", language)
    assert within.text.splitlines()[0] == phrases().say(language, "product.found") and "TNT-7" in within.products
    asked = ask(desk, f"{phrases().say(language, 'ask.price')} TNT-7", "product_question", language)
    assert "150" in asked.text and "240" not in asked.text
    assert ask(desk, "LMP-1", "product_search", language).cards[0].price == "30"


def test_a_shop_that_has_learnt_nothing_still_answers(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, Stock())
    reply = ask(desk, "What do you recommend to me?", "recommend", "en")
    assert reply.products == () and reply.handoff is not None and reply.handoff.reason == "not_known"
    desk.close()
