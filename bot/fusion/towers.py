"""Two small networks, one for text and one for photos, whose vectors add: what several fusion methods learn.

The sum is what makes a missing part harmless: a vector's length says how much its part tells, a vague word's is short,
and of a query with one part the other's is left out. It is the log of a product of experts (Hinton, 2002), where an
expert's opinion of an item is the product of the item's vector and its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bot.fusion.features import F32, Lessons, centred, unit
from bot.fusion.networks import Dropout, Layers, layers, mlp, pack, run, unpack

WIDTH = 128  # of the common space
_DIRECTIONS = 256  # of the features that are learnt from: the rest is noise in a catalogue of thousands
_DROPOUT = 0.3
_LITTLE = 0.02


@dataclass(frozen=True)
class Towers:
    """What was learnt, worked in numpy."""

    text_mean: F32  # [t], taken off before the row is brought to length 1
    photo_mean: F32  # [p]
    text: Layers  # t → d
    photo: Layers  # p → d

    def encode(self, text: F32 | None, photo: F32 | None) -> F32:
        """Vectors [n, d] of length 1 of texts [n, t], photos [n, p], or both.

        Raises:
            ValueError: both are missing.
        """
        return unit(self.summed(text, photo))

    def summed(self, text: F32 | None, photo: F32 | None) -> F32:
        """The vectors before they are brought to length 1.

        Raises:
            ValueError: both are missing.
        """
        parts = ((text, self.text_mean, self.text), (photo, self.photo_mean, self.photo))
        given = [run(network, centred(x, mean)) for x, mean, network in parts if x is not None]
        if not given:
            raise ValueError("neither text nor photo")
        return given[0] if len(given) == 1 else given[0] + given[1]

    def arrays(self) -> dict[str, F32]:
        means = {"text_mean": self.text_mean, "photo_mean": self.photo_mean}
        return means | pack("text", self.text) | pack("photo", self.photo)


def from_arrays(arrays: Mapping[str, F32]) -> Towers:
    """What `Towers.arrays` gave, made whole again.

    Raises:
        ValueError: an array is missing, or the shapes do not fit one another.
    """
    text, photo = unpack("text", arrays), unpack("photo", arrays)
    none = np.empty(0, np.float32)
    towers = Towers(arrays.get("text_mean", none), arrays.get("photo_mean", none), text, photo)
    means = ((towers.text_mean, text), (towers.photo_mean, photo))
    if any(mean.shape != net[0][0].shape[1:] for mean, net in means) or text[-1][1].shape != photo[-1][1].shape:
        raise ValueError("the arrays of a checkpoint of two towers do not fit one another")
    return towers


class Learning(nn.Module):
    """The two projections while they learn, and the lessons as they see them: along their principal directions.

    At the start the first half of the common space holds the text's main directions and the second half the photo's, so
    that products of vectors begin as late fusion of the features themselves; learning then moves away from that only
    as far as the lessons ask. Dropout of the inputs keeps it from leaning on few directions, which products that come
    later may not share.
    """

    def __init__(self, lessons: Lessons, generator: torch.Generator) -> None:
        super().__init__()
        self.text_mean = _mean(lessons.text, lessons.item_text)
        self.photo_mean = _mean(lessons.photo, lessons.item_photo)
        texts = [centred(x, self.text_mean) for x in (lessons.text, lessons.item_text)]
        photos = [centred(x, self.photo_mean) for x in (lessons.photo, lessons.item_photo)]
        self.text_basis, self.photo_basis = _principal(texts), _principal(photos)
        self.query = torch.from_numpy(texts[0] @ self.text_basis), torch.from_numpy(photos[0] @ self.photo_basis)
        self.item = torch.from_numpy(texts[1] @ self.text_basis), torch.from_numpy(photos[1] @ self.photo_basis)
        self.text = _projection(self.text_basis.shape[1], 0, generator)
        self.photo = _projection(self.photo_basis.shape[1], WIDTH // 2, generator)

    def of_queries(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """What the texts and the photos of these queries give, [b, d] each."""
        return self.text(self.query[0][rows]), self.photo(self.query[1][rows])

    def of_items(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """What the texts and the photos of these items give, [b, d] each."""
        return self.text(self.item[0][numbers]), self.photo(self.item[1][numbers])

    def learnt(self) -> Towers:
        """The projections' weights, taken out, as they apply to the features themselves."""
        whole = []
        for network, basis in ((self.text, self.text_basis), (self.photo, self.photo_basis)):
            ((weights, bias),) = layers(network)
            whole.append(((weights @ basis.T, bias),))
        return Towers(self.text_mean, self.photo_mean, *whole)


def _mean(queries: F32, items: F32) -> F32:
    """Half way between the means of the two: a shop's pictures differ from its customers' by more than they show."""
    mean: F32 = ((queries.mean(0) + items.mean(0)) / 2).astype(np.float32)
    return mean


def _principal(kinds: Sequence[F32]) -> F32:
    """The main directions [d, k] of the rows of all kinds, each kind counting alike however many rows it has."""
    second = sum((x.T @ x / len(x) for x in kinds), start=np.zeros((1, 1), np.float32))
    directions = np.linalg.eigh(second)[1][:, ::-1][:, :_DIRECTIONS]
    return np.ascontiguousarray(directions, np.float32)


def _projection(taken: int, first: int, generator: torch.Generator) -> nn.Sequential:
    """From `taken` numbers to WIDTH: the main ones land on the places from `first`, and a little of all everywhere."""
    linear = mlp((taken, WIDTH), 0.0, generator)[0]
    assert isinstance(linear, nn.Linear)
    main = torch.arange(min(WIDTH // 2, taken))
    with torch.no_grad():
        linear.weight.normal_(std=_LITTLE, generator=generator)
        linear.weight[first + main, main] += 1
    return nn.Sequential(Dropout(_DROPOUT, generator), linear)
