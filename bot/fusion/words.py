"""Short words of other languages, brought to where the text encoder puts their English.

A sentence lands near its translation; a single word, which is all that often comes with a photo, lands anywhere among
the words of its own language. A map for each language, fitted on names of things in many languages, undoes a good part
of that: ridge regression (Hoerl and Kennard, 1970) from a word's vector to its English word's, both less the mean of
their language (Mikolov et al., 2013, do the same with word vectors).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.fusion.features import F32, centred, unit

ENGLISH = "en"
_RIDGE = 0.3  # best of .1, .3, 1, 3 on names held out of the fit
_RANK = 192  # of the maps as they are kept: half the size for none of the use


@dataclass(frozen=True)
class Words:
    """The means [t] and the maps [t, t] of languages, the maps as two thin matrices [t, r] and [r, t]."""

    means: Mapping[str, F32]
    maps: Mapping[str, tuple[F32, F32]]

    def english(self, vectors: F32, language: str) -> F32:
        """Unit vectors [n, t] of words in `language`, to be held against those of English words by their product.

        English words and those of a language that was not learnt are centred alone.
        """
        near = language if language in self.means else language.partition("-")[0]
        found = centred(vectors, self.means.get(near, self.means[ENGLISH]))
        if near not in self.maps:
            return found
        into, out_of = self.maps[near]
        return unit(np.asarray(found @ into @ out_of, np.float32))

    def save(self, file: Path) -> None:
        """Writes the means and the maps in half precision."""
        arrays = {f"{tag}.mean": mean for tag, mean in self.means.items()}
        for tag, (into, out_of) in self.maps.items():
            arrays |= {f"{tag}.into": into, f"{tag}.out": out_of}
        np.savez_compressed(file, allow_pickle=False, **{name: a.astype(np.float16) for name, a in arrays.items()})


def load(file: Path) -> Words:
    """What `Words.save` wrote.

    Raises:
        OSError: it is not there.
        ValueError: it is something else.
    """
    with np.load(file, allow_pickle=False) as arrays:
        found = {name: arrays[name].astype(np.float32) for name in arrays.files}
    means = {name[: -len(".mean")]: mean for name, mean in found.items() if name.endswith(".mean")}
    if ENGLISH not in means:
        raise ValueError(f"{file.name} has no means of words")
    maps = {tag: (found[f"{tag}.into"], found[f"{tag}.out"]) for tag in means if f"{tag}.into" in found}
    return Words(means, maps)


def fit(names: Mapping[str, F32]) -> Words:
    """What the unit vectors [n, t] of n names in several languages teach; row i is the same name in each.

    Raises:
        ValueError: English is not among them.
    """
    if ENGLISH not in names:
        raise ValueError("names are learnt against their English")
    means = {tag: vectors.mean(axis=0) for tag, vectors in names.items()}
    wanted = centred(names[ENGLISH], means[ENGLISH])
    return Words(
        means,
        {tag: _thin(_ridge(centred(vectors, means[tag]), wanted)) for tag, vectors in names.items() if tag != ENGLISH},
    )


def _ridge(given: F32, wanted: F32) -> F32:
    """The matrix [t, t] that brings the rows given nearest to those wanted, by least squares with a penalty."""
    square = given.T @ given + _RIDGE * np.eye(given.shape[1], dtype=np.float32)
    found: F32 = np.linalg.solve(square, given.T @ wanted).astype(np.float32)
    return found


def _thin(whole: F32) -> tuple[F32, F32]:
    """The matrix as the product of two thin ones: as near as such a product comes (Eckart and Young, 1936)."""
    left, values, right = np.linalg.svd(whole)
    root = np.sqrt(values[:_RANK])
    return (left[:, :_RANK] * root).astype(np.float32), (root[:, None] * right[:_RANK]).astype(np.float32)
