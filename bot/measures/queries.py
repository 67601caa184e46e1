"""Goods of a shop and queries of a photo and a few words about them, as the methods of fusion see them.

The queries of any catalogue come together here: what is seen of the photos, what the words come to, and both spoilt.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image
from tqdm import tqdm

from bot import spoiling
from bot.fusion.features import F32, I64, centred
from bot.fusion.photo_head import PhotoHead
from bot.fusion.telling import Telling
from bot.fusion.train import Bools, Trial, dealt
from bot.fusion.words import ENGLISH, Words
from bot.parts import Parts
from bot.seams import VisionEncoder
from bot.senses.text import E5
from bot.senses.vision_views import copies

_BATCH = 64


@dataclass(frozen=True)
class Goods:
    """m products as a shop has them, and n photos of them."""

    pages: list[str]  # [m]: what the shop's page of each says
    kinds: list[str]  # [m]: what the kind of each is called
    traits: list[frozenset[str]]  # [m]
    groups: I64  # [m]: products of one group are alike but for a size or a colour
    shown: I64  # [n]: the product in each photo
    picture: Callable[[int], Image.Image]  # of a product
    photo: Callable[[int], Image.Image]


@dataclass(frozen=True)
class Asked:
    """What a customer says beside each photo: rows of photos, the words, their language, and the product meant."""

    photo: I64
    words: list[str]
    language: list[str]
    item: I64

    def spoilt(self) -> list[str]:
        """The words with nothing left in them, each in one of the ways by chance; the same words always alike."""
        lot = random.Random(0)  # noqa: S311  no secret
        pairs = list(zip(self.words, self.language, strict=True))
        broken = {pair: spoiling.text(pair[0], lot.choice(spoiling.TEXTS), lot) for pair in sorted(set(pairs))}
        return [broken[pair] for pair in pairs]


def asked(rows: Iterable[tuple[int, str, str, int]]) -> Asked:
    """Queries from rows of a photo's number, the words, their language and the product's number.

    Raises:
        ValueError: there are none.
    """
    photo, words, language, item = zip(*rows, strict=True)
    return Asked(np.array(photo), list(words), list(language), np.array(item))


@dataclass(frozen=True)
class Looks:
    """What is made of pictures [m, p], k altered copies of each [m, k, p], photos [n, p], and those spoilt."""

    pictures: F32
    copies: F32
    photos: F32
    spoilt: F32


@dataclass(frozen=True)
class Eyes:
    """What was seen of the goods: unit vectors of the pictures [m, d], the photos [n, d] and the photos spoilt, and
    which of the photos, sound and spoilt, are taken to show something [n]."""

    pictures: F32
    photos: F32
    spoilt: F32
    shows: Bools
    spoilt_shows: Bools


@dataclass(frozen=True)
class Trials:
    """What methods are compared on: goods, and the queries about them by what they hold, as such and as vectors."""

    goods: Goods
    asked: dict[str, tuple[Asked, Trial]]
    head: PhotoHead | None  # what brought photos and pictures together
    photos: str  # where they are from


def look(goods: Goods, vision: VisionEncoder, count: int) -> Looks:
    """Looks at everything, and at `count` altered copies of each picture."""
    pictures = _looked(vision, (goods.picture(number) for number in range(len(goods.pages))))
    altered = np.empty((len(pictures), 0, pictures.shape[1]), np.float32)
    if count:
        altered = np.stack([vision.look(copies(goods.picture(at), count)).vectors for at in range(len(pictures))])
    photos = _looked(vision, (goods.photo(number) for number in range(len(goods.shown))))
    return Looks(pictures, altered, photos, _looked(vision, spoilt_photos(goods)))


def spoilt_photos(goods: Goods) -> Iterator[Image.Image]:
    """Each photo with nothing left in it, in one of the ways by chance."""
    lot = np.random.default_rng(0)
    for number in range(len(goods.shown)):
        yield spoiling.picture(goods.photo(number), spoiling.PICTURES[lot.integers(len(spoiling.PICTURES))], lot)


def _looked(vision: VisionEncoder, images: Iterable[Image.Image]) -> F32:
    found, waiting = [], iter(tqdm(images, desc="pictures", leave=False))
    while some := list(islice(waiting, _BATCH)):
        found.append(vision.look(some).vectors)
    return np.concatenate(found)


def seen(looks: Looks, head: PhotoHead | None, telling: Telling | None) -> Eyes:
    """What an import and a turn make of it; without a head vectors are taken as they are."""
    shows, spoilt_shows = (
        np.ones(len(some), bool) if telling is None else telling.tells(some) for some in (looks.photos, looks.spoilt)
    )
    if head is None:
        return Eyes(looks.pictures, looks.photos, looks.spoilt, shows, spoilt_shows)
    pictures = head.pictures(looks.pictures, looks.copies)
    return Eyes(pictures, head.photos(looks.photos), head.photos(looks.spoilt), shows, spoilt_shows)


def trials(
    parts: Parts, goods: Goods, asked: Mapping[str, Asked], head: Callable[[Looks], PhotoHead | None], photos: str
) -> Trials:
    """Looks at the goods, brings photos and pictures together by the head that is made of what was seen, and reads the
    words."""
    looks = look(goods, parts.vision, parts.settings.picture_copies)
    made, fusing = head(looks), parts.fusing
    eyes = seen(looks, made, fusing.telling)
    found = {name: (some, trial(goods, some, eyes, parts.text, fusing.words)) for name, some in asked.items()}
    return Trials(goods, found, made, photos)


def trial(goods: Goods, queries: Asked, eyes: Eyes, encoder: E5, words: Words) -> Trial:
    """The queries and the goods as vectors."""
    pages, kinds = encoder.passages(goods.pages), encoder.passages(goods.kinds)
    return Trial(
        text=_english(words, encoder, queries.words, queries.language),
        photo=eyes.photos[queries.photo],
        spoilt_text=_english(words, encoder, queries.spoilt(), queries.language),
        spoilt_photo=eyes.spoilt[queries.photo],
        item=queries.item,
        shown=goods.shown[queries.photo],
        texts=(centred(pages, pages.mean(axis=0)), centred(kinds, words.means[ENGLISH])),
        pictures=eyes.pictures,
        category=np.unique(goods.kinds, return_inverse=True)[1],
        attributes=_shared(goods.traits),
        shows=eyes.shows[queries.photo],
        spoilt_shows=eyes.spoilt_shows[queries.photo],
        fold=dealt(goods.groups),
    )


def _english(words: Words, encoder: E5, said: Sequence[str], tags: Sequence[str]) -> F32:
    """The vectors [n, t] of words; zeros of what was not heard."""
    pairs = list(zip(said, tags, strict=True))
    different = sorted(set(pairs))
    vectors = encoder.queries([word for word, _ in different])
    found = {
        pair: words.english(vector[None], pair[1])[0] if pair[0] else np.zeros_like(vector)
        for pair, vector in zip(different, vectors, strict=True)
    }
    return np.stack([found[pair] for pair in pairs])


def _shared(traits: Sequence[frozenset[str]]) -> F32:
    """Which of the traits that at least two products have each has, [m, a]."""
    counts = Counter(trait for some in traits for trait in some)
    shared = sorted(trait for trait, count in counts.items() if count > 1)
    return np.array([[trait in some for trait in shared] for some in traits], np.float32)
