"""A small server that speaks the websocket contract by a script, so that the page is tested against real frames.

It keeps each thread's numbered events for `resume`, answers a message id once, and writes down every run it was sent.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, MediaType, Request, Response, WebSocket, get, websocket
from litestar.exceptions import NotFoundException, WebSocketDisconnect
from litestar.params import FromPath

from tests.web import phrases

WEB = Path(__file__).resolve().parents[2] / "bot" / "web"
CSP = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
    "script-src 'self'; style-src 'self'"
)
HEADERS = {"Content-Security-Policy": CSP, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

Event = dict[str, Any]
Script = Callable[[dict[str, Any]], Iterable[Event | float]]


class Thread:
    """A thread's log and who listens. `seen` holds the acks by message id."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seen: dict[str, Event] = {}
        self.sockets: list[WebSocket[Any, Any, Any]] = []


class Note:
    """A voice note that was streamed; its fate is "" while it is open, then "ended", "cancelled" or "cut"."""

    def __init__(self, start: Event) -> None:
        self.start = start
        self.frames: list[bytes] = []
        self.fate = ""


class Desk:
    """`script` gives what follows the ack of a run: events, and pauses in seconds."""

    def __init__(self) -> None:
        self.reset()
        self.media: dict[str, bytes] = {}

    def reset(self) -> None:
        self.threads: dict[str, Thread] = {}
        self.hellos: list[Event] = []
        self.resumes: list[Event] = []
        self.runs: list[Event] = []
        self.script: Script = lambda _: []
        self.before_ack: list[str] = []  # what happens to the next runs: "drop" the connection, "busy"
        self.epoch = 1
        self.refused: set[str | None] = set()  # thread ids and tokens
        self.snapshot: list[Event] = []
        self.notes: list[Note] = []
        self.partials: list[tuple[str, str]] = []  # text and language of what is sure of a note, one more a frame

    @property
    def messages(self) -> list[Event]:
        """The user messages that came, in order, each as often as it came."""
        return [message for run in self.runs for message in run["messages"]]

    async def tell(self, thread: Thread, event: Event) -> Event:
        event = {**event, "metadata": {"seq": len(thread.events) + 1, "epoch": self.epoch}}
        thread.events.append(event)
        await self._send(thread, event)
        return event

    async def _send(self, thread: Thread, event: Event) -> None:
        for one in list(thread.sockets):
            try:
                await one.send_text(json.dumps(event))
            except (WebSocketDisconnect, RuntimeError):
                thread.sockets.remove(one)

    async def hello(self, connection: WebSocket[Any, Any, Any], frame: Event) -> Thread | None:
        self.hellos.append(frame)
        name = frame.get("threadId")
        if {name, frame.get("token")} & self.refused:
            error = {"type": "RUN_ERROR", "message": "It is not yours.", "code": "refused"}
            return await connection.send_text(json.dumps(error))
        if name is None or name not in self.threads:
            name = f"thread-{len(self.threads) + 1}"
            self.threads[name] = Thread()
        value = {"threadId": name, "threadSecret": f"secret of {name}", "epoch": self.epoch}
        session = {"type": "CUSTOM", "name": "session", "value": value, "metadata": {"epoch": self.epoch}}
        await connection.send_text(json.dumps(session))
        self.threads[name].sockets.append(connection)
        return self.threads[name]

    async def resume(self, connection: WebSocket[Any, Any, Any], thread: Thread, frame: Event) -> None:
        self.resumes.append(frame)
        missed = thread.events[frame["lastSeq"] :]
        if frame["epoch"] != self.epoch:
            metadata = {"seq": len(thread.events), "epoch": self.epoch}
            missed = [{"type": "MESSAGES_SNAPSHOT", "messages": self.snapshot, "metadata": metadata}]
        for event in missed:
            await connection.send_text(json.dumps(event))

    async def sound(self, connection: WebSocket[Any, Any, Any], content: bytes) -> None:
        note = self.notes[-1]
        assert not note.fate, "sound after the end"
        note.frames.append(content)
        if len(note.frames) > len(self.partials):
            return
        text, language = self.partials[len(note.frames) - 1]
        value = {"messageId": note.start["messageId"], "text": text, "language": language, "partial": True}
        event = {"type": "CUSTOM", "name": "transcript", "value": value, "metadata": {"epoch": self.epoch}}
        await connection.send_text(json.dumps(event))

    def whole(self) -> Event:
        """Ends the note that is open, and gives it as the run that it stands for."""
        note = self.notes[-1]
        assert not note.fate
        note.fate = "ended"
        source = {
            "type": "data",
            "value": base64.b64encode(b"".join(note.frames)).decode(),
            "mimeType": note.start["mimeType"],
        }
        message = {"id": note.start["messageId"], "role": "user", "content": [{"type": "audio", "source": source}]}
        return {"threadId": note.start["threadId"], "runId": note.start["runId"], "messages": [message]}

    def cancelled(self, run: str) -> None:
        assert self.notes[-1].start["runId"] == run
        assert not self.notes[-1].fate
        self.notes[-1].fate = "cancelled"

    async def run(self, connection: WebSocket[Any, Any, Any], thread: Thread, asked: Event) -> None:
        self.runs.append(asked)
        name = asked["messages"][-1]["id"]
        if name in thread.seen:
            return await connection.send_text(json.dumps(thread.seen[name]))
        fate = self.before_ack.pop(0) if self.before_ack else ""
        if fate == "drop":
            return await connection.close()
        if fate:
            error = {
                "type": "RUN_ERROR",
                "message": f"It is {fate}.",
                "code": fate,
                "metadata": {"retry": fate == "busy"},
            }
            return await connection.send_text(json.dumps(error))
        await self.tell(thread, {"type": "RUN_STARTED", "threadId": asked["threadId"], "runId": asked["runId"]})
        ack = {"type": "CUSTOM", "name": "ack", "value": {"messageId": name}}
        thread.seen[name] = await self.tell(thread, ack)
        for step in self.script(asked):
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif step["type"] == "DROP":
                for one in thread.sockets:
                    await one.close()
                thread.sockets.clear()
            else:
                await self.tell(thread, step)
        return None


def application(desk: Desk) -> Litestar:
    """The page, its files, its phrases, pictures, and the websocket."""
    running: set[asyncio.Task[None]] = set()

    def file(path: Path) -> Response[bytes]:
        if path.parent != WEB or not path.is_file():
            raise NotFoundException
        return Response(path.read_bytes(), headers=HEADERS, media_type=TYPES[path.suffix])

    @get("/", sync_to_thread=False)
    def page() -> Response[bytes]:
        return file(WEB / "index.html")

    @get("/shop", sync_to_thread=False)
    def shop() -> Response[str]:
        body = (
            '<!doctype html><html lang="de"><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">'
            '<script type="module" src="/web/widget.js" data-locale="zh" data-token="a.e30.b"></script>'
            "<h1>A shop</h1><babeldesk-chat></babeldesk-chat></html>"
        )
        return Response(body, headers=HEADERS, media_type=MediaType.HTML)

    @get("/web/phrases", sync_to_thread=False)
    def words(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
        return Response(phrases.served(request.query_params["locale"]), headers=HEADERS)

    @get("/web/{name:str}", sync_to_thread=False)
    def web(name: FromPath[str]) -> Response[bytes]:
        return file(WEB / name)

    @get("/media/{name:str}", sync_to_thread=False)
    def media(name: FromPath[str]) -> Response[bytes]:
        return Response(desk.media.get(name, PIXEL), headers=HEADERS, media_type="image/png")

    @websocket("/chat")
    async def chat(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        thread: Thread | None = None
        try:
            while True:
                received = await socket.receive()
                if received["type"] != "websocket.receive":
                    break
                if received.get("bytes") is not None:
                    await desk.sound(socket, received["bytes"])
                    continue
                frame = json.loads(received["text"])
                if frame["type"] == "hello":
                    thread = await desk.hello(socket, frame)
                elif frame["type"] == "ping":
                    await socket.send_text('{"type": "pong"}')
                elif thread is not None and frame["type"] == "resume":
                    await desk.resume(socket, thread, frame)
                elif frame["type"] == "audio.start":
                    assert thread is not None
                    assert not desk.notes or desk.notes[-1].fate, "two notes at once"
                    desk.notes.append(Note(frame))
                elif frame["type"] == "cancel":
                    desk.cancelled(frame["runId"])
                elif thread is not None and frame["type"] in ("run", "audio.end"):
                    asked = frame["input"] if frame["type"] == "run" else desk.whole()
                    task = asyncio.create_task(desk.run(socket, thread, asked))
                    running.add(task)
                    task.add_done_callback(running.discard)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if thread is not None and socket in thread.sockets:
                thread.sockets.remove(socket)
            for note in desk.notes:
                note.fate = note.fate or "cut"

    return Litestar([page, shop, words, web, media, chat], openapi_config=None)


class Running:
    """The desk on a free port of this machine, in a thread of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        config = uvicorn.Config(application(desk), ws="wsproto", log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
