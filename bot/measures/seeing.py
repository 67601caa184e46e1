"""Finding the product that a customer's photo shows, where the shop has one clean picture of each.

The 2,936 phone photos of the Grocery Store Dataset (Klasson et al., 2019) that are shared ask, and all 81 products
answer. What is learnt from photos is learnt from other products than the one that is asked for: nine groups of nine
products are held out in turn. Photos of products that were taught, every fourth of each, ask the same heads: what
helps one kind by harming the other shows. Spreads: the products are drawn anew (bootstrap, 5 to 95 %).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from bot.fusion.features import F32, I64
from bot.fusion.photo_head import PhotoHead, fit, untaught
from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.parts import Parts
from bot.seams import VisionEncoder
from bot.senses.vision_views import copies

GROUPS = 9
_AT_ONCE = 64
_OTHERS, _PRIOR = 100, 30  # photos
_SAMPLES = 1_000  # bootstrap samples
Ranks = npt.NDArray[np.int64]


class Groceries:
    """The features of photos [n, p], of pictures [81, p] and of their copies [81, k, p], and what each photo shows."""

    def __init__(self, vision: VisionEncoder, data: Path) -> None:
        rows = {split: _rows(data / f"{split}.csv") for split in ("train", "val")}
        both = [*rows["train"], *rows["val"]]
        self.trains = len(rows["train"])
        self.item: I64 = np.array([int(row["fine_id"]) for row in both], dtype=np.int64)
        self.photos = _looked(vision, [data / row["photo"] for row in both])
        pictures = [data / row["iconic"] for row in _rows(data / "products.csv")]
        self.pictures = _looked(vision, pictures)
        self.copies = np.stack([vision.look(copies(_open(picture))).vectors for picture in pictures])
        self.names = tuple(picture.stem for picture in pictures)

    def ranks(self, head: PhotoHead, asked: I64, names: tuple[str, ...] = ()) -> Ranks:
        """Where the right product came, from 0, for each of the photos `asked`."""
        return _ranks(
            head.photos(self.photos[asked]) @ head.pictures(self.pictures, self.copies, names).T, self.item[asked]
        )


def measure(parts: Parts) -> list[Figure]:
    """Recall at 1 and 5 as it is, with nothing learnt from photos, and with photos of other or the same products."""
    if DATA is None:
        return [Figure(name="photo → product", value=None, note="the shared data are not on this machine")]
    shop = Groceries(parts.vision, DATA / "grocery")
    return [*_nothing_learnt(shop), *_other_products(shop), *_same_products(shop)]


def _nothing_learnt(shop: Groceries) -> list[Figure]:
    everything = np.arange(len(shop.item))
    plain = _ranks(shop.photos @ shop.pictures.T, shop.item)
    from_pictures = shop.ranks(untaught(shop.pictures, shop.copies), everything)
    some = untaught(shop.pictures, shop.copies, shop.photos[::30])  # 98 photos of no one knows what
    return [
        *_recalls("features as they are", plain, shop.item),
        *_recalls("nothing learnt but from the pictures", from_pictures, shop.item),
        *_recalls("and the mean of 98 photos of anything", shop.ranks(some, everything), shop.item),
        *_recalls("and the mean of 100 photos of other products", _mean_of_others(shop), shop.item),
    ]


def _mean_of_others(shop: Groceries) -> Ranks:
    """The ranks where 100 photos of products of other groups, and the copies' mean as if it were that of 30 more,
    stand for what photos share: what a running mean over customers' photos would come to."""
    head, rng = untaught(shop.pictures, shop.copies), np.random.default_rng(0)
    group = rng.permutation(len(shop.pictures)) % GROUPS
    ranks = np.empty(len(shop.item), np.int64)
    for number in range(GROUPS):
        asked, others = (np.flatnonzero((group[shop.item] == number) == own) for own in (True, False))
        some = shop.photos[rng.choice(others, _OTHERS, replace=False)]
        mean = (some.sum(0) + _PRIOR * head.photo_mean) / (_OTHERS + _PRIOR)
        ranks[asked] = shop.ranks(replace(head, photo_mean=mean.astype(np.float32)), asked)
    return ranks


def _other_products(shop: Groceries) -> list[Figure]:
    group = np.random.default_rng(0).permutation(len(shop.pictures)) % GROUPS
    kinds: dict[str, list[tuple[I64, Ranks]]] = {"untaught": [], "taught": [], "metric": []}
    for number in tqdm(range(GROUPS), desc="groups held out", leave=False):
        new = np.flatnonzero(group[shop.item] == number)
        asks = _every_fourth(shop.item, np.flatnonzero(group[shop.item] != number))
        teach = np.setdiff1d(np.arange(len(shop.item)), np.concatenate([new, asks]))
        head = fit(shop.photos[teach], shop.item[teach], shop.pictures, shop.copies, shop.names)
        kinds["untaught"].append((new, shop.ranks(head, new, shop.names)))
        kinds["taught"].append((asks, shop.ranks(head, asks, shop.names)))
        kinds["metric"].append((new, shop.ranks(head, new)))
    joined = {kind: tuple(map(np.concatenate, zip(*found, strict=True))) for kind, found in kinds.items()}
    figures = []
    for kind, name, marks in (
        ("untaught", "taught by photos of other products", (0.45, 0.80)),
        ("taught", "the same heads, products that were taught", (None, None)),
        ("metric", "taught by photos of other products, all alike", (None, None)),
    ):
        asked, ranks = joined[kind]
        figures += _recalls(name, ranks, shop.item[asked], marks)
    return figures


def _same_products(shop: Groceries) -> list[Figure]:
    """The published training photos teach, the published validation photos ask."""
    teach, asks = np.arange(shop.trains), np.arange(shop.trains, len(shop.item))
    nearest = (shop.photos[asks] @ shop.photos[teach].T).argmax(1)
    neighbour = (shop.item[nearest] != shop.item[asks]).astype(np.int64)
    head = fit(shop.photos[teach], shop.item[teach], shop.pictures, shop.copies, shop.names)
    item = shop.item[asks]
    return [
        *_recalls("photos of all products, nearest photo", neighbour, item)[:1],
        *_recalls("photos of all products, head", shop.ranks(head, asks, shop.names), item),
    ]


def _every_fourth(item: I64, among: I64) -> I64:
    of_one = [among[item[among] == product][3::4] for product in np.unique(item[among])]
    return np.concatenate(of_one)


def _ranks(scores: F32, item: I64) -> Ranks:
    right = scores[np.arange(len(item)), item][:, None]
    return np.asarray((scores > right).sum(1), dtype=np.int64)


def _recalls(
    name: str, ranks: Ranks, item: I64, marks: tuple[float | None, float | None] = (None, None)
) -> list[Figure]:
    return [
        Figure(
            name=f"{name}: recall@{k}", value=float((ranks < k).mean()), n=len(ranks), reach=mark,
            spread=_spread(ranks < k, item),
        )
        for k, mark in zip((1, 5), marks, strict=True)
    ]  # fmt: skip


def _spread(right: npt.NDArray[np.bool_], item: I64) -> dict[str, float]:
    """The share that is right where products are drawn anew: photos of one product are not independent."""
    products = np.unique(item)
    hits, counts = (np.bincount(item, weights)[products] for weights in (right.astype(float), np.ones(len(item))))
    drawn = np.random.default_rng(0).integers(0, len(products), (_SAMPLES, len(products)))
    shares = hits[drawn].sum(1) / counts[drawn].sum(1)
    return {"p5": float(np.quantile(shares, 0.05)), "p95": float(np.quantile(shares, 0.95))}


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def _looked(vision: VisionEncoder, files: list[Path]) -> F32:
    starts = tqdm(range(0, len(files), _AT_ONCE), desc="photos looked at", leave=False)
    found = [vision.look([_open(file) for file in files[start : start + _AT_ONCE]]).vectors for start in starts]
    return np.concatenate(found)


def _open(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        return opened.convert("RGB")
