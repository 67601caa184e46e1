"""The command line. Exit status 0: done, 1: refused (one line on stderr), 2: wrong usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from bot.errors import BabeldeskError
from bot.settings import Settings, from_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb."""
    given = parser().parse_args(arguments)
    try:
        settings = _settings(given)
        # Verbs are imported when they run: `token` need not wait for torch.
        from bot import verbs

        return verbs.VERBS[given.verb](given, settings)
    except (BabeldeskError, _BadSetting) as error:
        print(f"babeldesk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _BadSetting(ValueError):
    """An environment variable holds something of the wrong kind."""


def _settings(given: argparse.Namespace) -> Settings:
    try:
        settings = from_environment()
    except ValueError as error:
        raise _BadSetting(str(error)) from None
    named = {name: getattr(given, name) for name in ("data", "host", "port") if getattr(given, name, None) is not None}
    return msgspec.structs.replace(settings, **named)


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = argparse.ArgumentParser(prog="python -m bot", description="Babeldesk, customer service in every language.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, what: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=what, description=what)
        added.add_argument("--data", type=Path, help="the data folder (BABELDESK_DATA, else ./data)")
        return added

    models = verb("models", "prepare the packaged weights and list them")
    models.add_argument("--quiet", action="store_true", help="say nothing when all is ready")
    _import_options(verb("import", "read a shop's feeds and build the index"))
    ask = verb("ask", "one turn of a conversation")
    ask.add_argument("text", nargs="?", default="")
    ask.add_argument("--speech", type=Path, metavar="FILE")
    ask.add_argument("--photo", type=Path, metavar="FILE", action="append", default=[])
    ask.add_argument("--language", metavar="TAG")
    ask.add_argument("--customer", metavar="ID")
    ask.add_argument("--conversation", metavar="ID")
    ask.add_argument("--country", metavar="CC")
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--batch", type=Path, metavar="FILE", help="one turn a line, as JSON")
    search = verb("search", "retrieval alone")
    search.add_argument("text", nargs="?", default="")
    search.add_argument("--photo", type=Path, metavar="FILE", action="append", default=[])
    search.add_argument("--top", type=_positive, default=10, metavar="N")
    search.add_argument("--json", action="store_true")
    search.add_argument("--batch", type=Path, metavar="FILE", help="one query a line, as JSON")
    serve = verb("serve", "the web application")
    serve.add_argument("--host")
    serve.add_argument("--port", type=_port)
    token = verb("token", "a signed customer token")
    token.add_argument("--customer", metavar="ID", required=True)
    token.add_argument("--hours", type=_positive, default=24, metavar="N")
    _train_options(verb("train", "fit what comes with the project, or this shop's own eyes, or compare fusion methods"))
    for name, what in (("bench", "how fast it is"), ("evaluate", "how good it is")):
        measure = verb(name, what)
        measure.add_argument("parts", nargs="*", metavar="PART", help="what to measure, or all")
        measure.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
        if name == "evaluate":
            measure.add_argument("--scenarios", type=Path, metavar="DIR", help="other conversations than the project's")
    fleet = verb("logistics", "parcels that are late, stuck or held, and who should be told")
    fleet.add_argument("--json", action="store_true")
    fleet.add_argument("--now", type=_moment, metavar="TIME", help="as if it were then (ISO 8601 with an offset)")
    return top


def _import_options(added: argparse.ArgumentParser) -> None:
    added.add_argument("--products", type=Path, metavar="F", action="append", default=[])
    added.add_argument("--orders", type=Path, metavar="F")
    added.add_argument("--shipments", type=Path, metavar="F")
    added.add_argument("--articles", type=Path, metavar="DIR")
    added.add_argument("--duties", type=Path, metavar="F")
    added.add_argument("--pictures-again", action="store_true", help="ask whether pictures at known addresses changed")
    added.add_argument("--demo", action="store_true", help="the demo shop")


def _train_options(added: argparse.ArgumentParser) -> None:
    added.add_argument("--photos", type=Path, metavar="FILE", help="CSV: photo (a file beside it), sku")
    added.add_argument(
        "--methods", type=Path, metavar="DIR",
        help="compare all methods of fusion on this shop's catalogue (and --photos); a table and plots go there",
    )  # fmt: skip
    added.add_argument("--shared", action="store_true", help="with --methods: on the shared groceries instead")
    added.add_argument(
        "--encoders", type=Path, metavar=("TEXT", "PICTURE"), nargs=2,
        help="with --methods: folders of a BERT-like and a ResNet-like encoder, to train end to end as one more",
    )  # fmt: skip
    added.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("must have an offset, as in 2026-11-23T12:00:00+01:00")
    return moment


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 65_536:
        raise argparse.ArgumentTypeError("must be from 0 (any free one) to 65535")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
