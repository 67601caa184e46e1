"""Milvus Lite with vectors in it, told what to do by lines of JSON; runs in .venv-bench, and imports nothing of ours.

    python milvus_client.py FOLDER    FOLDER has rows.npy float32[n, d] and near.npy float32[m, d]

    {"index": "HNSW"}                                     → {"seconds"}
    {"search": [from, to], "batch": b, "ef": e or null}   → {"rows", "wall_s", "cpu_s"}: those of near.npy, b a call

It starts with an index of its kind FLAT. Settings of HNSW are its defaults, written out.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient  # type: ignore[import-not-found, unused-ignore]

NAME = "vectors"
INSERTED = 5_000  # rows a call
PARAMETERS: dict[str, dict[str, int]] = {"FLAT": {}, "HNSW": {"M": 16, "efConstruction": 200}}


def filled(folder: Path) -> Any:
    """A client of a new database in `folder` that holds the rows."""
    client = MilvusClient(str(folder / "milvus.db"))
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.shape[1])
    client.create_collection(NAME, schema=schema)
    for start in range(0, len(rows), INSERTED):
        block = enumerate(rows[start : start + INSERTED], start)
        client.insert(NAME, [{"id": row, "vector": vector} for row, vector in block])
    client.flush(NAME)
    return client


def index(client: Any, kind: str) -> None:
    """Gives the vectors an index of `kind` in place of the one they have."""
    if client.list_indexes(NAME):
        client.release_collection(NAME)
        client.drop_index(NAME, "vector")
    settings = client.prepare_index_params()
    settings.add_index("vector", index_type=kind, metric_type="IP", params=PARAMETERS[kind])
    client.create_index(NAME, settings)
    client.load_collection(NAME)


def search(client: Any, queries: list[list[float]], batch: int, ef: int | None) -> dict[str, Any]:
    """The ten rows nearest to each of `queries`, and the time that it took, this process's threads taken together."""
    rows = []
    settings = {"params": {} if ef is None else {"ef": ef}}
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(queries), batch):
        found = client.search(NAME, data=queries[start : start + batch], limit=10, search_params=settings)
        rows += [[hit["id"] for hit in hits] for hits in found]
    return {"rows": rows, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def main(folder: Path) -> None:
    """Answers line by line until there are no more."""
    client = filled(folder)
    index(client, "FLAT")
    queries = np.load(folder / "near.npy").tolist()
    for line in sys.stdin:
        what = json.loads(line)
        if "index" in what:
            start = time.perf_counter()
            index(client, what["index"])
            answer: dict[str, Any] = {"seconds": time.perf_counter() - start}
        else:
            first, last = what["search"]
            answer = search(client, queries[first:last], what["batch"], what["ef"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
