"""What customers say that a thing may cost, as they say it in each language."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import find
from bot.price_limits import Limits, in_stock, limits
from bot.settings import LANGUAGES

MOST = [
    ("en", "backpacks under 50 euros", "50", "EUR"), ("en", "no more than 1,299.50 USD please", "1299.50", "USD"),
    ("zh", "50元以下的杯子", "50", "CNY"), ("zh", "有没有不超过300块的耳机", "300", "CNY"),
    ("zh-Hant", "500台幣以內的背包", "500", "TWD"), ("es", "zapatos por menos de 60 €", "60", "EUR"),
    ("fr", "un sac à moins de 50 €", "50", "EUR"), ("de", "Rucksäcke bis 1.080,50 Euro", "1080.50", "EUR"),
    ("pt", "tênis até R$ 300", "300", "BRL"), ("it", "zaini sotto i 50 euro", "50", "EUR"),
    ("nl", "tassen onder de 50 euro", "50", "EUR"), ("pl", "plecak do 200 zł", "200", "PLN"),
    ("ru", "рюкзак до 5 тыс. рублей", "5000", "RUB"), ("uk", "рюкзак до 50 євро", "50", "EUR"),
    ("tr", "50 euro'nun altında çanta", "50", "EUR"), ("tr", "100 TL'ye kadar", "100", "TRY"),
    ("ar", "سماعات أقل من ١٠٠ يورو", "100", "EUR"), ("he", "תיק עד 200 שקל", "200", "ILS"),
    ("hi", "50 यूरो से कम का बैग", "50", "EUR"), ("id", "tas di bawah 50 euro", "50", "EUR"),
    ("vi", "tai nghe dưới 50 euro", "50", "EUR"), ("th", "กระเป๋าไม่เกิน 500 บาท", "500", "THB"),
    ("ja", "１万円以下のヘッドホン", "10000", "JPY"), ("ko", "5만원 이하 가방", "50000", "KRW"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "most", "currency"), MOST)
def test_at_most(language: str, text: str, most: str, currency: str) -> None:
    assert find(text, language, frozenset()).limits == Limits(None, Decimal(most), (currency,))


def test_every_language_has_its_words() -> None:
    assert {language for language, *_ in MOST} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text", "least", "most"),
    [
        ("zh", "100到200元的背包", "100", "200"), ("ar", "بين 20 و 50 يورو", "20", "50"),
        ("ru", "от 20 до 50 евро", "20", "50"), ("de", "zwischen 20 und 40 €", "20", "40"),
        ("ko", "2만원~5만원", "20000", "50000"), ("en", "20-50 EUR", "20", "50"),
        ("ja", "5000円以上", "5000", None), ("es", "a partir de 30 euros", "30", None),
    ],
)  # fmt: skip
def test_ranges_and_at_least(language: str, text: str, least: str, most: str | None) -> None:
    found = find(text, language, frozenset()).limits
    assert found is not None
    assert (found.least, found.most) == (Decimal(least), Decimal(most) if most else None)


def test_a_dollar_may_be_of_several_countries() -> None:
    found = limits("headphones under $100", "en")
    assert found is not None and {"USD", "CAD", "AUD"} <= set(found.currencies)
    assert limits("under us$100", "en") == Limits(None, Decimal(100), ("USD",))
    assert limits("mugs under 20", "en") == Limits(None, Decimal(20))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "a rope under 50 cm"), ("en", "shoes from 42 to 44"), ("en", "at least 2 pockets"),
        ("en", "I paid 50 euros for it"), ("de", "Schuhe bis Größe 42"), ("zh", "我的订单 20481 到了吗"),
        ("ar", "أين طلبي BD-20481؟"), ("ru", "размер от 42 до 44"), ("ja", "サイズ42はありますか"),
    ],
)  # fmt: skip
def test_what_is_no_price_sets_no_limit(language: str, text: str) -> None:
    assert limits(text.casefold(), language) is None


def test_what_must_be_there_now() -> None:
    assert (
        in_stock("有现货的杯子", "zh")
        and in_stock("سماعات متوفرة في المخزون", "ar")
        and in_stock("есть в наличии?", "ru")
    )
    assert not in_stock("杯子", "zh") and not in_stock("a stocking", "en") and not in_stock("рюкзак", "ru")


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_read(text: str, language: str) -> None:
    found = limits(text, language)
    assert found is None or (found.least or found.most) is not None
