"""Imports of a real shop's size: what is staged, joined and remembered."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from knowledge.records import Article, Product, Refused, Shipment
from knowledge.store import Changes, Imported, Store
from tests.knowledge.test_store import MUG, event, order, product


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    yield opened
    opened.close()


def test_the_memory_that_an_import_takes_does_not_grow_with_it(store: Store) -> None:
    def peak(count: int) -> int:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        store.put_products(product(f"P-{n}", description="搪瓷杯 " * 50) for n in range(count))
        store.put_orders(order(f"Q-{n}") for n in range(count))
        assert sum(1 for _ in store.all_products()) == count
        return tracemalloc.get_traced_memory()[1] - before

    peak(100)
    tracemalloc.start()
    try:
        small, large = peak(2_000), peak(10_000)
    finally:
        tracemalloc.stop()
    assert large < small * 1.5, (small, large)


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1700])
def test_a_feed_of_any_length_is_taken_whole(store: Store, count: int) -> None:
    assert store.put_products(product(f"P-{n}") for n in range(count)) == Changes(added=count)
    changed = (product(f"P-{n}", title="أخرى" if n % 2 else f"Product P-{n}") for n in range(1, count + 1))
    odd = (count - 1) // 2 if count % 2 else count // 2
    assert store.put_products(changed) == Changes(added=1, updated=odd, unchanged=count - 1 - odd, retired=1)
    assert sum(1 for _ in store.all_products()) == count


Put = Callable[[Store, Iterator[object]], Changes]


@pytest.mark.parametrize("wrong", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_whatever_breaks_off_a_feed_nothing_has_changed(store: Store, wrong: type[BaseException]) -> None:
    def broken(records: object) -> Iterator[object]:
        yield from records  # type: ignore[misc]
        raise wrong

    parcel = Shipment(id="S-1", carrier="DHL", tracking_number="RR1", events=(event(4),))
    page = Article(id="returns", language="zh", title="退货", body="30天")
    store.put_products([MUG])
    store.put_shipments([parcel])
    store.put_articles([page])
    before = store.generation()
    for put, records in (
        (store.put_products, [product(f"P-{n}") for n in range(700)]),
        (store.put_orders, [order(f"Q-{n}") for n in range(700)]),
        (store.put_shipments, [Shipment(id="S-1", carrier="UPS"), Shipment(id="S-2", carrier="UPS")]),
        (store.put_articles, [Article(id="new", language="ar", title="t", body="b")]),
        (store.put_duties, []),
    ):
        with pytest.raises(wrong):
            put(broken(records))  # type: ignore[operator]
    assert list(store.all_products()) == [MUG] and list(store.all_articles()) == [page]
    assert list(store.open_shipments()) == [parcel] and list(store.baskets()) == []
    assert store.generation() == before
    assert store.put_products([MUG, product("LMP-2")]) == Changes(added=1, unchanged=1), "and the next one works"


def test_others_write_while_a_feed_is_read(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'shop.db'}")

    def slow() -> Iterator[Product]:
        yield MUG
        other.put_orders([order("Q-1")])
        assert store.live(["MUG-1"]) == set(), "what is read is not there yet"
        yield product("LMP-2")

    assert store.put_products(slow()) == Changes(added=2)
    assert other.order("Q-1") is not None
    other.close()


def in_language(language: str | None, sku: str = "MUG-1", **more: object) -> Product:
    titles = {"en": "Enamel mug", "es": "Taza esmaltada", "zh": "搪瓷杯", "ar": "كوب مينا", None: "Mug"}
    return product(sku, title=titles[language], description=f"in {language}", language=language, **more)


def test_a_further_feed_in_a_language_adds_it(store: Store) -> None:
    first = in_language("en", titles={"fr": "Tasse émaillée"}, image="aa11")
    fillers = [product(f"P-{n}") for n in range(600)]  # so that the two are not in one chunk
    others = [in_language(tag, price=first.price * 2, color="red") for tag in ("es", "zh", "ar")]
    store.put_products([first, *fillers, *others])
    kept = store.product("MUG-1")
    assert kept is not None
    assert kept.titles == {"fr": "Tasse émaillée", "es": "Taza esmaltada", "zh": "搪瓷杯", "ar": "كوب مينا"}
    assert kept.descriptions == {tag: f"in {tag}" for tag in ("es", "zh", "ar")}
    assert (kept.title, kept.language, kept.price, kept.image) == ("Enamel mug", "en", first.price, "aa11")
    assert kept.color is None
    assert store.put_products([first, *others, *fillers]).updated == 0, "wherever they stand"


@pytest.mark.parametrize(("earlier", "later"), [("en", "en"), ("en", None), (None, None)])
def test_a_further_feed_in_the_same_or_no_language_stands_instead(
    store: Store, earlier: str | None, later: str | None
) -> None:
    store.put_products([in_language(earlier), in_language(later, color="red")])
    assert store.product("MUG-1") == in_language(later, color="red")


def test_a_further_feed_may_follow_one_that_does_not_tell_its_language(store: Store) -> None:
    store.put_products([in_language(None), in_language("zh", color="red")])
    kept = store.product("MUG-1")
    assert kept is not None and (kept.title, kept.titles, kept.color) == ("Mug", {"zh": "搪瓷杯"}, None)


def test_the_last_feed_of_a_kind_is_remembered_until_something_else_is_written(store: Store) -> None:
    refused: list[Refused] = []

    def feed() -> Iterator[Product]:
        yield MUG
        refused.append(Refused("products.tsv", 3, "price", "廉价 is no price", "LMP-2"))

    store.put_orders([order("Q-1")], Imported("o1", []))
    store.put_products(feed(), Imported("d1", refused))
    assert store.imported("products") == Imported("d1", refused, taken=1)
    assert store.imported("orders") == Imported("o1", [], taken=1)
    with pytest.raises(ZeroDivisionError):
        store.put_products((1 / 0 for _ in range(1)), Imported("d2", []))  # type: ignore[misc]
    assert store.imported("products") == Imported("d1", refused, taken=1), "as the products themselves"
    store.put_products([MUG])
    assert store.imported("products") is None
    assert store.imported("orders") is not None


PIECES = st.lists(
    st.builds(
        product,
        st.sampled_from(["A-1", "a 1", "B-2", "٣", "杯-4"]),
        title=st.sampled_from(["one", "二", "ثلاثة"]),
        mpn=st.sampled_from([None, "A1", "M-1"]),
        gtin=st.sampled_from([None, "4006381333931"]),
    ),
    max_size=8,
)


@given(st.lists(PIECES, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_imports_the_store_holds_the_last(store: Store, feeds: list[list[Product]]) -> None:
    live: dict[str, Product] = {p.sku: p for p in store.all_products()}
    for feed in feeds:
        now = {p.sku: p for p in feed}
        changes = store.put_products(feed)
        assert {p.sku: p for p in store.all_products()} == now
        assert changes.retired == len(live.keys() - now.keys())
        assert changes.added + changes.updated + changes.unchanged == len(now)
        assert changes.unchanged == sum(live.get(sku) == p for sku, p in now.items())
        for name in ("a1", "m1", "4006381333931", "3", "杯4", "one"):
            wanted = {p.sku for p in now.values() if name in {_plain(p.sku), _plain(p.mpn), p.gtin}}
            assert {p.sku for p in store.by_identifier(name)} == wanted
        live = now


def _plain(text: str | None) -> str:
    return (text or "").lower().replace("-", "").replace(" ", "").replace("٣", "3")


def test_every_statement_can_be_said_to_postgresql(store: Store) -> None:
    said: list[str] = []

    @sa.event.listens_for(store._engine, "before_execute")
    def heard(_connection: object, statement: sa.ClauseElement, *_more: object) -> None:
        if isinstance(statement, sa.sql.Executable | sa.schema.ExecutableDDLElement):
            said.append(str(statement.compile(dialect=postgresql.dialect())).strip())  # type: ignore[no-untyped-call]

    parcels = [Shipment(id=id, carrier="DHL", tracking_number="RR1", events=(event(4),)) for id in ("RR1", "S-1")]
    for put, records in (
        (store.put_products, [MUG, MUG]),
        (store.put_orders, [order("Q-1")]),
        (store.put_shipments, parcels),
        (store.put_articles, [Article(id="returns", language="zh", title="退货", body="30天")] * 2),
    ):
        put(records)  # type: ignore[operator]
    now = order("x").placed_at
    list(store.all_products()), list(store.open_shipments()), list(store.baskets(now - timedelta(days=1)))
    store.known(["RR1"]), store.recent_shipments("DHL", "DE", "FR"), store.generation(), store.attribute_values()
    assert any(text.startswith("CREATE TEMPORARY TABLE") for text in said)
    assert any(text.startswith("UPDATE products SET") and " FROM staged_products" in text for text in said)
