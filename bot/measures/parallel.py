"""How good it is in each of the 21 languages: the same conversations held in all of them (tests/scenarios/parallel).

`python -m bot.measures.parallel` holds some of them alone, and writes down what went wrong.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec
from tqdm import tqdm

from bot.errors import BabeldeskError
from bot.measures.conversations import demo_shop, with_own_conversations
from bot.measures.figures import Figure, show
from bot.measures.scenarios import PARALLEL, ParallelConversation, Sayings, faults, read_parallel
from bot.messages import Message, Reply, Text
from bot.parts import Parts
from bot.settings import from_environment
from knowledge.metrics import ungrounded


class Held(msgspec.Struct, frozen=True):
    """One turn as it went. `wrong` is empty where it passed; `reply` None where there was none."""

    language: str
    conversation: str
    key: str
    said: str
    reply: Reply | None
    wrong: list[str]
    invented: list[str] = []


def measure(parts: Parts, folder: Path = PARALLEL) -> list[Figure]:
    """Holds every conversation in every language, and prints what passed by language and by conversation."""
    held = hold(parts, folder)
    _print(held)
    return figures(held)


def hold(
    parts: Parts, folder: Path = PARALLEL, languages: Collection[str] = (), only: Collection[str] = ()
) -> list[Held]:
    """How every turn went. Each language begins with no conversation and no failed proof of ownership.

    Args:
        languages: those to hold them in; all where empty.
        only: what the keys of the conversations to hold begin with; all where empty.
    """
    conversations, sayings = read_parallel(folder)
    if only:
        conversations = [c for c in conversations if c.turns[0].key.startswith(tuple(only))]
    chosen = [said for said in sayings if not languages or said.language in languages]
    demo = demo_shop(parts.settings)
    _ = demo.bot  # loads what the languages share
    held: list[Held] = []
    for said in tqdm(chosen, desc="languages", leave=False):
        own = with_own_conversations(demo)
        for conversation in conversations:
            held += _hold(own, conversation, said)
        own.conversations.close()
    demo.conversations.close()
    return held


def _hold(parts: Parts, conversation: ParallelConversation, sayings: Sayings) -> Iterator[Held]:
    listed: tuple[str, ...] = ()
    locale = sayings.language if conversation.locale == "own" else None
    for place, turn in enumerate(conversation.turns):
        said = sayings.of(turn.key)
        message = Message(
            f"{conversation.name}-{place}", conversation.name, (Text(said.say),), conversation.customer, locale
        )
        try:
            reply = parts.bot.turn(message)
        except Exception as error:  # a turn that breaks is a fault like any other, and the rest still counts
            name = error.code if isinstance(error, BabeldeskError) else repr(error)
            yield Held(sayings.language, conversation.name, turn.key, said.say, None, [f"error {name}"])
            continue
        quotes = [f"{cited.id} {cited.title} {cited.quote}" for cited in reply.citations]
        yield Held(
            sayings.language,
            conversation.name,
            turn.key,
            said.say,
            reply,
            faults(turn.expect, reply, said.language, listed),
            ungrounded(reply.text, quotes),
        )
        listed = reply.products if len(reply.products) > 1 else listed


def figures(held: list[Held]) -> list[Figure]:
    """The share of turns that are right, over all and in the language where it is least."""
    if not held:
        return [Figure(name="turns right in all languages", value=None, note="no turn was held")]
    right = sum(not turn.wrong for turn in held)
    by_language = {language: passed / n for language, (passed, n) in _shares(held, lambda turn: turn.language).items()}
    worst = min(by_language, key=lambda language: by_language[language])
    spread = {"least": by_language[worst], "most": max(by_language.values())}
    whole = _shares(held, lambda turn: f"{turn.language} {turn.conversation}")
    return [
        Figure(
            name="turns right in all languages",
            value=right / len(held),
            n=len(held),
            reach=0.95,
            spread=spread,
            note=f"least in {worst}",
        ),
        Figure(
            name="conversations without a fault",
            value=sum(passed == n for passed, n in whole.values()) / len(whole),
            n=len(whole),
        ),
        Figure(
            name="replies with a number that their evidence lacks",
            value=sum(bool(turn.invented) for turn in held),
            n=len(held),
            reach=0,
            better="less",
        ),
    ]


def _shares(held: list[Held], of: Callable[[Held], str]) -> dict[str, tuple[int, int]]:
    """How many turns passed, and how many there are, by what `of` gives."""
    counted = Counter(of(turn) for turn in held)
    passed = Counter(of(turn) for turn in held if not turn.wrong)
    return {name: (passed[name], n) for name, n in counted.items()}


def _print(held: list[Held]) -> None:
    print(f"\n{'turn':24} right     of   where it went wrong")
    for key, (passed, n) in _shares(held, lambda turn: turn.key).items():
        where = [turn.language for turn in held if turn.key == key and turn.wrong]
        print(f"{key:24} {passed:5} {n:6}   {' '.join(where)}".rstrip())
    for heading, of in (("conversation", lambda turn: turn.conversation), ("language", lambda turn: turn.language)):
        print(f"\n{heading:64} right     of")
        for name, (passed, n) in _shares(held, of).items():
            print(f"{name:64} {passed:5} {n:6}")
    for turn in held:
        if turn.invented:
            print(f"{turn.language} {turn.key}: no evidence for {turn.invented}")


def told(held: list[Held]) -> str:
    """Every fault, turn by turn: what was said, what was wrong, and what came back."""
    lines = []
    for key in dict.fromkeys(turn.key for turn in held if turn.wrong):
        lines.append(f"\n## {key}")
        for turn in held:
            if turn.key == key and turn.wrong:
                reply = turn.reply
                lines.append(f"[{turn.language}] {turn.said}")
                lines.append(f"    wrong: {'; '.join(turn.wrong)}")
                if reply:
                    lines.append(f"    {reply.intent} {reply.confidence:.2f}, {list(reply.products)}: {reply.text!r}")
    return "\n".join(lines).lstrip() + "\n"


def main() -> None:
    """Holds the conversations that are asked for, and prints and writes how they went."""
    parser = argparse.ArgumentParser(description="Hold the parallel conversations, or some of them.")
    parser.add_argument("--language", action="append", default=[], metavar="TAG")
    parser.add_argument(
        "--only", action="append", default=[], metavar="KEY", help="what a conversation's keys begin with"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="write every fault here")
    given = parser.parse_args()
    held = hold(Parts(from_environment()), PARALLEL, given.language, given.only)
    _print(held)
    show("The same conversations in every language", figures(held))
    if given.faults:
        given.faults.write_text(told(held), encoding="utf-8")


if __name__ == "__main__":
    main()
