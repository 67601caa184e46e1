"""What came from messaging platforms and is not in its thread yet, and what is to go back to them.

A message is stored here before the platform is told that it came, once however often it is delivered; its answer is
laid down with the end of its run, and stays until the platform has taken it. What is given up is parked, with a reason.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, Engine, Update, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.channels.mail_tables import ARRIVALS, CHATS, OUTBOX, put_answer
from bot.channels.platforms.values import Arrived
from bot.channels.thread_tables import THREADS
from bot.messages import Reply

_REMEMBERED = 30 * 24 * 3600.0  # seconds that ids are known; no platform redelivers for as long
_ARRIVED = msgspec.msgpack.Decoder(Arrived)
_REPLY = msgspec.msgpack.Decoder(Reply)


class Waiting(msgspec.Struct, frozen=True):
    """A message that has arrived and is not in its thread yet."""

    number: int
    platform: str
    thread: str
    arrived: Arrived


class Letter(msgspec.Struct, frozen=True):
    """An answer that is due. `sent` of its requests have gone; without a `reply` it tells of the error `code`."""

    number: int
    platform: str
    thread: str
    key: str
    arrived: Arrived
    reply: Reply | None
    code: str
    sent: int
    tries: int


class Mail:
    """The messengers' side of the threads' database. Safe in several threads; a method, a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def accept(self, platform: str, arrived: Sequence[Arrived]) -> int:
        """Stores messages in order, those that were seen before left out; how many are new."""
        with self._engine.begin() as connection:
            return sum(self._accept(connection, platform, one) for one in arrived)

    def _accept(self, connection: Connection, platform: str, one: Arrived) -> int:
        thread = self._thread(connection, platform, one.address.chat)
        row = {
            "platform": platform,
            "id": one.id,
            "thread": thread,
            "arrived": msgspec.msgpack.encode(one),
            "state": "waiting",
            "why": "",
            "at": time.time(),
        }
        return connection.execute(insert(ARRIVALS).on_conflict_do_nothing(), row).rowcount

    def _thread(self, connection: Connection, platform: str, chat: str) -> str:
        new = str(uuid.uuid4())
        row = {"platform": platform, "chat": chat, "thread": new}
        if connection.execute(insert(CHATS).on_conflict_do_nothing(), row).rowcount:
            # Nobody has the secret of it: the thread is read and written by way of its platform alone.
            closed = {"id": new, "secret": secrets.token_hex(32), "customer": None, "epoch": 1, "seq": 0}
            connection.execute(insert(THREADS), closed)
            return new
        query = select(CHATS.c.thread).where(CHATS.c.platform == platform, CHATS.c.chat == chat)
        return str(connection.execute(query).scalar_one())

    def waiting(self, without: Collection[str], most: int = 32) -> list[Waiting]:
        """The oldest message that waits of each thread, but of those `without`."""
        oldest = select(func.min(ARRIVALS.c.number)).where(ARRIVALS.c.state == "waiting").group_by(ARRIVALS.c.thread)
        query = select(ARRIVALS).where(ARRIVALS.c.number.in_(oldest), ARRIVALS.c.thread.not_in(without))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(ARRIVALS.c.number).limit(most)).all()
        return [Waiting(row.number, row.platform, row.thread, _ARRIVED.decode(row.arrived)) for row in rows]

    def taken(self, waiting: Waiting) -> None:
        """The message is in its thread, which sees to it from now on."""
        with self._engine.begin() as connection:
            connection.execute(_settling(waiting, "taken", ""))

    def park(self, waiting: Waiting, why: str, code: str) -> None:
        """The message can't be answered; its customer is told of the error `code`."""
        with self._engine.begin() as connection:
            put_answer(connection, waiting.thread, waiting.arrived.id, None, code)
            connection.execute(_settling(waiting, "parked", why))

    def due(self, now: float, without: Collection[str], most: int = 32) -> list[Letter]:
        """The first answer that waits of each thread, if it is due, but of the threads `without`."""
        first = select(func.min(OUTBOX.c.number)).where(OUTBOX.c.state == "waiting").group_by(OUTBOX.c.thread)
        query = select(OUTBOX).where(OUTBOX.c.number.in_(first), OUTBOX.c.due <= now, OUTBOX.c.thread.not_in(without))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(OUTBOX.c.number).limit(most)).all()
        return [
            Letter(
                row.number,
                row.platform,
                row.thread,
                row.key,
                _ARRIVED.decode(row.arrived),
                None if row.reply is None else _REPLY.decode(row.reply),
                row.code,
                row.sent,
                row.tries,
            )
            for row in rows
        ]

    def next_due(self) -> float | None:
        """When the next answer that waits is due, in seconds since 1970."""
        with self._engine.connect() as connection:
            query = select(func.min(OUTBOX.c.due)).where(OUTBOX.c.state == "waiting")
            due: float | None = connection.execute(query).scalar()
        return due

    def went(self, letter: Letter, requests: int, *, all_of_it: bool) -> None:
        """So many requests of an answer have gone."""
        self._mark(letter, sent=requests, tries=0, **({"state": "sent"} if all_of_it else {}))

    def postpone(self, letter: Letter, due: float, why: str) -> None:
        """An answer is tried again, not before `due`."""
        self._mark(letter, tries=letter.tries + 1, due=due, why=why)

    def give_up(self, letter: Letter, why: str) -> None:
        """An answer is parked."""
        self._mark(letter, state="parked", why=why)

    def _mark(self, letter: Letter, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.number == letter.number).values(**values))

    def forget(self) -> None:
        """Drops what is over, once its platform cannot send it again."""
        before = time.time() - _REMEMBERED
        with self._engine.begin() as connection:
            connection.execute(delete(ARRIVALS).where(ARRIVALS.c.state != "waiting", ARRIVALS.c.at < before))
            connection.execute(delete(OUTBOX).where(OUTBOX.c.state == "sent", OUTBOX.c.due < before))


def _settling(waiting: Waiting, state: str, why: str) -> Update:
    return update(ARRIVALS).where(ARRIVALS.c.number == waiting.number).values(state=state, why=why)
