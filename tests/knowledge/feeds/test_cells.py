"""Values of cells, good and bad."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.feeds import cells

PARSERS = [
    cells.amount, cells.money, cells.percent, cells.positive, cells.moment, cells.day, cells.currency, cells.country,
    cells.language, cells.code, cells.words, cells.interval,
]  # fmt: skip


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (cells.money, "12.50 EUR", (Decimal("12.50"), "EUR")),
        (cells.money, "１２．５０　ｅｕｒ", (Decimal("12.50"), "EUR")),
        (cells.money, "١٢٫٥٠ SAR", (Decimal("12.50"), "SAR")),
        (cells.money, "0\u00a0JPY", (Decimal(0), "JPY")),
        (cells.money, "EUR 12.50", (Decimal("12.50"), "EUR")),
        (cells.money, "sar ١٢٫٥٠", (Decimal("12.50"), "SAR")),
        (cells.money, "1.234,50 EUR", (Decimal("1234.50"), "EUR")),
        (cells.money, "USD 1,234,567.89", (Decimal("1234567.89"), "USD")),
        (cells.money, "12,34,567.50 INR", (Decimal("1234567.50"), "INR")),
        (cells.interval, "2026-11-01T10:00Z/2026-11-02T10:00+01:00", (
            datetime(2026, 11, 1, 10, tzinfo=UTC), datetime(2026, 11, 2, 9, tzinfo=UTC))),
        (cells.interval, "2026-11-01T10:00Z / ..", (datetime(2026, 11, 1, 10, tzinfo=UTC), None)),
        (cells.interval, "/2026-11-01T1000+0100", (None, datetime(2026, 11, 1, 9, tzinfo=UTC))),
        (cells.percent, "5.5", Decimal("5.5")),
        (cells.percent, "100", Decimal(100)),
        (cells.positive, "４２", 42),
        (cells.moment, "2026-11-01T10:00:00+01:00", datetime(2026, 11, 1, 9, tzinfo=UTC)),
        (cells.moment, "2026-11-01T10:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (cells.moment, "２０２６-11-01T10：00：00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (cells.moment, "2026-11-01T10:00:00\u221203:00", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        (cells.day, "2026-02-28", date(2026, 2, 28)),
        (cells.currency, "cny", "CNY"),
        (cells.country, "gb", "GB"),
        (cells.country, "XK", "XK"),
        (cells.language, "zh_hant", "zh-Hant"),
        (cells.language, "PT-br", "pt-BR"),
        (cells.language, "es-419", "es-419"),
        (cells.code, "订单 7/ب", "订单 7/ب"),
    ],
)  # fmt: skip
def test_taken(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((cells.money, text) for text in (
            "12.50", "EUR", "12,50 EUR", "1,234 EUR", "-1 EUR", "−1 EUR", "NaN EUR", "Infinity EUR", "1e5 EUR",
            "12² EUR", "½ EUR", "+5 EUR", "12.50 XYZ", "12.50 €", "12.50 EUR EUR", "1" * 13 + " EUR", "XXX XXX",
            "EUR EUR", "EUR 12,50", "1,23.50 EUR", "1.234.567 EUR", "1.234,567,8 EUR", "1,234,50 EUR", ",234.50 EUR",
        )),
        *((cells.percent, text) for text in ("20%", "100.01", "-1")),
        *((cells.positive, text) for text in ("0", "-1", "1.5", "two", "二", "9" * 10)),
        *((cells.moment, text) for text in (
            "2026-11-01", "2026-11-01T10:00:00", "01/11/2026", "2026-13-01T00:00Z", "yesterday",
            "0001-01-01T00:00+14:00", "2026-11-01T10:00+25:00", "9999-12-31T23:59-14:00",
        )),
        *((cells.interval, text) for text in (
            "2026-11-01T10:00Z", "2026-11-02T10:00Z/2026-11-01T10:00Z", "2026-11-01/2026-11-02", "a/b/c", "/" * 200,
        )),
        *((cells.day, text) for text in ("2026-02-30", "1.2.2026", "0001-01-01", "2026-11-01T10:00")),
        *((cells.currency, text) for text in ("EURO", "€", "XXX", "XTS", "ZZZ")),
        *((cells.country, text) for text in ("UK", "EU", "ZZ", "DEU", "Germany", "德国")),
        *((cells.language, text) for text in ("english", "xq", "und", "e", "zh-Hant-TW-x", "")),
        *((cells.code, text) for text in ("a\nb", "a\u202eb", "x" * 101)),
    ],
)  # fmt: skip
def test_refused_with_a_reason(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert len(str(caught.value)) < 150
    assert str(caught.value).isprintable()


def test_all_249_countries_and_the_money_of_today_are_known() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    known = [a + b for a in letters for b in letters if _known(cells.country, a + b)]
    assert len(known) == 250  # ISO 3166-1 has 249, and XK
    for code in ("USD", "CNY", "INR", "BRL", "KRW", "SAR", "UAH", "TRY", "VND", "THB", "IDR", "PLN", "ILS"):
        assert _known(cells.currency, code)


def _known(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


@given(st.sampled_from(PARSERS), st.text(max_size=80))
def test_any_text_is_a_value_or_a_short_reason(parse: Callable[[str], Any], text: str) -> None:
    if not (text := text.strip()):
        return
    try:
        value = parse(text)
    except ValueError as wrong:
        assert len(str(wrong)) < 700
    else:
        if isinstance(value, datetime):
            assert value.astimezone(UTC).tzinfo is UTC
        if isinstance(value, Decimal):
            assert value.is_finite()
            assert value >= 0


@given(st.decimals(min_value=0, max_value=10**11, places=2), st.sampled_from(["EUR", "CNY", "SAR"]))
def test_every_price_comes_back_as_it_was_written(price: Decimal, currency: str) -> None:
    assert cells.money(f"{price:f} {currency}") == (price, currency)


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2198, 1, 1), timezones=OFFSETS))
def test_every_time_comes_back_as_it_was_written(time: datetime) -> None:
    assert cells.moment(time.isoformat()) == time
