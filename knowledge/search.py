"""The shop's search over store and index: text, photo and identifiers at once. ranking.py has the arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.index import Index, opened
from knowledge.ranking import IDENTIFIED, rank
from knowledge.records import Hit, Product, Source
from knowledge.store import Store
from knowledge.vectors import F32
from knowledge.view import Beside, Find, Mask, View

__all__ = ["Beside", "Find", "Search"]

_ROWS_A_RECORD = 3  # of one product that may be nearest together


@dataclass(frozen=True)
class _Seen:
    """The index that was open at a state of the store."""

    folder: str
    generation: tuple[int, int]
    view: View


class Search:
    """Safe to use from several threads. A new index, and what was retired, is seen at the next query."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Opens the index in `folder`.

        Raises:
            FileNotFoundError: nothing was imported yet.
        """
        self._store = store
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._view()

    def find(self, query: Find, top: int = 10) -> list[Hit]:
        """The `top` records that fit best, best first, each once by its best passage.

        An article is shown by its passage in the asked language where it has one. `Source` has the raw scores of the
        best passage: cosine, BM25, the picture's cosine, 1 for an identifier. What an identifier names comes first,
        even where the index does not have it yet (then without a passage).

        Raises:
            ValueError: a vector of another dimension than the index has.
        """
        view, indexed, unseen = self._view(), [], []
        for product in self._named(query):
            number = view.index.entry_of("product", product.sku)
            if number is None:
                title = product.title_in(query.language) if query.language else product.title
                unseen.append(Hit(product.sku, "product", title, IDENTIFIED, Source(identifier=1.0)))
            else:
                indexed.append(number)
        return [*unseen, *rank(view, query, indexed, top)][:top]

    def similarity(self, text_vector: F32, record: str) -> float | None:
        """The cosine of a query's vector [d] with a record's best passage; None for what is not in the index."""
        view = self._view()
        index = view.index
        found = [index.entry_of(kind, record) for kind in ("product", "article")]
        rows = [view.rows_of(entry) for entry in found if entry is not None]
        if not rows or index.text is None:
            return None
        return float(index.text.scores(text_vector, np.concatenate(rows)).max())

    def background(self, text_vector: F32) -> tuple[float, float]:
        """Mean and standard deviation of a query's cosines with all passages.

        `(hit.source.dense - mean) / deviation` says how far a hit stands out from what any question would find.
        """
        text = self._view().index.text
        return (0.0, 0.0) if text is None else text.background(text_vector)

    def passage_vector(self, passage: str) -> F32 | None:
        """The vector [d] of the passage with this id; None for one that is not in the index."""
        index = self._view().index
        row = index.row_of(passage)
        if row is None or index.text is None:
            return None
        vector: F32 = index.text.at(np.array([row]))[0]
        return vector

    def record_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """The mean text vector [d] of each of these products that is in the index."""
        view = self._view()
        index = view.index
        if index.text is None:
            return {}
        entries = {sku: entry for sku in skus if (entry := index.entry_of("product", sku)) is not None}
        return {sku: index.text.at(view.rows_of(entry)).mean(axis=0) for sku, entry in entries.items()}

    def picture_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """The picture's vector [p] of each of these products that has one."""
        index, found = self._view().index, {}
        for sku in skus:
            entry = index.entry_of("product", sku)
            media = index.entries[entry].media if entry is not None else None
            picture = index.picture_of(media) if media else None
            if picture is not None and index.photo is not None:
                found[sku] = index.photo.at(np.array([picture]))[0]
        return found

    def near(self, vector: F32, most: int, photo: bool = False) -> list[tuple[str, float]]:
        """The products sold now whose text, or picture, is nearest to a vector, with their cosines, best first."""
        view = self._view()
        index, allowed = view.index, view.allowed(Find(kinds=frozenset({"product"})))
        found: dict[int, float] = {}
        if photo and index.photo is not None:
            pictures, cosines = index.photo.search(vector, most, view.pictures(allowed))
            for picture, cosine in zip(pictures.tolist(), cosines.tolist(), strict=True):
                for entry in view.shown(picture):
                    if allowed[index.numbers.first[entry]]:
                        found.setdefault(entry, cosine)
        elif not photo and index.text is not None:
            rows, cosines = index.text.search(vector, most * _ROWS_A_RECORD, allowed)
            entries = index.numbers.entry[rows]
            for entry, cosine in zip(entries.tolist(), cosines.tolist(), strict=True):
                found.setdefault(entry, cosine)
        return [(index.entries[entry].record, cosine) for entry, cosine in list(found.items())[:most]]

    def values(self, name: str) -> frozenset[str]:
        """What products may be filtered by under a name: "currency", "category", …"""
        return self._view().index.attributes.values(name)

    def encoders(self) -> tuple[str, str]:
        """The names of the encoders that the index's texts and pictures were encoded by."""
        about = self._view().index.about
        return about.text_encoder, about.photo_encoder

    def _named(self, query: Find) -> list[Product]:
        if "product" not in query.kinds:
            return []
        found = (product for identifier in query.identifiers for product in self._store.by_identifier(identifier))
        return list({product.sku: product for product in found}.values())

    def _view(self) -> View:
        generation = self._store.generation()
        seen = self._seen
        if seen is not None and (seen.folder, seen.generation) == (self._current(), generation):
            return seen.view
        with self._lock:
            while True:
                folder = self._current()
                try:
                    index = opened(self._folder / folder)
                    break
                except (OSError, RuntimeError):
                    if self._current() == folder:  # else it was swapped and removed while it was being opened
                        raise
            self._seen = _Seen(folder, generation, View(index, _live(index, self._store, generation)))
            return self._seen.view

    def _current(self) -> str:
        return str((self._folder / "current").readlink())


def _live(index: Index, store: Store, generation: tuple[int, int]) -> Mask | None:
    """Which rows [rows] are of records that were not retired since the index was made; None where all are."""
    if index.about.generation == generation:
        return None
    sold = store.live([entry.record for entry in index.entries if entry.kind == "product"])
    said = {(article.id, article.language) for article in store.all_articles()}
    passages = (row.passage for row in index.rows)
    return np.array([p.record in sold if p.kind == "product" else (p.record, p.language) in said for p in passages])
