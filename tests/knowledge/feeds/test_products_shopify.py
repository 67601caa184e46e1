"""Shopify exports, as the shop's admin writes them."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import products
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused

OLD = next(csv.reader([
    "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Variant Image,Variant Weight Unit,Status"
]))  # fmt: skip
NEW = {
    "URL handle": "taza", "Title": "Taza", "Description": "<p>Azul</p>", "Vendor": "Hojalata", "Type": "Tazas",
    "Published on online store": "TRUE", "Status": "Active", "SKU": "TZ-1", "Price": "12.50", "Option1 name": "Título",
    "Option1 value": "Regalo", "Inventory tracker": "shopify", "Inventory quantity": "0",
    "Continue selling when out of stock": "CONTINUE", "Weight value (grams)": "1200", "Weight unit for display": "kg",
    "Product image URL": "https://cdn.example/taza.jpg",
}  # fmt: skip


def read(tmp_path: Path, rows: list[dict[str, str]], currency: str | None = "EUR") -> list[Product | Refused]:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(OLD if "Handle" in rows[0] else rows[0])), restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "products_export.csv"
    path.write_bytes(text.getvalue().encode())
    return list(products.read(path, currency=currency))


def row(**cells: str) -> dict[str, str]:
    named = {name.replace(" ", "_").replace("(", "").replace(")", "").lower(): name for name in OLD}
    return {"Handle": "mug", **{named[name]: value for name, value in cells.items()}}


HEAD = {
    "title": "Enamel mug", "body_html": "<p>Dishwasher&nbsp;safe.</p><ul><li>120 g</li></ul>", "vendor": "Tinware",
    "type": "Mugs", "published": "true", "status": "active", "option1_name": "Farbe", "option2_name": "Größe",
    "image_src": "https://cdn.example/front.jpg",
}  # fmt: skip
BLUE = {
    "option1_value": "Blau", "option2_value": "350 ml", "variant_sku": "MUG-1", "variant_grams": "350",
    "variant_inventory_tracker": "shopify", "variant_inventory_qty": "7", "variant_inventory_policy": "deny",
    "variant_price": "12.50", "variant_compare_at_price": "15.00", "variant_barcode": "'4006381333931",
}  # fmt: skip


def test_variants_are_joined_by_their_handle(tmp_path: Path) -> None:
    red = BLUE | {
        "option1_value": "Rot", "variant_sku": "", "variant_inventory_qty": "-2", "variant_barcode": "X-77",
        "variant_image": "https://cdn.example/red.jpg", "variant_compare_at_price": "12.50",
    }  # fmt: skip
    picture = row(image_src="https://cdn.example/back.jpg")
    first, second = read(tmp_path, [row(**HEAD, **BLUE), row(**red), picture])
    assert first == Product(
        sku="MUG-1", title="Enamel mug", description="Dishwasher safe.\n120 g", brand="Tinware", category="Mugs",
        price=Decimal("15.00"), sale_price=Decimal("12.50"), currency="EUR", availability="in_stock", group="mug",
        gtin="4006381333931", color="Blau", size="350 ml", weight="350 g", image="https://cdn.example/front.jpg",
    )  # fmt: skip
    assert isinstance(second, Product)
    assert (second.sku, second.title, second.group) == ("mug/Rot/350 ml", "Enamel mug", "mug")
    assert (second.color, second.gtin, second.image) == ("Rot", None, "https://cdn.example/red.jpg")
    assert (second.price, second.sale_price, second.availability) == (Decimal("12.50"), None, "out_of_stock")


def test_the_names_of_later_exports(tmp_path: Path) -> None:
    (found,) = read(tmp_path, [NEW])
    assert isinstance(found, Product)
    assert (found.sku, found.title, found.description) == ("TZ-1", "Taza – Regalo", "Azul")
    assert (found.availability, found.weight, found.image) == ("backorder", "1.2 kg", "https://cdn.example/taza.jpg")


@pytest.mark.parametrize(
    ("name", "column"),
    [("颜色", "color"), ("尺码", "size"), ("اللون", "color"), ("المقاس", "size"), ("Talla", "size"),
     ("MATERIAL", "material"), ("Matière", "material"), ("Цвет", "color"), ("カラー", "color"), ("Kích thước", "size")],
)  # fmt: skip
def test_options_in_many_languages(tmp_path: Path, name: str, column: str) -> None:
    (found,) = read(
        tmp_path, [row(**HEAD | {"option1_name": name, "option2_name": ""}, **BLUE | {"option2_value": ""})]
    )
    assert isinstance(found, Product)
    assert getattr(found, column) == "Blau"
    assert found.title == "Enamel mug"


def test_a_product_without_options_or_sku_is_named_by_its_handle(tmp_path: Path) -> None:
    plain = {"option1_value": "Default Title", "option2_value": "", "variant_sku": ""}
    (found,) = read(tmp_path, [row(**HEAD | {"option1_name": "Title"}, **BLUE | plain)])
    assert isinstance(found, Product)
    assert (found.sku, found.title, found.color) == ("mug", "Enamel mug", None)


@pytest.mark.parametrize("cells", [{"published": "false"}, {"status": "draft"}, {"status": "Archived"}])
def test_what_is_not_sold_is_left_out(tmp_path: Path, cells: dict[str, str]) -> None:
    other = row(**HEAD, **BLUE | {"variant_sku": "LAMP"}) | {"Handle": "lamp"}
    found = read(tmp_path, [row(**HEAD | cells, **BLUE), row(**BLUE | {"variant_sku": "MUG-2"}), other])
    assert [item.sku for item in found if isinstance(item, Product)] == ["LAMP"]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        ({"variant_inventory_qty": "1"}, "in_stock"),
        ({"variant_inventory_qty": "0"}, "out_of_stock"),
        ({"variant_inventory_qty": "0", "variant_inventory_policy": "continue"}, "backorder"),
        ({"variant_inventory_qty": "", "variant_inventory_tracker": ""}, "in_stock"),
    ],
)
def test_availability(tmp_path: Path, cells: dict[str, str], value: str) -> None:
    (found,) = read(tmp_path, [row(**HEAD, **BLUE | cells)])
    assert isinstance(found, Product)
    assert found.availability == value


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"variant_price": "12,50"}, "Variant Price"), ({"variant_price": ""}, "Variant Price"),
        ({"variant_inventory_qty": ""}, "Variant Inventory Qty"), ({"variant_grams": "heavy"}, "Variant Grams"),
        ({"variant_sku": "x" * 101}, "Variant SKU"),
    ],
)  # fmt: skip
def test_a_bad_variant_is_refused_and_the_next_taken(tmp_path: Path, cells: dict[str, str], column: str) -> None:
    first, second = read(tmp_path, [row(**HEAD, **BLUE | cells), row(**BLUE | {"variant_sku": "MUG-2"})])
    assert isinstance(first, Refused)
    assert (first.line, first.column) == (2, column)
    assert first.record == cells.get("variant_sku", "MUG-1")
    assert isinstance(second, Product)
    assert (second.sku, second.title) == ("MUG-2", "Enamel mug")


def test_a_broken_row_does_not_part_the_variants(tmp_path: Path) -> None:
    assert len(read(tmp_path, [row(**HEAD, **BLUE), row(**BLUE | {"variant_sku": "MUG-2"})])) == 2
    path = tmp_path / "products_export.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], "mug,broken", *lines[2:]]) + "\n", encoding="utf-8")
    found = list(products.read(path, currency="EUR"))
    assert sorted(item.sku if isinstance(item, Product) else f"line {item.line}" for item in found) == [
        "MUG-1", "MUG-2", "line 3",
    ]  # fmt: skip


def test_a_row_whose_product_stands_elsewhere_is_refused(tmp_path: Path) -> None:
    lamp = row(**HEAD, **BLUE | {"variant_sku": "LAMP"}) | {"Handle": "lamp"}
    found = read(tmp_path, [row(**HEAD, **BLUE), lamp, row(**BLUE | {"variant_sku": "MUG-2"})])
    assert isinstance(found[2], Refused)
    assert (found[2].column, found[2].record) == ("Title", "MUG-2")


def test_without_a_currency_nothing_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="BABELDESK_CURRENCY"):
        read(tmp_path, [NEW], currency=None)
    (found,) = read(tmp_path, [NEW], currency="EURO")
    assert isinstance(found, Refused)
    assert "ISO 4217" in found.reason
