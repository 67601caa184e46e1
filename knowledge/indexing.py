"""Making the index: records are listed, new texts and pictures encoded, and the folder swapped in.

Vectors of texts and pictures that have not changed are taken over from the folder before, as long as the encoder's
name is the same. Nothing is held in memory that grows with the shop but numbers: texts and vectors go through files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.attributes import Postings, attributes_of
from knowledge.filed import Filed, Filing
from knowledge.index import FORMAT, About, Entry, Row, current
from knowledge.passages import UNKNOWN_LANGUAGE, of_article, of_product, searched, windows
from knowledge.pieces import Pieces
from knowledge.records import Article, Product
from knowledge.store import Store
from knowledge.vectors import F32, I64, Vectors, write

_BATCH = 256  # texts that are encoded between two words of progress
_PICTURES = 16  # the same of pictures
_BLOCK = 4096  # vectors that are held at once

Encode = Callable[[Sequence[str]], F32]
Progress = Callable[[str, float], None]
U64 = NDArray[np.uint64]


def build(
    store: Store,
    folder: Path,
    *,
    encode: Encode,
    look: Encode,
    progress: Progress,
    text_encoder: str,
    photo_encoder: str,
) -> None:
    """Makes the index of all that `store` sells and says now, and swaps it in for those who search.

    Args:
        encode: texts to their vectors [n, d], as passages. Asked only for texts that the index before lacks.
        look: media hashes (`Product.image`) to the vectors [n, p] of these pictures; asked only for new ones.
        progress: told the step ("texts", "words", "pictures") and how much of it is done, 0..1.
        text_encoder, photo_encoder: names that change whenever the vectors would be others.

    Raises:
        ValueError: vectors do not fit their texts, or differ in dimension.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        about = About(text_encoder, photo_encoder, store.generation(), FORMAT)
        before = current(folder)
        if about == before:
            return
        _clear(folder, keep=folder / "current")  # what a build that was killed has left
        made = Path(tempfile.mkdtemp(prefix="made-", dir=folder))
        try:
            listing = _list(store, made)
            (made / "about.json").write_bytes(msgspec.json.encode(about))
            same_text = before is not None and before.text_encoder == text_encoder
            same_photo = before is not None and before.photo_encoder == photo_encoder
            _write_texts(made, folder / "current" if same_text else None, listing, encode, progress)
            _write_words(made, progress)
            _write_pictures(made, folder / "current" if same_photo else None, sorted(listing.media), look, progress)
            _swap(folder, made)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        _clear(folder, keep=made)


@dataclass(frozen=True)
class _Listing:
    """What is noted of each entry, row and window while they are written."""

    first: array[int] = field(default_factory=lambda: array("q", [0]))
    entry: array[int] = field(default_factory=lambda: array("i"))
    begins: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    language: array[int] = field(default_factory=lambda: array("i"))
    window_first: array[int] = field(default_factory=lambda: array("q", [0]))
    row: array[int] = field(default_factory=lambda: array("i"))
    product: array[int] = field(default_factory=lambda: array("b"))
    price: array[float] = field(default_factory=lambda: array("d"))
    digests: bytearray = field(default_factory=bytearray)  # 16 bytes a window
    lengths: array[int] = field(default_factory=lambda: array("i"))  # characters of each window
    languages: dict[str, int] = field(default_factory=dict)
    having: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    media: dict[str, list[int]] = field(default_factory=dict)


def _list(store: Store, made: Path) -> _Listing:
    """Writes entries, rows and their numbers."""
    listing = _Listing()
    with Filing[Entry](made / "entries") as entries, Filing[Row](made / "rows") as rows:
        for entry, its_rows, price, attributes in _listed(store):
            number = entries.add(f"{entry.kind} {entry.record}", entry)
            listing.product.append(entry.kind == "product")
            listing.price.append(price)
            for attribute in attributes:
                listing.having.setdefault(attribute, []).append(number)
            if entry.media:
                listing.media.setdefault(entry.media, []).append(number)
            for row in its_rows:
                rows.add(row.passage.id, row)
                _note(listing, number, row)
            listing.first.append(len(listing.entry))
    Postings.save(made, listing.having)
    (made / "languages.json").write_bytes(msgspec.json.encode(list(listing.languages)))
    _save_numbers(made, listing)
    return listing


def _note(listing: _Listing, number: int, row: Row) -> None:
    listing.entry.append(number)
    listing.begins.append((row.valid_from or date.min).toordinal())
    listing.ends.append((row.valid_to or date.max).toordinal())
    listing.language.append(listing.languages.setdefault(row.passage.language, len(listing.languages)))
    for text in windows(row.passage):
        listing.row.append(len(listing.entry) - 1)
        listing.lengths.append(len(text))
        listing.digests.extend(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16])
    listing.window_first.append(len(listing.row))


def _save_numbers(made: Path, listing: _Listing) -> None:
    arrays = made / "arrays"
    arrays.mkdir()
    for name in ("first", "entry", "begins", "ends", "language", "window_first", "row", "price"):
        np.save(arrays / f"{name}.npy", np.asarray(getattr(listing, name)))
    np.save(arrays / "product.npy", np.asarray(listing.product, dtype=bool))
    shown = sorted(listing.media.items())
    np.save(arrays / "shows.npy", np.cumsum([0, *(len(entries) for _, entries in shown)]))
    np.save(arrays / "shown.npy", np.asarray([entry for _, entries in shown for entry in entries], dtype=np.int32))
    np.save(made / "digests.npy", np.frombuffer(bytes(listing.digests), np.uint64).reshape(-1, 2))


def _listed(store: Store) -> Iterator[tuple[Entry, Iterator[Row], float, set[tuple[str, str]]]]:
    """Each record as its entry, its rows, its price (NaN for none), and what it may be filtered by."""
    for product in store.all_products():
        rows = map(Row, of_product(product))
        yield _product_entry(product), rows, float(product.price), attributes_of(product)
    for id, versions in groupby(store.all_articles(), key=lambda article: article.id):
        articles = list(versions)
        entry = Entry(kind="article", record=id, titles={article.language: article.title for article in articles})
        yield entry, (row for article in articles for row in _article_rows(article)), float("nan"), set()


def _product_entry(product: Product) -> Entry:
    titles = {**product.titles, product.language or UNKNOWN_LANGUAGE: product.title, UNKNOWN_LANGUAGE: product.title}
    return Entry(kind="product", record=product.sku, titles=titles, media=product.image)


def _article_rows(article: Article) -> Iterator[Row]:
    return (Row(passage, article.valid_from, article.valid_to) for passage in of_article(article))


def _write_texts(made: Path, before: Path | None, listing: _Listing, encode: Encode, progress: Progress) -> None:
    """A vector for each window: taken over where the folder `before` has its text, else encoded, each text once."""
    digests: U64 = np.load(made / "digests.npy")
    texts, text_of = np.unique(digests, axis=0, return_inverse=True)
    old, place = _places_before(before, texts)
    new = np.flatnonzero(place < 0)
    progress("texts", 0.0 if len(new) else 1.0)
    with tempfile.TemporaryFile(dir=made) as scratch:
        if len(new):
            width = _encode_new(scratch, made, new, text_of.reshape(-1), listing, encode, progress)
            place[new] = -1 - np.arange(len(new))  # negative: where in the scratch file
        elif old is not None:
            width = old.d
        if len(texts):
            where = place[text_of.reshape(-1)]
            blocks = (_block(where[at : at + _BLOCK], old, scratch, width) for at in range(0, len(where), _BLOCK))
            write(made / "text", blocks, width)


def _places_before(before: Path | None, texts: U64) -> tuple[Vectors | None, I64]:
    """The vectors of the folder before, and where among them each text is, -1 for a new one."""
    place = np.full(len(texts), -1, np.int64)
    if before is None or not (before / "digests.npy").exists() or not len(texts):
        return None, place
    known: U64 = np.load(before / "digests.npy")
    if not len(known):
        return None, place
    order = np.argsort(known[:, 0], kind="stable")
    at = np.minimum(np.searchsorted(known[order, 0], texts[:, 0]), len(order) - 1)
    same = (known[order[at]] == texts).all(axis=1)
    place[same] = order[at[same]]
    return Vectors.open(before / "text"), place


def _encode_new(
    scratch: BinaryIO, made: Path, new: I64, text_of: I64, listing: _Listing, encode: Encode, progress: Progress
) -> int:
    """Writes the vectors of the new texts, in the order of `new`, to the scratch file; gives their dimension.

    Long texts are encoded beside long ones, since a batch takes as long as its longest.
    """
    rows = Filed(made / "rows", Row)
    window = np.full(int(text_of.max()) + 1, -1, np.int64)
    window[text_of[::-1]] = np.arange(len(text_of))[::-1]  # the first window of each text
    lengths = np.asarray(listing.lengths)[window[new]]
    done, whole, width = 0, max(1, int(lengths.sum())), 0
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        texts = [_window(rows, listing, int(window[new[n]])) for n in batch]
        vectors = _fitting(encode(texts), texts)
        if width not in (0, vectors.shape[1]):
            raise ValueError(f"the encoder gave vectors of {width} and of {vectors.shape[1]} numbers")
        width = vectors.shape[1]
        for n, vector in zip(batch.tolist(), vectors, strict=True):
            os.pwrite(scratch.fileno(), vector.tobytes(), n * width * 4)
        done += int(lengths[batch].sum())
        progress("texts", done / whole)
    return width


def _window(rows: Filed[Row], listing: _Listing, number: int) -> str:
    row = listing.row[number]
    return windows(rows[row].passage)[number - listing.window_first[row]]


def _block(where: I64, old: Vectors | None, scratch: BinaryIO, width: int) -> F32:
    """The vectors [k, d] at these places of the folder before, or of the scratch file where negative."""
    block = np.empty((len(where), width), np.float32)
    taken = where >= 0
    if old is not None and taken.any():
        block[taken] = old.at(where[taken])
    for n in np.flatnonzero(~taken):
        at = int(-1 - where[n])
        block[n] = np.frombuffer(os.pread(scratch.fileno(), width * 4, at * width * 4), np.float32)
    return block


def _write_words(made: Path, progress: Progress) -> None:
    progress("words", 0.0)
    rows = Filed(made / "rows", Row)
    if len(rows):
        Pieces.build(_Searched(rows)).save(made / "pieces")
    progress("words", 1.0)


class _Searched(Sequence[str]):
    """What of each row is searched by words, read from the file when it is asked for."""

    def __init__(self, rows: Filed[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> str:  # type: ignore[override]  # no slices are taken
        return searched(self._rows[number].passage)


def _write_pictures(made: Path, before: Path | None, names: list[str], look: Encode, progress: Progress) -> None:
    """A vector for each picture, named by its hash, taken over where the folder `before` has it."""
    progress("pictures", 0.0)
    known: Filed[str] | None = None
    old: Vectors | None = None
    if before is not None and (before / "photo").exists():
        known, old = Filed(before / "media", str), Vectors.open(before / "photo")
    with Filing[str](made / "media") as filing:
        for name in names:
            filing.add(name, name)
    if names:
        first = _looked(names[:_PICTURES], known, old, look)
        write(made / "photo", _pictures(names, first, known, old, look, progress), first.shape[1])
    progress("pictures", 1.0)


def _pictures(
    names: list[str], first: F32, known: Filed[str] | None, old: Vectors | None, look: Encode, progress: Progress
) -> Iterator[F32]:
    yield first
    for start in range(_PICTURES, len(names), _PICTURES):
        progress("pictures", start / len(names))
        yield _looked(names[start : start + _PICTURES], known, old, look)


def _looked(names: list[str], known: Filed[str] | None, old: Vectors | None, look: Encode) -> F32:
    """The vectors [k, p] of these pictures."""
    place = [next((n for n in known.numbers(name) if known[n] == name), -1) if known else -1 for name in names]
    new = [name for name, at in zip(names, place, strict=True) if at < 0]
    seen = iter(_fitting(look(new), new) if new else ())
    taken = iter(old.at(np.asarray([at for at in place if at >= 0], dtype=np.int64)) if old is not None else ())
    return np.stack([next(seen) if at < 0 else next(taken) for at in place])


def _fitting(vectors: F32, given: Sequence[str]) -> F32:
    found = np.asarray(vectors, dtype=np.float32)
    if found.ndim != 2 or len(found) != len(given):
        raise ValueError(f"the encoder gave vectors of shape {found.shape} for {len(given)} texts or pictures")
    return found


def _swap(folder: Path, made: Path) -> None:
    made.chmod(0o755)
    link = made / "current"
    link.symlink_to(made.name)  # made inside, then moved: a move over the old link is atomic
    link.replace(folder / "current")


def _clear(folder: Path, keep: Path) -> None:
    for found in folder.glob("made-*"):
        if found.resolve() != keep.resolve():
            shutil.rmtree(found, ignore_errors=True)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two imports at once would remove each other's folders: the second waits."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
