"""A real server on the loopback around a bot that answers by a plain function, and a small websocket client."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request, TextMessage

from bot.channels.app import build
from bot.conversations import Turn
from bot.messages import Heard, Message, Reply, Text, TurnEvent
from bot.settings import Limits, Settings

Tell = Callable[[TurnEvent], None]


def echo(message: Message, tell: Tell) -> Reply:
    """Says what was typed."""
    said = " ".join(part.text for part in message.parts if isinstance(part, Text))
    return Reply(f"You said: {said}", "en", "other")


class FakeBot:
    """A bot with a memory whose answers are given by a function."""

    def __init__(self, answer: Callable[[Message, Tell], Reply] = echo) -> None:
        self.answer = answer
        self.messages: list[Message] = []
        self.turns: dict[str, list[Turn]] = {}
        self.hear: Callable[[bytes], Heard | None] = lambda _: None  # what is sure of a note so far
        self.overheard: list[tuple[str, str | None]] = []  # conversation and language of each note

    def overhearing(self, conversation: str, language: str | None = None) -> Callable[[bytes], Heard | None]:
        self.overheard.append((conversation, language))
        return self.hear

    def turn(self, message: Message, tell: Tell = lambda _: None) -> Reply:
        self.messages.append(message)
        reply = self.answer(message, tell)
        typed = "\n".join(part.text for part in message.parts if isinstance(part, Text))
        self.turns.setdefault(message.conversation, []).append(Turn(message.id, typed, reply))
        return reply

    def history(self, conversation: str) -> list[Turn]:
        return self.turns.get(conversation, [])


class FakePhrases:
    """The widget's texts in two languages."""

    def widget(self, language: str) -> dict[str, str]:
        codes = ("error", "too_large", "unreadable_media", "refused", "busy", "bad_input")
        errors = {f"error_{code}": f"error_{code} {language}" for code in codes}
        return {"send": "发送" if language.startswith("zh") else "Send", **errors}


class Desk:
    """A server that is up."""

    def __init__(self, bot: FakeBot, port: int, settings: Settings) -> None:
        self.bot = bot
        self.port = port
        self.settings = settings
        self.url = f"http://127.0.0.1:{port}"

    def connect(self) -> Line:
        return Line(self.port)


@contextmanager
def desk(
    data: Path, bot: FakeBot | None = None, limits: Limits | None = None, burst_seconds: float = 0.0
) -> Iterator[Desk]:
    """Serves on a free port; stops at the end, as a restart of the server does."""
    bot = bot or FakeBot()
    settings = Settings(data=data, limits=limits or Limits(), burst_seconds=burst_seconds)
    media = data / "media"
    media.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", 0))
    app = build(bot, settings, media=media, phrases=FakePhrases())  # type: ignore[arg-type]
    config = uvicorn.Config(
        app, ws="wsproto", ws_max_size=settings.limits.frame_bytes, log_level="warning", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Desk(bot, listener.getsockname()[1], settings)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


class Line:
    """A websocket connection to /chat."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._text = ""
        self._frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.thread = self.secret = ""
        self.epoch = 0
        self._put(Request(host=f"127.0.0.1:{port}", target="/chat"))
        self._accepted = False
        while not self._accepted:
            self._pull()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Goes away without a word, as a phone in a tunnel does."""
        self._socket.close()

    def _put(self, event: Any) -> None:
        self._socket.sendall(self._protocol.send(event))

    def _pull(self) -> None:
        got = self._socket.recv(65_536)
        self._protocol.receive_data(got or None)
        for event in self._protocol.events():
            if isinstance(event, AcceptConnection):
                self._accepted = True
            elif isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self._frames.append(json.loads(self._text))
                    self._text = ""
            elif isinstance(event, Ping):
                self._put(event.response())
            elif isinstance(event, CloseConnection):
                self.closed = event.code

    def send(self, **frame: Any) -> None:
        self.send_text(json.dumps(frame, ensure_ascii=False))

    def send_text(self, text: str) -> None:
        self._put(TextMessage(text))

    def send_bytes(self, content: bytes) -> None:
        self._put(BytesMessage(content))

    def receive(self) -> dict[str, Any]:
        """The next frame; fails where none comes within ten seconds or the server closes."""
        while not self._frames:
            assert self.closed is None, f"closed with {self.closed}"
            self._pull()
        return self._frames.pop(0)

    def until(self, kind: str, name: str | None = None) -> list[dict[str, Any]]:
        """Everything up to and with the first event of this type (and name)."""
        got = [self.receive()]
        while got[-1]["type"] != kind or (name and got[-1].get("name") != name):
            got.append(self.receive())
        return got

    def hello(self, **who: Any) -> dict[str, Any]:
        """Says hello and takes the session."""
        self.send(type="hello", **who)
        answer = self.receive()
        if answer["type"] == "CUSTOM":
            self.thread = answer["value"]["threadId"]
            self.secret = answer["value"]["threadSecret"]
            self.epoch = answer["value"]["epoch"]
        return answer

    def ask(self, text: object, message: str, run: str | None = None) -> None:
        """Sends a message: a text, or a list of content parts."""
        self.send(type="run", input=run_input(self.thread, [(message, text)], run or f"run-{message}"))

    def settled(self) -> list[dict[str, Any]]:
        """What comes before the pong of a ping that is sent now."""
        self.send(type="ping")
        return self.until("pong")[:-1]


def run_input(thread: str, said: list[tuple[str, object]], run: str) -> dict[str, Any]:
    """RunAgentInput with these user messages."""
    return {
        "threadId": thread,
        "runId": run,
        "state": {},
        "messages": [{"id": name, "role": "user", "content": content} for name, content in said],
        "tools": [],
        "context": [],
        "forwardedProps": {},
    }


def data_part(kind: str, content: bytes, mime: str) -> dict[str, Any]:
    """An image or audio part."""
    value = base64.b64encode(content).decode()
    return {"type": kind, "source": {"type": "data", "value": value, "mimeType": mime}}


def text_of(events: list[dict[str, Any]]) -> str:
    """The reply's text, put together from its pieces."""
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def seqs(events: list[dict[str, Any]]) -> list[int]:
    """The sequence numbers, in the order they came."""
    return [event["metadata"]["seq"] for event in events]
