"""A language is written in its own letters: no run of allowed tokens can become others."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.senses.whisper_scripts import Writing, alphabet

# Whole words, letters, and pieces of letters, as byte-level vocabularies have them.
PIECES = [bytes([n]) for n in range(256)] + [
    text.encode() for text in ("hello", " Nike", "42", "应该", "應該", "里", "कहाँ", "کہاں", "わたし", "где", ", ", "?")
]
PIECES += ["单".encode()[:2], "單".encode()[:2], "क".encode()[:2], "。".encode()[:2], b""]
LETTERS = {
    "hi": ("DEVANAGARI",),
    "ar": ("ARABIC",),
    "zh": ("CJK", "IDEOGRAPHIC"),
    "zh-Hant": ("CJK", "IDEOGRAPHIC"),
    "ja": ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC"),
    "ru": ("CYRILLIC",),
    "en": (),
    "ko": ("HANGUL",),
}
SAID = {
    "hi": "कहाँ है, Nike 42?",
    "ar": "أين طلبي",
    "zh": "订单应该在里面。",
    "zh-Hant": "訂單應該在裡面。",
    "ru": "где заказ",
    "en": "café, naïve: €5",
    "ja": "荷物は届きました。ケース",
    "ko": "주문",
}


@pytest.mark.parametrize("tag", LETTERS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_run_of_allowed_tokens_is_in_the_scripts_of_the_language(tag: str, data: st.DataObject) -> None:
    writing, written, pending = Writing(tag, PIECES), b"", b""
    for _ in range(data.draw(st.integers(1, 12))):
        piece = PIECES[data.draw(st.sampled_from(np.flatnonzero(writing.allowed(pending)).tolist()))]
        written += piece
        rest = writing.rest(pending + piece)
        assert rest is not None
        pending = rest
    text = written[: len(written) - len(pending)].decode()
    for sign in filter(str.isalpha, text):
        assert unicodedata.name(sign).startswith(
            (*LETTERS[tag], "LATIN", "FEMININE", "MASCULINE", "MODIFIER", "FULLWIDTH LATIN")
        )


@pytest.mark.parametrize(("tag", "text"), SAID.items())
def test_a_language_can_be_written_byte_by_byte(tag: str, text: str) -> None:
    writing, pending = Writing(tag, PIECES), b""
    for byte in text.encode():
        assert writing.allowed(pending)[byte]
        rest = writing.rest(pending + bytes([byte]))
        assert rest is not None
        pending = rest
    assert not pending


def test_chinese_keeps_to_one_variant() -> None:
    assert {"应", "单", "里", "后"} <= alphabet("zh")
    assert not {"應", "單", "說"} & alphabet("zh")
    assert {"應", "單", "後", "里"} <= alphabet("zh-Hant")
    assert not {"应", "单"} & alphabet("zh-Hant")


def test_names_and_numbers_may_stand_everywhere() -> None:
    for tag in LETTERS:
        assert set("Nike 42 A-7?") <= alphabet(tag)
