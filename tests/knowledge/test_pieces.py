"""Words of any script: what shares them with a question is found, whatever the size of the shop."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

import bm25s
import numpy as np
import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge import bm25
from knowledge import pieces as module
from knowledge.pieces import Pieces, train, write

TEXTS = [
    "Blue enamel mug 350 ml", "Green enamel mug 250 ml", "Brass reading lamp", "Merino scarf, red", "Red wool scarves",
    "蓝色搪瓷杯 350毫升", "绿色搪瓷杯 250毫升", "黄铜阅读灯", "红色美利奴羊毛围巾", "红色羊毛帽子",
    "كوب مينا أزرق", "كوب مينا أخضر", "مصباح قراءة نحاسي", "وشاح صوف أحمر",
    "Taza esmaltada azul", "Taza esmaltada verde", "Lámpara de lectura de latón", "Bufanda de lana merina roja",
]  # fmt: skip


def built(texts: list[str]) -> Pieces:
    """What `write` writes, open; the files may be removed."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), texts)
        return Pieces.open(Path(folder))


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return built(TEXTS)


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
    latin = built(TEXTS[:5])
    found = latin.matches("有没有350毫升的杯子？")
    assert len(found.rows) and found.scores.max() / found.most < 0.3
    assert len(latin.matches("有没有杯子").rows) == 0


def test_two_texts_are_enough() -> None:
    tiny = built(["Blue enamel mug", "美利奴围巾"])
    assert tiny.matches("围巾").rows.tolist() == [1]
    assert tiny.matches("mug").rows.tolist() == [0]


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(ValueError, match="no texts"):
        built([" ", ""])


def test_the_same_texts_give_the_same_model() -> None:
    assert train(TEXTS) == train(TEXTS[::-1])


@pytest.mark.parametrize("trained_on", range(20, 32))
def test_languages_that_take_turns_are_all_learnt(trained_on: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever share of the texts is trained on."""
    monkeypatch.setattr(module, "_TRAINED_ON", trained_on)
    texts = [title for n in range(100) for title in (f"Enamel mug {n}", f"搪瓷杯 {n}", f"كوب مينا {n}", f"эмаль {n}")]
    shop = built(texts)
    for number, word in enumerate(("enamel", "搪瓷", "كوب", "эмаль")):
        assert set(shop.matches(word).rows.tolist()) >= set(range(number, 400, 4)), word


def test_of_long_texts_evenly_spaced_ones_are_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    half = train(sorted(TEXTS)[::2])
    assert half != train(TEXTS)
    monkeypatch.setattr(module, "_CHARACTERS", sum(map(len, TEXTS)) // 2 + 1)
    assert train(TEXTS) == half


def test_what_was_written_scores_the_same(pieces: Pieces, tmp_path: Path) -> None:
    write(tmp_path / "pieces", TEXTS)
    again = Pieces.open(tmp_path / "pieces")
    for question in ("blue mug", "羊毛", "وشاح", ""):
        kept, read = pieces.matches(question), again.matches(question)
        assert np.array_equal(kept.rows, read.rows) and np.array_equal(kept.scores, read.scores)
        assert kept.most == read.most


def test_scores_are_bm25(pieces: Pieces) -> None:
    """Against the formula written out, over the same pieces."""
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


ROWS = st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=40).filter(any)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, block=st.integers(1, 50))
@example(rows=[[1], [], [], [1, 2]], block=1)
def test_what_is_written_block_by_block_is_the_index_of_bm25s(rows: list[list[int]], block: int) -> None:
    """To the bit, whatever the size of the blocks; texts without a piece among them."""
    theirs = bm25s.BM25(method="lucene", k1=bm25.K1, b=bm25.B)
    theirs.index((rows, {str(n): n for n in range(10)}), create_empty_token=False, show_progress=False)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(bm25, "_BLOCK", block)
        bm25.write(Path(folder), iter(rows), 10)
        ours = bm25s.BM25.load(folder, load_vocab=False, show_progress=False)
        assert [file.name for file in Path(folder).iterdir() if ".index." not in file.name] == []
    assert ours.scores.keys() == theirs.scores.keys() and ours.scores["num_docs"] == len(rows)
    for name in ("data", "indices", "indptr"):
        assert ours.scores[name].dtype == theirs.scores[name].dtype
        assert np.array_equal(ours.scores[name], theirs.scores[name])


def test_many_rows_take_little_memory(tmp_path: Path) -> None:
    """Less than the scores alone would, were they all held."""
    tracemalloc.start()
    bm25.write(tmp_path, (range(row % 7, row % 7 + 24) for row in range(200_000)), 40)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    scores = (tmp_path / "data.csc.index.npy").stat().st_size + (tmp_path / "indices.csc.index.npy").stat().st_size
    assert most < 0.5 * scores, f"{most / 1e6:.1f} MB for {scores / 1e6:.1f} MB of scores"


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=200))
def test_any_text_may_be_asked(text: str) -> None:
    found = _SMALL.matches(text)
    assert len(found.rows) == len(found.scores)
    assert not len(found.scores) or found.scores.max() < found.most


_SMALL = built(TEXTS)
