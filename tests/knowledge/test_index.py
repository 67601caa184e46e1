"""Making the index: what is encoded again, what is taken over, and that a reader never sees half of one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from knowledge.index import opened
from knowledge.indexing import build
from knowledge.passages import searched
from knowledge.records import Article, Product
from knowledge.search import Find, Search
from knowledge.store import Store
from knowledge.vectors import F32


class Letters:
    """A small encoder: counts of the letters' code points, in 64 numbers. Remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> F32:
        self.asked += texts
        vectors = np.full((len(texts), 64), 0.01, np.float32)
        for row, text in enumerate(texts):
            for letter in text.casefold():
                vectors[row, ord(letter) % 64] += 1
        return vectors


def product(sku: str, title: str, **changes: object) -> Product:
    fields = {"price": Decimal(1), "currency": "EUR", "availability": "in_stock"}
    return Product(**{"sku": sku, "title": title, **fields, **changes})  # type: ignore[arg-type]


MUG = product("MUG-1", "Blue mug", titles={"zh": "蓝色杯子", "ar": "كوب أزرق"}, image="mug")
SCARF = product("SCF-3", "Red scarf", titles={"zh": "红色围巾"}, image="scarf")
RETURNS = Article(id="returns", language="ar", title="الإرجاع", body="يمكنك الإرجاع خلال 21 يومًا.")


class Pictures:
    """Vectors of pictures by their names. Remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, names: Sequence[str]) -> F32:
        self.asked += names
        return np.stack([np.eye(8, dtype=np.float32)[sum(name.encode()) % 8] for name in names])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    made.put_products([MUG, SCARF])
    made.put_articles([RETURNS])
    yield made
    made.close()


def make(
    store: Store,
    folder: Path,
    *,
    encode: Letters | None = None,
    look: Pictures | None = None,
    text_encoder: str = "letters",
    photo_encoder: str = "eye",
) -> tuple[Letters, list[tuple[str, float]]]:
    letters, told = encode or Letters(), []
    build(
        store,
        folder,
        encode=letters,
        look=look or Pictures(),
        progress=lambda step, part: told.append((step, part)),
        text_encoder=text_encoder,
        photo_encoder=photo_encoder,
    )
    return letters, told


def test_every_text_is_encoded_once_and_progress_is_told(store: Store, tmp_path: Path) -> None:
    letters, told = make(store, tmp_path / "index")
    assert len(letters.asked) == len(set(letters.asked)) == 6
    assert {step for step, _ in told} == {"texts", "words", "pictures"}
    assert all((step, 1.0) in told for step in ("texts", "words", "pictures"))


def test_only_what_changed_is_encoded_again(store: Store, tmp_path: Path) -> None:
    make(store, tmp_path / "index")
    store.put_products([MUG, product("SCF-3", "Red scarf", titles={"zh": "大红色围巾"}, image="new")])
    pictures = Pictures()
    letters, _ = make(store, tmp_path / "index", look=pictures)
    assert letters.asked == ["大红色围巾"]
    assert pictures.asked == ["new"]
    index = opened((tmp_path / "index" / "current").resolve())
    shown = {name: index.photo.at(np.array([n]))[0] for n, name in enumerate(index.media)} if index.photo else {}
    assert {name: vector.tolist() for name, vector in shown.items()} == {
        name: pictures([name])[0].tolist() for name in ("mug", "new")
    }


def test_nothing_is_made_where_nothing_changed(store: Store, tmp_path: Path) -> None:
    make(store, tmp_path / "index")
    before = (tmp_path / "index" / "current").readlink()
    letters, _ = make(store, tmp_path / "index")
    assert letters.asked == []
    assert (tmp_path / "index" / "current").readlink() == before


def test_vectors_are_those_of_their_texts_after_many_changes(store: Store, tmp_path: Path) -> None:
    """Texts that come, go, come back and stand in several products keep their own vectors."""
    for colours in (["red", "blue"], ["blue", "green", "red"], ["green"], ["red", "green", "blue", "blue"]):
        titles = [f"{colour} 杯子 كوب" for colour in colours]
        store.put_products([product(f"MUG-{n}", title) for n, title in enumerate(titles)])
        make(store, tmp_path / "index")
        index = opened((tmp_path / "index" / "current").resolve())
        assert index.text is not None
        for n, row in enumerate(index.rows):
            vector = Letters()([row.passage.text if row.passage.kind == "product" else searched(row.passage)])[0]
            assert np.allclose(index.text.at(np.array([n]))[0], vector / np.linalg.norm(vector), atol=1e-3)


def test_another_encoder_begins_anew(store: Store, tmp_path: Path) -> None:
    make(store, tmp_path / "index")
    pictures = Pictures()
    letters, _ = make(store, tmp_path / "index", look=pictures, text_encoder="letters 2", photo_encoder="eye 2")
    assert len(letters.asked) == 6
    assert pictures.asked == ["mug", "scarf"]


def test_older_folders_go_and_one_stays(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        make(store, tmp_path / "index")
    assert len(list((tmp_path / "index").glob("made-*"))) == 1


def test_a_build_that_fails_leaves_the_old_index(store: Store, tmp_path: Path) -> None:
    make(store, tmp_path / "index")
    search = Search(store, tmp_path / "index")
    store.put_products([MUG, SCARF, product("LMP-2", "Lamp")])

    class Broken(Letters):
        def __call__(self, texts: Sequence[str]) -> F32:
            raise MemoryError

    with pytest.raises(MemoryError):
        make(store, tmp_path / "index", encode=Broken())
    assert len(list((tmp_path / "index").glob("made-*"))) == 1
    assert search.find(Find(text="mug"))[0].record == "MUG-1"


def test_an_encoder_that_gives_too_few_is_refused(store: Store, tmp_path: Path) -> None:
    class Short(Letters):
        def __call__(self, texts: Sequence[str]) -> F32:
            return super().__call__(texts)[:-1]

    with pytest.raises(ValueError, match="for 6 texts"):
        make(store, tmp_path / "index", encode=Short())


def test_an_empty_shop_has_an_index_that_finds_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    letters, _ = make(store, tmp_path / "index")
    search = Search(store, tmp_path / "index")
    assert search.find(Find(text="mug", text_vector=letters(["mug"])[0], photo_vectors=Pictures()(["mug"]))) == []
    assert search.background(letters(["mug"])[0]) == (0.0, 0.0)
    store.put_products([MUG])
    make(store, tmp_path / "index")
    assert [hit.record for hit in search.find(Find(text="mug"))] == ["MUG-1"]
    store.close()


def test_no_import_yet_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Search(store, tmp_path / "index")


def test_variants_may_share_a_picture(store: Store, tmp_path: Path) -> None:
    store.put_products([MUG, product("MUG-2", "Green mug", image="mug")])
    make(store, tmp_path / "index")
    index = opened((tmp_path / "index" / "current").resolve())
    assert [index.entries[n].record for n in index.numbers.shown.tolist()] == ["MUG-1", "MUG-2"]
    assert list(index.media) == ["mug"]


def test_searching_goes_on_while_the_index_is_replaced(store: Store, tmp_path: Path) -> None:
    make(store, tmp_path / "index")
    search, failures, done = Search(store, tmp_path / "index"), [], threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                found = [hit.record for hit in search.find(Find(text="蓝色杯子"))]
                if not found or found[0] != "MUG-1":
                    failures.append(found)
            except Exception as failure:
                failures.append(failure)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(15):
        store.put_products([MUG, SCARF, product(f"LMP-{number}", f"Lamp {number}")])
        make(store, tmp_path / "index")
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
