"""How good recommendations are: leave-one-out on a made-up order history with known structure (order_history.py).

Each customer's last order is held out. Goes-with: the last item of a basket from the rest of it. Personal: an item of
the last order that the customer had not bought, from the orders before. Popularity (the same recency-weighted counts
that the recommender falls back on) and chance answer the same questions, and are held to the same rules: in stock,
shippable, not of the basket, no durable thing that the customer has. And what must never be recommended is counted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.measures.figures import Figure
from bot.measures.order_history import THINGS, History, make
from bot.parts import Parts
from knowledge.metrics import ndcg_at, reciprocal_rank
from knowledge.recommend import COMES_BACK, Asked, Recommendation, Recommender
from knowledge.recommend_learn import Learnt, build
from knowledge.records import Order
from knowledge.store import Store

F32 = NDArray[np.float32]
CUSTOMERS = 20_000
ASKED = 2_500  # questions of each kind
TOP = 10
TIMES_POPULAR = 1.5  # how far our lower bound of hit@10 must be above popularity's upper bound
RESAMPLES = 1_000  # of the bootstrap


class Question(msgspec.Struct, frozen=True):
    """What to find, as a thing, for a customer; `basket` are the SKUs that it was bought with, none for personal."""

    customer: str
    basket: tuple[str, ...]
    target: int


@dataclass(frozen=True)
class Vectors:
    """The history's vectors as the recommender asks for them, exact by a product of matrices."""

    text: dict[str, F32]
    photo: dict[str, F32]
    names: dict[bool, list[str]]
    rows: dict[bool, F32]

    @classmethod
    def of(cls, history: History) -> Vectors:
        """Those of the products that are sold."""
        sold = {product.sku for product in history.products}
        text = {sku: vector for sku, vector in history.text.items() if sku in sold}
        photo = {sku: vector for sku, vector in history.photo.items() if sku in sold}
        names = {False: list(text), True: list(photo)}
        return cls(text, photo, names, {False: np.stack(list(text.values())), True: np.stack(list(photo.values()))})

    def record_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """By SKU, as Search has them."""
        return {sku: self.text[sku] for sku in skus if sku in self.text}

    def picture_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        """By SKU, as Search has them."""
        return {sku: self.photo[sku] for sku in skus if sku in self.photo}

    def near(self, vector: F32, most: int, photo: bool = False) -> list[tuple[str, float]]:
        """The nearest products, best first."""
        cosines = self.rows[photo] @ vector
        best = np.argsort(-cosines, kind="stable")[:most]
        return [(self.names[photo][row], float(cosines[row])) for row in best.tolist()]


class Shop:
    """The history in a store, learnt from, and what may be recommended to whom."""

    def __init__(self, history: History, folder: Path) -> None:
        self.history = history
        self.store = Store(f"sqlite:///{folder / 'shop.db'}")
        self.store.put_products([*history.products, *history.gone])
        self.store.put_products(history.products)  # the others are retired
        self.store.put_orders(history.orders)
        build(self.store, folder / "recommend", lambda _step, _done: None)
        self.learnt = Learnt.open(folder / "recommend" / "current")
        self.recommender = Recommender(folder / "recommend", self.store, Vectors.of(history))
        self.products = {product.sku: product for product in history.products}
        self.owned: dict[str, set[int]] = {}
        for order in history.orders:
            self.owned.setdefault(order.customer, set()).update(history.thing[line.sku] for line in order.lines)
        self.popular = self._popular()
        there = [p for p in history.products if p.availability == "in_stock"]
        self.there = {
            country: {history.thing[p.sku] for p in there if not p.ships_to or country in p.ships_to}
            for country in set(history.countries.values())
        }

    def may(self, question: Question) -> set[int]:
        """The things that may be recommended, by what the history knows of itself."""
        owned = {thing for thing in self.owned.get(question.customer, ()) if not self.history.consumable[thing]}
        return self.there[self.history.countries[question.customer]] - owned - self.seeds(question)

    def seeds(self, question: Question) -> set[int]:
        """The things of the basket."""
        return {self.history.thing[sku] for sku in question.basket}

    def _popular(self) -> list[int]:
        newest = max(order.placed_at for order in self.history.orders)
        counts = np.zeros(THINGS)
        for order in self.history.orders:
            for line in order.lines:
                counts[self.history.thing[line.sku]] += 0.5 ** ((newest - order.placed_at).days / 60)
        return [int(thing) for thing in np.argsort(-counts, kind="stable")]


def measure(parts: Parts) -> list[Figure]:
    """The figures. `parts` gives nothing to them: products, vectors and orders are made up."""
    del parts
    history = make(CUSTOMERS)
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(history, Path(folder))
        try:
            return [*_goes_with(shop), *_personal(shop), *_known(shop)]
        finally:
            shop.store.close()


def _goes_with(shop: Shop) -> list[Figure]:
    baskets = [order for order in shop.history.held_out if len(_things(shop, order)) > 1]
    asked = [
        Question(order.customer, tuple(line.sku for line in order.lines[:-1]), shop.history.thing[order.lines[-1].sku])
        for order in baskets
    ]

    def recommend(question: Question) -> list[Recommendation]:
        return shop.recommender.goes_with(question.basket, _for(shop, question))

    new = [question for question in asked if all(shop.history.new[thing] for thing in shop.seeds(question))]
    figures = _compared("goes with", shop, asked[:ASKED], recommend)
    return [*figures, *_compared("goes with a new product", shop, new, recommend, brief=True)]


def _personal(shop: Shop) -> list[Figure]:
    random = np.random.default_rng(1)
    asked = []
    for order in shop.history.held_out:
        unseen = sorted(_things(shop, order) - shop.owned.get(order.customer, set()))
        if unseen and order.customer in shop.owned:
            asked.append(Question(order.customer, (), int(random.choice(unseen))))
    return _compared("personal", shop, asked[:ASKED], lambda question: shop.recommender.personal(_for(shop, question)))


def _known(shop: Shop) -> list[Figure]:
    """Which things the orders taught to be bought again."""
    things = np.array([shop.history.thing[sku.decode()] for sku in shop.learnt.skus.tolist()])
    again = shop.learnt.again[shop.learnt.sku_thing] >= COMES_BACK
    consumable = shop.history.consumable[things]
    note = "told apart by repeat purchases alone"
    return [
        Figure(name="consumables known as such", value=float(again[consumable].mean()), n=int(consumable.sum()),
               reach=0.9, note=note),
        Figure(name="durables taken for consumables", value=float(again[~consumable].sum()), n=int((~consumable).sum()),
               reach=0, better="less", note=note),
    ]  # fmt: skip


def _compared(
    name: str,
    shop: Shop,
    asked: list[Question],
    recommend: Callable[[Question], list[Recommendation]],
    brief: bool = False,
) -> list[Figure]:
    """Ours, popularity and chance on the same questions; `brief` leaves out all but hit@10."""
    random, wrong, seconds = np.random.default_rng(2), 0, []
    places: dict[str, list[list[int]]] = {"ours": [], "popularity": [], "chance": []}
    for question in asked:
        start = time.perf_counter()
        given = recommend(question)
        seconds.append(time.perf_counter() - start)
        may = shop.may(question)
        wrong += _wrong(shop, question, given, may)
        places["ours"].append([shop.history.thing[r.sku] for r in given])
        places["popularity"].append([thing for thing in shop.popular if thing in may][:TOP])
        places["chance"].append(random.choice(sorted(may), TOP, replace=False).tolist())
    hit = {who: _bounds([float(q.target in got) for q, got in zip(asked, every, strict=True)])
           for who, every in places.items()}  # fmt: skip
    figures = [
        Figure(name=f"{name}: hit@10, {who}", value=mean, n=len(asked), spread={"2.5 %": low, "97.5 %": high})
        for who, (mean, low, high) in hit.items()
    ]
    better = hit["ours"][1] / max(hit["popularity"][2], 1e-9)
    note = "our lower bound over popularity's upper bound, bootstrap 95 %"
    figures.append(Figure(name=f"{name}: times popularity", value=better, n=len(asked), reach=TIMES_POPULAR, note=note))
    if brief:
        return figures
    for who, every in places.items():
        figures += _further(f"{name}: {{}}, {who}", asked, every)
    p50, p95 = np.percentile(seconds, (50, 95)) * 1e3
    note = "out of stock, not shippable, retired, of the basket, durable and owned, or two of one group"
    return [
        *figures,
        Figure(
            name=f"{name}: what must not appear", value=wrong, n=len(asked) * TOP, reach=0, better="less", note=note
        ),
        Figure(name=f"{name}: a question", value=float(p50), n=len(asked), unit="ms", spread={"p95": float(p95)}),
    ]


def _further(name: str, asked: list[Question], every: list[list[int]]) -> list[Figure]:
    pairs = [([str(thing) for thing in got], str(question.target)) for question, got in zip(asked, every, strict=True)]
    values = {
        "hit@5": [float(target in got[:5]) for got, target in pairs],
        "MRR": [reciprocal_rank(got, {target}) for got, target in pairs],
        "nDCG@10": [ndcg_at(TOP, got, {target: 1.0}) for got, target in pairs],
    }
    bounds = {which: _bounds(some) for which, some in values.items()}
    return [
        Figure(name=name.format(which), value=mean, n=len(asked), spread={"2.5 %": low, "97.5 %": high})
        for which, (mean, low, high) in bounds.items()
    ]


def _wrong(shop: Shop, question: Question, given: list[Recommendation], may: set[int]) -> int:
    """How many recommendations break a rule, judged by what the history knows, not by what was learnt."""
    country = shop.history.countries[question.customer]
    wrong, seen = 0, set()
    for one in given:
        product, thing = shop.products.get(one.sku), shop.history.thing[one.sku]
        fits = product is not None and product.availability == "in_stock"
        there = product is not None and (not product.ships_to or country in product.ships_to)
        wrong += not (fits and there and thing in may and thing not in seen)
        seen.add(thing)
    return wrong


def _bounds(values: list[float]) -> tuple[float, float, float]:
    """The mean and its 95 % interval by the bootstrap (Efron, 1979)."""
    given = np.array(values)
    drawn = np.random.default_rng(3).integers(0, len(given), (RESAMPLES, len(given)))
    low, high = np.percentile(given[drawn].mean(axis=1), (2.5, 97.5))
    return float(given.mean()), float(low), float(high)


def _for(shop: Shop, question: Question) -> Asked:
    return Asked(customer=question.customer, country=shop.history.countries[question.customer], top=TOP)


def _things(shop: Shop, order: Order) -> set[int]:
    return {shop.history.thing[line.sku] for line in order.lines}
