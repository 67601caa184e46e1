"""The vectors of an index: taken over from the index before where a text or picture has not changed, else encoded.

Nothing is held in memory that grows with the shop but numbers: texts and vectors go through files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from knowledge.arrays import load
from knowledge.filed import Filed, Filing
from knowledge.index import Row
from knowledge.listing import Listing, digests
from knowledge.passages import parts, searched
from knowledge.tokens import FORGET, U64, Keeping, Tokens, packed
from knowledge.vectors import F32, I64, Vectors, write

_BATCH = 1024  # texts that are encoded between two words of progress
_PICTURES = 16  # the same of pictures
_BLOCK = 4096  # vectors that are held at once

Encode = Callable[[Sequence[str]], F32]
EncodeTokens = Callable[[Sequence[str], Sequence[str]], list[F32]]
Progress = Callable[[str, float], None]


def write_texts(made: Path, before: Path | None, listing: Listing, encode: Encode, progress: Progress) -> None:
    """A vector for each row: taken over where the folder `before` has its text, else encoded, each text once.

    Raises:
        ValueError: vectors do not fit their texts, or differ in dimension.
    """
    texts, text_of = np.unique(digests(listing.texts), axis=0, return_inverse=True)
    text_of = text_of.reshape(-1)
    place = np.full(len(texts), -1, np.int64)
    old: Vectors | None = None
    if before is not None and (before / "text").exists():
        old, place = Vectors.open(before / "text"), _places(load(before / "digests.npy"), texts)
    new = np.flatnonzero(place < 0)
    progress("texts", 0.0 if len(new) else 1.0)
    with tempfile.TemporaryFile(dir=made) as scratch:
        width = old.d if old is not None else 0
        if len(new):
            rows = _first_with(text_of, len(texts))[new]
            width = _encode_new(scratch, Filed(made / "rows", Row), rows, listing, encode, progress)
            place[new] = -1 - np.arange(len(new))  # negative: where in the scratch file
        if len(texts):
            where = place[text_of]
            blocks = (_block(where[at : at + _BLOCK], old, scratch, width) for at in range(0, len(where), _BLOCK))
            write(made / "text", blocks, width)


def write_tokens(made: Path, before: Path | None, listing: Listing, encode: EncodeTokens, progress: Progress) -> None:
    """The tokens of each sentence: taken over where the folder `before` has it, else encoded, each once."""
    texts, text_of = np.unique(digests(listing.parts), axis=0, return_inverse=True)
    keeping = Keeping(made / "tokens", texts)
    place = np.full(len(texts), -1, np.int64)
    if before is not None and (before / "tokens").exists():
        old = Tokens(before / "tokens")
        place = _places(old.digests, texts)
        for number, part in enumerate(np.flatnonzero(place >= 0).tolist()):
            keeping.add(part, old.codes(int(place[part])))
            if number % FORGET == 0:
                old.forget()
    new = np.flatnonzero(place < 0)
    first = _first_with(text_of.reshape(-1), len(texts))[new]
    lengths = np.asarray(listing.part_lengths, dtype=np.int64)[first]
    rows, begins = Filed(made / "rows", Row), np.asarray(listing.part_first)
    done, whole = 0, max(1, int(lengths.sum()))
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        found = [_part(rows, begins, int(first[n])) for n in batch]
        tokens = encode([text for text, _ in found], [language for _, language in found])
        for n, vectors in zip(batch.tolist(), tokens, strict=True):
            keeping.add(int(new[n]), packed(vectors))
        done += int(lengths[batch].sum())
        progress("sentences", done / whole)
    keeping.done(begins, text_of.reshape(-1).astype(np.int32))


def _part(rows: Filed[Row], begins: I64, number: int) -> tuple[str, str]:
    """The text and language of a part."""
    row = int(np.searchsorted(begins, number, "right")) - 1
    passage = rows[row].passage
    return parts(passage)[number - int(begins[row])], passage.language


def _first_with(text_of: I64, texts: int) -> I64:
    """The first place at which each text stands."""
    first = np.zeros(texts, np.int64)
    first[text_of[::-1]] = np.arange(len(text_of))[::-1]
    return first


def _places(known: U64, texts: U64) -> I64:
    """Where among `known` each text is, -1 for a new one."""
    place = np.full(len(texts), -1, np.int64)
    if len(known) and len(texts):
        order = np.argsort(known[:, 0], kind="stable")
        at = np.minimum(np.searchsorted(known[order, 0], texts[:, 0]), len(order) - 1)
        same = (known[order[at]] == texts).all(axis=1)
        place[same] = order[at[same]]
    return place


def _encode_new(
    scratch: BinaryIO, rows: Filed[Row], new: I64, listing: Listing, encode: Encode, progress: Progress
) -> int:
    """Writes the vectors of the texts of these rows, in their order, to the scratch file; gives their dimension.

    Long texts are encoded beside long ones, since a batch takes as long as its longest.
    """
    lengths = np.asarray(listing.lengths, dtype=np.int64)[new]
    done, whole, width = 0, max(1, int(lengths.sum())), 0
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        texts = [searched(rows[int(new[n])].passage) for n in batch]
        vectors = _fitting(encode(texts), texts)
        if width not in (0, vectors.shape[1]):
            raise ValueError(f"the encoder gave vectors of {width} and of {vectors.shape[1]} numbers")
        width = vectors.shape[1]
        for n, vector in zip(batch.tolist(), vectors, strict=True):
            os.pwrite(scratch.fileno(), vector.tobytes(), n * width * 4)
        done += int(lengths[batch].sum())
        progress("texts", done / whole)
    return width


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


def write_pictures(made: Path, before: Path | None, names: list[str], look: Encode, progress: Progress) -> None:
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
