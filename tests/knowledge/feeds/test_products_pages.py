"""Products out of the pages of a shop."""

from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import pages, products
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused

PAGE = """<!DOCTYPE html>
<html lang="ar" dir="rtl">
<head>
<meta charset="utf-8"><title>كوب</title>
<link rel="canonical" href="https://matjar.example/p/cup">
<script type="application/ld+json">
{"@context": "https://schema.org", "@type": "Organization", "name": "متجر"}
</script>
<script type="application/ld+json; charset=utf-8">
{"@context": "https://schema.org", "@type": "Product", "sku": "CUP-1", "name": "كوب أزرق",
 "description": "سطر
ثان", "image": "/pictures/cup.jpg", "url": "/p/cup?a=1&b=2",
 "offers": {"price": "45.00", "priceCurrency": "SAR", "availability": "http://schema.org/InStock"}}
</script>
<script type="application/ld+json">{"@type": "Product", "name": </script>
<script>var other = {"@type": "Product"};</script>
</head>
<body><p>45.00 < 50
<script type="Application/LD+JSON">
[{"@type": "Product", "sku": "CUP-2", "name": "كوب أحمر", "offers": {"price": "مجاني", "priceCurrency": "SAR",
 "availability": "InStock"}}]
</script>
</body>
</html>
"""


def read(tmp_path: Path, page: str | bytes) -> list[Product | Refused]:
    path = tmp_path / "page.xml"  # the name says nothing
    path.write_bytes(page.encode() if isinstance(page, str) else page)
    return list(products.read(path))


def line_of(text: str) -> int:
    return PAGE[: PAGE.index(text)].count("\n") + 1


def test_a_page_with_several_scripts(tmp_path: Path) -> None:
    broken, cup, second = read(tmp_path, PAGE)
    assert isinstance(cup, Product)
    assert (cup.sku, cup.title, cup.language, cup.price) == ("CUP-1", "كوب أزرق", "ar", Decimal("45.00"))
    assert cup.image == "https://matjar.example/pictures/cup.jpg"
    assert cup.link == "https://matjar.example/p/cup?a=1&b=2"
    assert isinstance(broken, Refused)
    assert broken.line == line_of('{"@type": "Product", "name": <')
    assert isinstance(second, Refused)
    assert (second.line, second.column) == (line_of('<script type="Application/LD'), "[0].offers.price")
    assert second.record == "CUP-2"


@pytest.mark.parametrize("charset", ["gb18030", "windows-1256"])
def test_the_charset_of_the_page(tmp_path: Path, charset: str) -> None:
    page = PAGE.replace('charset="utf-8"', f'charset="{charset}"')
    cup = read(tmp_path, page.encode(charset))[1]
    assert isinstance(cup, Product)
    assert cup.title == "كوب أزرق"
    with pytest.raises(FeedError, match="charset"):
        read(tmp_path, PAGE.replace('charset="utf-8"', 'charset="none"').encode(charset))


@pytest.mark.parametrize(
    ("page", "word"),
    [
        ("<!DOCTYPE html><html><p>nothing</p></html>", "no Product"),
        ("<div>nothing</div>", "no Product"),
        ("<!-- only -->", "no Product"),
        ("<html><body>", "cut off"),
        ('<div></div><script type="application/ld+json">{"@type": "Product"}', "cut off"),
        ('<p><script type="application/ld+json">{"a" 1}</script>', "can't be read"),
    ],
)
def test_what_is_no_feed(tmp_path: Path, page: str, word: str) -> None:
    with pytest.raises(FeedError, match=word):
        read(tmp_path, page)


def test_a_page_without_end_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="longer than"):
        read(tmp_path, b"<html>" + b"x" * pages.MOST_PAGE_BYTES)
