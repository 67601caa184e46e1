"""What a shop recommends: things like one, things that go with it, and things for a customer.

All that is recommended is sold, in stock and delivered to the customer's country; of each group of variants there is
one; what the customer has bought is left out unless others come back for it. Each says what it rests on (`Why`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from knowledge.recommend_gains import WITHOUT_RULES, Gains, Kind, Likeness, Scorer, Why
from knowledge.recommend_learn import Learnt
from knowledge.recommend_rules import F32
from knowledge.records import Order, Product
from knowledge.store import Store

__all__ = ["Asked", "Kind", "Likeness", "Recommendation", "Recommender", "Why"]

COMES_BACK = 0.15  # lower bound of the share of buyers who bought a thing again, from which it is no durable one
MOST_ORDERS = 50  # of a customer that are read
MOST_BOUGHT = 20  # things of a customer that recommend others, the newest
HALF_LIFE = 365.0  # days between two orders of a customer after which the older weighs half
MOST_ASKED = 20  # products that a question may be about

MOST_LIKENED = 5  # of those, that others are compared with by their vectors
MOST_CATEGORIES = 20  # that a customer's orders lead to

# What each source is trusted with, as the most that it can gain; a rule gains its own lower bound.
STAND_IN = 0.5
TALKED_ABOUT = 0.5
LIKE_BOUGHT = 0.01
OF_CATEGORY = 1.0  # shared out among its things by what is popular
POPULAR = 0.1  # shared out among all things


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """For whom: the customer where known, the country where known (None asks for none), how many at most.

    `without` are SKUs that are not wanted, nor other variants of them: what was shown already, or is in the basket.
    """

    customer: str | None = None
    country: str | None = None
    top: int = 5
    without: tuple[str, ...] = ()


class Recommendation(msgspec.Struct, frozen=True):
    """A variant that can be bought now; scores compare within one answer, higher is better."""

    sku: str
    score: float
    why: Why


class _Own(msgspec.Struct, frozen=True):
    """What a customer bought: of each thing the newest SKU, and its weight 0..1, newest first."""

    bought: dict[int, tuple[str, float]]


class Recommender:
    """Safe to use from several threads. What is learnt anew is seen at the next question."""

    def __init__(self, folder: Path, store: Store, likeness: Likeness) -> None:
        """Opens what `recommend_learn.build` made in `folder`.

        Raises:
            FileNotFoundError: nothing was learnt yet.
        """
        self._folder, self._store, self._likeness = folder, store, likeness
        self._lock = threading.Lock()
        self._seen: tuple[str, Scorer] | None = None
        self._scorer()

    def similar(self, sku: str, asked: Asked) -> list[Recommendation]:
        """Other things like a product, by text and picture."""
        scorer, gains = self._scorer(), Gains()
        scorer.similar(gains, sku, 1.0)
        return self._pick(scorer, gains, asked, [sku], self._own(scorer, asked.customer))

    def goes_with(self, skus: Sequence[str], asked: Asked) -> list[Recommendation]:
        """What is bought with these products. For one with few orders, what is bought with those most like it."""
        scorer, gains = self._scorer(), Gains()
        for sku in skus[:MOST_ASKED]:
            if scorer.rules(gains, scorer.learnt.together, sku, 1.0, "bought_with") < WITHOUT_RULES:
                scorer.stand_ins(gains, scorer.learnt.together, sku, STAND_IN)
        return self._pick(scorer, gains, asked, skus, self._own(scorer, asked.customer))

    def personal(self, asked: Asked, about: Sequence[str] = (), interest: F32 | None = None) -> list[Recommendation]:
        """What a customer may want, from their orders and the conversation; what is popular where nothing is known.

        Args:
            about: products that the conversation was about, newest last. They are not recommended themselves.
            interest: text vector [d] of what the customer said to look for.
        """
        scorer, gains = self._scorer(), Gains()
        own = self._own(scorer, asked.customer)
        self._from_talk(scorer, gains, about, interest)
        self._from_orders(scorer, gains, own)
        scorer.popular(gains, POPULAR)
        return self._pick(scorer, gains, asked, about, own)

    def _from_talk(self, scorer: Scorer, gains: Gains, about: Sequence[str], interest: F32 | None) -> None:
        for sku in about[-MOST_ASKED:]:
            scorer.similar(gains, sku, TALKED_ABOUT, "fits_interest")
            scorer.rules(gains, scorer.learnt.together, sku, 1.0, "bought_with")
        if interest is not None:
            for thing, near in scorer.near_vector(interest).items():
                why = Why("fits_interest", likeness=near.cosine)
                gains.add(thing, TALKED_ABOUT * near.score, lambda why=why: why)  # type: ignore[misc]

    def _from_orders(self, scorer: Scorer, gains: Gains, own: _Own) -> None:
        learnt = scorer.learnt
        categories: dict[int, float] = {}
        for place, (thing, (sku, weight)) in enumerate(list(own.bought.items())[:MOST_BOUGHT]):
            scorer.rules(gains, learnt.likewise, sku, weight, "also_bought")
            if place < MOST_LIKENED:
                scorer.similar(gains, sku, LIKE_BOUGHT * weight, "like_bought")
            for category, gain in scorer.leads(thing):
                categories[category] = categories.get(category, 0.0) + weight * gain
            again = float(learnt.again[thing])
            why = Why("buy_again", sku, share=round(again, 3))
            gains.add(thing, again * weight, lambda why=why: why)  # type: ignore[misc]
        every = sum(categories.values())
        for category in sorted(categories, key=lambda c: -categories[c])[:MOST_CATEGORIES]:
            scorer.popular(gains, OF_CATEGORY * categories[category] / every, category)

    def _own(self, scorer: Scorer, customer: str | None) -> _Own:
        orders: list[Order] = self._store.orders_of(customer, MOST_ORDERS) if customer else []
        bought: dict[int, tuple[str, float]] = {}
        for order in orders:
            days = (orders[0].placed_at - order.placed_at).total_seconds() / 86_400
            for thing, sku in scorer.things(line.sku for line in order.lines).items():
                bought.setdefault(thing, (sku, 0.5 ** (days / HALF_LIFE)))
        return _Own(bought)

    def _pick(
        self, scorer: Scorer, gains: Gains, asked: Asked, about: Sequence[str], own: _Own
    ) -> list[Recommendation]:
        """The things that gained most and may be recommended, each by the variant that fits best."""
        again = scorer.learnt.again
        left_out = {thing for thing in own.bought if again[thing] < COMES_BACK}
        left_out |= scorer.things((*about, *asked.without)).keys()
        things = [thing for thing in gains.ranked() if thing not in left_out]
        liked = self._store.products(
            [*about[:MOST_ASKED], *(sku for sku, _ in list(own.bought.values())[:MOST_BOUGHT])]
        )
        picked: list[Recommendation] = []
        step = max(1, asked.top) * 2
        for part in (things[start : start + step] for start in range(0, len(things), step)):
            fit = self._buyable({thing: scorer.skus(thing) for thing in part}, asked.country, liked)
            picked += [Recommendation(fit[t], gains.total[t], gains.why(t)) for t in part if t in fit]
            if len(picked) >= asked.top:
                break
        return picked[: asked.top]

    def _buyable(self, skus: dict[int, list[str]], country: str | None, liked: list[Product]) -> dict[int, str]:
        """Of each thing the variant that can be bought: as what was liked in colour and size, then the best seller."""
        all_of_them = [sku for some in skus.values() for sku in some]
        sold = self._store.live(all_of_them)
        products = {product.sku: product for product in self._store.products(all_of_them) if product.sku in sold}
        colours = {product.color for product in liked if product.color}
        sizes = {product.size for product in liked if product.size}
        fit: dict[int, str] = {}
        for thing, some in skus.items():
            there = [products[sku] for sku in some if sku in products and _deliverable(products[sku], country)]
            if there:
                fit[thing] = max(there, key=lambda p: (p.size in sizes) + (p.color in colours)).sku
        return fit

    def _scorer(self) -> Scorer:
        link = self._folder / "current"
        seen = self._seen
        if seen is not None and seen[0] == str(link.readlink()):
            return seen[1]
        with self._lock:
            try:
                name = str(link.readlink())
                learnt = Learnt.open(self._folder / name)
            except FileNotFoundError:  # swapped and removed between the two; a second time it is not there at all
                name = str(link.readlink())
                learnt = Learnt.open(self._folder / name)
            self._seen = name, Scorer(learnt, self._likeness)
            return self._seen[1]


def _deliverable(product: Product, country: str | None) -> bool:
    """Whether it can be bought now, and goes to the country."""
    ships = country is None or not product.ships_to or country.upper() in product.ships_to
    return product.availability == "in_stock" and ships
