"""How good it is: whole conversations written as YAML (tests/scenarios), held with the demo shop.

A file holds the conversations of one language. A turn says something (`say`: typed; `clip`: a clip of the shared
speech data; `speak`: by espeak-ng; `photo`: a picture made here from the demo shop) and tells what must come back.
A turn whose clip or voice is not on this machine is skipped, and counted as skipped.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import weakref
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import zxingcpp
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from bot.conversations import Conversations
from bot.demo.shop import lay_out
from bot.errors import BabeldeskError
from bot.importing import Feeds, import_feeds
from bot.measures.figures import Figure
from bot.measures.scenarios import SCENARIOS, Scenarios, TurnOf, faults, read
from bot.measures.scenarios import Shot as Shot
from bot.measures.shared import DATA
from bot.messages import Message, Part, Photo, Speech, Text
from bot.parts import Parts
from bot.progress import Progress
from bot.settings import Settings
from knowledge.metrics import ungrounded


class Outcome(msgspec.Struct, frozen=True):
    """How one turn went. `wrong` is empty where it passed; None where it was skipped."""

    language: str
    conversation: str
    part: str
    wrong: list[str] | None
    ungrounded: list[str] = []
    reply: str = ""


def measure(parts: Parts, folder: Path = SCENARIOS) -> list[Figure]:
    """Holds every conversation, and prints each fault and what passed by language and part."""
    demo = demo_shop(parts.settings)
    outcomes = [outcome for scenarios in read(folder) for outcome in _hold(demo, scenarios)]
    _print(outcomes)
    passed, counted = _count(outcomes)
    invented = sum(bool(outcome.ungrounded) for outcome in outcomes)
    whole = len({(outcome.language, outcome.conversation) for outcome in outcomes})
    faulty = len({(outcome.language, outcome.conversation) for outcome in outcomes if outcome.wrong})
    return [
        Figure(name="turns passed", value=passed / counted if counted else 0.0, n=counted, reach=0.9),
        Figure(name="conversations without a fault", value=(whole - faulty) / max(whole, 1), n=whole),
        Figure(
            name="replies with a number that their evidence lacks", value=invented, n=counted, reach=0, better="less"
        ),
    ]


def demo_shop(settings: Settings) -> Parts:
    """The demo shop, kept beside the weights so that its texts are encoded once, with no conversation held yet."""
    folder = settings.weights / "demo-shop"
    parts = Parts(msgspec.structs.replace(settings, data=folder))
    laid = lay_out(folder / "demo")
    feeds = Feeds((laid.products,), laid.orders, laid.shipments, laid.articles, laid.duties)
    progress = Progress()
    import_feeds(feeds, parts, progress)
    progress.close()
    return with_own_conversations(parts)


def with_own_conversations(demo: Parts) -> Parts:
    """The same shop and models with no conversation held yet: each measure, and each language in one, begins anew, also
    where two run at a time. They lie in a folder that goes when the parts do."""
    folder = TemporaryDirectory(prefix="babeldesk-")
    parts = copy(demo)
    parts.__dict__.pop("bot", None)  # it holds the conversations
    parts.conversations = Conversations(f"sqlite:///{folder.name}/conversations.db")
    weakref.finalize(parts, folder.cleanup)
    return parts


def _hold(parts: Parts, scenarios: Scenarios) -> Iterator[Outcome]:
    for number, conversation in enumerate(tqdm(scenarios.conversations, desc=scenarios.language, leave=False)):
        listed: tuple[str, ...] = ()
        for place, turn in enumerate(conversation.turns):
            part = "+".join(name for name in ("say", "clip", "speak", "photo") if getattr(turn, name))
            found = _parts_of(parts, turn)
            if found is None:
                yield Outcome(scenarios.language, conversation.name, part, None)
                continue
            name = f"{scenarios.language}-{number}"
            message = Message(
                f"{name}-{place}", name, found, conversation.customer, scenarios.language, conversation.country
            )
            try:
                reply = parts.bot.turn(message)
            except BabeldeskError as error:
                yield Outcome(scenarios.language, conversation.name, part, [f"error {error.code}"])
                continue
            quotes = [f"{cited.id} {cited.title} {cited.quote}" for cited in reply.citations]
            invented = ungrounded(reply.text, quotes)
            yield Outcome(
                scenarios.language,
                conversation.name,
                part,
                faults(turn.expect, reply, scenarios.language, listed),
                invented,
                reply.text,
            )
            listed = reply.products if len(reply.products) > 1 else listed


def _parts_of(parts: Parts, turn: TurnOf) -> tuple[Part, ...] | None:
    """The message's parts; None where a clip or voice is not to be had here."""
    found: list[Part] = []
    if turn.say:
        found.append(Text(turn.say))
    if turn.clip:
        clip = DATA / "speech" / turn.clip if DATA else None
        if clip is None or not clip.is_file():
            return None
        found.append(Speech(clip.read_bytes()))
    if turn.speak:
        program = shutil.which("espeak-ng")
        if program is None:
            return None
        spoken = subprocess.run([program, "-v", "en", "-s", "150", "--stdout", turn.speak], capture_output=True)  # noqa: S603
        found.append(Speech(spoken.stdout))
    if turn.photo:
        found.append(Photo(shoot(turn.photo, parts.settings.data / "demo", parts)))
    return tuple(found)


def shoot(shot: Shot, demo: Path, parts: Parts) -> bytes:
    """A JPEG as a customer's phone would send it: the thing on a desk, a little turned, not cut out."""
    if shot.product:
        product = parts.store.product(shot.product)
        assert product is not None and product.image is not None, shot.product
        thing = Image.open(parts.media / f"{product.image}.webp").convert("RGB")
    elif shot.barcode:
        code = zxingcpp.create_barcode(shot.barcode, zxingcpp.BarcodeFormat.EAN13)
        thing = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4)).convert("RGB")
    else:
        thing = Image.new("RGB", (640, 240), "white")
        draw = ImageDraw.Draw(thing)
        draw.text((30, 40), "PARCEL", fill="black", font=ImageFont.load_default(40))
        draw.text((30, 120), shot.label or "", fill="black", font=ImageFont.load_default(56))
    desk = Image.new("RGB", (1200, 900), (203, 196, 186))
    thing = thing.rotate(shot.turned, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=(203, 196, 186))
    thing.thumbnail((900, 800))
    desk.paste(thing, ((desk.width - thing.width) // 2, (desk.height - thing.height) // 2))
    buffer = io.BytesIO()
    desk.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _count(outcomes: list[Outcome]) -> tuple[int, int]:
    held = [outcome for outcome in outcomes if outcome.wrong is not None]
    return sum(not outcome.wrong for outcome in held), len(held)


def _print(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.wrong:
            print(f"{outcome.language} {outcome.conversation} ({outcome.part}): {'; '.join(outcome.wrong)}")
            print(f"    {outcome.reply!r}")
        if outcome.ungrounded:
            print(f"{outcome.language} {outcome.conversation}: no evidence for {outcome.ungrounded}")
    for what in ("language", "part"):
        print(f"\n{what:12} passed  turns skipped")
        for name in sorted({getattr(outcome, what) for outcome in outcomes}):
            mine = [outcome for outcome in outcomes if getattr(outcome, what) == name]
            passed, counted = _count(mine)
            print(f"{name:12} {passed:6} {counted:6} {len(mine) - counted:7}")
