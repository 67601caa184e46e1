"""Every reply keeps the Reply contract, whatever is asked, in whichever language, of however bare a shop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

import msgspec
import pytest

from bot.messages import Citation, Claim, Intent, Reply
from bot.settings import LANGUAGES
from knowledge.records import Product
from tests.fakes import SMALL, Desk, Stock, mug, open_desk, picture, shoe, sound

INTENTS = get_args(Intent)
# One message a language that its script or its words tell; the intent is given.
WORDS = {
    "en": "please tell me about the mug", "zh": "请告诉我这个杯子的情况", "zh-Hant": "請告訴我這個杯子的狀況",
    "es": "por favor, cuéntame de la taza", "fr": "parlez-moi de la tasse s'il vous plaît",
    "de": "bitte erzählen Sie mir etwas über die Tasse", "pt": "por favor, fale-me sobre a caneca, obrigado",
    "it": "per favore mi parli della tazza", "nl": "vertel me alstublieft iets over de mok",
    "pl": "proszę mi opowiedzieć o kubku", "ru": "расскажите, пожалуйста, про кружку",
    "uk": "розкажіть, будь ласка, про цей кухоль", "tr": "lütfen bana kupa hakkında bilgi verin",
    "ar": "من فضلك أخبرني عن الكوب", "he": "בבקשה ספרו לי על הספל", "hi": "कृपया मुझे मग के बारे में बताइए",
    "id": "tolong ceritakan tentang cangkir ini", "vi": "xin cho tôi biết về chiếc cốc này",
    "th": "ช่วยบอกเกี่ยวกับแก้วหน่อย", "ja": "このマグカップについて教えてください", "ko": "이 머그컵에 대해 알려 주세요",
}  # fmt: skip
ABOUT_PRODUCTS = {"product_search", "product_question", "availability", "compare", "recommend"}
EMPTY = Stock()
BARE = Stock(products=(Product(sku="X-1", title="Mug", price=Decimal(1), currency="EUR", availability="backorder"),))


@pytest.fixture(scope="module", params=["small", "empty", "bare", "no articles"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    stocks = {
        "small": SMALL,
        "empty": EMPTY,
        "bare": BARE,
        "no articles": Stock(SMALL.products, pictures=SMALL.pictures),
    }
    opened = open_desk(tmp_path_factory.mktemp("shop"), stocks[request.param])
    yield opened
    opened.close()


def assert_kept(reply: Reply, desk: Desk) -> None:
    """What holds for every reply."""
    cited = [citation.id for citation in reply.citations]
    assert len(set(cited)) == len(cited)
    assert reply.text.strip() and reply.language in LANGUAGES and reply.intent in INTENTS
    assert 0 <= reply.confidence <= 1
    assert all(claim.evidence and set(claim.evidence) <= set(cited) for claim in reply.claims)
    assert not (reply.handoff and reply.handoff.reason == "not_known" and reply.claims)
    assert reply.handoff is None or reply.handoff.reason in {"not_known", "requested", "repeated_failure"}
    assert reply.needs is None or reply.needs.what in {"proof", "speech", "choice", "detail"}
    assert not re.search(r"(?![0-9])\d", reply.text)  # Western digits in every language
    assert not re.search(r"[{}]", reply.text)
    if reply.intent not in ABOUT_PRODUCTS:
        assert (reply.products, reply.cards) == ((), ())
    assert tuple(card.sku for card in reply.cards) == reply.products[: len(reply.cards)]
    assert desk.store.live(reply.products) == frozenset(reply.products)
    assert {"total", "search", "answer"} <= set(reply.timings_ms)


@pytest.mark.parametrize("language", WORDS)
def test_every_intent_in_every_language(desk: Desk, language: str) -> None:
    for intent in INTENTS:
        for customer in (None, "c-1"):
            reply = desk.ask(WORDS[language], intent, conversation=f"{language} {intent} {customer}", customer=customer)
            assert_kept(reply, desk)
            assert reply.language == language
            spoken = {"human": "requested", "other": "not_known"}.get(intent)
            assert spoken is None or (reply.handoff is not None and reply.handoff.reason == spoken)


def test_photos_speech_and_follow_ups(desk: Desk) -> None:
    for number, (text, intent, more) in enumerate(
        (
            ("", "other", {"photos": [picture("blue"), picture("red")]}),
            ("how much is this?", "product_question", {"photos": [picture("blue")]}),
            ("is it in stock?", "availability", {"photos": [picture("green", "rectangle")]}),
            ("", "other", {"speech": sound()}),
            ("and in blue?", "availability", {}),
            ("size 42", "availability", {"sure": 0.3}),
            ("and to Canada?", "customs_duty", {}),
            ("BD-1", "product_question", {}),
        )
    ):
        assert_kept(desk.ask(text, intent, conversation=f"mixed {number}", **more), desk)
        assert_kept(desk.ask(text, intent, conversation="one after the other", **more), desk)


def test_the_reply_as_json_has_the_keys_of_the_contract(desk: Desk) -> None:
    reply = msgspec.json.decode(msgspec.json.encode(desk.ask("mug", "product_search", conversation="json")))
    assert set(reply) == {
        "text", "language", "intent", "claims", "citations", "products", "cards", "suggestions", "handoff", "needs",
        "confidence", "heard", "seen", "timings_ms",
    }  # fmt: skip
    assert Claim.__struct_fields__ == ("text", "evidence")
    assert Citation.__struct_fields__ == ("id", "kind", "title", "quote", "url")


def test_what_the_data_do_not_say_is_not_answered(tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = open_desk(tmp_path_factory.mktemp("shop"))
    for text in ("customs to Brazil?", "寄到巴西要交关税吗？", "كم الجمارك إلى البرازيل؟", "пошлина в Бразилию?"):
        nothing = desk.ask(text, "customs_duty", conversation=text)
        assert nothing.handoff is not None and nothing.handoff.reason == "not_known"
        assert (nothing.claims, nothing.citations) == ((), ())
    silent = desk.ask("what is TNT-7 made of?", "product_question", conversation="TNT")
    assert silent.handoff is not None and silent.claims == () and silent.products == ("TNT-7",)
    desk.close()


def test_a_product_with_nothing_but_its_name_is_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No picture, colour, size, group, link or text."""
    desk = open_desk(tmp_path_factory.mktemp("shop"))
    for intent in ("product_search", "availability", "product_question"):
        reply = desk.ask("how much is TNT-7?", intent, conversation=intent)
        assert reply.products == ("TNT-7",) and reply.citations[0].id == "TNT-7"
        assert (reply.cards[0].image, reply.cards[0].url) == (None, None)
    other_size = desk.ask("and in 42?", "availability", conversation="availability")
    assert other_size.products == ("TNT-7",)  # all there is of it
    desk.close()


def test_what_is_retired_is_not_sold_but_stands_in_old_orders(tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = open_desk(tmp_path_factory.mktemp("shop"))
    for intent in ("availability", "product_search", "product_question"):
        assert "MUG-1" in desk.ask("how much is MUG-1?", intent, conversation=f"a {intent}").products
    desk.store.put_products([mug("MUG-2", "red"), shoe("42")])
    for intent in ("availability", "product_search", "product_question"):  # the index still has it
        assert "MUG-1" not in desk.ask("enamel mug in blue", intent, conversation="b").products
        assert "MUG-1" not in desk.ask("how much is it?", intent, conversation=f"a {intent}").products
        assert "MUG-1" not in desk.ask("is MUG-1 in stock?", intent, conversation="c").products
        assert "MUG-1" not in desk.ask(photos=[picture("blue")], conversation="d").products
    order = desk.ask("where is Q-1001?", "track_order", customer="c-1", conversation="e")
    assert "Enamel mug 350 ml, blue" in order.text and order.products == ()
    desk.close()


def test_a_shop_may_have_a_number_in_its_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = open_desk(tmp_path_factory.mktemp("shop"), name="Store 24")
    assert "Store 24" in desk.ask("hello", "greeting").text


def test_a_shop_called_by_a_number_still_has_its_prices_checked(tmp_path_factory: pytest.TempPathFactory) -> None:
    product = Product(sku="X-1", title="Sofa", price=Decimal("1240.00"), currency="USD", availability="in_stock")
    desk = open_desk(tmp_path_factory.mktemp("shop"), Stock((product,)), name="24")
    reply = desk.ask("how much is X-1?", "product_search")
    assert reply.handoff is None and "1,240.00" in reply.text
    desk.close()
