"""A reply may only say what its evidence says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel.lists import format_list
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer.check import Spoken, unsupported
from bot.answer.draft import Draft, Sentence
from bot.answer.figures import duration
from bot.answer.values import plain, read
from bot.conversations import Topic
from bot.messages import Citation
from bot.phrasebook import Phrasebook, country, day, locale_of, moment, money, percent

PHRASES = Phrasebook()
LANGUAGES = PHRASES.languages


def draft(
    text: str, quote: str, *, evidence: tuple[str, ...] = ("r",), kind: str = "article", title: str = ""
) -> Draft:
    record = Citation("r", kind, title, quote)  # type: ignore[arg-type]
    return Draft("other", Topic(), (Sentence(text, evidence),), (record,))


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(
    amount=st.decimals(0, 10**7, places=2),
    when=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    rate=st.decimals(0, 99, places=1),
    currency=st.sampled_from(["EUR", "USD", "CNY", "JPY", "CAD", "PLN", "INR", "THB"]),
)
def test_what_the_record_says_passes_in_every_language(
    language: str, amount: Decimal, when: datetime, rate: Decimal, currency: str
) -> None:
    when = when.replace(tzinfo=UTC)
    amount = amount.quantize(Decimal(1)) if currency == "JPY" else amount
    said = (money(amount, currency, language), day(when, language), moment(when, language), percent(rate, language))
    text = " – ".join(said)
    told = draft(text, f"{amount} {currency}; {when.isoformat()}; {rate} %")
    assert unsupported(told) == ()
    assert unsupported(told, "", Spoken(language, PHRASES)) == ()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("It costs €12.50.", "13.50 EUR"),
        ("价格是12.50元。", "12.05 CNY"),
        ("يصل في 9 نوفمبر 2026.", "2026-11-08T20:00:00+01:00"),
        ("Lieferung in 3 Tagen", "Lieferung in 2 Tagen"),
        ("رقم التتبع RR123456785DE", "RR123456786DE"),
        ("Tracking number RR123456785DE", "RR123456785FR"),
        ("Tracking number RR123456785DE", "RR123456785DE9"),
        ("١٢ يومًا", "14 days"),  # Arabic-Indic digits are digits as well
        ("1.250 €", "12.50 EUR"),
        # The digits are the same.
        ("8 November 2026", "2026-11-09, 8 EUR"),
        ("8 November 2026", "2026-08-11"),
        ("8. August 2026", "2026-11-08"),
        ("11 de agosto de 2026", "2026-11-08"),
        ("2026年8月11日", "2026-11-08"),
        ("11 августа 2026 г.", "2026-11-08"),
        ("11 أغسطس 2026", "2026-11-08"),
        ("11 สิงหาคม 2026", "2026-11-08"),
        ("11 tháng 8, 2026", "2026-11-08"),
        ("08:20", "2026-11-08T20:08:00+01:00"),
        ("39 USD", "39 EUR"),
        ("$39", "39 EUR"),
        ("39 dollars", "39 EUR"),
        ("39 美元", "39 EUR"),
        ("39 دولارًا أمريكيًا, $39", "39 EUR"),
        ("39 рублей", "39 EUR"),
        ("5 %", "5 EUR"),
        ("5 Prozent", "5 days"),
        ("8 days", "2026-11-08"),
        ("See https://example.com/a", "https://example.com/b"),
        ("See example.com", "example.org"),
        ("Write to a@example.com", "b@example.com"),
    ],
)  # fmt: skip
def test_what_the_record_does_not_say_is_refused(text: str, quote: str) -> None:
    assert unsupported(draft(text, quote))


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("until 8 November", "2026-11-08"),
        ("November 8, 2026, 20:05", "2026-11-08T20:05:00+01:00"),
        ("in the 8th of May 2026", "2026-05-08"),
        ("39 euros or 39,00 €", "39.00 EUR"),
        ("39 欧元", "39 EUR"),
        ("5 percent, 5 процентов", "VAT 5 %"),
        ("see https://example.com/a.", "https://example.com/a"),
        ("350ml", "(350ml/12oz)"),
        ("£264.02, out of stock", "264.02 GBP"),  # "out" is October's short form in Portuguese
        ("18 ml: $481.20, out of stock; 5 mar", "18 ml; 481.20 USD; 5 mar"),
        ("5 mar 2026", "2026-03-05"),
        ("8 พฤศจิกายน พ.ศ. 2569", "2026-11-08"),
    ],
)
def test_another_way_to_say_it_passes(text: str, quote: str) -> None:
    assert unsupported(draft(text, quote)) == ()


def test_a_sentence_without_evidence_holds_no_number() -> None:
    assert unsupported(draft("We deliver in 3 days.", "3 days", evidence=()))
    assert not unsupported(draft("Hello!", "3 days", evidence=()))


def test_evidence_that_is_not_cited_is_refused() -> None:
    assert unsupported(draft("Hello", "3 days", evidence=("another",)))


def test_a_claim_is_held_against_its_own_evidence_only() -> None:
    citations = (Citation("a", "article", "", "5 EUR"), Citation("b", "article", "", "7 EUR"))
    said = Draft("other", Topic(), (Sentence("7", ("a",)), Sentence("5", ("b",))), citations)
    assert unsupported(said) == ("7", "5")


def of_product(key: str, language: str, availability: str, title: str = "Enamel mug") -> Draft:
    text = PHRASES.say(language, key, title=title)
    return draft(text, f"{title}; 12.50 EUR; {availability}", kind="product", title=title)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["in_stock", "out_of_stock", "preorder", "backorder"])
def test_whether_it_is_in_stock_is_as_the_record_has_it(language: str, state: str) -> None:
    spoken = Spoken(language, PHRASES)
    assert unsupported(of_product(f"product.{state}", language, state), "", spoken) == ()
    for other in {"in_stock", "out_of_stock", "preorder", "backorder"} - {state}:
        assert unsupported(of_product(f"product.{state}", language, other), "", spoken), other


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_a_parcel_is_is_as_the_record_has_it(language: str) -> None:
    spoken = Spoken(language, PHRASES)
    for state, other in (("InTransit", "Delivered"), ("Delivered", "InTransit"), ("AttemptFail", "Delivered")):
        text = PHRASES.say(language, f"shipment.{state}", carrier="Postnord")
        for told in (state, other):
            wrong = unsupported(draft(text, f"Postnord; 2026-11-08 {told}", kind="shipment"), "", spoken)
            assert bool(wrong) == (told == other), wrong


def test_a_state_that_is_denied_is_not_stated() -> None:
    for language, text in (("en", "Enamel mug is not in stock."), ("zh", "Enamel mug 不有现货。")):
        told = draft(text, "Enamel mug; in_stock", kind="product", title="Enamel mug")
        assert unsupported(told, "", Spoken(language, PHRASES))


def test_a_statement_names_the_product_that_it_rests_on() -> None:
    record = {"kind": "product", "title": "Enamel mug, blue"}
    assert unsupported(draft("Enamel mug, red costs €12.50.", "Enamel mug; blue; red; 12.50 EUR", **record))
    assert not unsupported(draft("Enamel mug, blue costs €12.50.", "12.50 EUR", **record))


@pytest.mark.parametrize("language", ["en", "zh", "ar", "ru", "ja", "th", "ko", "tr"])
def test_a_word_that_is_neither_ours_nor_the_records_is_refused(language: str) -> None:
    spoken = Spoken(language, PHRASES)
    text = PHRASES.say(language, "product.priced", title="Enamel mug", price=money(Decimal("12.5"), "EUR", language))
    told = {"quote": "Enamel mug; 12.50 EUR", "kind": "product", "title": "Enamel mug"}
    assert unsupported(draft(text, **told), "", spoken) == ()
    for more in ("iPhone", "Portugal", "赠品", "مجاناً", "бесплатно", "무료"):
        assert unsupported(draft(f"{text} {more}", **told), "", spoken), more


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_country_is_named_where_the_customer_or_the_record_names_it(language: str) -> None:
    text = PHRASES.say(language, "customs.none", country=country("PT", language))
    said = Draft("customs_duty", Topic(), (Sentence(text),))
    assert unsupported(said, "", Spoken(language, PHRASES, frozenset({"PT"}))) == ()
    assert unsupported(said, "", Spoken(language, PHRASES, frozenset({"JP"})))
    vat = PHRASES.say(language, "customs.vat", country=country("PT", language), percent=percent(Decimal(23), language))
    spoken = Spoken(language, PHRASES)
    assert unsupported(draft(vat, "PT, from 2020-01-01; VAT 23 %", kind="duty"), "", spoken) == ()
    assert unsupported(draft(vat, "JP, from 2020-01-01; VAT 23 %", kind="duty"), "", spoken)


def test_a_reply_is_in_the_language_that_was_decided() -> None:
    for said, decided in (("en", "de"), ("zh", "en"), ("ar", "ru"), ("ru", "uk"), ("es", "pt"), ("zh", "zh-Hant")):
        text = PHRASES.say(said, "proof")
        assert not unsupported(draft(text, "", evidence=()), "", Spoken(said, PHRASES))
        assert unsupported(draft(text, "", evidence=()), "", Spoken(decided, PHRASES)), (said, decided)


@pytest.mark.parametrize("language", LANGUAGES)
def test_none_of_our_own_phrases_is_refused(language: str) -> None:
    spoken = Spoken(language, PHRASES)
    for key, text in PHRASES.texts(language).items():
        if "{" not in text and not key.startswith("widget."):
            found = unsupported(draft(text, "", evidence=()), "", spoken)
            assert found == (), key


TITLES = {"en": "Enamel mug", "zh": "搪瓷杯", "ar": "كوب مينا", "ru": "Эмалированная кружка", "de": "Emaillebecher"}
OTHERS = {"en": "Tunnel tent", "zh": "隧道帐篷", "ar": "خيمة نفقية", "ru": "Туннельная палатка", "de": "Tunnelzelt"}


@pytest.mark.parametrize("language", TITLES)
@settings(max_examples=60, deadline=None)
@given(
    amount=st.decimals(1, 10**5, places=2),
    when=st.dates(date(2001, 1, 1), date(2099, 12, 31)),
    change=st.sampled_from(["digit", "currency", "month", "title", "link", "email", "day"]),
    place=st.integers(0, 30),
)
def test_a_true_reply_passes_and_any_change_to_it_is_refused(
    language: str, amount: Decimal, when: date, change: str, place: int
) -> None:
    title, price = TITLES[language], money(amount, "EUR", language)
    priced = PHRASES.say(language, "product.priced", title=title, price=price)
    said = f"{priced} {PHRASES.say(language, 'shipment.promised', date=day(when, language))}"
    spoken = Spoken(language, PHRASES)
    record = {"quote": f"{title}; {amount} EUR; promised {when.isoformat()}", "kind": "product", "title": title}
    assert unsupported(draft(said, **record), "", spoken) == ()
    month = when.replace(day=min(when.day, 28), month=when.month % 12 + 1)
    match change:
        case "digit":
            digits = [at for at, sign in enumerate(said) if sign.isdigit()]
            at = digits[place % len(digits)]
            lie = said[:at] + str((int(said[at]) + 1 + place % 9) % 10) + said[at + 1 :]
        case "currency":
            lie = said.replace("€", "$")
        case "month":
            lie = said.replace(day(when, language), day(month, language))
        case "day":
            lie = said.replace(day(when, language), day(when.replace(day=when.day % 28 + 1), language))
        case "title":
            lie = said.replace(title, OTHERS[language])
        case "link":
            lie = f"{said} https://pay.example.com"
        case _:
            lie = f"{said} help@pay.example.com"
    if plain(lie) == plain(said) or _means(lie) == _means(said):
        return  # "01" for "1": no lie
    assert unsupported(draft(lie, **record), "", spoken), lie


def _means(text: str) -> list[tuple[str, frozenset[str]]]:
    """The values, and the text without digits: what a change has to touch to be one."""
    values: list[tuple[str, frozenset[str]]] = [(value.kind, value.readings) for value in read(plain(text))]
    return [*values, ("", frozenset({"".join(sign for sign in text if not sign.isdigit())}))]


@pytest.mark.parametrize("language", ["zh", "ar", "ru", "de", "th", "hi"])
def test_what_a_page_says_in_another_language_may_be_told_in_figures(language: str) -> None:
    quote = "Parcels to Canada and Japan take 3 weeks and cost 20 EUR."
    said = [duration(3, "week", language), money(Decimal(20), "EUR", language)]
    said += [country("CA", language), country("JP", language)]
    text = PHRASES.say(language, "article.figures", figures=format_list(said, locale=locale_of(language)))
    spoken = Spoken(language, PHRASES)
    assert unsupported(draft(text, quote), "", spoken) == ()
    assert unsupported(draft(f"{text} {country('PT', language)}", quote), "", spoken) or language == "th"
    assert unsupported(draft(text.replace("20", "2"), quote), "", spoken)
