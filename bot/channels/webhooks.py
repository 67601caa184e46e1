"""`/hooks/{platform}`: a call is checked, what it holds is stored, and then the platform is answered; no model runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Literal, cast

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from bot.channels.incoming import Incoming
from bot.channels.mail import Mail
from bot.channels.platforms.values import Call, Platform
from bot.channels.runs import Runs

_BODY_BYTES = 1_000_000
_MOST = 1_000  # messages of one call that are read


def hooks(
    runs: Runs, mail: Mail, platforms: Mapping[str, Platform], incoming: Incoming, public_url: str
) -> list[ControllerRouterHandler]:
    """The routes. `public_url` is the address that platforms know this server by; empty: as their calls say."""

    async def take(platform: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        of = platforms.get(platform)
        if of is None:
            raise NotFoundException
        call = await _call(request, public_url)
        taken = await asyncio.to_thread(of.read, call, time.time())
        if taken.arrived:
            await runs.stored(mail.accept, platform, taken.arrived[:_MOST])
            incoming.stir()
        return Response(taken.body, media_type=taken.content_type, status_code=200)

    @get("/hooks/{platform:str}")
    async def handshake(platform: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """The platform asks whether this is the address that it was given."""
        return await take(platform, request)

    @post("/hooks/{platform:str}", status_code=200, request_max_body_size=_BODY_BYTES)
    async def hook(platform: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """The platform delivers messages. The answer says that they are stored."""
        return await take(platform, request)

    return [handshake, hook]


async def _call(request: Request[Any, Any, Any], public_url: str) -> Call:
    path = request.scope.get("raw_path", b"").decode("ascii", "replace").split("?")[0]
    query = request.scope.get("query_string", b"").decode("ascii", "replace")
    base = public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', '')}"
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = cast(Literal["GET", "POST"], request.method)
    body = await request.body() if method == "POST" else b""
    return Call(method, f"{base}{path}{'?' if query else ''}{query}", headers, body)
