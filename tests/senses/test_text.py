"""Text vectors: the same meaning lies close in any language, and no text breaks or stalls the encoder."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot import models
from bot.errors import NotReady
from bot.senses import text_weights
from bot.senses.text import E5, clean
from bot.senses.text_pieces import Tokeniser


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
        assert vectors[row] @ e5._model.encode([texts[row]])[0] > 0.9995


def test_question_and_passage_are_encoded_differently(e5: E5) -> None:
    assert not np.allclose(e5.queries(["mug"]), e5.passages(["mug"]), atol=1e-2)


def test_no_texts_give_no_rows(e5: E5) -> None:
    assert e5.queries([]).shape == (0, 384)


@pytest.mark.parametrize("count", [40, 300])
def test_progress_goes_to_one(count: int) -> None:
    told: list[float] = []
    E5(models.text_weights(), threads=2).passages([f"product {i}" for i in range(count)], told.append)
    assert told == sorted(told)
    assert len(told) >= 2
    assert told[-1] == 1.0


HOSTILE = {
    "empty": "",
    "nul": "\0",
    "nul-inside": "a\0b",
    "surrogate": "\ud800",
    "private": "\U0010ffff" * 100,
    "expanding": "ﷺ" * 8_000,
    "marks": "e" + "\u0301\u0316" * 4_000,
    "blank": " \t\n\u200b" * 2_000,
    "the model's marks": "<s> </s><pad> <unk> <mask>",
    "spaces' stand-in": "▁▁ ▁a",
    "direction": "\u200fمرحبا\u200e ok \u202eabc",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 😀" * 20,
    "one letter": "a" * 4_000,
    "unknown": "𓀀𓀁 x 𓀂𓀃" * 20,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_strange_text_gives_a_vector(e5: E5, hostile: str) -> None:
    vector = e5.queries([hostile])[0]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_both_engines_give_hostile_texts_the_same_vector(e5: E5) -> None:
    texts = list(HOSTILE.values())
    many, few = e5.queries(texts * 8), e5.queries(texts)
    assert dict(zip(HOSTILE, (many[: len(texts)] * few).sum(1).round(4) > 0.999, strict=True)) == dict.fromkeys(
        HOSTILE, True
    )


def test_both_engines_give_texts_of_any_language_and_length_the_same_vector(e5: E5) -> None:
    """Among many a text has company of other lengths, which must not show in its vector."""
    said = [*PASSAGES, *(question for asked in QUESTIONS.values() for question in asked)]
    texts = [" ".join(said[start::step]) for step in (3, 9, 40) for start in range(len(said))]
    assert len(texts) == 75
    few = np.concatenate([e5._model.encode(texts[start : start + 25]) for start in (0, 25, 50)])
    assert (e5.passages(texts) * few).sum(1).min() > 0.9995


def test_tokens_are_those_of_the_packaged_engine(e5: E5) -> None:
    """It tells only how many there are."""
    draw = random.Random(5)
    scripts = [(0x20, 0x7F), (0xA0, 0x250), (0x370, 0x780), (0x900, 0xE80), (0x2000, 0x2C00), (0x3000, 0x3400),
               (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xFFFF), (0x10000, 0x1FFFF)]  # fmt: skip
    drawn = ["".join(chr(draw.randint(*draw.choice(scripts))) for _ in range(draw.randint(1, 80))) for _ in range(600)]
    texts = [clean(text) for text in (*HOSTILE.values(), *PASSAGES, *sum(QUESTIONS.values(), ()), *drawn)]
    tokeniser = Tokeniser(text_weights.read(models.text_weights()).vocabulary, 100_000, threads=1)
    found = [len(ids) for ids in tokeniser.tokens([f"query: {text}" for text in texts])]
    assert found == [e5._model.token_count(text, True) for text in texts]


def test_the_mean_of_a_texts_tokens_is_its_vector(e5: E5) -> None:
    texts = ["كوب سيراميك أحمر", "赤い陶器のマグカップ", "a red mug " * 400]
    states = e5.tokens(texts, is_query=False)
    assert [len(state) for state in states[:2]] == [e5._model.token_count(text) for text in texts[:2]]
    assert len(states[2]) == 512
    means = np.stack([state.mean(0) / np.linalg.norm(state.mean(0)) for state in states])
    assert (means * e5.passages(texts)).sum(1).min() > 0.9995
    assert e5.tokens([], is_query=True) == []


def test_many_texts_do_not_change_how_many_threads_others_have() -> None:
    import torch

    torch.set_num_threads(2)
    E5(models.text_weights(), threads=2).passages(["mug"] * 64)
    with ThreadPoolExecutor(1) as another:
        assert (torch.get_num_threads(), another.submit(torch.get_num_threads).result()) == (2, 2)


def test_several_threads_may_ask_at_once(e5: E5) -> None:
    texts = [[f"{word} {number}" for number in range(70)] for word in ("mug", "送货", "سماعات")]
    alone = [e5.passages(some) for some in texts]
    with ThreadPoolExecutor(3) as pool:
        for expected, found in zip(alone, pool.map(e5.passages, texts), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_typed_question_waits_for_no_heavy_package() -> None:
    code = (
        "import sys; from bot import models; from bot.senses.text import E5; "
        "E5(models.text_weights(), 1).queries(['mug']); print('torch' in sys.modules, 'sentencepiece' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"E5S9" + bytes(100))
    with pytest.raises(NotReady, match="unknown form"):
        text_weights.read(tmp_path / "weights.bin")


def test_text_after_a_nul_counts(e5: E5) -> None:
    plain, hidden, cut = e5.queries(["cheap mug where is my parcel", "cheap mug\0where is my parcel", "cheap mug"])
    assert plain @ hidden > 0.99 > plain @ cut


@pytest.mark.parametrize("word", ["的", "parcel ", "سلام ", "a b "])
def test_very_long_text_is_cut_to_one_window(e5: E5, word: str) -> None:
    text = word * 500_000
    started = time.process_time()
    vector = e5.queries([text])[0]
    assert time.process_time() - started < 10  # one window is about 0.5 s; uncut it would be hours
    fitting = e5._fitting(clean(text), True)
    assert 500 <= e5._model.token_count(fitting, True) <= 512
    np.testing.assert_allclose(vector, e5.queries([fitting])[0], atol=1e-5)


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    E5(models.text_weights(), threads=1)
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_clean_is_bounded_whatever_comes() -> None:
    assert len(clean("ﷺ" * 1_000_000)) == 4_000
    assert clean("ＡＢＣ\0１２３") == "ABC 123"
