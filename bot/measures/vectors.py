"""How well and how fast vectors are found: a million drawn around real ones; a hundred thousand against Milvus Lite.

Building, and opening and searching, happen in processes of their own, so that their time and memory are theirs alone.
Searching is one query after another on one thread; beside the time on the clock stands the processor's own, which
other programs do not disturb.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from bot import background
from bot.measures import against_milvus
from bot.measures.figures import Figure
from bot.measures.generated import as_questions, drawn, fit
from knowledge.vector_rows import Rows
from knowledge.vectors import F32, I64, Vectors, write

if TYPE_CHECKING:
    from bot.parts import Parts  # the processes that build and search are to carry no more than they need

MANY, FEW = 1_000_000, 100_000
QUERIES = 1_000
_OPENED = 5  # times that the index is opened anew
_FILTERS = (0.5, 0.1, 0.01)  # share of rows that a filter leaves
_KINDS = ("scattered", "subjects")
_STRETCHES = 200
_FILTERED = 100  # queries of each


def measure(parts: Parts, many: int = MANY, few: int = FEW) -> list[Figure]:
    """The figures; takes about ten minutes on two cores, and 2 GB of disk for the time being."""
    real = background.load(parts.text_encoder)
    with tempfile.TemporaryDirectory(prefix="babeldesk-vectors-") as folder:
        large, small = Path(folder) / "large", Path(folder) / "small"
        _lay_out(large, real, many)
        figures = _large(large, many)
        _lay_out(small, real, few)
        return figures + against_milvus.measure(small, few)


def _lay_out(folder: Path, real: F32, n: int) -> None:
    """Queries of both kinds into `folder`, and an index of `n` vectors, told of in built.json."""
    folder.mkdir()
    np.save(folder / "real.npy", real)
    _child("build", folder, str(n))
    exact = Rows.open(folder / "index" / "rows.faiss")
    for kind in ("near", "questions"):
        nearest, _ = exact.search(np.load(folder / f"{kind}.npy"), 10)
        np.save(folder / f"{kind}-nearest.npy", nearest)


def _large(folder: Path, n: int) -> list[Figure]:
    built = json.loads((folder / "built.json").read_text())
    runs = [_child("search", folder, "near" if number == 0 else "opening") for number in range(_OPENED)]
    near, asked = runs[0], _child("search", folder, "questions")
    opened = [run["open_s"] for run in runs]
    name, about = f"{n:,} × {built['d']}", f"{built['rung']} {built['parameters']}"
    wall, cpu = near["wall_ms"], near["cpu_ms"]
    return [
        Figure(
            name=f"recall@10, {name}",
            value=near["recall"],
            n=QUERIES,
            reach=0.99,
            spread={"told by the build": built["recall"], "as far off as questions": asked["recall"]},
            note=about,
        ),
        Figure(
            name=f"one query, p99, {name}",
            value=_at(wall, 99),
            n=QUERIES,
            unit="ms",
            reach=10,
            better="less",
            spread={
                "p50": _at(wall, 50),
                "p99 of the first pass": _at(near["first_ms"], 99),
                "processor p50": _at(cpu, 50),
                "processor p99": _at(cpu, 99),
            },
            note="one thread; the middle one of three times each",
        ),
        *_filtered(near, name),
        Figure(
            name=f"opening, {name}",
            value=float(np.median(opened)),
            n=_OPENED,
            unit="s",
            reach=2,
            better="less",
            spread={"most": max(opened)},
            note="a new process each; files in the page cache",
        ),
        Figure(
            name=f"memory after {QUERIES:,} queries, {name}",
            value=near["after"]["all"],
            n=1,
            unit="MB",
            spread={
                "before opening": near["before"]["all"],
                "opened": near["opened"]["all"],
                "of its own": near["after"]["own"],
                "mapped files": near["after"]["mapped"],
                "on disk": built["disk_mb"],
            },
            note="resident; mapped pages can be dropped at any time",
        ),
        Figure(
            name=f"building, {name}",
            value=built["seconds"],
            n=1,
            unit="s",
            spread={"processor s": built["cpu_s"], "peak MB": built["peak_mb"]},
            note="two threads, once the vectors are written; drawing them apart",
        ),
    ]


def _filtered(run: dict[str, Any], name: str) -> list[Figure]:
    return [
        Figure(
            name=f"recall@10, filter leaves {share:.0%}, {kind}, {name}",
            value=found["recall"],
            n=_FILTERED,
            reach=0.99,
            spread={"p50 ms": _at(found["wall_ms"], 50), "p99 ms": _at(found["wall_ms"], 99)},
        )
        for kind, share, found in run["filtered"]
    ]


def _at(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def _child(*arguments: str | Path) -> dict[str, Any]:
    """What this module prints when it is run with `arguments` in a process of its own, with two threads at most."""
    command = [sys.executable, "-m", "bot.measures.vectors", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _build(folder: Path, n: int) -> dict[str, Any]:
    law = fit(np.load(folder / "real.npy"))
    queries: list[F32] = []
    drawing = 0.0

    def blocks() -> Iterator[F32]:
        nonlocal drawing
        source = drawn(law, n, QUERIES)
        for _ in tqdm(range(len(law.real)), desc="drawing vectors", leave=False):
            start = time.process_time()
            block, kept_out = next(source)
            drawing += time.process_time() - start
            queries.append(kept_out.copy())  # a view would keep the whole block
            yield block

    start, used = time.perf_counter(), time.process_time()
    streamed: list[float] = []
    built = write(folder / "index", blocks(), law.real.shape[1], lambda _: streamed.append(time.perf_counter()))
    seconds = time.perf_counter() - start
    cpu = time.process_time() - used - drawing
    near = np.random.default_rng(3).permutation(np.concatenate(queries))
    np.save(folder / "near.npy", near)
    np.save(folder / "questions.npy", as_questions(law, near))
    told = {
        "rung": built.rung,
        "d": built.d,
        "parameters": built.parameters,
        "recall": built.recall,
        "seconds": seconds - (streamed[0] - start),
        "cpu_s": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "disk_mb": sum(file.stat().st_size for file in (folder / "index").iterdir()) / 1e6,
    }
    (folder / "built.json").write_text(json.dumps(told))
    return told


def _search(folder: Path, kind: str) -> dict[str, Any]:
    before = _resident()
    start = time.perf_counter()
    index = Vectors.open(folder / "index")
    told: dict[str, Any] = {"open_s": time.perf_counter() - start, "before": before, "opened": _resident()}
    if kind == "opening":
        return told
    queries, nearest = np.load(folder / f"{kind}.npy"), np.load(folder / f"{kind}-nearest.npy")
    told |= timed(lambda query: index.search(query, 10)[0], queries, nearest)
    told["after"] = _resident()
    if kind == "near":
        few = queries[:_FILTERED]
        told["filtered"] = [[*by, _under_filter(folder, index, few, *by)] for by in product(_KINDS, _FILTERS)]
    return told


def _under_filter(folder: Path, index: Vectors, queries: F32, kind: str, share: float) -> dict[str, Any]:
    """Filters that leave `share` of the rows: "scattered", as what is in stock, or whole "subjects", as a category.

    Rows come in the order of what they were drawn around, so a stretch of them is a subject. Most queries are then
    about another subject than those that are left: nothing near the query is of use.
    """
    random = np.random.default_rng(int(share * 1000))
    stretch = np.arange(index.n) * _STRETCHES // index.n
    left = random.permutation(_STRETCHES)[: round(share * _STRETCHES)]
    among = np.isin(stretch, left) if kind == "subjects" else random.random(index.n) < share
    exact = Rows.open(folder / "index" / "rows.faiss")
    nearest, _ = exact.search(queries, 10, np.flatnonzero(among))
    return timed(lambda query: index.search(query, 10, among)[0], queries, nearest)


def timed(search: Callable[[F32], I64], queries: F32, nearest: I64) -> dict[str, Any]:
    """Milliseconds of each query, and recall of them all against `nearest`.

    All queries are asked three times, one pass after the other, and the middle time of each counts: another program
    that takes the processor away in one of them does not. `first_ms` are those of the first pass, after ten to warm up.
    """
    for query in queries[:10]:
        search(query)
    wall, cpu = np.empty((2, 3, len(queries)))
    right = 0
    for turn, (number, query) in product(range(3), enumerate(queries)):
        start, used = time.perf_counter(), time.thread_time()
        found = search(query)
        wall[turn, number], cpu[turn, number] = time.perf_counter() - start, time.thread_time() - used
        right += len(np.intersect1d(found, nearest[number]))
    middle = {"wall_ms": np.median(wall, axis=0), "first_ms": wall[0], "cpu_ms": np.median(cpu, axis=0)}
    return {name: (seconds * 1e3).tolist() for name, seconds in middle.items()} | {"recall": right / nearest.size / 3}


def _resident() -> dict[str, float]:
    """Megabytes of this process in memory: all, of its own, and of files that are mapped. Linux only."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    kinds = {"all": "VmRSS", "own": "RssAnon", "mapped": "RssFile"}
    return {name: int(status[key].split()[0]) / 1e3 for name, key in kinds.items()}


if __name__ == "__main__":
    verb, where, what = sys.argv[1:]
    print(json.dumps(_build(Path(where), int(what)) if verb == "build" else _search(Path(where), what)))
