"""A photo head for one shop, learnt from photos that its customers or its own people took of its products."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bot.errors import BadInput, TooLarge
from bot.fusion import late
from bot.fusion.features import F32, I64
from bot.fusion.photo_head import PhotoHead, fit
from bot.importing import build_index
from bot.measures.figures import Figure
from bot.parts import Parts
from bot.picture_vectors import Pictures, keep
from bot.progress import Progress
from bot.senses.media import decode_photo

_MOST = 100_000  # photos
_LEAST = 20
_BATCH = 16
_ASKED = 4  # every fourth photo of a product is kept out, to see what was learnt


@dataclass(frozen=True)
class _Seen:
    """Photos [n, p] of the pictures `item` [n], and the pictures [m, p] with their copies [m, k, p] and hashes [m]."""

    photos: F32
    item: I64
    pictures: F32
    copies: F32
    names: list[str]


def run(parts: Parts, table: Path) -> list[Figure]:
    """Learns from a CSV of photos, keeps the head, and makes the vectors of all pictures anew.

    The columns are `photo`, a file beside the table, and `sku`. Says how often a photo that was kept out finds its
    product's picture first, before and after.

    Raises:
        BadInput: the table can't be read, a photo is not there or no photo, or there are too few of them.
    """
    seen = _look(parts, table)
    asks = np.zeros(len(seen.item), bool)
    for item in np.unique(seen.item):
        asks[np.flatnonzero(seen.item == item)[_ASKED - 1 :: _ASKED]] = True
    figures: list[Figure] = []
    sharp = 0.0
    if asks.any():
        trial = fit(seen.photos[~asks], seen.item[~asks], seen.pictures, seen.copies, seen.names)
        figures = [_found("photos kept out, first by the head before", parts.photo_head, seen, asks),
                   _found("photos kept out, first by the head learnt", trial, seen, asks)]  # fmt: skip
        near = trial.photos(seen.photos[asks]) @ trial.pictures(seen.pictures, seen.copies, seen.names).T
        sharp = late.sharpness(near, seen.item[asks])
    head = fit(seen.photos, seen.item, seen.pictures, seen.copies, seen.names)
    keep(parts.photo_head_file, replace(head, sharpness=sharp))
    progress = Progress()
    build_index(parts, progress)
    progress.close()
    return figures


def _found(name: str, head: PhotoHead | None, seen: _Seen, asks: NDArray[np.bool_]) -> Figure:
    assert head is not None, "an import with pictures leaves one"
    near = head.photos(seen.photos[asks]) @ head.pictures(seen.pictures, seen.copies, seen.names).T
    order = np.argsort(-near, axis=1)[:, :5] == seen.item[asks][:, None]
    return Figure(name=name, value=float(order[:, 0].mean()), n=int(asks.sum()),
                  spread={"recall@5": float(order.any(axis=1).mean())})  # fmt: skip


def _look(parts: Parts, table: Path) -> _Seen:
    rows = photographed(parts, table)
    names = sorted({picture.media for picture in parts.store.all_pictures() if picture.media})
    number = {name: at for at, name in enumerate(names)}
    pictures, copies, photos = [], [], []
    look = Pictures(parts)
    for start in tqdm(range(0, len(names), _BATCH), desc="pictures", leave=False):
        some, altered = look.looked(names[start : start + _BATCH])
        pictures.append(some)
        copies.append(altered)
    for start in tqdm(range(0, len(rows), _BATCH), desc="photos", leave=False):
        images = [opened(file, parts) for file, _ in rows[start : start + _BATCH]]
        photos.append(parts.vision.look(images).vectors)
    item = np.array([number[picture] for _, picture in rows])
    return _Seen(np.concatenate(photos), item, np.concatenate(pictures), np.concatenate(copies), names)


def photographed(parts: Parts, table: Path) -> list[tuple[Path, str]]:
    """The photos that a CSV names, each with the hash of the picture of the product that it shows.

    Raises:
        BadInput: the table can't be read, or names a product without a picture, or too few photos.
    """
    rows = list(_rows(table))
    sold = {product.sku: product.image for product in parts.store.products([sku for _, sku in rows]) if product.image}
    missing = next((sku for _, sku in rows if sku not in sold), None)
    if missing is not None:
        raise BadInput(f"{table.name}: {missing} is no product with a picture in this shop.")
    if len(rows) < _LEAST:
        raise BadInput(f"{table.name}: {len(rows)} photos are too few to learn from; {_LEAST} are the least.")
    return [(file, sold[sku] or "") for file, sku in rows]


def _rows(table: Path) -> Iterator[tuple[Path, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                if number == _MOST:
                    raise TooLarge(f"{table.name} has more than {_MOST} photos.")
                photo, sku = row.get("photo"), row.get("sku")
                if not photo or not sku:
                    raise BadInput(f"{table.name}, line {number + 2}: photo and sku must both be given.")
                yield table.parent / photo, sku
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{table} can't be read: {error}") from None


def opened(file: Path, parts: Parts) -> Image.Image:
    """A photo.

    Raises:
        BadInput: it is not there, or no photo.
    """
    try:
        if file.stat().st_size > parts.settings.limits.media_bytes:
            raise TooLarge(f"{file} is larger than {parts.settings.limits.media_bytes} bytes.")
        return decode_photo(file.read_bytes(), parts.settings.limits)
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}.") from None
