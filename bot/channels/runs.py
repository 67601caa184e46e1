"""How a run goes: its message is stored, a worker thread answers it, and what it tells is logged and rung for.

Runs of one thread go one at a time, in order; runs of several threads side by side, as many as there are workers. What
is said before there is an answer joins what was said (jobs.py). A run that a crash cut off is answered by the next
process. Nothing here waits on the event loop's own thread for a model or a disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import structlog
from ag_ui.core import BaseEvent

from bot.channels import agui
from bot.channels.bells import Bells
from bot.channels.jobs import Job, Line, both, wordless
from bot.channels.meters import Meters
from bot.channels.notes import Overhearing
from bot.channels.thread_values import REPEATABLE, Beginning, Left, Run
from bot.channels.threads import Threads
from bot.channels.turns import Turns, called_off, ended, internal, where
from bot.errors import BadInput, Busy, UnknownKind
from bot.messages import Message, Part, Speech, Text
from bot.settings import Limits

if TYPE_CHECKING:
    from bot.engine import Bot

_log = structlog.get_logger()
_P = ParamSpec("_P")
_T = TypeVar("_T")

_WAITING_IN_THREAD = 8
_WAITING = 64  # in all threads together
_PATIENCE = 15.0  # seconds without an event after which a follower is told that the line is alive
ENDED = ""  # the bell that rings when a run of any thread has ended; no thread is called so
_LAST_ORDERS = 20.0  # seconds that runs get to end when the server stops


class Runs:
    """The runs of all threads of this process."""

    def __init__(self, bot: Bot, threads: Threads, limits: Limits, meters: Meters, patience: float = 0.0) -> None:
        """`patience`: seconds that a photo without words waits for them, where more can follow it."""
        self.threads = threads
        self.limits = limits
        self.meters = meters
        self.bot = bot
        self.bells = Bells()
        self.overhearing = Overhearing(bot, self._hearing)
        self._patience = patience
        self._lines: dict[str, Line] = {}
        self._closing = False
        self._turns = Turns(bot, self._log)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="threads")

    async def stored(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Calls a method of `threads` beside the event loop, in order with the others."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(call, *args, **kwargs))

    async def close(self) -> None:
        """Takes no more runs, lets those that are going end, and frees the workers."""
        self._closing = True
        self.overhearing.close()
        tasks = [line.task for line in self._lines.values() if line.task]
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_ORDERS)
        self._turns.close()
        self._disk.shutdown(wait=True)

    @property
    def ready(self) -> bool:
        """Whether a run would be taken now."""
        return not self._closing and self._waiting() < _WAITING

    def _waiting(self) -> int:
        return sum(len(line.jobs) for line in self._lines.values())

    def _hearing(self) -> bool:
        """Whether a whole voice note is being answered, or is about to be."""
        first = [line.jobs[0] for line in self._lines.values() if line.jobs]
        return any(isinstance(part, Speech) for job in first for part in job.message.parts)

    async def note(self, thread: str, run: str, events: Sequence[BaseEvent]) -> list[str]:
        """Logs events that are of no message, such as an error in a frame; gives them as wire lines."""
        lines = await self.stored(self.threads.append, thread, run, "", events)
        self.bells.ring(thread)
        return lines

    async def submit(self, asked: agui.Asked, customer: str | None) -> Job | Run:
        """Takes the messages that were not seen before as one run; gives the earlier run where there are none.

        Raises:
            BadInput: the messages are no good, or something in them is not taken.
            Busy: too many runs are waiting.
        """
        line = self._lines.setdefault(asked.thread, Line())
        line.visitors += 1
        try:
            async with line.door:
                return await self._take(line, asked, customer)
        finally:
            line.visitors -= 1
            self._forget(asked.thread)

    async def _take(self, line: Line, asked: agui.Asked, customer: str | None) -> Job | Run:
        newest = asked.said[-1].id
        known = await self.stored(self.threads.known, asked.thread, [said.id for said in asked.said])
        going = {message: job for job in line.jobs for message in job.ids}
        if newest in going:
            return going[newest]
        # One that is running and not going is one that could not be stored.
        if newest in known and known[newest].state in (*REPEATABLE, "running"):
            del known[newest]
        unseen = [said for said in asked.said if said.id not in known and said.id not in going]
        if not unseen:
            return known[newest]
        if not self.ready or len(line.jobs) >= _WAITING_IN_THREAD:
            raise Busy("Too many messages are waiting; try again in a moment.")
        ids = tuple(said.id for said in unseen)
        try:
            parts = await asyncio.to_thread(agui.parts_of, unseen, self.limits)
        except BadInput:
            await self.stored(self.threads.refuse, asked.thread, asked.run, ids)
            raise
        message = _message(asked, ids[-1], parts, customer)
        job = Job(asked.thread, asked.run, ids, message, lonely=asked.live and wordless(parts))
        self._queue(line, job)
        return job

    def _queue(self, line: Line, job: Job) -> None:
        line.jobs.append(job)
        line.stirred.set()
        first = line.jobs[0]
        if not first.off and line.heir(first, self.limits) is job:
            first.off = "joined"
        if line.task is None:
            line.task = asyncio.create_task(self._work(job.thread, line))

    async def go_on(self) -> None:
        """Answers the runs that an earlier process left unfinished."""
        for left in await self.stored(self.threads.left):
            self._queue(self._lines.setdefault(left.thread, Line()), _resumed(left))

    def cancel(self, thread: str, run: str) -> None:
        """Calls a run off: a waiting one is not answered, one that is being answered ends at its next step.

        Raises:
            UnknownKind: no such run is waiting or being answered.
        """
        line = self._lines.get(thread)
        jobs = [job for job in line.jobs if job.run == run] if line else []
        if not jobs:
            raise UnknownKind("There is no such run to cancel.")
        for job in jobs:
            job.off = "cancelled"
        assert line is not None
        line.stirred.set()

    def _forget(self, thread: str) -> None:
        line = self._lines.get(thread)
        if line and not line.jobs and not line.visitors:
            del self._lines[thread]

    async def _work(self, thread: str, line: Line) -> None:
        while line.jobs:
            job = line.jobs[0]
            try:
                await self._answer(line, job)
            except Exception as error:
                # The log itself failed (a full disk, say). Whoever follows the job is told by its end.
                _log.error("run not stored", error=type(error).__name__, where=where(error))
                job.broken = True
            line.jobs.popleft()
            job.ended.set()
            self.bells.ring(thread)
        line.task = None
        self._forget(thread)

    async def _answer(self, line: Line, job: Job) -> None:
        """Answers a run, or leaves what it was asked to the run that joins it."""
        if not job.begun.is_set():
            await self._begin(job)
        with self.meters.turn() as outcome:
            heir = await self._following(line, job)
            while heir is None:
                turn = await self._turns.attempt(job)
                if job.off != "joined" or not called_off(turn):
                    ending = ended(job, turn)
                    await self.stored(self.threads.finish, job.thread, job.run, job.lead, ending)
                    outcome(ending.state)
                    break
                if (heir := line.heir(job, self.limits)) is None:
                    job.off = ""  # the one that joined was called off: this turn is made after all
            else:
                await self._leave_to(heir, job)
                outcome("joined")
        self.bells.ring(job.thread)
        self.bells.ring(ENDED)

    async def _begin(self, job: Job) -> None:
        job.ack = await self.stored(self.threads.begin, _beginning(job, job.message))
        job.begun.set()
        self.bells.ring(job.thread)

    async def _following(self, line: Line, job: Job) -> Job | None:
        """The run that joins this one before its turn begins."""
        if job.lonely and not job.off and not self._closing:
            line.stirred.clear()
            if len(line.jobs) == 1:
                with suppress(TimeoutError):
                    await asyncio.wait_for(line.stirred.wait(), self._patience)
        return line.heir(job, self.limits)

    async def _leave_to(self, heir: Job, job: Job) -> None:
        """Ends a run without an answer and begins the next with what it was asked, in one transaction."""
        message = both(job.message, heir.message)
        closing = agui.cancelled(job.thread, job.run)
        heir.ack = await self.stored(self.threads.leave_to, job.run, job.lead, closing, _beginning(heir, message))
        heir.message, heir.joined = message, job.joined + 1
        heir.lonely = heir.lonely and wordless(heir.message.parts)
        heir.begun.set()

    async def _log(self, job: Job, events: Sequence[BaseEvent]) -> None:
        await self.stored(self.threads.append, job.thread, job.run, job.lead, events)
        self.bells.ring(job.thread)

    async def follow(self, thread: str, job: Job) -> AsyncIterator[str]:
        """The events of a run as they come, as wire lines, until it ends; an empty line while nothing happens."""
        bell, seq = asyncio.Event(), 0
        with self.bells.hung(thread, bell):
            while True:
                bell.clear()
                over = job.ended.is_set()
                found = await self.stored(self.threads.of_run, thread, job.lead, seq) if job.begun.is_set() else None
                for event in found[1] if found else ():
                    yield event.body
                    seq = event.seq
                if found and found[0] != "running":
                    return
                if over:
                    yield agui.wire(agui.failed(internal())[0], None, None, job.run)
                    return
                try:
                    await asyncio.wait_for(bell.wait(), _PATIENCE)
                except TimeoutError:
                    yield ""


def _message(asked: agui.Asked, name: str, parts: tuple[Part, ...], customer: str | None) -> Message:
    return Message(
        id=name,
        conversation=conversation_of(asked.thread),
        parts=parts,
        customer=customer,
        language=asked.language,
        country=asked.country,
    )


def _beginning(job: Job, message: Message) -> Beginning:
    """How a run begins that answers `message`, of which the job's own may be a part."""
    typed = "\n".join(part.text for part in job.message.parts if isinstance(part, Text))
    start, ack = agui.opening(job.thread, job.run, job.lead)
    return Beginning(job.thread, job.run, job.ids, typed, (start, ack), message)


def _resumed(left: Left) -> Job:
    job = Job(left.thread, left.run, (left.lead,), left.message)
    job.ack, job.heard, job.steps = left.ack, left.told, list(left.steps)
    job.begun.set()
    return job


def conversation_of(thread: str) -> str:
    """The bot's name for a thread. A client may choose a thread's id, so it must not name another channel's talk."""
    return f"web:{thread}"
