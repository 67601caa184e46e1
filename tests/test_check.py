"""A reply may only say what its evidence says."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer.check import unsupported
from bot.answer.draft import Draft, Sentence
from bot.conversations import Topic
from bot.messages import Citation
from bot.phrasebook import Phrasebook, day, moment, money, percent

LANGUAGES = Phrasebook().languages


def draft(text: str, quote: str, *, evidence: tuple[str, ...] = ("r",)) -> Draft:
    return Draft("other", Topic(), (Sentence(text, evidence),), (Citation("r", "product", "", quote),))


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    amount=st.decimals(0, 10**7, places=2),
    when=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    rate=st.decimals(0, 99, places=1),
)
def test_what_the_record_says_passes_in_every_language(
    language: str, amount: Decimal, when: datetime, rate: Decimal
) -> None:
    when = when.replace(tzinfo=UTC)
    said = (money(amount, "EUR", language), day(when, language), moment(when, language), percent(rate, language))
    text = " – ".join(said)
    assert unsupported(draft(text, f"{amount} EUR; {when.isoformat()}; {rate} %")) == ()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("It costs €12.50.", "13.50 EUR"),
        ("价格是12.50元。", "12.05 CNY"),
        ("يصل في 9 نوفمبر 2026.", "2026-11-08T20:00:00+01:00"),
        ("Lieferung in 3 Tagen", "Lieferung in 2 Tagen"),
        ("رقم التتبع RR123456785DE", "RR123456786DE"),
        ("Tracking number RR123456785DE", "RR123456785FR"),
        ("١٢ يومًا", "14 days"),  # Arabic-Indic digits are digits as well
        ("1.250 €", "12.50 EUR"),
    ],
)
def test_what_the_record_does_not_say_is_refused(text: str, quote: str) -> None:
    assert unsupported(draft(text, quote))


def test_a_sentence_without_evidence_holds_no_number() -> None:
    assert unsupported(draft("We deliver in 3 days.", "3 days", evidence=()))
    assert not unsupported(draft("Hello!", "3 days", evidence=()))


def test_evidence_that_is_not_cited_is_refused() -> None:
    assert unsupported(draft("Hello", "3 days", evidence=("another",)))


def test_a_claim_is_held_against_its_own_evidence_only() -> None:
    citations = (Citation("a", "product", "", "5 EUR"), Citation("b", "product", "", "7 EUR"))
    said = Draft("other", Topic(), (Sentence("7", ("a",)), Sentence("5", ("b",))), citations)
    assert unsupported(said) == ("7", "5")
