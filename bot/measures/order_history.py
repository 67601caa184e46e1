"""A made-up shop and its orders, with a structure that is known, to measure recommendations on.

Eight areas of interest have six categories each: three of main things (durable), two of accessories (durable) and one
of consumables. The things of a category come in five families, whose text and picture vectors lie together. Each main
thing has accessories and a consumable of one family that fit it and are often bought in the same order. Customers have
one to three areas, and a family that they lean to; what sells follows Zipf's law and the season; some of every order
is chance. Consumables are bought again, durable things almost never. A few things are new: no order but the last of
each customer has them. That last order is held out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.records import Order, OrderLine, Product

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

AREAS, ROLES, FAMILIES, IN_FAMILY = 8, 6, 5, 6
MAINS, ACCESSORIES, CONSUMABLE = (0, 1, 2), (3, 4), 5
CATEGORIES = AREAS * ROLES
PER_CATEGORY = FAMILIES * IN_FAMILY
THINGS = CATEGORIES * PER_CATEGORY
COUNTRIES = ("DE", "FR", "ES", "PL", "US", "JP")
BEGIN, DAYS = datetime(2025, 1, 1, tzinfo=UTC), 730
WIDTH = 64  # numbers in a vector


class Shares(msgspec.Struct, frozen=True):
    """How often what happens."""

    fitting: float = 0.3  # each thing that fits is bought with a main one
    chance: float = 0.15  # a thing from anywhere in the shop
    leaning: float = 0.5  # the family that the customer leans to
    again: float = 0.4  # an order with a consumable that was bought before
    gift: float = 0.02  # a durable thing bought once more
    new: float = 0.1  # things without orders
    gone: float = 0.03  # things that were sold and are no more
    empty: float = 0.08  # variants out of stock
    limited: float = 0.2  # things that go to some countries only
    pictured: float = 0.8  # things with a picture


@dataclass(frozen=True)
class Customer:
    """One who buys: `owns` counts the things bought."""

    id: str
    country: str
    areas: NDArray[np.int64]
    weights: F64
    family: int
    variant: int
    owns: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """The shop: products that are sold and were sold, vectors by SKU, orders that are known, and the one held out of
    each customer. `thing` numbers the thing of a SKU; `consumable`, `new`, `gone` bool[things]."""

    products: list[Product]
    gone: list[Product]
    text: dict[str, F32]
    photo: dict[str, F32]
    thing: dict[str, int]
    consumable: NDArray[np.bool_]
    new: NDArray[np.bool_]
    orders: list[Order]
    held_out: list[Order]
    countries: dict[str, str]


def make(customers: int, seed: int = 0, shares: Shares | None = None) -> History:
    """The history of so many customers, about four orders each; the same for the same seed."""
    return _Maker(customers, np.random.default_rng(seed), shares or Shares()).history()


class _Maker:
    def __init__(self, customers: int, random: np.random.Generator, shares: Shares) -> None:
        self.random, self.shares, self.customers = random, shares, customers
        things = np.arange(THINGS)
        self.category = things // PER_CATEGORY
        self.family = things % PER_CATEGORY // IN_FAMILY
        self.role = self.category % ROLES
        self.consumable = self.role == CONSUMABLE
        self.new = random.random(THINGS) < shares.new
        self.gone = (random.random(THINGS) < shares.gone) & ~self.new
        self.zipf = 1 / (1 + np.argsort(np.argsort(random.random((CATEGORIES, PER_CATEGORY)), axis=1), axis=1)) ** 0.8
        self.size = 1 / (1 + np.argsort(np.argsort(random.random(CATEGORIES)))) ** 0.5
        self.season = random.random(CATEGORIES) * 2 * np.pi
        self.fits = [self._fitting(thing) for thing in range(THINGS)]
        self.variants = [1 if random.random() < 0.7 else int(random.integers(2, 5)) for _ in things]
        self.products = [self._products(thing) for thing in range(THINGS)]

    def _fitting(self, thing: int) -> list[int]:
        """For a main thing: one thing of each category of accessories and of the consumables, of one family."""
        if self.role[thing] not in MAINS:
            return []
        area = self.category[thing] // ROLES
        family = (self.family[thing] + self.role[thing]) % FAMILIES
        roles = (*ACCESSORIES, CONSUMABLE)
        first = [(area * ROLES + role) * PER_CATEGORY + family * IN_FAMILY for role in roles]
        return [int(start + self.random.integers(IN_FAMILY)) for start in first]

    def _products(self, thing: int) -> list[Product]:
        count, category = self.variants[thing], int(self.category[thing])
        some = tuple(sorted(self.random.choice(COUNTRIES, 3, replace=False).tolist()))
        ships_to = some if self.random.random() < self.shares.limited else ()
        return [
            Product(
                sku=f"T{thing:04}-{number}" if count > 1 else f"T{thing:04}",
                title=f"Thing {thing} of family {self.family[thing]}",
                price=Decimal("9.90"),
                currency="EUR",
                availability="out_of_stock" if self.random.random() < self.shares.empty else "in_stock",
                group=f"G{thing:04}" if count > 1 else None,
                size=str(number) if count > 1 else None,
                category=f"Area {category // ROLES} > Category {category}",
                ships_to=ships_to,
            )
            for number in range(count)
        ]

    def history(self) -> History:
        text, photo = self._vectors(), self._vectors()
        pictured = self.random.random(THINGS) < self.shares.pictured
        orders: list[Order] = []
        held_out: list[Order] = []
        countries: dict[str, str] = {}
        for number in range(self.customers):
            customer = self._customer(number)
            countries[customer.id] = customer.country
            days = np.sort(self.random.random(1 + self.random.geometric(0.25)) * DAYS)
            orders += [order for day in days[:-1] if (order := self._order(customer, day, False))]
            if last := self._order(customer, DAYS + 30 * self.random.random(), True):
                held_out.append(last)
        every = [(thing, product) for thing, some in enumerate(self.products) for product in some]
        return History(
            products=[product for thing, product in every if not self.gone[thing]],
            gone=[product for thing, product in every if self.gone[thing]],
            text={product.sku: text[thing] for thing, product in every},
            photo={product.sku: photo[thing] for thing, product in every if pictured[thing]},
            thing={product.sku: thing for thing, product in every},
            consumable=self.consumable,
            new=self.new,
            orders=orders,
            held_out=held_out,
            countries=countries,
        )

    def _vectors(self) -> F32:
        """[things, WIDTH] at length 1: the area's centre, the category's, the family's, and the thing's own part."""
        drawn = self.random.standard_normal
        vectors = (
            drawn((AREAS, WIDTH))[self.category // ROLES]
            + drawn((CATEGORIES, WIDTH))[self.category]
            + drawn((CATEGORIES * FAMILIES, WIDTH))[self.category * FAMILIES + self.family]
            + drawn((THINGS, WIDTH))
        )
        unit: F32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _customer(self, number: int) -> Customer:
        areas = self.random.choice(AREAS, self.random.integers(1, 4), replace=False)
        return Customer(
            f"c{number}", str(self.random.choice(COUNTRIES)), areas, self.random.dirichlet(np.ones(len(areas))),
            int(self.random.integers(FAMILIES)), int(self.random.integers(4)),
        )  # fmt: skip

    def _order(self, customer: Customer, day: float, last: bool) -> Order | None:
        chosen: list[int] = []
        for _ in range(1 + self.random.poisson(0.5)):
            thing = self._choice(customer, day)
            chosen += [thing, *(other for other in self.fits[thing] if self.random.random() < self.shares.fitting)]
        used = [thing for thing in customer.owns if self.consumable[thing]]
        if used and self.random.random() < self.shares.again:
            chosen.insert(0, int(self.random.choice(used)))
        kept = [thing for thing in dict.fromkeys(chosen) if self._may(customer, thing, last)]
        lines = [line for thing in kept if (line := self._line(customer, thing, last))]
        if not lines:
            return None
        if not last:
            for thing in kept:
                customer.owns[thing] = customer.owns.get(thing, 0) + 1
        return Order(
            id=f"{customer.id}-{day:.4f}",
            customer=customer.id,
            placed_at=BEGIN + timedelta(days=float(day)),
            currency="EUR",
            status="shipped",
            lines=tuple(lines),
        )

    def _choice(self, customer: Customer, day: float) -> int:
        """A main thing, an accessory or a consumable, as the customer and the season lean."""
        weight = self.size * (1 + 0.8 * np.cos(2 * np.pi * day / 365 + self.season))
        if self.random.random() >= self.shares.chance:
            area = self.random.choice(customer.areas, p=customer.weights)
            weight = np.where(np.arange(CATEGORIES) // ROLES == area, weight, 0)
        category = int(self.random.choice(CATEGORIES, p=weight / weight.sum()))
        within = self.zipf[category].copy()
        if self.random.random() < self.shares.leaning:
            within *= np.arange(PER_CATEGORY) // IN_FAMILY == customer.family
        return category * PER_CATEGORY + int(self.random.choice(PER_CATEGORY, p=within / within.sum()))

    def _may(self, customer: Customer, thing: int, last: bool) -> bool:
        if (self.gone[thing] and last) or (self.new[thing] and not last):
            return False
        return thing not in customer.owns or bool(self.consumable[thing]) or self.random.random() < self.shares.gift

    def _line(self, customer: Customer, thing: int, last: bool) -> OrderLine | None:
        """The customer's own size; in the last order only what can be bought now."""
        products = self.products[thing]
        wanted = products[customer.variant % len(products)]
        there = [p for p in (wanted, *products) if p.availability == "in_stock" or not last]
        there = [p for p in there if not p.ships_to or customer.country in p.ships_to or not last]
        return OrderLine(there[0].sku, 1, Decimal("9.90")) if there else None
