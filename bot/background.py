"""What any question is held against, to tell an answer from chance: passages about many things in many languages.

They are those of every third product of the demo shop. The shop's own passages won't do: a shop that sells only mugs
has no passage that stands out for "a mug", and a small one too few. scripts/train encodes them; the vectors come with
the project in bot/trained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import NotReady
from knowledge.feeds import products
from knowledge.passages import of_product, searched
from knowledge.records import Product

F32 = NDArray[np.float32]
TRAINED = Path(__file__).with_name("trained") / "background.npz"
_FEED = Path(__file__).with_name("demo") / "products.tsv"
_EVERY = 3


def encode(passages: Callable[[Sequence[str]], F32]) -> F32:
    """The passages as vectors [n, d]."""
    return passages(_texts())


def save(vectors: F32, encoder: str) -> None:
    """Keeps the vectors in the project, in half precision."""
    np.savez(TRAINED, vectors=vectors.astype(np.float16), fingerprint=fingerprint(encoder))


def load(encoder: str) -> F32:
    """The vectors [n, d] that come with the project.

    Raises:
        NotReady: they are of other passages, or by another encoder.
    """
    with np.load(TRAINED) as kept:
        if str(kept["fingerprint"]) != fingerprint(encoder):
            raise NotReady("The background was encoded from other texts: run scripts/train.")
        vectors: F32 = kept["vectors"].astype(np.float32)
        return vectors


def fingerprint(encoder: str) -> str:
    """Of the passages, and the encoder by its name."""
    return hashlib.sha256("\n".join((encoder, *_texts())).encode()).hexdigest()


def _texts() -> list[str]:
    taken = [row for row in products.read(_FEED) if isinstance(row, Product)][::_EVERY]
    return [searched(passage) for product in taken for passage in of_product(product)]
