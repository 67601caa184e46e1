"""Days that messages name, in all languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dates import LONGEST, Span, dates, of_those_days
from bot.settings import LANGUAGES
from tests.fakes import an_order

THURSDAY = date(2026, 3, 12)  # the Wednesday before is the 11th, that of the week before the 4th

WEDNESDAY = {
    "en": "I bought it last Wednesday",
    "zh": "我上周三买的",
    "zh-Hant": "我上星期三買的",
    "es": "Lo compré el miércoles pasado",
    "fr": "Je l'ai acheté mercredi dernier",
    "de": "Das habe ich letzten Mittwoch gekauft",
    "pt": "Comprei na quarta-feira passada",
    "it": "L'ho comprato mercoledì scorso",
    "nl": "Ik heb het afgelopen woensdag gekocht",
    "pl": "Kupiłem to w zeszłą środę",
    "ru": "Купила в прошлую среду",
    "uk": "Купив минулої середи",
    "tr": "Geçen çarşamba aldım",
    "ar": "اشتريته الأربعاء الماضي",
    "he": "קניתי ביום רביעי שעבר",
    "hi": "पिछले बुधवार को ख़रीदा था",
    "id": "Saya beli Rabu lalu",
    "vi": "Tôi mua hôm thứ tư tuần trước",
    "th": "ซื้อเมื่อวันพุธที่แล้ว",
    "ja": "先週の水曜日に買いました",
    "ko": "지난주 수요일에 샀어요",
}
THREE_DAYS_AGO = {
    "en": "3 days ago",
    "zh": "3天前下的单",
    "zh-Hant": "3天前下的單",
    "es": "hace 3 días",
    "fr": "il y a 3 jours",
    "de": "vor 3 Tagen",
    "pt": "há 3 dias",
    "it": "3 giorni fa",
    "nl": "3 dagen geleden",
    "pl": "3 dni temu",
    "ru": "3 дня назад",
    "uk": "3 дні тому",
    "tr": "3 gün önce",
    "ar": "قبل ٣ أيام",
    "he": "לפני 3 ימים",
    "hi": "३ दिन पहले",
    "id": "3 hari lalu",
    "vi": "3 ngày trước",
    "th": "๓ วันก่อน",
    "ja": "3日前に注文",
    "ko": "3일 전에 주문",
}
YESTERDAY = {
    "en": "yesterday", "zh": "昨天", "zh-Hant": "昨天", "es": "ayer", "fr": "hier", "de": "gestern", "pt": "ontem",
    "it": "ieri", "nl": "gisteren", "pl": "wczoraj", "ru": "вчера", "uk": "вчора", "tr": "dün", "ar": "أمس",
    "he": "אתמול", "hi": "बीते कल", "id": "kemarin", "vi": "hôm qua", "th": "เมื่อวาน", "ja": "昨日", "ko": "어제",
}  # fmt: skip


def days(text: str, language: str, today: date = THURSDAY) -> list[date]:
    found = dates(text, language, today)
    assert all(span.first == span.last for span in found)
    return [span.first for span in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_weekday_of_last_week_in_every_language(language: str) -> None:
    found = days(WEDNESDAY[language], language)
    if language in ("zh", "zh-Hant", "ja", "ko", "vi"):  # these say that it was in the week before
        assert found == [date(2026, 3, 4)]
    else:  # of the others some mean yesterday
        assert found == [date(2026, 3, 11), date(2026, 3, 4)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_ago_in_every_language(language: str) -> None:
    assert days(THREE_DAYS_AGO[language], language) == [THURSDAY - timedelta(3)]
    assert days(YESTERDAY[language], language) == [THURSDAY - timedelta(1)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the order of March 3rd"),
        ("en", "3/3"),
        ("de", "meine Bestellung vom 3. März"),
        ("de", "am 3.3. bestellt"),
        ("es", "el pedido del 3 de marzo"),
        ("ru", "заказ от 3 марта"),
        ("pl", "zamówienie z 3 marca"),
        ("ar", "طلب 3 مارس"),
        ("zh", "3月3日的订单"),
        ("ja", "３月３日に注文しました"),
        ("ko", "3월 3일 주문"),
        ("th", "2569-03-03"),
        ("vi", "ngày 3 tháng 3"),
        ("hi", "२०२६-०३-०३"),
    ],
)
def test_a_day_by_its_date(language: str, text: str) -> None:
    assert date(2026, 3, 3) in days(text, language)


def test_said_on_the_day_itself_last_tuesday_was_a_week_ago() -> None:
    assert days("last Thursday", "en") == [date(2026, 3, 5)]
    assert days("on Thursday", "en") == [THURSDAY]


def test_a_day_that_has_not_come_yet_was_last_year() -> None:
    assert days("ordered on December 24", "en") == [date(2025, 12, 24)]
    assert days("vom 29. Februar", "de", date(2025, 3, 1)) == [date(2024, 2, 29)]


def test_a_week_and_a_month() -> None:
    assert dates("sometime last week", "en", THURSDAY) == (Span(date(2026, 3, 2), date(2026, 3, 8)),)
    assert dates("上个月买的", "zh", THURSDAY) == (Span(date(2026, 2, 1), date(2026, 2, 28)),)
    assert dates("الشهر الماضي", "ar", date(2026, 1, 5)) == (Span(date(2025, 12, 1), date(2025, 12, 31)),)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "BD-20613"), ("en", "size 41, may I see the march edition?"), ("de", "3,99 € oder 12.50"),
        ("en", "open 24/7"), ("fr", "taille 38-40"), ("zh", "我要41码"), ("ar", "مقاس 42"), ("es", "cuesta 12.50"),
        ("ja", "サイズ41"), ("de", "so einen Mantel"),
    ],
)  # fmt: skip
def test_other_numbers_are_no_days(language: str, text: str) -> None:
    assert days(text, language) == []


def test_the_orders_of_a_day_are_those_of_the_shops_own_clock() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)  # in Tokyo it is the 5th
    orders = [an_order("A-1", "c", "c@example.org", placed_at=late)]
    wanted = [Span(date(2026, 3, 5), date(2026, 3, 5))]
    assert [order.id for order in of_those_days(orders, wanted, ZoneInfo("Asia/Tokyo"))] == ["A-1"]
    assert of_those_days(orders, wanted, ZoneInfo("UTC")) == []


@given(st.text(max_size=60), st.sampled_from(LANGUAGES), st.dates(date(2021, 1, 1), date(2090, 1, 1)))
def test_any_text_names_days_not_long_ago(text: str, language: str, today: date) -> None:
    for span in dates(text, language, today):
        assert today - timedelta(LONGEST) <= span.first <= span.last <= today
