"""How threads, their events and their runs look in SQL."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection

METADATA = MetaData()
THREADS = Table(
    "threads",
    METADATA,
    Column("id", String, primary_key=True),
    Column("secret", String, nullable=False),  # SHA-256 of it; it is random, so no salt is needed
    Column("customer", String),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),  # of the last event
)
EVENTS = Table(
    "events",
    METADATA,
    Column("thread", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("run", String, nullable=False),
    Column("message", String, nullable=False),  # the message that the run answers; empty for an error outside runs
    Column("body", String, nullable=False),  # as it went over the wire
)
RUNS = Table(
    "runs",
    METADATA,
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
# What the runs that have not ended were asked, so that they can be answered whatever becomes of the process.
INBOX = Table(
    "inbox",
    METADATA,
    Column("thread", String, primary_key=True),
    Column("lead", String, primary_key=True),
    Column("message", LargeBinary, nullable=False),  # the Message, in MessagePack
    Column("processes", Integer, nullable=False),  # that have begun to answer it
)


def put_runs(connection: Connection, rows: list[dict[str, object]]) -> None:
    """Stores runs; one of the same message takes the place of the one before."""
    new = insert(RUNS)
    kept = {name: new.excluded[name] for name in ("lead", "run", "state", "first", "question", "ack", "process")}
    connection.execute(new.on_conflict_do_update(index_elements=["thread", "message"], set_=kept), rows)


def durable(connection: DBAPIConnection, _record: object) -> None:
    """Set at each connection: what was committed survives a power cut."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
