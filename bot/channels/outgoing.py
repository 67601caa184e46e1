"""Answers on their way to the platforms: in order within a chat, tried again where it may help, parked where it won't.

What has gone is remembered request by request. A crash between a request and its memory sends that one again, under the
same key; the platforms that know such keys show it once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import suppress

import structlog

from bot.channels.calls import Calls
from bot.channels.mail import Letter, Mail
from bot.channels.platforms.values import Platform, Verdict
from bot.channels.runs import ENDED, Runs
from bot.errors import BabeldeskError
from bot.messages import Reply
from bot.phrasebook import Phrasebook

_log = structlog.get_logger()
_TRIES = 10
_PAUSE = 1.0  # seconds before the second try, doubled for each after it
_LONGEST_PAUSE = 600.0
_LONGEST_WAIT = 3_600.0  # that a platform may ask for
_CHATS = 32  # answered at the same time
_IDLE = 60.0  # seconds between two looks where nothing stirs


class Outgoing:
    """Sends what lies in the outbox, until it is closed."""

    def __init__(
        self,
        runs: Runs,
        mail: Mail,
        platforms: Mapping[str, Platform],
        calls: Calls,
        phrases: Phrasebook,
        language: str,
    ) -> None:
        self._runs = runs
        self._mail = mail
        self._platforms = platforms
        self._calls = calls
        self._phrases = phrases
        self._language = language
        self._stirred = asyncio.Event()
        self._chats: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sends what an earlier process left, and then what comes."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Lets what is being sent go, and sends no more."""
        if self._task:
            self._task.cancel()
        await asyncio.gather(*(task for task in (self._task, *self._chats.values()) if task), return_exceptions=True)

    async def _watch(self) -> None:
        with self._runs.bells.hung(ENDED, self._stirred):
            while True:
                self._stirred.clear()
                try:
                    pause = await self._look()
                except Exception as error:
                    _log.error("outbox not read", error=type(error).__name__)
                    pause = _PAUSE
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stirred.wait(), pause)

    async def _look(self) -> float:
        """Begins to send what is due; how many seconds until more is."""
        now, room = time.time(), _CHATS - len(self._chats)
        if room > 0:
            for letter in await self._runs.stored(self._mail.due, now, set(self._chats), room):
                self._chats[letter.thread] = asyncio.create_task(self._send(letter))
        if self._chats:
            return _IDLE  # whoever ends stirs
        due = await self._runs.stored(self._mail.next_due)
        return _IDLE if due is None else min(max(due - now, 0.05), _IDLE)

    async def _send(self, letter: Letter) -> None:
        try:
            await self._send_all(letter)
        except Exception as error:
            _log.error("answer not sent", platform=letter.platform, error=type(error).__name__)
            await asyncio.sleep(_PAUSE)
        finally:
            del self._chats[letter.thread]
            self._stirred.set()

    async def _send_all(self, letter: Letter) -> None:
        platform = self._platforms.get(letter.platform)
        if platform is None:
            await self._park(letter, "not_set_up")
            return
        window, written = platform.window_seconds, letter.arrived.address.at
        if window is not None and time.time() - written > window:
            await self._park(letter, "window")
            return
        try:
            token = await self._calls.token(letter.platform)
            requests = platform.sends(self._reply(letter), letter.arrived.address, letter.key, token)
            if not requests:
                await self._park(letter, "nothing_to_send")
            for number, request in enumerate(requests[letter.sent :], letter.sent + 1):
                verdict = platform.judge(await self._calls.call(request))
                if verdict.what != "sent":
                    await self._not_sent(letter, verdict)
                    return
                whole = number == len(requests)
                await self._runs.stored(self._mail.went, letter, number, all_of_it=whole)
            self._runs.meters.answers.labels(letter.platform, "sent").inc()
        except BabeldeskError as error:  # it can't be reached, or gives no token
            await self._not_sent(letter, Verdict("again", error.code))

    async def _not_sent(self, letter: Letter, verdict: Verdict) -> None:
        if verdict.stale:
            self._calls.stale(letter.platform)
        if verdict.what == "never" or letter.tries + 1 >= _TRIES:
            await self._park(letter, verdict.reason or "refused")
            return
        pause = min(_PAUSE * 2**letter.tries, _LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        if verdict.seconds is not None:
            pause = min(max(verdict.seconds, pause), _LONGEST_WAIT)
        await self._runs.stored(self._mail.postpone, letter, time.time() + pause, verdict.reason)

    async def _park(self, letter: Letter, why: str) -> None:
        _log.warning("answer parked", platform=letter.platform, why=why)
        self._runs.meters.answers.labels(letter.platform, "parked").inc()
        await self._runs.stored(self._mail.give_up, letter, why)

    def _reply(self, letter: Letter) -> Reply:
        if letter.reply is not None:
            return letter.reply
        language = letter.arrived.language or self._language
        return Reply(self._phrases.widget(language)[f"error_{letter.code}"], language, "other")
