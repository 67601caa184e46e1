"""What a help page in another language says in figures, in the reader's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer.figures import duration, figures
from bot.settings import LANGUAGES
from tests.fakes import phrases


def said(text: str, written_in: str, language: str) -> tuple[str, ...]:
    def working_days(count: str) -> str:
        return phrases().say(language, "figure.working_days", count=count)

    return tuple(found.replace("\u00a0", " ") for found in figures(text, written_in, language, working_days))


@pytest.mark.parametrize(
    ("text", "written_in", "language", "found"),
    [
        ("You can return anything within 30 days of delivery.", "en", "vi", ("30 ngày",)),
        ("Innerhalb von 30 Tagen nach Lieferung, für 7 EUR.", "de", "pl", ("30 dni", "7,00 €")),
        ("签收后30天内可退货，运费7 EUR。", "zh", "it", ("30 giorni", "7,00 €")),
        ("خلال 30 أيام من التسليم، ألمانيا", "ar", "nl", ("30 dagen", "Duitsland")),
        ("電池は12か月以内に容量が80%を下回る場合", "ja", "ar", ("12 شهرًا", "80%")),
        ("Remboursement sous 5 jours ouvrés, puis 3 jours.", "fr", "tr", ("5 iş günü", "3 gün")),
        ("Возврат в течение 5 рабочих дней.", "ru", "th", ("5 วันทำการ",)),
        ("It takes 3-5 days to Canada.", "en", "he", ("3–5 ימים", "קנדה")),
    ],
)
def test_figures_are_said_in_the_readers_words(
    text: str, written_in: str, language: str, found: tuple[str, ...]
) -> None:
    assert said(text, written_in, language) == found


@pytest.mark.parametrize(
    ("text", "written_in"),
    [
        ("Delivery on 2026-11-02, at 10:30, order BD-20481, 5 kg, 350 ml.", "en"),
        ("2026年1月1日起，签收当日为第0天。", "zh"),
        ("Within 5 very long days.", "en"),
        ("", "ar"),
    ],
)
def test_what_is_no_figure_by_itself_is_left_to_the_quotation(text: str, written_in: str) -> None:
    assert said(text, written_in, "ko") == ()


def test_a_table_is_left_to_the_quotation() -> None:
    assert said("; ".join(f"{price} EUR" for price in range(10, 30)), "en", "vi") == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_a_number_of_days_with_the_number(language: str) -> None:
    assert "11" in duration(11, "day", language)
    assert said("within 11 days", "en", language) == (duration(11, "day", language).replace("\u00a0", " "),)
    assert said(duration(11, "day", language), language, "en") == ("11 days",)


@given(st.text(max_size=300), st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES))
def test_any_text_can_be_read(text: str, written_in: str, language: str) -> None:
    said(text, written_in, language)
