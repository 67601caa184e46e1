"""What is searched, derived from the store: a folder that is made aside (indexing.py) and swapped in at once.

    folder/current   a link to the folder in use
    folder/made-…    about.json      what it was made with
                     entries.*       the records, filed by "kind id"; entry i has the rows first[i] to first[i + 1]
                     rows.*          the passages, filed by their id
                     arrays/         numbers of entries and rows, below
                     attributes.*    which entries have an attribute
                     text/           a vector for each row (vectors.py)
                     tokens/         the tokens of each row's sentences (tokens.py), where they were encoded
                     pieces/         the words of each row (pieces.py)
                     kinds/          a vector for each category (kinds.py), where they were encoded
                     media.*, photo/ the pictures by hash, and a vector for each

Everything is memory-mapped: opening takes no longer for a large shop, and searching goes on in the folder that was
opened while the next one is made and this one is removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge import kinds
from knowledge.arrays import load
from knowledge.attributes import Postings
from knowledge.filed import Filed
from knowledge.kinds import Kinds
from knowledge.pieces import Pieces
from knowledge.records import Passage
from knowledge.tokens import Tokens
from knowledge.vectors import I64, Vectors

FORMAT = 5  # of the folder; raised whenever an older one can't be read

I32 = NDArray[np.int32]


class About(msgspec.Struct, frozen=True):
    """What an index was made with, and from which state of the store (`Store.generation`)."""

    text_encoder: str
    photo_encoder: str
    generation: tuple[int, int]
    format: int = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A record with its titles by language. `media` is its picture."""

    kind: Literal["product", "article"]
    record: str
    titles: dict[str, str]
    media: str | None = None


class Row(msgspec.Struct, frozen=True):
    """A passage, and the days on which it holds (both included where given)."""

    passage: Passage
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Numbers:
    """What the search reads of every entry and row.

    `first` [entries + 1] says where the rows of each entry begin, `entry` [rows] is the way back. `begins` and `ends`
    [rows] are days as ordinals; `language` [rows] numbers `Index.languages`. `product` [entries] tells products from
    articles; `price` [entries] is NaN for articles. `shows` [pictures + 1] says where in `shown` the entries of each
    picture begin.
    """

    first: I64
    entry: I32
    begins: I32
    ends: I32
    language: I32
    product: NDArray[np.bool_]
    price: NDArray[np.float64]
    shows: I64
    shown: I32


@dataclass(frozen=True)
class Index:
    """An index that is open. `text` and `pieces` are None without rows, `photo` without pictures, `tokens` and
    `kinds` where the encoder gives none."""

    about: About
    entries: Filed[Entry]
    rows: Filed[Row]
    numbers: Numbers
    languages: tuple[str, ...]
    attributes: Postings
    text: Vectors | None
    tokens: Tokens | None
    pieces: Pieces | None
    kinds: Kinds | None
    media: Filed[str]
    photo: Vectors | None

    def entry_of(self, kind: str, record: str) -> int | None:
        """The number of a record's entry."""
        found = self.entries.numbers(f"{kind} {record}")
        return next((n for n in found if (self.entries[n].kind, self.entries[n].record) == (kind, record)), None)

    def row_of(self, passage: str) -> int | None:
        """The number of the row of the passage with this id."""
        return next((n for n in self.rows.numbers(passage) if self.rows[n].passage.id == passage), None)

    def picture_of(self, media: str) -> int | None:
        """The number of the picture with this hash."""
        return next((n for n in self.media.numbers(media) if self.media[n] == media), None)


def opened(made: Path) -> Index:
    """The index in `made`, the folder that `current` points to.

    Raises:
        OSError: it isn't there, or not whole.
    """
    arrays = made / "arrays"
    numbers = Numbers(**{name: load(arrays / f"{name}.npy", mmap_mode="r") for name in Numbers.__dataclass_fields__})
    media = Filed(made / "media", str)
    rows = Filed(made / "rows", Row)
    return Index(
        about=about_of(made),
        entries=Filed(made / "entries", Entry),
        rows=rows,
        numbers=numbers,
        languages=tuple(msgspec.json.decode((made / "languages.json").read_bytes(), type=list[str])),
        attributes=Postings.open(made),
        text=Vectors.open(made / "text") if len(rows) else None,
        tokens=Tokens(made / "tokens") if (made / "tokens").exists() else None,
        pieces=Pieces.open(made / "pieces") if len(rows) else None,
        kinds=kinds.opened(made),
        media=media,
        photo=Vectors.open(made / "photo") if len(media) else None,
    )


def about_of(made: Path) -> About:
    """What the index in `made` was made with.

    Raises:
        FileNotFoundError: there is none.
        msgspec.DecodeError: another version wrote it.
    """
    return msgspec.json.decode((made / "about.json").read_bytes(), type=About)


def current(folder: Path) -> About | None:
    """What the index in use was made with; None where there is none that this version can read."""
    try:
        about = about_of(folder / "current")
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return about if about.format == FORMAT else None
