"""What speaks for each thing: gains from rules, likeness and popularity, added up, with the one that counts most.

A gain is how much more probable a purchase is than by chance, 0..1: for a rule its lower bound, for a likeness a
share of the most that likeness alone is trusted with. So rules that orders bear out outrank likeness, which outranks
popularity, and where there is nothing else popularity is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, Protocol

import msgspec
import numpy as np

from knowledge.recommend_learn import Learnt
from knowledge.recommend_rules import F32, Rules

NEAR = 200  # products asked of the likeness at once; several may be variants of one thing
STAND_INS = 5  # like things whose rules stand in for a thing that has too few
WITHOUT_RULES = 5  # a thing with fewer rules than this has stand-ins
TEXT, PHOTO = 0.6, 0.4  # what the two likenesses weigh where a thing has both

Kind = Literal[
    "similar_to", "looks_like", "bought_with", "also_bought", "like_bought_with", "buy_again", "fits_interest",
    "like_bought", "popular_in", "popular",
]  # fmt: skip


class Why(msgspec.Struct, frozen=True):
    """What a recommendation rests on, as numbers, for a phrase to be written from.

    kind               about                  further
    similar_to         the product asked of   likeness: cosine of the texts
    looks_like         the product asked of   likeness: cosine of the pictures
    bought_with        a product asked of     count: orders with both; lift: its lower bound
    also_bought        a product bought       count: customers who bought both; lift
    like_bought_with   a product asked of     via: the like product that was bought with it; count, lift as above
    buy_again          the product bought     share: lower bound of the share of its buyers who came back for it
    fits_interest      a product talked about, or "" for the words of the conversation; likeness
    like_bought        a product bought       likeness: cosine of the texts
    popular_in         a category             count: orders
    popular            ""                     count: orders
    """

    kind: Kind
    about: str = ""
    via: str = ""
    count: int = 0
    lift: float = 0.0
    likeness: float = 0.0
    share: float = 0.0


class Likeness(Protocol):
    """Products as text and picture vectors: what knowledge.search.Search gives."""

    def record_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """The mean text vector [d] of each product that has one."""

    def picture_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """The picture vector [p] of each product that has one."""

    def near(self, vector: F32, most: int, photo: bool = False) -> list[tuple[str, float]]:
        """The products nearest to a text or picture vector, with their cosines, best first."""


class Gains:
    """Adds up gains by thing, and keeps the reason that gained most."""

    def __init__(self) -> None:
        self.total: dict[int, float] = {}
        self._best: dict[int, tuple[float, Callable[[], Why]]] = {}

    def add(self, thing: int, gain: float, why: Callable[[], Why]) -> None:
        """`why` is called only for what is recommended in the end."""
        self.total[thing] = self.total.get(thing, 0.0) + gain
        if gain > self._best.get(thing, (0.0, why))[0]:
            self._best[thing] = gain, why

    def why(self, thing: int) -> Why:
        """The reason that gained most."""
        return self._best[thing][1]()

    def ranked(self) -> list[int]:
        """Things, most gained first."""
        return sorted(self.total, key=lambda thing: (-self.total[thing], thing))


class Near(msgspec.Struct, frozen=True):
    """How like a thing is: 0..1 over the list that it was found in, the cosine, and by text or by picture."""

    score: float
    cosine: float
    photo: bool


class Scorer:
    """The gains over what was learnt and how like products are."""

    def __init__(self, learnt: Learnt, likeness: Likeness) -> None:
        self.learnt = learnt
        self._likeness = likeness

    def thing(self, sku: str) -> int | None:
        """The thing that a SKU is a variant of; None where it was unknown when the orders were learnt."""
        name, skus = sku.encode(), self.learnt.skus
        row = int(np.searchsorted(skus, np.bytes_(name))) if len(skus) else 0
        return int(self.learnt.sku_thing[row]) if row < len(skus) and skus[row] == name else None

    def skus(self, thing: int) -> list[str]:
        """The variants of a thing, most bought first."""
        first = self.learnt.thing_first
        rows = self.learnt.thing_skus[int(first[thing]) : int(first[thing + 1])]
        rows = rows[np.argsort(-self.learnt.sku_orders[rows], kind="stable")]
        return [name.decode() for name in self.learnt.skus[rows].tolist()]

    def things(self, skus: Iterable[str]) -> dict[int, str]:
        """The things of these SKUs, each with the first SKU that names it; unknown ones are left out."""
        found: dict[int, str] = {}
        for sku in skus:
            thing = self.thing(sku)
            if thing is not None:
                found.setdefault(thing, sku)
        return found

    def near(self, sku: str) -> dict[int, Near]:
        """The things like a product by text and picture. None is of its own thing."""
        lists = []
        for photo, vectors in ((False, self._likeness.record_vectors), (True, self._likeness.picture_vectors)):
            vector = vectors([sku]).get(sku)
            if vector is not None:
                lists.append(self.near_vector(vector, photo))
        own = self.thing(sku)
        if len(lists) < 2:
            return {thing: near for some in lists for thing, near in some.items() if thing != own}
        text, photo_list = lists
        joined: dict[int, Near] = {}
        for thing in {**text, **photo_list}:
            by_text, by_photo = text.get(thing), photo_list.get(thing)
            one, other = TEXT * (by_text.score if by_text else 0.0), PHOTO * (by_photo.score if by_photo else 0.0)
            stronger = by_text if by_text and (one >= other or by_photo is None) else by_photo
            if stronger is not None and thing != own:
                joined[thing] = msgspec.structs.replace(stronger, score=one + other)
        return joined

    def near_vector(self, vector: F32, photo: bool = False) -> dict[int, Near]:
        """The things nearest to a vector. The score puts the best at its cosine, and the last of the list at 0:
        what cosine is a high one differs from encoder to encoder."""
        found = self._likeness.near(vector, NEAR, photo)
        if not found:
            return {}
        floor = min(cosine for _, cosine in found)
        near: dict[int, Near] = {}
        for sku, cosine in found:
            thing = self.thing(sku)
            if thing is not None and thing not in near:
                near[thing] = Near(max(0.01, (cosine - floor) / max(1 - floor, 1e-6)), cosine, photo)
        return near

    def similar(self, gains: Gains, sku: str, weight: float, kind: Kind | None = None) -> None:
        """Things like a product; `kind` in place of similar_to and looks_like."""
        for thing, near in self.near(sku).items():
            said: Kind = kind or ("looks_like" if near.photo else "similar_to")
            gains.add(thing, weight * near.score, lambda near=near, said=said: Why(said, sku, likeness=near.cosine))  # type: ignore[misc]

    def rules(self, gains: Gains, rules: Rules, sku: str, weight: float, kind: Kind) -> int:
        """What rules tie to a product. Gives how many there are."""
        thing = self.thing(sku)
        if thing is None:
            return 0
        rows = rules.of(thing)
        for at, other in enumerate(rules.thing[rows].tolist(), rows.start):
            if other != thing:
                gains.add(other, weight * float(rules.gain[at]), lambda at=at: _by_rule(rules, at, kind, sku))  # type: ignore[misc]
        return int(rows.stop - rows.start)

    def stand_ins(self, gains: Gains, rules: Rules, sku: str, weight: float) -> None:
        """What rules tie to the things most like a product, for one with few orders of its own.

        Each like thing has a vote by the square of its likeness, so that what the nearest share comes first.
        """
        near = sorted(self.near(sku).items(), key=lambda item: -item[1].score)
        with_rules = [(thing, like) for thing, like in near if rules.of(thing).stop > rules.of(thing).start][:STAND_INS]
        votes = sum(like.score**2 for _, like in with_rules)
        for thing, like in with_rules:
            rows, share = rules.of(thing), weight * like.score**2 / votes
            for at, other in enumerate(rules.thing[rows].tolist(), rows.start):
                gains.add(
                    other,
                    share * float(rules.gain[at]),
                    lambda at=at, thing=thing: msgspec.structs.replace(  # type: ignore[misc]
                        _by_rule(rules, at, "like_bought_with", sku), via=self.skus(thing)[0]
                    ),
                )

    def leads(self, thing: int) -> Iterator[tuple[int, float]]:
        """The categories of which those who bought of this thing's buy in other orders, with the gain's lower bound."""
        category, rules = int(self.learnt.category[thing]), self.learnt.leads
        if category >= 0:
            rows = rules.of(category)
            yield from zip(rules.thing[rows].tolist(), rules.gain[rows].tolist(), strict=True)

    def popular(self, gains: Gains, weight: float, category: int | None = None) -> None:
        """What is bought most lately, of a category or of all."""
        learnt = self.learnt
        at = len(learnt.categories) if category is None else category
        things = learnt.popular_things[int(learnt.popular_first[at]) : int(learnt.popular_first[at + 1])]
        shares = learnt.popular[things]
        for thing, share in zip(things.tolist(), (shares / max(float(shares.sum()), 1e-12)).tolist(), strict=True):
            gains.add(thing, weight * share, lambda thing=thing: self._popular(thing, category))  # type: ignore[misc]

    def _popular(self, thing: int, category: int | None) -> Why:
        count = int(self.learnt.orders[thing])
        if category is None:
            return Why("popular", count=count)
        return Why("popular_in", str(self.learnt.categories[category]), count=count)


def _by_rule(rules: Rules, at: int, kind: Kind, sku: str) -> Why:
    return Why(kind, sku, count=int(rules.sets[at]), lift=round(float(rules.lift[at]), 3))
