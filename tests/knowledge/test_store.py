"""The store as a shop and its customers notice it: what is kept, what is found, and what an import changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.records import Article, Duty, Order, OrderLine, Product, Shipment, TrackingEvent
from knowledge.store import Changes, Store, normal_identifier, shape_of

NINE_HOURS = timezone(timedelta(hours=9))


def product(sku: str, **changes: object) -> Product:
    fields = {"title": f"Product {sku}", "price": Decimal("12.50"), "currency": "EUR", "availability": "in_stock"}
    return Product(**{"sku": sku, **fields, **changes})  # type: ignore[arg-type]


def order(id: str, customer: str = "c-1", day: int = 1, **changes: object) -> Order:
    placed = datetime(2026, 11, day, 10, tzinfo=NINE_HOURS)
    lines = (OrderLine("MUG-1", 2, Decimal("12.50")),)
    fields = {"placed_at": placed, "currency": "EUR", "status": "shipped", "lines": lines}
    return Order(**{"id": id, "customer": customer, **fields, **changes})  # type: ignore[arg-type]


def event(day: int, text: str = "") -> TrackingEvent:
    return TrackingEvent(time=datetime(2026, 11, day, 8, tzinfo=NINE_HOURS), status="InTransit", text=text)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    yield opened
    opened.close()


MUG = product(
    "MUG-1",
    titles={"zh": "蓝色搪瓷杯", "ar": "كوب مينا أزرق", "es": "Taza esmaltada"},
    gtin="4006381333931",
    mpn="EM 350/B",
    group="mug",
    color="blue",
    category="Kitchen > Mugs",
    brand="Tinware",
    image="aa11",
)


def test_what_is_put_comes_back_whole_in_a_new_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    first = Store(url)
    parcel = Shipment(id="S-1", carrier="DHL", tracking_number="RR123456785DE", events=(event(4, "已到达"),))
    page = Article(id="returns", language="ar", title="الإرجاع", body="خلال 21 يومًا", valid_from=date(2026, 1, 1))
    first.put_products([MUG])
    first.put_orders([order("Q-1001")])
    first.put_shipments([parcel])
    first.put_articles([page])
    first.close()
    again = Store(url)
    assert again.product("MUG-1") == MUG
    kept = again.order("Q-1001")
    assert kept == order("Q-1001")
    assert kept is not None and kept.placed_at.utcoffset() == timedelta(hours=9)
    assert again.shipment("S-1") == parcel
    assert again.article("returns", "ar") == page
    again.close()


def test_importing_again_updates_and_retires(store: Store) -> None:
    assert store.put_products([MUG, product("LMP-2"), product("SCF-3")]) == Changes(added=3)
    dearer = product("LMP-2", price=Decimal("15.00"))
    assert store.put_products([MUG, dearer]) == Changes(updated=1, unchanged=1, retired=1)
    assert [p.sku for p in store.all_products()] == ["LMP-2", "MUG-1"]
    assert store.by_identifier("SCF-3") == [] and store.known(["SCF-3"]) == {}
    assert store.product("SCF-3") is not None, "an old order still has to name what was bought"
    assert store.live(["MUG-1", "SCF-3"]) == {"MUG-1"}
    assert store.put_products([MUG, dearer]) == Changes(unchanged=2)
    assert store.put_products([MUG, dearer, product("SCF-3")]) == Changes(updated=1, unchanged=2)
    assert [p.sku for p in store.by_identifier("scf3")] == ["SCF-3"]


def test_a_feed_that_breaks_off_changes_nothing(store: Store) -> None:
    store.put_products([MUG])

    def broken() -> Iterator[Product]:
        yield product("LMP-2")
        raise ValueError("line 3")

    with pytest.raises(ValueError, match="line 3"):
        store.put_products(broken())
    assert [p.sku for p in store.all_products()] == ["MUG-1"]


def test_products_come_in_the_order_asked(store: Store) -> None:
    store.put_products([product(f"P-{n}") for n in range(1200)])
    asked = [f"P-{n}" for n in range(1199, -1, -1)]
    assert [p.sku for p in store.products([*asked, "none"])] == asked


@pytest.mark.parametrize(
    "written",
    ["MUG-1", "mug 1", "ｍｕｇ－１", "MUG–1", "mug1", "\u200fMUG-1\u200e", "4006381333931", "4006 3813 3393 1",
     "٤٠٠٦٣٨١٣٣٣٩٣١", "04006381333931", "em350/b"],
)  # fmt: skip
def test_an_identifier_is_found_however_it_is_written(store: Store, written: str) -> None:
    store.put_products([MUG, product("MUG-2")])
    assert [p.sku for p in store.by_identifier(written)] == ["MUG-1"]
    assert store.known([written]) == {written: ("product", "MUG-1")}


def test_a_scanned_barcode_finds_a_upc(store: Store) -> None:
    store.put_products([product("CAN-1", gtin="036000291452")])
    assert [p.sku for p in store.by_identifier("0036000291452")] == ["CAN-1"]


def test_known_tells_kinds_apart_and_prefers_the_exact_spelling(store: Store) -> None:
    store.put_products([product("A-1"), product("A1")])
    store.put_orders([order("Q-1001", shipment="S-1"), order("A-1")])
    store.put_shipments([Shipment(id="S-1", carrier="DHL", tracking_number="RR 123 456 785 DE")])
    found = store.known(["q1001", "rr123456785de", "A1", "A-1", "a 1", "hello", "", "--"])
    assert found == {
        "q1001": ("order", "Q-1001"),
        "rr123456785de": ("shipment", "S-1"),
        "A1": ("product", "A1"),
        "A-1": ("product", "A-1"),
        "a 1": ("product", "A-1"),
    }


@given(st.text(st.characters(), max_size=40))
def test_any_text_may_be_asked_for(text: str) -> None:
    normal = normal_identifier(text)
    assert normal_identifier(f" {text}\u200f-") == normal
    assert len(shape_of(text)) == len(normal)
    normal.encode()


def test_hostile_identifiers_find_nothing(store: Store) -> None:
    store.put_products([MUG])
    for text in ("' OR 1=1 --", "MUG-1\0", "%", "_" * 10_000, "MUG-1'; DROP TABLE products"):
        assert text == "MUG-1\0" or store.by_identifier(text) == []
        assert store.order(text) is None
    assert store.known([f"x{n}" for n in range(5000)]) == {}
    assert store.product("MUG-1") == MUG


def test_orders_are_only_added_or_updated(store: Store) -> None:
    store.put_orders([order("Q-1", day=1), order("Q-2", day=3), order("Q-3", day=2), order("Q-9", "c-2")])
    assert store.put_orders([order("Q-2", day=3, status="returned")]) == Changes(updated=1)
    assert [o.id for o in store.orders_of("c-1")] == ["Q-2", "Q-3", "Q-1"]
    assert [o.id for o in store.orders_of("c-1", most=1)] == ["Q-2"]
    assert store.orders_of("nobody") == []
    again = store.order("q 2")
    assert again is not None and again.status == "returned"


def test_newest_first_across_offsets(store: Store) -> None:
    early = order("Q-1", placed_at=datetime(2026, 11, 1, 10, tzinfo=NINE_HOURS))  # 01:00 UTC
    late = order("Q-2", placed_at=datetime(2026, 11, 1, 2, tzinfo=UTC))
    store.put_orders([late, early])
    assert [o.id for o in store.orders_of("c-1")] == ["Q-2", "Q-1"]


def test_a_parcel_leads_to_its_order_and_so_to_its_owner(store: Store) -> None:
    store.put_orders([order("Q-1", shipment="S-1"), order("Q-2", shipment="S-2")])
    assert [o.id for o in store.orders_shipped("S-1")] == ["Q-1"]


def test_events_of_a_parcel_are_merged(store: Store) -> None:
    promised = datetime(2026, 11, 8, 20, tzinfo=NINE_HOURS)
    first = Shipment(id="S-1", carrier="DHL", tracking_number="RR1", promised_at=promised, events=(event(4), event(5)))
    assert store.put_shipments([first]) == Changes(added=1)
    more = Shipment(id="S-1", carrier="DHL", events=(event(7), event(5), event(6)))
    assert store.put_shipments([more]) == Changes(updated=1)
    kept = store.shipment("S-1")
    assert kept is not None
    assert [e.time.day for e in kept.events] == [4, 5, 6, 7]
    assert (kept.promised_at, kept.tracking_number) == (promised, "RR1")
    assert store.known(["RR1"]) == {"RR1": ("shipment", "S-1")}
    assert store.put_shipments([more]) == Changes(unchanged=1)


def test_rows_of_one_parcel_in_one_import_are_one_parcel(store: Store) -> None:
    rows = [Shipment(id="S-1", carrier="DHL", events=(event(day),)) for day in (5, 4)]
    assert store.put_shipments(rows) == Changes(added=1)
    kept = store.shipment("S-1")
    assert kept is not None and [e.time.day for e in kept.events] == [4, 5]


def test_an_article_is_retired_by_language(store: Store) -> None:
    pages = [Article(id="returns", language=tag, title="t", body="b") for tag in ("ar", "en", "zh-Hant")]
    store.put_articles([*pages, Article(id="duty", language="en", title="t", body="b")])
    assert store.article_languages("returns") == ["ar", "en", "zh-Hant"]
    assert store.put_articles(pages[1:]).retired == 2
    assert store.article("returns", "ar") is None
    assert store.article_languages("returns") == ["en", "zh-Hant"]
    assert [a.id for a in store.all_articles()] == ["returns", "returns"]


def duty(country: str, since: date, until: date | None, vat: str) -> Duty:
    return Duty(country=country, valid_from=since, valid_to=until, de_minimis=Decimal(0), currency="EUR",
                vat_percent=Decimal(vat), rule="rule", source="law")  # fmt: skip


def test_the_duty_of_the_day(store: Store) -> None:
    old = duty("FR", date(2020, 1, 1), date(2026, 6, 30), "19.6")
    new = duty("FR", date(2026, 7, 1), None, "20")
    store.put_duties([new, old, duty("DE", date(2027, 1, 1), None, "19")])
    assert store.duty("FR", date(2026, 6, 30)) == old
    assert store.duty("fr", date(2026, 7, 1)) == new
    assert store.duty("FR", date(2019, 12, 31)) is None
    assert store.duty("DE", date(2026, 12, 31)) is None
    assert store.duty_countries() == ["DE", "FR"]
    assert store.put_duties([new]) == Changes(unchanged=1, retired=2)
    assert store.duty("FR", date(2026, 6, 30)) is None


def test_values_follow_what_is_sold_whoever_imports(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    serving, importing = Store(url), Store(url)
    assert serving.attribute_values() == {name: frozenset() for name in ("color", "size", "category", "brand")}
    importing.put_products([MUG, product("SCF-3", color="红", size="42")])
    assert serving.attribute_values()["color"] == {"blue", "红"}
    assert serving.attribute_values()["size"] == {"42"}
    importing.put_products([MUG])
    assert serving.attribute_values()["color"] == {"blue"}
    serving.close()
    importing.close()


def test_variants_are_those_sold(store: Store) -> None:
    store.put_products([MUG, product("MUG-2", group="mug", color="red"), product("CUP-1", group="cup")])
    assert [p.color for p in store.variants("mug")] == ["blue", "red"]


def test_shapes_tell_an_order_number_without_looking_it_up(store: Store) -> None:
    store.put_orders([order("Q-1001"), order("Q-1002")])
    store.put_shipments([Shipment(id="S-1", carrier="DHL", tracking_number="RR123456785DE")])
    assert store.shapes() == {"A0000", "AA000000000AA"}
    assert shape_of("q 9999") in store.shapes(), "an id that does not exist looks the same"
    assert shape_of("MUG-1") not in store.shapes()


def test_readers_and_two_writers_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    store, other = Store(url), Store(url)
    store.put_products([MUG])
    failures: list[Exception] = []

    def run(work: object) -> None:
        try:
            for number in range(30):
                work(number)  # type: ignore[operator]
        except Exception as failure:
            failures.append(failure)

    works = [
        lambda number: store.put_orders([order(f"A-{number}")]),
        lambda number: other.put_orders([order(f"B-{number}")]),
        lambda number: store.product("MUG-1") or failures.append(KeyError("MUG-1")),
        lambda number: store.orders_of("c-1", most=100),
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(store.orders_of("c-1", most=100)) == 60
    store.close()
    other.close()
