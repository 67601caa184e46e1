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

from knowledge import bm25
from knowledge.arrays import LOADING

_VOCABULARY = 8_000  # an upper bound; a small shop's texts give fewer pieces
_TRAINED_ON = 50_000  # texts: more teach the model no new pieces worth the minutes
_CHARACTERS = 4_000_000  # of these texts: 50 bytes of memory each, and half a minute of all where no spaces part words
_LONGEST_QUERY = 2_000  # characters of a query that are looked at
_SPACE = "▁"
_BYTES_A_LETTER = 3  # in UTF-8, of most scripts that a shop's texts may lack


def train(texts: Sequence[str]) -> bytes:
    """A SentencePiece unigram model of `texts` (Kudo, 2018), as the bytes of its file; the same texts, the same bytes.

    Text is folded by NFKC and case. What no text had is split into bytes, so that every query can be read.

    Raises:
        ValueError: no text holds anything but space.
    """
    # Drawn by lot: a shop's languages take turns, and every nth text may be of the same one.
    lot = np.random.default_rng(0)
    drawn = np.sort(lot.choice(len(texts), min(len(texts), _TRAINED_ON), replace=False)).tolist()
    read = (" ".join(_readable(texts[number]).split()) for number in drawn)
    lines = sorted({line for line in read if line})
    if not lines:
        raise ValueError("there are no texts to train on")
    kept = max(1, len(lines) * _CHARACTERS // max(_CHARACTERS, sum(map(len, lines))))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(lines[number * len(lines) // kept] for number in range(kept)),
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


def write(folder: Path, texts: Sequence[str]) -> None:
    """Trains on `texts` and writes the model and the index of them into `folder`, which is made; row i is texts[i].

    Memory stays the same however many they are, but for four bytes a text.

    Raises:
        ValueError: as `train`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = train(texts)
    (folder / "pieces.model").write_bytes(model)
    reader = sentencepiece.SentencePieceProcessor(model_proto=model)
    read = (reader.encode(_readable(texts[number])) for number in range(len(texts)))
    bm25.write(folder, read, reader.vocab_size())


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
    def open(cls, folder: Path) -> Pieces:
        """What `write` wrote; the scores are memory-mapped."""
        with LOADING:
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
