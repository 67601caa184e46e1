"""The README is true: its commands run, and its settings, columns and tree are those of the code."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from bot.channels.tokens import verify
from bot.platform_settings import Platforms
from bot.settings import Limits, Settings
from knowledge.feeds import duties, orders, products, shipments
from tests.channels.desk import Line
from tests.conftest import ROOT, copied

README = (ROOT / "README.md").read_text(encoding="utf-8")
# Commands that take minutes, or would start these tests within themselves, get arguments that make them short.
SHORTENED = {
    "scripts/test": "--version",
    "scripts/test tests/test_check.py": "--version",
    "scripts/evaluate": "--help",
    "scripts/evaluate --scenarios tests/scenarios/held-out": "--help",
    "scripts/bench": "--help",
    "scripts/train": "--help",
}
LEFT_OUT = {"scripts/check": "CI runs it just before the tests"}
ADDRESS = "http://127.0.0.1:8000"


def blocks(language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language: what stands behind it on the fence, and what is in the block."""
    return re.findall(rf"^```{language}(?: (\S+))?\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = [line for _, block in blocks("console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return list(dict.fromkeys(line.removeprefix("$ ") for line in lines))


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose header begins so, without the header."""
    rows = re.search(rf"^\| {heading} .*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert rows, heading
    return [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows[1].splitlines()]


def coded(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


@pytest.fixture(scope="module")
def world(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A data folder for the commands that name none, and the README's own shop as files."""
    folder = tmp_path_factory.mktemp("readme")
    copied(demo, folder / "data")
    for language in ("csv", "markdown"):
        for name, text in blocks(language):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return {"data": folder / "data", "myshop": folder / "myshop"}


def environment(world: dict[str, Path]) -> dict[str, str]:
    return {**os.environ, "BABELDESK_DATA": str(world["data"]), "BABELDESK_THREADS": "2", "NO_PROXY": "127.0.0.1"}


@pytest.fixture(scope="module")
def served(world: dict[str, Path]) -> Iterator[str]:
    """The README's first command, on a free port; gives the address."""
    first = commands()[0]
    assert first == "scripts/serve"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = world["data"] / "serve.log"
    with log.open("w") as said:
        process = subprocess.Popen([ROOT / first, "--port", str(port)], cwd=ROOT, env=environment(world), stderr=said)
    try:
        give_up = time.monotonic() + 120
        while "Babeldesk is at" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()


def test_the_two_commands_come_first(served: str) -> None:
    assert commands()[:2] == ["scripts/serve", "scripts/test"]


def test_every_address_answers(served: str, world: dict[str, Path]) -> None:
    named = {path.partition("?")[0].partition("#")[0] for row in table("path") for path in coded(row[0])}
    assert {"/", "/chat", "/agui", "/media/{hash}", "/health/ready"} <= named
    with httpx.Client(base_url=served, trust_env=False) as client:
        for path in named - {"/chat", "/agui", "/media/{hash}"}:
            assert client.get(path).status_code == 200, path
        assert "widget.js" in client.get("/").text
        assert client.get("/health/ready").json() == {"status": "ready"}
        picture = next((world["data"] / "media").glob("*.webp"))
        assert client.get(f"/media/{picture.stem}").content == picture.read_bytes()
        assert client.get("/agui").status_code == 405, "it takes POST, as the command with curl shows"
    with Line(int(served.rpartition(":")[2])) as line:
        assert line.hello()["name"] == "session"


@pytest.mark.parametrize("command", [one for one in commands() if one not in (*LEFT_OUT, "scripts/serve")])
def test_a_command_does_as_written(command: str, world: dict[str, Path], served: str) -> None:
    if command.startswith("curl") and not shutil.which("curl"):
        pytest.skip("there is no curl here")
    if "--data myshop/data" in command and " import " not in command and not (world["myshop"] / "data").exists():
        pytest.skip("the shop is imported by a command before this one")
    for path in re.findall(r"\b(?:tests|scripts|bot)/\S+", command):
        assert (ROOT / path).exists(), path
    short = f"{command} {SHORTENED.get(command, '')}".strip()
    serving = short.endswith("scripts/serve")
    if serving:  # what it serves is seen above; here, that it finds the shop and says that the port is taken
        short += f" --port {served.rpartition(':')[2]}"
    here = re.sub(r"(?<![\w/])myshop/", f"{shlex.quote(str(world['myshop']))}/", short).replace(ADDRESS, served)
    done = subprocess.run(
        ["bash", "-c", here], cwd=ROOT, env=environment(world), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == (1 if serving else 0), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr if serving else done.stdout
    assert "refused:" not in done.stdout
    if command.startswith("curl"):
        assert "RUN_FINISHED" in done.stdout
        assert "BAG-102" in done.stdout, "the red backpack"
    if "Q-1001" in command:
        assert "RR123456785DE" in done.stdout


def test_what_is_left_out_is_run_by_ci() -> None:
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert set(LEFT_OUT) <= set(ci)
    assert set(LEFT_OUT) <= set(commands())


def test_the_settings_are_those_of_the_code() -> None:
    told = {coded(row[0])[0]: coded(row[1]) for row in table("variable")}
    fields = [field for field in msgspec.structs.fields(Settings) if field.type not in (Limits, Platforms)]
    assert told == {f"BABELDESK_{f.name.upper()}": [str(f.default)] if str(f.default) else [] for f in fields}
    limits = Limits()
    for said in (
        f"{limits.text_characters:,} characters",
        f"{limits.photos} photos",
        f"{limits.photo_pixels // 1_000_000} megapixels",
        f"{limits.speech_seconds / 60:.0f} minutes of speech",
        f"{limits.media_bytes // 1_000_000} MB a file",
    ):
        assert said in README


def test_no_other_variable_is_read_or_told_of() -> None:
    read = {
        name
        for path in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("scripts/*")]
        for name in re.findall(r"BABELDESK_[A-Z]+(?:_[A-Z]+)*", path.read_text(encoding="utf-8"))
    }
    told = set(re.findall(r"BABELDESK_[A-Z]+(?:_[A-Z]+)*", README))
    assert read <= told
    others = {"BABELDESK_TORCH_INDEX", "BABELDESK_SHARED"}
    platforms = {
        f"BABELDESK_{platform.name.upper()}_{one.name.upper()}"
        for platform in msgspec.structs.fields(Platforms)
        for one in msgspec.structs.fields(platform.type)
    }
    assert told == {coded(row[0])[0] for row in table("variable")} | others | platforms


@pytest.mark.parametrize(
    ("feed", "columns"),
    [("--products", products.COLUMNS), ("--orders", orders.COLUMNS), ("--shipments", shipments.COLUMNS),
     ("--duties", duties.COLUMNS)],
)  # fmt: skip
def test_the_columns_are_those_of_the_code(feed: str, columns: products.Columns) -> None:
    rows = {coded(row[0])[0]: row for row in table("feed")}
    assert set(coded(rows[feed][1])) == set(columns.required)
    assert set(coded(rows[feed][2])) == set(columns.optional)


def test_the_verbs_are_those_of_the_code() -> None:
    from bot.verbs import VERBS

    assert {verb for row in table("verb") for verb in coded(row[0])} == set(VERBS)


def test_the_token_of_the_example_is_believed() -> None:
    ((_, example),) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    secret = "a secret that is long enough to sign with"
    assert verify(names["customer_token"]("客户-7", secret), secret) == "客户-7"  # type: ignore[operator]


def test_the_snippet_names_what_the_widget_reads() -> None:
    ((_, snippet),) = blocks("html")
    widget = (ROOT / "bot/web/widget.js").read_text(encoding="utf-8")
    assert 'customElements.define("babeldesk-chat"' in widget
    assert "<babeldesk-chat></babeldesk-chat>" in snippet
    for name in re.findall(r"data-(\w+)=", snippet):
        assert f"dataset.{name}" in widget
    assert 'src="https://HOST/web/widget.js"' in snippet


def tree() -> dict[str, str]:
    """The paths of the tree, folders with a slash at the end, and the role of each."""
    ((_, text),) = blocks("text")
    found, folders = {}, [""]
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, role = line.strip().partition(" ")
        folders[depth + 1 :] = [folders[depth] + name]
        found[folders[depth] + name] = role.strip()
    return found


def test_the_tree_is_that_of_the_project() -> None:
    told = tree()
    missing = [path for path in told if not (ROOT / path).exists()]
    assert not missing
    assert all((ROOT / path).is_dir() == path.endswith("/") for path in told)
    assert [path for path, role in told.items() if not role and path not in FOLDERS_WITHOUT_ROLE] == []
    files = [
        *(p for p in ROOT.glob("bot/**/*.py") if p.name != "__init__.py"),
        *(p for p in ROOT.glob("knowledge/**/*.py") if p.name != "__init__.py" and "migrations" not in p.parts),
        *(p for p in ROOT.glob("bot/web/*") if p.is_file()),
        *(p for p in ROOT.glob("scripts/*") if p.is_file()),
    ]
    folders = [*(p for top in ("bot", "knowledge") for p in ROOT.glob(f"{top}/*/")), *ROOT.glob("tests/*/")]
    there = {str(path.relative_to(ROOT)) for path in files}
    there |= {f"{path.relative_to(ROOT)}/" for path in folders if not path.name.startswith(("_", "."))}
    assert there - set(told) == set()


FOLDERS_WITHOUT_ROLE = {
    "docs/", "scripts/", "knowledge/feeds/", "bot/answer/", "bot/senses/", "bot/channels/", "bot/demo/",
}  # fmt: skip


def test_links_and_pictures_are_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README)
    assert ("", "docs/chat.png") in links
    for link in links:
        assert (ROOT / "".join(link)).is_file(), link
    headings = {re.sub(r"[^a-z ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", README, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings
