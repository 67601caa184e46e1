"""One short question instead of a guess, where it is not certain what a message wants."""

from __future__ import annotations

import msgspec

from bot.answer.context import Ask
from bot.answer.draft import Draft, Sentence
from bot.messages import Intent, Needs

# What can be asked about: the choices are phrases that a customer would say, `suggest.` and the intent.
ASKED_ABOUT: frozenset[Intent] = frozenset(
    {
        "track_order", "delivery_time", "shipping_cost", "customs_duty", "return_refund", "exchange",
        "cancel_order", "change_address", "damaged_or_wrong", "product_search", "availability",
        "recommend", "payment", "invoice", "promotion", "warranty", "account",
    }
)  # fmt: skip


def doubted(ask: Ask, draft: Draft) -> Draft:
    """The draft; where it says no more than that nothing is known, and what was wanted is not certain, what is meant.

    Asked once: whoever is not understood again is offered a person. A photo has a question of its own.
    """
    unknown = draft.handoff is not None and draft.handoff.reason == "not_known" and not draft.claims
    choices = [intent for intent in ask.query.doubt if intent in ASKED_ABOUT]
    first = ask.query.doubt[:1] == tuple(choices[:1])  # what is likely no matter of the shop is not asked about
    if not (unknown and choices and first) or ask.topic.unanswered or ask.query.photo_vectors is not None:
        return draft
    return msgspec.structs.replace(
        draft,
        sentences=(Sentence(ask.say("which_wish")),),
        suggestions=(*(ask.say(f"suggest.{intent}") for intent in choices), ask.say("suggest.human")),
        handoff=None,
        needs=Needs("choice"),
    )
