"""How a query's candidates are scored and put in order: the arithmetic of the search over one open index.

What is added up, for each record:
- text by words: the share of the question's pieces, by weight, that its best passage has, 0..1;
- text by meaning: the cosine of that passage, in standard deviations above the mean of all passages, times
  `_DEVIATION` (one encoder's cosines lie close together, and where they lie depends on the language and the question);
  those of the records of the best `_READ` are then put in the order that late interaction gives (tokens.py);
- photo: the cosine of its best picture, in standard deviations above the mean of all pictures, at least 0, times
  `_DEVIATION`; what the words beside the photo say of the product's page and kind beyond a floor counts like a part of
  that cosine, and then its text by meaning does not count;
- an identifier: `IDENTIFIED`, more than the rest adds up to.

`_DEVIATION` was tried at 1 to 1/8 on questions in four languages about passages in the same and in another language
(XQuAD): from 1 to 1/3 the mean reciprocal rank is the same to the second digit, beyond it words drown meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.index import Entry
from knowledge.passages import UNKNOWN_LANGUAGE
from knowledge.pieces import Matches
from knowledge.records import Hit, Source
from knowledge.tokens import agreement
from knowledge.vectors import F32, I64
from knowledge.view import Beside, Find, Mask, View, likeness, wanted

F64 = NDArray[np.float64]

_DEVIATION = 0.5
IDENTIFIED = 1000.0
_CANDIDATES = 256  # rows that each part of the search brings forward
_READ = 48  # of these, the best, whose records' tokens are read
_SHARE = 0.8
_WHOLE = 0.25  # of what the tokens say, in standard deviations, for the vector of the whole passage
_LEAST_DEVIATION = 1e-3  # of cosines: below, all rows are alike and differences are noise


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
    of_row = index.numbers.entry[scored.rows]
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
        hits.append(_hit(view, number, float(totals[at]), source, int(scored.rows[row]), query.language))
    return hits


def _pictures(view: View, query: Find, allowed: Mask) -> dict[int, tuple[float, float]]:
    """The entries that a photo brings forward: their best cosine, and what it adds to their score."""
    photo = view.index.photo
    shown = [] if query.photo_vectors is None else list(query.photo_vectors)
    shown += [] if query.pictured is None else [query.pictured]
    if not shown or photo is None:
        return {}
    found: dict[int, tuple[float, float]] = {}
    among, first = view.pictures(allowed), view.index.numbers.first
    for vector in shown:
        mean, deviation = photo.background(vector)
        pictures, cosines = photo.search(vector, _CANDIDATES, among)
        for picture, cosine in zip(pictures.tolist(), cosines.tolist(), strict=True):
            score = _DEVIATION * max(0.0, (cosine - mean) / max(deviation, _LEAST_DEVIATION))
            for entry in view.shown(picture):
                if score >= found.get(entry, (0.0, -1.0))[1] and allowed[first[entry]]:
                    found[entry] = cosine, score
    if query.beside is None or not found:
        return found
    deviation = min(photo.background(vector)[1] for vector in shown)
    unit = _DEVIATION * query.beside.weight / max(deviation, _LEAST_DEVIATION)
    said = unit * _said(view, query.beside, np.array(list(found)))
    return {entry: (cosine, score + more) for (entry, (cosine, score)), more in zip(found.items(), said, strict=True)}


def _said(view: View, beside: Beside, entries: I64) -> F64:
    """What the words beside a photo say of each of the entries [m] beyond the floor: of its best passage and its kind,
    [m]."""
    found, text, kinds = np.zeros(len(entries)), view.index.text, view.index.kinds
    if text is not None:
        rows = [view.rows_of(entry) for entry in entries.tolist()]
        vectors = text.at(np.concatenate(rows)) - text.mean
        near = (vectors @ beside.vector) / np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        firsts = np.cumsum([0, *map(len, rows)])[:-1]
        found += np.maximum(np.maximum.reduceat(near, firsts) - beside.floor, 0.0)
    if kinds is not None:
        best = np.zeros(len(entries))
        for name, beyond in kinds.said(beside.vector, beside.floor).items():
            of_kind = np.isin(entries, view.index.attributes.having("category", name))
            best[of_kind] = np.maximum(best[of_kind], beyond)
        found += best
    return found


def _candidates(view: View, query: Find, allowed: Mask, matches: Matches | None, entries: Iterable[int]) -> I64:
    """The rows that are scored, ascending: those that text brings forward, and all of `entries`."""
    found = [view.rows_of(entry) for entry in dict.fromkeys(entries)]
    has_text = matches is not None or query.text_vector is not None
    if has_text or (not found and wanted(query)):
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
    meaning, words = np.zeros(len(rows)), np.zeros(len(rows))
    if matches is not None and len(matches.rows):
        at = np.minimum(np.searchsorted(matches.rows, rows), len(matches.rows) - 1)
        lexical = np.where(matches.rows[at] == rows, matches.scores[at], np.float32(0))
        words += lexical / matches.most
    if query.text_vector is not None and view.index.text is not None:
        dense = view.index.text.scores(query.text_vector, rows)
        mean, deviation = view.index.text.background(query.text_vector)
        if query.beside is None:
            meaning += _DEVIATION * (dense - mean) / max(deviation, _LEAST_DEVIATION)
        if query.beside is None and query.text_tokens is not None and view.index.tokens is not None:
            near = view.index.tokens.near(query.text_tokens, rows)
            best = np.argsort(-(_standard(meaning) + _standard(near) + words), kind="stable")[:_READ]
            of_row = view.index.numbers.entry[rows]
            read = np.flatnonzero(np.isin(of_row, of_row[best]))  # a record is judged by all of it that came forward
            nearest = view.index.tokens.nearest(query.text_tokens, rows[read])
            agreed = _agreed(nearest, of_row[read])
            meaning[read] = _answering(meaning[read], near[read], agreed)
    return _Scored(rows, dense, lexical, meaning + words)


def _agreed(nearest: F32, entries: NDArray[np.int32]) -> F64:
    """How well rows [m] agree with the question: half what all of the record's rows say together, since what is asked
    may stand in two passages of one page, and half what the row says itself, which tells the passage."""
    found, of_row = np.unique(entries, return_inverse=True)
    together = np.full((len(found), nearest.shape[1]), -1.0, np.float32)
    np.maximum.at(together, of_row, nearest)
    return _SHARE * _standard(agreement(together)[of_row]) + (1 - _SHARE) * _standard(agreement(nearest))


def _answering(meaning: F64, near: F32, agreed: F64) -> F64:
    """What the best candidates [m] mean, with their tokens read: as far apart as before and about the same mean, so
    that they compare with the rest, but in the order that the tokens say, with a quarter's say for the whole."""
    said = _standard(agreed) + _WHOLE * _standard(near)
    return np.asarray(meaning.mean() + meaning.std() * _standard(said))


def _standard(values: F32 | F64) -> F64:
    """In standard deviations above the mean; zeros where all are alike."""
    deviation = float(values.std())
    found: F64 = (values - values.mean()) / deviation if deviation > 1e-6 else np.zeros(len(values))
    return found


def _hit(view: View, entry: int, score: float, source: Source, row: int, language: str | None) -> Hit:
    found, passage = view.index.entries[entry], view.index.rows[row].passage
    title = title_in(found, language) if found.kind == "product" else found.titles[passage.language]
    return Hit(found.record, found.kind, title, score, source, passage)


def title_in(entry: Entry, language: str | None) -> str:
    """A product's title in `language`, or the nearest there is to it, else the feed's own."""
    if language is not None:
        nearest = max(entry.titles, key=lambda has: likeness(language, has))
        if likeness(language, nearest):
            return entry.titles[nearest]
    return entry.titles[UNKNOWN_LANGUAGE]
