"""The n-gram model behind the language of a message: short words, the conversation, and what it learns from."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.measures.language_sets import SAYS_NOTHING, catalogues, cldr, words
from bot.senses import language_grams
from bot.senses.language import identify
from bot.settings import LANGUAGES


@pytest.mark.parametrize("in_a_row", [1, 2])
def test_words_that_it_never_saw(in_a_row: int) -> None:
    """Of the catalogues, which nothing is learnt from: right far more often than not, in every language."""
    right: dict[str, list[bool]] = {}
    for text, tag in words(catalogues(), in_a_row):
        guess = identify(text, LANGUAGES)
        right.setdefault(tag, []).append(guess is not None and guess.language == tag)
    assert set(right) == set(LANGUAGES)
    for tag, told in right.items():
        assert sum(told) / len(told) >= (0.85 if in_a_row == 1 else 0.9), tag


def test_names_numbers_and_codes_are_not_guessed() -> None:
    guessed = [text for text in SAYS_NOTHING if identify(text, LANGUAGES)]
    assert len(SAYS_NOTHING) >= 100
    assert len(guessed) <= 0.12 * len(SAYS_NOTHING), guessed


@pytest.mark.parametrize(
    ("text", "prior", "tag"),
    [
        ("para", "es", "es"), ("para", "pt", "pt"),
        ("商品", "zh-Hant", "zh-Hant"), ("商品", "zh", "zh"), ("商品", "ja", "ja"),
        ("доставка", "uk", "uk"), ("доставка", "ru", "ru"),
        ("where is my parcel?", "de", "en"), ("我的订单在哪里？", "zh-Hant", "zh"), ("أين طردي؟", "he", "ar"),
    ],
)  # fmt: skip
def test_the_conversation_decides_what_could_be_either_and_nothing_else(text: str, prior: str, tag: str) -> None:
    guess = identify(text, LANGUAGES, prior)
    assert guess
    assert guess.language == tag


def test_a_language_is_told_without_its_accents() -> None:
    typed = {"donde esta mi pedido": "es", "ou est ma commande": "fr", "don hang cua toi dau roi": "vi",
             "kargom nerede kaldi": "tr", "gdzie jest moja paczka": "pl",
             "quando chega a minha encomenda": "pt"}  # fmt: skip
    assert {text: guess.language for text in typed if (guess := identify(text, LANGUAGES))} == typed


def test_the_same_answer_in_any_order() -> None:
    texts = [text for text, _ in words(cldr(), 1)[:500]]
    first = {text: identify(text, LANGUAGES) for text in texts}
    random.Random(1).shuffle(texts)
    language_grams.forget()
    assert all(identify(text, LANGUAGES) == first[text] for text in texts)


@given(st.text(max_size=60), st.sampled_from([None, *LANGUAGES]))
def test_any_text_gets_an_answer_that_was_offered(text: str, prior: str | None) -> None:
    guess = identify(text, LANGUAGES, prior)
    assert guess is None or (guess.language in LANGUAGES and 0 <= guess.confidence <= 1)


def test_the_weights_are_kept_as_they_are_found(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(tmp_path, type(language_grams.TRAINED))
    kept = {script: language_grams.load(script) for script in ("latin", "cyrillic", "han")}
    size = language_grams.TRAINED.stat().st_size
    assert size < 1_000_000
    monkeypatch.setattr(language_grams, "TRAINED", tmp_path / "again.npz")
    language_grams.save(kept)
    language_grams.load.cache_clear()
    again = language_grams.load("latin")
    assert again.rows == kept["latin"].rows
    assert (again.weights == kept["latin"].weights).all()
    language_grams.load.cache_clear()
    language_grams.forget()
