"""Late interaction: what is kept of tokens is near what they were, and the sentence that answers comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.indexing import build
from knowledge.records import Article
from knowledge.search import Find, Search
from knowledge.store import Store
from knowledge.tokens import agreement, cosines, packed
from knowledge.vectors import F32

WIDTH = 64


def unit(seed: int, n: int, d: int = 384) -> F32:
    drawn = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 10))
def test_four_bits_keep_cosines(seed: int, tokens: int, asked: int) -> None:
    kept, question = unit(seed, tokens), unit(seed + 1, asked)
    codes = packed(kept)
    assert codes.nbytes == tokens * 384 / 2
    assert np.abs(cosines(codes, question) - kept @ question.T).max() < 0.03
    assert np.abs(np.diag(cosines(packed(question), question)) - 1).max() < 0.05


def test_what_tells_candidates_apart_counts() -> None:
    """The first token is in all candidates alike, the second only in the last."""
    nearest = np.array([[0.9, 0.1], [0.9, 0.2], [0.8, 0.9]], np.float32)
    assert agreement(nearest).argmax() == 2
    assert np.allclose(agreement(np.full((3, 2), 0.5, np.float32)), 0.5)


def words(texts: Sequence[str]) -> list[F32]:
    """Each word, or of Chinese each character, as a vector that follows from it."""
    return [
        np.concatenate([unit(sum(w.encode()) * 31 + len(w), 1, WIDTH) for w in (t.split() if " " in t else t) or "-"])
        for t in texts
    ]


class Encoder:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def passages(self, texts: Sequence[str]) -> F32:
        means = np.stack([vectors.mean(axis=0) for vectors in words(texts)])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)

    def tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[F32]:
        self.asked += zip(texts, languages, strict=True)
        return words(texts)


PAGES = [
    Article(
        id="a",
        language="zh",
        title="甲",
        body="我们周一发货。退货要在二十一天内寄回。客服每天都在。杯子可以用洗碗机洗。",
    ),
    Article(id="b", language="zh", title="乙", body="我们周二发货。付款可以用信用卡。客服每天都在。围巾要用手洗。"),
    Article(id="c", language="ar", title="ج", body="نشحن يوم الاثنين. يمكنك الدفع بالبطاقة. الدعم متاح كل يوم."),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    made.put_articles(PAGES)
    yield made
    made.close()


def make(store: Store, folder: Path) -> Encoder:
    encoder = Encoder()
    build(
        store, folder, encode=encoder.passages, encode_tokens=encoder.tokens, progress=lambda _step, _part: None,
        look=lambda names: np.empty((len(names), 0), np.float32), text_encoder="words", photo_encoder="none",
    )  # fmt: skip
    return encoder


@pytest.mark.parametrize(
    ("asked", "page"), [("退货要在二十一天内寄回", "a"), ("付款可以用信用卡", "b"), ("يمكنك الدفع بالبطاقة.", "c")]
)
def test_the_page_with_the_sentence_comes_first(store: Store, tmp_path: Path, asked: str, page: str) -> None:
    make(store, tmp_path / "index")
    search = Search(store, tmp_path / "index")
    find = Find(text_vector=Encoder().passages([asked])[0], text_tokens=words([asked])[0])
    assert search.find(find)[0].record == page


def test_only_new_sentences_are_encoded_and_each_once(store: Store, tmp_path: Path) -> None:
    first = make(store, tmp_path / "index")
    assert len(first.asked) == len(set(first.asked))
    assert ("客服每天都在。", "zh") in first.asked and ("الدعم متاح كل يوم.", "ar") in first.asked
    before = Search(store, tmp_path / "index").find(
        Find(text_vector=unit(1, 1, WIDTH)[0], text_tokens=unit(2, 3, WIDTH))
    )
    changed = Article(id="c", language="ar", title="ج", body="نشحن يوم الاثنين. لا نشحن يوم الجمعة.")
    store.put_articles([*PAGES[:2], changed])
    assert make(store, tmp_path / "index").asked == [("لا نشحن يوم الجمعة.", "ar")]
    store.put_articles(PAGES)
    make(store, tmp_path / "index")
    after = Search(store, tmp_path / "index").find(
        Find(text_vector=unit(1, 1, WIDTH)[0], text_tokens=unit(2, 3, WIDTH))
    )
    assert [(hit.record, hit.score) for hit in after] == [(hit.record, hit.score) for hit in before]
