"""What who takes a conversation over has to know, as data: no e-mail address, phone number or postcode in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.answer.draft import Draft
from bot.conversations import Given, Summary, Turn

MOST_TOLD = 20
LONGEST = 500  # characters of what was said last
_PHONE = re.compile(r"(?<![\w-])\+?\d(?:[\s().-]?\d){6,}(?![\w-])")
_HIDDEN = "…"


def summary(draft: Draft, language: str, said: str, emails: Iterable[str], before: Sequence[Turn]) -> Summary | None:
    """Of the turn that hands over and those before it; None where it does not hand over. `said` is what the customer
    said last, typed and heard, in `language` (BCP 47), and `emails` the addresses in it."""
    if draft.handoff is None:
        return None
    topic = draft.topic
    told = [name for turn in before for claim in turn.reply.claims for name in claim.evidence]
    told += [name for claim in draft.claims for name in claim.evidence]
    return Summary(
        reason=draft.handoff.reason,
        intent=draft.intent,
        language=language,
        country=topic.country,
        # An order is spoken of only with its owner; of others there is the number that was given.
        order=topic.asked[0] if topic.asked else topic.order,
        proven=topic.order is not None and not topic.asked,
        products=topic.products,
        told=tuple(dict.fromkeys(told))[-MOST_TOLD:],
        said=masked(said, emails, topic.given)[:LONGEST],
        turns=len(before) + 1,
    )


def masked(text: str, emails: Iterable[str], given: Given) -> str:
    """The text without e-mail addresses, long numbers, and what was given as a proof."""
    for secret in sorted({*emails, *given.all} - {""}, key=len, reverse=True):
        text = re.sub(re.escape(secret), _HIDDEN, text, flags=re.IGNORECASE)
    return _PHONE.sub(_HIDDEN, text)
