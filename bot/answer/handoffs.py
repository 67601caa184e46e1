"""When a person takes over, whatever else the data say: danger, harm, law, anger, and asking back again and again."""

from __future__ import annotations

from typing import Literal

import msgspec

from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.messages import Handoff

# Turns in a row that only asked back before a person takes over.
MOST_UNANSWERED = 3


def alarmed(ask: Ask, alarm: Literal["safety", "medical", "legal"]) -> Draft:
    """What is said first of all where somebody may come to harm or goes to law, and a person. No record is quoted: a
    burning battery is not a return."""
    return ask.plain(ask.say(f"handoff.{alarm}"), handoff=Handoff(alarm))


def soothed(ask: Ask, draft: Draft) -> Draft:
    """The reply to somebody who is angry: what is known, and a person; where nothing is, the person alone."""
    sorry = Sentence(ask.say("handoff.anger"))
    if draft.needs:
        return msgspec.structs.replace(draft, sentences=(*draft.sentences, sorry), handoff=Handoff("anger"))
    sentences = (*draft.sentences, sorry) if draft.claims and not draft.handoff else (sorry,)
    kept = draft.citations if len(sentences) > 1 else ()
    return msgspec.structs.replace(draft, sentences=sentences, citations=kept, handoff=Handoff("anger"))


def counted(ask: Ask, draft: Draft) -> Draft:
    """The reply, with how often in a row there was nothing but a question back; too often, and a person takes over.

    A request for proof does not count: whoever can't give it is not to get further by asking again. Nor does silence,
    which says nothing.
    """
    if draft.needs is not None and draft.needs.what == "speech":
        return draft
    asks_back = draft.needs is not None and draft.needs.what in ("choice", "detail") and not draft.handoff
    times = ask.topic.unanswered + 1 if asks_back else 0
    if times >= MOST_UNANSWERED:
        person = Sentence(ask.say("human"))
        draft = msgspec.structs.replace(draft, sentences=(person,), handoff=Handoff("repeated_failure"), needs=None)
        draft = msgspec.structs.replace(draft, citations=(), products=(), cards=(), suggestions=())
        times = 0
    return msgspec.structs.replace(draft, topic=msgspec.structs.replace(draft.topic, unanswered=times))
