"""What products may be filtered by: pairs of a name and a value, and which entries of the index have them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import load
from knowledge.records import Product

ANYWHERE = "*"  # among `ships_to`: the feed sets no limit


I32 = NDArray[np.int32]


def folded(value: str) -> str:
    """A value as it is compared: NFKC, without case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def path(category: str) -> str:
    """A category's path as it is compared, whatever the space around its arrows."""
    return folded(" > ".join(part.strip() for part in category.split(">")))


def attributes_of(product: Product) -> set[tuple[str, str]]:
    """A colour "red/blue" is red as well as blue; a category is in those above it."""
    colors = {product.color or "", *(product.color or "").split("/")}
    steps = (product.category or "").split(">")
    found = {
        *(("color", folded(color)) for color in colors),
        ("size", folded(product.size or "")),
        *(("category", path(">".join(steps[: depth + 1]))) for depth in range(len(steps))),
        ("availability", product.availability),
        ("currency", product.currency),
        *(("ships_to", country) for country in product.ships_to or (ANYWHERE,)),
    }
    return {(name, value) for name, value in found if value}


class Postings:
    """Which entries have an attribute. Attributes are (name, value) pairs."""

    def __init__(self, places: dict[str, dict[str, tuple[int, int]]], entries: I32) -> None:
        self._places = places
        self._entries = entries

    @classmethod
    def open(cls, made: Path) -> Postings:
        """What `save` wrote into the folder."""
        places = msgspec.json.decode(
            (made / "attributes.json").read_bytes(), type=dict[str, dict[str, tuple[int, int]]]
        )
        return cls(places, load(made / "attributes.npy", mmap_mode="r"))

    @staticmethod
    def save(made: Path, having: dict[tuple[str, str], list[int]]) -> None:
        """Writes which entries have each attribute into the folder."""
        places: dict[str, dict[str, tuple[int, int]]] = {}
        end = 0
        for (name, value), entries in having.items():
            places.setdefault(name, {})[value] = (end, end := end + len(entries))
        flat = np.fromiter((entry for entries in having.values() for entry in entries), np.int32, end)
        np.save(made / "attributes.npy", flat)
        (made / "attributes.json").write_bytes(msgspec.json.encode(places))

    def having(self, name: str, value: str) -> I32:
        """The numbers of the entries that have this value."""
        begin, end = self._places.get(name, {}).get(value, (0, 0))
        return self._entries[begin:end]

    def values(self, name: str) -> frozenset[str]:
        """The values of this attribute that any entry has."""
        return frozenset(self._places.get(name, ()))
