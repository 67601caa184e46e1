"""How a run goes: its message is stored, a worker thread answers it, and what it tells is logged and rung for.

Runs of one thread go one at a time, in order; runs of several threads side by side, as many as there are workers.
Nothing here waits on the event loop's own thread for a model or a disk.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import structlog
from ag_ui.core import BaseEvent

from bot.channels import agui
from bot.channels.bells import Bells
from bot.channels.meters import Meters
from bot.channels.notes import Overhearing
from bot.channels.threads import REPEATABLE, Run, State, Threads
from bot.errors import BabeldeskError, BadInput, Busy, NotReady, UnknownKind
from bot.messages import Message, Part, Reply, Speech, StepFinished, StepStarted, Text, TurnEvent
from bot.settings import Limits

if TYPE_CHECKING:
    from bot.engine import Bot

_log = structlog.get_logger()
_P = ParamSpec("_P")
_T = TypeVar("_T")

WORKERS = 4  # turns at a time; the models share the cores anyway
_WAITING_IN_THREAD = 8
_WAITING = 64  # in all threads together
_PATIENCE = 15.0  # seconds without an event after which a follower is told that the line is alive
_LAST_ORDERS = 20.0  # seconds that runs get to end when the server stops


class _CalledOff(Exception):
    """Raised out of the turn's `tell`, so that the turn ends at its next step."""


class Job:
    """One run on its way: waiting, then answered."""

    def __init__(self, thread: str, run: str, ids: tuple[str, ...], message: Message) -> None:
        self.thread = thread
        self.run = run
        self.ids = ids
        self.message = message
        self.called_off = False
        self.ack = ""  # as logged, once it is
        self.begun = asyncio.Event()  # stored, and acknowledged in the log
        self.ended = asyncio.Event()  # whatever happened
        self.broken = False  # ended without an event that says so
        self.steps: list[StepStarted] = []  # begun and not done
        self.heard = 0  # events that the turn has told

    @property
    def lead(self) -> str:
        """The message id that names the run."""
        return self.ids[-1]


class _Line:
    """The runs of one thread."""

    def __init__(self) -> None:
        self.door = asyncio.Lock()  # one at a time decides whether its messages are new
        self.jobs: deque[Job] = deque()  # the first one is being answered
        self.visitors = 0
        self.task: asyncio.Task[None] | None = None


class Runs:
    """The runs of all threads of this process."""

    def __init__(self, bot: Bot, threads: Threads, limits: Limits, meters: Meters) -> None:
        self.threads = threads
        self.limits = limits
        self.meters = meters
        self.bot = bot
        self.bells = Bells()
        self.overhearing = Overhearing(bot, self._hearing)
        self._lines: dict[str, _Line] = {}
        self._closing = False
        self._turns = ThreadPoolExecutor(WORKERS, thread_name_prefix="turn")
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
        self._turns.shutdown(wait=False, cancel_futures=True)
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
        line = self._lines.setdefault(asked.thread, _Line())
        line.visitors += 1
        try:
            async with line.door:
                return await self._take(line, asked, customer)
        finally:
            line.visitors -= 1
            self._forget(asked.thread)

    async def _take(self, line: _Line, asked: agui.Asked, customer: str | None) -> Job | Run:
        newest = asked.said[-1].id
        known = await self.stored(self.threads.known, asked.thread, [said.id for said in asked.said])
        going = {message: job for job in line.jobs for message in job.ids}
        if newest in going:
            return going[newest]
        if newest in known and known[newest].state in REPEATABLE:
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
        job = Job(asked.thread, asked.run, ids, _message(asked, ids[-1], parts, customer))
        line.jobs.append(job)
        if line.task is None:
            line.task = asyncio.create_task(self._work(asked.thread, line))
        return job

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
            job.called_off = True

    def _forget(self, thread: str) -> None:
        line = self._lines.get(thread)
        if line and not line.jobs and not line.visitors:
            del self._lines[thread]

    async def _work(self, thread: str, line: _Line) -> None:
        while line.jobs:
            job = line.jobs[0]
            try:
                await self._answer(job)
            except Exception as error:
                # The log itself failed (a full disk, say). Whoever follows the job is told by its end.
                _log.error("run not stored", error=type(error).__name__, where=_where(error))
                job.broken = True
            line.jobs.popleft()
            job.ended.set()
            self.bells.ring(thread)
        line.task = None
        self._forget(thread)

    async def _answer(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        # The disk and the models need not wait for each other; nothing of the turn is told before its start is stored.
        future = loop.run_in_executor(
            self._turns, self._turn, job, lambda event: loop.call_soon_threadsafe(told.put_nowait, event)
        )
        future.add_done_callback(lambda _: told.put_nowait(None))
        typed = "\n".join(part.text for part in job.message.parts if isinstance(part, Text))
        start, ack = agui.opening(job.thread, job.run, job.lead)
        with self.meters.turn() as outcome:
            try:
                job.ack = await self.stored(self.threads.begin, job.thread, job.run, job.ids, typed, (start, ack))
                job.begun.set()
                self.bells.ring(job.thread)
                while await self._log_told(job, told):
                    pass
            finally:
                await asyncio.wait([future])  # whatever happens, the thread's next turn comes after this one
            events, state = _ended(job, future)
            outcome(state)
        left = [event for step in reversed(job.steps) for event in agui.told(StepFinished(step.step), job.lead, 0)]
        await self.stored(self.threads.finish, job.thread, job.run, job.lead, [*left, *events], state)
        self.bells.ring(job.thread)

    def _turn(self, job: Job, pass_on: Callable[[TurnEvent], object]) -> Reply:
        """The turn itself, in a worker thread."""

        def tell(event: TurnEvent) -> None:
            if job.called_off:
                raise _CalledOff
            pass_on(event)

        if job.called_off:
            raise _CalledOff
        return self.bot.turn(job.message, tell)

    async def _log_told(self, job: Job, told: asyncio.Queue[TurnEvent | None]) -> bool:
        """Logs what is in the queue in one transaction, however much that is; False once the turn is over."""
        batch = [await told.get()]
        while not told.empty():
            batch.append(told.get_nowait())
        events: list[BaseEvent] = []
        for event in batch:
            if event is None:
                continue
            if isinstance(event, StepStarted):
                job.steps.append(event)
            elif isinstance(event, StepFinished):
                job.steps = [step for step in job.steps if step.step != event.step]
            job.heard += 1
            events.extend(agui.told(event, job.lead, job.heard))
        if events:
            await self.stored(self.threads.append, job.thread, job.run, job.lead, events)
            self.bells.ring(job.thread)
        return None not in batch

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


def _ended(job: Job, turn: asyncio.Future[Reply]) -> tuple[list[BaseEvent], State]:
    """The events that close a run, and the state that it ends in."""
    error = turn.exception()
    if job.called_off:
        return agui.cancelled(job.thread, job.run), "cancelled"
    if error is None:
        return agui.answered(turn.result(), job.thread, job.run, job.lead), "done"
    if isinstance(error, NotReady):
        _log.error("not ready", why=error.message)
    if isinstance(error, BabeldeskError):
        return agui.failed(error), "failed"
    _log.error("turn failed", error=type(error).__name__, where=_where(error))
    return agui.failed(internal()), "failed"


def internal() -> BabeldeskError:
    """What a client is told where the fault is ours."""
    error = BabeldeskError("Something went wrong here. The same message may be sent again.")
    error.retry = True
    return error


def _message(asked: agui.Asked, name: str, parts: tuple[Part, ...], customer: str | None) -> Message:
    return Message(
        id=name,
        conversation=conversation_of(asked.thread),
        parts=parts,
        customer=customer,
        language=asked.language,
        country=asked.country,
    )


def conversation_of(thread: str) -> str:
    """The bot's name for a thread. A client may choose a thread's id, so it must not name another channel's talk."""
    return f"web:{thread}"


def _where(error: BaseException) -> str:
    """File and line of the fault; never the message, which may hold what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
