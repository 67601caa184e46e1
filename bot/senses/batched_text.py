"""The text encoder of a server: questions of many conversations go through the model together (batching.py)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.senses.batching import Batcher
from bot.senses.text import E5, Vectors

_MOST = 64  # texts of a batch
_ROOM = 1_024  # texts that may wait: about five seconds of work


class BatchedText:
    """An E5 for many threads: a few questions at a time are gathered, passages and many questions are not."""

    def __init__(self, encoder: E5) -> None:
        self._encoder = encoder
        self._batcher = Batcher(self._together, "text", _MOST, _ROOM, len)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """As `E5.queries`.

        Raises:
            Busy: too many others wait.
        """
        if not texts or len(texts) > _MOST:
            return self._encoder.queries(texts)
        return np.stack(self._batcher(texts))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """As `E5.passages`."""
        return self._encoder.passages(texts)

    def close(self) -> None:
        """Serves what was asked, then ends."""
        self._batcher.close()

    def _together(self, texts: list[str]) -> list[Vectors]:
        # One alone is there sooner by the other engine (EXPERIMENTS.md).
        return list(self._encoder.queries_together(texts) if len(texts) > 1 else self._encoder.queries(texts))
