"""The web application: routes, headers, limits, and the server that runs it."""

from __future__ import annotations

import re
import signal
import socket as sockets
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from litestar import Litestar, MediaType, Request, Response, WebSocket, get, post, websocket
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException, NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler, Message, Scope

from bot.channels import agui, sse, tokens
from bot.channels.asyncapi import asyncapi
from bot.channels.meters import Meters
from bot.channels.post_room import PostRoom
from bot.channels.runs import Runs
from bot.channels.socket import Talk
from bot.channels.threads import Threads
from bot.errors import BabeldeskError, BadInput, Busy, NotReady, Refused, TooLarge, UnknownKind
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.engine import Bot
    from bot.phrasebook import Phrasebook

_log = structlog.get_logger()
WEB = Path(__file__).parents[1] / "web"
_FILE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(self), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# A shop's page loads the widget, its texts and the pictures from here; nothing in them is anyone's own.
_PUBLIC = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_STATUS: dict[type[BabeldeskError], int] = {Refused: 403, TooLarge: 413, BadInput: 400, Busy: 503, NotReady: 503}


def build(bot: Bot, settings: Settings, *, media: Path, phrases: Phrasebook) -> Litestar:
    """The application around a bot. `media` is the folder of product pictures, <sha256>.webp.

    Raises:
        NotReady: the secret that signs customer tokens is too short.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    secret = tokens.secret_of(settings.data, settings)
    threads = Threads(f"sqlite:///{settings.data / 'threads.db'}")
    runs = Runs(bot, threads, settings.limits, Meters(), settings.burst_seconds)
    post_room = PostRoom(runs, settings, phrases)

    async def start() -> None:
        await runs.go_on()
        await post_room.start()

    async def close() -> None:
        await post_room.take_no_more()
        await runs.close()
        await post_room.close()
        threads.close()

    return Litestar(
        route_handlers=[
            *_talking(runs, secret),
            *post_room.hooks(),
            *_showing(settings, media, phrases),
            *_watching(runs),
        ],
        on_startup=[start],
        on_shutdown=[close],
        before_send=[_guard],
        exception_handlers={HTTPException: _http_error, BabeldeskError: _our_error, Exception: _fault},
        request_max_body_size=settings.limits.frame_bytes,
        openapi_config=OpenAPIConfig(
            title="Babeldesk",
            version="1",
            path="/schema",
            render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        ),
        logging_config=None,
    )


def _talking(runs: Runs, secret: str) -> list[ControllerRouterHandler]:
    @websocket("/chat")
    async def chat(socket: WebSocket[Any, Any, Any]) -> None:
        """AG-UI over a websocket; described by /schema/asyncapi.json."""
        await Talk(socket, runs, secret).run()

    @post("/agui", status_code=200)
    async def agui_run(request: Request[Any, Any, Any]) -> Stream:
        """One AG-UI run: RunAgentInput in, server-sent events out."""
        return await sse.talk(request, runs, secret)

    return [chat, agui_run]


def _showing(settings: Settings, media: Path, phrases: Phrasebook) -> list[ControllerRouterHandler]:
    @get("/", sync_to_thread=True, include_in_schema=False)
    def page() -> Response[bytes]:
        return _file(WEB / "index.html", {"Cache-Control": "no-cache"})

    @get("/web/{name:str}", sync_to_thread=True)
    def web(name: FromPath[str]) -> Response[bytes]:
        """A file of the widget or the chat page."""
        if not _FILE.fullmatch(name):
            raise NotFoundException
        return _file(WEB / name, {"Cache-Control": "no-cache", **_PUBLIC})

    @get("/web/phrases", sync_to_thread=True)
    def words(locale: FromQuery[str] = "") -> Response[dict[str, str]]:
        """The widget's texts in the language that serves `locale` (BCP 47) best."""
        texts = phrases.widget(agui.known_language(locale) or settings.language)
        return Response({**texts, "shop": settings.shop_name}, headers={"Cache-Control": "no-cache", **_PUBLIC})

    @get("/media/{name:str}", sync_to_thread=True)
    def picture(name: FromPath[str]) -> Response[bytes]:
        """A product picture, by the hash of its content."""
        if not _HASH.fullmatch(name):
            raise NotFoundException
        return _file(media / f"{name}.webp", {"Cache-Control": "public, max-age=31536000, immutable", **_PUBLIC})

    return [page, web, words, picture]


def _watching(runs: Runs) -> list[ControllerRouterHandler]:
    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "live"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, str]]:
        """Whether a message would be taken now: the store answers and there is room."""
        with suppress(Exception):
            await runs.stored(runs.threads.check)
            if runs.ready:
                return Response({"status": "ready"})
        return Response({"status": "not ready"}, status_code=503)

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """For Prometheus."""
        return Response(runs.meters.text(), media_type="text/plain; version=0.0.4")

    @get("/schema/asyncapi.json", sync_to_thread=False, include_in_schema=False)
    def socket_schema() -> dict[str, Any]:
        return asyncapi()

    return [live, ready, metrics, socket_schema]


def _file(path: Path, headers: dict[str, str]) -> Response[bytes]:
    kind = _TYPES.get(path.suffix)
    if kind is None or not path.is_file():
        raise NotFoundException
    return Response(path.read_bytes(), media_type=kind, headers=headers)


async def _guard(message: Message, scope: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)


def _answer(code: str, text: str, status: int, headers: dict[str, str] | None = None) -> Response[dict[str, str]]:
    return Response({"code": code, "message": text}, status_code=status, headers=headers, media_type=MediaType.JSON)


def _our_error(_request: Request[Any, Any, Any], error: BabeldeskError) -> Response[dict[str, str]]:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    return _answer(error.code, error.told, status)


def _http_error(_request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, str]]:
    codes = {404: UnknownKind.code, 405: UnknownKind.code, 413: TooLarge.code}
    return _answer(codes.get(error.status_code, BadInput.code), error.detail, error.status_code, error.headers)


def _fault(_request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    _log.error("request failed", error=type(error).__name__)
    return _answer(BabeldeskError.code, "Something went wrong here.", 500)


def _announce(address: str) -> None:
    sys.stderr.write(f"Babeldesk is at {address}\n")


def check_port(settings: Settings) -> None:
    """Finds out early, before models are loaded, that the port can't be had.

    Raises:
        NotReady: it is in use or may not be taken.
    """
    _listen(settings.host, settings.port).close()


def run(
    bot: Bot, settings: Settings, *, media: Path, phrases: Phrasebook, announce: Callable[[str], None] = _announce
) -> None:
    """Serves until the process is told to stop; runs that are going may end first. `announce` gets the address.

    Raises:
        NotReady: the port is in use or may not be taken, or the token secret is too short.
    """
    listener = _listen(settings.host, settings.port)
    with listener:
        config = uvicorn.Config(
            build(bot, settings, media=media, phrases=phrases),
            ws="wsproto",
            ws_max_size=settings.limits.frame_bytes,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=20,
        )
        host, port = listener.getsockname()[:2]
        announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _stop)  # uvicorn raises the signal again once it has stopped
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


def _listen(host: str, port: int) -> sockets.socket:
    """A socket that is bound already, so that a port in use is found before anything starts."""
    try:
        family, kind, protocol, _, address = sockets.getaddrinfo(host, port, type=sockets.SOCK_STREAM)[0]
        listener = sockets.socket(family, kind, protocol)
        listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    except OSError as error:
        raise NotReady(f"{host} is no address to serve at: {error.strerror}.") from None
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise NotReady(f"Port {port} on {host} can't be served: {error.strerror}.") from None
    return listener
