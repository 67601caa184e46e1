"""How what comes from messaging platforms, and what goes back to them, looks in SQL."""

from __future__ import annotations

import time
import uuid

import msgspec
from sqlalchemy import Column, Connection, Float, Index, Integer, LargeBinary, String, Table, UniqueConstraint, select

from bot.channels.platforms.values import Arrived
from bot.channels.thread_tables import METADATA
from bot.messages import Reply

# A thread for each chat. Its id is random: who knows a customer's number must not be able to name it on the socket.
CHATS = Table(
    "chats",
    METADATA,
    Column("platform", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("thread", String, nullable=False, unique=True),
)
ARRIVALS = Table(
    "arrivals",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),  # in the order in which they came
    Column("platform", String, nullable=False),
    Column("id", String, nullable=False),  # the platform's; what has been seen is not taken again
    Column("thread", String, nullable=False),
    Column("arrived", LargeBinary, nullable=False),  # the Arrived, in MessagePack
    Column("state", String, nullable=False),  # waiting, taken, or parked: see Mail
    Column("why", String, nullable=False),
    Column("at", Float, nullable=False),  # seconds since 1970
    UniqueConstraint("platform", "id"),
    Index("arrivals_waiting", "state", "thread", "number"),
    Index("arrivals_by_id", "thread", "id"),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),  # in the order in which they are said
    Column("platform", String, nullable=False),
    Column("thread", String, nullable=False),
    Column("message", String, nullable=False),  # that it answers
    Column("key", String, nullable=False),  # a UUID, the same for every try
    Column("arrived", LargeBinary, nullable=False),  # what it answers: where it goes, and in which language
    Column("reply", LargeBinary),  # the Reply, in MessagePack; null where the message could not be answered
    Column("code", String, nullable=False),  # of the error that the customer is told of instead
    Column("sent", Integer, nullable=False),  # how many of its requests have gone
    Column("tries", Integer, nullable=False),
    Column("due", Float, nullable=False),  # not before, in seconds since 1970
    Column("state", String, nullable=False),  # waiting, sent or parked
    Column("why", String, nullable=False),
    UniqueConstraint("thread", "message"),
    Index("outbox_waiting", "state", "thread", "number"),
)
_ARRIVED = msgspec.msgpack.Decoder(Arrived)


def put_answer(connection: Connection, thread: str, message: str, reply: Reply | None, code: str = "") -> None:
    """Lays the answer to a message that came from a platform into the outbox, within the transaction that ends its run.

    Nothing happens for a message from anywhere else, and for one that has its answer.
    """
    query = select(ARRIVALS.c.platform, ARRIVALS.c.arrived).where(ARRIVALS.c.thread == thread, ARRIVALS.c.id == message)
    row = connection.execute(query).one_or_none()
    if row is None or (reply is not None and not reply.text):
        return
    answer = {
        "platform": row.platform,
        "thread": thread,
        "message": message,
        "key": str(uuid.uuid4()),
        "arrived": row.arrived,
        "reply": None if reply is None else msgspec.msgpack.encode(reply),
        "code": code,
        "sent": 0,
        "tries": 0,
        "due": time.time(),
        "state": "waiting",
        "why": "",
    }
    connection.execute(OUTBOX.insert().prefix_with("OR IGNORE"), answer)
