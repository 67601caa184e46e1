"""What is kept of threads, as values."""

from __future__ import annotations

from typing import Literal

import msgspec
from ag_ui.core import BaseEvent

from bot.messages import Message, Reply

State = Literal["running", "done", "cancelled", "joined", "failed", "refused", "lost"]
REPEATABLE: frozenset[State] = frozenset({"failed", "refused", "lost"})  # such a message may be sent again


class Opened(msgspec.Struct, frozen=True):
    """A thread that its caller may use: where its event log stands, and whom it is bound to."""

    id: str
    epoch: int
    seq: int
    customer: str | None


class Run(msgspec.Struct, frozen=True):
    """What became of a message."""

    lead: str
    run: str
    state: State
    first: int
    ack: str


class Logged(msgspec.Struct, frozen=True):
    """An event of the log as it went over the wire."""

    seq: int
    body: str


class Beginning(msgspec.Struct, frozen=True):
    """A run that begins: the ids of the messages that it answers together, and what was typed in them."""

    thread: str
    run: str
    ids: tuple[str, ...]
    question: str
    opening: tuple[BaseEvent, BaseEvent]  # RUN_STARTED, ack
    message: Message


class Ending(msgspec.Struct, frozen=True):
    """How a run ends: its last events, and the reply or the code of the error that its customer is told of."""

    events: list[BaseEvent]
    state: State
    reply: Reply | None = None
    code: str = ""


class Question(msgspec.Struct, frozen=True):
    """A message that was stored, by the id that names its run. `joins` says that its turn answers those before too."""

    lead: str
    typed: str
    joins: bool


class Left(msgspec.Struct, frozen=True):
    """A run that an earlier process left unfinished: how many events it has told, and its open steps."""

    thread: str
    run: str
    lead: str
    ack: str
    told: int
    steps: tuple[str, ...]
    message: Message
