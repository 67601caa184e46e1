"""Product pictures, from where a feed says they are, into the media folder, each under the hash of what it holds.

What became of a picture is remembered by its place as soon as it is there, so that no later import reads it again, nor
the next one after an import that broke off. A file is read again once its size or time has changed. An address is asked
again where its picture could not be had last time, or where the import is told to look at all addresses again: it is
then asked whether it has another picture than that.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from bot.errors import BabeldeskError
from bot.senses.media import decode_photo, encode_photo
from bot.settings import Limits
from knowledge.feeds.pictures import PictureError, fetch, is_remote, mark_of, place_of
from knowledge.records import Product
from knowledge.store import Store
from knowledge.tables import KnownPicture

SIDE = 768  # px; as large as the widget ever shows a product
THREADS = 2  # decoding and encoding leave Python's lock; each may hold a picture of 120 MB
_AT_ONCE = 256  # products whose pictures are looked up and remembered together


@dataclass(frozen=True)
class Shelf:
    """Where pictures are kept and remembered. `again`: addresses are asked whether they have another by now."""

    store: Store
    media: Path
    limits: Limits
    again: bool = False

    def file(self, media: str) -> Path:
        """Where the picture of this hash lies."""
        return self.media / f"{media}.webp"


def clear(media: Path) -> None:
    """Makes the folder, and removes what an import that was killed had begun to write."""
    media.mkdir(parents=True, exist_ok=True)
    for begun in media.glob(".*"):
        begun.unlink(missing_ok=True)


def all_settled(shelf: Shelf) -> bool:
    """Whether no picture that is known needs a look."""
    return all(_settled(shelf, picture) for picture in shelf.store.all_pictures())


def kept(
    shelf: Shelf, products: Iterable[Product], folder: Path, number: int, refuse: Callable[[str], None]
) -> Iterator[Product]:
    """The products of a feed in `folder`, in their order, `image` the hash of the picture in the media folder.

    A product whose picture can't be had goes in with the one it had, if any; `refuse` is told of it in a sentence.
    `number` is the import's, under which pictures are remembered.
    """
    waiting = iter(products)
    with ThreadPoolExecutor(THREADS, "pictures") as pool:
        while some := list(islice(waiting, _AT_ONCE)):
            places = {product.sku: place_of(product.image, folder) for product in some if product.image}
            pictures = _pictures(shelf, pool, list(dict.fromkeys(places.values())), number)
            failed = [sku for sku, place in places.items() if not pictures[place].media]
            had = {before.sku: before.image for before in shelf.store.products(failed)}
            for product in some:
                picture = pictures.get(places.get(product.sku, ""))
                image = picture and (picture.media or had.get(product.sku))
                if picture and picture.why:
                    with_it = "with the picture it had" if image else "without a picture"
                    refuse(f"{product.sku} goes in {with_it}: {picture.why}")
                yield msgspec.structs.replace(product, image=image)


def _pictures(shelf: Shelf, pool: ThreadPoolExecutor, places: list[str], number: int) -> dict[str, KnownPicture]:
    """What each place holds; those that need a look are looked at side by side."""
    known = shelf.store.known_pictures(places)
    todo = [known.get(p) or KnownPicture(p) for p in places if p not in known or not _settled(shelf, known[p])]
    known |= {picture.place: picture for picture in pool.map(partial(_made, shelf), todo)}
    if known:
        shelf.store.remember_pictures(list(known.values()), number)
    return known


def _settled(shelf: Shelf, known: KnownPicture) -> bool:
    if known.media is not None and not shelf.file(known.media).exists():
        return False
    if is_remote(known.place):
        return not known.why and not shelf.again
    return known.mark == mark_of(known.place)


def _made(shelf: Shelf, known: KnownPicture) -> KnownPicture:
    """The picture at its place, in the media folder; what it was before where it can't be had now, and why."""
    there = known.media is not None and shelf.file(known.media).exists()
    now = "" if is_remote(known.place) else mark_of(known.place)
    try:
        found = fetch(known.place, most_bytes=shelf.limits.media_bytes, mark=known.mark if there else "")
        if found is None:
            return msgspec.structs.replace(known, why="")
        content = encode_photo(decode_photo(found.content, shelf.limits), SIDE)
    except (PictureError, BabeldeskError) as error:
        return KnownPicture(
            known.place, known.media if there else None, now or (known.mark if there else ""), str(error)
        )
    media = hashlib.sha256(content).hexdigest()
    if not shelf.file(media).exists():
        _write(content, shelf.file(media))
    return KnownPicture(known.place, media, found.mark)


def _write(content: bytes, to: Path) -> None:
    """Writes a file that is there as a whole or not at all, whenever the power goes."""
    with tempfile.NamedTemporaryFile(dir=to.parent, prefix=".", delete=False) as aside:
        aside.write(content)
        aside.flush()
        os.fsync(aside.fileno())
    Path(aside.name).chmod(0o644)
    Path(aside.name).replace(to)
