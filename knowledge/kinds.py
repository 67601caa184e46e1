"""What kinds of things the shop sells, as vectors: a word that comes with a photo most often says the kind.

kinds/names.json    the categories as attributes.py has them, "clothing > shoes"
kinds/vectors.npy   float32[kinds, d], of length 1, of the last part of each
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from knowledge.arrays import load
from knowledge.attributes import Postings
from knowledge.vectors import F32

_MOST = 20_000  # kinds; a feed that gives every product one of its own gains nothing by more


@dataclass(frozen=True)
class Kinds:
    """The kinds of an index; their number may be 0."""

    names: tuple[str, ...]
    vectors: F32  # [kinds, d]

    def said(self, words: F32, floor: float) -> dict[str, float]:
        """Those of which words [d] say more than `floor`, and how much more."""
        if not self.names:
            return {}
        beyond = self.vectors @ words - np.float32(floor)
        return {self.names[at]: float(beyond[at]) for at in np.flatnonzero(beyond > 0).tolist()}


def write(made: Path, encode: Callable[[Sequence[str]], F32]) -> None:
    """Encodes the kinds that the attributes in `made` name; `encode` gives unit vectors [n, d] of n names."""
    names = sorted(Postings.open(made).values("category"))[:_MOST]
    leaves = sorted({_leaf(name) for name in names})
    vectors = dict(zip(leaves, encode(leaves), strict=True)) if leaves else {}
    folder = made / "kinds"
    folder.mkdir()
    (folder / "names.json").write_bytes(msgspec.json.encode(names))
    np.save(folder / "vectors.npy", np.array([vectors[_leaf(name)] for name in names], np.float32))


def opened(made: Path) -> Kinds | None:
    """What `write` wrote; None where the index was made without."""
    folder = made / "kinds"
    if not folder.exists():
        return None
    names = msgspec.json.decode((folder / "names.json").read_bytes(), type=list[str])
    return Kinds(tuple(names), load(folder / "vectors.npy", mmap_mode="r"))


def _leaf(name: str) -> str:
    return name.rpartition(" > ")[2]
