"""Imports that are killed: the short form of what `bench` measures with a large shop (bot/measures/importing.py)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.measures import importing
from bot.measures.importing import Bench, State
from bot.parts import Parts
from bot.settings import Settings
from knowledge.store import Store

PRODUCTS = 2000


def test_the_store_is_the_old_or_the_new_one_whenever_an_import_is_killed(tmp_path: Path) -> None:
    parts = Parts(Settings(data=tmp_path / "unused", threads=1))
    told = {figure.name: figure for figure in importing.measure(parts, PRODUCTS, kills=3)}
    assert told["kills survived"].value == 3
    assert told["first import"].n == PRODUCTS
    assert told["peak memory of it"].holds
    assert not (tmp_path / "unused").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, State]:
    """How long a first import takes, and what it leaves."""
    bench = Bench(tmp_path_factory.mktemp("whole"), 1, PRODUCTS)
    return bench.imported(bench.feeds[0]).seconds, bench.state()


@pytest.mark.parametrize("part", [0.35, 0.8])
def test_a_first_import_that_is_killed_leaves_no_shop_or_the_whole_one(
    tmp_path: Path, whole: tuple[float, State], part: float
) -> None:
    bench = Bench(tmp_path, 1, PRODUCTS)
    process = bench.started(bench.feeds[0])
    time.sleep(whole[0] * part)
    process.kill()
    process.communicate()
    if (bench.data / "shop.db").exists():
        store = Store(f"sqlite:///{bench.data / 'shop.db'}")
        assert sum(1 for _ in store.all_products()) in (0, PRODUCTS)
        store.close()
    assert bench.imported(bench.feeds[0]).rows == PRODUCTS
    assert bench.state() == whole[1]


def test_an_import_that_fails_is_no_figure(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1, 20)
    (tmp_path / "products-0.tsv").write_text("no feed\n")
    with pytest.raises(RuntimeError, match="ended with"):
        bench.imported(bench.feeds[0])
