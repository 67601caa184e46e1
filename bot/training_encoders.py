"""A text encoder and a picture encoder trained end to end, as one more method of fusion beside those over vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bot.errors import BadInput
from bot.fusion.features import F32, I64, unit
from bot.fusion.train import Bools, Score, Trial, Way
from bot.measures.queries import Asked, Goods, spoilt_photos

if TYPE_CHECKING:
    from bot.fusion.encoders import Pair

NAME = "encoders, end to end"
STEPS = 200
_WIDTH = 128
_SIDE = 256  # of the pictures that are held
_BATCH = 32


def assembled(folders: tuple[Path, Path], seed: int) -> Pair:
    """The encoders of the two folders, of texts and of pictures, as `transformers` saves them; nothing is fetched.

    Raises:
        BadInput: a folder holds no such model.
    """
    from bot.fusion import encoders  # transformers takes seconds to import

    try:
        return encoders.assemble(*folders, _WIDTH, seed)
    except (OSError, ValueError, KeyError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{folders[0]} and {folders[1]} are no text and picture encoders: {why}") from None


@dataclass(frozen=True)
class Images:
    """All that the picture encoder is shown of the goods, in memory and small."""

    pictures: list[Image.Image]
    photos: list[Image.Image]
    spoilt: list[Image.Image]


def images(goods: Goods) -> Images:
    """Opens them all."""
    return Images(
        [_small(goods.picture(at)) for at in range(len(goods.pages))],
        [_small(goods.photo(at)) for at in range(len(goods.shown))],
        [_small(image) for image in spoilt_photos(goods)],
    )


def way(folders: tuple[Path, Path], goods: Goods, seen: Images, asked: Asked) -> Way:
    """Trains both encoders on the queries of a fold, and on what the shop says and shows of their products."""

    def fitted(trial: Trial, rows: I64, known: Bools, seed: int) -> tuple[Trial, Score]:
        from bot.fusion import encoders

        pair, mine = assembled(folders, seed), np.flatnonzero(known)
        rows = rows[[bool(asked.words[row]) for row in rows]]  # what was not heard teaches nothing
        texts = [asked.words[row] for row in rows] + [goods.pages[item] for item in mine]
        shown = [seen.photos[asked.photo[row]] for row in rows] + [seen.pictures[item] for item in mine]
        item = [*trial.item[rows].tolist(), *mine.tolist()]
        encoders.train(pair, texts, shown, item, seed, steps=STEPS, batch=_BATCH)
        read = replace(
            trial,
            text=_read(pair, asked.words),
            spoilt_text=_read(pair, asked.spoilt()),
            photo=pair.encode(None, seen.photos)[asked.photo],
            spoilt_photo=pair.encode(None, seen.spoilt)[asked.photo],
            texts=(pair.encode(goods.pages, None),),
            pictures=pair.encode(None, seen.pictures),
        )
        items = unit(read.item_text + read.pictures)
        return read, lambda text, photo: _added(text, photo) @ items.T

    return fitted


def _added(text: F32 | None, photo: F32 | None) -> F32:
    given = [part for part in (text, photo) if part is not None]
    return unit(np.sum(given, axis=0, dtype=np.float32))


def _read(pair: Pair, said: list[str]) -> F32:
    """The vectors [n, d] of words; zeros of what was not heard."""
    different = sorted({word for word in said if word})
    found = dict(zip(different, pair.encode(different, None), strict=True)) if different else {}
    return np.stack([found[word] if word else np.zeros(_WIDTH, np.float32) for word in said])


def _small(image: Image.Image) -> Image.Image:
    image = image.convert("RGB")
    image.thumbnail((_SIDE, _SIDE))
    return image
