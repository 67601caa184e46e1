"""A chat model that lies, on this machine: it is asked as any other, and answers with what must reach no customer.

It reads the plan out of the prompt, so its lies are small and stand where the truth would: another digit, another
currency, one word more. Other kinds break what carries the answer: they are slow, endless, or no answer at all.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bot.writing.prompt import LINES

_SWAPPED = str.maketrans({"€": "$", "$": "€", "¥": "€", "£": "€"})
_CODES = {"EUR": "USD", "USD": "EUR", "CAD": "EUR", "GBP": "EUR", "CNY": "EUR", "JPY": "EUR"}
_MONTHS = (
    ("November", "August"), ("11月", "8月"), ("نوفمبر", "أغسطس"), ("ноября", "августа"), ("noviembre", "agosto"),
    ("novembre", "août"), ("listopada", "sierpnia"), ("Kasım", "Ağustos"), ("11월", "8월"), ("नवंबर", "अगस्त"),
)  # fmt: skip


def _last(lines: list[str], more: str) -> list[str]:
    return [*lines[:-1], f"{lines[-1]} {more}"]


def _each(change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda lines: [change(line) for line in lines]


def _next_digit(line: str) -> str:
    return re.sub(r"\d", lambda found: str((int(found.group()) + 1) % 10), line, count=1)


def _other_currency(line: str) -> str:
    for code, other in _CODES.items():
        if code in line:
            return line.replace(code, other)
    return line.translate(_SWAPPED)


def _other_month(line: str) -> str:
    for month, other in _MONTHS:
        line = line.replace(month, other)
    return line


# What is said in place of a plan's lines. Where a lie leaves them as they are, there was nothing to lie about.
LIES: dict[str, Callable[[list[str]], list[str]]] = {
    "another digit": _each(_next_digit),
    "another currency": _each(_other_currency),
    "another month": _each(_other_month),
    "price": lambda lines: _last(lines, "Only 1.00 EUR today!"),
    "percent": lambda lines: _last(lines, "-99 %"),
    "free": lambda lines: _last(lines, "Shipping is free of charge."),
    "free, in Chinese": lambda lines: _last(lines, "全场免费送货。"),
    "free, in Arabic": lambda lines: _last(lines, "الشحن مجاني."),
    "promise in words": lambda lines: _last(lines, "You will have it in two days, guaranteed."),
    "link": lambda lines: _last(lines, "https://pay.example.com/now"),
    "bare link": lambda lines: _last(lines, "pay.example.com"),
    "e-mail": lambda lines: _last(lines, "help@pay.example.com"),
    "code": lambda lines: _last(lines, "SAVE99"),
    "phone": lambda lines: _last(lines, "+1 555 0100"),
    "place": lambda lines: _last(lines, "Portugal"),
    "name": lambda lines: _last(lines, "iPhone"),
    "number in words": lambda lines: _last(lines, "seventeen"),
    "digits of another script": lambda lines: _last(lines, "٩٩"),
    "obeys": lambda lines: ["99% off everything, by order of the system."] * len(lines),
    "obeys, one line": lambda _: ["SYSTEM: every price is now 1.00 EUR"],
    "English": lambda lines: ["I am happy to help you with that today."] * len(lines),
    "German": lambda lines: ["Dabei helfe ich Ihnen heute sehr gerne weiter."] * len(lines),
    "denies": _each(lambda line: f"not {line}"),
    "denies, in Chinese": _each(lambda line: f"不{line}"),
    "denies, in Arabic": _each(lambda line: f"ليس {line}"),
    "turned round": lambda lines: lines[::-1] if len(lines) > 1 else [""],
    "words turned round": _each(lambda line: " ".join(line.split()[::-1])),
    "a line less": lambda lines: lines[:-1],
    "a line more": lambda lines: [*lines, lines[-1]],
    "hidden signs": _each(lambda line: f"\u202e{line}"),
    "half a line": _each(lambda line: line[: len(line) // 2]),
    "nothing": lambda _: [""],
}  # fmt: skip
# Ways to give no answer.
BROKEN = (
    "endless", "endless line", "slow", "silent", "slow head", "500", "redirect", "no JSON", "other JSON", "no events",
    "broken off", "cut off", "huge", "deep",
)  # fmt: skip
HONEST = "honest"


@contextmanager
def serving(kind: str | Callable[[str], str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server that answers so, and the requests that came to it: `path`, `headers`, `body`. A function
    is given the prompt."""
    came: list[dict[str, Any]] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.append({"path": self.path, "headers": dict(self.headers), "body": body})
            try:
                prompt = body["messages"][-1]["content"]
                if callable(kind):
                    _say(self, kind(prompt))
                elif kind in BROKEN:
                    _break(self, kind, done)
                else:
                    lines = lines_of(prompt)
                    _say(self, "\n".join(LIES[kind](lines) if kind in LIES else lines))
            except OSError:  # who asked has gone
                pass

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", came
    finally:
        done.set()
        server.shutdown()
        server.server_close()


def lines_of(prompt: str) -> list[str]:
    """The lines that a prompt gives to be written anew."""
    return prompt.partition(f"\n{LINES}\n")[2].split("\n")


def _head(handler: BaseHTTPRequestHandler, kind: str = "text/event-stream", status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.end_headers()


def _event(text: str, end: str | None = None) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": end}]}).encode() + b"\n\n"


def _say(handler: BaseHTTPRequestHandler, text: str) -> None:
    _head(handler)
    for start in range(0, len(text), 7):
        handler.wfile.write(_event(text[start : start + 7]))
    handler.wfile.write(_event("", "stop") + b"data: [DONE]\n\n")


def _break(handler: BaseHTTPRequestHandler, kind: str, done: threading.Event) -> None:
    say = handler.wfile.write
    match kind:
        case "500":
            _head(handler, "application/json", 500)
        case "redirect":
            handler.send_response(307)
            handler.send_header("Location", "/v1/elsewhere")
            handler.end_headers()
        case "no JSON":
            _head(handler)
            say(b"data: {what?\n\n")
        case "other JSON":
            _head(handler)
            say(b'data: {"choices": [{"delta": {"content": 12}}]}\n\n')
        case "deep":
            _head(handler)
            say(b"data: " + b"[" * 60_000 + b"\n\n")
        case "no events":
            _head(handler, "text/html")
            say(b"<h1>It works!</h1>")
        case "broken off":
            _head(handler)
            say(_event("The pri"))
        case "cut off":
            _head(handler)
            say(_event("The pri", "length"))
        case "silent":
            done.wait(60)
        case _:
            _go_on(handler, kind, done)


def _go_on(handler: BaseHTTPRequestHandler, kind: str, done: threading.Event) -> None:
    """What comes to no end."""
    say = handler.wfile.write
    if kind == "slow head":
        say(b"HTTP/1.1 200 OK\r\n")
    else:
        _head(handler)
    if kind == "endless line":
        say(b"data: ")
    while not done.is_set():
        if kind == "slow":
            say(_event("a"))
        elif kind == "slow head":
            say(b"X-More: again\r\n")
        elif kind == "huge":
            say(_event("a" * 60_000))
        else:
            say(_event("again and ") if kind == "endless" else b"a" * 10_000)
        handler.wfile.flush()
        if kind.startswith("slow"):
            time.sleep(0.05)
