"""Conversations, turn by turn, and what each is about at the moment.

A turn is kept under its conversation and message id; a message id that was answered is not answered again.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime

import msgspec
from sqlalchemy import (
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection

from bot.messages import Intent, Reply

_METADATA = MetaData()
_CONVERSATIONS = Table(
    "conversations",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("topic", LargeBinary, nullable=False),
)
_TURNS = Table(
    "turns",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String, nullable=False),
    Column("message", String, nullable=False),
    Column("at", String, nullable=False),
    Column("question", String, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    UniqueConstraint("conversation", "message"),
)
# What a person has to know who takes over, by the turn that handed over.
_HANDOFFS = Table(
    "handoffs",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String, nullable=False, index=True),
    Column("message", String, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    UniqueConstraint("conversation", "message"),
)
# Wrong proofs by the order that they were for, over all conversations. Numbers that name no order are kept alike.
_TRIES = Table(
    "tries",
    _METADATA,
    Column("order", String, nullable=False, index=True),  # SHA-256
    Column("at", Float, nullable=False),  # seconds since the epoch
)
_TRIES_LAST = 24 * 3600.0  # seconds
_STORE_TURN = insert(_TURNS).on_conflict_do_nothing()
_store_topic = insert(_CONVERSATIONS)
_STORE_TOPIC = _store_topic.on_conflict_do_update(index_elements=["id"], set_={"topic": _store_topic.excluded.topic})
_REPLY = msgspec.msgpack.Decoder(Reply)


class Given(msgspec.Struct, frozen=True):
    """What a customer gave to show that an order is theirs, as written; empty where not given."""

    email: str = ""
    phone: str = ""
    postcode: str = ""

    @property
    def all(self) -> tuple[str, str, str]:
        """The three, in this order."""
        return self.email, self.phone, self.postcode


class Topic(msgspec.Struct, frozen=True):
    """What a conversation is about: what "it" and "there" mean in the next message."""

    language: str | None = None  # of the last message that said enough to tell
    intent: Intent | None = None
    products: tuple[str, ...] = ()  # SKUs last spoken of, the likeliest first
    listed: tuple[str, ...] = ()  # SKUs of the last list of several: what "the second one" is one of
    sought: str = ""  # what products were last looked for by
    seen: tuple[str, ...] = ()  # SKUs shown for that
    order: str | None = None  # the order last spoken of
    country: str | None = None
    asked: tuple[str, ...] = ()  # numbers that proof of ownership was asked for
    proven: tuple[str, ...] = ()  # orders whose ownership was proven in this conversation
    failed_proofs: int = 0
    page: str = ""  # the help page last quoted
    together: tuple[tuple[Intent, str], ...] = ()  # what was wanted at once in the last turn, and from which page told
    open: str = ""  # the question that was asked back about
    unanswered: int = 0  # turns in a row that asked back
    given: Given = Given()  # what is held against the next order that is named


_TOPIC = msgspec.msgpack.Decoder(Topic)


class Summary(msgspec.Struct, frozen=True):
    """What a person who takes over has to know of a conversation."""

    reason: str
    intent: Intent
    language: str  # BCP 47
    country: str | None  # ISO 3166-1 alpha-2
    order: str | None  # the order spoken of, or the number that was given for one
    proven: bool  # that it is the customer's own
    products: tuple[str, ...]  # SKUs last spoken of
    told: tuple[str, ...]  # ids of the records that the replies rest on, the last ones
    said: str  # what the customer said last, without what is nobody's business
    turns: int


_SUMMARY = msgspec.msgpack.Decoder(Summary)


class Turn(msgspec.Struct, frozen=True):
    """A question, typed or as heard, and its reply."""

    id: str
    question: str
    reply: Reply


class Conversations:
    """The conversations of one shop. Safe to use from several threads; every method is one transaction.

    `url` is SQLAlchemy's; SQLite runs in WAL with synchronous=FULL, so that what was stored survives a power cut.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        event.listen(self._engine, "connect", _durable)
        _METADATA.create_all(self._engine)

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()

    def topic(self, conversation: str) -> Topic:
        """What the conversation is about; an empty topic where there is no conversation yet."""
        with self._engine.connect() as connection:
            kept = connection.execute(
                select(_CONVERSATIONS.c.topic).where(_CONVERSATIONS.c.id == conversation)
            ).scalar()
        return _TOPIC.decode(kept) if kept else Topic()

    def answered(self, conversation: str, message: str) -> Reply | None:
        """The reply that the message was given before, if it was."""
        with self._engine.connect() as connection:
            kept = connection.execute(
                select(_TURNS.c.reply).where(_TURNS.c.conversation == conversation, _TURNS.c.message == message)
            ).scalar()
        return _REPLY.decode(kept) if kept else None

    def store(
        self, conversation: str, message: str, question: str, reply: Reply, topic: Topic, summary: Summary | None = None
    ) -> None:
        """Stores a turn, with the question as it was understood, what the conversation is about now and, where it hands
        over, what a person has to know. A turn that was stored before stays as it is."""
        turn = {
            "conversation": conversation,
            "message": message,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "question": question,
            "reply": msgspec.msgpack.encode(reply),
        }
        with self._engine.begin() as connection:
            connection.execute(_STORE_TURN, turn)
            connection.execute(_STORE_TOPIC, {"id": conversation, "topic": msgspec.msgpack.encode(topic)})
            if summary is not None:
                row = {"conversation": conversation, "message": message, "summary": msgspec.msgpack.encode(summary)}
                connection.execute(insert(_HANDOFFS).on_conflict_do_nothing(), row)

    def tried(self, order: str) -> int:
        """Remembers that a proof for an order was wrong, and says how many were in the last 24 hours, in all
        conversations and with this one."""
        key, now = hashlib.sha256(order.encode()).hexdigest(), time.time()
        with self._engine.begin() as connection:
            connection.execute(delete(_TRIES).where(_TRIES.c.at < now - _TRIES_LAST))
            connection.execute(_TRIES.insert(), {"order": key, "at": now})
        return self.tries(order)

    def tries(self, order: str) -> int:
        """How many proofs for an order were wrong in the last 24 hours."""
        key, since = hashlib.sha256(order.encode()).hexdigest(), time.time() - _TRIES_LAST
        with self._engine.connect() as connection:
            asked = select(func.count()).where(_TRIES.c.order == key, _TRIES.c.at >= since)
            return int(connection.execute(asked).scalar_one())

    def summaries(self, conversation: str) -> list[Summary]:
        """What was handed over, oldest first."""
        query = select(_HANDOFFS.c.summary).where(_HANDOFFS.c.conversation == conversation)
        with self._engine.connect() as connection:
            return [_SUMMARY.decode(kept) for kept in connection.execute(query.order_by(_HANDOFFS.c.number)).scalars()]

    def turns(self, conversation: str) -> list[Turn]:
        """All turns, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(_TURNS.c.message, _TURNS.c.question, _TURNS.c.reply)
                .where(_TURNS.c.conversation == conversation)
                .order_by(_TURNS.c.number)
            )
            return [Turn(message, question, _REPLY.decode(kept)) for message, question, kept in rows]


def _durable(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
