"""What a chat model is given to write, and the seam behind which it stands."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """The lines of a reply, each as our phrases say it, in `language` (BCP 47), and the question that they answer.

    Nothing else of the shop's records reaches a model. The question is data, as all that a customer writes.
    """

    language: str
    question: str
    lines: tuple[str, ...]

    @property
    def most(self) -> int:
        """Characters that a rewriting may have; what is longer says more than the plan."""
        return 200 + 3 * sum(map(len, self.lines))


class WritingFailed(Exception):
    """The model wrote nothing that could be used; the message says why and holds nothing of what it was given."""


class Writer(Protocol):
    """Writes the lines of a plan anew, one for one."""

    def write(self, plan: Plan, seconds: float) -> str:
        """The lines, one a line, within so many seconds.

        Raises:
            WritingFailed: it did not answer, not in time, or with something else.
        """
        ...
