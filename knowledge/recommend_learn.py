"""What the orders teach, derived from the store: a folder of arrays, made aside and swapped in at once.

    folder/current    a link to the folder in use
    folder/made-…     what `Learnt` names, as memory-mapped .npy files

A thing is a group of variants, or a product without a group: a colour that sells less must not split the counts.
"""

from __future__ import annotations

import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import load
from knowledge.recommend_rules import F32, I32, I64, Rules, Sets, distinct, learn, wilson
from knowledge.store import Store

MOST_TOGETHER = 40  # things of one order that count as bought together; beyond that it is a shop's own stock order
MOST_OF_CUSTOMER = 20  # things of one customer, the newest, that count as bought by one
HALF_LIFE = 60.0  # days after which an order counts half for what is popular now
POPULAR = 200  # most popular things kept, and of each category a quarter of them
IMAGINED = 10.0  # buyers that a thing's category stands for where few bought the thing itself
Z_AGAIN = 1.645  # one-sided 95 %

Basket = tuple[str, datetime, tuple[str, ...]]  # customer, time, SKUs
Progress = Callable[[str, float], None]
U64 = NDArray[np.uint64]


@dataclass(frozen=True)
class Learnt:
    """What is known of t things and s SKUs. Arrays are memory-mapped where they were opened from a folder."""

    skus: NDArray[np.bytes_]  # [s] UTF-8, sorted, so that one is found without a dictionary in memory
    sku_thing: I32  # [s]
    sku_orders: I32  # [s] orders that name it
    thing_first: I64  # [t + 1] into thing_skus
    thing_skus: I32  # [s] rows of skus, those of a thing together
    category: I32  # [t] rows of categories, -1 where it has none
    categories: NDArray[np.str_]  # [c]
    orders: I32  # [t] orders that hold it
    again: F32  # [t] lower bound of the share of its buyers who came back for it on another day, 0..1
    popular: F32  # [t] share of all that was bought, the newest orders first (HALF_LIFE)
    popular_first: I64  # [c + 2] into popular_things: of each category, and last of all
    popular_things: I32  # most popular first
    together: Rules  # by order
    likewise: Rules  # by customer, in different orders
    leads: Rules  # of categories, by customer, in different orders

    def save(self, folder: Path) -> None:
        """Writes every array into `folder`."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Rules):
                value.save(folder, field.name)
            else:
                np.save(folder / f"{field.name}.npy", value)

    @classmethod
    def open(cls, folder: Path) -> Learnt:
        """What `save` wrote. Raises OSError where it isn't there, or not whole."""
        arrays = {
            field.name: Rules.open(folder, field.name)
            if field.name in ("together", "likewise", "leads")
            else load(folder / f"{field.name}.npy", mmap_mode="r")
            for field in fields(cls)
        }
        return cls(**arrays)  # type: ignore[arg-type]


def build(store: Store, folder: Path, progress: Progress) -> None:
    """Learns from all orders of `store`, and swaps the outcome in for those who recommend from `folder`.

    Args:
        progress: told the step ("orders", "rules") and how much of it is done, 0..1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="made-", dir=folder))
    try:
        progress("orders", 0.0)
        bought, numbers = read(store.baskets())
        progress("rules", 0.0)
        learn_all(store, bought, numbers).save(made)
        made.chmod(0o755)
        link = made / "current"
        link.symlink_to(made.name)  # made inside, then moved: a move over the old link is atomic
        link.replace(folder / "current")
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    for old in folder.glob("made-*"):
        if old != made:
            shutil.rmtree(old, ignore_errors=True)
    progress("rules", 1.0)


@dataclass(frozen=True)
class Bought:
    """n orders with l lines, newest first: customer int64[n] (a hash), day int32[n], size int32[n], sku int32[l]."""

    customer: I64
    day: I32
    size: I32
    sku: I32


def read(baskets: Iterable[Basket]) -> tuple[Bought, dict[str, int]]:
    """The orders as numbers, some 20 bytes each, and the number of each SKU that they name."""
    customer, day, size, sku = array("q"), array("i"), array("i"), array("i")
    numbers: dict[str, int] = {}
    for who, when, skus in baskets:
        customer.append(hash(who))  # 64 bits: two customers in a million fall together once in 10⁷ shops
        day.append(int(when.timestamp() // 86_400))
        size.append(len(skus))
        for name in skus:
            sku.append(numbers.setdefault(name, len(numbers)))
    return Bought(
        np.array(customer, np.int64), np.array(day, np.int32), np.array(size, np.int32), np.array(sku, np.int32)
    ), numbers


def learn_all(store: Store, bought: Bought, numbers: dict[str, int]) -> Learnt:
    """Everything, from the orders as `read` gives them and what the store knows of their SKUs."""
    skus, sku_thing, category, categories = _things(store, numbers)
    count = len(category)
    known = np.full(len(numbers) + 1, -1, np.int32)
    rows = np.array([numbers.get(sku, -1) for sku in skus], np.int64)
    known[rows[rows >= 0]] = sku_thing[rows >= 0]
    order, thing = _lines(bought, known[:-1], count)
    sold = np.bincount(bought.sku, minlength=len(numbers) + 1)
    popular = _popular(bought, order, thing, count)
    popular_first, popular_things = _most_popular(popular, category, len(categories))
    habits = _customers(bought, order, thing)
    by_thing = np.argsort(sku_thing, kind="stable").astype(np.int32)
    return Learnt(
        skus=np.array([sku.encode() for sku in skus] or [b""][:0], dtype=np.bytes_),
        sku_thing=sku_thing,
        sku_orders=np.where(rows >= 0, sold[rows], 0).astype(np.int32),
        thing_first=_starts(sku_thing, count),
        thing_skus=by_thing,
        category=category,
        categories=np.array(categories or [""][:0], dtype=np.str_),
        orders=np.bincount(thing, minlength=count).astype(np.int32),
        again=_again(bought, order, thing, category),
        popular=popular,
        popular_first=popular_first,
        popular_things=popular_things,
        together=learn(_orders(bought, order, thing), count),
        likewise=learn(habits, count),
        leads=learn(_by_category(habits, category), len(categories)),
    )


def _things(store: Store, numbers: dict[str, int]) -> tuple[list[str], I32, I32, list[str]]:
    """The SKUs in the order of their UTF-8, the thing of each, the category of each thing, and all categories.

    SKUs are those that are sold now, and those of the orders that the store still knows.
    """
    groups: dict[str, tuple[str, str | None]] = {}
    for product in store.all_products():
        groups[product.sku] = (product.group or product.sku, product.category)
    for product in store.products([sku for sku in numbers if sku not in groups]):
        groups[product.sku] = (product.group or product.sku, product.category)
    skus = sorted(groups, key=str.encode)
    things: dict[str, int] = {}
    categories: dict[str, int] = {}
    sku_thing = np.empty(len(skus), np.int32)
    category: list[int] = []
    for row, sku in enumerate(skus):
        group, name = groups[sku]
        number = things.setdefault(group, len(things))
        sku_thing[row] = number
        if number == len(category):
            category.append(-1 if name is None else categories.setdefault(name, len(categories)))
    return skus, sku_thing, np.array(category, np.int32), list(categories)


def _lines(bought: Bought, thing_of: I32, count: int) -> tuple[I64, I32]:
    """Each thing once an order, as order int64[m] (rising) and thing int32[m]; unknown SKUs are left out."""
    order = np.repeat(np.arange(len(bought.size)), bought.size)
    thing = thing_of[bought.sku]
    both = distinct((order * max(count, 1) + thing)[thing >= 0])
    return both // max(count, 1), (both % max(count, 1)).astype(np.int32)


def _starts(group: NDArray[np.integer], count: int) -> I64:
    """Where each of 0..count begins among the sorted `group`, and where the last ends, int64[count + 1]."""
    first = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=count), out=first[1:])
    return first


def _orders(bought: Bought, order: I64, thing: I32) -> Sets:
    """The orders as sets. One that its customer places again just as it was counts once: a habit is no evidence."""
    first = _starts(order, len(bought.size))
    size = np.diff(first)
    some = np.flatnonzero(size)
    if not len(some):
        return Sets(np.zeros(1, np.int64), np.empty(0, np.int32))
    held = np.add.reduceat(_mixed(thing.astype(np.uint64)), first[:-1][some])
    _, newest = np.unique(_mixed(held ^ _mixed(bought.customer[some].view(np.uint64))), return_index=True)
    return _cut(thing, first[:-1][some[np.sort(newest)]], size[some[np.sort(newest)]], MOST_TOGETHER)


def _customers(bought: Bought, order: I64, thing: I32) -> Sets:
    """What each customer bought, the newest first, in parts by order: what comes together is no habit of its own."""
    _, customer = np.unique(bought.customer, return_inverse=True)
    who = customer[order]
    newest = np.argsort(who, kind="stable")
    first = _starts(who, int(customer.max(initial=-1)) + 1)
    sets = _cut(thing[newest], first[:-1], np.diff(first), MOST_OF_CUSTOMER)
    rows = _rows(first[:-1], sets.sizes)
    return Sets(sets.first, sets.things, order[newest][rows])


def _by_category(sets: Sets, category: I32) -> Sets:
    """The sets with the category in the place of each thing; things that have none are left out."""
    assert sets.part is not None
    found = category[sets.things]
    has = found >= 0
    owner = np.repeat(np.arange(len(sets.first) - 1), sets.sizes)[has]
    return Sets(_starts(owner, len(sets.first) - 1), found[has], sets.part[has])


def _cut(things: I32, begin: I64, size: I64, most: int) -> Sets:
    """The sets of `size` things that begin at `begin`, each with its first `most` things."""
    kept = np.minimum(size, most)
    return Sets(np.concatenate((np.zeros(1, np.int64), np.cumsum(kept))), things[_rows(begin, kept)])


def _rows(begin: I64, size: I64) -> I64:
    """begin[0], begin[0] + 1, … for each run of `size` rows."""
    first = np.cumsum(size) - size
    rows: I64 = np.repeat(begin - first, size) + np.arange(int(size.sum()))
    return rows


def _mixed(numbers: U64) -> U64:
    """Numbers as 64 well mixed bits (the finaliser of SplitMix64: Steele, Lea and Flood, 2014)."""
    x: U64 = numbers + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _again(bought: Bought, order: I64, thing: I32, category: I32) -> F32:
    """Of each thing, the lower bound of the share of its buyers who bought it on two days or more, 0..1.

    Where few bought it, its category (at its own lower bound) stands for IMAGINED further buyers.
    """
    count = max(len(category), 1)
    _, customer = np.unique(bought.customer, return_inverse=True)
    _, day = np.unique(bought.day, return_inverse=True)
    days = int(day.max(initial=0)) + 1
    on_a_day = distinct((customer[order].astype(np.int64) * count + thing) * days + day[order]) // days
    each, times = np.unique(on_a_day, return_counts=True)
    buyers = np.bincount(each % count, minlength=count).astype(np.float64)
    back = np.bincount((each % count)[times > 1], minlength=count).astype(np.float64)
    places = int(category.max(initial=-1)) + 2  # the last is for things without a category: nothing is known there
    of = np.where(category >= 0, category, places - 1)
    sums = [np.bincount(of, n[: len(category)], minlength=places).astype(np.float64) for n in (back, buyers)]
    typical = wilson(sums[0], sums[1], Z_AGAIN)[0]
    typical[-1] = 0.0
    low = wilson(back[: len(of)] + IMAGINED * typical[of], buyers[: len(of)] + IMAGINED, Z_AGAIN)[0]
    return low.astype(np.float32)


def _popular(bought: Bought, order: I64, thing: I32, count: int) -> F32:
    """Each thing's share of what was bought, an order's weight halved for every HALF_LIFE days, float32[count]."""
    age = bought.day.max(initial=0) - bought.day.astype(np.float64)
    weight = np.bincount(thing, (0.5 ** (age / HALF_LIFE))[order], minlength=count)
    share: F32 = (weight / max(weight.sum(), 1e-12)).astype(np.float32)
    return share


def _most_popular(popular: F32, category: I32, categories: int) -> tuple[I64, I32]:
    """Things that were bought at all, most popular first: of each category in turn, then of all."""
    best = np.argsort(-popular, kind="stable")
    best = best[popular[best] > 0]
    order = best[np.argsort(category[best], kind="stable")]
    order = order[category[order] >= 0]
    place = np.arange(len(order)) - np.searchsorted(category[order], category[order], "left")
    kept = order[place < POPULAR // 4]
    first = np.zeros(categories + 2, np.int64)
    np.cumsum(np.bincount(category[kept], minlength=categories), out=first[1:-1])
    whole = best[:POPULAR]
    first[-1] = len(kept) + len(whole)
    return first, np.concatenate((kept, whole)).astype(np.int32)
