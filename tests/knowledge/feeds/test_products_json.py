"""schema.org's Product in JSON-LD, as files."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from knowledge.feeds import json_values, products
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused

MUG: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "Product",
    "sku": "MUG-1",
    "name": "Taza &amp; plato",
    "offers": {"@type": "Offer", "price": 12.50, "priceCurrency": "EUR", "availability": "https://schema.org/InStock"},
}


def read(tmp_path: Path, value: Any) -> list[Product | Refused]:
    path = tmp_path / "feed.txt"  # the name says nothing
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(products.read(path))


def one(tmp_path: Path, **keys: Any) -> Product:
    (found,) = read(tmp_path, MUG | keys)
    assert isinstance(found, Product), found
    return found


def offer(**keys: Any) -> dict[str, Any]:
    return {**MUG["offers"], **keys}


def refused(tmp_path: Path, value: Any) -> Refused:
    (found,) = read(tmp_path, value)
    assert isinstance(found, Refused), found
    return found


def error(tmp_path: Path, text: Any) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read(tmp_path, text)
    return caught.value


def test_all_of_a_product(tmp_path: Path) -> None:
    found = one(
        tmp_path, inLanguage="es", description="<p>Apta para lavavajillas</p><p>120 g</p>", gtin13="4006381333931",
        mpn="H-1", brand={"@type": "Brand", "name": "Hojalata"}, color=["azul", "blanco"], material="esmalte",
        size={"@type": "SizeSpecification", "name": "350 ml"}, category="Cocina &gt; Tazas",
        weight={"@type": "QuantitativeValue", "value": 0.35, "unitCode": "KGM"}, url="https://tienda.example/taza",
        image=[{"@type": "ImageObject", "url": "//cdn.tienda.example/1.jpg"}, "https://cdn.tienda.example/2.jpg"],
        inProductGroupWithID="TZ",
        offers=offer(
            shippingDetails=[
                {"shippingDestination": {"@type": "DefinedRegion", "addressCountry": ["ES", "PT"]}},
                {"shippingDestination": [{"addressCountry": {"@type": "Country", "name": "FR"}}]},
                {"shippingDestination": {"addressCountry": "US"}, "doesNotShip": True},
            ]
        ),
    )  # fmt: skip
    assert found == Product(
        sku="MUG-1", title="Taza & plato", language="es", description="Apta para lavavajillas\n120 g",
        price=Decimal("12.5"), currency="EUR", availability="in_stock", gtin="4006381333931", mpn="H-1", group="TZ",
        brand="Hojalata", color="azul/blanco", material="esmalte", size="350 ml", category="Cocina > Tazas",
        weight="0.35 kg", image="https://cdn.tienda.example/1.jpg", link="https://tienda.example/taza",
        ships_to=("ES", "PT", "FR"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        [{"@language": tag, "@value": text} for tag, text in (("zh-cn", "搪瓷杯"), ("ar", "كوب"), ("es", "Taza"))],
        {"zh-CN": "搪瓷杯", "ar": "كوب", "es": "Taza"},
    ],
)  # fmt: skip
def test_titles_in_languages(tmp_path: Path, name: Any) -> None:
    found = one(tmp_path, name=name)
    assert (found.title, found.language, found.titles) == ("搪瓷杯", "zh-CN", {"ar": "كوب", "es": "Taza"})
    found = one(tmp_path, name=name, inLanguage="ar")
    assert (found.title, found.language, found.titles) == ("كوب", "ar", {"zh-CN": "搪瓷杯", "es": "Taza"})


def test_keys_with_a_language_and_the_language_of_the_context(tmp_path: Path) -> None:
    keys = {"name[es]": "Taza", "name[zh_hant]": "杯", "description[ar]": "<b>كوب</b>"}
    found = one(tmp_path, **keys, **{"@context": ["https://schema.org", {"@language": "de"}]})
    assert (found.language, found.titles) == ("de", {"es": "Taza", "zh-Hant": "杯"})
    assert found.descriptions == {"ar": "كوب"}
    wrong = refused(tmp_path, MUG | {"name[english]": "Mug"})
    assert ("english" in wrong.reason, wrong.record) == (True, "MUG-1")


@pytest.mark.parametrize(
    ("key", "sku"),
    [({"sku": 1234}, "1234"), ({"productID": "P-1"}, "P-1"), ({"mpn": "M-1"}, "M-1"),
     ({"gtin8": "73513537"}, "73513537"), ({"offers": offer(sku="O-1"), "mpn": "M-1"}, "O-1")],
)  # fmt: skip
def test_the_id(tmp_path: Path, key: dict[str, Any], sku: str) -> None:
    (found,) = read(tmp_path, {name: value for name, value in MUG.items() if name != "sku"} | key)
    assert isinstance(found, Product)
    assert found.sku == sku


GROUP = {
    "@context": "https://schema.org",
    "@type": "ProductGroup",
    "productGroupID": "SCF",
    "name": "羊毛围巾",
    "brand": "Softa",
    "material": "羊毛",
    "hasVariant": [
        {"@type": "Product", "sku": "SCF-R", "color": "红色", "offers": offer(priceCurrency="CNY")},
        {"@type": "Product", "sku": "SCF-B", "name": "蓝色围巾", "color": "蓝色", "offers": offer(price="free")},
        {"url": "https://shop.example/scf-green"},
    ],
}


def test_the_variants_of_a_group(tmp_path: Path) -> None:
    first, second = read(tmp_path, [MUG | {"@type": "BreadcrumbList"}, GROUP])
    assert isinstance(first, Product)
    assert (first.sku, first.title, first.group, first.color) == ("SCF-R", "羊毛围巾", "SCF", "红色")
    assert (first.brand, first.material, first.currency) == ("Softa", "羊毛", "CNY")
    assert isinstance(second, Refused)
    assert (second.column, second.record) == ("[1].hasVariant[1].offers.price", "SCF-B")
    text = json.dumps([MUG | {"@type": "BreadcrumbList"}, GROUP], ensure_ascii=False, indent=1)
    assert second.line == text[: text.index('"ProductGroup"')].count("\n") - 1, "where the group begins"


def test_a_graph_with_references(tmp_path: Path) -> None:
    variants = [{"@id": "#red"}, {"@id": "#blue"}]
    graph = [
        {"@type": "WebPage", "mainEntity": {"@id": "#group"}, "isRelatedTo": MUG},
        {"@id": "#red", "@type": "Product", "sku": "R", "color": "أحمر", "offers": {"@id": "#offer"}},
        {"@type": "ProductGroup", "@id": "#group", "name": "وشاح", "productGroupID": "W", "hasVariant": variants},
        {"@id": "#blue", "@type": ["Product"], "sku": "B", "name": "وشاح أزرق", "offers": {"@id": "#offer"}},
        {"@id": "#offer", **offer(priceCurrency="SAR")},
        {"@type": "Product", "sku": "C", "isVariantOf": {"@id": "#group"}, "offers": {"@id": "#offer"}},
    ]
    found = read(tmp_path, {"@context": "https://schema.org", "@graph": graph})
    assert [(item.sku, item.title, item.group) for item in found if isinstance(item, Product)] == [
        ("R", "وشاح", "W"), ("B", "وشاح أزرق", "W"), ("C", "وشاح", "W"),
    ]  # fmt: skip
    assert len(found) == 3


def test_several_offers(tmp_path: Path) -> None:
    sold_out = offer(price="5", availability="SoldOut")
    assert one(tmp_path, offers=[sold_out, offer(price="9.00"), offer(price="8.50")]).price == Decimal("8.50")
    whole = {"@type": "AggregateOffer", "lowPrice": "7.00", "highPrice": "9.00", "priceCurrency": "EUR"}
    found = one(tmp_path, offers=whole | {"availability": "http://schema.org/LimitedAvailability"})
    assert (found.price, found.availability) == (Decimal("7.00"), "in_stock")
    assert one(tmp_path, offers=whole | {"offers": [sold_out]}).availability == "out_of_stock"
    of_variants = [offer(sku="MUG-S", price="5.00"), offer(sku="MUG-L", price="6.00", name="Taza grande")]
    small, large = read(tmp_path, MUG | {"offers": of_variants})
    assert isinstance(small, Product)
    assert isinstance(large, Product)
    assert (small.sku, small.price, small.group, small.title) == ("MUG-S", Decimal("5.00"), "MUG-1", "Taza & plato")
    assert (large.sku, large.price, large.group, large.title) == ("MUG-L", Decimal("6.00"), "MUG-1", "Taza grande")


def test_a_sale(tmp_path: Path) -> None:
    before = {"@type": "UnitPriceSpecification", "price": 15, "priceType": "https://schema.org/StrikethroughPrice"}
    found = one(tmp_path, offers=offer(priceSpecification=before, priceValidUntil="2026-11-30"))
    assert (found.price, found.sale_price) == (Decimal(15), Decimal("12.5"))
    assert (found.sale_from, found.sale_to) == (None, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    only = {"availability": "InStock", "priceSpecification": [before, {"price": "14.00", "priceCurrency": "EUR"}]}
    found = one(tmp_path, offers=only)
    assert (found.price, found.sale_price, found.currency) == (Decimal(15), Decimal("14.00"), "EUR")


def test_the_expanded_form(tmp_path: Path) -> None:
    start = "http://schema.org/"
    node = {
        "@type": [f"{start}Product"], f"{start}sku": [{"@value": "X-1"}],
        f"{start}name": [{"@value": "Taza", "@language": "es"}],
        f"{start}offers": [{
            f"{start}price": [{"@value": "5.00"}], f"{start}priceCurrency": [{"@value": "EUR"}],
            f"{start}availability": [{"@id": f"{start}BackOrder"}],
        }],
    }  # fmt: skip
    (found,) = read(tmp_path, [node])
    assert isinstance(found, Product)
    assert (found.sku, found.title, found.language, found.availability) == ("X-1", "Taza", "es", "backorder")


def test_one_object_a_line(tmp_path: Path) -> None:
    lines = "\n".join(
        json.dumps(MUG | {"sku": sku, "offers": offer(price=price)}) for sku, price in (("A", 5), ("B", "x"))
    )
    first, second = read(tmp_path, lines + "\n")
    assert isinstance(first, Product)
    assert isinstance(second, Refused)
    assert (second.line, second.column, second.record) == (2, "offers.price", "B")


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        ({"offers": []}, "offers.price"), ({"offers": offer(availability="")}, "offers.availability"),
        ({"offers": offer(priceCurrency="EURO")}, "offers.price"), ({"name": ""}, "name"), ({"sku": "a\0b"}, "sku"),
        ({"offers": [offer(price="1,234")]}, "offers[0].price"), ({"gtin": "4006381333932"}, "gtin"),
        ({"name": "half a \ud83d pair"}, "name"), ({"url": "javascript:alert(1)"}, "url"), ({"sku": None}, "sku"),
        ({"@type": None}, "@type"),
    ],
)  # fmt: skip
def test_a_bad_product_is_refused_with_its_path(tmp_path: Path, keys: dict[str, Any], column: str) -> None:
    found = refused(tmp_path, json.dumps(MUG | keys, indent=1))
    assert (found.file, found.line, found.column) == ("feed.txt", 1, column)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[]", 0, "no Product"), ("{}", 0, "no Product"), ('[{"@type": "Article"}]', 0, "no Product"),
        ("[1,\n2,\n}", 3, "no JSON"), ('[{"a": 1}\n{"b": 2}]', 2, "missing"), ("[1, 2", 1, "cut off"),
        ('{"a": {"b": "c', 1, "cut off"), ("[" * 100_000, 1, "deep"), ('{"a": 1} x', 1, "not a JSON"),
        ('{"a":\n tru }', 2, "no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_feed(tmp_path: Path, text: str, line: int, word: str) -> None:
    found = error(tmp_path, text)
    assert (word in found.reason, found.line) == (True, line), found


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes(b'[{"name": "caf\xe9"}]')
    with pytest.raises(FeedError, match="UTF-8"):
        list(products.read(path))


def test_a_graph_longer_than_one_value_may_be_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "MOST_CHARACTERS", 300_000)
    graph = [MUG | {"sku": f"S-{n}", "name": "蓝色搪瓷杯", "description": "x" * 900} for n in range(1000)]
    graph[700] = graph[700] | {"offers": offer(price="free")}
    text = json.dumps({"@context": {"@language": "zh"}, "@graph": graph}, ensure_ascii=False, indent=0)
    found = read(tmp_path, text)
    assert len(found) == 1000
    assert {item.language for item in found if isinstance(item, Product)} == {"zh"}
    bad = found[700]
    assert isinstance(bad, Refused)
    assert bad.column == "@graph[700].offers.price"
    lines = text.split("\n")
    assert lines[bad.line - 1 :][:1] == ["{"]
    assert '"sku": "S-700",' in lines[bad.line : bad.line + 4]
    with pytest.raises(FeedError, match="more than"):
        read(tmp_path, json.dumps([{"@type": "Product", "name": "x" * 700_000}]))
    with pytest.raises(FeedError, match="cut off"):
        read(tmp_path, text[:-2])
