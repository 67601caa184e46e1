"""A photo and the shop's one clean picture of the same product, brought into a space where they meet.

Features of customers' photos lie apart from those of shop pictures as a whole, and vary in ways that tell no products
apart (light, hands, shelves). The head takes off the mean of each kind, and divides by how photos of one product
differ from each other (within-class covariance normalisation: Hatch, Kajarekar & Stolcke 2006), shrunk towards no
division at all. Altered copies of the shop's picture stand beside the picture itself.

A shop without photos has `untaught`, which learns from its own pictures alone. `fit` learns from photos of some of the
shop's products. These are then found by the centre of their photos as well, which would outbid every product that has
none; so much is taken off their scores as lets both kinds be found (calibrated stacking: Chao et al. 2016), which
is found on products that are held out one group after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.fusion.features import F32, I64, unit

Bools = npt.NDArray[np.bool_]

COPIES_WEIGHT = 0.7  # of the mean of the altered copies, beside 1 for the picture
WIDTH = 384  # numbers that are kept: as good as all 1280, for 0.3 of the index
_SHRINKAGE = 1.0  # in units of the mean variance
_OFFSETS = np.linspace(0.0, 0.5, 51)
_GROUPS = 3
_LEAST_GROUP = 4  # products without which nothing can be held out


@dataclass(frozen=True)
class PhotoHead:
    """What is learnt. Vectors have p numbers before and d + 1 after: the last is for the handicap of the taught."""

    photo_mean: F32  # [p]
    picture_mean: F32  # [p]
    copy_mean: F32  # [p]
    metric: F32 | None  # [p, d]; None: as they are, d = p
    taught: tuple[str, ...] = ()  # names of the products or pictures whose photos were learnt from
    centres: F32 | None = None  # [len(taught), d]: the middle of the photos of each
    handicap: float = 0.0  # taken off the cosine of what is taught
    sharpness: float = 0.0  # the factor by which its cosines tell products best (late.py); 0 where nobody knows
    copies: int | None = None  # of each picture, that the shop's vectors are made with; None: a head of before this

    def photos(self, vectors: F32) -> F32:
        """What a customer shows, [n, p] → [n, d + 1]; rows of length 1."""
        found = self._in_space(unit(vectors - self.photo_mean))
        return unit(np.concatenate([found, np.ones((len(found), 1), np.float32)], axis=1))

    def pictures(self, vectors: F32, copies: F32, names: Sequence[str] = ()) -> F32:
        """What the shop shows: pictures [m, p] and k altered copies of each [m, k, p] → [m, d + 1]; rows of length 1.

        `names` are theirs, as they were given to `fit`; without them, or for others, no photos are known.

        Raises:
            ValueError: the shapes do not belong together.
        """
        if copies.shape[:1] + copies.shape[2:] != vectors.shape or (names and len(names) != len(vectors)):
            raise ValueError(f"copies {copies.shape} or {len(names)} names do not fit {vectors.shape} pictures")
        found = self._in_space(_shown(vectors, copies, self.picture_mean, self.copy_mean))
        offsets = np.zeros((len(found), 1), np.float32)
        at = {name: number for number, name in enumerate(self.taught)}
        for row, name in enumerate(names):
            if self.centres is not None and name in at:
                found[row] = unit(found[row] + self.centres[at[name]])
                offsets[row] = -self.handicap
        return unit(np.concatenate([found, offsets], axis=1))

    def _in_space(self, vectors: F32) -> F32:
        return vectors if self.metric is None else unit(vectors @ self.metric)

    def save(self, file: Path) -> None:
        """Writes the head as .npz; the metric in half precision."""
        metric = np.empty((0, 0), np.float16) if self.metric is None else self.metric.astype(np.float16)
        centres = np.empty((0, 0), np.float32) if self.centres is None else self.centres
        with file.open("wb") as opened:
            np.savez_compressed(
                opened, photo_mean=self.photo_mean, picture_mean=self.picture_mean, copy_mean=self.copy_mean,
                metric=metric, taught=np.array(self.taught, dtype=np.str_), centres=centres, handicap=self.handicap,
                sharpness=self.sharpness, copies=-1 if self.copies is None else self.copies,
            )  # fmt: skip

    @classmethod
    def load(cls, file: Path) -> PhotoHead:
        """Reads what `save` wrote.

        Raises:
            ValueError: the file holds something else.
        """
        try:
            with np.load(file, allow_pickle=False) as held:
                photo, picture, copy = (
                    held[f"{kind}_mean"].astype(np.float32) for kind in ("photo", "picture", "copy")
                )
                metric, centres = held["metric"].astype(np.float32), held["centres"].astype(np.float32)
                taught, handicap = tuple(held["taught"].tolist()), float(held["handicap"])
                sharpness = float(held["sharpness"])
                number = int(held["copies"]) if "copies" in held.files else -1
        except (KeyError, EOFError, OSError, ValueError, TypeError) as error:
            raise ValueError(f"{file} holds no photo head: {error}") from None
        p = photo.shape[0] if photo.ndim else 0
        width = metric.shape[1] if metric.size else p
        fits = photo.shape == picture.shape == copy.shape == (p,) and metric.ndim == 2 and len(metric) in (0, p)
        whole = centres.shape in ((len(taught), width), (0, 0)) and np.isfinite([handicap, sharpness]).all()
        if not (fits and whole):
            raise ValueError(f"{file} holds no photo head: its parts do not belong together")
        return cls(
            photo, picture, copy, metric if metric.size else None, taught, centres if centres.size else None, handicap,
            sharpness, number if number >= 0 else None,
        )  # fmt: skip


def untaught(pictures: F32, copies: F32, photos: F32 | None = None) -> PhotoHead:
    """A head for a shop that trains nothing: pictures [m, p] and copies [m, k, p].

    Photos look more like copies than like pictures, so without `photos` [n, p], of whatever, the copies' mean stands
    for theirs.
    """
    copy_mean = copies.mean((0, 1))
    return PhotoHead(copy_mean if photos is None else photos.mean(0), pictures.mean(0), copy_mean, None)


def fit(
    photos: F32, item: I64, pictures: F32, copies: F32, names: Sequence[str], seed: int = 0, width: int = WIDTH
) -> PhotoHead:
    """A head learnt from photos [n, p] of the products `item` [n], numbers into `pictures` [m, p], `copies` [m, k, p]
    and `names` [m]. Products without photos may be among them. `width` is the most numbers that are kept.

    Raises:
        ValueError: no photos, two names alike, or shapes that do not belong together.
    """
    if len(photos) != len(item) or len(set(names)) != len(names) or len(names) != len(pictures):
        raise ValueError("photos and items, or pictures and names, do not belong together")
    if not len(photos) or int(item.min()) < 0 or int(item.max()) >= len(pictures):
        raise ValueError("there are no photos, or photos of products that are not there")
    head = _learnt(photos, item, pictures, copies, names, width)
    return replace(head, handicap=_fair_handicap(photos, item, pictures, copies, names, seed, width))


def _shown(pictures: F32, copies: F32, picture_mean: F32, copy_mean: F32) -> F32:
    altered = unit(unit(copies - copy_mean).mean(1)) if copies.shape[1] else np.zeros_like(pictures)
    return unit(unit(pictures - picture_mean) + COPIES_WEIGHT * altered)


def _learnt(photos: F32, item: I64, pictures: F32, copies: F32, names: Sequence[str], width: int) -> PhotoHead:
    """Everything but the handicap."""
    products = np.unique(item)
    photo_mean = np.stack([photos[item == product].mean(0) for product in products]).mean(0)
    copy_mean = copies.mean((0, 1))
    seen = unit(photos - photo_mean)
    differing = [_about_mean(seen[item == product]) for product in products]
    altered = unit(copies - copy_mean)
    differing += [_about_mean(of_one) for of_one in altered]
    metric = _metric(np.concatenate([seen, altered.reshape(-1, seen.shape[1])]), differing, len(products), width)
    head = PhotoHead(photo_mean, pictures.mean(0), copy_mean, metric, tuple(names[number] for number in products))
    inside = head._in_space(seen)
    return replace(head, centres=unit(np.stack([inside[item == product].mean(0) for product in products])))


def _about_mean(vectors: F32) -> F32:
    """[k, p] less their mean, scaled so that a product counts once however many photos it has."""
    scaled: F32 = ((vectors - vectors.mean(0)) / np.sqrt(max(len(vectors), 1))).astype(np.float32)
    return scaled


def _metric(vectors: F32, differing: list[F32], products: int, width: int) -> F32:
    """[p, d]: the square root of the inverse of the shrunk covariance, in the d directions that matter most.

    `differing` has one part for each of the `products`, then one for the copies of each picture; both kinds count
    alike.
    """
    p = vectors.shape[1]
    within = np.zeros((p, p), np.float32)
    for parts in (differing[:products], differing[products:]):
        stacked = np.concatenate(parts) if parts else np.zeros((0, p), np.float32)
        within += stacked.T @ stacked / max(len(parts), 1)
    within /= max(float(np.trace(within)) / p, 1e-12)
    values, directions = np.linalg.eigh(within)
    whitening = directions / np.sqrt(np.maximum(values, 0) + _SHRINKAGE)
    if width >= p:
        return np.ascontiguousarray(whitening, np.float32)
    inside = vectors @ whitening
    _, main = np.linalg.eigh(inside.T @ inside)
    return np.ascontiguousarray(whitening @ main[:, -width:], np.float32)


def _fair_handicap(
    photos: F32, item: I64, pictures: F32, copies: F32, names: Sequence[str], seed: int, width: int
) -> float:
    """The handicap with which products that were taught and products that were not are found best: the greatest
    harmonic mean of both shares that come first (Xian et al. 2017). 0 with too few products to hold some out."""
    products = np.random.default_rng(seed).permutation(np.unique(item))
    if len(products) < _LEAST_GROUP:
        return 0.0
    found: dict[bool, list[Bools]] = {True: [], False: []}
    for group in range(min(_GROUPS, len(products))):
        held = np.isin(item, products[group::_GROUPS])
        rest = np.flatnonzero(~held)
        # Of each product that is taught here, every fourth photo asks, and the others teach.
        asks = np.concatenate([np.flatnonzero(item == product)[3::4] for product in np.unique(item[rest])])
        teaches = np.setdiff1d(rest, asks)
        head = _learnt(photos[teaches], item[teaches], pictures, copies, names, width)
        shown = head.pictures(pictures, copies, names)[:, :-1]
        taught = np.isin(np.arange(len(pictures)), item[teaches])
        for is_taught, of in ((True, asks), (False, np.flatnonzero(held))):
            found[is_taught].append(_first(head.photos(photos[of])[:, :-1] * np.sqrt(2), item[of], shown, taught))
    if not all(sum(len(part) for part in parts) for parts in found.values()):
        return 0.0
    known, new = (np.concatenate(found[kind]).mean(0) for kind in (True, False))
    return float(_OFFSETS[np.argmax(2 * known * new / np.maximum(known + new, 1e-9))])


def _first(asked: F32, item: I64, shown: F32, taught: Bools) -> Bools:
    """[n, offsets]: whether the product that is meant comes first, for each handicap that is tried."""
    cosines = asked @ shown.T
    return np.stack([(cosines - offset * taught).argmax(1) == item for offset in _OFFSETS], axis=1)
