"""From a platform's message to a run of its thread: its media are fetched, and what arrived is submitted in order.

Each thread has its own task, so that one customer's slow file keeps nobody else waiting. A message counts as taken once
its run is on its way; until then it waits in the database, and a restart takes it up again. It is submitted under the
platform's id, so that taking it up twice answers it once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from bot.channels import agui
from bot.channels.calls import Calls
from bot.channels.jobs import Job
from bot.channels.mail import Mail, Waiting
from bot.channels.platforms.values import Location, Media, Platform
from bot.channels.runs import ENDED, Runs
from bot.errors import BabeldeskError, Busy
from bot.messages import Part, Photo, Speech, Text

_log = structlog.get_logger()
_PAUSES = (1.0, 5.0, 25.0)  # seconds before a file is asked for again
_NO_ROOM = 1.0  # seconds before a message is submitted again that there was no room for
_THREADS = 32  # whose messages are fetched at the same time


class Incoming:
    """Takes what arrives to the runs, until it is closed."""

    def __init__(self, runs: Runs, mail: Mail, platforms: Mapping[str, Platform], calls: Calls) -> None:
        self._runs = runs
        self._mail = mail
        self._platforms = platforms
        self._calls = calls
        self._stirred = asyncio.Event()
        self._threads: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Takes up what an earlier process left, and then what comes."""
        self._stirred.set()
        self._task = asyncio.create_task(self._watch())

    def stir(self) -> None:
        """Something has arrived."""
        self._stirred.set()

    async def close(self) -> None:
        """Takes no more; what is not taken yet waits for the next process."""
        tasks = [task for task in (self._task, *self._threads.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            room = _THREADS - len(self._threads)
            if room <= 0:
                continue  # whoever ends stirs
            try:
                found = await self._runs.stored(self._mail.waiting, set(self._threads), room)
            except Exception as error:
                _log.error("arrivals not read", error=type(error).__name__)
                await asyncio.sleep(_NO_ROOM)
                self._stirred.set()
                continue
            for waiting in found:
                self._threads[waiting.thread] = asyncio.create_task(self._take(waiting))

    async def _take(self, waiting: Waiting) -> None:
        try:
            await self._submit(waiting)
        except Exception as error:
            _log.error("arrival not taken", platform=waiting.platform, error=type(error).__name__)
            await asyncio.sleep(_NO_ROOM)
        finally:
            del self._threads[waiting.thread]
            self._stirred.set()

    async def _submit(self, waiting: Waiting) -> None:
        arrived = waiting.arrived
        try:
            if waiting.platform not in self._platforms:
                raise BabeldeskError("This platform is no longer set up.")
            parts = await self._parts(waiting)
            said = (agui.Said(arrived.id, parts),)
            asked = agui.Asked(waiting.thread, arrived.id, said, arrived.language, live=True)
            job = await self._with_room(asked)
        except BabeldeskError as error:
            _log.warning("arrival parked", platform=waiting.platform, code=error.code)
            await self._runs.stored(self._mail.park, waiting, error.code, error.code)
            self._runs.bells.ring(ENDED)
            return
        if isinstance(job, Job):
            await self._under_way(job)
        await self._runs.stored(self._mail.taken, waiting)
        await self._say_typing(waiting)

    async def _with_room(self, asked: agui.Asked) -> object:
        while True:
            try:
                return await self._runs.submit(asked, None)
            except Busy:
                await asyncio.sleep(_NO_ROOM)

    async def _under_way(self, job: Job) -> None:
        """Until the run is stored. What a thread's earlier run is asked, and what joins it, stays in order that way."""
        begun, ended = asyncio.create_task(job.begun.wait()), asyncio.create_task(job.ended.wait())
        try:
            await asyncio.wait((begun, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            begun.cancel()
            ended.cancel()
        if job.broken and not job.begun.is_set():
            raise RuntimeError("not stored")  # tried again

    async def _parts(self, waiting: Waiting) -> tuple[Part, ...]:
        return tuple([await self._part(waiting.platform, part) for part in waiting.arrived.parts])

    async def _part(self, platform: str, part: Text | Media | Location) -> Part:
        if isinstance(part, Text):
            return part
        if isinstance(part, Location):
            return Text(_place(part))
        for pause in (*_PAUSES, None):
            try:
                content = await self._calls.media(platform, part, self._runs.limits.media_bytes)
                return Photo(content) if part.kind == "photo" else Speech(content)
            except Busy:
                self._calls.stale(platform)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError

    async def _say_typing(self, waiting: Waiting) -> None:
        with suppress(BabeldeskError):
            token = await self._calls.token(waiting.platform)
            if request := self._platforms[waiting.platform].typing(waiting.arrived.address, token):
                await self._calls.call(request)


def _place(location: Location) -> str:
    return location.name or f"{location.latitude:.4f}, {location.longitude:.4f}"
