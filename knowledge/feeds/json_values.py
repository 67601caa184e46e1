"""The values of a JSON file with their lines, read one at a time: a list, one object, or one object after another.

An object is taken whole where it is not over MOST_CHARACTERS; of a longer one, the members of its @graph or
itemListElement are read one at a time. Numbers stay text as they are written: 12.50 is no binary fraction.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from knowledge.feeds.errors import FeedError
from knowledge.feeds.watched import CHUNK_BYTES

MOST_CHARACTERS = 8_000_000  # of one value

_LISTS = ("@graph", "itemListElement")
_SPACE = re.compile(r"[ \t\n\r]*")
_AT_THE_END = 16  # an error this near to the end of what was read may only be the end: tru, \u12


class Value(msgspec.Struct, frozen=True):
    """A value, the line on which it begins and its path in the file: "", [3] or @graph[3].

    `around` has the other members of the object that it was taken out of, as far as they stand before it.
    """

    line: int
    path: str
    value: Any
    around: dict[str, Any] = {}


def values(file: BinaryIO, name: str) -> Iterator[Value]:
    """Each member of a list at the top, or each object at the top.

    Raises:
        FeedError: it is not UTF-8, no JSON, is cut off, or has a value that is too long or too deep.
    """
    reader = _Reader(file, name)
    while first := reader.peek():
        if first == "[":
            for index, (line, value) in enumerate(_members(reader)):
                yield Value(line, f"[{index}]", value)
        elif first == "{":
            line = reader.line
            try:
                value = reader.value()
            except _TooLong:
                yield from _inside(reader)
            else:
                yield Value(line, "", value)
        else:
            raise reader.wrong("is not a JSON list or object")


def decode(text: str) -> Any:
    """A whole JSON text. Raises ValueError, RecursionError."""
    return _DECODER.decode(text)


def _members(reader: _Reader) -> Iterator[tuple[int, Any]]:
    """The members of the list that begins here, with their lines."""
    reader.skip("[")
    if reader.peek() == "]":
        return reader.skip("]")
    while True:
        reader.peek()
        line = reader.line
        try:
            yield line, reader.value()
        except _TooLong:
            raise reader.wrong(f"has a value of more than {MOST_CHARACTERS} characters") from None
        if reader.peek() != ",":
            return reader.skip("]")
        reader.skip(",")


def _inside(reader: _Reader) -> Iterator[Value]:
    """The members of the lists of an object that is too long to be taken whole."""
    around: dict[str, Any] = {}
    mark = "{"
    while True:
        reader.skip(mark)
        reader.peek()
        key = reader.member()
        if not isinstance(key, str):
            raise reader.wrong("is no JSON: a key is not a string")
        reader.skip(":")
        if reader.peek() == "[" and key in _LISTS:
            for index, (line, value) in enumerate(_members(reader)):
                yield Value(line, f"{key}[{index}]", value, around)
        else:
            around[key] = reader.member()
        mark = ","
        if reader.peek() == "}":
            return reader.skip("}")


class _TooLong(Exception):
    """The value is longer than MOST_CHARACTERS; nothing of it was taken."""


class _Reader:
    """A place in the text of a file; `line` is its number there."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.line = 1
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._ended = False

    def wrong(self, reason: str) -> FeedError:
        return FeedError(self._name, self.line, reason)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._go(match.end() if match else self._at)
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more(CHUNK_BYTES)

    def skip(self, mark: str) -> None:
        """Past `mark`, which must stand next."""
        if not (found := self.peek()):
            raise self._cut()
        if found != mark:
            raise self.wrong(f"is no JSON: {mark} is missing")
        self._go(self._at + 1)

    def member(self) -> Any:
        """A key or a value of an object that is read in parts."""
        try:
            return self.value()
        except _TooLong:
            raise self.wrong(f"has a value of more than {MOST_CHARACTERS} characters") from None

    def value(self) -> Any:
        """The value that begins here. Raises _TooLong."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise self.wrong("is nested too deep") from None
            except json.JSONDecodeError as wrong:
                open_string = wrong.msg.startswith("Unterminated string")
                at_the_end = open_string or wrong.pos >= len(self._text) - _AT_THE_END
                if not at_the_end or (self._ended and not open_string and wrong.pos < len(self._text)):
                    self._go(wrong.pos)
                    raise self.wrong(f"is no JSON: {wrong.msg}") from None
                if self._ended:
                    raise self._cut() from None
            else:
                if end < len(self._text) or self._ended:
                    self._go(end)
                    return value
            length = len(self._text) - self._at
            if length > MOST_CHARACTERS:
                raise _TooLong
            self._more(max(length, CHUNK_BYTES))  # twice as much each time: what was read is parsed again

    def _cut(self) -> FeedError:
        return self.wrong("is cut off: the JSON is not closed")

    def _go(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self, size: int) -> None:
        piece = self._file.read(size)
        self._ended = not piece
        try:
            text = self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError:
            raise FeedError(self._name, 0, "is not text in UTF-8") from None
        self._text = self._text[self._at :] + text
        self._at = 0


_SCHEMA_ORG = re.compile(r"^(?:https?://schema\.org/|schema:)")


def _short(node: dict[str, Any]) -> dict[str, Any]:
    """Keys without schema.org's address, as JSON-LD may have them in its expanded form."""
    if not any(":" in key for key in node):
        return node
    return {_SCHEMA_ORG.sub("", key): value for key, value in node.items()}


# Line ends within a string are no JSON, but pages are full of them and they have one reading alone.
_DECODER = json.JSONDecoder(object_hook=_short, parse_float=str, parse_int=str, parse_constant=str, strict=False)
