"""A run's turn in a worker thread: what it tells is logged as it comes, and how it ended is told in events."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog
from ag_ui.core import BaseEvent

from bot.channels import agui
from bot.channels.jobs import Job
from bot.channels.thread_values import Ending
from bot.errors import BabeldeskError, NotReady
from bot.messages import Reply, StepFinished, StepStarted, TurnEvent

if TYPE_CHECKING:
    from bot.engine import Bot

_log = structlog.get_logger()
WORKERS = 4  # turns at a time; the models share the cores anyway


class _CalledOff(Exception):
    """Raised out of the turn's `tell`, so that the turn ends at its next step."""


class Turns:
    """Makes turns, some at a time; `log` stores events of a job and rings for them."""

    def __init__(self, bot: Bot, log: Callable[[Job, Sequence[BaseEvent]], Awaitable[None]]) -> None:
        self._bot = bot
        self._store = log
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="turn")

    def close(self) -> None:
        """Begins no more turns."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def attempt(self, job: Job) -> asyncio.Future[Reply]:
        """The turn, over, with all that it told logged and its steps closed."""
        await self._close_steps(job)  # those of an earlier process
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        future = loop.run_in_executor(
            self._workers, self._turn, job, lambda event: loop.call_soon_threadsafe(told.put_nowait, event)
        )
        future.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while await self._log_told(job, told):
                pass
        finally:
            await asyncio.wait([future])  # whatever happens, the thread's next turn comes after this one
        await self._close_steps(job)
        return future

    def _turn(self, job: Job, pass_on: Callable[[TurnEvent], object]) -> Reply:
        """The turn itself, in a worker thread."""

        def tell(event: TurnEvent) -> None:
            if job.off:
                raise _CalledOff
            pass_on(event)

        if job.off:
            raise _CalledOff
        return self._bot.turn(job.message, tell)

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
                job.steps.append(event.step)
            elif isinstance(event, StepFinished):
                job.steps = [step for step in job.steps if step != event.step]
            job.heard += 1
            events.extend(agui.told(event, job.lead, job.heard))
        if events:
            await self._store(job, events)
        return None not in batch

    async def _close_steps(self, job: Job) -> None:
        left, job.steps = job.steps, []
        if left:
            await self._store(job, [agui.step_finished(step) for step in reversed(left)])


def called_off(turn: asyncio.Future[Reply]) -> bool:
    """Whether a turn that is over ended at a step, without a reply."""
    return isinstance(turn.exception(), _CalledOff)


def ended(job: Job, turn: asyncio.Future[Reply]) -> Ending:
    """How the run of a turn that is over ends."""
    error = turn.exception()
    if job.off == "cancelled":
        return Ending(agui.cancelled(job.thread, job.run), "cancelled")
    if error is None:
        reply = turn.result()
        return Ending(agui.answered(reply, job.thread, job.run, job.lead), "done", reply)
    if isinstance(error, NotReady):
        _log.error("not ready", why=error.message)
    if not isinstance(error, BabeldeskError):
        _log.error("turn failed", error=type(error).__name__, where=where(error))
        error = internal()
    return Ending(agui.failed(error), "failed", code=error.code)


def internal() -> BabeldeskError:
    """What a client is told where the fault is ours."""
    error = BabeldeskError("Something went wrong here. The same message may be sent again.")
    error.retry = True
    return error


def where(error: BaseException) -> str:
    """File and line of the fault; never the message, which may hold what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
