"""A text that no log shows."""

from __future__ import annotations


class Secret:
    """A text that shows itself to nobody who does not ask for its `value`: not in a log, an error or a repr."""

    def __init__(self, value: str = "") -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret()"

    def __str__(self) -> str:
        return "…" if self.value else ""

    def __bool__(self) -> bool:
        return bool(self.value)
