"""The stock AG-UI client from the npm registry talks to /agui."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.tokens import secret_of, sign
from bot.messages import Heard, LookedUp, Message, Reply, StepFinished, StepStarted
from tests.channels.desk import Desk, FakeBot, Tell, desk, echo

HERE = Path(__file__).with_name("agui_client")
CACHE = Path(__file__).parents[2] / ".venv" / "agui-client"

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="node and npm are not here, so no stock AG-UI client"
)


@pytest.fixture(scope="module")
def client() -> Path:
    """A folder with the client and what it needs, installed once per lock file."""
    files = [HERE / name for name in ("package.json", "package-lock.json", "talk.mjs")]
    folder = CACHE / hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2_000:]
        (folder / "installed").touch()
    return folder


def answer(message: Message, tell: Tell) -> Reply:
    for event in (
        StepStarted("search"),
        LookedUp("find_order", {"order": "Q-1001"}, ("Q-1001",)),
        StepFinished("search"),
        StepStarted("answer"),
        StepFinished("answer"),
    ):
        tell(event)
    return echo(message, tell)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, FakeBot(answer)) as up:
        yield up


def talk(client: Path, place: Desk, *say: str, token: str | None = None) -> Any:
    conversation = json.dumps({"token": token, "say": say})
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = ["node", "talk.mjs", f"{place.url}/agui", conversation]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("signed_in", [True, False])
def test_it_holds_a_conversation(client: Path, place: Desk, signed_in: bool) -> None:
    token = sign("c-1", secret_of(place.settings.data, place.settings)) if signed_in else None
    told = talk(client, place, "我的订单 Q-1001 在哪里？", "а когда придёт? Жду.", token=token)
    first, second = told["turns"]
    assert (first["failed"], second["failed"]) == (None, None)
    assert first["result"]["text"] == "You said: 我的订单 Q-1001 在哪里？"
    assert second["result"]["text"] == "You said: а когда придёт? Жду."
    assert first["customs"] == ["ack", "typing"]
    numbers = [event["seq"] for turn in told["turns"] for event in turn["events"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {event["epoch"] for turn in told["turns"] for event in turn["events"]} == {1}
    assert [message["role"] for message in told["messages"]] == ["user", "assistant", "tool", "assistant"] * 2
    assert told["messages"][3]["content"] == first["result"]["text"]
    assert told["messages"][1]["toolCalls"][0]["function"]["name"] == "find_order"
    assert [message.customer for message in place.bot.messages] == ["c-1" if signed_in else None] * 2
    assert len({message.conversation for message in place.bot.messages}) == 1


VERIFY = """
import { verifyEvents } from "@ag-ui/client";
import { from, lastValueFrom, toArray } from "rxjs";
const [, lines] = process.argv.slice(1);
const verify = (events) => lastValueFrom(verifyEvents(false)(from(events)).pipe(toArray()))
  .then((taken) => taken.length, (error) => String(error));
const events = JSON.parse(lines);
const numbered = events.filter(({ metadata }) => metadata?.seq !== undefined);
console.log(JSON.stringify([await verify(numbered), await verify(events)]));
"""


def test_it_takes_a_streamed_note_from_the_socket_by_what_has_a_seq(client: Path, place: Desk) -> None:
    place.bot.hear = lambda content: Heard("هل لديكم", "ar", 0.8) if content else None
    with place.connect() as line:
        line.hello()
        line.send(type="audio.start", threadId=line.thread, runId="r", messageId="m")
        line.send_bytes(b"x")
        events = line.until("CUSTOM", "transcript")
        line.send(type="audio.end")
        events += line.until("RUN_FINISHED")
    command = ["node", "--input-type=module", "-e", VERIFY, "--", "verify", json.dumps(events)]
    done = subprocess.run(command, cwd=client, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2_000:]
    taken, refused = json.loads(done.stdout)
    assert taken == len(events) - 1
    assert "First event must be" in refused, "else the description of the socket could ask less of clients"


def test_an_error_reaches_it_and_the_conversation_goes_on(client: Path, place: Desk) -> None:
    told = talk(client, place, "   ", "مرحبا")
    assert [error["code"] for error in told["turns"][0]["errors"]] == ["bad_input"]
    assert told["turns"][1]["result"]["text"] == "You said: مرحبا"
