"""Which rewritings of a line are sent."""

from __future__ import annotations

import pytest

from bot.measures.truthful import TITLES, pairs
from bot.phrasebook import Phrasebook
from bot.settings import LANGUAGES
from bot.writing.faithful import unfaithful
from bot.writing.small_words import small_words


@pytest.mark.parametrize(
    ("language", "planned", "written"),
    [
        ("en", "The parcel is on its way with Postnord.", "Your parcel is on its way with Postnord. Thanks!"),
        ("en", "Enamel mug: €12.50, in stock", "Enamel mug costs €12.50 and is in stock."),
        ("de", "Postnord hat das Paket zugestellt.", "Postnord hat Ihr Paket zugestellt."),
        ("zh", "搪瓷杯 有现货。", "您好，搪瓷杯目前有现货。"),
        ("ar", "رقم التتبع: RR123456785DE.", "رقم التتبع: RR123456785DE، شكرًا."),
        ("ru", "Служба Postnord доставила посылку.", "Здравствуйте! Служба Postnord доставила посылку."),
        ("ja", "追跡番号：RR123456785DE。", "お客様の追跡番号は RR123456785DE です。"),
    ],
)  # fmt: skip
def test_the_same_in_a_kinder_way_is_sent(language: str, planned: str, written: str) -> None:
    assert unfaithful(planned, written, [], language) == ""


@pytest.mark.parametrize(
    ("language", "planned", "written"),
    [
        ("en", "We pay the duties; you pay nothing.", "You pay the duties; we pay nothing."),
        ("en", "They are for us to pay, not for you.", "They are for you to pay, not for us."),
        ("en", "The mug is not in stock but can be ordered.", "The mug is in stock but can not be ordered."),
        ("en", "The mug is out of stock.", "The mug is in stock."),
        ("en", "The parcel is ready to be collected.", "The parcel is collected."),
        ("en", "Expected between 8 May 2026 and 9 May 2026.", "Expected between 9 May 2026 and 8 May 2026."),
        ("en", "Expected on 8 May 2026.", "Expected on 5 August 2026."),
        ("en", "The mug is in stock.", "The mug was in stock."),
        ("en", "The mug is in stock.", "The mug is in stock soon."),
        ("en", "It costs €12.50.", "It costs $12.50."),
        ("en", "It costs €12.50.", "It costs €12.50 and shipping is free."),
        ("en", "It costs €12.50.", "It costs €12.50, thirty days to return."),
        ("en", "Up to 14 days.", "14 days."),
        ("en", "It is in stock.", "It is in s̸t̸o̸c̸k̸."),
        ("zh", "搪瓷杯 有现货。", "搪瓷杯 没有现货。"),
        ("zh", "搪瓷杯 目前缺货。", "搪瓷杯 目前不缺货。"),
        ("zh", "价格是 12.50 元。", "价格是 12.50 美元。"),
        ("zh", "价格是 12.50 元。", "价格是 12.50 元，三天送达。"),
        ("zh", "包裹正由 Postnord 运输途中。", "包裹已到，由 Postnord 运输途中。"),
        ("ar", "المنتج متوفر.", "المنتج غير متوفر."),
        ("ar", "السعر 12.50 €.", "السعر 12.50 € والشحن مجاني."),
        ("de", "Der Artikel ist zurzeit nicht vorrätig.", "Der Artikel ist zurzeit vorrätig."),
        ("de", "Lieferung bis 8. Mai 2026.", "Lieferung bis 8. März 2026."),
        ("ru", "Товара сейчас нет в наличии.", "Товар сейчас в наличии."),
        ("ja", "在庫がございます。", "在庫がございません。"),
        ("th", "มีสินค้าพร้อมส่งค่ะ", "ไม่มีสินค้าพร้อมส่งค่ะ"),
        ("ko", "상품은 재고가 있습니다.", "상품은 재고가 없습니다."),
        ("hi", "स्टॉक में उपलब्ध है।", "स्टॉक में उपलब्ध नहीं है।"),
    ],
)
def test_another_meaning_is_refused(language: str, planned: str, written: str) -> None:
    assert unfaithful(planned, planned, [], language) == ""
    assert unfaithful(planned, written, [], language)


def test_names_stay_as_they_are_and_where_they_are() -> None:
    line = "Often bought with Lamp, which is like Tent"
    assert not unfaithful(line, line, ["Lamp", "Tent"], "en")
    assert unfaithful(line, "Often bought with Tent, which is like Lamp", ["Lamp", "Tent"], "en")
    assert unfaithful(line, "Often bought with Lamps, which is like Tents", ["Lamp", "Tent"], "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_small_words_and_none_says_a_state(language: str) -> None:
    phrases = Phrasebook().texts(language)
    assert len(small_words(language)) >= 20
    for key in ("availability.in_stock", "availability.out_of_stock", "product.preorder", "shipment.Delivered"):
        assert unfaithful(phrases[key], "", [], language)
        assert not set(phrases[key].split()) <= small_words(language)


def test_most_truthful_rewritings_with_the_words_of_the_plan_are_sent() -> None:
    refused = []
    for language, planned, written in pairs(Phrasebook()):
        names = [TITLES[language]] if TITLES[language] in planned else []
        refused += [written] if unfaithful(planned, written, names, language) else []
    assert 0 < len(refused) <= 15
