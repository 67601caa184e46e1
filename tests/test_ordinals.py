"""Which of several things a message points at, in every language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ordinals import place
from bot.settings import LANGUAGES

SECOND = {
    "ar": "كم سعر الثاني؟", "de": "was kostet der zweite?", "en": "how much is the second one?", "es": "¿y el segundo?",
    "fr": "et le deuxième ?", "he": "כמה עולה השני?", "hi": "दूसरा वाला कितने का है?", "id": "yang kedua berapa?",
    "it": "e il secondo?", "ja": "2番目はいくらですか", "ko": "두 번째 거 얼마예요?", "nl": "en de tweede?",
    "pl": "a ten drugi?", "pt": "e o segundo?", "ru": "а второй сколько?", "th": "อันที่สองเท่าไหร่",
    "tr": "ikincisi ne kadar?", "uk": "а другий скільки?", "vi": "cái thứ hai bao nhiêu?", "zh": "第二个多少钱",
    "zh-Hant": "第二個多少錢",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_is_known_in_every_language(language: str) -> None:
    assert place(SECOND[language], language, 3) == 1


@pytest.mark.parametrize(
    ("text", "language", "count", "found"),
    [
        ("the last one please", "en", 4, 3),
        ("最后一个", "zh", 3, 2),
        ("والأخير؟", "ar", 2, 1),
        ("3", "en", 4, 2),
        ("２", "ja", 3, 1),
        ("#2", "de", 3, 1),
        ("the third one", "en", 2, None),  # there is none
        ("the first or the second?", "en", 3, None),
        ("wait a second", "zh", 3, None),
        ("it is 20 percent cheaper", "en", 3, None),
        ("size 2.5", "en", 3, None),
        ("第12个", "zh", 3, None),
    ],
)
def test_places(text: str, language: str, count: int, found: int | None) -> None:
    assert place(text, language, count) == found


@given(st.text(max_size=80), st.sampled_from(LANGUAGES), st.integers(0, 6))
def test_a_place_is_one_of_those_that_there_are(text: str, language: str, count: int) -> None:
    at = place(text, language, count)
    assert at is None or 0 <= at < count
