"""What is searched, derived from the store: a folder of vectors and pieces, made aside and swapped in at once.

    folder/current    a link to the folder in use
    folder/made-…     about.json, entries.json, rows.json, texts.npy, text.faiss, pieces/, media.json, photo.faiss

A row is a passage, an entry is a record with all its rows. Vectors of texts and pictures that have not changed are
taken over from the folder before, as long as the encoder's name is the same.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from knowledge.passages import UNKNOWN_LANGUAGE, of_article, of_product, searched
from knowledge.pieces import Pieces
from knowledge.records import Article, Passage, Product
from knowledge.store import Store
from knowledge.vectors import F32, I64, Vectors

_BATCH = 32  # texts that are encoded between two words of progress

Encode = Callable[[Sequence[str]], F32]
Progress = Callable[[str, float], None]


class About(msgspec.Struct, frozen=True):
    """What an index was made with, and from which state of the store (`Store.generation`)."""

    text_encoder: str
    photo_encoder: str
    generation: tuple[int, int]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A record: its titles by language, and rows `first` to `first + count`. `media` is its picture."""

    kind: Literal["product", "article"]
    record: str
    titles: dict[str, str]
    first: int
    count: int
    color: str | None = None
    size: str | None = None
    category: str | None = None
    media: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A passage, and the days on which it holds (both included where given)."""

    passage: Passage
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Index:
    """An index that is open. `text` has a vector per row; picture i of `photo` shows the entries photo_entries[i].

    `row_entry` int64[rows] names each row's entry. `text` and `pieces` are None without rows, `photo` without pictures.
    """

    about: About
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...]
    row_entry: I64
    text: Vectors | None
    pieces: Pieces | None
    photo: Vectors | None
    photo_entries: tuple[tuple[int, ...], ...]


def build(
    store: Store,
    folder: Path,
    *,
    encode: Encode,
    picture_vectors: Mapping[str, F32],
    progress: Progress,
    text_encoder: str,
    photo_encoder: str,
) -> None:
    """Makes the index of all that `store` sells and says now, and swaps it in for those who search.

    Args:
        encode: texts to their vectors [n, d], as passages. Asked only for texts that the index before lacks.
        picture_vectors: vectors [k, p] by media hash (`Product.image`); one picture may have several. Only pictures
            that `missing_pictures` names are needed: the others are taken over.
        progress: told the step ("texts", "words", "pictures") and how much of it is done, 0..1.
        text_encoder, photo_encoder: names that change whenever the vectors would be others.

    Raises:
        ValueError: vectors do not fit their texts, or differ in dimension.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        about = About(text_encoder, photo_encoder, store.generation())
        entries, rows = _listed(store)
        made = Path(tempfile.mkdtemp(prefix="made-", dir=folder))
        try:
            (made / "about.json").write_bytes(msgspec.json.encode(about))
            (made / "entries.json").write_bytes(msgspec.json.encode(entries))
            (made / "rows.json").write_bytes(msgspec.json.encode(rows))
            texts = [searched(row.passage) for row in rows]
            _write_texts(made, texts, _text_vectors_before(folder, text_encoder), encode, progress)
            _write_words(made, texts, progress)
            pictures = {**picture_vectors_of(folder, photo_encoder), **picture_vectors}
            _write_pictures(made, entries, pictures, progress)
            _swap(folder, made)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        for old in folder.glob("made-*"):
            if old != made:
                shutil.rmtree(old, ignore_errors=True)


def missing_pictures(store: Store, folder: Path, photo_encoder: str) -> list[str]:
    """The media hashes of products sold now that the index has no vectors of this encoder for, each once."""
    has = picture_vectors_of(folder, photo_encoder)
    return list(dict.fromkeys(p.image for p in store.all_products() if p.image and p.image not in has))


def picture_vectors_of(folder: Path, photo_encoder: str) -> dict[str, F32]:
    """The vectors [k, p] by media hash that the index has of this encoder; none where there is no index."""
    made = folder / "current"
    about = _about_before(folder)
    if about is None or about.photo_encoder != photo_encoder or not (made / "photo.faiss").exists():
        return {}
    media = msgspec.json.decode((made / "media.json").read_bytes(), type=list[str])
    vectors = Vectors.open(made / "photo.faiss").at(np.arange(len(media)))
    return {name: vectors[list(rows)] for name, rows in groupby(range(len(media)), key=media.__getitem__)}


def opened(made: Path) -> Index:
    """The index in `made`, the folder that `current` points to.

    Raises:
        OSError: it isn't there, or not whole.
    """
    entries = tuple(msgspec.json.decode((made / "entries.json").read_bytes(), type=list[Entry]))
    rows = tuple(msgspec.json.decode((made / "rows.json").read_bytes(), type=list[Row]))
    media = msgspec.json.decode((made / "media.json").read_bytes(), type=list[str])
    showing: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        if entry.media:
            showing.setdefault(entry.media, []).append(number)
    return Index(
        about=_about(made),
        entries=entries,
        rows=rows,
        row_entry=np.repeat(np.arange(len(entries)), [e.count for e in entries]).astype(np.int64),
        text=Vectors.open(made / "text.faiss") if rows else None,
        pieces=Pieces.open(made / "pieces") if rows else None,
        photo=Vectors.open(made / "photo.faiss") if media else None,
        photo_entries=tuple(tuple(showing[name]) for name in media),
    )


def _about(made: Path) -> About:
    return msgspec.json.decode((made / "about.json").read_bytes(), type=About)


def _about_before(folder: Path) -> About | None:
    """What the index in use was made with; None where there is none, or one that an older version wrote."""
    try:
        return _about(folder / "current")
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _listed(store: Store) -> tuple[list[Entry], list[Row]]:
    entries: list[Entry] = []
    rows: list[Row] = []
    for product in store.all_products():
        passages = of_product(product)
        entries.append(_product_entry(product, len(rows), len(passages)))
        rows += map(Row, passages)
    for id, versions in groupby(store.all_articles(), key=lambda article: article.id):
        first, titles = len(rows), {}
        for article in versions:
            titles[article.language] = article.title
            rows += _article_rows(article)
        entries.append(Entry(kind="article", record=id, titles=titles, first=first, count=len(rows) - first))
    return entries, rows


def _product_entry(product: Product, first: int, count: int) -> Entry:
    return Entry(
        kind="product",
        record=product.sku,
        titles={**product.titles, UNKNOWN_LANGUAGE: product.title},
        first=first,
        count=count,
        color=product.color,
        size=product.size,
        category=product.category,
        media=product.image,
    )


def _article_rows(article: Article) -> Iterator[Row]:
    return (Row(passage, article.valid_from, article.valid_to) for passage in of_article(article))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _text_vectors_before(folder: Path, text_encoder: str) -> dict[bytes, F32]:
    """The vectors [d] that the index in use has, by the digest of their text."""
    made = folder / "current"
    about = _about_before(folder)
    if about is None or about.text_encoder != text_encoder or not (made / "text.faiss").exists():
        return {}
    digests = np.load(made / "texts.npy")
    vectors = Vectors.open(made / "text.faiss").at(np.arange(len(digests)))
    return {digest.tobytes(): vector for digest, vector in zip(digests, vectors, strict=True)}


def _write_texts(made: Path, texts: list[str], known: dict[bytes, F32], encode: Encode, progress: Progress) -> None:
    digests = [_digest(text) for text in texts]
    new = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
    todo = list(new.items())
    progress("texts", 0.0 if todo else 1.0)
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]
        vectors = encode([text for _, text in batch])
        if np.ndim(vectors) != 2 or len(vectors) != len(batch):
            raise ValueError(f"the encoder gave vectors of shape {np.shape(vectors)} for {len(batch)} texts")
        known.update(zip((digest for digest, _ in batch), vectors, strict=True))
        progress("texts", min(1.0, (start + len(batch)) / len(todo)))
    if texts:
        Vectors.of(np.stack([known[digest] for digest in digests])).save(made / "text.faiss")
        np.save(made / "texts.npy", np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16))


def _write_words(made: Path, texts: list[str], progress: Progress) -> None:
    progress("words", 0.0)
    if texts:
        Pieces.build(texts).save(made / "pieces")
    progress("words", 1.0)


def _write_pictures(made: Path, entries: list[Entry], pictures: Mapping[str, F32], progress: Progress) -> None:
    progress("pictures", 0.0)
    shown = sorted({entry.media for entry in entries if entry.media and entry.media in pictures})
    media = [name for name in shown for _ in range(len(pictures[name]))]
    if media:
        Vectors.of(np.concatenate([pictures[name] for name in shown])).save(made / "photo.faiss")
    (made / "media.json").write_bytes(msgspec.json.encode(media))
    progress("pictures", 1.0)


def _swap(folder: Path, made: Path) -> None:
    made.chmod(0o755)
    link = made / "current"
    link.symlink_to(made.name)  # made inside, then moved: a move over the old link is atomic
    link.replace(folder / "current")


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two imports at once would remove each other's folders: the second waits."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
