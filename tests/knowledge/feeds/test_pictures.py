"""Pictures: which addresses are reached, and with which limits. No test leaves this machine."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpcore
import pytest

from knowledge.feeds import pictures
from knowledge.feeds.pictures import Picture, PictureError, fetch, is_public, mark_of, place_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PUBLIC = "93.184.216.34"


class Net(httpcore.NetworkBackend):
    """A network that notes where connections go, and plays the given answers, one a connection."""

    def __init__(self, *answers: bytes, unreachable: tuple[str, ...] = ()) -> None:
        self.answers = list(answers)
        self.unreachable = unreachable
        self.reached: list[tuple[str, int]] = []
        self.names: list[str | None] = []
        self.sent = b""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if host in self.unreachable:
            raise httpcore.ConnectError
        self.reached.append((host, port))
        return Stream(self, self.answers.pop(0))


class Stream(httpcore.NetworkStream):
    def __init__(self, net: Net, answer: bytes) -> None:
        self.net = net
        self.answer = answer

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        assert ssl_context.check_hostname
        self.net.names.append(server_hostname)
        return self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        assert timeout is not None
        chunk, self.answer = self.answer[:max_bytes], self.answer[max_bytes:]
        return chunk

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.net.sent += buffer

    def close(self) -> None:
        pass

    def get_extra_info(self, info: str) -> None:
        return None


def ok(content: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def moved(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def names(**known: list[str]) -> Callable[[str, int], list[str]]:
    return lambda host, port: known[host.split(".")[0]]


def get(image: str, net: Net, resolve: Callable[[str, int], list[str]] | None = None, most: int = 10_000) -> bytes:
    found = fetch(image, most_bytes=most, resolve=resolve or (lambda host, port: [PUBLIC]), network=net)
    assert found is not None
    return found.content


def test_the_checked_address_is_reached_and_the_name_kept() -> None:
    net = Net(ok(PNG))
    assert get("https://cdn.shop.example/杯 子.png?key=1", net) == PNG
    assert net.reached == [(PUBLIC, 443)]
    assert net.names == ["cdn.shop.example"]
    assert b"Host: cdn.shop.example\r\n" in net.sent
    assert net.sent.startswith(b"GET /%E6%9D%AF%20%E5%AD%90.png?key=1 HTTP/1.1\r\n")


def test_a_name_in_another_script() -> None:
    net = Net(ok(PNG))
    asked: list[str] = []
    get("https://متجر.example/a.png", net, lambda host, port: asked.append(host) or [PUBLIC])
    assert asked == net.names
    assert asked[0].startswith("xn--")


def test_the_next_address_where_one_does_not_answer() -> None:
    net = Net(ok(PNG), unreachable=("2606:2800:220:1::1",))
    assert get("https://a.example/x", net, lambda host, port: ["2606:2800:220:1::1", PUBLIC]) == PNG


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1",
        "::ffff:a00:1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2130706433", "0x7f000001", "127.1", "localhost", "", "1.1.1.1 ",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    net = Net(ok(PNG))
    for found in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(PictureError, match="not at a public address"):
            get("https://shop.example/a.png", net, lambda host, port, found=found: found)
    assert net.reached == []


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "223.255.255.1"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@contextmanager
def listening() -> Iterator[tuple[int, list[object]]]:
    """A server on this machine, and who reached it."""
    reached: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                reached.append(peer)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], reached
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]",
             "[::ffff:127.0.0.1]", "①②⑦.0.0.1"],
)  # fmt: skip
def test_a_server_on_this_machine_is_not_reached_under_any_spelling(host: str) -> None:
    with listening() as (port, reached):
        socket.create_connection(("127.0.0.1", port)).close()  # it does listen
        with pytest.raises(PictureError):
            fetch(f"https://{host}:{port}/a.png", most_bytes=1000)
        time.sleep(0.05)
    assert len(reached) == 1


def test_a_name_that_changes_its_address_gains_nothing() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]
    net = Net(ok(PNG), ok(PNG))
    assert get("https://rebind.example/a.png", net, lambda host, port: answers.pop(0)) == PNG
    assert net.reached == [(PUBLIC, 443)]  # the second answer was not asked for
    with pytest.raises(PictureError, match="public"):
        get("https://rebind.example/a.png", net, lambda host, port: answers.pop(0))


def test_redirects_are_followed_and_each_is_checked() -> None:
    net = Net(moved("https://b.example/x"), moved("/y"), ok(PNG))
    both = names(a=[PUBLIC], b=["1.1.1.1"], c=["10.0.0.1"])
    assert get("https://a.example/", net, both) == PNG
    assert net.names == ["a.example", "b.example", "b.example"]
    for location, reason in [
        ("https://c.example/x", "not at a public"), ("http://b.example/x", "not an https"),
        ("https://127.0.0.1/", "not at a public"), ("file:///etc/passwd", "not an https"),
        ("https://u:p@b.example/", "user name"), ("https://b.example:99999/", "port"),
    ]:  # fmt: skip
        net = Net(moved(location), ok(PNG))
        resolve = lambda host, port: [host] if host[0].isdigit() else both(host, port)  # noqa: E731
        with pytest.raises(PictureError, match=reason):
            get("https://a.example/", net, resolve)
        assert len(net.reached) == 1


def test_too_many_redirects() -> None:
    net = Net(*[moved("/again")] * 10)
    with pytest.raises(PictureError, match="redirects more than 3 times"):
        get("https://a.example/", net)
    assert len(net.reached) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ok(PNG * 10), "more than 10000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, "more than 10000 bytes"),
        (ok(b""), "empty"),
        (ok(PNG, "Content-Encoding: gzip"), "packed"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", "answer"),
        (b"SSH-2.0-OpenSSH\r\n", "answer"),
        (b"", "answer"),
    ],
)
def test_answers_that_are_no_picture_s(answer: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        get("https://a.example/x.png", Net(answer))


@pytest.mark.parametrize(
    "image",
    [
        "http://a.example/x", "ftp://a.example/x", "file:///etc/passwd", "gopher://a.example", "https://", "https:///x",
        "https://u:p@a.example/x", "https://a.example:99999/", "https://[::1", "https://a\x00.example/",
        "https://" + "a" * 300 + ".example/", "https://.example/", "https://a..example/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_as_they_stand(image: str) -> None:
    with pytest.raises(PictureError):
        fetch(image, most_bytes=1000, network=Net())


def test_no_message_tells_the_key_of_an_address() -> None:
    with pytest.raises(PictureError) as caught:
        get("https://a.example/x.png?key=SECRET", Net(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"))
    assert "a.example/x.png" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(Net):
        def connect_tcp(self, *given: object, **more: object) -> httpcore.NetworkStream:
            return Drip(self, ok(PNG))

    class Drip(Stream):
        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            time.sleep(0.02)
            return super().read(1, timeout)

    monkeypatch.setattr(pictures, "SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(PictureError, match="too slow"):
        get("https://a.example/x.png", Dripping())
    assert time.monotonic() - start < 2


def test_names_without_an_address() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror

    for resolve in (fail, lambda host, port: []):
        with pytest.raises(PictureError, match="can't be reached"):
            get("https://a.example/x.png", Net(), resolve)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "图").mkdir()
    (tmp_path / "图" / "杯.png").write_bytes(PNG)
    for image, folder in (("图/杯.png", tmp_path), (str(tmp_path / "图" / "杯.png"), Path("/nowhere"))):
        found = fetch(place_of(image, folder), most_bytes=len(PNG))
        assert found is not None and found.content == PNG


def test_a_file_is_read_again_once_it_was_written(tmp_path: Path) -> None:
    place = place_of("كوب.png", tmp_path)
    Path(place).write_bytes(PNG)
    first = fetch(place, most_bytes=10_000)
    assert first is not None and first.mark == mark_of(place)
    assert fetch(place, most_bytes=10_000, mark=first.mark) is None
    Path(place).write_bytes(PNG + PNG)
    again = fetch(place, most_bytes=10_000, mark=first.mark)
    assert again is not None and again.content == PNG + PNG
    Path(place).unlink()
    assert mark_of(place) == ""
    with pytest.raises(PictureError, match="no picture"):
        fetch(place, most_bytes=10_000, mark=again.mark)


NOT_CHANGED = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ('ETag: "a-1"', b'If-None-Match: "a-1"\r\n'),
        ("Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT", b"If-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT\r\n"),
    ],
)
def test_a_server_is_asked_whether_it_has_another(header: str, asked: bytes) -> None:
    def again(mark: str, *answers: bytes) -> tuple[Picture | None, Net]:
        net = Net(*answers)
        resolve = lambda host, port: [PUBLIC]  # noqa: E731
        return fetch("https://a.example/x", most_bytes=10_000, mark=mark, resolve=resolve, network=net), net

    first, net = again("", ok(PNG, header))
    assert first is not None and first.mark and b"If-" not in net.sent
    same, net = again(first.mark, moved("https://b.example/x"), NOT_CHANGED)
    assert same is None and net.sent.count(asked) == 2
    other, _ = again(first.mark, ok(PNG + PNG))
    assert other is not None and other.content == PNG + PNG and other.mark == ""
    with pytest.raises(PictureError, match="status 304"):
        again("", NOT_CHANGED)


@pytest.mark.parametrize("header", ['ETag: "' + "x" * 300 + '"', "ETag: é", "Last-Modified: ", "Date: x"])
def test_what_can_t_be_given_back_is_no_mark(header: str) -> None:
    net = Net(ok(PNG, header))
    found = fetch("https://a.example/x", most_bytes=10_000, resolve=lambda host, port: [PUBLIC], network=net)
    assert found == Picture(PNG, "")


def test_files_that_are_refused(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(PNG)
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    for image, reason in [
        ("large.png", "more than 100 bytes"), ("empty.png", "empty"), ("none.png", "no picture"), ("", "no picture"),
        (".", "no picture"), ("pipe.png", "no picture"), ("/dev/zero", "no picture"), ("a\0b", "picture"),
        ("x" * 5000, "picture"), ("data:image/png;base64,AAAA", "no picture"),
    ]:  # fmt: skip
        with pytest.raises(PictureError, match=reason):
            fetch(place_of(image, tmp_path), most_bytes=100)
