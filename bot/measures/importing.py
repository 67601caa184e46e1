"""How long an import of a large shop takes, how much memory, and what is left of it when it is killed.

Each import is a process of its own: this module run with `python -m`, which puts an installation together as the
command line does, but with encoders that cost next to nothing, so that it is the import that is measured.

A kill is survived where the products are those of the feed before or of the feed that was being imported, as a whole,
the index holds one of the two as a whole, every picture that a product has is there, and the next import, which goes on
from what was left, ends as if nothing had happened and leaves no files behind.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.importing import Feeds, import_feeds
from bot.measures.figures import Figure
from bot.measures.generated_shop import write_feed
from bot.parts import Parts
from bot.settings import Settings
from knowledge import index
from knowledge.store import Store

F32 = NDArray[np.float32]
PRODUCTS = 100_000
KILLS = 20
WIDTH = 384
_SECONDS = 1800  # that one import may take before it is given up


def measure(parts: Parts, products: int = PRODUCTS, kills: int = KILLS) -> list[Figure]:
    """Seconds, memory and the kills that were survived, with a generated shop in a folder that is gone afterwards.

    Of `parts` only the threads are taken.
    """
    with tempfile.TemporaryDirectory(prefix="babeldesk-import-") as folder:
        bench = Bench(Path(folder), parts.threads, products)
        first = bench.imported(bench.feeds[0])
        again = [bench.imported(bench.feeds[0]) for _ in range(3)]
        figures = [
            Figure(name="first import", value=first.seconds, unit="s", n=first.rows),
            Figure(name="rows of it a second", value=first.rows / first.seconds, unit="rows/s", n=first.rows),
            _memory(first),
            _again(first, again),
        ]
        states = [bench.state()]
        changed = bench.imported(bench.feeds[1])
        states.append(bench.state())
        figures.append(Figure(name="import of a changed feed", value=changed.seconds, unit="s", n=changed.rows))
        survived, reached = bench.killed(kills, changed.seconds, states)
    note = f"{reached} of them while the import ran" if reached != kills else ""
    return [*figures, Figure(name="kills survived", value=survived, n=kills, reach=kills, note=note)]


def _memory(first: Imported) -> Figure:
    return Figure(
        name="peak memory of it",
        value=first.megabytes,
        unit="MB",
        n=first.rows,
        reach=1000,
        better="less",
        spread={"without mapped files MB": first.own_megabytes} if first.own_megabytes else {},
        note="resident; pages of mapped index files count, though the system may drop them",
    )


def _again(first: Imported, again: Sequence[Imported]) -> Figure:
    took = sorted(one.seconds for one in again)
    return Figure(
        name="the same feed again ÷ first import",
        value=took[len(took) // 2] / first.seconds,
        n=len(again),
        reach=0.1,
        better="less",
        spread={"least s": took[0], "most s": took[-1]},
    )


class Imported(msgspec.Struct, frozen=True):
    """An import that ended: the seconds of its process, its greatest memory, and the rows that were taken.

    `own_megabytes` is the greatest memory without pages of files; 0 where the system does not tell.
    """

    seconds: float
    megabytes: float
    own_megabytes: float
    rows: int


class State(msgspec.Struct, frozen=True):
    """What a data folder holds: digests of the products in the store, and of the records in the index."""

    products: str
    index: str


@dataclass(frozen=True)
class Bench:
    """A data folder and two feeds, between which it is changed to and fro."""

    folder: Path
    threads: int
    products: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def feeds(self) -> tuple[Path, Path]:
        return self._feed(0), self._feed(1)

    def _feed(self, state: int) -> Path:
        file = self.folder / f"products-{state}.tsv"
        if not file.exists():
            write_feed(file, self.products, state)
        return file

    def started(self, feed: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bot.measures.importing", str(self.data), str(feed), str(self.threads)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own interpreter

    def imported(self, feed: Path) -> Imported:
        """Imports a feed. Raises RuntimeError where that fails."""
        began = time.monotonic()
        process = self.started(feed)
        said, _ = process.communicate(timeout=_SECONDS)
        if process.returncode != 0:
            raise RuntimeError(f"the import of {feed.name} ended with {process.returncode}")
        return msgspec.convert({**json.loads(said), "seconds": time.monotonic() - began}, Imported)

    def state(self) -> State:
        """What the data folder holds now."""
        store = Store(f"sqlite:///{self.data / 'shop.db'}")
        products = hashlib.sha256()
        for product in store.all_products():
            products.update(msgspec.json.encode(product))
            if product.image and not (self.data / "media" / f"{product.image}.webp").exists():
                raise RuntimeError(f"the picture of {product.sku} is not there")
        store.close()
        records = hashlib.sha256()
        opened = index.opened(self.data / "index" / "current")
        for number in range(len(opened.entries)):
            records.update(msgspec.json.encode(opened.entries[number]))
        return State(products.hexdigest(), records.hexdigest())

    def killed(self, kills: int, seconds: float, states: list[State]) -> tuple[int, int]:
        """Kills so many imports, each at a moment of the `seconds` that one takes, the data at states[1] before.

        Returns how many were survived, and how many were killed while they ran.
        """
        lot = random.Random(kills)  # noqa: S311  no secret
        survived, reached, at = 0, 0, 1
        for number in range(kills):
            aim = 1 - at
            process = self.started(self.feeds[aim])
            # One in each of equal parts of the time, so that no stage is left out.
            time.sleep(seconds * (number + lot.random()) / kills)
            process.kill()
            process.communicate()
            reached += process.returncode != 0
            now = self.state()
            whole = now.products in {s.products for s in states} and now.index in {s.index for s in states}
            at = [s.products for s in states].index(now.products) if whole else at
            survived += whole
        self.imported(self.feeds[1 - at])
        left = [*self.data.glob("media/.*"), *list(self.data.glob("index/made-*"))[1:], *self.data.glob("*.tmp")]
        if self.state() != states[1 - at] or left:
            return 0, reached  # the import after them did not mend what they left
        return survived, reached


class _Text:
    """Texts as unit vectors [n, 384] that follow from their hash: the same text, the same vector."""

    def __init__(self) -> None:
        self._spread = np.random.default_rng(0).standard_normal((64, WIDTH)).astype(np.float32)

    def passages(self, texts: Sequence[str]) -> F32:
        digests = b"".join(hashlib.blake2b(text.encode()).digest() for text in texts)
        vectors = (np.frombuffer(digests, np.uint8).reshape(-1, 64).astype(np.float32) - 127.5) @ self._spread
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def telling_tokens(self, texts: Sequence[str], _: Sequence[str]) -> list[F32]:
        return [
            np.repeat(vector[None], len(text.split()), axis=0)
            for vector, text in zip(self.passages(texts), texts, strict=True)
        ]


@dataclass(frozen=True)
class _Seen:
    vectors: F32


class _Vision:
    """Pictures as their own pixels, 8 by 8: unit vectors [n, 192]."""

    def look(self, images: Sequence[Image.Image]) -> _Seen:
        pixels = np.stack([np.asarray(image.resize((8, 8)), np.float32).ravel() + 1 for image in images])
        return _Seen(pixels / np.linalg.norm(pixels, axis=1, keepdims=True))


class _OwnMemory(threading.Thread):
    """Looks every 20 ms how much memory this process has that is no page of a file, as Linux tells it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0.0  # MB

    def run(self) -> None:
        while (status := Path("/proc/self/status")).exists():
            found = re.search(r"^RssAnon:\s+(\d+) kB", status.read_text(), re.MULTILINE)
            self.most = max(self.most, int(found[1]) * 1024 / 1e6 if found else 0.0)
            time.sleep(0.02)


def _peak() -> float:
    """The most memory that this process ever had, in MB, pages of mapped files included.

    Linux hands ru_maxrss on from whoever started the process: what its own memory held stands in VmHWM.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    if found:
        return int(found[1]) * 1024 / 1e6
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 1e6 if sys.platform == "darwin" else used * 1024 / 1e6


def _child(data: Path, feed: Path, threads: int) -> dict[str, Any]:
    parts = Parts(Settings(data=data, threads=threads))
    given: dict[str, Any] = {"text": _Text(), "vision": _Vision(), "text_encoder": "fake"}
    vars(parts).update(given)  # in place of what Parts would make at the first use
    own = _OwnMemory()
    own.start()
    report = import_feeds(Feeds(products=(feed,)), parts, lambda _name, _fraction: None)
    changes = report.taken["products"]
    rows = changes.added + changes.updated + changes.unchanged
    return {"megabytes": _peak(), "own_megabytes": own.most, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
