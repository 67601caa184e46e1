"""Runs on their way, and when what is said next belongs to what is being answered.

Somebody who sends a photo and asks "how much is this?" two seconds later has asked one thing. While there is no answer
yet, a message joins the one before it: that run ends without one, as cancelled, and the later run answers both.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Literal

import msgspec

from bot.channels import agui
from bot.errors import BabeldeskError
from bot.messages import Message, Part, Photo
from bot.settings import Limits

_MOST_JOINED = 6  # messages that one run answers together; who goes on for longer has an answer in between


class Job:
    """One run on its way: waiting, then answered. `lonely` says that words may still follow a photo without any."""

    def __init__(self, thread: str, run: str, ids: tuple[str, ...], message: Message, *, lonely: bool = False) -> None:
        self.thread = thread
        self.run = run
        self.ids = ids
        self.message = message
        self.lonely = lonely
        self.off: Literal["", "cancelled", "joined"] = ""  # why it ends at its next step
        self.joined = 0  # messages before it that it answers as well
        self.ack = ""  # as logged, once it is
        self.begun = asyncio.Event()  # stored, and acknowledged in the log
        self.ended = asyncio.Event()  # whatever happened
        self.broken = False  # ended without an event that says so
        self.steps: list[str] = []  # begun and not done
        self.heard = 0  # events that the turn has told

    @property
    def lead(self) -> str:
        """The message id that names the run."""
        return self.ids[-1]


class Line:
    """The runs of one thread."""

    def __init__(self) -> None:
        self.door = asyncio.Lock()  # one at a time decides whether its messages are new
        self.jobs: deque[Job] = deque()  # the first one is being answered
        self.stirred = asyncio.Event()  # something came in, or was called off
        self.visitors = 0
        self.task: asyncio.Task[None] | None = None

    def heir(self, job: Job, limits: Limits) -> Job | None:
        """The run that goes on with what `job`, the first one, was asked; None where it is to be answered itself."""
        later = next((other for other in list(self.jobs)[1:] if other.off != "cancelled"), None)
        if later is None or job.off == "cancelled" or job.joined + 1 >= _MOST_JOINED:
            return None
        if job.message.customer != later.message.customer:
            return None
        try:
            agui.checked((*job.message.parts, *later.message.parts), limits)
        except BabeldeskError:
            return None  # more than one message may hold
        return later


def wordless(parts: Sequence[Part]) -> bool:
    """Whether there is nothing but photos: what is asked about them may come next."""
    return all(isinstance(part, Photo) for part in parts)


def both(earlier: Message, later: Message) -> Message:
    """The later message with the parts of the earlier one before its own."""
    return msgspec.structs.replace(
        later,
        parts=(*earlier.parts, *later.parts),
        language=later.language or earlier.language,
        country=later.country or earlier.country,
    )
