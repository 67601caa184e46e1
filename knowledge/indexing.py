"""Making the index: records are listed, new texts and pictures encoded, and the folder swapped in.

Vectors of texts and pictures that have not changed are taken over from the folder before, as long as the encoder's
name is the same. Nothing is held in memory that grows with the shop but numbers: texts and vectors go through files.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from knowledge import kinds, pieces
from knowledge.encoding import Encode, EncodeTokens, Progress, write_pictures, write_texts, write_tokens
from knowledge.filed import Filed
from knowledge.index import FORMAT, About, Row, current
from knowledge.listing import list_records
from knowledge.passages import searched
from knowledge.store import Store


def build(
    store: Store,
    folder: Path,
    *,
    encode: Encode,
    encode_tokens: EncodeTokens | None = None,
    encode_kinds: Encode | None = None,
    look: Encode,
    progress: Progress,
    text_encoder: str,
    photo_encoder: str,
) -> None:
    """Makes the index of all that `store` sells and says now, and swaps it in for those who search.

    Args:
        encode: texts to their vectors [n, d], as passages. Asked only for texts that the index before lacks.
        encode_tokens: texts and their languages (BCP 47) to the unit vectors [t, d] of their tokens, for late
            interaction; asked only for sentences that the index before lacks. None: the index does without.
        encode_kinds: names of categories to the vectors [n, d] that words beside a photo are held against. None: the
            index does without.
        look: media hashes (`Product.image`) to the vectors [n, p] of these pictures; asked only for new ones.
        progress: told the step ("texts", "sentences", "words", "pictures") and how much of it is done, 0..1.
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
            listing = list_records(store, made)
            (made / "about.json").write_bytes(msgspec.json.encode(about))
            same_text = before is not None and before.text_encoder == text_encoder
            same_photo = before is not None and before.photo_encoder == photo_encoder
            write_texts(made, folder / "current" if same_text else None, listing, encode, progress)
            if encode_tokens is not None:
                write_tokens(made, folder / "current" if same_text else None, listing, encode_tokens, progress)
            if encode_kinds is not None:
                kinds.write(made, encode_kinds)
            _write_words(made, progress)
            write_pictures(made, folder / "current" if same_photo else None, sorted(listing.media), look, progress)
            _swap(folder, made)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        _clear(folder, keep=made)


def _write_words(made: Path, progress: Progress) -> None:
    progress("words", 0.0)
    rows = Filed(made / "rows", Row)
    if len(rows):
        pieces.write(made / "pieces", _Searched(rows))
    progress("words", 1.0)


class _Searched(Sequence[str]):
    """What of each row is searched by words, read from the file when it is asked for."""

    def __init__(self, rows: Filed[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> str:  # type: ignore[override]  # no slices are taken
        return searched(self._rows[number].passage)


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
