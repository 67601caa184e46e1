"""A hundred thousand vectors searched by Babeldesk and by Milvus Lite, turn about, in the same run.

Milvus Lite is reached by its own client, pymilvus, in a process and a virtual environment of its own (scripts/milvus
makes it). Its answer travels over gRPC on this machine; ours does not: that is what an application has of each. How
much of Milvus's time is spent on a call rather than on a query shows where it is asked a hundred queries at once.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.measures.figures import Figure
from knowledge.vectors import F32, I64, Vectors, write

PYTHON = Path(__file__).resolve().parents[2] / ".venv-bench" / "bin" / "python"
_CLIENT = Path(__file__).with_name("milvus_client.py")
_EF = (16, 32, 64, 128, 256, 512)  # how widely Milvus's graph is searched; the first with the recall below is taken
_RECALL = 0.99
_ROUNDS, _EACH = 10, 20  # queries of each side in turn
_BATCH = 100


@dataclass(frozen=True)
class Milvus:
    """The client's process. `ask` sends a line of JSON and waits for one."""

    process: subprocess.Popen[str]

    def ask(self, **what: Any) -> dict[str, Any]:
        """Raises RuntimeError where the client has ended; what it wrote on stderr says why."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Milvus client ended with {self.process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def started(folder: Path) -> Iterator[Milvus]:
    """The client on `folder`, which has rows.npy and near.npy."""
    command = [str(PYTHON), str(_CLIENT), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield Milvus(process)
        finally:
            process.kill()


def measure(folder: Path, n: int) -> list[Figure]:
    """The figures on `folder`, which has `n` vectors in index/, near.npy and near-nearest.npy."""
    name = f"queries a second ÷ Milvus Lite's, {n:,}"
    if not PYTHON.exists():
        return [Figure(name=name, value=None, reach=1, note="scripts/milvus installs it")]
    ours = Vectors.open(folder / "index")
    queries, nearest = np.load(folder / "near.npy"), np.load(folder / "near-nearest.npy")
    rows = ours.at(np.arange(n))
    np.save(folder / "rows.npy", rows)
    write(folder / "flat", [rows], ours.d, flat=n)
    flat = Vectors.open(folder / "flat")
    with started(folder) as milvus:
        figures = [_figure(f"{name}, both exact", _turn_about(milvus, flat, queries, nearest, 2, 10, None), flat, None)]
        milvus.ask(index="HNSW")
        ef = next((ef for ef in _EF if _recall(milvus, nearest, ef) >= _RECALL), _EF[-1])
        found = _turn_about(milvus, ours, queries, nearest, _ROUNDS, _EACH, ef)
        figures.append(_figure(f"{name}, HNSW", found, ours, 1))
        found = _turn_about(milvus, flat, queries, nearest, _ROUNDS, _EACH, ef)
        figures.append(_figure(f"{name}, HNSW, ours exact", found, flat, None))
        return figures


def _recall(milvus: Milvus, nearest: I64, ef: int) -> float:
    rows = milvus.ask(search=[0, 400], batch=_BATCH, ef=ef)["rows"]
    return _right(rows, nearest[:400])


def _right(rows: list[list[int]], nearest: I64) -> float:
    right = sum(len(np.intersect1d(found, exact)) for found, exact in zip(rows, nearest, strict=True))
    return right / nearest.size


def _turn_about(
    milvus: Milvus, ours: Vectors, queries: F32, nearest: I64, rounds: int, each: int, ef: int | None
) -> dict[str, Any]:
    """Queries a second of both by turns of `each` queries, and Milvus's with _BATCH queries a call."""
    found: dict[str, Any] = {"n": rounds * each, "ours": [], "milvus": [], "cpu": [], "many": [], "ef": ef}
    mine: list[list[int]] = []
    theirs: list[list[int]] = []
    milvus.ask(search=[0, 3], batch=1, ef=ef)
    for start in range(0, rounds * each, each):
        answer = milvus.ask(search=[start, start + each], batch=1, ef=ef)
        theirs += answer["rows"]
        wall, cpu = time.perf_counter(), time.thread_time()
        mine += [ours.search(query, 10)[0].tolist() for query in queries[start : start + each]]
        found["ours"].append(each / (time.perf_counter() - wall))
        found["milvus"].append(each / answer["wall_s"])
        found["cpu"].append(answer["cpu_s"] / (time.thread_time() - cpu))
        together = milvus.ask(search=[0, _BATCH], batch=_BATCH, ef=ef)
        found["many"].append(_BATCH / together["wall_s"])
    exact = nearest[: rounds * each]
    return found | {"recall": _right(mine, exact), "their recall": _right(theirs, exact)}


def _figure(name: str, found: dict[str, Any], ours: Vectors, reach: float | None) -> Figure:
    median: Callable[[Any], float] = lambda values: float(np.median(values))  # noqa: E731
    ratios = np.array(found["ours"]) / np.array(found["milvus"])
    together = np.array(found["ours"]) / np.array(found["many"])
    return Figure(
        name=name,
        value=median(ratios),
        n=found["n"],
        reach=reach,
        spread={
            "least": float(ratios.min()),
            "processor": median(found["cpu"]),
            "ours a second": median(found["ours"]),
            "recall": found["recall"],
            "Milvus's a second": median(found["milvus"]),
            "its recall": found["their recall"],
            f"÷ it with {_BATCH} a call": median(together),
        },
        note=f"{ours.built.rung}, one query after another; Milvus Lite by pymilvus, ef {found['ef']}",
    )
