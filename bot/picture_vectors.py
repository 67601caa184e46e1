"""Product pictures as the index has them: what the vision encoder sees, brought to where customers' photos lie.

A shop's head is made once, at the first import that has pictures, out of the pictures alone; `train` makes a better one
from photos of products (`python -m bot train --photos`). Another head makes all vectors of pictures anew, and so does
another number of altered copies (BABELDESK_PICTURE_COPIES), which the head's file tells.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from bot import product_pictures
from bot.errors import NotReady
from bot.fusion.features import F32
from bot.fusion.photo_head import PhotoHead, untaught
from bot.parts import Parts
from bot.product_pictures import Shelf
from bot.senses.media import decode_photo
from bot.senses.vision_views import copies

_SAMPLE = 500  # pictures that a head is made of
_FEW = 10  # pictures from which on what they share is taken for what pictures share
_BATCH = 16


@dataclass(frozen=True)
class Pictures:
    """The shop's pictures, by their hashes."""

    parts: Parts
    _kept: dict[str, tuple[F32, F32]] = field(default_factory=dict)  # those that the head was made of, looked at once

    def __call__(self, names: Sequence[str]) -> F32:
        """The vectors [n, d] of pictures, for the index."""
        if self.parts.shared_space is not None:
            return np.asarray(self.parts.shared_space.look(self._images(names)).vectors)
        head = self.parts.photo_head
        assert head is not None, "not made ready"
        missing = [name for name in names if name not in self._kept]
        fresh = dict(zip(missing, zip(*self.looked(missing), strict=True), strict=True)) if missing else {}
        vectors, altered = zip(*(fresh.get(name) or self._kept[name] for name in names), strict=True)
        return head.pictures(np.stack(vectors), np.stack(altered), names)

    def ready(self) -> None:
        """Makes a head of the shop's own pictures where it has pictures and no head; kept for the imports to come.

        Where another number of copies is set by now, a head of the pictures alone is made again; one that photos taught
        stays, and only notes the number, so that all vectors of pictures are made again.
        """
        if self.parts.shared_space is not None:
            return
        head, count = self.parts.photo_head, self.parts.settings.picture_copies
        if head is not None and head.copies == count:
            return
        known = sorted({picture.media for picture in self.parts.store.all_pictures() if picture.media})
        if not known:
            return
        if head is None or head.metric is None:
            keep(self.parts.photo_head_file, self._made(known[:: -(-len(known) // _SAMPLE)]))
        else:
            keep(self.parts.photo_head_file, replace(head, copies=count))

    def looked(self, names: Sequence[str]) -> tuple[F32, F32]:
        """What the encoder makes of pictures, [n, p], and of altered copies of each, [n, k, p].

        Raises:
            NotReady: a picture is not in the media folder.
        """
        images, count = self._images(names), self.parts.settings.picture_copies
        vectors = self.parts.vision.look(images).vectors
        if not count:
            return vectors, np.empty((len(names), 0, vectors.shape[1]), np.float32)
        with ThreadPoolExecutor(product_pictures.THREADS, "pictures") as pool:
            altered = list(pool.map(lambda image: copies(image, count), images))
        return vectors, np.stack([self.parts.vision.look(some).vectors for some in altered])

    def _images(self, names: Sequence[str]) -> list[Image.Image]:
        shelf = Shelf(self.parts.store, self.parts.media, self.parts.settings.limits)
        try:
            contents = [shelf.file(name).read_bytes() for name in names]
        except OSError as error:
            raise NotReady(f"A picture is missing: {error}. Import the products again.") from None
        with ThreadPoolExecutor(product_pictures.THREADS, "pictures") as pool:
            return list(pool.map(lambda content: decode_photo(content, shelf.limits), contents))

    def _made(self, names: Sequence[str]) -> PhotoHead:
        found = [self.looked(few) for few in (names[at : at + _BATCH] for at in range(0, len(names), _BATCH))]
        vectors, altered = (np.concatenate(part) for part in zip(*found, strict=True))
        self._kept.update(zip(names, zip(vectors, altered, strict=True), strict=True))
        head = untaught(vectors, altered if altered.shape[1] else vectors[:, None])
        # Of a few pictures the mean is mostly what they show, not what all pictures share.
        share = np.float32(len(names) / (len(names) + _FEW))
        return PhotoHead(
            share * head.photo_mean,
            share * head.picture_mean,
            share * head.copy_mean,
            None,
            copies=self.parts.settings.picture_copies,
        )


def keep(file: Path, head: PhotoHead) -> None:
    """Writes the head as a whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".head-") as folder:
        made = Path(folder) / file.name
        head.save(made)
        made.replace(file)
