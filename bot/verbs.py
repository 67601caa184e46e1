"""What each verb of the command line does."""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bot import models as weights
from bot.answer.filters import LOOKING, filtered
from bot.errors import BabeldeskError, BadInput, NotReady, TooLarge
from bot.importing import Feeds, import_feeds
from bot.messages import Message, Part, Photo, Reply, Speech, Text
from bot.parts import Parts
from bot.progress import Progress
from bot.settings import Settings
from knowledge.records import Hit
from knowledge.search import Find


def models(given: argparse.Namespace, settings: Settings) -> int:
    """Prepares the weights and what is derived from them, and lists them."""
    progress = Progress()
    ready = weights.prepare(settings.weights, progress)
    progress.close()
    if not given.quiet:
        for model in ready:
            print(f"{model.name:24} {model.megabytes:7.1f} MB  {model.sha256}  {model.file}")
    return 0


def import_(given: argparse.Namespace, settings: Settings) -> int:
    """Reads feeds into the data folder and builds the index."""
    parts = Parts(settings)
    feeds = Feeds(tuple(given.products), given.orders, given.shipments, given.articles, given.duties)
    if given.demo:
        if feeds != Feeds():
            raise BadInput("--demo brings its own feeds: give one or the other.")
        feeds = _demo(settings)
    elif feeds == Feeds():
        raise BadInput("Nothing to import: name a feed, or --demo.")
    feeds = msgspec.structs.replace(feeds, currency=settings.currency or None, pictures_again=given.pictures_again)
    progress = Progress()
    try:
        report = import_feeds(feeds, parts, progress)
    finally:
        progress.close()
    for name, changes in report.taken.items():
        print(
            f"{name}: {changes.added} added, {changes.updated} updated, {changes.unchanged} unchanged, "
            f"{changes.retired} retired"
        )
    for refused in report.refused:
        where = f"{refused.file}:{refused.line}"
        print(f"refused: {': '.join(part for part in (where, refused.column, refused.reason) if part)}")
    return 0


def _demo(settings: Settings) -> Feeds:
    from bot.demo.shop import lay_out

    laid = lay_out(settings.data / "demo")
    return Feeds((laid.products,), laid.orders, laid.shipments, laid.articles, laid.duties)


def ask(given: argparse.Namespace, settings: Settings) -> int:
    """One turn, or a turn for each line of a file."""
    parts = Parts(settings)
    if given.batch:
        for line in _lines(given.batch):
            _print_json(_answer_line(parts, line))
        return 0
    asked = {
        "text": given.text,
        "speech": given.speech,
        "photos": given.photo,
        "language": given.language,
        "customer": given.customer,
        "conversation": given.conversation,
        "country": given.country,
    }
    reply = parts.bot.turn(_message(asked, settings))
    if given.json:
        _print_json(reply)
    else:
        print(reply.text)
        for citation in reply.citations:
            print(f"  [{citation.kind} {citation.id}] {citation.title}")
    return 0


def _answer_line(parts: Parts, line: str) -> Reply | dict[str, dict[str, str]]:
    try:
        return parts.bot.turn(_message(_object(line), parts.settings))
    except NotReady:
        raise  # no line can be answered
    except BabeldeskError as error:
        return {"error": {"code": error.code, "message": error.message}}


def _message(asked: Mapping[str, Any], settings: Settings) -> Message:
    """A message of whoever runs the command line, who is trusted to say who the customer is.

    Raises:
        BadInput: a value is of the wrong kind, or a file can't be read.
    """
    found: list[Part] = []
    if text := _text_of(asked, "text"):
        found.append(Text(text))
    if speech := asked.get("speech"):
        found.append(Speech(_content(speech, settings)))
    photos = asked.get("photos") or []
    if not isinstance(photos, list):
        raise BadInput("photos must be a list of files.")
    found += [Photo(_content(photo, settings)) for photo in photos]
    return Message(
        uuid.uuid4().hex,
        _text_of(asked, "conversation") or uuid.uuid4().hex,
        tuple(found),
        _text_of(asked, "customer"),
        _text_of(asked, "language"),
        (_text_of(asked, "country") or "").upper() or None,
    )


def _text_of(asked: Mapping[str, Any], key: str) -> str | None:
    value = asked.get(key)
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{key} must be text.")
    return value or None


def _content(file: object, settings: Settings) -> bytes:
    if not isinstance(file, str | Path):
        raise BadInput("A file must be given by its path.")
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(settings.limits.media_bytes + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} can't be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(content) > settings.limits.media_bytes:
        raise TooLarge(f"{file} is larger than {settings.limits.media_bytes} bytes.")
    return content


def search(given: argparse.Namespace, settings: Settings) -> int:
    """Retrieval alone."""
    parts = Parts(settings)
    if given.batch:
        for line in _lines(given.batch):
            _print_json(_search_line(parts, line, given.top))
        return 0
    hits = _find(parts, {"text": given.text, "photos": given.photo}, given.top)
    if given.json:
        _print_json({"hits": [_hit(hit) for hit in hits]})
        return 0
    for hit in hits:
        print(f"{hit.score:7.3f}  {hit.kind:8} {hit.record:20} {hit.title}")
    return 0


def _search_line(parts: Parts, line: str, top: int) -> dict[str, Any]:
    try:
        return {"hits": [_hit(hit) for hit in _find(parts, _object(line), top)]}
    except NotReady:
        raise
    except BabeldeskError as error:
        return {"error": {"code": error.code, "message": error.message}}


def _find(parts: Parts, asked: Mapping[str, Any], top: int) -> list[Hit]:
    from bot.conversations import Topic
    from bot.engine import ignore
    from bot.understand import Stopwatch, Understanding

    message = _message(asked, parts.settings)
    understand = Understanding(parts.senses, parts.settings, lambda: parts.store.attribute_values()["size"])
    query = understand(message, Topic(), ignore, Stopwatch())
    found = Find(
        text=query.text,
        text_vector=query.text_vector,
        text_tokens=parts.text.question(query.text, query.language)[1] if query.text else None,
        photo_vectors=query.photo_vectors,
        beside=query.beside,
        pictured=query.pictured,
        identifiers=query.entities.codes,
        language=query.language,
    )
    if query.intent in LOOKING:
        found = filtered(
            found, query.entities, next(iter(query.entities.countries), None) or message.country, parts.search
        )
    return parts.search.find(found, top=top)


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "record": hit.record,
        "kind": hit.kind,
        "title": hit.title,
        "score": round(hit.score, 4),
        "source": msgspec.to_builtins(hit.source),
    }


def serve(_given: argparse.Namespace, settings: Settings) -> int:
    """The web application, until it is stopped."""
    from bot.channels.app import check_port, run

    check_port(settings)
    parts = Parts(settings, many=True)
    parts.warm()
    run(parts.bot, settings, media=parts.media, phrases=parts.phrases)
    return 0


def token(given: argparse.Namespace, settings: Settings) -> int:
    """A signed customer token."""
    from bot.channels.tokens import secret_of, sign

    try:
        print(sign(given.customer, secret_of(settings.data, settings), hours=given.hours))
    except ValueError as error:
        raise BadInput(str(error)) from None
    return 0


def train(given: argparse.Namespace, settings: Settings) -> int:
    """Fits what comes with the project in bot/trained, or what this shop sees by; or compares methods of fusion."""
    from bot import training, training_methods, training_photos
    from bot.measures.figures import show, write

    if (given.shared or given.encoders) and not given.methods:
        raise BadInput("--shared and --encoders belong to --methods.")
    if given.shared and given.photos:
        raise BadInput("The shared groceries bring their own photos: give --shared or --photos.")
    parts = Parts(settings)
    if given.methods:
        encoders = tuple(given.encoders) if given.encoders else None
        figures = training_methods.run(
            parts, given.methods, photos=given.photos, shared=given.shared, encoders=encoders
        )
        show("Methods of fusion, on products that they were not taught", figures)
    elif not given.photos:
        figures = training.run(parts)
        show("Kept out of the fit", figures)
    else:
        figures = training_photos.run(parts, given.photos)
        show("Photos of products that were kept out", figures)
    if given.json:
        write(given.json, {"train": figures})
    return 0


def bench(given: argparse.Namespace, settings: Settings) -> int:
    """How fast it is."""
    from bot.measures.running import BRIEF, SPEED, run

    return run(Parts(settings), SPEED, _asked(given.parts, SPEED, BRIEF), given.json)


def evaluate(given: argparse.Namespace, settings: Settings) -> int:
    """How good it is."""
    from bot.measures import conversations
    from bot.measures.figures import show, write
    from bot.measures.running import QUALITY, run

    if given.scenarios:
        figures = conversations.measure(Parts(settings), given.scenarios)
        show(QUALITY["conversations"], figures)
        if given.json:
            write(given.json, {"conversations": figures})
        return int(not all(figure.holds for figure in figures))
    return run(Parts(settings), QUALITY, _asked(given.parts, QUALITY, tuple(QUALITY)), given.json)


def _asked(named: list[str], known: Mapping[str, str], otherwise: tuple[str, ...]) -> list[str]:
    """The parts to measure. `all` stands for all of them.

    Raises:
        BadInput: there is no such part.
    """
    unknown = [name for name in named if name not in known and name != "all"]
    if unknown:
        raise BadInput(f"There is no part {unknown[0]}: name one of {', '.join(known)}, or all.")
    return list(known) if "all" in named else list(dict.fromkeys(named)) or list(otherwise)


def logistics(given: argparse.Namespace, settings: Settings) -> int:
    """What the shop should look at: parcels that are late, stuck or held."""
    from bot.fleet_report import run

    return run(Parts(settings), given.now, given.json)


VERBS: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
    "models": models,
    "import": import_,
    "ask": ask,
    "search": search,
    "serve": serve,
    "token": token,
    "logistics": logistics,
    "train": train,
    "bench": bench,
    "evaluate": evaluate,
}


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.") from None


def _object(line: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise BadInput(f"This line is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise BadInput("A line must hold a JSON object.")
    return value


def _print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
