"""Words beside a photo: they say which of the things that look alike is meant, by its page and by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.indexing import build
from knowledge.records import Product
from knowledge.search import Beside, Find, Search
from knowledge.store import Store
from knowledge.vectors import F32
from tests.knowledge.test_search import product

WORDS = ("鞋", "حذاء", "zapatos", "lamp", "kettle", "gift")  # one direction each


def encode(texts: Sequence[str]) -> F32:
    """A direction for each of the words that a text holds, and one for the rest of it."""
    found = np.array([[word in text.lower() for word in WORDS] + [0.3] for text in texts], np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def of(word: str) -> F32:
    return np.eye(len(WORDS) + 1, dtype=np.float32)[WORDS.index(word)]


def look(names: Sequence[str]) -> F32:
    """All look nearly alike."""
    alike = np.array([[1.0, 0.01 * number] for number in map(int, names)], np.float32)
    return alike / np.linalg.norm(alike, axis=1, keepdims=True)


PRODUCTS: list[Product] = [
    product("A", "Thing 鞋", "东西", "Cosa", image="1", category="Home > Gift"),
    product("B", "Thing", "东西", "Cosa", image="2", category="Clothing > zapatos"),
    product("C", "Thing حذاء", "东西", "Cosa", image="3", category="Home > lamp"),
    product("D", "Thing", "东西", "Cosa", image="9", category=""),
]


@pytest.fixture
def search(tmp_path: Path) -> Search:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    store.put_products(PRODUCTS)
    build(store, tmp_path / "index", encode=encode, encode_kinds=encode, look=look,
          progress=lambda step, part: None, text_encoder="w", photo_encoder="p")  # fmt: skip
    return Search(store, tmp_path / "index")


def first(search: Search, beside: Beside | None) -> str:
    photo = np.array([[1.0, 0.095]], np.float32)
    return search.find(Find(photo_vectors=photo / np.linalg.norm(photo), beside=beside))[0].record


@pytest.mark.parametrize(
    ("word", "meant"), [("鞋", "A"), ("حذاء", "C"), ("zapatos", "B"), ("lamp", "C"), ("gift", "A")]
)
def test_what_is_said_beside_a_photo_decides_among_what_looks_alike(search: Search, word: str, meant: str) -> None:
    assert first(search, None) == "D"
    assert first(search, Beside(of(word), weight=2.0, floor=0.2)) == meant


def test_words_below_the_floor_leave_it_to_the_photo(search: Search) -> None:
    assert first(search, Beside(of("kettle"), weight=2.0, floor=0.2)) == "D", "nothing is a kettle here"
    assert first(search, Beside(of("鞋"), weight=2.0, floor=1.5)) == "D"
    assert first(search, Beside(of("鞋"), weight=0.0, floor=0.2)) == "D"


def test_an_index_without_kinds_goes_by_the_pages(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    store.put_products(PRODUCTS)
    build(store, tmp_path / "index", encode=encode, look=look,
          progress=lambda step, part: None, text_encoder="w", photo_encoder="p")  # fmt: skip
    search = Search(store, tmp_path / "index")
    assert first(search, Beside(of("حذاء"), weight=2.0, floor=0.2)) == "C"
    assert first(search, Beside(of("kettle"), weight=2.0, floor=0.2)) == "D"
