"""Rows of a CSV or TSV file with the lines on which they begin, read one at a time.

A file is UTF-8, with or without a byte order mark; its first row names the columns. A tab in that row makes it a TSV.
Cells may be quoted, and then hold line ends; the line numbers stay those of the file. Columns that are not asked for
are passed over. A row that can't be split into cells is refused, and reading goes on at the line after its first.

A file that was cut off in the middle is no feed: its last row lacks cells and the line end, or ends within quotes. What
can't be seen is a cut at the end of a row, or within the last cell of a row.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from knowledge.feeds import cells
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.watched import Done, ignore, watched
from knowledge.records import Refused

MOST_LINE_BYTES = 1_000_000
MOST_ROW_LINES = 500  # a row that takes more has a quotation mark that is never closed

_IN_LANGUAGE = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


class Columns(msgspec.Struct, frozen=True):
    """The columns that a feed reads. Those in `languages` may come again, or only, with a language: title[es].

    `names` gives further spellings of a column, in small letters with _ for each space.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    names: dict[str, str] = {}


class Row(msgspec.Struct, frozen=True):
    """One row: `cells` by the contract's column names, stripped; `written` gives the names as the header has them."""

    file: str
    line: int
    cells: dict[str, str]
    written: dict[str, str]

    def take(self, column: str, parse: Callable[[str], T]) -> T:
        """The value of a cell that must hold one. Raises BadCell."""
        text = self.cells.get(column, "")
        if not text:
            raise BadCell(column, "is empty")
        try:
            return parse(text)
        except ValueError as wrong:
            raise BadCell(column, str(wrong)) from None

    def maybe(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell, None where it is empty. Raises BadCell."""
        return self.take(column, parse) if self.cells.get(column) else None

    def refused(self, column: str, reason: str) -> Refused:
        """This row as refused for what stands in `column`."""
        return Refused(self.file, self.line, self.written.get(column, column), reason, self.cells.get("id", ""))


def records(
    path: Path, columns: Columns, make: Callable[[Row], T], done: Done = ignore
) -> Iterator[tuple[Row, T] | Refused]:
    """Each row with what `make` makes of it; where `make` raises BadCell, the row is refused. Raises FeedError."""
    for row in rows(path, columns, done):
        if isinstance(row, Refused):
            yield row
            continue
        try:
            yield row, make(row)
        except BadCell as bad:
            yield row.refused(bad.column, bad.reason)


def rows(path: Path, columns: Columns, done: Done = ignore) -> Iterator[Row | Refused]:
    """The rows below the header that hold anything.

    Raises:
        FeedError: the file can't be opened, is not UTF-8, is cut off, has a NUL byte, a line over MOST_LINE_BYTES or no
            proper header. It may come after rows were given, so whoever stores them does so in one transaction.
    """
    with watched(path, done) as file:
        yield from rows_of(file, path.name, columns)


def rows_of(file: BinaryIO, name: str, columns: Columns) -> Iterator[Row | Refused]:
    """As rows, of a file that is open already. Raises FeedError."""
    yield from _rows(_Lines(file, name), columns)


def names(line: str) -> list[str]:
    """The column names of a header, in small letters with _ for each space; none where it can't be split."""
    try:
        return [_small(name) for name in _split(line.strip("\r\n"), "\t" if "\t" in line else ",")]
    except csv.Error:
        return []


def merged(first: S, later: S, columns: dict[str, str], line: int) -> S:
    """What two rows say of one record; `columns` gives the column of each field. None in one is filled by the other.

    Raises:
        BadCell: they contradict each other. The values are not quoted: they may be personal.
    """
    filled = {}
    for field, column in columns.items():
        one, other = getattr(first, field), getattr(later, field)
        if one is None:
            filled[field] = other
        elif other is not None and one != other:
            raise BadCell(column, f"contradicts line {line}, which has the same id")
    return msgspec.structs.replace(first, **filled)


class _Lines:
    """The lines of a file as text. `taken` holds those of the row being read, the first of which is number `line`."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.line = 1
        self.taken: list[str] = []
        self._file = file
        self._waiting: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_ROW_LINES:
            raise csv.Error("a quotation mark is not closed")
        text = self._waiting.popleft() if self._waiting else self._read()
        self.taken.append(text)
        return text

    def begin(self) -> None:
        """The row is done; the next begins on the line after it."""
        self.line += len(self.taken)
        self.taken.clear()

    def give_back(self) -> None:
        """All but the first line of the row come again."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _read(self) -> str:
        raw = self._file.readline(MOST_LINE_BYTES + 1)
        number = self.line + len(self.taken)
        if not raw:
            raise StopIteration
        if len(raw) > MOST_LINE_BYTES:
            raise FeedError(self.name, number, f"is longer than {MOST_LINE_BYTES} bytes")
        if b"\0" in raw:
            raise FeedError(self.name, number, "has a NUL byte, so it is not text in UTF-8")
        try:
            return raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise FeedError(self.name, number, "is not text in UTF-8") from None


def _rows(lines: _Lines, columns: Columns) -> Iterator[Row | Refused]:
    header, delimiter = _header(lines)
    places = _places(header, columns, lines)
    written = {column: header[place] for column, place in places.items()}
    while True:
        lines.begin()
        try:
            found = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error as wrong:
            if str(wrong) == "unexpected end of data" and not _is_row(lines.taken, delimiter, len(header)):
                reason = "is cut off: the file ends within a quotation mark that is opened here"
                raise FeedError(lines.name, lines.line, reason) from None
            lines.give_back()
            yield Refused(lines.name, lines.line, "", _why(wrong))
            continue
        if not any(cell.strip() for cell in found):
            continue
        if len(found) != len(header):
            last = lines.line + len(lines.taken) - 1
            if len(found) < len(header) and not lines.taken[-1].endswith(("\n", "\r")):
                reason = f"is cut off: it has {len(found)} cells and no line end, the header {len(header)}"
                raise FeedError(lines.name, last, reason)
            where = "" if last == lines.line else f"to line {last} "
            yield Refused(lines.name, lines.line, "", f"{where}has {len(found)} cells, the header {len(header)}")
            continue
        values = {column: found[place].strip().replace("\r\n", "\n") for column, place in places.items()}
        yield Row(lines.name, lines.line, values, written)


def _is_row(taken: list[str], delimiter: str, cells: int) -> bool:
    """Whether the last of several lines is a whole row: then a quotation mark before it was a slip, and no cut."""
    if len(taken) < 2 or not taken[-1].endswith("\n"):
        return False
    try:
        return len(_split(taken[-1], delimiter)) == cells
    except csv.Error:
        return False


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True), [])


def _header(lines: _Lines) -> tuple[list[str], str]:
    """The column names as written, and what stands between them."""
    for text in lines:
        if not text.strip():
            lines.begin()
            continue
        if not text.endswith("\n"):
            raise FeedError(lines.name, lines.line, "is cut off: there is no line end after the header")
        delimiter = "\t" if "\t" in text else ","
        try:
            return [name.strip() for name in _split(text, delimiter)], delimiter
        except csv.Error as wrong:
            raise FeedError(lines.name, lines.line, f"the header {_why(wrong)}") from None
    raise FeedError(lines.name, 0, "is empty")


def _small(name: str) -> str:
    return "_".join(name.lower().split())


def _places(header: list[str], columns: Columns, lines: _Lines) -> dict[str, int]:
    """Where each column stands that is read; image link, Image_Link and image_link are one, as at Google."""
    known = {*columns.required, *columns.optional}
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        column = columns.names.get(_small(name), _small(name))
        match = _IN_LANGUAGE.fullmatch(name)
        if match and _small(match[1]) in columns.languages:
            try:
                column = f"{_small(match[1])}[{cells.language(match[2].strip())}]"
            except ValueError as wrong:
                raise FeedError(lines.name, lines.line, f"column {cells.shown(name)}: {wrong}") from None
        elif column not in known:
            continue
        if column in places:
            raise FeedError(lines.name, lines.line, f"has the column {column} twice")
        places[column] = place
    there = {*places, *(column.partition("[")[0] for column in places)}
    missing = [column for column in columns.required if column not in there]
    if missing:
        raise FeedError(lines.name, lines.line, f"the header lacks {', '.join(missing)}")
    return places


def _why(wrong: csv.Error) -> str:
    if "field larger" in str(wrong):
        return f"has a cell of more than {csv.field_size_limit()} characters"
    return "can't be split into cells: the quotation marks don't match, or a line end stands outside of them"
