"""Calls of the platforms' APIs: bounded in time and bytes, to known hosts, with access tokens that run out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx

from bot.channels.platforms.values import Answer, Media, Platform, Request
from bot.errors import BabeldeskError, BadInput, Busy, Refused, TooLarge, UnreadableMedia

_SECONDS = httpx.Timeout(10.0)
_DOWNLOAD_SECONDS = 30.0  # for a whole photo or voice note
_ANSWER_BYTES = 1_000_000
_REDIRECTS = 3
_EARLY = 120.0  # seconds before its end that a token is no longer used


class Calls:
    """What goes out to the platforms; one for a process."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = platforms
        self._client = httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False)
        self._tokens: dict[str, tuple[str, float]] = {}
        self._doors = {name: asyncio.Lock() for name in platforms}

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def token(self, platform: str) -> str:
        """The access token of now; empty where the platform has one that does not run out.

        Raises:
            Busy: it could not be had.
        """
        async with self._doors[platform]:
            token, until = self._tokens.get(platform, ("", 0.0))
            if time.monotonic() < until:
                return token
            of = self._platforms[platform]
            request = of.grant()
            if request is None:
                return ""
            try:
                token, seconds = of.granted(await self.call(request))
            except BadInput:
                raise Busy("The platform gives no access token.") from None
            self._tokens[platform] = token, time.monotonic() + max(seconds - _EARLY, seconds / 2)
            return token

    def stale(self, platform: str) -> None:
        """The platform says that the token is no longer good."""
        self._tokens.pop(platform, None)

    async def call(self, request: Request, most: int = _ANSWER_BYTES) -> Answer:
        """Sends one request and reads what is answered.

        Raises:
            Busy: the platform could not be reached, or broke off.
            TooLarge: it answers more than `most` bytes.
        """
        try:
            async with self._client.stream(
                request.method, request.url, headers=request.headers, content=request.body or None
            ) as response:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > most:
                        raise TooLarge(f"The file is larger than {most / 1e6:g} MB.")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not its text: the address in it may hold a token.
            raise Busy(f"The platform does not answer ({type(error).__name__}).") from None

    async def media(self, platform: str, media: Media, most: int) -> bytes:
        """A photo or a voice note, from a host that is the platform's own.

        Raises:
            Busy: it can't be had now.
            UnreadableMedia: it can't be had at all.
            TooLarge: it is larger than `most` bytes.
        """
        try:
            async with asyncio.timeout(_DOWNLOAD_SECONDS):
                return await self._media(platform, media, most)
        except TimeoutError:
            raise Busy("The platform takes too long to send a file.") from None

    async def _media(self, platform: str, media: Media, most: int) -> bytes:
        of, token = self._platforms[platform], await self.token(platform)
        answer = await self._followed(of, of.fetch(media, token), most)
        try:
            where = of.located(answer, token)
        except BadInput:  # such as that the token has run out
            raise Busy("The platform does not say where a file is.") from None
        if where is not None:
            answer = await self._followed(of, where, most)
        return answer.body

    async def _followed(self, of: Platform, request: Request, most: int) -> Answer:
        for _ in range(_REDIRECTS + 1):
            if not allowed(request.url, of.media_hosts):
                raise Refused("A file lies where no file of this platform should.")
            answer = await self.call(request, most)
            if answer.status not in (301, 302, 303, 307, 308):
                return _content(answer)
            target = urljoin(request.url, answer.headers.get("location", ""))
            same = urlsplit(target).netloc == urlsplit(request.url).netloc
            # What proves who we are is for the host that was asked, not for the one that it names.
            request = Request("GET", target, request.headers if same else {})
        raise UnreadableMedia("A file is nowhere to be found.")


def allowed(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is of one of the hosts (".example" stands for all that end so), by https.

    A host with a port, as the setting of another address gives it, may be asked without encryption.
    """
    parts = urlsplit(url)
    host, place = (parts.hostname or "").lower(), parts.netloc.lower()
    if parts.scheme == "http" and ":" in place and place in hosts:
        return True
    if parts.scheme != "https" or "@" in place:
        return False
    return any(host.endswith(one) if one.startswith(".") else one in (host, place) for one in hosts)


def _content(answer: Answer) -> Answer:
    if answer.status == 200:
        return answer
    again = answer.status in (401, 408, 425, 429) or answer.status >= 500
    error: type[BabeldeskError] = Busy if again else UnreadableMedia
    raise error(f"The platform answers {answer.status} for a file.")
