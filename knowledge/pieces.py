"""Words for any script: a SentencePiece model trained on the shop's own texts, and BM25 over its pieces."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
import sentencepiece
from numpy.typing import NDArray

_VOCABULARY = 8_000  # an upper bound; a small shop's texts give fewer pieces
_TRAINED_ON = 50_000  # texts, evenly spaced: more teach the model no new pieces worth the minutes
_LONGEST_QUERY = 2_000  # characters of a query that are looked at
_SPACE = "▁"
_BYTES_A_LETTER = 3  # in UTF-8, of most scripts that a shop's texts may lack


def train(texts: Sequence[str]) -> bytes:
    """A SentencePiece unigram model of `texts` (Kudo, 2018), as the bytes of its file; the same texts, the same bytes.

    Text is folded by NFKC and case. What no text had is split into bytes, so that every query can be read.

    Raises:
        ValueError: no text holds anything but space.
    """
    every = -(-len(texts) // _TRAINED_ON)
    read = (" ".join(_readable(texts[number]).split()) for number in range(0, len(texts), max(1, every)))
    lines = sorted({line for line in read if line})
    if not lines:
        raise ValueError("there are no texts to train on")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="unigram",
        vocab_size=_VOCABULARY,
        hard_vocab_limit=False,
        character_coverage=1.0,
        byte_fallback=True,
        normalization_rule_name="nfkc_cf",
        max_sentence_length=1 << 20,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


@dataclass(frozen=True)
class Matches:
    """What shares pieces with a text: `rows` ascending (int64[m]), their BM25 `scores` (float32[m]), and `most`.

    `most` is more than any row could score: the sum of the text's inverse document frequencies, with that of a piece
    in no row for what the shop's texts do not have. A score divided by it says how much of the text the row covers,
    0..1; so a question in another script, of which a row has but a digit, is not covered by it. 0 for an empty text.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    most: float


class Pieces:
    """Okapi BM25, Lucene's variant (Kamphuis et al., 2020; k1 1.5, b 0.75), over the pieces of a trained model."""

    def __init__(self, model: bytes, index: bm25s.BM25) -> None:
        self._model = sentencepiece.SentencePieceProcessor(model_proto=model)
        self._index = index
        index.scores.update({name: np.asarray(index.scores[name]) for name in ("data", "indices", "indptr")})
        counts, n = np.diff(index.scores["indptr"]), index.scores["num_docs"]
        self._weights = np.log1p((n - counts + 0.5) / (counts + 0.5))
        self._heaviest = float(np.log1p((n + 0.5) / 0.5))
        pieces = range(len(counts))
        self._silent = frozenset(p for p in pieces if not self._model.id_to_piece(p).strip(_SPACE))
        self._bytes = frozenset(p for p in pieces if self._model.is_byte(p))

    @classmethod
    def build(cls, texts: Sequence[str]) -> Pieces:
        """Trains on `texts` and indexes them; row i is texts[i].

        Raises:
            ValueError: as `train`.
        """
        model = train(texts)
        reader = sentencepiece.SentencePieceProcessor(model_proto=model)
        vocabulary = {str(piece): piece for piece in range(reader.vocab_size())}
        index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        index.index(
            ([np.array(reader.encode(_readable(text)), np.int32) for text in texts], vocabulary),
            create_empty_token=False,
            show_progress=False,
        )
        return cls(model, index)

    def save(self, folder: Path) -> None:
        """Writes the model and the index into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pieces.model").write_bytes(self._model.serialized_model_proto())
        self._index.save(folder, show_progress=False)

    @classmethod
    def open(cls, folder: Path) -> Pieces:
        """What `save` wrote; the scores are memory-mapped."""
        index = bm25s.BM25.load(folder, mmap=True, load_vocab=False, show_progress=False)
        return cls((folder / "pieces.model").read_bytes(), index)

    def matches(self, text: str) -> Matches:
        """The rows that share a piece with `text`; a piece that stands in it twice counts once."""
        found = self._model.encode(_readable(text[:_LONGEST_QUERY]))
        unread = sum(piece in self._bytes for piece in found) / _BYTES_A_LETTER
        asked = [piece for piece in dict.fromkeys(found) if piece not in self._silent and piece not in self._bytes]
        every = self._index.get_scores_from_ids(asked)
        rows = np.flatnonzero(every)
        return Matches(rows, every[rows], float(self._weights[asked].sum()) + unread * self._heaviest)


def _readable(text: str) -> str:
    """`text` with a question mark for each half of a character, which no UTF-8 has."""
    return text.encode(errors="replace").decode()
