"""What the web application shows, how it guards it, and how it starts and stops."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.channels.app import WEB, check_port, run
from bot.errors import NotReady
from bot.settings import Settings
from tests.channels.desk import Desk, FakeBot, FakePhrases, Line, desk, seqs, text_of

ROOT = Path(__file__).parents[2]
PICTURE = "ab" * 32


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("desk")
    (data / "media").mkdir()
    (data / "media" / f"{PICTURE}.webp").write_bytes(b"RIFF....WEBP")
    (data / "secret.webp").write_bytes(b"not for you")
    (data / "media" / "draft.webp").write_bytes(b"not for you")
    with desk(data) as up:
        yield up


@pytest.fixture
def browser(place: Desk) -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, base_url=place.url) as client:
        yield client


def test_the_page_and_its_files(browser: httpx.Client) -> None:
    files = sorted(path for path in WEB.iterdir() if path.is_file())
    assert files, "the widget is there"
    for path in files:
        answer = browser.get(f"/web/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = browser.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert browser.get("/web/widget.js").headers["content-type"] == "text/javascript; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    ["/web/../app.py", "/web/..%2fengine.py", "/web/%2e%2e%2fengine.py", "/web/.hidden.js", "/web/no-such.js",
     "/web/", "/media/" + "0" * 64, "/media/..%2fsecret", "/media/../secret.webp", "/media/draft",
     f"/media/{PICTURE.upper()}", f"/media/{PICTURE[:-1]}", "/no-such-page"],
)  # fmt: skip
def test_nothing_else_is_shown(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_kind")
    assert b"not for you" not in answer.content
    assert answer.headers["content-security-policy"]


def test_a_picture_is_public_and_lasts(browser: httpx.Client) -> None:
    answer = browser.get(f"/media/{PICTURE}")
    assert answer.content == b"RIFF....WEBP"
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("locale", "text"), [("zh-CN", "发送"), ("ar", "Send"), ("", "Send"), ("../../etc/passwd", "Send")]
)
def test_the_widgets_texts(browser: httpx.Client, locale: str, text: str) -> None:
    assert browser.get("/web/phrases", params={"locale": locale}).json()["send"] == text


def test_runs_are_not_for_other_sites(browser: httpx.Client) -> None:
    answer = browser.options(
        "/agui", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in answer.headers


def test_probes_and_metrics(place: Desk, browser: httpx.Client) -> None:
    assert browser.get("/health/live").status_code == 200
    assert browser.get("/health/ready").status_code == 200
    with place.connect() as line:
        line.hello()
        line.ask("hello", "m1")
        line.until("RUN_FINISHED")
        text = browser.get("/metrics").text
        assert browser.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'babeldesk_turns_total{state="done"} 1.0' in text
    assert "babeldesk_sockets 1.0" in text
    assert "hello" not in text


def test_the_schemas(browser: httpx.Client) -> None:
    rest = browser.get("/schema").json()
    assert rest["openapi"].startswith("3.")
    assert {"/agui", "/web/phrases", "/media/{name}", "/health/ready"} <= set(rest["paths"])
    told = browser.get("/schema/asyncapi.json").json()
    assert told["asyncapi"] == "3.0.0"
    schemas = told["components"]["schemas"]
    kinds = {schema["properties"]["type"]["enum"][0] for schema in schemas.values() if "type" in schema["properties"]}
    assert kinds == {"hello", "run", "resume", "cancel", "ping", "audio.start", "audio.end"}
    for name in told["channels"]["chat"]["messages"].values():
        assert name["$ref"].removeprefix("#/components/messages/") in told["components"]["messages"]


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(data=tmp_path / "data", port=taken.getsockname()[1])
        said = []
        with pytest.raises(NotReady) as caught:
            check_port(settings)
        said.append(caught.value.message)
        with pytest.raises(NotReady) as caught:
            run(FakeBot(), settings, media=tmp_path, phrases=FakePhrases())  # type: ignore[arg-type]
        said.append(caught.value.message)
    assert said[0] == said[1]
    assert str(settings.port) in said[0]
    assert "\n" not in said[0]
    assert not settings.data.exists(), "nothing was begun"
    check_port(settings)


SERVE = """
import sys, pathlib
from bot.channels.app import run
from bot.settings import Settings
from tests.channels.desk import FakeBot, FakePhrases
data = pathlib.Path(sys.argv[1])
settings = Settings(data=data, port=0)
run(FakeBot(), settings, media=data, phrases=FakePhrases(), announce=lambda at: print(at, flush=True))
"""


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert httpx.get(f"{address}/health/ready", trust_env=False).json() == {"status": "ready"}
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_a_run_that_a_kill_cut_off_is_answered_by_the_next_server(tmp_path: Path) -> None:
    script = SERVE.replace("FakeBot(),", "FakeBot(lambda message, tell: __import__('time').sleep(60)),")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        with Line(port) as line:
            line.hello()
            line.ask("订单在哪里？", "m1")
            begun = line.until("CUSTOM", "ack")
            process.kill()
    with desk(tmp_path) as place, place.connect() as again:
        assert again.hello(threadId=line.thread, threadSecret=line.secret)["value"]["epoch"] == line.epoch
        again.send(type="resume", threadId=line.thread, lastSeq=begun[-1]["metadata"]["seq"], epoch=line.epoch)
        events = again.until("RUN_FINISHED")
        assert text_of(events) == "You said: 订单在哪里？", "what was acknowledged is answered, unasked"
        assert seqs(begun + events) == list(range(1, len(begun + events) + 1))
        again.ask("订单在哪里？", "m1")
        assert [event["name"] for event in again.settled()] == ["ack"]
