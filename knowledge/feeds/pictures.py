"""The bytes of a product's picture, from an https address or a file.

The addresses stand in a feed that others may have written, so a server inside the shop's own network must not be
reached through them. The name is resolved once for each connection, every address it has must be public, and the
connection goes to one of the addresses that were checked; the name still decides the certificate. So a name that
changes its address between the check and the connection (DNS rebinding) gains nothing. Proxies of the environment are
not used: they would resolve the name themselves.

A picture has a mark, by which it is told later whether it is still the same without reading it: size and time of a
file, what the server gave as ETag or Last-Modified.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import httpcore
import httpx
import msgspec

SECONDS = 20.0  # for one picture in all, with its redirects; resolving names has the system's own limit
SECONDS_WITHOUT_DATA = 10.0
MOST_REDIRECTS = 3
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address

MOST_MARK = 200  # characters of an ETag that is kept

# The addresses of a host name and port, as text.
Resolve = Callable[[str, int], list[str]]


class Picture(msgspec.Struct, frozen=True):
    """What a picture's file holds, and its mark ("" where the server gives none)."""

    content: bytes
    mark: str = ""


class PictureError(Exception):
    """A picture that can't be had: one sentence that says which and why."""


class _NotPublic(httpcore.ConnectError):
    """The name leads to an address that is not public."""


def place_of(image: str, folder: Path) -> str:
    """Where `image` of a feed in `folder` lies: an address as it is, a file by its whole path."""
    return image if _is_address(image) else str(folder.absolute() / image)


def is_remote(place: str) -> bool:
    """Whether a place is an address, so that a look at it takes a request."""
    return _is_address(place)


def mark_of(place: str) -> str:
    """The mark of a file now; "" where there is none."""
    try:
        found = Path(place).stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def fetch(
    place: str,
    *,
    most_bytes: int,
    mark: str = "",
    resolve: Resolve | None = None,
    network: httpcore.NetworkBackend | None = None,
) -> Picture | None:
    """The picture at a place, None where it is still the one with `mark`.

    `resolve` and `network` are how names and connections are made; None is the system's way.

    Raises:
        PictureError: it is not there, not allowed, empty, over `most_bytes` or too slow.
    """
    if not _is_address(place):
        return _from_file(place, mark, most_bytes)
    backend = _Checked(resolve or addresses, network or httpcore.SyncBackend(), time.monotonic() + SECONDS)
    with httpcore.ConnectionPool(ssl_context=_trust(), network_backend=backend) as pool:
        url = _url(place)
        for _ in range(MOST_REDIRECTS + 1):
            answer = _get(pool, url, mark, most_bytes)
            if not isinstance(answer, httpx.URL):
                return answer
            url = answer
    raise PictureError(f"{_shown(url)} redirects more than {MOST_REDIRECTS} times")


def _is_address(image: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", image) is not None


def addresses(host: str, port: int) -> list[str]:
    """All addresses of a host, as the system resolves it. Raises OSError."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet can reach; False for what is no IP address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.is_site_local or ip.sixtofour is not None or ip.teredo is not None:
            return False  # withdrawn or tunnels: RFC 3879, 7526, 4380
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local)


def _from_file(place: str, mark: str, most_bytes: int) -> Picture | None:
    try:
        path = Path(place)
        if not path.is_file():
            raise PictureError(f"there is no picture {place!r}")
        now = mark_of(place)  # before it is read: if it is written meanwhile, it is read again next time
        if mark and mark == now:
            return None
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as wrong:
        raise PictureError(
            f"the picture {place!r} can't be read: {getattr(wrong, 'strerror', None) or wrong}"
        ) from None
    return Picture(_measured(content, repr(place), most_bytes), now)


def _measured(content: bytes, name: str, most_bytes: int) -> bytes:
    if not content:
        raise PictureError(f"the picture {name} is empty")
    if len(content) > most_bytes:
        raise PictureError(f"the picture {name} has more than {most_bytes} bytes")
    return content


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise PictureError(f"{text[:100]!r} is not an address") from None
    return _allowed(url)


def _allowed(url: httpx.URL) -> httpx.URL:
    if url.scheme != "https" or not url.host or url.userinfo:
        raise PictureError(f"{_shown(url)} is not an https address without a user name")
    if url.port is not None and not 0 < url.port < 65536:
        raise PictureError(f"{_shown(url)} has a port that does not exist")
    return url


def _shown(url: httpx.URL) -> str:
    """The address as a message shows it: what follows the path may be a key."""
    return f"{url.scheme}://{url.host}{url.path}"[:200]


def _get(pool: httpcore.ConnectionPool, url: httpx.URL, mark: str, most_bytes: int) -> Picture | httpx.URL | None:
    """What the address holds, where it redirects to, or None where it still holds what has `mark`.

    Raises PictureError.
    """
    name = _shown(url)
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS_WITHOUT_DATA)
    # Packed content would be counted packed and could unpack to anything.
    headers = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "babeldesk"}
    if mark:
        name_of_mark, _, value = mark.partition(": ")
        headers["If-None-Match" if name_of_mark == "ETag" else "If-Modified-Since"] = value
    try:
        with pool.stream("GET", str(url), headers=list(headers.items()), extensions={"timeout": timeout}) as response:
            given = httpx.Headers(response.headers)
            if response.status in (301, 302, 303, 307, 308):
                return _allowed(url.join(given.get("location", "")))
            if response.status == 304 and mark:
                return None
            if response.status != 200:
                raise PictureError(f"{name} answers with status {response.status}")
            if given.get("content-encoding", "identity").lower() != "identity":
                raise PictureError(f"{name} sends its picture packed, which is not read here")
            content = bytearray()
            for chunk in response.iter_stream():
                content += chunk
                if len(content) > most_bytes:
                    break
            return Picture(_measured(bytes(content), name, most_bytes), _mark(given))
    except _NotPublic:
        raise PictureError(f"{name} is not at a public address") from None
    except httpcore.TimeoutException:
        raise PictureError(f"{name} is too slow") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise PictureError(f"{name} can't be reached, or its certificate or answer is not right") from None
    except (httpx.InvalidURL, ValueError):
        raise PictureError(f"{name} is not an address, or leads to what is none") from None


def _mark(given: httpx.Headers) -> str:
    """The mark by a server's headers. What a later request can't give back is none."""
    for name in ("ETag", "Last-Modified"):
        value = given.get(name, "")
        if value and len(value) <= MOST_MARK and value.isascii() and value.isprintable():
            return f"{name}: {value}"
    return ""


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _Checked(httpcore.NetworkBackend):
    """Connects to public addresses alone, and until the deadline (time.monotonic)."""

    def __init__(self, resolve: Resolve, network: httpcore.NetworkBackend, deadline: float) -> None:
        self._resolve = resolve
        self._network = network
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name has no address") from None
        if not all(is_public(address) for address in found):
            raise _NotPublic
        last: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("the name has no address")
        for address in found:
            try:
                left = _left(self._deadline, timeout)
                stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as wrong:
                last = wrong
            else:
                return _Timed(stream, self._deadline)
        raise last


class _Timed(httpcore.NetworkStream):
    """A stream on which no read, write or handshake goes on after the deadline, however slowly data drip."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Timed(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    """The seconds that an operation may take."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for one picture is over")
    return left if timeout is None else min(left, timeout)
