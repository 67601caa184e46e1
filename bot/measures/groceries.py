"""Queries of a photo and a few words about the groceries of Klasson et al. (2019), as the fusion methods see them.

A shop has one clean picture of each of 81 products, a title, a description and what its kind is called. A customer
sends a photo taken in a shop and says what kind of thing it is, or what they want instead ("this one, but organic"),
in a word of Chinese, Spanish or Arabic. The words are this project's own: fusion_words.tsv and fusion_wishes.tsv.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from bot import spoiling
from bot.fusion.features import F32, I64, centred
from bot.fusion.photo_head import untaught
from bot.fusion.telling import Telling
from bot.fusion.train import Bools, Trial
from bot.fusion.words import ENGLISH, Words
from bot.seams import VisionEncoder
from bot.senses.text import E5
from bot.senses.vision_views import copies

LANGUAGES = ("zh", "es", "ar")
_HERE = Path(__file__).resolve().parent
_PHOTOS = 20  # of a product
_BATCH = 64


@dataclass(frozen=True)
class Goods:
    """The 81 products as a shop has them, and photos of them: files, and which product each shows."""

    names: list[str]
    kinds: list[str]
    descriptions: list[str]
    pictures: list[Path]
    photos: list[Path]
    shown: I64

    @property
    def pages(self) -> list[str]:
        """What the shop's page of each product says."""
        told = zip(self.kinds, self.names, self.descriptions, strict=True)
        return [f"{_plain(kind)}, {_plain(name)}. {description}" for kind, name, description in told]


@dataclass(frozen=True)
class Asked:
    """What a customer says beside each photo: rows of photos, the words, their language, and the product meant."""

    photo: I64
    words: list[str]
    language: list[str]
    item: I64


def goods(folder: Path) -> Goods:
    """The products, and up to _PHOTOS photos of each, train and val together."""
    with (folder / "products.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    photos: list[tuple[Path, int]] = []
    for part in ("train", "val"):
        with (folder / f"{part}.csv").open(encoding="utf-8") as file:
            photos += [(folder / row["photo"], int(row["fine_id"])) for row in csv.DictReader(file)]
    taken = [one for number in range(len(rows)) for one in islice((p for p in photos if p[1] == number), _PHOTOS)]
    return Goods(
        [row["name"] for row in rows],
        [row["coarse_name"] for row in rows],
        [row["description"] for row in rows],
        [folder / row["iconic"] for row in rows],
        [file for file, _ in taken],
        np.array([number for _, number in taken]),
    )


def kinds_asked(shop: Goods) -> Asked:
    """Each photo with the word for its kind, in each language."""
    table = {row[0]: row[1:] for row in _table("fusion_words.tsv")}
    return _asked(
        (photo, table[shop.kinds[shown]][at], tag, shown)
        for photo, shown in enumerate(shop.shown.tolist())
        for at, tag in enumerate(LANGUAGES)
    )


def wishes_asked(shop: Goods) -> Asked:
    """Each photo of a product that somebody wants another one in place of, with the wish in each language."""
    number = {name: at for at, name in enumerate(shop.names)}
    wishes = [(number[row[0]], number[row[1]], row[2:]) for row in _table("fusion_wishes.tsv")]
    return _asked(
        (photo, said[at], tag, wanted)
        for there, wanted, said in wishes
        for photo in np.flatnonzero(shop.shown == there).tolist()
        for at, tag in enumerate(LANGUAGES)
    )


def _asked(rows: Iterable[tuple[int, str, str, int]]) -> Asked:
    photo, words, language, item = zip(*rows, strict=True)
    return Asked(np.array(photo), list(words), list(language), np.array(item))


@dataclass(frozen=True)
class Eyes:
    """What was seen of the goods: unit vectors of the pictures [81, d], the photos [n, d] and the photos spoilt, and
    which of the photos, sound and spoilt, are taken to show something [n]."""

    pictures: F32
    photos: F32
    spoilt: F32
    shows: Bools
    spoilt_shows: Bools


def seen(shop: Goods, vision: VisionEncoder, count: int, telling: Telling | None) -> Eyes:
    """Looks at everything as an import and a turn do, with a head that is made of the shop's own pictures and `count`
    altered copies of each. Each photo is looked at spoilt as well, in one of the ways by chance."""
    lot = np.random.default_rng(0)

    def spoilt(image: Image.Image) -> Image.Image:
        return spoiling.picture(image, spoiling.PICTURES[lot.integers(len(spoiling.PICTURES))], lot)

    pictures = _looked(vision, map(_opened, shop.pictures))
    altered = np.stack([vision.look(copies(_opened(file), count)).vectors for file in shop.pictures])
    head = untaught(pictures, altered)
    sound, broken = (_looked(vision, map(change, map(_opened, shop.photos))) for change in (_same, spoilt))
    shows, spoilt_shows = (
        np.ones(len(some), bool) if telling is None else telling.tells(some) for some in (sound, broken)
    )
    return Eyes(head.pictures(pictures, altered), head.photos(sound), head.photos(broken), shows, spoilt_shows)


def _same(image: Image.Image) -> Image.Image:
    return image


def _opened(file: Path) -> Image.Image:
    return Image.open(file).convert("RGB")


def _looked(vision: VisionEncoder, images: Iterable[Image.Image]) -> F32:
    found, waiting = [], iter(tqdm(images, desc="pictures", leave=False))
    while some := list(islice(waiting, _BATCH)):
        found.append(vision.look(some).vectors)
    return np.concatenate(found)


def trial(shop: Goods, asked: Asked, eyes: Eyes, encoder: E5, words: Words) -> Trial:
    """The queries and the goods as vectors. Spoilt words are those of the query, spoilt in one of the ways in turn."""
    lot = random.Random(0)  # noqa: S311  no secret
    different = sorted(set(zip(asked.words, asked.language, strict=True)))
    broken = [spoiling.text(said, lot.choice(spoiling.TEXTS), lot) for said, _ in different]
    row = {pair: at for at, pair in enumerate(different)}
    rows = np.array([row[pair] for pair in zip(asked.words, asked.language, strict=True)])
    tags = [tag for _, tag in different]
    pages = encoder.passages(shop.pages)
    kinds = encoder.passages([_plain(kind) for kind in shop.kinds])
    return Trial(
        text=_english(words, encoder, [said for said, _ in different], tags)[rows],
        photo=eyes.photos[asked.photo],
        spoilt_text=_english(words, encoder, broken, tags)[rows],
        spoilt_photo=eyes.spoilt[asked.photo],
        item=asked.item,
        shown=shop.shown[asked.photo],
        texts=(centred(pages, pages.mean(axis=0)), centred(kinds, words.means[ENGLISH])),
        pictures=eyes.pictures,
        category=np.unique(shop.kinds, return_inverse=True)[1],
        attributes=_shared_words(shop.names),
        shows=eyes.shows[asked.photo],
        spoilt_shows=eyes.spoilt_shows[asked.photo],
    )


def _english(words: Words, encoder: E5, said: Sequence[str], tags: Sequence[str]) -> F32:
    """The vectors [n, t] of words; zeros of what was not heard."""
    vectors = encoder.queries(said)
    found = [words.english(vector[None], tag)[0] for vector, tag in zip(vectors, tags, strict=True)]
    return np.stack([vector if word else np.zeros_like(vector) for vector, word in zip(found, said, strict=True)])


def _shared_words(names: Sequence[str]) -> F32:
    """Which of the words that at least two names have each name has, [m, a]."""
    counts = Counter(word for name in names for word in set(name.split("-")))
    shared = sorted(word for word, count in counts.items() if count > 1)
    return np.array([[word in name.split("-") for word in shared] for name in names], np.float32)


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _table(name: str) -> list[list[str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]
