"""Bot: one turn from Message to Reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Lock

import msgspec
import structlog

from bot.answer.answering import checked, plan, spoken
from bot.answer.context import Ask, Shop
from bot.answer.draft import Draft
from bot.answer.summary import summary
from bot.conversations import Conversations, Topic, Turn
from bot.messages import Message, Reply, Speech, StepFinished, StepStarted, TurnEvent
from bot.phrasebook import country
from bot.seams import Overhears, Senses
from bot.settings import Settings
from bot.understand import Query, Stopwatch, Tell, Understanding
from bot.writing.rewriting import Rewriting

log = structlog.get_logger()

# What leaves a conversation where it was: after "thanks", "and in blue?" still goes on with the search before.
SMALL_TALK = frozenset({"greeting", "thanks", "goodbye", "human", "other"})
# Turns of one conversation come one after the other; conversations share this many locks.
_LOCKS = 256


def ignore(_event: TurnEvent) -> None:
    """Tells nobody."""


class Bot:
    """Answers messages of one shop. Blocking; safe to use from several threads."""

    def __init__(
        self,
        shop: Shop,
        senses: Senses,
        conversations: Conversations,
        settings: Settings,
        rewriting: Rewriting | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`rewriting` puts replies into a chat model's words; None: our own phrases. `clock` tells the time."""
        self._clock = clock
        self._shop = shop
        self._rewriting = rewriting
        self._senses = senses
        self._conversations = conversations
        self._understand = Understanding(senses, settings, lambda: shop.store.attribute_values()["size"])
        self._locks = [Lock() for _ in range(_LOCKS)]

    def turn(self, message: Message, tell: Tell = ignore) -> Reply:
        """The reply to a message; the same reply again to a message that was answered before.

        The turn is stored when this returns.

        Raises:
            BabeldeskError: the message can't be used; nothing of it is kept.
        """
        with self._locks[hash(message.conversation) % _LOCKS]:
            before = self._conversations.answered(message.conversation, message.id)
            return before or self._turn(message, tell)

    def history(self, conversation: str) -> list[Turn]:
        """The turns of a conversation, oldest first."""
        return self._conversations.turns(conversation)

    def overhearing(self, conversation: str, language: str | None = None) -> Overhears | None:
        """What hears a voice note of a conversation while it is still being recorded; `language` is the channel's.

        None where only whole notes are heard. It serves one note, and one thread at a time.
        """
        if self._senses.overhearing is None:
            return None
        return self._senses.overhearing(self._conversations.topic(conversation).language or language)

    def _turn(self, message: Message, tell: Tell) -> Reply:
        self._understand.check(message)
        watch = Stopwatch()
        with watch.stage("total"):
            topic = self._conversations.topic(message.conversation)
            query = self._understand(message, topic, tell, watch)
            draft = self._answer(message, query, topic, tell, watch)
            with watch.stage("store"):
                reply = _reply(draft, query, watch.ms)
                topic = draft.topic
                if draft.intent not in SMALL_TALK:
                    topic = msgspec.structs.replace(topic, intent=draft.intent)
                if len(draft.products) > 1:
                    topic = msgspec.structs.replace(topic, listed=draft.products)
                question = query.text or _marks(message)
                before = self._conversations.turns(message.conversation) if draft.handoff else []
                handed = summary(draft, query.language, question, query.entities.emails, before)
                self._conversations.store(message.conversation, message.id, question, reply, topic, handed)
        return msgspec.structs.replace(reply, timings_ms=watch.ms)

    def _answer(self, message: Message, query: Query, topic: Topic, tell: Tell, watch: Stopwatch) -> Draft:
        named = next(iter(query.entities.countries), None) or topic.country or _country(message.country)
        topic = msgspec.structs.replace(topic, language=query.language if query.told else topic.language, country=named)
        tell(StepStarted("search"))
        with watch.stage("search"):
            codes = query.entities.codes
            known: Mapping[str, tuple[str, str]] = self._shop.store.known(codes) if codes else {}
            now = self._clock()
            today = now.astimezone(self._shop.zone).date()
            ask = Ask(self._shop, message, query, topic, known, today, tell, self._conversations, now=now)
            draft = plan(ask)
        tell(StepFinished("search"))
        tell(StepStarted("answer"))
        with watch.stage("answer"):
            draft, wrong = checked(ask, draft)
        if self._rewriting:
            with watch.stage("write"):
                draft = self._rewriting(draft, query.text, spoken(ask), self._shop.name)
        tell(StepFinished("answer"))
        if wrong:
            log.error("reply_refused", intent=query.intent, language=query.language, unsupported=len(wrong))
        return draft


def _country(code: str | None) -> str | None:
    """A country that there is; what a client sends may be anything."""
    return code.upper() if code and len(code) == 2 and country(code.upper(), "en") != code.upper() else None


def _marks(message: Message) -> str:
    """What stands in the record for a message without words."""
    return " ".join("[speech]" if isinstance(part, Speech) else "[photo]" for part in message.parts)


def _reply(draft: Draft, query: Query, timings: dict[str, float]) -> Reply:
    return Reply(
        draft.text,
        query.language,
        draft.intent,
        draft.claims,
        draft.citations,
        draft.products,
        draft.cards,
        draft.suggestions,
        draft.handoff,
        draft.needs,
        round(draft.confidence, 3),
        query.heard,
        query.seen,
        dict(timings),
    )
