"""Texts whose language is known, to measure how well languages are told apart; none of them is learnt from.

Words and pairs of words are those of CLDR (months, days, units, current currencies, languages and countries that have
a code of two letters) and of the reply catalogues in bot/phrases, in lower case. A word is left out where two of the
21 languages have it, for then it has no right answer, and where it is in another script than the language's. Chinese,
Japanese and Thai write no spaces: a run of their signs counts as words of two characters each.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import get_territory_currencies

from bot.settings import LANGUAGES

Text = tuple[str, str]  # what is written, and in which language (BCP 47)
SPACELESS = frozenset({"zh", "zh-Hant", "ja", "th"})
XQUAD = ("en", "es", "de", "ru", "zh", "ar")
LOOKED_AT = 40  # paragraphs of XQuAD that were looked at while thresholds were set, and are left out
_EACH = 200  # words, and pairs, of each language and source at most
_BABEL = {"zh": "zh_Hans", "zh-Hant": "zh_Hant"}
_PHRASES = Path(__file__).resolve().parents[1] / "phrases"
_SCRIPTS = {
    "ru": "а-яё", "uk": "а-яґєії", "ar": "\u0620-\u0652", "he": "\u05d0-\u05ea", "hi": "\u0900-\u0963",
    "th": "\u0e01-\u0e4e", "ko": "\uac00-\ud7a3", "zh": "\u4e00-\u9fff", "zh-Hant": "\u4e00-\u9fff",
    "ja": "\u3041-\u30ff\u4e00-\u9fff",
}  # fmt: skip
_LATIN = "a-zß-öø-ɏḁ-ỿ"


def cldr() -> dict[str, list[str]]:
    """Names of CLDR in each language, as it writes them."""
    return {tag: sorted(set(_names(Locale.parse(_BABEL.get(tag, tag))))) for tag in LANGUAGES}


def _names(locale: Locale) -> Iterable[str]:
    for context in ("format", "stand-alone"):
        yield from (locale.months[context]["wide"] or {}).values()
        yield from locale.days[context]["wide"].values()
    yield from (name for code, name in locale.languages.items() if len(code) == 2)
    countries = {code: name for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()}
    yield from countries.values()
    current = {currency for country in countries for currency in get_territory_currencies(country)}
    yield from (name for code, name in locale.currencies.items() if code in current)
    for forms in locale._data["unit_patterns"].values():  # Babel has no public list of them
        yield from (form.replace("{0}", "") for form in forms.get("long", {}).values() if isinstance(form, str))


def catalogues() -> dict[str, list[str]]:
    """The phrases that the bot writes in each language, with a bar for what is filled in."""
    found: dict[str, list[str]] = {}
    for tag in LANGUAGES:
        with (_PHRASES / f"{tag}.po").open("rb") as file:
            written = [message.string or "" for message in read_po(file) if message.id]
        forms = [form for forms in written for form in ((forms,) if isinstance(forms, str) else forms)]
        found[tag] = sorted({re.sub(r"\{[^}]*\}", "|", form) for form in forms})
    return found


def words(texts: dict[str, list[str]], in_a_row: int) -> list[Text]:
    """Words (`in_a_row` 1) or pairs of neighbours (2) that one language alone has, in lower case, mixed."""
    held: dict[str, set[str]] = {}
    for tag, lines in texts.items():
        for line in lines:
            for found in _in_a_row(line.lower(), tag, in_a_row):
                held.setdefault(found, set()).add(tag)
    chance = random.Random(0)  # noqa: S311
    every: list[Text] = []
    for tag in LANGUAGES:
        own = sorted(found for found, tags in held.items() if tags == {tag})
        every += [(found, tag) for found in chance.sample(own, min(_EACH, len(own)))]
    chance.shuffle(every)
    return every


def _in_a_row(line: str, tag: str, many: int) -> Iterable[str]:
    signs = _SCRIPTS.get(tag, _LATIN)
    if tag in SPACELESS:
        for run in re.findall(f"[{signs}]+", line):
            if len(run) >= 2 * many:
                yield run[: 2 * many]
        return
    for part in re.split(r"[^\w\s'’\u0300-\u036f\u0900-\u0963\u064b-\u0652-]|\d", line):
        found = [word.strip("'’-") for word in part.split()]
        whole = [word if len(word) > 2 and re.fullmatch(rf"[{signs}'’-]+", word) else None for word in found]
        for at in range(len(whole) - many + 1):
            taken = [word for word in whole[at : at + many] if word]
            if len(taken) == many:
                yield " ".join(taken)


def questions(data: Path, many: int | None, languages: tuple[str, ...] = XQUAD) -> list[Text]:
    """XQuAD's questions past those looked at: their first `many` words, or all of them.

    A word of Chinese counts as two characters.
    """
    every = []
    for tag in languages:
        told = json.loads((data / "xquad" / f"xquad.{tag}.json").read_text(encoding="utf-8"))["data"]
        paragraphs = [paragraph for article in told for paragraph in article["paragraphs"]][LOOKED_AT:]
        for paragraph in paragraphs:
            every += [(begun(qa["question"], tag, many), tag) for qa in paragraph["qas"]]
    return every


def spoken(data: Path, many: int | None) -> list[Text]:
    """What is said in the shared clips, 80 sentences to a shop in eight languages: their beginnings, or all."""
    with (data / "speech" / "clips.csv").open(encoding="utf-8", newline="") as file:
        return [(begun(row["text"], row["language"], many), row["language"]) for row in csv.DictReader(file)]


def begun(text: str, tag: str, many: int | None) -> str:
    """The first `many` words, of a language without spaces up to its `2 * many`th sign."""
    if many is None:
        return text
    if tag not in SPACELESS:
        return " ".join(text.split()[:many])
    signs = list(re.finditer(f"[{_SCRIPTS[tag]}]", text))
    return text[: signs[2 * many - 1].end()] if len(signs) >= 2 * many else text


# What is in no language, or in any.
SAYS_NOTHING = (
    "ok", "OK", "Ok.", "okay", "OK 👍", "ok!", "wow", "lol", "👍", "😀😀😀", "❤️", "🙏🏽", "🇩🇪", "😡!!!", "?",
    "???", "!", "...", "", " ", "-", "42", "3", "12.90", "€ 19,99", "$25", "100%", "2 x 3", "10:30",
    "2026-11-23", "23/11/2026", "1-2", "#1001", "#55821", "A-10482", "A1001", "SKU-123", "MUG-RED-01",
    "BD-2210-XL", "TSH-042-M", "4006381333931", "978-3-16-148410-0", "LP123456789CN", "1Z999AA10123456784",
    "RR123456785DE", "JD0002123456789", "XL", "XXL", "M", "S", "42 EU", "EU 42", "+49 30 123456",
    "+1 (555) 010-9999", "ana@example.com", "shop@example.org", "https://example.com/a?b=c", "www.example.com",
    "www.example.org/hola", "192.168.0.1", "v2.0.1", "C3PO", "asdf", "qwerty", "xcvb", "hjkl", "zzz", "sdfgh",
    "Nike", "nike", "Adidas", "adidas", "Samsung", "samsung", "Samsung Galaxy", "Samsung Galaxy S24", "iPhone",
    "iPhone 15 Pro", "iphone 15", "Sony", "Bosch", "IKEA", "Zara", "Le Creuset", "Philips", "Xiaomi", "Huawei",
    "Lenovo", "Canon EOS", "Louis Vuitton", "Google", "Microsoft", "WhatsApp", "Facebook", "PayPal", "Visa",
    "Mastercard", "DHL", "UPS", "FedEx", "Anna", "Maria", "Michael", "Anna Kowalska", "John Smith",
    "José García", "Hans Müller", "Mohamed Ali", "Nguyen", "Giulia Rossi", "Jan de Vries", "Müller", "Smith",
    "Garcia", "Ivanov", "Иванов", "Анна", "Наталья Иванова", "Paris", "London", "Berlin", "Tokyo", "New York",
    "Madrid", "usb", "USB-C", "wifi", "led", "pdf", "sms", "email", "0x1F", "\u0000", "\ud800", "½", "№ 5", "©",
    "a", "b", "x", "no", "de", "la", "me", "a b c",
)  # fmt: skip
