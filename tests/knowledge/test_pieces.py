"""Words of any script: what shares them with a question is found, whatever the size of the shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.pieces import Pieces, train

TEXTS = [
    "Blue enamel mug 350 ml", "Green enamel mug 250 ml", "Brass reading lamp", "Merino scarf, red", "Red wool scarves",
    "蓝色搪瓷杯 350毫升", "绿色搪瓷杯 250毫升", "黄铜阅读灯", "红色美利奴羊毛围巾", "红色羊毛帽子",
    "كوب مينا أزرق", "كوب مينا أخضر", "مصباح قراءة نحاسي", "وشاح صوف أحمر",
    "Taza esmaltada azul", "Taza esmaltada verde", "Lámpara de lectura de latón", "Bufanda de lana merina roja",
]  # fmt: skip


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.build(TEXTS)


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("do you have a BLUE mug?", "Blue enamel mug 350 ml"),
        ("有没有蓝色的搪瓷杯？", "蓝色搪瓷杯 350毫升"),
        ("我想买羊毛围巾", "红色美利奴羊毛围巾"),
        ("هل لديكم مصباح قراءة؟", "مصباح قراءة نحاسي"),
        ("¿tenéis lámpara de lectura?", "Lámpara de lectura de latón"),
        ("２５０ｍｌ mug", "Green enamel mug 250 ml"),
    ],
)
def test_the_text_with_the_words_asked_for_scores_best(pieces: Pieces, question: str, best: str) -> None:
    found = pieces.matches(question)
    assert TEXTS[found.rows[np.argmax(found.scores)]] == best
    assert 0 < found.scores.max() < found.most


def test_a_question_in_a_script_that_no_text_has_is_not_covered() -> None:
    latin = Pieces.build(TEXTS[:5])
    found = latin.matches("有没有350毫升的杯子？")
    assert len(found.rows) and found.scores.max() / found.most < 0.3
    assert len(latin.matches("有没有杯子").rows) == 0


def test_two_texts_are_enough() -> None:
    tiny = Pieces.build(["Blue enamel mug", "美利奴围巾"])
    assert tiny.matches("围巾").rows.tolist() == [1]
    assert tiny.matches("mug").rows.tolist() == [0]


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(ValueError, match="no texts"):
        Pieces.build([" ", ""])


def test_the_same_texts_give_the_same_model() -> None:
    assert train(TEXTS) == train(TEXTS[::-1])


def test_what_was_saved_scores_the_same(pieces: Pieces, tmp_path: Path) -> None:
    pieces.save(tmp_path / "pieces")
    again = Pieces.open(tmp_path / "pieces")
    for question in ("blue mug", "羊毛", "وشاح", ""):
        kept, read = pieces.matches(question), again.matches(question)
        assert np.array_equal(kept.rows, read.rows) and np.array_equal(kept.scores, read.scores)
        assert kept.most == read.most


def test_scores_are_bm25(pieces: Pieces) -> None:
    """Against the formula written out, over the same pieces."""
    import sentencepiece

    reader = sentencepiece.SentencePieceProcessor(model_proto=train(TEXTS))
    documents = [reader.encode(text) for text in TEXTS]
    mean = sum(map(len, documents)) / len(documents)
    asked = {p for p in reader.encode("red wool scarf") if reader.id_to_piece(p) != "▁"}
    expected = np.zeros(len(TEXTS))
    for row, document in enumerate(documents):
        for piece in asked:
            has = sum(piece in other for other in documents)
            weight = np.log(1 + (len(TEXTS) - has + 0.5) / (has + 0.5))
            times = document.count(piece)
            expected[row] += weight * times / (times + 1.5 * (1 - 0.75 + 0.75 * len(document) / mean))
    found = pieces.matches("red wool scarf")
    assert np.allclose(expected[found.rows], found.scores, atol=1e-5)
    assert set(np.flatnonzero(expected)) == set(found.rows.tolist())


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=200))
def test_any_text_may_be_asked(text: str) -> None:
    found = _SMALL.matches(text)
    assert len(found.rows) == len(found.scores)
    assert not len(found.scores) or found.scores.max() < found.most


_SMALL = Pieces.build(TEXTS)
