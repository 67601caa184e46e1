"""Of every format: nothing but FeedError is raised, what was written comes back, and a file that was cut is seen."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.feeds import products
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
OFFERED = {"in_stock": "InStock", "out_of_stock": "SoldOut", "preorder": "PreOrder", "backorder": "BackOrder"}
# Texts of all scripts that are no markup: &, < and > are in the tests of each format.
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"), exclude_characters="<>&\ufeff"),
    min_size=1, max_size=20,
).map(str.strip).filter(bool)  # fmt: skip
CODES = WORDS.filter(lambda text: text.isprintable() and not text.startswith("'"))
MAYBE = st.none() | WORDS


@st.composite
def shops(draw: st.DrawFn) -> list[Product]:
    found = []
    for sku in draw(st.lists(CODES, min_size=1, max_size=4, unique=True)):
        price = draw(st.decimals(1, 10**6, places=2))
        product = Product(
            sku=sku, title=draw(WORDS), description=draw(st.just("") | WORDS), price=price, currency="CNY",
            availability=draw(st.sampled_from(list(OFFERED))), brand=draw(MAYBE), color=draw(MAYBE), size=draw(MAYBE),
            material=draw(MAYBE), category=draw(MAYBE), mpn=draw(MAYBE),
            gtin=draw(st.sampled_from([None, "4006381333931"])),
            titles=draw(st.dictionaries(st.sampled_from(["es", "ar", "zh-Hant"]), WORDS)), language="zh",
            ships_to=tuple(draw(st.lists(st.sampled_from(["DE", "SA", "MX"]), unique=True))),
        )  # fmt: skip
        found.append(product)
    return found


def cells(product: Product) -> dict[str, str]:
    """The columns of Google's that have a value."""
    named = {
        "id": product.sku, "title": product.title, "description": product.description, "content_language": "zh",
        "price": f"{product.price} {product.currency}", "availability": product.availability, "brand": product.brand,
        "color": product.color, "size": product.size, "material": product.material, "product_type": product.category,
        "mpn": product.mpn, "gtin": product.gtin,
        "shipping": ", ".join(f"{country}:::4 CNY" for country in product.ships_to),
        **{f"title[{tag}]": title for tag, title in product.titles.items()},
    }  # fmt: skip
    return {column: text for column, text in named.items() if text}


def as_table(shop: list[Product], delimiter: str) -> bytes:
    columns = list(dict.fromkeys(["id", "title", "price", "availability", *(c for p in shop for c in cells(p))]))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(cells(product) for product in shop)
    return text.getvalue().encode()


def as_xml(shop: list[Product]) -> bytes:
    lines = ['<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><language>zh</language>']
    for product in shop:
        lines.append("<item>")
        for column, text in cells(product).items():
            name, _, tag = column.rstrip("]").partition("[")
            language = f' xml:lang="{tag}"' if tag else ""
            lines.append(f"<g:{name}{language}>{escape(text)}</g:{name}>")
        lines.append("</item>")
    return "\n".join([*lines, "</channel></rss>"]).encode()


def as_json(shop: list[Product]) -> bytes:
    return json.dumps([_node(product) for product in shop], ensure_ascii=False, indent=1).encode()


def as_graph(shop: list[Product]) -> bytes:
    return json.dumps({"@context": {"@language": "zh"}, "@graph": [_node(product) for product in shop]}).encode()


def as_page(shop: list[Product]) -> bytes:
    scripts = (f'<script type="application/ld+json">{json.dumps(_node(product))}</script>' for product in shop)
    return f"<!DOCTYPE html>\n<html lang=zh>{''.join(scripts)}\n</html>".encode()


def _node(product: Product) -> dict[str, Any]:
    where = {"shippingDestination": {"addressCountry": list(product.ships_to)}}
    return {
        "@type": "Product", "sku": product.sku, "name": product.title, "description": product.description,
        "inLanguage": "zh", "brand": product.brand and {"name": product.brand}, "color": product.color,
        "size": product.size, "material": product.material, "category": product.category, "mpn": product.mpn,
        "gtin": product.gtin, **{f"name[{tag}]": title for tag, title in product.titles.items()},
        "offers": {
            "price": str(product.price), "priceCurrency": product.currency, "shippingDetails": where,
            "availability": f"https://schema.org/{OFFERED[product.availability]}",
        },
    }  # fmt: skip


def as_tsv(shop: list[Product]) -> bytes:
    return as_table(shop, "\t")


def as_csv(shop: list[Product]) -> bytes:
    return as_table(shop, ",")


CLOSED = [as_xml, as_json, as_graph, as_page]
FORMATS = [as_tsv, as_csv, *CLOSED]
Write = Callable[[list[Product]], bytes]


def read(tmp_path: Path, content: bytes) -> list[Product | Refused]:
    path = tmp_path / "feed"
    path.write_bytes(content)
    fractions: list[float] = []
    found = list(products.read(path, fractions.append, "EUR"))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    return found


@pytest.mark.parametrize("write", FORMATS)
@SETTINGS
@given(shop=shops())
def test_what_was_written_comes_back(tmp_path: Path, write: Write, shop: list[Product]) -> None:
    assert read(tmp_path, write(shop)) == shop


@pytest.mark.parametrize("write", CLOSED)
@SETTINGS
@given(shop=shops(), data=st.data())
def test_xml_json_and_pages_can_be_cut_nowhere(
    tmp_path: Path, write: Write, shop: list[Product], data: st.DataObject
) -> None:
    content = write(shop)
    with pytest.raises(FeedError):
        read(tmp_path, content[: data.draw(st.integers(0, len(content) - 1))])


@pytest.mark.parametrize("write", [as_tsv, as_csv])
@SETTINGS
@given(shop=shops(), data=st.data())
def test_a_cut_table_is_refused_but_at_the_end_of_a_row_and_in_its_last_cell(
    tmp_path: Path, write: Write, shop: list[Product], data: st.DataObject
) -> None:
    content = write(shop)
    at = data.draw(st.integers(0, len(content) - 1))
    try:
        found = read(tmp_path, content[:at])
    except FeedError:
        return
    rows = content[:at].splitlines(keepends=True)
    whole = [row for row in rows if row.endswith((b"\r", b"\n"))]
    last = [] if len(whole) == len(rows) else [rows[-1]]
    delimiter = b"\t" if write is as_tsv else b","
    assert all(row.count(delimiter) >= rows[0].count(delimiter) for row in last), "the cut is in the last cell"
    assert [item for item in found if item in shop][: len(whole) - 1] == shop[: len(whole) - 1]


PIECES = st.sampled_from([
    *'<>[]{}",:/&\n\t', "<rss>", "</rss>", "<channel>", "<item>", "</item>", "<g:id>", "<html", "<!DOCTYPE", "<!--",
    "<?xml", '<script type="application/ld+json">', "</script>", '"@type":', '"Product"', '"@graph":', '"offers":',
    '"name":', "null", '"hasVariant":', '"ProductGroup"', '"@id":', "12.5", "true", "Handle", "Title", "Variant Price",
    "id", "price", "杯", "كوب", "availability", "title", "in stock", "5 EUR", "\0", "&amp;", "<p>",
])  # fmt: skip


@SETTINGS
@given(
    st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join).map(lambda text: text.encode("utf-8", "replace"))
)
def test_nothing_but_feed_error_is_raised(tmp_path: Path, content: bytes) -> None:
    try:
        found = read(tmp_path, content)
    except FeedError as wrong:
        assert wrong.reason
    else:
        assert all(isinstance(item, Product | Refused) for item in found)


@pytest.mark.parametrize("write", FORMATS)
@SETTINGS
@given(shop=shops(), data=st.data())
def test_a_feed_with_other_bytes_in_it(tmp_path: Path, write: Write, shop: list[Product], data: st.DataObject) -> None:
    content = bytearray(write(shop))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(PIECES.map(str.encode) | st.binary(max_size=4))
    try:
        found = read(tmp_path, bytes(content))
    except FeedError:
        return
    for item in found:
        assert isinstance(item, Product | Refused)
        if isinstance(item, Product):
            assert item.price >= Decimal(0)
            assert "\0" not in item.title
            item.title.encode()  # no half of a surrogate pair


KEYS = (
    "@type @id @value @language @context name name[es] offers price sku brand image url hasVariant isVariantOf "
    "inLanguage availability gtin weight value priceSpecification shippingDetails shippingDestination addressCountry"
)
LEAVES = st.none() | st.booleans() | st.text(max_size=5) | st.integers() | st.floats()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@SETTINGS
@given(value=VALUES)
def test_any_json_in_the_place_of_any_value(tmp_path: Path, value: Any) -> None:
    node = {"@type": "Product", "sku": "A", "name": "杯", "offers": {"price": "5", "availability": "InStock"}}
    for key in ("name", "offers", "brand", "image", "weight", "isVariantOf", "hasVariant", "@type", "@context", "sku"):
        try:
            found = read(tmp_path, json.dumps([node | {key: value}, {"@graph": [value, node], key: value}]).encode())
        except FeedError:
            continue
        assert all(isinstance(item, Product | Refused) for item in found)
