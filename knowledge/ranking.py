"""How a query's candidates are scored and put in order: the arithmetic of the search over one open index.

What is added up, for each record:
- text by words: the share of the question's pieces, by weight, that its best passage has, 0..1;
- text by meaning: the cosine of that passage, in standard deviations above the mean of all passages, times
  `_DEVIATION` (one encoder's cosines lie close together, and where they lie depends on the language and the question);
- photo: the cosine of its best picture, in standard deviations above the mean of all pictures, at least 0, times
  `_DEVIATION`;
- an identifier: `IDENTIFIED`, more than the rest adds up to.

`_DEVIATION` was tried at 1 to 1/8 on questions in four languages about passages in the same and in another language
(XQuAD): from 1 to 1/3 the mean reciprocal rank is the same to the second digit, beyond it words drown meaning.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.index import Entry, Index
from knowledge.passages import UNKNOWN_LANGUAGE
from knowledge.pieces import Matches
from knowledge.records import Hit, Source
from knowledge.vectors import F32, I64

Mask = NDArray[np.bool_]
F64 = NDArray[np.float64]

_DEVIATION = 0.5
IDENTIFIED = 1000.0
_CANDIDATES = 256  # rows that each part of the search brings forward
_LEAST_DEVIATION = 1e-3  # of cosines: below, all rows are alike and differences are noise


@dataclass(frozen=True)
class Find:
    """What is looked for. Parts that are left out find nothing; those that are given add up.

    `text_vector` [d] is the query's; `photo_vectors` [n, p] has one for each photo or part of one, and a product
    counts by the picture that fits any of them best. `identifiers` are SKUs, GTINs or MPNs as somebody wrote them.
    `color`, `size` and `categories` (a category's whole path, or one above it) leave out other products, whatever
    their case; articles stay, and so does a product that is named by identifier. Articles that do not hold on the day
    `on` (today where None) are left out. With no text, photo or identifier but an attribute, all that have it are
    found.
    """

    text: str = ""
    text_vector: F32 | None = None
    photo_vectors: F32 | None = None
    identifiers: tuple[str, ...] = ()
    language: str | None = None
    kinds: frozenset[Literal["product", "article"]] = field(default=frozenset({"product", "article"}))
    color: str | None = None
    size: str | None = None
    categories: frozenset[str] = frozenset()
    on: date | None = None


class View:
    """An open index with what ranking asks of it. `live` [rows] is False where a record was retired since."""

    def __init__(self, index: Index, live: Mask) -> None:
        self.index = index
        self.by_passage = {row.passage.id: number for number, row in enumerate(index.rows)}
        self.by_record: dict[tuple[str, str], int] = {(e.kind, e.record): n for n, e in enumerate(index.entries)}
        self._live = live
        self._is_product = np.array([row.passage.kind == "product" for row in index.rows], dtype=bool)
        self._begins = np.array([(row.valid_from or date.min).toordinal() for row in index.rows], dtype=np.int64)
        self._ends = np.array([(row.valid_to or date.max).toordinal() for row in index.rows], dtype=np.int64)
        shown = [(n, index.entries[e].first) for n, some in enumerate(index.photo_entries) for e in some]
        self._picture_of, self._row_of_picture = np.array(shown, dtype=np.int64).reshape(-1, 2).T
        self._having: dict[tuple[str, str], list[int]] = {}
        for number, entry in enumerate(index.entries):
            for attribute in _attributes(entry):
                self._having.setdefault(attribute, []).append(number)

    def rows_of(self, entry: int) -> I64:
        """The rows of an entry."""
        first = self.index.entries[entry].first
        return np.arange(first, first + self.index.entries[entry].count)

    def allowed(self, query: Find) -> Mask:
        """The rows [rows] that the query's kinds, attributes and day leave."""
        day = (query.on or date.today()).toordinal()
        mask: Mask = self._live & (self._begins <= day) & (self._ends >= day)
        if "product" not in query.kinds:
            mask &= ~self._is_product
        if "article" not in query.kinds:
            mask &= self._is_product
        for wanted in _wanted(query):
            having = np.zeros(len(self.index.entries), dtype=bool)
            having[[number for attribute in wanted for number in self._having.get(attribute, ())]] = True
            mask &= having[self.index.row_entry] | ~self._is_product
        return mask

    def allowed_pictures(self, allowed: Mask) -> Mask:
        """The pictures that show an entry whose rows are allowed."""
        mask = np.zeros(len(self.index.photo_entries), dtype=bool)
        mask[self._picture_of[allowed[self._row_of_picture]]] = True
        return mask


@dataclass(frozen=True)
class _Scored:
    """Rows [m], ascending: their cosines (0 without a text vector), BM25, and the sum of both as it is ranked."""

    rows: I64
    dense: F32
    lexical: F32
    score: F64


def rank(view: View, query: Find, named: Sequence[int], top: int) -> list[Hit]:
    """The hits of a query among the entries of the index, best first. `named` are those that it names by identifier.

    Raises:
        ValueError: a vector of another dimension than the index has.
    """
    index = view.index
    if index.text is None or index.pieces is None:
        return []
    allowed = view.allowed(query)
    pictures = _pictures(view, query, allowed)
    matches = index.pieces.matches(query.text) if query.text else None
    rows = _candidates(view, query, allowed, matches, [*pictures, *named])
    if not len(rows):
        return []
    scored = _score(view, query, matches, rows)
    of_row = index.row_entry[scored.rows]
    order = np.lexsort((-scored.score, of_row))
    best = order[np.flatnonzero(np.diff(of_row[order], prepend=-1))]  # the best row of each entry
    entries, totals = of_row[best], scored.score[best]
    totals += [pictures[e][1] if e in pictures else 0.0 for e in entries.tolist()] if pictures else 0.0
    totals[np.isin(entries, list(named))] += IDENTIFIED
    hits = []
    for at in np.argsort(-totals, kind="stable")[:top].tolist():
        number, row = int(entries[at]), int(best[at])
        lexical = float(scored.lexical[row])
        source = Source(
            dense=None if query.text_vector is None else float(scored.dense[row]),
            lexical=lexical if lexical > 0 else None,
            photo=pictures[number][0] if number in pictures else None,
            identifier=1.0 if number in named else None,
        )
        shown = _shown(view, query, matches, allowed, number, int(scored.rows[row]))
        hits.append(_hit(view, number, float(totals[at]), source, shown, query.language))
    return hits


def _pictures(view: View, query: Find, allowed: Mask) -> dict[int, tuple[float, float]]:
    """The entries that a photo brings forward: their best cosine, and what it adds to their score."""
    photo = view.index.photo
    if query.photo_vectors is None or photo is None:
        return {}
    found: dict[int, tuple[float, float]] = {}
    among = view.allowed_pictures(allowed)
    for vector in query.photo_vectors:
        mean, deviation = photo.background(vector)
        pictures, cosines = photo.search(vector, _CANDIDATES, among)
        for picture, cosine in zip(pictures.tolist(), cosines.tolist(), strict=True):
            score = _DEVIATION * max(0.0, (cosine - mean) / max(deviation, _LEAST_DEVIATION))
            for entry in view.index.photo_entries[picture]:
                if score >= found.get(entry, (0.0, -1.0))[1] and allowed[view.index.entries[entry].first]:
                    found[entry] = cosine, score
    return found


def _candidates(view: View, query: Find, allowed: Mask, matches: Matches | None, entries: Iterable[int]) -> I64:
    """The rows that are scored, ascending: those that text brings forward, and all of `entries`."""
    found = [view.rows_of(entry) for entry in dict.fromkeys(entries)]
    has_text = matches is not None or query.text_vector is not None
    if has_text or (not found and _wanted(query)):
        within = np.flatnonzero(allowed)
        if len(within) <= _CANDIDATES or not has_text:
            return np.union1d(within, np.concatenate(found)) if found else within
        if query.text_vector is not None and view.index.text is not None:
            found.append(view.index.text.search(query.text_vector, _CANDIDATES, allowed)[0])
        if matches is not None:
            rows, scores = matches.rows[allowed[matches.rows]], matches.scores[allowed[matches.rows]]
            found.append(rows[np.argsort(-scores, kind="stable")[:_CANDIDATES]])
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _score(view: View, query: Find, matches: Matches | None, rows: I64) -> _Scored:
    dense, lexical = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
    score = np.zeros(len(rows))
    if query.text_vector is not None and view.index.text is not None:
        dense = view.index.text.scores(query.text_vector, rows)
        mean, deviation = view.index.text.background(query.text_vector)
        score += _DEVIATION * (dense - mean) / max(deviation, _LEAST_DEVIATION)
    if matches is not None and len(matches.rows):
        at = np.minimum(np.searchsorted(matches.rows, rows), len(matches.rows) - 1)
        lexical = np.where(matches.rows[at] == rows, matches.scores[at], np.float32(0))
        score += lexical / matches.most
    return _Scored(rows, dense, lexical, score)


def _shown(view: View, query: Find, matches: Matches | None, allowed: Mask, entry: int, best: int) -> int:
    """The row that an entry is shown by: its best, and of an article its best in the asked language if it has one."""
    if query.language is None or view.index.entries[entry].kind == "product":
        return best
    rows = view.rows_of(entry)
    fits = [_likeness(query.language, view.index.rows[row].passage.language) for row in rows.tolist()]
    spoken = rows[(np.array(fits) == max(fits)) & allowed[rows]]
    if max(fits) == 0 or not len(spoken) or best in spoken:
        return best
    return int(spoken[np.argmax(_score(view, query, matches, spoken).score)])


def _hit(view: View, entry: int, score: float, source: Source, row: int, language: str | None) -> Hit:
    found, passage = view.index.entries[entry], view.index.rows[row].passage
    title = title_in(found, language) if found.kind == "product" else found.titles[passage.language]
    return Hit(found.record, found.kind, title, score, source, passage)


def title_in(entry: Entry, language: str | None) -> str:
    """A product's title in `language`, or the nearest there is to it, else the feed's own."""
    if language is not None:
        nearest = max(entry.titles, key=lambda has: _likeness(language, has))
        if _likeness(language, nearest):
            return entry.titles[nearest]
    return entry.titles[UNKNOWN_LANGUAGE]


def _likeness(asked: str, has: str) -> int:
    """2 for the same tag, 1 for the same language (zh-Hant and zh-CN), 0 for another."""
    asked, has = asked.casefold(), has.casefold()
    return 2 if asked == has else int(asked.split("-")[0] == has.split("-")[0])


def _folded(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _attributes(entry: Entry) -> set[tuple[str, str]]:
    """What an entry may be filtered by: a colour "red/blue" is red as well as blue; a category is in those above it."""
    colors = {entry.color or "", *(entry.color or "").split("/")}
    path = [part.strip() for part in (entry.category or "").split(">")]
    categories = {" > ".join(path[: depth + 1]) for depth in range(len(path))}
    found = {("color", _folded(color)) for color in colors} | {("size", _folded(entry.size or ""))}
    return {(name, value) for name, value in found | {("category", _folded(c)) for c in categories} if value}


def _wanted(query: Find) -> list[list[tuple[str, str]]]:
    """For each filter of the query the attributes of which a product must have one."""
    wanted = [[(name, _folded(value))] for name, value in (("color", query.color), ("size", query.size)) if value]
    categories = (" > ".join(part.strip() for part in path.split(">")) for path in query.categories)
    return [*wanted, [("category", _folded(c)) for c in categories]] if query.categories else wanted
