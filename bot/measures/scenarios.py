"""What whole conversations for the evaluation look like as YAML, and how a reply is held against what is expected.

A file of `tests/scenarios` holds the conversations of one language, with photos and voices. In `parallel` one file
holds the conversations, and one for each language what the customer says in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import yaml

from bot.messages import Reply

SCENARIOS = Path(__file__).resolve().parents[2] / "tests" / "scenarios"
PARALLEL = SCENARIOS / "parallel"
ARTICLES = Path(__file__).resolve().parents[1] / "demo" / "articles"
_CONVERSATIONS = "conversations.yaml"
_LINE = re.compile(r"\n(?:- )?|(?<=[.!?])\s+|(?<=[。！？])")  # what parts lines and sentences of an article
_T = TypeVar("_T")


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reply must be. What is left out may be anything; `handoff` and `needs` hold `none` for "there is none",
    and `handoff` holds `some` where any reason will do."""

    intent: str | list[str] | None = None
    language: str | None = None  # what the customer writes in, where left out
    cites: list[str] = []  # ids that must be among the citations
    first: str | None = None  # the first product
    products: list[str] = []  # products that must be among those named
    offers: list[str] = []  # products of which one at least must be among those named
    refers: int | None = None  # the first product is the one at this place, from 1, of the last list that was shown
    says: list[str] = []  # must stand in the reply; a number, not as a part of another
    sections: dict[str, list[int]] = {}  # sections of demo articles, from 1, of which one at least must be quoted
    never: list[str] = []  # must not stand in it
    handoff: str | None = None
    needs: str | None = None
    heard: list[str] = []  # must stand in the transcript


class Shot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A photo that is made here: of a product's picture, or of a parcel label or barcode."""

    product: str | None = None
    label: str | None = None
    barcode: str | None = None
    turned: float = 0.0  # degrees


class TurnOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message and what must come back. The parts that are given are one message."""

    expect: Expect
    say: str | None = None
    clip: str | None = None
    speak: str | None = None
    photo: Shot | None = None


class Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation of one customer, or of nobody in particular."""

    name: str
    turns: list[TurnOf]
    customer: str | None = None
    country: str | None = None


class Scenarios(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The conversations of one language (BCP 47)."""

    language: str
    conversations: list[Conversation]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer says in another language than in the rest of the conversation, and is answered in."""

    language: str
    say: str


class KeyedTurn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message, by the key of its words in the file of a language, and what must come back in all of them."""

    key: str
    expect: Expect


class ParallelConversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation that is held in every language. `locale`: whether the channel says which one that is."""

    name: str
    turns: list[KeyedTurn]
    customer: str | None = None
    locale: Literal["own", "none"] = "own"


class Parallel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The conversations that are the same in every language."""

    conversations: list[ParallelConversation]


class Sayings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language, by the keys of the turns."""

    language: str
    says: dict[str, str | Said]

    def of(self, key: str) -> Said:
        """What is said, and in which language."""
        said = self.says[key]
        return said if isinstance(said, Said) else Said(self.language, said)


def read(folder: Path = SCENARIOS) -> list[Scenarios]:
    """All scenario files of a folder, by name.

    Raises:
        msgspec.ValidationError: a file is not of this form.
    """
    return [_load(path, Scenarios) for path in sorted(folder.glob("*.yaml"))]


def read_parallel(folder: Path = PARALLEL) -> tuple[list[ParallelConversation], list[Sayings]]:
    """The conversations that hold in every language, and what is said in each.

    Raises:
        msgspec.ValidationError: a file is not of this form.
    """
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name != _CONVERSATIONS]
    return _load(folder / _CONVERSATIONS, Parallel).conversations, [_load(path, Sayings) for path in files]


def _load(path: Path, form: type[_T]) -> _T:
    return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), form)


def faults(expect: Expect, reply: Reply, language: str, listed: Sequence[str] = ()) -> list[str]:
    """What about the reply is not as expected, each in a few words.

    Args:
        language: what the customer writes in.
        listed: the products of the last reply before that showed several.
    """
    wanted = expect.language or language
    intents = [expect.intent] if isinstance(expect.intent, str) else expect.intent
    cited = {citation.id for citation in reply.citations}
    handoff = reply.handoff.reason if reply.handoff else None
    needs = reply.needs.what if reply.needs else None
    tests = {
        f"language {reply.language}": reply.language == wanted,
        f"intent {reply.intent}": intents is None or reply.intent in intents,
        f"cites {sorted(cited)}": set(expect.cites) <= cited,
        f"products {list(reply.products)}": _named(expect, reply.products, listed),
        f"handoff {handoff}": bool(handoff) if expect.handoff == "some" else _is(expect.handoff, handoff),
        f"needs {needs}": _is(expect.needs, needs),
    }
    wrong = [what for what, right in tests.items() if not right]
    wrong += [f"lacks {text!r}" for text in expect.says if not _stands(text, reply.text)]
    if expect.sections and not any(quotes(reply, *each) for each in expect.sections.items()):
        wrong.append(f"quotes none of {expect.sections}")
    wrong += [f"says {text!r}" for text in expect.never if text in reply.text]
    heard = reply.heard.text.casefold() if reply.heard else ""
    return wrong + [f"did not hear {text!r}" for text in expect.heard if text.casefold() not in heard]


def _stands(text: str, where: str) -> bool:
    return bool(re.search(rf"(?<!\d){text}(?!\d)", where)) if text.isdigit() else text in where


def quotes(reply: Reply, article: str, places: Sequence[int]) -> bool:
    """Whether a citation of the demo article shows a line of one of these sections, from 1, in any language."""
    quoted = [_plain(citation.quote) for citation in reply.citations if citation.id == article]
    lines = {line for sections in _sections(article) for place in places for line in sections[place - 1]}
    return any(line in quote for quote in quoted for line in lines)


@lru_cache(maxsize=16)
def _sections(article: str) -> list[list[list[str]]]:
    """The lines and sentences of each section of a demo article, for each language that it is written in."""
    found = []
    for path in sorted(ARTICLES.glob(f"{article}.*.md")):
        sections = path.read_text(encoding="utf-8").split("\n## ")[1:]
        # The heading is left out: two sections may share theirs with one of another page.
        texts = ["\n".join(section.split("\n")[1:]) for section in sections]
        found.append([[_plain(line) for line in _LINE.split(text) if line.strip()] for text in texts])
    return found


def _plain(text: str) -> str:
    return " ".join(text.removeprefix("- ").split())


def _named(expect: Expect, products: Sequence[str], listed: Sequence[str]) -> bool:
    """Whether the products that a reply names are those that are expected."""
    meant = expect.first
    if expect.refers is not None:
        if not 0 < expect.refers <= len(listed):
            return False
        meant = listed[expect.refers - 1]
    return (
        set(expect.products) <= set(products)
        and (not expect.offers or not set(expect.offers).isdisjoint(products))
        and (meant is None or list(products[:1]) == [meant])
    )


def _is(expected: str | None, found: str | None) -> bool:
    return expected is None or found == (None if expected == "none" else expected)
