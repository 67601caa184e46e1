"""What an answer is made of before it is a Reply: sentences, each with the records that it rests on."""

from __future__ import annotations

import msgspec

from bot.conversations import Topic
from bot.messages import Card, Citation, Claim, Handoff, Intent, Needs


class Sentence(msgspec.Struct, frozen=True):
    """One line of the reply. With no evidence it is courtesy: a greeting, a question, an offer. One that only names a
    record, to say that nothing is known, has evidence and states nothing."""

    text: str
    evidence: tuple[str, ...] = ()  # ids of citations
    states: bool = True


class Draft(msgspec.Struct, frozen=True):
    """A reply that has not been checked yet, and what the conversation is about after it."""

    intent: Intent
    topic: Topic
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...] = ()
    products: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    suggestions: tuple[str, ...] = ()
    handoff: Handoff | None = None
    needs: Needs | None = None
    confidence: float = 1.0

    @property
    def text(self) -> str:
        """The sentences, one a line."""
        return "\n".join(sentence.text for sentence in self.sentences)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The sentences that state something."""
        return tuple(Claim(said.text, said.evidence) for said in self.sentences if said.evidence and said.states)
