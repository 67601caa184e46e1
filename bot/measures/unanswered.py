"""Whether what the data do not say is said to be unknown, and what they do say is told: questions about the demo shop.

unanswered.tsv holds, a line each: the half, the language, the kind, the records that tell of it (what their ids begin
with, parted by ;), what the reply must say (a number, a text, or @ and a state of stock; one of those parted by ;,
empty where no record says it), and the question. Each is the first of a conversation, asked by nobody in particular.

Those of the half `seen` may be looked at when rules change; of the half `kept` nothing but its figures.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from tqdm import tqdm

from bot.answer.values import plain, read, readings
from bot.errors import BabeldeskError
from bot.measures.conversations import demo_shop
from bot.measures.figures import Figure, show
from bot.messages import Message, Reply, Text
from bot.parts import Parts
from bot.phrasebook import Phrasebook
from bot.settings import from_environment

LISTS = ("about", "answer")  # columns of several things
QUESTIONS = Path(__file__).with_suffix(".tsv")
HALVES: tuple[Literal["seen", "kept"], ...] = ("seen", "kept")
MOST_INVENTED, MOST_REFUSED = 0.03, 0.05
REFUSED, ASKED_BACK = "refused", "asked back"
# Headings under which products are only offered: the line says itself that it is not what was asked, or asks back.
OFFERS = ("product.none_fits", "product.variant_none", "product.which", "product.nearest")


class Question(msgspec.Struct, frozen=True):
    """A question. `answer` is empty where no record says it; `about` is then the product that lacks it, if any."""

    half: Literal["seen", "kept"]
    language: str
    kind: str
    about: tuple[str, ...]
    answer: tuple[str, ...]
    question: str


class Asked(msgspec.Struct, frozen=True):
    """A question and what came back, None where there was no reply. `wrong` tells what about it is, in a few words."""

    question: Question
    reply: Reply | None
    wrong: str


def measure(parts: Parts) -> list[Figure]:
    """Asks all, prints those of the seen half that went wrong, and the shares of both halves by kind."""
    asked = ask(parts)
    print(told([one for one in asked if one.question.half == "seen"]))
    return figures(asked)


def ask(parts: Parts, halves: Sequence[str] = HALVES) -> list[Asked]:
    """What comes of each question of these halves."""
    demo = demo_shop(parts.settings)
    found = []
    for number, question in enumerate(tqdm([one for one in questions() if one.half in halves], leave=False)):
        message = Message("1", f"unanswered-{number}", (Text(question.question),), None, question.language)
        try:
            reply = demo.bot.turn(message)
        except BabeldeskError as error:
            found.append(Asked(question, None, f"error {error.code}"))
        else:
            found.append(Asked(question, reply, judged(question, reply, demo.phrases)))
    demo.conversations.close()
    return found


def questions(file: Path = QUESTIONS) -> list[Question]:
    """The questions, in their order.

    Raises:
        msgspec.ValidationError: a line is not of this form.
    """
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))
    several = ({**row, **{name: tuple(filter(None, row[name].split(";"))) for name in LISTS}} for row in rows)
    return [msgspec.convert(row, Question) for row in several]


def judged(question: Question, reply: Reply, phrases: Phrasebook) -> str:
    """What is wrong with the reply; empty where it is right. With `answer`, what it states of one of the records must
    say that; without, it must state nothing but what is there instead."""
    if not question.answer:
        return "" if not reply.claims or only_offers(reply, phrases) else "answered as if known"
    if not reply.claims:
        return ASKED_BACK if reply.needs else REFUSED
    resting = (claim.text for claim in reply.claims if any(name.startswith(question.about) for name in claim.evidence))
    said = "\n".join(resting)
    if not said:
        return f"rests on {sorted({citation.id for citation in reply.citations})}"
    return "" if any(_says(one, said, reply.language, phrases) for one in question.answer) else "does not say it"


def only_offers(reply: Reply, phrases: Phrasebook) -> bool:
    """Whether all that is stated are products, under a heading that says what they are offered for."""
    offered = all(set(claim.evidence) <= set(reply.products) for claim in reply.claims)
    headings = (_pieces(phrases.say(reply.language, key, title="\0")) for key in OFFERS)
    return offered and any(all(piece in reply.text for piece in pieces) for pieces in headings)


def _pieces(phrase: str) -> list[str]:
    return [piece for piece in phrase.split("\0") if piece.strip()]


def _says(answer: str, said: str, language: str, phrases: Phrasebook) -> bool:
    if answer.startswith("@"):
        # In a sentence of its own, or in a list.
        sentence = _pieces(phrases.say(language, f"product.{answer[1:]}", title="\0"))
        return all(piece in said for piece in sentence) or phrases.say(language, f"availability.{answer[1:]}") in said
    if answer.replace(".", "", 1).isdigit():
        values = (value.readings for value in read(plain(said), language))
        return any(readings(answer) & {reading.split()[0] for reading in meant} for meant in values)
    return answer.casefold() in said.casefold()


def figures(asked: Sequence[Asked]) -> list[Figure]:
    """By half: of what no record says the share that is answered all the same, of the rest the share that is not."""
    found = []
    for half in HALVES:
        mine = [one for one in asked if one.question.half == half]
        known = [one for one in mine if one.question.answer]
        ways = {way: _share([one.wrong == way for one in known]) for way in (REFUSED, ASKED_BACK)}
        unknown = [one for one in mine if not one.question.answer]
        found.append(_figure(f"not in the data, and answered ({half})", unknown, MOST_INVENTED))
        found.append(_figure(f"in the data, and not answered ({half})", known, MOST_REFUSED, ways))
    return found


def _figure(name: str, asked: Sequence[Asked], reach: float, spread: dict[str, float] | None = None) -> Figure:
    share = _share([bool(one.wrong) for one in asked]) if asked else None
    return Figure(
        name=name,
        value=share,
        n=len(asked),
        reach=reach,
        better="less",
        spread=spread or {},
        note=_by_kind(asked) or "none was asked",
    )


def _by_kind(asked: Sequence[Asked]) -> str:
    kinds = dict.fromkeys(one.question.kind for one in asked)
    shares = {kind: [bool(one.wrong) for one in asked if one.question.kind == kind] for kind in kinds}
    return ", ".join(f"{kind} {sum(wrong)} of {len(wrong)}" for kind, wrong in shares.items())


def _share(true: Sequence[bool]) -> float:
    return sum(true) / max(len(true), 1)


def told(asked: Sequence[Asked]) -> str:
    """What went wrong, a question each."""
    lines = []
    for one in asked:
        if one.wrong:
            question, reply = one.question, one.reply
            which = ";".join(question.about)
            lines.append(f"{question.language} {question.kind} {which} {question.question!r}: {one.wrong}")
            if reply:
                lines.append(f"    {reply.intent} {reply.confidence:.2f}: {reply.text!r}")
    return "\n".join(lines)


def main() -> None:
    """Asks the half that may be looked at alone, and prints how it went."""
    argparse.ArgumentParser(description="Ask the questions whose replies may be looked at.").parse_args()
    asked = ask(Parts(from_environment()), ("seen",))
    print(told(asked))
    show("What the data say and do not say", [figure for figure in figures(asked) if figure.n])


if __name__ == "__main__":
    main()
