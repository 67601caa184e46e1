"""A chat model behind an endpoint that speaks OpenAI's chat completions, streamed (server-sent events)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from bot.errors import NotReady
from bot.writing.plan import Plan, WritingFailed
from bot.writing.prompt import messages

_LINE = 65_536  # bytes of one event
_BYTES = 1_000_000  # of a whole answer
_FIRST = 0.5  # share of the time within which the first word has to come


class Endpoint:
    """One model at one address. Safe to use from several threads."""

    def __init__(self, address: str, model: str, key: str, unencrypted: bool = False) -> None:
        """`address` is the base, as in https://host/v1. The key goes into one header and nowhere else.

        Raises:
            NotReady: the address is none, or would carry what customers ask over a network unencrypted.
        """
        _check(address, unencrypted)
        self._address = f"{address.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._ssl = httpx.create_ssl_context(trust_env=False)

    def write(self, plan: Plan, seconds: float) -> str:
        """The lines of the plan, written anew.

        Raises:
            WritingFailed: it did not answer in time, or with something else.
        """
        try:
            return asyncio.run(self._write(plan, seconds))
        except TimeoutError:
            raise WritingFailed("slow") from None
        except httpx.HTTPError as error:
            raise WritingFailed(type(error).__name__) from None

    async def _write(self, plan: Plan, seconds: float) -> str:
        body = {"model": self._model, "messages": messages(plan), "stream": True, "temperature": 0}
        body["max_tokens"] = plan.most
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        written = ""
        async with asyncio.timeout(seconds * _FIRST) as limit, self._client(seconds) as client:  # noqa: SIM117
            async with client.stream("POST", self._address, json=body, headers=self._headers) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise WritingFailed(f"status {answer.status_code}")
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise WritingFailed("encoded")
                async for piece in _pieces(answer):
                    limit.reschedule(ends)
                    written += piece
                    if len(written) > plan.most:
                        raise WritingFailed("endless")
        return written

    def _client(self, seconds: float) -> httpx.AsyncClient:
        # Nothing of the environment: a proxy or a .netrc there is not ours to send customers' questions through.
        return httpx.AsyncClient(verify=self._ssl, timeout=seconds, trust_env=False, follow_redirects=False)


def _check(address: str, unencrypted: bool) -> None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise NotReady("BABELDESK_WRITER is no address of a chat model: it has the form https://host/v1.")
    if parts.scheme == "http" and not unencrypted and not _is_loopback(host):
        raise NotReady(
            "BABELDESK_WRITER is an http address on another machine: customers' questions would go there unencrypted. "
            "Use https, or set BABELDESK_WRITER_UNENCRYPTED=1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _pieces(answer: httpx.Response) -> AsyncIterator[str]:
    """What the model says, piece by piece.

    Raises:
        WritingFailed: it is not what the API promises, or breaks off.
    """
    if "event-stream" not in answer.headers.get("content-type", ""):
        whole = bytearray()
        async for piece in answer.aiter_raw():
            whole += piece
            if len(whole) > _BYTES:
                raise WritingFailed("endless")
        yield _content(bytes(whole), "message")[0]
        return
    async for data in _events(answer):
        if data == b"[DONE]":
            return
        said, reason = _content(data, "delta")
        if said:
            yield said
        if reason == "stop":
            return
        if reason:
            raise WritingFailed("cut off")
    raise WritingFailed("broken off")


async def _events(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The data of each event."""
    rest, read = b"", 0
    async for piece in answer.aiter_raw():
        read += len(piece)
        rest += piece
        if read > _BYTES:
            raise WritingFailed("endless")
        *lines, rest = rest.split(b"\n")
        if len(rest) > _LINE:
            raise WritingFailed("endless line")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _content(data: bytes, name: str) -> tuple[str, str]:
    """The text of a message, or of a piece of one, and why it ends, if it does."""
    try:
        choice: Any = msgspec.json.decode(data)["choices"]
        if not choice:  # some send a last event that only counts tokens
            return "", ""
        said, reason = choice[0][name].get("content") or "", choice[0].get("finish_reason") or ""
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError, RecursionError):
        raise WritingFailed("no chat completion") from None
    if not isinstance(said, str) or not isinstance(reason, str):
        raise WritingFailed("no chat completion")
    return said, reason
