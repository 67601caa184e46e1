"""AG-UI over HTTP: one POST is one run, its events come back as server-sent events.

A customer comes with `Authorization: Bearer`; an anonymous visitor's threads are kept by an HttpOnly cookie. What is
wrong with the request itself is an HTTP error; what is wrong with a message is RUN_ERROR in the stream.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import structlog
from ag_ui.encoder import EventEncoder
from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Stream

from bot.channels import agui, past, tokens
from bot.channels.jobs import Job
from bot.channels.runs import Runs
from bot.channels.turns import internal
from bot.errors import BabeldeskError, BadInput, Refused

_log = structlog.get_logger()
COOKIE = "babeldesk"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{40,64}")
_COOKIE_SECONDS = 30 * 24 * 3600


async def talk(request: Request[Any, Any, Any], runs: Runs, secret: str) -> Stream:
    """One run, as a stream of its events.

    Raises:
        BadInput: the request holds no RunAgentInput.
        Refused: the token is not valid, or the thread is someone else's.
    """
    if request.content_type[0] != "application/json":
        raise BadInput("A run is sent as application/json.")
    customer = _customer(request, secret)
    asked = await asyncio.to_thread(agui.read_input, await request.body())
    if asked.language is None:
        spoken = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
        asked = msgspec.structs.replace(asked, language=agui.known_language(spoken))
    kept = request.cookies.get(COOKIE, "")
    visitor = kept if _COOKIE_VALUE.fullmatch(kept) else secrets.token_urlsafe(32)
    await runs.stored(runs.threads.join, asked.thread, visitor, customer)
    cookie = Cookie(
        COOKIE,
        value=visitor,
        path="/agui",
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return Stream(
        _events(runs, asked, customer),
        media_type=EventEncoder().get_content_type(),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        cookies=[] if customer and not kept else [cookie],
    )


def _customer(request: Request[Any, Any, Any], secret: str) -> str | None:
    given = request.headers.get("authorization")
    if given is None:
        return None
    scheme, _, token = given.partition(" ")
    customer = tokens.verify(token.strip(), secret) if scheme.lower() == "bearer" else None
    if customer is None:
        raise Refused("The customer token is not valid, or has run out.")
    return customer


async def _events(runs: Runs, asked: agui.Asked, customer: str | None) -> AsyncIterator[bytes]:
    """The run as it happens, or as it happened where its messages were seen before; ends with the run."""
    try:
        taken = await runs.submit(asked, customer)
        if isinstance(taken, Job):
            async for line in runs.follow(asked.thread, taken):
                yield _framed(line)
            return
        for line in await past.replay(runs, asked.thread, taken):
            yield _framed(line)
    except BabeldeskError as error:
        for line in await runs.note(asked.thread, asked.run, agui.failed(error)):
            yield _framed(line)
    except Exception as error:
        _log.error("stream failed", error=type(error).__name__)
        yield _framed(agui.wire(agui.failed(internal())[0], None, None, asked.run))


def _framed(line: str) -> bytes:
    # Not litestar's own framing: it ends events with CR LF CR LF, and AG-UI's client looks for LF LF.
    return f"data: {line}\n\n".encode() if line else b": waiting\n\n"
