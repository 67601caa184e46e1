"""Products as a shop's developer writes them."""

from datetime import datetime
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
        ("ｉｎ ｓｔｏｃｋ", "in_stock"), ("https://schema.org/InStock", "in_stock"), ("PreOrder", "preorder"),
        ("http://schema.org/LimitedAvailability", "in_stock"), ("Discontinued", "out_of_stock"),
        ("SOLD OUT", "out_of_stock"), ("schema:BackOrder", "backorder"),
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
        ("link", "shop.example/x", "https"), ("sale_price", "13 EUR", "more than the price"),
        ("sale_price", "10 USD", "in USD"), ("sale_price_effective_date", "2026-11-01", "two ISO"),
        ("shipping", "DE:::4 EUR, UK:::5 EUR", "UK"), ("shipping", "DE," * 400, "more than"),
        ("content_language", "espanol", "BCP 47"), ("title", "<p> </p>", "without its markup"),
        ("description", "<div>" * 5000, "too deep"),
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


def test_sale_shipping_and_language(tmp_path: Path) -> None:
    found = one(
        tmp_path, sale_price="9.90 EUR", sale_price_effective_date="2026-11-01T00:00-0800/2026-11-08T23:59-0800",
        shipping="US:CA:Overnight:16.00 EUR, mx:::4 EUR,US::Ground:5 EUR,:::1 EUR", content_language="es-mx",
    )  # fmt: skip
    assert isinstance(found, Product)
    assert found.ships_to == ("US", "MX")
    assert found.language == "es-MX"
    assert found.price_at(datetime.fromisoformat("2026-11-01T07:59Z")) == Decimal("12.50")
    assert found.price_at(datetime.fromisoformat("2026-11-01T08:00Z")) == Decimal("9.90")


def test_a_feed_whose_header_alone_tells_the_language(tmp_path: Path) -> None:
    text = "id\ttitle[ar]\tdescription[ar]\ttitle[zh]\tprice\tavailability\n"
    text += "A\tكوب\tسعة ٣٥٠ مل\t杯\t5 SAR\tin_stock\nB\t\t\t灯\t5 SAR\tin_stock\nC\t\t\t\t5 SAR\tin_stock\n"
    first, second, third = read(tmp_path, text)
    assert isinstance(first, Product)
    assert (first.title, first.language, first.titles) == ("كوب", "ar", {"zh": "杯"})
    assert (first.description, first.descriptions) == ("سعة ٣٥٠ مل", {})
    assert isinstance(second, Product)
    assert (second.title, second.language, second.titles) == ("灯", "zh", {})
    assert isinstance(third, Refused)
    assert third.column == "title"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Mug</p><p>120&nbsp;g</p>", "Mug\n120 g"),
        ("搪瓷杯<br/>可用<b>洗碗机</b>清洗", "搪瓷杯\n可用洗碗机清洗"),
        ("<ul>\n<li>آمن</li>\n<li>أزرق &amp; أبيض</li></ul>", "آمن\nأزرق & أبيض"),
        ("&lt;p&gt;Apta para lavavajillas&lt;/p&gt;", "Apta para lavavajillas"),
        ("Tom &amp; Jerry &#8211; 5&quot;", 'Tom & Jerry – 5"'),
        ("width < 3 m & height > 2 m", "width < 3 m & height > 2 m"),
        ("a <3 b", "a <3 b"),
        ("<table><tr><th>Size</th><td>42</td></tr><tr><th>Fit</th><td>wide</td></tr></table>", "Size 42\nFit wide"),
        ("<style>p{}</style><script>alert(1)</script><p>Safe<!-- not --></p>", "Safe"),
        ("<b>" * 500 + "deep", "deep"),
        ("<p>a&#1;b&#xD800;c</p>", "ab�c"),
    ],
)
def test_html_becomes_plain_text(tmp_path: Path, text: str, plain: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    found = one(tmp_path, description=quoted, title=quoted, product_type=quoted)
    assert isinstance(found, Product)
    assert found.description == plain
    assert found.title == plain.replace("\n", " ")
    assert found.category == found.title
