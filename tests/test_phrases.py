"""The reply catalogues: complete, fillable, in their own language, with Western digits; and the names of countries."""

import csv
import re
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter

import py3langid
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot import phrasebook
from bot.answer.figures import duration
from bot.phrasebook import FOLDER, Phrasebook, best

LANGUAGES = (
    "ar", "de", "en", "es", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "uk", "vi",
    "zh", "zh-Hant",
)  # fmt: skip
OTHERS = tuple(tag for tag in LANGUAGES if tag != "en")
SCRIPTS = {
    "ar": ("ARABIC",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "ru": ("CYRILLIC",),
    "th": ("THAI",),
    "uk": ("CYRILLIC",),
    "zh": ("CJK",),
    "zh-Hant": ("CJK",),
}
# Words that the language shares with English.
SHARED = {
    "de": {"order.status", "field.material", "widget.seen_barcodes", "widget.status_online"},
    "es": {"field.material"},
    "fr": {
        "widget.assistant",
        "widget.conversation",
        "widget.message",
        "widget.pause",
        "widget.photo_number",
        "widget.suggestions",
    },
    "id": {"order.status"},
    "it": {"widget.status_online"},
    "nl": {"order.status", "widget.kind_product", "widget.seen_barcodes", "widget.status_online"},
    "pl": {"order.status"},
    "pt": {"field.material", "widget.status_online"},
}
WESTERN = re.compile(r"[0-9]")
COUNTRIES = Path(phrasebook.__file__).with_name("lexicon") / "countries.tsv"


def catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def phrases(language: str) -> dict[str, str]:
    return {str(entry.id): str(entry.string) for entry in catalogue(language) if entry.id}


def places(phrase: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)


def letters(phrase: str) -> str:
    """The letters that stand outside the places."""
    return "".join(c for text, *_ in Formatter().parse(phrase) for c in text if c.isalpha())


def filled(language: str) -> dict[str, str]:
    """Every phrase with what it may be given: names in another script, money, dates and countries by CLDR."""
    values = {
        "shop": "Cobalt & Co",
        "carrier": "DHL",
        "order": "A-1001",
        "date": phrasebook.day(date(2026, 11, 8), language),
        "earliest": phrasebook.day(date(2026, 11, 8), language),
        "latest": phrasebook.day(date(2026, 11, 9), language),
        "until": phrasebook.day(date(2026, 12, 8), language),
        "time": duration(3, "day", language),
        "items": "Mug, Socks, Lamp",
        "amount": phrasebook.money(Decimal("150"), "EUR", language),
        "price": phrasebook.money(Decimal("12.5"), "EUR", language),
        "percent": phrasebook.percent(Decimal("20"), language),
        "country": phrasebook.country("DE", language),
        "language": phrasebook.language_name("en", language),
    }
    said = phrases(language)
    names = {name for phrase in said.values() for name in places(phrase)}
    return {key: phrase.format_map(dict.fromkeys(names, "Mug") | values) for key, phrase in said.items()}


def test_a_catalogue_for_every_language_of_the_design() -> None:
    assert set(Phrasebook().languages) >= set(LANGUAGES)


@pytest.mark.parametrize("language", OTHERS)
def test_same_keys_and_places_as_english(language: str) -> None:
    english, said = phrases("en"), phrases(language)
    assert set(said) == set(english)
    assert {key: places(text) for key, text in said.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_header_names_the_language_and_no_key_stands_twice(language: str) -> None:
    source = (FOLDER / f"{language}.po").read_text(encoding="utf-8")
    assert f'"Language: {language}\\n"' in source
    keys = Counter(re.findall(r'^msgid "(.+)"$', source, re.MULTILINE))
    assert [key for key, times in keys.items() if times > 1] == []
    assert set(keys) == set(phrases(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_hold_words_but_no_digits(language: str) -> None:
    for key, phrase in phrases(language).items():
        assert phrase == phrase.strip() != "", key
        assert not any(unicodedata.category(c) == "Nd" for c in phrase), key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    english = phrases("en")
    same = {key for key, phrase in phrases(language).items() if letters(phrase) and phrase == english[key]}
    assert same == SHARED.get(language, set())


@pytest.mark.parametrize("language", SCRIPTS)
def test_phrases_are_in_the_script_of_the_language(language: str) -> None:
    for key, phrase in phrases(language).items():
        said = letters(phrase)
        own = [c for c in said if unicodedata.name(c).startswith(SCRIPTS[language])]
        assert len(own) >= 0.6 * len(said), f"{key}: {phrase}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_recognised_as_its_language(language: str) -> None:
    text = " ".join(re.sub(r"\{\w+\}", "", phrase) for phrase in phrases(language).values())
    assert py3langid.classify(text)[0] == language.split("-")[0]


def test_russian_and_ukrainian_keep_to_their_own_letters() -> None:
    russian, ukrainian = ("".join(phrases(tag).values()).lower() for tag in ("ru", "uk"))
    assert not set(russian) & set("іїєґ")
    assert not set(ukrainian) & set("ыэъё")
    assert [key for key, text in phrases("ru").items() if len(letters(text)) > 20 and text == phrases("uk")[key]] == []


def test_simplified_and_traditional_chinese_keep_to_their_own_characters() -> None:
    simplified, traditional = (set("".join(phrases(tag).values())) for tag in ("zh", "zh-Hant"))
    assert not simplified & set("們這單關訂貨購買請問嗎會與國")
    assert not traditional & set("们这单关订货购买请问吗会与国")
    assert simplified >= set("订单关税")
    assert traditional >= set("訂單關稅")


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_sentences_are_well_formed(language: str) -> None:
    for key, text in filled(language).items():
        # A Russian date ends in "г.", a Ukrainian one in "р.": no phrase may add a second full stop.
        assert not re.search(r"[{}]|\.\.|。\.|  | [,.。，]", text), f"{key}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_dates_have_western_digits_that_can_be_copied(language: str) -> None:
    texts = {
        "12": phrasebook.money(Decimal("12.5"), "EUR", language),
        "7": phrasebook.percent(Decimal("7.7"), language),
        "2026": phrasebook.day(date(2026, 11, 8), language),
        "14:30": phrasebook.moment(datetime(2026, 11, 8, 14, 30, tzinfo=UTC), language),
    }
    for expected, text in texts.items():
        assert expected in text
        assert all(WESTERN.match(c) for c in text if unicodedata.category(c) == "Nd"), text
        assert not any(unicodedata.category(c) == "Cf" for c in text), ascii(text)
    assert re.search(r"7[.,]7", texts["7"])
    assert "%" in texts["7"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh_TW", "zh-Hant"),
        ("zh-CN", "zh"),
        ("zh-Hans-CN", "zh"),
        ("pt-BR", "pt"),
        ("AR-eg", "ar"),
        ("he", "he"),
        ("sw", None),
        ("", None),
    ],
)
def test_best_picks_the_catalogue_that_serves(wanted: str, found: str | None) -> None:
    assert best(wanted, LANGUAGES) == found


def test_say_fills_places_and_refuses_what_it_lacks() -> None:
    book = Phrasebook()
    assert book.say("zh", "shipment.number", number="RR123456785DE") == "运单号：RR123456785DE。"
    assert book.say("ar", "shipment.number", number="RR123456785DE") == "رقم التتبع: \u2066RR123456785DE\u2069."
    assert book.say("es", "shipment.number", number="RR123456785DE") == "Número de seguimiento: RR123456785DE."
    with pytest.raises(KeyError):
        book.say("es", "shipment.number")
    with pytest.raises(KeyError):
        book.say("xx", "greeting", shop="x")


def test_country_names_add_to_the_standard_ones_and_name_one_country_each() -> None:
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header == ["country", "language", "names"]
    assert {language for _, language, _ in rows} == set(LANGUAGES)
    meaning: dict[tuple[str, str], str] = {}
    for code, language, names in rows:
        territories = phrasebook.locale_of(language).territories
        assert code in territories
        standard = {name.casefold() for key, name in territories.items() if len(key) == 2}
        for name in names.split("|"):
            assert name == unicodedata.normalize("NFKC", name).strip() != ""
            assert name.casefold() not in standard
            assert meaning.setdefault((language, name.casefold()), code) == code
    assert meaning["zh", "阿联酋"] == meaning["ar", "الإمارات"] == meaning["es", "emiratos"] == "AE"
