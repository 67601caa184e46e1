"""Who a thread belongs to, which messages it has seen, and its numbered event log.

The sequence number of an event is taken in the transaction that stores it, so the numbers of a thread have no holes;
only the oldest events are dropped. What a run was asked is kept until it has ended, so that the next process can go on
with one that a crash cut off. Where it does not, the epoch changes when its thread is opened, so that clients start
over from a snapshot, and its message may be sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Sequence

import msgspec
from ag_ui.core import BaseEvent
from sqlalchemy import Connection, create_engine, delete, event, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.channels import agui
from bot.channels.mail_tables import put_answer
from bot.channels.thread_tables import EVENTS, INBOX, METADATA, RUNS, THREADS, durable, put_runs
from bot.channels.thread_values import Beginning, Ending, Left, Logged, Opened, Question, Run, State
from bot.errors import BabeldeskError, Refused
from bot.messages import Message

_MOST_PROCESSES = 3  # that take a message up; it may be what ends them
_MESSAGE = msgspec.msgpack.Decoder(Message)


class Threads:
    """The threads of one installation, in a SQLite file of their own. Safe in several threads; a method, a transaction.

    `kept` is how many events of a thread are kept at least.
    """

    def __init__(self, url: str, kept: int = 2_000) -> None:
        self.engine = create_engine(url)
        self._kept = kept
        self._process = uuid.uuid4().hex
        event.listen(self.engine, "connect", durable)
        METADATA.create_all(self.engine)

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()

    def check(self) -> None:
        """Asks the database something; raises whatever is wrong with it."""
        with self.engine.connect() as connection:
            connection.execute(select(THREADS.c.id).limit(1)).all()

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
        with self.engine.begin() as connection:
            opened = self._open(connection, thread, secret, customer)
        if opened is None:
            raise Refused("There is no such conversation, or it is not yours.")
        return opened

    def join(self, thread: str, secret: str, customer: str | None) -> Opened:
        """Like `open`, but a thread that does not exist is made, under the name and secret that the caller has.

        Raises:
            Refused: it is not theirs.
        """
        with self.engine.begin() as connection:
            taken = connection.execute(
                insert(THREADS).on_conflict_do_nothing(),
                {"id": thread, "secret": _hash(secret), "customer": customer, "epoch": 1, "seq": 0},
            ).rowcount
            if taken:
                return Opened(thread, 1, 0, customer)
            opened = self._open(connection, thread, secret, customer)
        if opened is None:
            raise Refused("There is no such conversation, or it is not yours.")
        return opened

    def _open(self, connection: Connection, thread: str, secret: str | None, customer: str | None) -> Opened | None:
        row = connection.execute(select(THREADS).where(THREADS.c.id == thread)).one_or_none()
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
            connection.execute(update(THREADS).where(THREADS.c.id == thread).values(customer=customer))
        return Opened(thread, row.epoch + self._give_up(connection, thread), row.seq, owner)

    def _give_up(self, connection: Connection, thread: str) -> int:
        """Marks the runs that an earlier process left unfinished; 1 if that changed the epoch, else 0."""
        lost = connection.execute(
            update(RUNS)
            .where(RUNS.c.thread == thread, RUNS.c.state == "running", RUNS.c.process != self._process)
            .values(state="lost")
        ).rowcount
        if lost:
            connection.execute(update(THREADS).where(THREADS.c.id == thread).values(epoch=THREADS.c.epoch + 1))
        return int(lost > 0)

    def known(self, thread: str, messages: Iterable[str]) -> dict[str, Run]:
        """Of the message ids, those seen before."""
        query = select(RUNS).where(RUNS.c.thread == thread, RUNS.c.message.in_(list(messages)))
        with self.engine.connect() as connection:
            return {row.message: _run(row) for row in connection.execute(query)}

    def begin(self, beginning: Beginning) -> str:
        """Stores the messages that one run answers together, with the two events that say so; the ack as stored."""
        with self.engine.begin() as connection:
            return self._begin(connection, beginning)

    def leave_to(self, run: str, lead: str, events: Sequence[BaseEvent], heir: Beginning) -> str:
        """Ends a run as joined with these events, and begins the one that was asked the same and more; its ack."""
        with self.engine.begin() as connection:
            self._finish(connection, heir.thread, run, lead, events, "joined")
            return self._begin(connection, heir)

    def _begin(self, connection: Connection, beginning: Beginning) -> str:
        thread, run, lead = beginning.thread, beginning.run, beginning.ids[-1]
        seqs, bodies = self._log(connection, thread, run, lead, beginning.opening)
        row = {
            "thread": thread,
            "lead": lead,
            "run": run,
            "state": "running",
            "first": seqs[0],
            "question": beginning.question,
            "ack": bodies[1],
            "process": self._process,
        }
        put_runs(connection, [{**row, "message": message} for message in beginning.ids])
        asked = {"thread": thread, "lead": lead, "message": msgspec.msgpack.encode(beginning.message), "processes": 1}
        connection.execute(insert(INBOX).prefix_with("OR REPLACE"), asked)
        return bodies[1]

    def left(self) -> list[Left]:
        """Takes over the runs that an earlier process did not end, oldest first. One that has been taken up too often
        is given up, and its log says so."""
        query = (
            select(RUNS, INBOX.c.message.label("asked"), INBOX.c.processes)
            .join(INBOX, (INBOX.c.thread == RUNS.c.thread) & (INBOX.c.lead == RUNS.c.message))
            .where(RUNS.c.state == "running", RUNS.c.process != self._process)
            .order_by(RUNS.c.first)
        )
        taken = []
        with self.engine.begin() as connection:
            for row in connection.execute(query).all():
                if row.processes >= _MOST_PROCESSES:
                    error = BabeldeskError("Something went wrong here.")
                    self._finish(connection, row.thread, row.run, row.lead, agui.failed(error), "lost")
                    put_answer(connection, row.thread, row.lead, None, error.code)
                    continue
                told, steps = self._so_far(connection, row.thread, row.lead, row.first)
                taken.append(Left(row.thread, row.run, row.lead, row.ack, told, steps, _MESSAGE.decode(row.asked)))
                of_run = (RUNS.c.thread == row.thread) & (RUNS.c.lead == row.lead)
                connection.execute(update(RUNS).where(of_run).values(process=self._process))
                of_inbox = (INBOX.c.thread == row.thread) & (INBOX.c.lead == row.lead)
                connection.execute(update(INBOX).where(of_inbox).values(processes=INBOX.c.processes + 1))
        return taken

    def _so_far(self, connection: Connection, thread: str, lead: str, first: int) -> tuple[int, tuple[str, ...]]:
        query = select(EVENTS.c.body).where(EVENTS.c.thread == thread, EVENTS.c.message == lead, EVENTS.c.seq >= first)
        bodies = [msgspec.json.decode(body) for body in connection.execute(query.order_by(EVENTS.c.seq)).scalars()]
        steps: list[str] = []
        for body in bodies:
            if body["type"] == "STEP_STARTED":
                steps.append(body["stepName"])
            elif body["type"] == "STEP_FINISHED":
                steps.remove(body["stepName"])
        return len(bodies), tuple(steps)

    def append(self, thread: str, run: str, message: str, events: Sequence[BaseEvent]) -> list[str]:
        """Stores events in order, of the run that answers `message` or, where that is empty, of none; as wire lines."""
        with self.engine.begin() as connection:
            return self._log(connection, thread, run, message, events)[1]

    def finish(self, thread: str, run: str, message: str, ending: Ending) -> None:
        """Stores how the run ended that answers `message`, and lays its answer out where a platform is to have it."""
        with self.engine.begin() as connection:
            self._finish(connection, thread, run, message, ending.events, ending.state)
            if ending.reply is not None or ending.code:
                put_answer(connection, thread, message, ending.reply, ending.code)

    def _finish(
        self, connection: Connection, thread: str, run: str, lead: str, events: Sequence[BaseEvent], state: State
    ) -> None:
        self._log(connection, thread, run, lead, events)
        connection.execute(update(RUNS).where(RUNS.c.thread == thread, RUNS.c.lead == lead).values(state=state))
        connection.execute(delete(INBOX).where(INBOX.c.thread == thread, INBOX.c.lead == lead))

    def refuse(self, thread: str, run: str, messages: Sequence[str]) -> None:
        """Remembers messages that were no good, so that a client's history does not bring them up in a later run."""
        row = {"thread": thread, "run": run, "state": "refused", "first": 0, "question": "", "ack": ""}
        rows = [{**row, "message": message, "lead": message, "process": self._process} for message in messages]
        with self.engine.begin() as connection:
            connection.execute(insert(RUNS).on_conflict_do_nothing(), rows)

    def _log(
        self, connection: Connection, thread: str, run: str, message: str, events: Sequence[BaseEvent]
    ) -> tuple[list[int], list[str]]:
        if not events:
            return [], []
        # The update comes first: it takes the write lock, so no one else can take the same numbers.
        last, epoch = connection.execute(
            update(THREADS)
            .where(THREADS.c.id == thread)
            .values(seq=THREADS.c.seq + len(events))
            .returning(THREADS.c.seq, THREADS.c.epoch)
        ).one()
        seqs = list(range(last - len(events) + 1, last + 1))
        bodies = [agui.wire(one, seq, epoch, run) for one, seq in zip(events, seqs, strict=True)]
        rows = [
            {"thread": thread, "seq": seq, "run": run, "message": message, "body": body}
            for seq, body in zip(seqs, bodies, strict=True)
        ]
        connection.execute(insert(EVENTS), rows)
        connection.execute(delete(EVENTS).where(EVENTS.c.thread == thread, EVENTS.c.seq <= last - self._kept))
        return seqs, bodies

    def after(self, thread: str, seq: int, most: int = 200) -> list[Logged] | None:
        """The next events after `seq`, or None where the one that follows was dropped or `seq` never was."""
        query = select(EVENTS.c.seq, EVENTS.c.body).where(EVENTS.c.thread == thread, EVENTS.c.seq > seq)
        with self.engine.connect() as connection:
            last = connection.execute(select(THREADS.c.seq).where(THREADS.c.id == thread)).scalar_one()
            found = [Logged(*row) for row in connection.execute(query.order_by(EVENTS.c.seq).limit(most))]
        if found:
            return found if found[0].seq == seq + 1 else None
        return [] if seq == last else None

    def of_run(self, thread: str, message: str, seq: int = 0) -> tuple[State, list[Logged]] | None:
        """How the run that answers `message` stands, and its events after `seq`; None where its start was dropped.

        Raises:
            KeyError: no run answers this message.
        """
        with self.engine.connect() as connection:
            row = connection.execute(
                select(RUNS.c.state, RUNS.c.first).where(RUNS.c.thread == thread, RUNS.c.message == message)
            ).one_or_none()
            if row is None:
                raise KeyError(message)
            # Its state was read first: once that is final, all its events are there.
            found = connection.execute(
                select(EVENTS.c.seq, EVENTS.c.body)
                .where(EVENTS.c.thread == thread, EVENTS.c.message == message)
                .where(EVENTS.c.seq >= max(row.first, seq + 1))
                .order_by(EVENTS.c.seq)
            ).all()
        if not seq and (not found or found[0].seq != row.first):
            return None
        return row.state, [Logged(*one) for one in found]

    def position(self, thread: str) -> tuple[int, int]:
        """Epoch, and the seq that a snapshot stands for: the last one, or where the run that is going began."""
        with self.engine.connect() as connection:
            epoch, last = connection.execute(select(THREADS.c.epoch, THREADS.c.seq).where(THREADS.c.id == thread)).one()
            going = connection.execute(
                select(func.min(RUNS.c.first))
                .join(EVENTS, (EVENTS.c.thread == RUNS.c.thread) & (EVENTS.c.seq == RUNS.c.first))
                .where(RUNS.c.thread == thread, RUNS.c.state == "running")
            ).scalar()
        return epoch, last if going is None else going - 1

    def questions(self, thread: str, seq: int) -> tuple[list[Question], set[str]]:
        """The stored messages, oldest first; and those whose run begins after `seq`."""
        query = select(RUNS.c.lead, RUNS.c.question, RUNS.c.state, RUNS.c.first).where(
            RUNS.c.thread == thread, RUNS.c.message == RUNS.c.lead, RUNS.c.first > 0
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(RUNS.c.first)).all()
        asked = [
            Question(row.lead, row.question, after is not None and after.state == "joined")
            for after, row in zip([None, *rows], rows, strict=False)
        ]
        return asked, {row.lead for row in rows if row.first > seq}


def _run(row: object) -> Run:
    return msgspec.convert(row, Run, from_attributes=True)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
