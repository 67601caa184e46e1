"""The vector index against exact search written out, on each rung, by value as well as by rank."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import vector_rows
from knowledge import vectors as module
from knowledge.vector_lists import Lists
from knowledge.vector_rows import Rows, write_rows
from knowledge.vectors import F32, Built, Vectors, unit, write

RANDOM = np.random.default_rng(7)
D = 24


def vectors(n: int, d: int = D) -> F32:
    return RANDOM.normal(size=(n, d)).astype(np.float32) * 3


def groups(n: int, count: int = 20) -> tuple[F32, np.ndarray]:
    """Vectors in `count` groups, and the group of each."""
    group = RANDOM.integers(0, count, n)
    return vectors(count)[group] + vectors(n) * np.float32(0.25), group


def exact(given: F32, query: F32, most: int, among: np.ndarray | None = None) -> tuple[np.ndarray, F32]:
    cosines = unit(given) @ unit(query)
    order = np.argsort(-cosines)
    order = order if among is None else order[among[order]]
    return order[:most], cosines[order[:most]]


def same(found: tuple[np.ndarray, F32], wanted: tuple[np.ndarray, F32]) -> None:
    assert found[0].tolist() == wanted[0].tolist()
    assert np.allclose(found[1], wanted[1], atol=1e-6)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vectors, F32, np.ndarray]:
    """An index above the flat rung, small as it is, with its vectors and the group of each."""
    given, group = groups(6000)
    folder = tmp_path_factory.mktemp("index")
    write(folder, np.array_split(given, 7), D, flat=1000)
    return Vectors.open(folder), given, group


@pytest.mark.parametrize("n", [1, 2, 300])
def test_the_nearest_are_those_of_exact_search(n: int, tmp_path: Path) -> None:
    given, query = vectors(n), vectors(1)[0]
    built = write(tmp_path / "index", iter(np.array_split(given, 2)), D)
    read = Vectors.open(tmp_path / "index")
    shutil.rmtree(tmp_path / "index")
    assert (read.n, read.d, read.built) == (n, D, built)
    assert built == Built(rung="flat", n=n, d=D, recall=1.0)
    rows, cosines = read.search(query, 10)
    same((rows, cosines), exact(given, query, 10))
    assert np.allclose(read.scores(query, rows), cosines, atol=1e-6)
    assert np.allclose(read.at(np.arange(n)), unit(given), atol=1e-6)
    same(Vectors.of(given).search(query, 10), (rows, cosines))


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, [], D).n == 0
    empty = Vectors.open(tmp_path)
    for among in (None, np.zeros(0, dtype=bool)):
        rows, cosines = empty.search(vectors(1)[0], 5, among)
        assert len(rows) == len(cosines) == 0
    assert empty.at(np.empty(0, np.int64)).shape == (0, D)
    assert empty.background(vectors(1)[0]) == (0.0, 0.0)


def test_the_file_of_rows_is_the_one_that_faiss_writes(tmp_path: Path) -> None:
    given = unit(vectors(100))
    write(tmp_path, [given[:1], given[1:]], D)
    index = faiss.IndexFlatIP(D)
    index.add(unit(given))
    faiss.write_index(index, str(tmp_path / "faiss"))
    assert (tmp_path / "rows.faiss").read_bytes() == (tmp_path / "faiss").read_bytes()


@pytest.mark.parametrize("block", [np.ones((2, D + 1)), np.ones(D), np.full((1, D), np.nan), np.full((1, D), np.inf)])
def test_vectors_that_do_not_fit_are_refused(block: F32, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vector"):
        write(tmp_path, [vectors(3), block], D)
    assert not (tmp_path / "about.json").exists()


@pytest.mark.parametrize("lost", ["about.json", "rows.faiss", "lists.faiss"])
def test_a_folder_that_is_not_whole_does_not_open(lost: str, tmp_path: Path) -> None:
    write(tmp_path, [vectors(500)], D, flat=10)
    (tmp_path / lost).unlink()
    with pytest.raises((OSError, RuntimeError)):
        Vectors.open(tmp_path)


def test_a_file_that_was_cut_off_does_not_open(tmp_path: Path) -> None:
    write(tmp_path, [vectors(500)], D)
    whole = (tmp_path / "rows.faiss").read_bytes()
    (tmp_path / "rows.faiss").write_bytes(whole[:-100])
    with pytest.raises(RuntimeError):
        Vectors.open(tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_rows_read_from_a_file_are_those_that_were_written(n: int, block: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, queries = random.normal(size=(n, D)).astype(np.float32), random.normal(size=(3, D)).astype(np.float32)
    asked = np.concatenate([random.integers(0, n, 20), np.arange(n // 2, n), np.arange(n)])
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(vector_rows, "_BLOCK", block)
        write_rows(Path(folder) / "rows", [rows], D)
        read = Rows.open(Path(folder) / "rows")
        assert np.array_equal(read.at(asked), unit(rows)[asked])
        most = min(n, 5)
        assert read.nearest(queries, most).tolist() == [exact(rows, query, most)[0].tolist() for query in queries]


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_row_that_is_not_there_is_no_other_row(wrong: int, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", [vectors(3)], D)
    for rows in (Rows.open(tmp_path / "rows"), Rows.of(vectors(3))):
        with pytest.raises(IndexError, match="3 vectors"):
            rows.at(np.array([0, wrong]))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what of files is in memory")
def test_going_through_all_rows_keeps_none_of_them_in_memory(tmp_path: Path) -> None:
    def megabytes() -> float:
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssFile:")[1].split()[0]) / 1e3

    n = write_rows(tmp_path / "rows", (vectors(10_000, 256) for _ in range(5)), 256)  # 51 MB
    rows = Rows.open(tmp_path / "rows")
    before = megabytes()
    Lists.build(rows, lambda _: None)
    rows.nearest(vectors(3, 256), 10)
    assert megabytes() < before + 10
    rows.search(vectors(1, 256), n)
    assert megabytes() > before + 40  # what is mapped does count


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 80), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_rows_that_are_left_out_are_not_found(n: int, most: int, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, query = random.normal(size=(n, D)).astype(np.float32), random.normal(size=D).astype(np.float32)
    among = random.random(n) < share
    same(Vectors.of(rows).search(query, most, among), exact(rows, query, most, among))


def test_lists_find_the_nearest_and_say_how_well(listed: tuple[Vectors, F32, np.ndarray]) -> None:
    index, given, _ = listed
    assert index.built.rung == "lists" and index.built.n == 6000 and index.built.queries == 400
    assert index.built.recall >= 0.99
    right = 0
    for row in range(0, 6000, 60):
        query = given[row] + vectors(1)[0] * np.float32(0.2)
        rows, cosines = index.search(query, 10)
        assert len(rows) == 10 and np.all(np.diff(cosines) <= 0)
        assert np.allclose(cosines, unit(given[rows]) @ unit(query), atol=1e-6)
        right += len(np.intersect1d(rows, exact(given, query, 10)[0]))
    assert right / 1000 >= 0.98


def test_more_than_the_lists_hold_near_can_be_asked_for(listed: tuple[Vectors, F32, np.ndarray]) -> None:
    index, given, _ = listed
    same(index.search(given[5], 6000), exact(given, given[5], 6000))
    assert len(index.search(given[5], 10**9)[0]) == 6000


@pytest.mark.parametrize("scanned", [0, 50_000])
@pytest.mark.parametrize("share", [0.001, 0.2, 0.7])
def test_a_filter_costs_no_hit_in_lists(
    scanned: int, share: float, listed: tuple[Vectors, F32, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SCANNED", scanned)
    index, given, _ = listed
    among = RANDOM.random(6000) < share
    right = wanted = 0
    for row in range(0, 6000, 200):
        rows, cosines = index.search(given[row], 10, among)
        nearest, _ = exact(given, given[row], 10, among)
        assert among[rows].all() and len(rows) == len(nearest)
        assert np.allclose(cosines, unit(given[rows]) @ unit(given[row]), atol=1e-6)
        right, wanted = right + len(np.intersect1d(rows, nearest)), wanted + len(nearest)
    assert right >= 0.99 * wanted


def test_a_filter_against_the_question_costs_no_hit(
    listed: tuple[Vectors, F32, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that the lists nearest to the query hold is left."""
    monkeypatch.setattr(module, "_SCANNED", 0)
    index, given, group = listed
    for row in range(0, 6000, 500):
        near = np.unique(group[exact(given, given[row], 2500)[0]])
        among = ~np.isin(group, near)
        if among.any():
            same(index.search(given[row], 10, among), exact(given, given[row], 10, among))


def test_threads_find_what_one_finds(listed: tuple[Vectors, F32, np.ndarray]) -> None:
    index, given, _ = listed
    queries = given[:200]
    alone = [index.search(query, 10)[0].tolist() for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: index.search(query, 10)[0].tolist(), queries)) == alone


def test_rows_that_are_alike_fill_no_list_to_the_brim(tmp_path: Path) -> None:
    """A shop's texts repeat: thousands of equal vectors, and zeros from empty ones."""
    given = np.concatenate([np.repeat(vectors(3), 800, axis=0), np.zeros((100, D), np.float32)])
    write(tmp_path, [given], D, flat=100)
    rows, cosines = Vectors.open(tmp_path).search(given[900], 20)
    assert np.all((rows >= 800) & (rows < 1600)) and np.allclose(cosines, 1, atol=1e-6)


def test_progress_ends_with_all(tmp_path: Path) -> None:
    told: list[float] = []
    write(tmp_path, [vectors(3000)], D, told.append, flat=100)
    assert told == sorted(told) and told[0] >= 0 and told[-1] == 1.0 and len(told) > 2
    about = msgspec.json.decode((tmp_path / "about.json").read_bytes())
    assert about["rung"] == "lists" and 0 < about["recall"] <= 1


def test_the_background_is_that_of_all_rows() -> None:
    given, query = vectors(200), vectors(1)[0]
    every = unit(given) @ unit(query)
    assert Vectors.of(given).background(query) == pytest.approx((every.mean(), every.std()), abs=1e-5)
    many = vectors(5000)
    mean, deviation = Vectors.of(many).background(query)
    cosines = unit(many) @ unit(query)
    assert abs(mean - cosines.mean()) < 0.05 and deviation == pytest.approx(cosines.std(), rel=0.2)


def test_a_vector_of_another_encoder_is_refused() -> None:
    index = Vectors.of(vectors(3))
    for wrong in (vectors(1, D + 1)[0], vectors(1)):
        with pytest.raises(ValueError, match="24 numbers"):
            index.search(wrong, 1)
        with pytest.raises(ValueError, match="24 numbers"):
            index.background(wrong)
    with pytest.raises(ValueError, match="3 vectors"):
        index.search(vectors(1)[0], 1, np.ones(4, dtype=bool))


def test_a_zero_vector_stays_zero() -> None:
    assert np.array_equal(unit(np.zeros((2, 3), np.float32)), np.zeros((2, 3)))
