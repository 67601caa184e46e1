"""A shop's feeds into the store, its pictures into the media folder, and the index built anew.

A feed that is as it was at the last import is not read again: what was taken and refused then is told again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import sqlalchemy.exc

import knowledge
from bot import product_pictures
from bot.errors import BadInput, NotReady
from bot.parts import Parts
from bot.picture_vectors import Pictures
from bot.product_pictures import Shelf
from bot.senses.language import identify
from bot.settings import LANGUAGES
from knowledge import indexing, recommend_learn
from knowledge.feeds import articles, duties, orders, products, shipments
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused
from knowledge.store import Imported
from knowledge.tables import Changes

LEARNT_FROM = "learnt-from"  # a note beside the recommendations: the state of what they were learnt from

Progress = Callable[[str, float], None]
Record = TypeVar("Record")


class Feeds(msgspec.Struct, frozen=True):
    """What is imported; None is left as it is in the store.

    `currency` is that of prices which a product feed gives without one. `pictures_again`: addresses of pictures that
    are known are asked whether they have another by now.
    """

    products: tuple[Path, ...] = ()
    orders: Path | None = None
    shipments: Path | None = None
    articles: Path | None = None
    duties: Path | None = None
    currency: str | None = None
    pictures_again: bool = False


class Report(msgspec.Struct, frozen=True):
    """What was taken, by kind, and every row that was refused."""

    taken: dict[str, Changes]
    refused: list[Refused]


def import_feeds(feeds: Feeds, parts: Parts, progress: Progress) -> Report:
    """Reads the feeds into the store of `parts` and builds its index.

    Raises:
        BadInput: a feed is not there or can't be read at all; nothing of its kind has changed then.
        NotReady: the data folder can't be written.
    """
    _all_there(feeds)
    report = Report({}, [])
    try:
        _ = parts.store  # makes the data folder
        with _only_one(parts.settings.data / "import.lock", progress):
            product_pictures.clear(parts.media)
            learnt_from = _forget(parts)
            if feeds.products:
                _take_products(feeds, parts, report, progress)
            try:
                _take_others(feeds, parts, report, progress)
            except BadInput:
                _derive(parts, learnt_from, progress)  # what was taken is found, though another feed is bad
                raise
            _derive(parts, learnt_from, progress)
    except sqlalchemy.exc.OperationalError as error:
        raise NotReady(f"The shop's data can't be written: {error.orig}.") from None
    return report


def _all_there(feeds: Feeds) -> None:
    for path in (*feeds.products, feeds.orders, feeds.shipments, feeds.articles, feeds.duties):
        if path is not None and not path.exists():
            raise BadInput(f"There is no feed {path}.")


@contextmanager
def _only_one(lock: Path, progress: Progress) -> Iterator[None]:
    """Of two imports into one data folder the second waits."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another import", 0.0)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _take_others(feeds: Feeds, parts: Parts, report: Report, progress: Progress) -> None:
    store = parts.store
    sources: tuple[tuple[str, Path | None, Any, Any], ...] = (
        ("orders", feeds.orders, partial(orders.read, done=partial(progress, "orders")), store.put_orders),
        (
            "shipments",
            feeds.shipments,
            partial(shipments.read, done=partial(progress, "shipments")),
            store.put_shipments,
        ),
        ("articles", feeds.articles, articles.read, store.put_articles),
        ("duties", feeds.duties, duties.read, store.put_duties),
    )
    for kind, path, read, put in sources:
        if path is None:
            continue
        now = Imported(_digest([path]), [])
        if not _told_again(store.imported(kind), now, kind, report):
            report.taken[kind] = put(_read(read(path), now.refused), now)
            report.refused.extend(now.refused)


def _take_products(feeds: Feeds, parts: Parts, report: Report, progress: Progress) -> None:
    store = parts.store
    shelf = Shelf(store, parts.media, parts.settings.limits, feeds.pictures_again)
    now = Imported(_digest(feeds.products, feeds.currency, product_pictures.SIDE, parts.settings.limits), [])
    before = store.imported("products")
    if before and before.digest == now.digest and not product_pictures.all_settled(shelf):
        before = None
    if _told_again(before, now, "products", report):
        return
    number = store.last_picture_import() + 1
    report.taken["products"] = store.put_products(_products(feeds, shelf, number, now.refused, progress), now)
    report.refused.extend(now.refused)
    store.forget_pictures(number)


def _told_again(before: Imported | None, now: Imported, kind: str, report: Report) -> bool:
    """Whether this is the feed that is in the store already; then what it gave is told again."""
    if before is None or before.digest != now.digest:
        return False
    report.taken[kind] = Changes(unchanged=before.taken)
    report.refused.extend(before.refused)
    return True


def _products(feeds: Feeds, shelf: Shelf, number: int, refused: list[Refused], progress: Progress) -> Iterator[Product]:
    """All products of the feeds; one whose row is refused stays as it was, since it is not missing."""
    taken: set[str] = set()
    sizes = [path.stat().st_size for path in feeds.products]
    for place, path in enumerate(feeds.products):
        done = _share(progress, sum(sizes[:place]), sizes[place], sum(sizes))

        def refuse(why: str, name: str = path.name) -> None:
            refused.append(Refused(name, 0, "image_link", why))

        rows = _read(products.read(path, done, feeds.currency), refused)
        for product in product_pictures.kept(shelf, rows, path.parent, number, refuse):
            taken.add(product.sku)
            yield product
    named = [row.record for row in refused if row.record and row.record not in taken]
    yield from shelf.store.products(sorted(shelf.store.live(named)))


def _share(progress: Progress, before: int, size: int, whole: int) -> Callable[[float], None]:
    """Tells how far all feeds are read by how far one is."""
    return lambda fraction: progress("products", (before + fraction * size) / whole if whole else 1.0)


def _read(rows: Iterable[Record | Refused], refused: list[Refused]) -> Iterator[Record]:
    """The records of a feed; the rows that are none go to `refused`."""
    try:
        for row in rows:
            if isinstance(row, Refused):
                refused.append(row)
            else:
                yield row
    except (FeedError, OSError) as error:
        raise BadInput(str(error)) from None


def _digest(paths: Sequence[Path], *options: object) -> str:
    """One text for all that decides what is read: the files, the options, and the program that reads them.

    Raises:
        BadInput: a file can't be read.
    """
    hashed = hashlib.sha256(_reader())
    hashed.update(repr(options).encode())
    try:
        for path in paths:
            if not path.is_file() and not path.is_dir():
                hashed.update(os.urandom(16))  # a pipe gives what it holds only once, so it is always another feed
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                hashed.update(os.fsencode(file.absolute()) + b"\0")
                if file.is_file():
                    with file.open("rb") as opened:
                        hashed.update(hashlib.file_digest(opened, "sha256").digest())
    except OSError as error:
        raise BadInput(f"{error.filename} can't be read: {error.strerror}.") from None
    return hashed.hexdigest()


@cache
def _reader() -> bytes:
    """A digest of the code in `knowledge`: another version may read the same feed in another way."""
    hashed = hashlib.sha256()
    for file in sorted(Path(knowledge.__path__[0]).rglob("*.py")):
        hashed.update(file.read_bytes())
    return hashed.digest()


def _derive(parts: Parts, learnt_from: str, progress: Progress) -> None:
    build_index(parts, progress)
    now = _teaches(parts)
    if now != learnt_from or not (parts.recommendations / "current").exists():
        recommend_learn.build(parts.store, parts.recommendations, progress)
    note = parts.recommendations / LEARNT_FROM
    note.write_text(now, encoding="utf-8")


def _forget(parts: Parts) -> str:
    """What the recommendations in use were learnt from. It is forgotten until this import has ended: after one that
    breaks off, they are learnt anew, whatever it wrote."""
    note = parts.recommendations / LEARNT_FROM
    try:
        return note.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    finally:
        note.unlink(missing_ok=True)


def _teaches(parts: Parts) -> str:
    """One text for what recommendations are learnt from: the state of products and orders, and the program."""
    orders = parts.store.imported("orders")
    return f"{parts.store.generation()[0]} {orders.digest if orders else ''} {_reader().hex()}"


def build_index(parts: Parts, progress: Progress) -> None:
    """The index of what the store holds now; only texts and pictures that are new are encoded.

    Raises:
        NotReady: a picture is not in the media folder.
    """

    def kinds(names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        guess = identify(", ".join(names), LANGUAGES)
        language = guess.language if guess else parts.settings.language
        return parts.fusing.words.english(parts.text.passages(names), language)

    pictures = Pictures(parts)
    pictures.ready()
    indexing.build(
        parts.store,
        parts.index,
        encode=parts.text.passages,
        encode_tokens=parts.text.telling_tokens,
        encode_kinds=kinds,
        look=pictures,
        progress=progress,
        text_encoder=parts.text_encoder,
        photo_encoder=parts.photo_encoder,
    )
