"""What can be wrong with a feed: the whole file (FeedError), or one cell of a row (BadCell)."""

from __future__ import annotations


class FeedError(Exception):
    """A file that can't be read as a feed at all; `line` is 0 where the matter is the file as a whole."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class BadCell(Exception):
    """A cell that keeps its row from being taken. `column` is the contract's name for it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason
