"""What every part of answering is given: the shop, its search, the phrases, and the turn at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from bot.answer.draft import Draft, Sentence
from bot.conversations import Topic
from bot.messages import Handoff, Intent, Message, Needs
from bot.phrasebook import Phrasebook
from bot.seams import F32, TextEncoder
from bot.telling_sentences import TellingSentences
from bot.understand import Query, Tell
from bot.verdicts import Verdict
from knowledge.recommend import Recommender
from knowledge.records import Hit, Product
from knowledge.search import Search
from knowledge.store import Store

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class Shop:
    """What does not change from turn to turn. `recommender` is None where nothing was learnt to recommend by."""

    name: str
    store: Store
    search: Search
    phrases: Phrasebook
    encoder: TextEncoder
    background: F32  # [n, d]: passages about anything
    typical: F32  # [intents, d]: where messages of an intent lie, less where all messages lie
    telling: TellingSentences
    rejections: Verdict
    instructions: Verdict
    recommender: Recommender | None = None
    language: str = "en"  # of titles that the feed gives no language for
    zone: ZoneInfo = UTC_ZONE  # where the shop's days begin


class Tries(Protocol):
    """Wrong proofs of who owns an order, by its number, over all conversations of the last day."""

    def tries(self, order: str) -> int: ...

    def tried(self, order: str) -> int: ...


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
    tries: Tries
    found: dict[str, list[Hit]] = field(default_factory=dict)  # what was searched for in this turn, by kind of search
    # By SKU of what was found, the kinds of goods that it is one of, and those that its text names.
    kinds: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def language(self) -> str:
        """The language of the reply."""
        return self.query.language

    def say(self, key: str, /, **values: str) -> str:
        """A phrase in the reply's language."""
        return self.shop.phrases.say(self.language, key, **values)

    def products(self, skus: Sequence[str]) -> list[Product]:
        """The products with these SKUs, at the price of this moment; retired ones too."""
        return [_priced(product, self.now) for product in self.shop.store.products(skus)]

    def variants(self, group: str) -> list[Product]:
        """The products of a group that are sold now, at the price of this moment."""
        return [_priced(product, self.now) for product in self.shop.store.variants(group)]

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


def _priced(product: Product, moment: datetime) -> Product:
    """The product with what it costs at `moment` as its price."""
    if product.sale_price is None:
        return product
    return msgspec.structs.replace(
        product, price=product.price_at(moment), sale_price=None, sale_from=None, sale_to=None
    )
