"""A messaging platform on the loopback, as far as a shop's server sees it: it takes answers, serves files, and fails
as it is told. `Plain` is a platform of no one's, with the least that the seam asks for."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from bot.channels.platforms.values import Address, Answer, Arrived, Call, Location, Media, Request, Taken, Verdict
from bot.errors import BadInput, Refused
from bot.messages import Reply, Text


@dataclass(frozen=True)
class Came:
    """A request that the platform got."""

    method: str
    path: str  # with its query
    headers: dict[str, str]
    body: bytes
    at: float

    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


Said = tuple[int, dict[str, str], bytes]


@dataclass
class PlatformServer:
    """What it got, and how it answers: by a plain function."""

    answer: Callable[[Came], Said]
    came: list[Came] = field(default_factory=list)
    url: str = ""

    def until(self, right: Callable[[list[Came]], bool], seconds: float = 20.0) -> list[Came]:
        """What came, once it is `right`."""
        end = time.monotonic() + seconds
        while not right(self.came):
            assert time.monotonic() < end, [(one.method, one.path, one.body[:80]) for one in self.came]
            time.sleep(0.02)
        return list(self.came)


def fine(_: Came) -> Said:
    return 200, {"Content-Type": "application/json"}, b"{}"


@contextmanager
def platform_server(answer: Callable[[Came], Said] = fine) -> Iterator[PlatformServer]:
    server = PlatformServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            came = Came(self.command, self.path, headers, body, time.monotonic())
            status, extra, content = server.answer(came)
            server.came.append(came)
            if not status:
                return  # hangs up
            self.send_response(status)
            for name, value in {**extra, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _take

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def call(url: str, body: bytes | None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Calls a webhook; its status and what it says."""
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@dataclass(frozen=True)
class Plain:
    """A platform whose calls are JSON, signed with an HMAC in a header."""

    api: str
    secret: str = "a secret"
    name: str = "plain"
    window_seconds: float | None = 3600.0

    @property
    def media_hosts(self) -> tuple[str, ...]:
        return (urlsplit(self.api).netloc,)

    def signature(self, body: bytes) -> str:
        return hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()

    def read(self, call: Call, now: float) -> Taken:
        if not hmac.compare_digest(call.headers.get("x-signature", "").encode(), self.signature(call.body).encode()):
            raise Refused("The signature is not right.")
        return Taken(tuple(map(_arrived, json.loads(call.body))), b"taken")

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        return tuple(
            Request("POST", f"{self.api}/send", {}, json.dumps({"to": to.chat, "text": line, "key": key}).encode())
            for line in reply.text.split("\n")
        )

    def judge(self, answer: Answer) -> Verdict:
        if answer.status == 200:
            return Verdict("sent")
        if answer.status == 403:
            return Verdict("never", "blocked")
        after = answer.headers.get("retry-after")
        return Verdict("again", str(answer.status), float(after) if after else None)

    def typing(self, to: Address, token: str) -> Request | None:
        return None

    def fetch(self, media: Media, token: str) -> Request:
        return Request("GET", media.reference, {"Authorization": "Bearer mine"})

    def located(self, answer: Answer, token: str) -> Request | None:
        if not answer.body.startswith(b"{"):
            return None
        try:
            return Request("GET", json.loads(answer.body)["url"], {"Authorization": "Bearer mine"})
        except KeyError:
            raise BadInput("no address") from None

    def grant(self) -> Request | None:
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        raise AssertionError


def _arrived(one: dict[str, str]) -> Arrived:
    parts: list[Text | Media | Location] = []
    for kind in ("photo", "speech"):
        if kind in one:
            parts.append(Media(kind, one[kind]))  # type: ignore[arg-type]
    if "text" in one:
        parts.append(Text(one["text"]))
    at = float(one.get("at", time.time()))
    return Arrived(one["id"], Address(one["chat"], at), tuple(parts), one.get("language"))
