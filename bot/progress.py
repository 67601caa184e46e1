"""What is shown of whatever takes more than a moment."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """One bar on stderr for whatever takes more than two seconds, by the name of what is under way."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._name = ""

    def __call__(self, name: str, fraction: float) -> None:
        """`fraction` of `name` is done, 0..1."""
        if name != self._name:
            self.close()
            self._name = name
            self._bar = tqdm(total=100, desc=name, unit="%", delay=1, leave=False, file=sys.stderr)
        if self._bar is not None:
            self._bar.update(round(100 * fraction) - self._bar.n)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._name = None, ""
