"""AG-UI over a websocket: who is there, runs, what was missed, voice notes as they are spoken.

Whatever a client sends, the connection stays open: what is wrong with a frame is one RUN_ERROR. Events of the thread
reach the socket only from its log, in order; `session`, a repeated `ack` and what is heard of a note that is still
being sent are sent on the spot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from bot.channels import agui, past, tokens
from bot.channels.frames import AudioStart, Cancel, Frame, Hello, Ping, Resume, RunFrame, read_frame
from bot.channels.jobs import Job
from bot.channels.notes import Note, overheard
from bot.channels.runs import Runs, conversation_of
from bot.channels.thread_values import Opened
from bot.channels.turns import internal
from bot.errors import BabeldeskError, BadInput, Refused
from bot.messages import Heard, Speech

_log = structlog.get_logger()
_SMALL = 65_536  # characters of JSON that may be read on the event loop


class Talk:
    """One connection, from hello to its end."""

    def __init__(self, socket: WebSocket[Any, Any, Any], runs: Runs, secret: str) -> None:
        self._socket = socket
        self._runs = runs
        self._secret = secret
        self._thread: Opened | None = None
        self._token: str | None = None
        self._locale: str | None = None
        self._note: Note | None = None
        self._cursor: int | None = None  # seq of the last event sent; None until the client says from where
        self._gone = False  # what the client asks for is no longer there: a snapshot is due
        self._moves = 0  # how often the client said from where
        self._pings = 0  # that are not answered
        self._bell = asyncio.Event()  # there may be something to send
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Talks until the client leaves."""
        await self._socket.accept()
        self._runs.meters.sockets.inc()
        try:
            while (received := await self._socket.receive())["type"] == "websocket.receive":
                await self._take(received.get("text"), received.get("bytes"))
        except WebSocketDisconnect:
            pass
        finally:
            self._runs.meters.sockets.dec()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*tuple(self._tasks), return_exceptions=True)

    async def _take(self, text: str | None, binary: bytes | None) -> None:
        run = ""
        try:
            if text is None:
                run = self._note.run if self._note else ""
                self._add_sound(binary or b"")
                return
            frame = read_frame(text) if len(text) < _SMALL else await asyncio.to_thread(read_frame, text)
            run = frame.run_id if isinstance(frame, AudioStart | Cancel) else ""
            await self._do(frame)
        except BabeldeskError as error:
            await self._say_wrong(error, run)
        except WebSocketDisconnect:
            raise
        except Exception as error:
            _log.error("frame failed", error=type(error).__name__)
            await self._say_wrong(internal(), run)

    async def _do(self, frame: Frame) -> None:
        if isinstance(frame, Ping):
            self._pings += 1
            if self._thread is None:
                await self._answer_pings()
            self._bell.set()
        elif isinstance(frame, Hello):
            await self._hello(frame)
        elif self._thread is None:
            raise Refused("The first frame must be hello.")
        elif isinstance(frame, RunFrame):
            await self._ask(await asyncio.to_thread(agui.read_input, frame.input))
        elif isinstance(frame, Resume):
            self._resume(frame, self._mine(frame.thread_id))
        elif isinstance(frame, Cancel):
            self._cancel(self._thread.id, frame.run_id)
        elif isinstance(frame, AudioStart):
            self._start_note(frame)
        else:
            await self._end_note(self._thread.id)

    async def _hello(self, hello: Hello) -> None:
        if self._thread is not None:
            raise BadInput("This connection has said hello already.")
        customer = self._customer(hello.token)
        secret = hello.thread_secret
        threads = self._runs.threads
        if hello.thread_id is None:
            thread, secret = await self._runs.stored(threads.create, customer)
        else:
            name = agui.known_id(hello.thread_id, "threadId")
            thread = await self._runs.stored(threads.open, name, secret, customer)
        self._thread, self._token = thread, hello.token
        self._locale = agui.known_language(hello.locale)
        if hello.thread_id is None:
            self._move(0)
        session = {
            "threadId": thread.id,
            "threadSecret": secret,
            "epoch": thread.epoch,
            "lastSeq": thread.seq,
            "customer": customer,
        }
        await self._send(agui.wire(agui.custom("session", session), thread.seq, thread.epoch))
        self._start(self._pump(thread.id))

    def _customer(self, token: str | None) -> str | None:
        """Asked again at each run: a token runs out while a connection lasts."""
        if token is None:
            return None
        customer = tokens.verify(token, self._secret)
        if customer is None:
            raise Refused("The customer token is not valid, or has run out.")
        return customer

    def _mine(self, thread: str) -> Opened:
        if self._thread is None or thread != self._thread.id:
            raise Refused("There is no such conversation, or it is not yours.")
        return self._thread

    async def _ask(self, asked: agui.Asked) -> None:
        try:
            thread = self._mine(asked.thread)
            asked = msgspec.structs.replace(asked, language=asked.language or self._locale, live=True)
            taken = await self._runs.submit(asked, self._customer(self._token))
        except BabeldeskError as error:
            await self._say_wrong(error, asked.run)
            return
        if self._cursor is None:
            self._move(thread.seq)
        if taken.ack:  # it was seen before
            await self._send(taken.ack)
        if isinstance(taken, Job):
            self._start(self._watch(taken))

    def _start_note(self, start: AudioStart) -> None:
        self._mine(start.thread_id)
        if self._note is not None:
            raise BadInput("A voice note is being sent already; audio.end ends it.")
        agui.known_id(start.run_id, "runId")
        agui.known_id(start.message_id, "messageId")
        self._note = note = Note(start, self._runs.limits.media_bytes)
        if start.partial:
            note.following = self._start(self._overhear(note))

    async def _overhear(self, note: Note) -> None:
        thread = self._thread
        assert thread is not None

        async def tell(heard: Heard) -> None:
            with suppress(WebSocketDisconnect):
                await self._send(agui.wire(overheard(heard, note.message), None, thread.epoch, note.run))

        await self._runs.overhearing.follow(note, conversation_of(thread.id), self._locale, tell)

    def _add_sound(self, sound: bytes) -> None:
        if self._note is None:
            raise BadInput("A binary frame is part of a voice note, which begins with audio.start.")
        self._note.add(sound)

    def _cancel(self, thread: str, run: str) -> None:
        if self._note is None or self._note.run != run:
            self._runs.cancel(thread, run)
            return
        self._note.leave()
        self._note = None

    async def _end_note(self, thread: str) -> None:
        note, self._note = self._note, None
        if note is None:
            raise BadInput("There is no voice note to end.")
        note.leave()
        if note.too_large:
            return  # which was said when it became so
        parts = (Speech(bytes(note.content)),) if note.content else ()
        await self._ask(agui.Asked(thread, note.run, (agui.Said(note.message, parts),)))

    def _resume(self, resume: Resume, thread: Opened) -> None:
        self._gone = resume.epoch != thread.epoch
        self._move(resume.last_seq)

    def _move(self, seq: int) -> None:
        self._cursor = seq
        self._moves += 1
        self._bell.set()

    async def _pump(self, thread: str) -> None:
        try:
            with self._runs.bells.hung(thread, self._bell):
                while True:
                    self._bell.clear()
                    await self._send_due(thread)
                    await self._answer_pings()  # after what was due, so that a pong ends what a resume asked for
                    await self._bell.wait()
        except WebSocketDisconnect:
            return
        except Exception as error:
            _log.error("socket closed", error=type(error).__name__)
            with suppress(Exception):
                await self._socket.close(1011)

    async def _answer_pings(self) -> None:
        while self._pings:
            self._pings -= 1
            await self._send('{"type":"pong"}')

    async def _send_due(self, thread: str) -> None:
        """Sends what the log holds after the cursor; a snapshot first where something of it is gone."""
        while self._cursor is not None:
            moves = self._moves
            if self._gone:
                seq, line = await past.snapshot(self._runs, thread)
                if moves != self._moves:
                    continue
                self._gone, self._cursor = False, seq
                await self._send(line)
                continue
            events = await self._runs.stored(self._runs.threads.after, thread, self._cursor)
            if moves != self._moves:
                continue  # a resume came meanwhile
            if events is None:
                self._gone = True
                continue
            if not events:
                return
            for event in events:
                self._cursor = event.seq
                await self._send(event.body)
                if moves != self._moves:
                    break

    async def _watch(self, job: Job) -> None:
        await job.ended.wait()
        if job.broken:
            await self._send(agui.wire(agui.failed(internal())[0], None, None, job.run))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _say_wrong(self, error: BabeldeskError, run: str) -> None:
        events = agui.failed(error)
        if self._thread is None:
            await self._send(agui.wire(events[0], None, None, run))
            return
        if self._cursor is None:
            self._move(self._thread.seq)
        await self._runs.note(self._thread.id, run, events)

    async def _send(self, line: str) -> None:
        try:
            await self._socket.send_text(line)
        except (OSError, RuntimeError) as error:  # what servers raise where the client is gone or the socket closed
            raise WebSocketDisconnect(detail=type(error).__name__) from None
