"""Products as a shop's developer writes them."""

from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import products
from knowledge.records import Product, Refused

HEADER = "id\ttitle\ttitle[es]\ttitle[zh-hant]\tdescription\tdescription[ar]\tprice\tavailability\tgtin\tlink\n"


def read(tmp_path: Path, text: str) -> list[Product | Refused]:
    path = tmp_path / "products.tsv"
    path.write_bytes(text.encode())
    return list(products.read(path))


def one(tmp_path: Path, **cells: str) -> Product | Refused:
    row = {"id": "MUG-1", "title": "Mug", "price": "12.50 EUR", "availability": "in_stock"} | cells
    (found,) = read(tmp_path, "\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    return found


def refused(tmp_path: Path, **cells: str) -> Refused:
    found = one(tmp_path, **cells)
    assert isinstance(found, Refused)
    assert (found.file, found.line) == ("products.tsv", 2)
    return found


def test_a_whole_row(tmp_path: Path) -> None:
    found = one(
        tmp_path, description="Dishwasher safe, 120 g.", brand="Tinware", gtin="4006381333931", mpn="T-1", color="蓝色",
        item_group_id="MUG", size="42", material="enamel", product_type="Kitchen > Mugs", shipping_weight="350 g",
        image_link="pictures/mug.png", link="https://shop.example/MUG-1",
    )  # fmt: skip
    assert found == Product(
        sku="MUG-1", title="Mug", price=Decimal("12.50"), currency="EUR", availability="in_stock", brand="Tinware",
        description="Dishwasher safe, 120 g.", gtin="4006381333931", mpn="T-1", color="蓝色", group="MUG", size="42",
        material="enamel", category="Kitchen > Mugs", weight="350 g", image="pictures/mug.png",
        link="https://shop.example/MUG-1",
    )  # fmt: skip


def test_only_four_columns_are_needed_and_what_is_empty_is_none(tmp_path: Path) -> None:
    found = one(tmp_path)
    assert isinstance(found, Product)
    assert (found.brand, found.gtin, found.image, found.link, found.titles) == (None, None, None, None, {})


def test_languages(tmp_path: Path) -> None:
    row = "A\tBlue mug\tTaza azul\t藍色馬克杯\tHolds 350 ml\t\u202bسعة 350 مل\u202c\t１２．５０ EUR\tin stock\t\t\n"
    bare = "B\tمصباح\t\t\t\t\t5 SAR\tpreorder\t\t\n"
    first, second = read(tmp_path, HEADER + row + bare)
    assert isinstance(first, Product)
    assert first.titles == {"es": "Taza azul", "zh-Hant": "藍色馬克杯"}
    assert first.descriptions == {"ar": "\u202bسعة 350 مل\u202c"}
    assert first.title_in("es-MX") == "Taza azul"
    assert first.price == Decimal("12.50")
    assert isinstance(second, Product)
    assert (second.titles, second.title_in("es")) == ({}, "مصباح")


def test_csv_by_its_header(tmp_path: Path) -> None:
    (found,) = read(tmp_path, 'id,title,price,availability\nA,"Mug, blue",5 EUR,in_stock\n')
    assert isinstance(found, Product)
    assert found.title == "Mug, blue"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in stock", "in_stock"), ("In_Stock", "in_stock"), ("in stock ", "in_stock"), ("out of stock", "out_of_stock"),
        ("out-of-stock", "out_of_stock"), ("preorder", "preorder"), ("backorder", "backorder"),
        ("ｉｎ ｓｔｏｃｋ", "in_stock"),
    ],
)  # fmt: skip
def test_availability(tmp_path: Path, text: str, value: str) -> None:
    found = one(tmp_path, availability=text)
    assert isinstance(found, Product)
    assert found.availability == value


@pytest.mark.parametrize(
    ("column", "text", "word"),
    [
        ("price", "not a price", "12.50"), ("price", "-1 EUR", "negative"), ("price", "5 XYZ", "ISO 4217"),
        ("price", "12,50 EUR", "decimal point"), ("price", "", "empty"), ("title", "", "empty"), ("id", " ", "empty"),
        ("availability", "soon", "in_stock"), ("gtin", "4006381333932", "check digit"), ("gtin", "4.00638E+12", "GTIN"),
        ("gtin", "123", "8, 12, 13 or 14"), ("link", "javascript:alert(1)", "https"), ("link", "http://[", "IPv6"),
        ("link", "shop.example/x", "https"),
    ],
)  # fmt: skip
def test_a_bad_cell_refuses_its_row_and_names_the_column(tmp_path: Path, column: str, text: str, word: str) -> None:
    found = refused(tmp_path, **{column: text})
    assert found.column == column
    assert word in found.reason


def test_the_column_is_named_as_the_header_writes_it(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "ID,Title,Price,Availability\nA,Mug,free,in_stock\n")
    assert isinstance(found, Refused)
    assert found.column == "Price"


@pytest.mark.parametrize(
    "gtin", ["4006381333931", "036000291452", "73513537", "978-0-471-11709-4", "４００６３８１３３３９３１"]
)
def test_gtins_of_every_length(tmp_path: Path, gtin: str) -> None:
    found = one(tmp_path, gtin=gtin)
    assert isinstance(found, Product)
    assert found.gtin
    assert found.gtin.isascii()
    assert found.gtin.isdigit()


def test_bad_rows_do_not_cost_good_ones_and_an_id_counts_once(tmp_path: Path) -> None:
    head = "id,title,price,availability\n"
    found = read(tmp_path, head + "A,杯,free,in_stock\nA,杯,5 EUR,in_stock\nB,灯,5 EUR,in_stock\nA,x,6 EUR,in_stock\n")
    assert [item.sku if isinstance(item, Product) else (item.line, item.column) for item in found] == [
        (2, "price"), "A", "B", (5, "id"),
    ]  # fmt: skip
    assert isinstance(found[3], Refused)
    assert "line 3" in found[3].reason
