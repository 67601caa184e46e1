"""The sentences that teach the intents, and the words for colours: complete, unambiguous, in the right script."""

import re
import unicodedata
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from bot.messages import Intent
from bot.settings import LANGUAGES

BOT = Path(__file__).resolve().parents[1] / "bot"
COLOURS = (
    "black", "white", "grey", "blue", "navy", "light blue", "red", "burgundy", "green", "olive", "yellow", "orange",
    "pink", "purple", "brown", "beige", "gold", "silver", "turquoise", "multicolour",
)  # fmt: skip
# How the Unicode names of a language's letters begin; Latin is the rest.
SCRIPTS = {
    "zh": ("CJK",), "zh-Hant": ("CJK", "BOPOMOFO"), "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": ("HANGUL",),
    "ru": ("CYRILLIC",), "uk": ("CYRILLIC",), "ar": ("ARABIC",), "he": ("HEBREW",), "hi": ("DEVANAGARI",),
    "th": ("THAI",),
}  # fmt: skip


@cache
def examples(language: str) -> tuple[tuple[str, str], ...]:
    """(intent, sentence) of each line of a language's file."""
    text = (BOT / "examples" / f"{language}.tsv").read_text(encoding="utf-8")
    pairs = [tuple(line.split("\t")) for line in text.splitlines()]
    assert all(len(pair) == 2 for pair in pairs), language
    return tuple((intent, sentence) for intent, sentence in pairs)


@cache
def colours() -> dict[str, dict[str, tuple[str, ...]]]:
    """Language → colour → the forms that stand for it."""
    header, *rows = [
        line.split("\t") for line in (BOT / "lexicon" / "colours.tsv").read_text(encoding="utf-8").splitlines()
    ]
    assert header[0] == "colour"
    return {
        language: {row[0]: tuple(row[column].split("|")) for row in rows}
        for column, language in enumerate(header[1:], start=1)
    }


def bare(sentence: str) -> str:
    """The sentence without case, punctuation and spaces: what two entries must not share."""
    return re.sub(r"[\W_]+", "", sentence.casefold()) or sentence


def test_there_is_a_file_for_each_language_and_no_other() -> None:
    assert {file.stem for file in (BOT / "examples").glob("*.tsv")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_intent_has_enough_sentences(language: str) -> None:
    count: dict[str, int] = defaultdict(int)
    for intent, _ in examples(language):
        count[intent] += 1
    assert set(count) == set(get_args(Intent))
    assert sum(count.values()) >= 350
    least = 10
    assert {intent: n for intent, n in count.items() if n < least} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_twice(language: str) -> None:
    seen: dict[str, str] = {}
    for _, sentence in examples(language):
        assert seen.setdefault(bare(sentence), sentence) is sentence, sentence


def test_no_sentence_teaches_two_intents_even_across_languages() -> None:
    """The text encoder is not told the language, so that the same words can teach one intent only."""
    intents: dict[str, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        for intent, sentence in examples(language):
            intents[bare(sentence)].add(intent)
    assert {words: found for words, found in intents.items() if len(found) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_tidy(language: str) -> None:
    for _, sentence in examples(language):
        assert sentence == " ".join(sentence.split()), sentence
        assert 1 <= len(sentence) <= 200, sentence
        assert unicodedata.is_normalized("NFC", sentence), sentence
        assert not any(unicodedata.category(character) in {"Cc", "Cf", "Co", "Cn"} for character in sentence), sentence


def in_script(text: str, language: str) -> float:
    """The share of the letters of `text` that belong to the script of `language`."""
    names = [unicodedata.name(character, "") for character in text if character.isalpha()]
    return sum(name.startswith(SCRIPTS.get(language, ("LATIN",))) for name in names) / max(len(names), 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_in_the_script_of_the_language(language: str) -> None:
    sentences = [sentence for _, sentence in examples(language)]
    assert in_script("".join(sentences), language) >= 0.95
    foreign = [sentence for sentence in sentences if in_script(sentence, language) < 0.5]
    assert len(foreign) <= len(sentences) // 50, foreign


@pytest.mark.parametrize(
    ("language", "letters"),
    [
        ("zh", "這們嗎貨單發給錢還關稅開買賣換"),
        ("zh-Hant", "这们吗货单发给钱还关税开买卖换"),
        ("ru", "іїєґ"),
        ("uk", "ыэъё"),
    ],
)
def test_a_language_has_no_letters_of_its_neighbour(language: str, letters: str) -> None:
    assert [s for _, s in examples(language) if set(s.lower()) & set(letters)] == []


def test_the_lexicon_has_all_colours_in_all_languages() -> None:
    assert tuple(colours()) == LANGUAGES
    for language, forms in colours().items():
        assert tuple(forms) == COLOURS, language
        for colour, words in forms.items():
            assert all(word and word == word.strip() for word in words), (language, colour)
            assert len(set(words)) == len(words), (language, colour)
            assert all(unicodedata.is_normalized("NFC", word) for word in words), (language, colour)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_form_means_two_colours(language: str) -> None:
    meant: dict[str, str] = {}
    for colour, words in colours()[language].items():
        for word in words:
            assert meant.setdefault(word.casefold(), colour) == colour, (word, colour, meant[word.casefold()])


def colours_in(text: str, language: str) -> set[str]:
    """The colours that a text names when the longest form wins, found without word boundaries."""
    meant = {word.casefold(): colour for colour, words in colours()[language].items() for word in words}
    forms = "|".join(re.escape(word) for word in sorted(meant, key=len, reverse=True))
    return {meant[found] for found in re.findall(forms, text.casefold())}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "the dark red mug, not the light blue one", {"burgundy", "light blue"}),
        ("zh", "有深蓝色的吗，不要蓝色", {"navy", "blue"}),
        ("zh", "粉红色的杯子", {"pink"}),
        ("ar", "هل عندكم حقيبة زرقاء فاتحة", {"light blue"}),
        ("ar", "أريد الحمراء", {"red"}),
        ("ru", "есть тёмно-синюю или бордового цвета?", {"navy", "burgundy"}),
        ("de", "gibt es die hellblaue auch in Dunkelrot", {"light blue", "burgundy"}),
        ("ja", "水色かワインレッドはありますか", {"light blue", "burgundy"}),
        ("ko", "하늘색 말고 분홍색이요", {"light blue", "pink"}),
        ("he", "יש את זה בכחול כהה", {"navy"}),
        ("vi", "có màu xanh da trời không", {"light blue"}),
        ("uk", "синьої немає, а зелену бачу", {"blue", "green"}),
    ],
)
def test_a_customers_colour_is_found(language: str, text: str, expected: set[str]) -> None:
    assert colours_in(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("th", "หม้อหุงข้าวไฟฟ้า"),  # "electric" holds the letters of "sky blue"
        ("th", "มะม่วง"),  # mango holds the letters of "purple"
        ("ja", "返金をお願いします"),  # refund holds the sign of "gold"
        ("zh", "奶粉"),  # milk powder holds the sign of "pink"
        ("he", "אני רוצה את הכסף בחזרה"),  # money is also "silver"
        ("tr", "kampanya var mı, alabilir miyim"),  # "al" is "red" and "buy"
    ],
)
def test_other_words_are_no_colours(language: str, text: str) -> None:
    assert colours_in(text, language) == set()
