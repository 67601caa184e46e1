"""The shop's search over store and index: text, photo and identifiers at once. ranking.py has the arithmetic."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.index import Index, opened
from knowledge.ranking import IDENTIFIED, Find, Mask, View, rank
from knowledge.records import Hit, Product, Source
from knowledge.store import Store
from knowledge.vectors import F32

__all__ = ["Find", "Search"]


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
            number = view.by_record.get(("product", product.sku))
            if number is None:
                title = product.title_in(query.language) if query.language else product.title
                unseen.append(Hit(product.sku, "product", title, IDENTIFIED, Source(identifier=1.0)))
            else:
                indexed.append(number)
        return [*unseen, *rank(view, query, indexed, top)][:top]

    def similarity(self, text_vector: F32, record: str) -> float | None:
        """The cosine of a query's vector [d] with a record's best passage; None for what is not in the index."""
        view = self._view()
        numbers = [
            view.by_record[name] for name in (("product", record), ("article", record)) if name in view.by_record
        ]
        if not numbers or view.index.text is None:
            return None
        rows = np.concatenate([view.rows_of(number) for number in numbers])
        return float(view.index.text.scores(text_vector, rows).max())

    def background(self, text_vector: F32) -> tuple[float, float]:
        """Mean and standard deviation of a query's cosines with all passages.

        `(hit.source.dense - mean) / deviation` says how far a hit stands out from what any question would find.
        """
        text = self._view().index.text
        return (0.0, 0.0) if text is None else text.background(text_vector)

    def passage_vector(self, passage: str) -> F32 | None:
        """The vector [d] of the passage with this id; None for one that is not in the index."""
        view = self._view()
        row = view.by_passage.get(passage)
        if row is None or view.index.text is None:
            return None
        vector: F32 = view.index.text.at(np.array([row]))[0]
        return vector

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
        link, generation = self._folder / "current", self._store.generation()
        seen = self._seen
        if seen is not None and (seen.folder, seen.generation) == (str(link.readlink()), generation):
            return seen.view
        with self._lock:
            try:
                folder = str(link.readlink())
                index = opened(self._folder / folder)
            except FileNotFoundError:  # swapped and removed between the two; a second time it is not there at all
                folder = str(link.readlink())
                index = opened(self._folder / folder)
            seen = self._seen = _Seen(folder, generation, View(index, _live(index, self._store, generation)))
            return seen.view


def _live(index: Index, store: Store, generation: tuple[int, int]) -> Mask:
    """Which rows [rows] are of records that were not retired since the index was made."""
    if index.about.generation == generation:
        return np.ones(len(index.rows), dtype=bool)
    sold = store.live([entry.record for entry in index.entries if entry.kind == "product"])
    said = {(article.id, article.language) for article in store.all_articles()}
    passages = (row.passage for row in index.rows)
    return np.array([p.record in sold if p.kind == "product" else (p.record, p.language) in said for p in passages])
