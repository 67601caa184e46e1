"""Voice notes that are streamed: gathered whole, and heard along the way, which is a courtesy.

What is heard along the way comes after everything else: one pass at a time in the whole process, none while a whole
note is being answered, as much rest after a pass as it took, and none at all where passes are slow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Literal, ParamSpec, TypeVar

import msgspec
import structlog
from ag_ui.core import BaseEvent

from bot.channels import agui
from bot.channels.frames import AudioStart
from bot.errors import BabeldeskError, TooLarge
from bot.messages import Heard

if TYPE_CHECKING:
    from bot.engine import Bot

_log = structlog.get_logger()
_P = ParamSpec("_P")
_T = TypeVar("_T")

NOTES = 4  # that are heard along the way at once; further ones are heard when they are whole
PACE = 0.5  # seconds from the beginning of one look at a note to the next; a pass follows a second of new sound
_IDLE = 10.0  # seconds without sound after which a note is let be, so that others have its place
_SLOWEST = 3.0  # seconds; a note whose pass took longer is let be


class Note:
    """A voice note that is being sent. Once it is too large the rest of it is taken and dropped."""

    def __init__(self, start: AudioStart, most: int) -> None:
        """`most` is in bytes."""
        self.run = start.run_id
        self.message = start.message_id
        self.content = bytearray()
        self.too_large = False
        self.grown = asyncio.Event()
        self.following: asyncio.Task[None] | None = None
        self._most = most

    def add(self, sound: bytes) -> None:
        """Takes the next bytes.

        Raises:
            TooLarge: they are too many now; said once.
        """
        if self.too_large:
            return
        self.content += sound
        self.grown.set()
        if len(self.content) > self._most:
            self.too_large = True
            self.content.clear()
            self.leave()
            raise TooLarge(f"The voice note is larger than {self._most} bytes.")

    def leave(self) -> None:
        """It is no longer heard along the way."""
        if self.following:
            self.following.cancel()


class Partial(msgspec.Struct, frozen=True, rename="camel"):
    """What is sure of a voice note that is still being sent. Its text only ever grows; the whole note has the last
    word in a `transcript` of its own, which has no `partial`, and may say otherwise."""

    message_id: str
    text: str
    language: str  # BCP 47
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    partial: Literal[True]


def overheard(heard: Heard, message: str) -> BaseEvent:
    """The `transcript` so far. It is no part of the thread's log, and has no seq."""
    return agui.custom(
        "transcript", msgspec.to_builtins(Partial(message, heard.text, heard.language, heard.confidence, True))
    )


class Overhearing:
    """Hears the notes of this process while they are being sent. `occupied` says that a whole note is being heard."""

    def __init__(self, bot: Bot, occupied: Callable[[], bool]) -> None:
        self._bot = bot
        self._occupied = occupied
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="overhear")
        self._seat = asyncio.Lock()  # notes wait in order, each at most once, and are heard as they are by then
        self._notes = 0
        self._rested = 0.0  # on the monotonic clock

    def close(self) -> None:
        """Hears no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def follow(
        self, note: Note, conversation: str, language: str | None, tell: Callable[[Heard], Awaitable[None]]
    ) -> None:
        """Tells what is confirmed of the note, each time that it has grown, until it is left or can't be heard."""
        if self._notes >= NOTES:
            return
        self._notes += 1
        try:
            hear, _ = await self._beside(self._bot.overhearing, conversation, language)
            if hear:
                await self._follow(note, hear, tell)
        except (BabeldeskError, TimeoutError):
            return  # what is wrong with it is said when it is whole
        except Exception as error:
            _log.error("note not overheard", error=type(error).__name__)
        finally:
            self._notes -= 1

    async def _follow(
        self, note: Note, hear: Callable[[bytes], Heard | None], tell: Callable[[Heard], Awaitable[None]]
    ) -> None:
        told, took = "", 0.0
        while took <= _SLOWEST:
            async with asyncio.timeout(_IDLE):  # wait_for would swallow a cancellation that comes with the sound
                await note.grown.wait()
            async with self._seat:
                await asyncio.sleep(self._rested - time.monotonic())
                heard, took = None, 0.0
                if not self._occupied():
                    note.grown.clear()
                    heard, took = await self._beside(hear, bytes(note.content))
                    self._rested = time.monotonic() + took
            if heard and len(heard.text) > len(told):
                told = heard.text
                await tell(heard)
            await asyncio.sleep(PACE - took)

    async def _beside(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> tuple[_T, float]:
        """What the call gives in the worker thread, and the seconds that it took there."""

        def timed() -> tuple[_T, float]:
            began = time.perf_counter()
            return call(*args, **kwargs), time.perf_counter() - began

        return await asyncio.get_running_loop().run_in_executor(self._worker, timed)
