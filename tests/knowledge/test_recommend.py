"""What is recommended, to whom, and why: a small shop whose orders say plainly what goes with what."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from knowledge.recommend import Asked, Recommendation, Recommender, Why
from knowledge.recommend_learn import build
from knowledge.recommend_rules import F32
from knowledge.records import Availability, Order, OrderLine, Product
from knowledge.store import Store

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def product(
    sku: str,
    category: str,
    group: str | None = None,
    color: str | None = None,
    ships_to: tuple[str, ...] = (),
    availability: Availability = "in_stock",
) -> Product:
    return Product(
        sku=sku, title=sku, price=Decimal(5), currency="EUR", availability=availability, group=group, color=color,
        category=category, ships_to=ships_to,
    )  # fmt: skip


# A kettle in two colours, tea that is bought with it again and again, lamps and 灯泡 (bulbs), and what nobody bought.
PRODUCTS = [
    product("KETTLE-red", "kettles", "KETTLE", "red"),
    product("KETTLE-blue", "kettles", "KETTLE", "blue"),
    product("KETTLE-new", "kettles"),
    product("TEA", "tea"),
    product("شاي", "tea"),
    product("LAMP", "lamps"),
    product("灯泡-1", "bulbs", "灯泡", "white"),
    product("灯泡-2", "bulbs", "灯泡", "warm"),
    *(product(f"BOOK-{number}", "books") for number in range(12)),
]
VECTORS = {
    "kettles": (1.0, 0.0, 0.0, 0.2), "tea": (0.5, 1.0, 0.0, 0.1), "lamps": (0.0, 0.0, 1.0, 0.1),
    "bulbs": (0.0, 0.2, 1.0, 0.0), "books": (0.0, 0.0, 0.0, 1.0),
}  # fmt: skip


class Vectors:
    """Products of one category lie together."""

    def __init__(self, products: Sequence[Product]) -> None:
        drawn = np.random.default_rng(0)
        self.text: dict[str, F32] = {}
        for one in products:
            vector = np.array(VECTORS[str(one.category)]) + drawn.normal(0, 0.05, 4)
            self.text[one.sku] = (vector / np.linalg.norm(vector)).astype(np.float32)
        self.photo = {sku: vector for sku, vector in self.text.items() if "BOOK" not in sku}

    def record_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        return {sku: self.text[sku] for sku in skus if sku in self.text}

    def picture_vectors(self, skus: Sequence[str]) -> dict[str, F32]:
        return {sku: self.photo[sku] for sku in skus if sku in self.photo}

    def near(self, vector: F32, most: int, photo: bool = False) -> list[tuple[str, float]]:
        among = self.photo if photo else self.text
        found = [(sku, float(other @ vector)) for sku, other in among.items()]
        return sorted(found, key=lambda item: -item[1])[:most]


def order(customer: str, day: int, *skus: str) -> Order:
    return Order(
        id=f"{customer}-{day}-{skus[0]}", customer=customer, placed_at=NOW - timedelta(days=day), currency="EUR",
        status="delivered", lines=tuple(OrderLine(sku, 1, Decimal(5)) for sku in skus),
    )  # fmt: skip


def orders() -> Iterator[Order]:
    """60 customers buy a kettle and tea, and tea again; 60 a lamp and a bulb; all of them books."""
    for number in range(60):
        yield order(f"k{number}", 200, ("KETTLE-red", "KETTLE-blue")[number % 2], "TEA")
        yield order(f"k{number}", 100, f"BOOK-{number % 12}")
        yield order(f"k{number}", 50, "TEA")
        yield order(f"l{number}", 200, "LAMP", ("灯泡-1", "灯泡-2")[number % 2])
        yield order(f"l{number}", 100, f"BOOK-{(number + 5) % 12}")


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(f"sqlite:///{folder / 'shop.db'}")

    def open(self, products: Sequence[Product] = PRODUCTS, bought: Sequence[Order] = ()) -> Recommender:
        self.store.put_products(products)
        self.store.put_orders([*orders(), *bought])
        build(self.store, self.folder / "recommend", lambda _step, _done: None)
        return Recommender(self.folder / "recommend", self.store, Vectors(products))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.store.close()


def changed(sku: str, **fields: object) -> list[Product]:
    return [msgspec.structs.replace(p, **fields) if p.sku == sku else p for p in PRODUCTS]


def skus(found: Sequence[Recommendation]) -> list[str]:
    return [one.sku for one in found]


def test_what_goes_with_a_kettle_is_tea_and_the_orders_say_so(shop: Shop) -> None:
    first, *_ = shop.open().goes_with(["KETTLE-red"], Asked())
    assert first.sku == "TEA"
    assert (first.why.kind, first.why.about, first.why.count) == ("bought_with", "KETTLE-red", 60)
    assert first.why.lift > 1


def test_colours_count_together_and_only_one_of_them_is_recommended(shop: Shop) -> None:
    found = shop.open().goes_with(["LAMP"], Asked(top=10))
    assert [sku for sku in skus(found) if sku.startswith("灯泡")] in (["灯泡-1"], ["灯泡-2"])
    assert found[0].why.count == 60


def test_the_variant_in_stock_is_the_one_that_is_recommended(shop: Shop) -> None:
    found = shop.open(changed("灯泡-1", availability="out_of_stock")).goes_with(["LAMP"], Asked())
    assert found[0].sku == "灯泡-2"


@pytest.mark.parametrize("fields", [{"availability": "out_of_stock"}, {"availability": "preorder"}])
def test_what_is_not_in_stock_is_not_recommended(shop: Shop, fields: dict[str, str]) -> None:
    assert "TEA" not in skus(shop.open(changed("TEA", **fields)).goes_with(["KETTLE-red"], Asked(top=20)))


def test_what_is_not_delivered_to_the_country_is_not_recommended(shop: Shop) -> None:
    recommender = shop.open(changed("TEA", ships_to=("DE", "FR")))
    assert "TEA" not in skus(recommender.goes_with(["KETTLE-red"], Asked(country="SA", top=20)))
    for country in ("DE", "fr", None):
        assert recommender.goes_with(["KETTLE-red"], Asked(country=country))[0].sku == "TEA"


def test_what_is_sold_no_more_is_not_recommended_but_still_leads_to_what_is(shop: Shop) -> None:
    shop.open()
    recommender = shop.open([p for p in PRODUCTS if p.sku != "LAMP"])
    assert "LAMP" not in skus(recommender.goes_with(["灯泡-1"], Asked(top=20)))
    assert recommender.goes_with(["LAMP"], Asked())[0].sku.startswith("灯泡")


def test_two_orders_make_no_rule(shop: Shop) -> None:
    twice = [order("x", 3, "LAMP", "شاي"), order("y", 2, "LAMP", "شاي")]
    assert "شاي" not in skus(shop.open(bought=twice).goes_with(["LAMP"], Asked(top=20)))


def test_one_customer_makes_no_rule_by_ordering_the_same_again(shop: Shop) -> None:
    often = [order("x", day, "LAMP", "شاي") for day in range(1, 40)]
    assert "شاي" not in skus(shop.open(bought=often).goes_with(["LAMP"], Asked(top=20)))


def test_an_order_of_everything_ties_nothing_together(shop: Shop) -> None:
    everything = [order(f"x{day}", day, *(p.sku for p in PRODUCTS)) for day in range(1, 6)]
    found = shop.open(bought=everything).goes_with(["KETTLE-red"], Asked(top=20))
    assert found[0].sku == "TEA"
    assert not [one for one in found if one.why.kind == "bought_with" and one.sku.startswith(("LAMP", "灯泡"))]


def test_a_new_product_goes_with_what_goes_with_those_like_it(shop: Shop) -> None:
    first, *_ = shop.open().goes_with(["KETTLE-new"], Asked())
    assert first.sku == "TEA"
    assert (first.why.kind, first.why.about) == ("like_bought_with", "KETTLE-new")
    assert first.why.via in ("KETTLE-red", "KETTLE-blue")


def test_similar_are_other_things_of_its_kind_and_not_its_own_colours(shop: Shop) -> None:
    first, *rest = shop.open().similar("KETTLE-red", Asked(top=10))
    assert first.sku == "KETTLE-new"
    assert first.why.kind in ("similar_to", "looks_like")
    assert first.why.about == "KETTLE-red"
    assert 0.9 < first.why.likeness <= 1
    assert "KETTLE-blue" not in skus(rest)


def test_a_durable_thing_is_not_offered_again_and_a_consumable_is(shop: Shop) -> None:
    found = shop.open().personal(Asked(customer="k1", top=20))
    assert not [sku for sku in skus(found) if sku.startswith("KETTLE-") and sku != "KETTLE-new"]
    assert "BOOK-1" not in skus(found)
    (tea,) = [one for one in found if one.sku == "TEA"]
    assert tea.why.kind == "buy_again"
    assert tea.why.share > 0.5


def test_the_lamp_that_goes_with_a_bulb_is_not_offered_to_who_has_it(shop: Shop) -> None:
    recommender = shop.open()
    assert "LAMP" in skus(recommender.goes_with(["灯泡-1"], Asked(customer="k1", top=20)))
    assert "LAMP" not in skus(recommender.goes_with(["灯泡-1"], Asked(customer="l1", top=20)))


def test_what_a_customer_talks_about_comes_first(shop: Shop) -> None:
    recommender = shop.open()
    by_words = recommender.personal(Asked(customer="l1"), interest=np.array(VECTORS["kettles"], np.float32))
    assert by_words[0].sku.startswith("KETTLE")
    assert (by_words[0].why.kind, by_words[0].why.about) == ("fits_interest", "")
    by_product = recommender.personal(Asked(), about=["KETTLE-new"])
    assert {"KETTLE-new"}.isdisjoint(skus(by_product))
    assert by_product[0].sku in ("KETTLE-red", "KETTLE-blue", "TEA")
    assert by_product[0].why.about == "KETTLE-new"


def test_who_is_unknown_is_shown_what_is_popular(shop: Shop) -> None:
    for customer in (None, "nobody"):
        found = shop.open().personal(Asked(customer=customer))
        assert found[0].sku == "TEA"
        assert found[0].why == Why("popular", count=120)


def test_without_leaves_out_every_variant(shop: Shop) -> None:
    found = shop.open().goes_with(["LAMP"], Asked(top=20, without=("灯泡-2",)))
    assert not [sku for sku in skus(found) if sku.startswith("灯泡")]


def test_what_is_not_known_recommends_nothing_and_fails_nothing(shop: Shop) -> None:
    recommender = shop.open()
    assert recommender.goes_with(["none", ""], Asked()) == []
    assert recommender.similar("\ud800".encode("utf-8", "replace").decode() * 300, Asked()) == []


def test_what_is_learnt_anew_is_seen(shop: Shop) -> None:
    recommender = shop.open()
    assert "شاي" not in skus(recommender.goes_with(["LAMP"], Asked(top=20)))
    shop.open(bought=[order(f"n{number}", 1, "LAMP", "شاي") for number in range(80)])
    assert "شاي" in skus(recommender.goes_with(["LAMP"], Asked(top=20)))
    assert len(list((shop.folder / "recommend").glob("made-*"))) == 1


def test_a_shop_without_orders_has_likeness_and_nothing_else(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    store.put_products(PRODUCTS)
    build(store, tmp_path / "recommend", lambda _step, _done: None)
    recommender = Recommender(tmp_path / "recommend", store, Vectors(PRODUCTS))
    assert recommender.personal(Asked(customer="k1")) == []
    assert recommender.goes_with(["KETTLE-red"], Asked()) == []
    assert recommender.similar("KETTLE-red", Asked())[0].sku == "KETTLE-new"
    store.close()


def test_an_empty_shop(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    with pytest.raises(FileNotFoundError):
        Recommender(tmp_path / "recommend", store, Vectors([]))
    build(store, tmp_path / "recommend", lambda _step, _done: None)
    assert Recommender(tmp_path / "recommend", store, Vectors([])).personal(Asked()) == []
    store.close()
