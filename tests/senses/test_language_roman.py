"""Hindi, Russian and Ukrainian as they are typed in Latin letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.senses.language import identify
from bot.senses.language_roman import SCRIPTS, romanised
from bot.settings import LANGUAGES


@pytest.mark.parametrize(
    ("word", "language", "spelling"),
    [
        ("मेरा", "hi", "mera"), ("कहना", "hi", "kahna"), ("में", "hi", "mein"), ("में", "hi", "me"),
        ("नहीं", "hi", "nahi"), ("नहीं", "hi", "nahin"), ("कहाँ", "hi", "kahan"), ("आएगा", "hi", "aayega"),
        ("वापस", "hi", "wapas"), ("ज़रूरत", "hi", "zaroorat"), ("दिल्ली", "hi", "dilli"),
        ("посылка", "ru", "posylka"), ("ещё", "ru", "eshe"), ("хочу", "ru", "hochu"), ("моя", "ru", "moya"),
        ("замовлення", "uk", "zamovlennya"), ("дякую", "uk", "dyakuyu"), ("їхати", "uk", "yikhaty"),
    ],
)  # fmt: skip
def test_words_are_spelt_as_people_type_them(word: str, language: str, spelling: str) -> None:
    assert spelling in romanised(word, language)


@given(st.sampled_from(sorted(SCRIPTS)), st.data())
def test_any_word_is_spelt_in_latin_letters_or_not_at_all(language: str, data: st.DataObject) -> None:
    word = data.draw(st.from_regex(SCRIPTS[language], fullmatch=True))
    spellings = romanised(word, language)
    assert len(set(spellings)) == len(spellings) <= 3
    assert all(spelling.isascii() and spelling.isalpha() and spelling.islower() for spelling in spellings)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("mera order kahan hai", "hi"), ("paise wapas kab milenge", "hi"), ("ye kitne ka hai", "hi"),
        ("gde moy zakaz", "ru"), ("kogda pridet posylka", "ru"), ("koly pryyde posylka", "uk"),
        ("gdzie jest moje zamówienie", "pl"), ("di mana pesanan saya", "id"), ("is it on the way to me", "en"),
    ],
)  # fmt: skip
def test_a_message_in_latin_letters_is_in_the_language_of_its_words(text: str, tag: str) -> None:
    guess = identify(text, LANGUAGES)
    assert guess
    assert guess.language == tag


def test_it_is_not_offered_where_the_language_is_not() -> None:
    assert identify("mera parcel abhi tak nahi aaya", ("en", "id")) is None
