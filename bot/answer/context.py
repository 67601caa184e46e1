"""What every part of answering is given: the shop, its search, the phrases, and the turn at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.answer.draft import Draft, Sentence
from bot.conversations import Topic
from bot.messages import Handoff, Intent, Message, Needs
from bot.phrasebook import Phrasebook
from bot.understand import F32, Query, Tell, TextEncoder
from knowledge.records import Hit
from knowledge.search import Search
from knowledge.store import Store


@dataclass(frozen=True)
class Shop:
    """What does not change from turn to turn."""

    name: str
    store: Store
    search: Search
    phrases: Phrasebook
    encoder: TextEncoder
    background: F32  # [n, d]: passages about anything
    typical: F32  # [intents, d]: where messages of an intent lie, less where all messages lie


@dataclass(frozen=True)
class Ask:
    """One turn: what was asked, by whom, in which conversation. `known` maps the codes in the message that the shop
    knows to what they name: (kind, id). `topic` already holds this turn's language and country."""

    shop: Shop
    message: Message
    query: Query
    topic: Topic
    known: Mapping[str, tuple[str, str]]
    today: date
    tell: Tell
    found: dict[str, list[Hit]] = field(default_factory=dict)  # what was searched for in this turn, by kind of search

    @property
    def language(self) -> str:
        """The language of the reply."""
        return self.query.language

    def say(self, key: str, /, **values: str) -> str:
        """A phrase in the reply's language."""
        return self.shop.phrases.say(self.language, key, **values)

    def named(self, kind: str) -> tuple[str, ...]:
        """Ids of one kind that the message names by a code."""
        return tuple(dict.fromkeys(name for what, name in self.known.values() if what == kind))

    def plain(
        self,
        text: str,
        *,
        intent: Intent | None = None,
        needs: Needs | None = None,
        handoff: Handoff | None = None,
        topic: Topic | None = None,
        suggestions: tuple[str, ...] = (),
    ) -> Draft:
        """A reply of one sentence that states nothing."""
        return Draft(
            intent or self.query.intent,
            topic or self.topic,
            (Sentence(text),),
            needs=needs,
            handoff=handoff,
            suggestions=suggestions,
            confidence=self.query.confidence,
        )

    def not_known(self, text: str | None = None, *, topic: Topic | None = None) -> Draft:
        """The data do not say: says so and offers a person."""
        return self.plain(
            text or self.say("not_known"),
            handoff=Handoff("not_known"),
            topic=topic,
            suggestions=(self.say("suggest.human"),),
        )
