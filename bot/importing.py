"""A shop's feeds into the store, its pictures into the media folder, and the index built anew."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from bot.errors import BabeldeskError, BadInput
from bot.parts import Parts
from bot.senses.media import decode_photo, encode_photo
from knowledge import indexing
from knowledge.feeds import articles, duties, orders, products, shipments
from knowledge.feeds.errors import FeedError
from knowledge.feeds.pictures import PictureError, fetch
from knowledge.records import Product, Refused
from knowledge.tables import Changes

Progress = Callable[[str, float], None]
Record = TypeVar("Record")
PICTURE_SIDE = 768  # px; as large as the widget ever shows a product


class Feeds(msgspec.Struct, frozen=True):
    """What is imported; None is left as it is in the store."""

    products: tuple[Path, ...] = ()
    orders: Path | None = None
    shipments: Path | None = None
    articles: Path | None = None
    duties: Path | None = None


class Report(msgspec.Struct, frozen=True):
    """What was taken, by kind, and every row that was refused."""

    taken: dict[str, Changes]
    refused: list[Refused]


def import_feeds(feeds: Feeds, parts: Parts, progress: Progress) -> Report:
    """Reads the feeds into the store of `parts` and builds its index.

    Raises:
        BadInput: a feed is not there or can't be read at all; nothing of its kind has changed then.
    """
    _all_there(feeds)
    refused: list[Refused] = []
    taken: dict[str, Changes] = {}
    if feeds.products:
        taken["products"] = parts.store.put_products(_products(feeds.products, parts, refused, progress))
    try:
        _import_others(feeds, parts, taken, refused)
    finally:
        build_index(parts, progress)  # what was taken is found, though another feed is bad
    return Report(taken, refused)


def _import_others(feeds: Feeds, parts: Parts, taken: dict[str, Changes], refused: list[Refused]) -> None:
    store = parts.store
    for name, read, path, put in (
        ("orders", orders.read, feeds.orders, store.put_orders),
        ("shipments", shipments.read, feeds.shipments, store.put_shipments),
        ("articles", articles.read, feeds.articles, store.put_articles),
        ("duties", duties.read, feeds.duties, store.put_duties),
    ):
        if path is not None:
            taken[name] = put(_read(read, path, refused))  # type: ignore[arg-type]


def build_index(parts: Parts, progress: Progress) -> None:
    """The index of what the store holds now; only texts and pictures that are new are encoded."""

    def look(names: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        images = [decode_photo((parts.media / f"{name}.webp").read_bytes(), parts.settings.limits) for name in names]
        return np.asarray(parts.vision.look(images).vectors, dtype=np.float32)

    indexing.build(
        parts.store,
        parts.index,
        encode=parts.text.passages,
        look=look,
        progress=progress,
        text_encoder=parts.text_encoder,
        photo_encoder=parts.photo_encoder,
    )


def _all_there(feeds: Feeds) -> None:
    for path in (*feeds.products, feeds.orders, feeds.shipments, feeds.articles, feeds.duties):
        if path is not None and not path.exists():
            raise BadInput(f"There is no feed {path}.")


def _read(read: Callable[[Path], Iterable[Record | Refused]], path: Path, refused: list[Refused]) -> Iterator[Record]:
    """The records of a feed; the rows that are none go to `refused`."""
    try:
        for row in read(path):
            if isinstance(row, Refused):
                refused.append(row)
            else:
                yield row
    except (FeedError, OSError) as error:
        raise BadInput(str(error)) from None


def _products(paths: tuple[Path, ...], parts: Parts, refused: list[Refused], progress: Progress) -> Iterator[Product]:
    """All products of the feeds; one whose row is refused stays as it was, since it is not missing."""
    taken: set[str] = set()
    for product in chain.from_iterable(_with_pictures(path, parts, refused, progress) for path in paths):
        taken.add(product.sku)
        yield product
    stay = parts.store.live([row.record for row in refused if row.record]) - taken
    yield from parts.store.products(sorted(stay))


def _with_pictures(path: Path, parts: Parts, refused: list[Refused], progress: Progress) -> Iterator[Product]:
    """The products of a feed with their pictures in the media folder, `image` the picture's name there. A product
    whose picture can't be had goes in with the one it had, if any, and that is told."""
    parts.media.mkdir(parents=True, exist_ok=True)
    for number, product in enumerate(_read(products.read, path, refused)):
        progress("products", 1 - 1 / (1 + number / 100))  # how many there are is known only at the end
        image = None
        if product.image:
            try:
                image = _kept(product.image, path.parent, parts)
            except (PictureError, BabeldeskError) as error:
                image = next((before.image for before in parts.store.products([product.sku])), None)
                why = f"{product.sku} goes in {'with the picture it had' if image else 'without a picture'}: {error}"
                refused.append(Refused(path.name, 0, "image_link", why))
        yield msgspec.structs.replace(product, image=image)


def _kept(image: str, folder: Path, parts: Parts) -> str:
    """The hash of the picture as it is kept: one picture is kept once, under <hash>.webp."""
    limits = parts.settings.limits
    content = encode_photo(decode_photo(fetch(image, folder, most_bytes=limits.media_bytes), limits), PICTURE_SIDE)
    name = hashlib.sha256(content).hexdigest()
    kept = parts.media / f"{name}.webp"
    if not kept.exists():
        aside = parts.media / f".{os.getpid()}-{name}"
        aside.write_bytes(content)
        aside.replace(kept)
    return name
