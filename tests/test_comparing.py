"""Products side by side, in every language: what is said of each is what its record says, computed where it is asked
which is cheaper or lighter, and nothing is compared that was not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot import engine
from bot.answer.answering import checked, plan
from bot.answer.attributes import FIELDS
from bot.answer.comparing import compared
from bot.answer.context import Ask
from bot.answer.draft import Draft
from bot.engine import Bot
from bot.messages import Message, Reply, Text
from bot.parts import Parts
from bot.phrasebook import money
from bot.settings import LANGUAGES, Settings
from knowledge.records import Product
from tests.conftest import WEIGHTS
from tests.fakes import SMALL, Desk, Stock, open_desk, phrases

PAIRS = (("MUG-101", "TEA-120"), ("BAG-103", "HDP-201"), ("SHO-240", "SHO-339", "CAP-110"))


def thing(sku: str, title: str, price: str, **more: Any) -> Product:
    given = {"availability": "in_stock", "currency": "EUR"} | more
    return Product(sku=sku, title=title, price=Decimal(price), **given)


SHOP = Stock(
    products=(
        *SMALL.products,
        thing("KET-1", "Whistling kettle 2 l", "40", weight="900 g", material="steel", brand="Harvelo",
              description="Whistles. Boils 2 l in 6 minutes."),
        thing("KET-2", "Travel kettle 1 l", "59.90", weight="0.9 kg", material="steel",
              description="Folds flat. Boils 1 l in 4 minutes, the longest text of all that this shop has to say of "
              "any one thing that it sells, so that nobody would want to read it in a chat, not even in 2 lines."),
        thing("KET-3", "Copper kettle", "40", weight="1,200 kg", material="copper"),
        thing("IRN-1", "Steam iron", "35", currency="USD", weight="2 lb"),
        thing("LMP-1", "Desk lamp", "12", weight="500 g"),
        thing("CLK-1", "Wall clock", "15", weight="700 g"),
    ),
    articles=SMALL.articles,
    pictures=SMALL.pictures,
)  # fmt: skip


class Wired:
    """A bot that tries to compare first, as the answering does, and the last turn as it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.last: Ask | None = None
        monkeypatch.setattr(engine, "plan", self.plan)

    def plan(self, ask: Ask) -> Draft:
        self.last = ask
        return compared(ask) or plan(ask)


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Wired:
    return Wired(monkeypatch)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), SHOP)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bot(demo: Path) -> Bot:
    """The demo shop with its real encoder, which tells what a message asks for."""
    return Parts(Settings(data=demo, weights=WEIGHTS, threads=1)).bot


def turn(bot: Bot, talk: str, number: int, text: str, language: str | None = None) -> Reply:
    return bot.turn(Message(id=f"{talk}-{number}", conversation=talk, parts=(Text(text),), language=language))


def said(language: str, key: str, **values: str) -> str:
    return phrases().say(language, key, **values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_told_of_each_is_what_its_record_says(bot: Bot, wired: Wired, language: str) -> None:
    for number, skus in enumerate(PAIRS):
        turn(bot, f"pairs {language}", number, f"{said(language, 'ask.difference')} {', '.join(skus)}", language)
        assert wired.last is not None
        ask = replace(wired.last, query=replace(wired.last.query, intent="compare"))
        draft = compared(ask)
        assert draft is not None
        assert (draft.products, draft.topic.products) == (skus, skus)
        assert checked(ask, draft) == (draft, ())
        assert ask.language == language
        lines = draft.text.splitlines()
        for product in ask.products(skus):
            title = product.title_in(language)
            cell = said(language, "compare.cell", title=title, value=money(product.price, product.currency, language))
            (prices,) = [line for line in lines if line.startswith(said(language, "field.price"))]
            assert cell in prices
            (weights,) = [line for line in lines if line.startswith(said(language, "field.weight"))]
            assert said(language, "compare.cell", title=title, value=str(product.weight)) in weights
        assert {card.sku for card in draft.cards} == {cited.id for cited in draft.citations} == set(skus)
        assert all(claim.evidence for claim in draft.claims)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_of_all_is_said_in_every_language(desk: Desk, wired: Wired, language: str) -> None:
    """One field after the other, alike and not, stated and not: nothing of it is refused."""
    for skus in (("KET-1", "MUG-2"), ("KET-2", "CLK-1", "LMP-1"), ("TNT-7", "IRN-1")):
        talk = f"{language} {skus}"
        ask(desk, talk, f"{said(language, 'ask.difference')} {', '.join(skus)}", language=language)
        for field in ("cheaper", "lighter", *FIELDS):
            reply = ask(desk, talk, said(language, f"ask.{field}"), language=language)
            assert wired.last is not None
            assert reply.products == skus, (field, reply.text)
            assert reply.language == language
            titles = [product.title_in(language) for product in wired.last.products(skus)]
            assert all(title in reply.text for title in titles)
            label = said(language, f"field.{field}") if field in FIELDS[1:-1] else ""
            assert label in reply.text or reply.handoff


TALKS = {
    "zh": (("搪瓷杯和瓷茶壶有什么区别？", "哪个更轻？", "哪个更便宜？"), "MUG-101", "TEA-120"),
    "ar": (("ما الفرق بين حقيبة الظهر وحقيبة السفر؟", "أيهما أخف؟", "وأيهما أرخص؟"), "BAG-101", "BAG-110"),
    "tr": (("Sırt çantası ile bavul arasındaki fark ne?", "hangisi daha hafif?", "peki hangisi daha ucuz?"),
           "BAG-101", "BAG-110"),
    "en": (("What is the difference between the trail backpack and the cabin suitcase?", "which of the two is lighter?",
            "and which is the more expensive one?"), "BAG-101", "BAG-110"),
}  # fmt: skip


@pytest.mark.parametrize("language", TALKS)
def test_a_talk_about_two_things(bot: Bot, wired: Wired, language: str) -> None:
    texts, light, heavy = TALKS[language]
    first, lighter, cheaper = (turn(bot, f"talk {language}", number, text) for number, text in enumerate(texts))
    assert {reply.language for reply in (first, lighter, cheaper)} == {language}
    assert [sku[:7] for sku in first.products] != []
    assert wired.last is not None
    low, high = wired.last.products(first.products)
    assert (low.group or low.sku, high.group or high.sku) == tuple(
        one.group or one.sku for one in wired.last.products([light, heavy])
    )
    assert said(language, "compare.head", titles=f"{low.title_in(language)} · {high.title_in(language)}") in first.text
    for reply, kind, values in (
        (lighter, "weight", (str(low.weight), str(high.weight))),
        (cheaper, "price", tuple(money(one.price, one.currency, language) for one in (low, high))),
    ):
        titles = {"title": low.title_in(language), "other": high.title_in(language)}
        # They have just stood side by side: only what is asked is said.
        assert reply.text == said(language, f"compare.{kind}_lower", **titles, value=values[0], other_value=values[1])
        assert set(reply.claims[0].evidence) == set(first.products)


def test_what_was_shown_and_what_is_named_stand_together(bot: Bot, wired: Wired) -> None:
    shown = turn(bot, "those", 0, "Do you have an enamel mug?")
    assert shown.products
    both = turn(bot, "those", 1, "What's the difference between those and the porcelain teapot?")
    assert both.products == (shown.products[0], "TEA-120")
    # A question about one thing stays one.
    one = turn(bot, "those", 2, "how much is the teapot?")
    assert "€34.00" in one.text
    assert "€12.50" not in one.text


@pytest.mark.parametrize(
    "text", ["Is there a difference between the red and the blue enamel mug?", "MUG-102, MUG-101?"]
)
def test_variants_are_compared_only_where_they_are_named(bot: Bot, wired: Wired, text: str) -> None:
    turn(bot, f"variants {text}", 0, text)
    assert wired.last is not None
    draft = compared(replace(wired.last, query=replace(wired.last.query, intent="compare")))
    assert draft is not None
    assert set(draft.products) == {"MUG-101", "MUG-102"}
    assert "Enamel mug 350 ml, blue – blue · " in draft.text or "Enamel mug 350 ml, blue – blue\n" in draft.text
    assert "In common" in draft.text
    assert [line for line in draft.text.splitlines() if line.startswith("Price")] == []  # it is the same


def ask(desk: Desk, talk: str, text: str, intent: Any = "compare", **more: Any) -> Reply:
    return desk.ask(text, intent, conversation=talk, **({"language": "en"} | more))


def test_one_thing_or_two_of_its_variants_are_not_compared(desk: Desk, wired: Wired) -> None:
    ask(desk, "one", "MUG-1", "product_question")
    assert wired.last is not None
    assert compared(replace(wired.last, query=replace(wired.last.query, intent="compare"))) is None
    ask(desk, "shown", "Running shoes", "product_search")
    assert len(wired.last.topic.products) == 0
    ask(desk, "shown", said("en", "ask.cheaper"))
    assert wired.last is not None
    assert {product.group for product in wired.last.products(wired.last.topic.products)} == {"SHO"}
    assert compared(wired.last) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "What is the difference between your kettles?"),
        ("zh", "热水壶之间有什么区别？"),
        ("ar", "ما الفرق بين الغلايات؟"),
    ],
)
def test_all_of_one_kind_are_meant_where_they_are_few(desk: Desk, wired: Wired, language: str, text: str) -> None:
    reply = ask(desk, text, text, language=language)
    assert set(reply.products) == {"KET-1", "KET-2", "KET-3"}
    assert reply.language == language


def test_equal_is_said_to_be_equal_whatever_its_unit(desk: Desk, wired: Wired) -> None:
    table = ask(desk, "equal", "KET-1 or KET-2")
    assert table.intent == "compare"
    assert "Whistling kettle 2 l – 900 g" in table.text
    reply = ask(desk, "equal", said("en", "ask.lighter"))
    assert reply.text == "Weight: the same for Whistling kettle 2 l · Travel kettle 1 l: 900 g"
    reply = ask(desk, "price", "KET-1 or KET-3")
    assert "In common (Whistling kettle 2 l · Copper kettle): Price: €40.00" in reply.text
    assert ask(desk, "price", said("en", "ask.cheaper")).text.startswith("Price: the same for ")


def test_what_one_record_does_not_state_is_said_not_to_be_stated(desk: Desk, wired: Wired) -> None:
    reply = ask(desk, "missing", "KET-1 or TNT-7")
    assert "Weight: Whistling kettle 2 l – 900 g · Tunnel tent – not stated in our data" in reply.text
    assert "Size" not in reply.text  # neither states it
    asked = ask(desk, "missing", said("en", "ask.size"))
    assert asked.text == said("en", "product.not_said", title="Whistling kettle 2 l · Tunnel tent")
    assert asked.handoff is not None
    assert not asked.claims


@pytest.mark.parametrize(("other", "key"), [("IRN-1", "cheaper"), ("KET-3", "lighter"), ("TNT-7", "lighter")])
def test_what_cannot_be_put_in_order_is_not(desk: Desk, wired: Wired, other: str, key: str) -> None:
    """Two currencies; a weight that may be read in two ways; one that is not there."""
    talk = f"order {other}"
    ask(desk, talk, f"KET-2 or {other}")
    reply = ask(desk, talk, said("en", f"ask.{key}"))
    assert "less" not in reply.text
    assert reply.text.startswith("Price: Travel kettle 1 l" if key == "cheaper" else "Weight: Travel kettle 1 l")


@pytest.mark.parametrize("language", ["zh", "ar", "tr", "en"])
def test_three_are_told_in_order_and_of_five_four(desk: Desk, wired: Wired, language: str) -> None:
    talk = f"three {language}"
    ask(desk, talk, f"{said(language, 'ask.difference')} KET-2 CLK-1 LMP-1", language=language)
    reply = ask(desk, talk, said(language, "ask.cheaper"), language=language)
    at = [reply.text.index(title) for title in ("Desk lamp", "Wall clock", "Travel kettle 1 l")]
    assert at == sorted(at)
    assert reply.text.startswith(said(language, "compare.price_order", values=""))
    many = ask(desk, f"many {language}", f"{said(language, 'ask.difference')} KET-2 CLK-1 LMP-1 KET-1 TNT-7")
    assert len(many.products) == 4


def test_short_sentences_with_figures_are_quoted_and_long_ones_left_out(desk: Desk, wired: Wired) -> None:
    reply = ask(desk, "quotes", "KET-1 or KET-2")
    assert "Boils 2 l in 6 minutes." in reply.text
    assert "Boils 1 l" not in reply.text
    german = ask(desk, "quotes de", "Was ist der Unterschied? KET-1, KET-2", language="de")
    assert "aus dem Produkttext (Englisch): „Boils 2 l in 6 minutes.“" in german.text


@pytest.mark.parametrize("key", ["ask.price", "ask.weight", "ask.availability", "ask.color"])
@pytest.mark.parametrize("language", ["zh", "ar", "tr", "en"])
def test_a_plain_question_is_not_taken_for_a_comparison(bot: Bot, wired: Wired, language: str, key: str) -> None:
    talk = f"plain {language} {key}"
    turn(bot, talk, 0, f"{said(language, 'ask.difference')} MUG-101, TEA-120", language)
    turn(bot, talk, 1, said(language, key), language)
    assert wired.last is not None
    assert compared(replace(wired.last, query=replace(wired.last.query, intent="product_question"))) is None


@pytest.mark.parametrize("key", ["ask.cheaper", "ask.lighter", "ask.better", "ask.difference"])
@pytest.mark.parametrize("language", ["zh", "ar", "tr", "en"])
def test_a_question_between_two_is_one_whatever_it_was_taken_for(
    bot: Bot, wired: Wired, language: str, key: str
) -> None:
    talk = f"which {language} {key}"
    turn(bot, talk, 0, f"{said(language, 'ask.difference')} MUG-101, TEA-120", language)
    turn(bot, talk, 1, said(language, key), language)
    assert wired.last is not None
    draft = compared(replace(wired.last, query=replace(wired.last.query, intent="product_question")))
    assert draft is not None
    assert draft.products == ("MUG-101", "TEA-120")


def test_one_thing_asked_of_two_that_are_named_is_told_of_both(bot: Bot, wired: Wired) -> None:
    heavier = turn(bot, "heavier", 0, "Is the teapot heavier than the french press?")
    assert heavier.text.startswith(
        "French press coffee maker 1000 ml (720 g) weighs less than Porcelain teapot 1200 ml"
    )
    assert set(heavier.products) == {"TEA-120", "FRP-170"}
    single = turn(bot, "single", 0, "How heavy is the teapot?")
    assert "720 g" not in single.text


@pytest.mark.parametrize("text", ["I need something cheaper", "再便宜一点的有吗", "شكرًا لكم", "Teşekkürler"])
def test_a_wish_for_another_thing_or_thanks_compare_nothing(bot: Bot, wired: Wired, text: str) -> None:
    turn(bot, text, 0, "MUG-101, TEA-120: what is the difference?")
    turn(bot, text, 1, text)
    assert wired.last is not None
    assert len(wired.last.topic.products) == 2
    assert compared(wired.last) is None
