"""Who a thread belongs to, which messages it has seen, and its numbered event log.

The sequence number of an event is taken in the transaction that stores it, so the numbers of a thread have no holes;
only the oldest events are dropped. A run that a crash cut off is found when the next process opens its thread: the
epoch changes, so that clients start over from a snapshot, and its message may be sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from ag_ui.core import BaseEvent
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection

from bot.channels import agui
from bot.errors import Refused

State = Literal["running", "done", "cancelled", "failed", "refused", "lost"]
REPEATABLE: frozenset[State] = frozenset({"failed", "refused", "lost"})  # such a message may be sent again

_METADATA = MetaData()
_THREADS = Table(
    "threads",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("secret", String, nullable=False),  # SHA-256 of it; it is random, so no salt is needed
    Column("customer", String),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),  # of the last event
)
_EVENTS = Table(
    "events",
    _METADATA,
    Column("thread", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("run", String, nullable=False),
    Column("message", String, nullable=False),  # the message that the run answers; empty for an error outside runs
    Column("body", String, nullable=False),  # as it went over the wire
)
_RUNS = Table(
    "runs",
    _METADATA,
    Column("thread", String, primary_key=True),
    Column("message", String, primary_key=True),
    Column("lead", String, nullable=False),  # the last of the messages that one run answers; names the run here
    Column("run", String, nullable=False),
    Column("state", String, nullable=False),
    Column("first", Integer, nullable=False),  # seq of RUN_STARTED
    Column("question", String, nullable=False),  # what was typed
    Column("ack", String, nullable=False),  # the stored ack
    Column("process", String, nullable=False),  # who was answering
    Index("runs_by_state", "thread", "state"),
)


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


class Threads:
    """The threads of one installation, in a SQLite file of their own. Safe in several threads; a method, a transaction.

    `kept` is how many events of a thread are kept at least.
    """

    def __init__(self, url: str, kept: int = 2_000) -> None:
        self._engine = create_engine(url)
        self._kept = kept
        self._process = uuid.uuid4().hex
        event.listen(self._engine, "connect", _durable)
        _METADATA.create_all(self._engine)

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()

    def check(self) -> None:
        """Asks the database something; raises whatever is wrong with it."""
        with self._engine.connect() as connection:
            connection.execute(select(_THREADS.c.id).limit(1)).all()

    def create(self, customer: str | None) -> tuple[Opened, str]:
        """A new thread and its secret, which is kept here only as a hash."""
        name, secret = str(uuid.uuid4()), secrets.token_urlsafe(32)
        return self.join(name, secret, customer), secret

    def open(self, thread: str, secret: str | None, customer: str | None) -> Opened:
        """The thread, for whoever has its secret or is the customer that it is bound to.

        A customer who has the secret of a thread that is nobody's yet makes it theirs.

        Raises:
            Refused: no such thread, or it is not theirs; which of the two is not said.
        """
        with self._engine.begin() as connection:
            opened = self._open(connection, thread, secret, customer)
        if opened is None:
            raise Refused("There is no such conversation, or it is not yours.")
        return opened

    def join(self, thread: str, secret: str, customer: str | None) -> Opened:
        """Like `open`, but a thread that does not exist is made, under the name and secret that the caller has.

        Raises:
            Refused: it is not theirs.
        """
        with self._engine.begin() as connection:
            taken = connection.execute(
                insert(_THREADS).on_conflict_do_nothing(),
                {"id": thread, "secret": _hash(secret), "customer": customer, "epoch": 1, "seq": 0},
            ).rowcount
            if taken:
                return Opened(thread, 1, 0, customer)
            opened = self._open(connection, thread, secret, customer)
        if opened is None:
            raise Refused("There is no such conversation, or it is not yours.")
        return opened

    def _open(self, connection: Connection, thread: str, secret: str | None, customer: str | None) -> Opened | None:
        row = connection.execute(select(_THREADS).where(_THREADS.c.id == thread)).one_or_none()
        knows = hmac.compare_digest(_hash(secret or ""), row.secret if row else _hash("-")) and bool(secret)
        if row is None:
            return None
        owner = row.customer
        if customer is not None and owner not in (None, customer):
            return None  # somebody else is signed in now; the secret was left in the browser
        if not knows and (customer is None or owner != customer):
            return None
        if owner is None and customer is not None:
            owner = customer
            connection.execute(update(_THREADS).where(_THREADS.c.id == thread).values(customer=customer))
        return Opened(thread, row.epoch + self._give_up(connection, thread), row.seq, owner)

    def _give_up(self, connection: Connection, thread: str) -> int:
        """Marks the runs that an earlier process left unfinished; 1 if that changed the epoch, else 0."""
        lost = connection.execute(
            update(_RUNS)
            .where(_RUNS.c.thread == thread, _RUNS.c.state == "running", _RUNS.c.process != self._process)
            .values(state="lost")
        ).rowcount
        if lost:
            connection.execute(update(_THREADS).where(_THREADS.c.id == thread).values(epoch=_THREADS.c.epoch + 1))
        return int(lost > 0)

    def known(self, thread: str, messages: Iterable[str]) -> dict[str, Run]:
        """Of the message ids, those seen before."""
        query = select(_RUNS).where(_RUNS.c.thread == thread, _RUNS.c.message.in_(list(messages)))
        with self._engine.connect() as connection:
            return {row.message: _run(row) for row in connection.execute(query)}

    def begin(
        self, thread: str, run: str, messages: Sequence[str], question: str, opening: tuple[BaseEvent, BaseEvent]
    ) -> str:
        """Stores the messages that one run answers together, with the two events that say so; the ack as stored."""
        with self._engine.begin() as connection:
            seqs, bodies = self._log(connection, thread, run, messages[-1], opening)
            row = {
                "thread": thread,
                "lead": messages[-1],
                "run": run,
                "state": "running",
                "first": seqs[0],
                "question": question,
                "ack": bodies[1],
                "process": self._process,
            }
            _put(connection, [{**row, "message": message} for message in messages])
        return bodies[1]

    def append(self, thread: str, run: str, message: str, events: Sequence[BaseEvent]) -> list[str]:
        """Stores events in order, of the run that answers `message` or, where that is empty, of none; as wire lines."""
        with self._engine.begin() as connection:
            return self._log(connection, thread, run, message, events)[1]

    def finish(self, thread: str, run: str, message: str, events: Sequence[BaseEvent], state: State) -> None:
        """Stores the last events of the run that answers `message` and how it ended."""
        with self._engine.begin() as connection:
            self._log(connection, thread, run, message, events)
            connection.execute(
                update(_RUNS).where(_RUNS.c.thread == thread, _RUNS.c.lead == message).values(state=state)
            )

    def refuse(self, thread: str, run: str, messages: Sequence[str]) -> None:
        """Remembers messages that were no good, so that a client's history does not bring them up in a later run."""
        row = {"thread": thread, "run": run, "state": "refused", "first": 0, "question": "", "ack": ""}
        rows = [{**row, "message": message, "lead": message, "process": self._process} for message in messages]
        with self._engine.begin() as connection:
            connection.execute(insert(_RUNS).on_conflict_do_nothing(), rows)

    def _log(
        self, connection: Connection, thread: str, run: str, message: str, events: Sequence[BaseEvent]
    ) -> tuple[list[int], list[str]]:
        if not events:
            return [], []
        # The update comes first: it takes the write lock, so no one else can take the same numbers.
        last, epoch = connection.execute(
            update(_THREADS)
            .where(_THREADS.c.id == thread)
            .values(seq=_THREADS.c.seq + len(events))
            .returning(_THREADS.c.seq, _THREADS.c.epoch)
        ).one()
        seqs = list(range(last - len(events) + 1, last + 1))
        bodies = [agui.wire(one, seq, epoch, run) for one, seq in zip(events, seqs, strict=True)]
        rows = [
            {"thread": thread, "seq": seq, "run": run, "message": message, "body": body}
            for seq, body in zip(seqs, bodies, strict=True)
        ]
        connection.execute(insert(_EVENTS), rows)
        connection.execute(delete(_EVENTS).where(_EVENTS.c.thread == thread, _EVENTS.c.seq <= last - self._kept))
        return seqs, bodies

    def after(self, thread: str, seq: int, most: int = 200) -> list[Logged] | None:
        """The next events after `seq`, or None where the one that follows was dropped or `seq` never was."""
        query = select(_EVENTS.c.seq, _EVENTS.c.body).where(_EVENTS.c.thread == thread, _EVENTS.c.seq > seq)
        with self._engine.connect() as connection:
            last = connection.execute(select(_THREADS.c.seq).where(_THREADS.c.id == thread)).scalar_one()
            found = [Logged(*row) for row in connection.execute(query.order_by(_EVENTS.c.seq).limit(most))]
        if found:
            return found if found[0].seq == seq + 1 else None
        return [] if seq == last else None

    def of_run(self, thread: str, message: str, seq: int = 0) -> tuple[State, list[Logged]] | None:
        """How the run that answers `message` stands, and its events after `seq`; None where its start was dropped.

        Raises:
            KeyError: no run answers this message.
        """
        with self._engine.connect() as connection:
            row = connection.execute(
                select(_RUNS.c.state, _RUNS.c.first).where(_RUNS.c.thread == thread, _RUNS.c.message == message)
            ).one_or_none()
            if row is None:
                raise KeyError(message)
            # Its state was read first: once that is final, all its events are there.
            found = connection.execute(
                select(_EVENTS.c.seq, _EVENTS.c.body)
                .where(_EVENTS.c.thread == thread, _EVENTS.c.message == message)
                .where(_EVENTS.c.seq >= max(row.first, seq + 1))
                .order_by(_EVENTS.c.seq)
            ).all()
        if not seq and (not found or found[0].seq != row.first):
            return None
        return row.state, [Logged(*one) for one in found]

    def position(self, thread: str) -> tuple[int, int]:
        """Epoch, and the seq that a snapshot stands for: the last one, or where the run that is going began."""
        with self._engine.connect() as connection:
            epoch, last = connection.execute(
                select(_THREADS.c.epoch, _THREADS.c.seq).where(_THREADS.c.id == thread)
            ).one()
            going = connection.execute(
                select(func.min(_RUNS.c.first))
                .join(_EVENTS, (_EVENTS.c.thread == _RUNS.c.thread) & (_EVENTS.c.seq == _RUNS.c.first))
                .where(_RUNS.c.thread == thread, _RUNS.c.state == "running")
            ).scalar()
        return epoch, last if going is None else going - 1

    def questions(self, thread: str, seq: int) -> tuple[list[tuple[str, str]], set[str]]:
        """The stored messages with what was typed, oldest first; and those whose run begins after `seq`."""
        query = select(_RUNS.c.lead, _RUNS.c.question, _RUNS.c.first).where(
            _RUNS.c.thread == thread, _RUNS.c.message == _RUNS.c.lead, _RUNS.c.first > 0
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_RUNS.c.first)).all()
        return [(lead, question) for lead, question, _ in rows], {lead for lead, _, first in rows if first > seq}


def _put(connection: Connection, rows: list[dict[str, object]]) -> None:
    new = insert(_RUNS)
    kept = {name: new.excluded[name] for name in ("lead", "run", "state", "first", "question", "ack", "process")}
    connection.execute(new.on_conflict_do_update(index_elements=["thread", "message"], set_=kept), rows)


def _run(row: object) -> Run:
    return msgspec.convert(row, Run, from_attributes=True)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _durable(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
