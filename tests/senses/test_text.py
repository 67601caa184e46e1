"""Text vectors: the same meaning lies close in any language, and no text breaks or stalls the encoder."""

import os
import time

import numpy as np
import pytest

from bot import models
from bot.senses.text import E5, clean


@pytest.fixture(scope="module")
def e5() -> E5:
    return E5(models.text_weights(), threads=2)


# What a shop's pages say, and one question about each in several languages.
PASSAGES = (
    "You can return an item within 30 days of delivery. The refund goes back to your card.",
    "Standard delivery to the European Union takes 5 to 8 working days.",
    "Import duty and VAT may be charged by customs in your country.",
    "Red ceramic mug, 350 ml, dishwasher safe.",
    "Wireless headphones with 30 hours of battery life.",
)
QUESTIONS = {
    "zh": ("我想退货，怎么退款？", "送到欧洲要多久？", "需要交关税吗？", "红色的陶瓷杯子", "无线耳机电池能用多久？"),
    "ar": (
        "كيف أعيد المنتج وأسترد المال؟",
        "كم يستغرق التوصيل إلى أوروبا؟",
        "هل يجب دفع رسوم جمركية؟",
        "كوب سيراميك أحمر",
        "سماعات لاسلكية ببطارية طويلة",
    ),
    "es": (
        "¿Cómo devuelvo un artículo?",
        "¿Cuánto tarda el envío a Europa?",
        "¿Tengo que pagar aduanas?",
        "taza de cerámica roja",
        "auriculares inalámbricos",
    ),
    "ja": (
        "返品して返金してもらえますか",
        "ヨーロッパへの配達は何日かかりますか",
        "関税はかかりますか",
        "赤い陶器のマグカップ",
        "ワイヤレスヘッドホン",
    ),
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_finds_its_passage_from_another_language(e5: E5, language: str) -> None:
    found = e5.queries(QUESTIONS[language]) @ e5.passages(PASSAGES).T
    assert found.argmax(1).tolist() == [0, 1, 2, 3, 4]


def test_rows_are_unit_vectors_in_the_order_given(e5: E5) -> None:
    texts = ["a long sentence about parcels that are late " * 8, "short", "送货", "x" * 40] * 20
    vectors = e5.passages(texts)
    assert vectors.shape == (80, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row in (0, 1, 78, 79):
        np.testing.assert_allclose(vectors[row], e5.passages([texts[row]])[0], atol=1e-4)


def test_question_and_passage_are_encoded_differently(e5: E5) -> None:
    assert not np.allclose(e5.queries(["mug"]), e5.passages(["mug"]), atol=1e-2)


def test_no_texts_give_no_rows(e5: E5) -> None:
    assert e5.queries([]).shape == (0, 384)


def test_progress_goes_to_one(e5: E5) -> None:
    told: list[float] = []
    e5.passages([f"product {i}" for i in range(70)], told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    "hostile",
    ["", "\0", "a\0b", "\ud800", "\U0010ffff" * 100, "ﷺ" * 8_000, "e" + "\u0301\u0316" * 4_000, " \t\n\u200b" * 2_000],
    ids=["empty", "nul", "nul-inside", "surrogate", "private", "expanding", "marks", "blank"],
)
def test_strange_text_gives_a_vector(e5: E5, hostile: str) -> None:
    vector = e5.queries([hostile])[0]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_text_after_a_nul_counts(e5: E5) -> None:
    plain, hidden, cut = e5.queries(["cheap mug where is my parcel", "cheap mug\0where is my parcel", "cheap mug"])
    assert plain @ hidden > 0.99 > plain @ cut


@pytest.mark.parametrize("word", ["的", "parcel ", "سلام ", "a b "])
def test_very_long_text_is_cut_to_one_window(e5: E5, word: str) -> None:
    text = word * 500_000
    started = time.process_time()
    vector = e5.queries([text])[0]
    assert time.process_time() - started < 10  # one window is about 0.5 s; uncut it would be hours
    fitting = e5._fitting(text, True)
    assert 500 <= e5._model.token_count(fitting, True) <= 512
    np.testing.assert_allclose(vector, e5.queries([fitting])[0], atol=1e-5)


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    E5(models.text_weights(), threads=1)
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_clean_is_bounded_whatever_comes() -> None:
    assert len(clean("ﷺ" * 1_000_000)) == 4_000
    assert clean("ＡＢＣ\0１２３") == "ABC 123"
