"""Google Merchant feeds in XML, as shops export them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import merchant_xml, products
from knowledge.feeds.errors import FeedError
from knowledge.records import Product, Refused

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel><title>Tienda</title><link>https://tienda.example</link><language>es-es</language>
<item>
  <g:id>TZ-1</g:id>
  <title>Taza esmaltada &amp; cuchara</title>
  <title xml:lang="zh-hans">搪瓷杯和勺子</title>
  <g:description><![CDATA[<p>Apta para lavavajillas,<br>120&nbsp;g.</p><ul><li>azul</li></ul>]]></g:description>
  <description xml:lang="ar">&lt;p&gt;كوب مطلي بالمينا&lt;/p&gt;</description>
  <link>https://tienda.example/tz-1</link>
  <g:image_link>https://cdn.tienda.example/tz-1.jpg</g:image_link>
  <g:price>1.012,50 EUR</g:price>
  <g:sale_price>EUR 999.00</g:sale_price>
  <g:sale_price_effective_date>2026-11-01T00:00+01:00/2026-11-30T23:59+01:00</g:sale_price_effective_date>
  <g:availability>in stock</g:availability>
  <g:brand>Hojalata</g:brand><g:gtin>4006381333931</g:gtin><g:mpn>H-1</g:mpn>
  <g:item_group_id>TZ</g:item_group_id><g:color>azul</g:color><g:size>350 ml</g:size><g:material>esmalte</g:material>
  <g:product_type>Cocina &gt; Tazas</g:product_type><g:product_type>Regalos</g:product_type>
  <g:shipping_weight>350 g</g:shipping_weight>
  <g:shipping><g:country>ES</g:country><g:price>4 EUR</g:price></g:shipping>
  <g:shipping><g:country>PT</g:country><g:service>Exprés</g:service></g:shipping>
  <g:shipping><g:country>ES</g:country><g:region>IB</g:region></g:shipping>
</item>
<item><g:id>TZ-2</g:id><title>Taza</title><g:price>gratis</g:price><g:availability>in stock</g:availability></item>
<item><g:id>TZ-3</g:id><g:title>Plato</g:title><title>Otro</title><g:price>5 EUR</g:price>
  <g:availability>SoldOut</g:availability></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0" xml:lang="ar">
<id>tag:example,2026:feed</id>
<link rel="self" href="https://matjar.example/feed"/>
<entry>
  <id>tag:example,2026:1</id><g:id>كوب-١</g:id><title>كوب أزرق</title>
  <link rel="enclosure" href="https://matjar.example/1.jpg"/><link href="https://matjar.example/1"/>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>سعة ٣٥٠ مل</p><p>آمن</p></div></content>
  <g:price>١٢٫٥٠ SAR</g:price><g:availability>preorder</g:availability>
</entry>
</feed>
"""


def read(tmp_path: Path, text: str | bytes) -> list[Product | Refused]:
    path = tmp_path / "feed.csv"  # the name says nothing
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(products.read(path))


def error(tmp_path: Path, text: str | bytes) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read(tmp_path, text)
    assert caught.value.file == "feed.csv"
    return caught.value


def test_rss(tmp_path: Path) -> None:
    first, second, third = read(tmp_path, RSS)
    assert first == Product(
        sku="TZ-1", title="Taza esmaltada & cuchara", language="es-ES", titles={"zh-Hans": "搪瓷杯和勺子"},
        description="Apta para lavavajillas,\n120 g.\nazul", descriptions={"ar": "كوب مطلي بالمينا"},
        price=Decimal("1012.50"), currency="EUR", availability="in_stock", sale_price=Decimal("999.00"),
        sale_from=datetime.fromisoformat("2026-11-01T00:00+01:00"), ships_to=("ES", "PT"),
        sale_to=datetime.fromisoformat("2026-11-30T23:59+01:00"), brand="Hojalata", gtin="4006381333931", mpn="H-1",
        group="TZ", color="azul", size="350 ml", material="esmalte", category="Cocina > Tazas", weight="350 g",
        image="https://cdn.tienda.example/tz-1.jpg", link="https://tienda.example/tz-1",
    )  # fmt: skip
    assert isinstance(second, Refused)
    line = RSS[: RSS.index("<g:id>TZ-2")].count("\n") + 1
    assert (second.file, second.line, second.column, second.record) == ("feed.csv", line, "g:price", "TZ-2")
    assert isinstance(third, Product)
    assert (third.title, third.availability) == ("Plato", "out_of_stock"), "Google's own element comes first"


def test_atom(tmp_path: Path) -> None:
    (found,) = read(tmp_path, ATOM)
    assert isinstance(found, Product)
    assert (found.sku, found.title, found.language, found.price) == ("كوب-١", "كوب أزرق", "ar", Decimal("12.50"))
    assert found.description == "سعة ٣٥٠ مل\nآمن"
    assert found.link == "https://matjar.example/1"
    assert found.availability == "preorder"


@pytest.mark.parametrize("charset", ["gbk", "utf-16", "utf-8-sig"])
def test_other_encodings_that_the_file_declares(tmp_path: Path, charset: str) -> None:
    declared = "utf-8" if charset == "utf-8-sig" else charset
    text = f'<?xml version="1.0" encoding="{declared}"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>'
    text += (
        "<g:id>杯-1</g:id><title>蓝色搪瓷杯</title><g:price>59 CNY</g:price><g:availability>in_stock</g:availability>"
    )
    (found,) = read(tmp_path, (text + "</item></channel></rss>").encode(charset))
    assert isinstance(found, Product)
    assert (found.sku, found.title) == ("杯-1", "蓝色搪瓷杯")


def test_a_title_tells_its_language_where_nothing_else_does(tmp_path: Path) -> None:
    text = RSS.replace("<language>es-es</language>", "").replace("<title>Taza esm", '<title xml:lang="es">Taza esm')
    first = read(tmp_path, text)[0]
    assert isinstance(first, Product)
    assert (first.language, first.title_in("zh-Hans"), first.title) == (
        "es",
        "搪瓷杯和勺子",
        "Taza esmaltada & cuchara",
    )


def test_wrong_languages_and_countries_are_refused_by_name(tmp_path: Path) -> None:
    found = read(tmp_path, RSS.replace('xml:lang="zh-hans"', 'xml:lang="chino"').replace("PT<", "UK<"))
    assert isinstance(found[0], Refused)
    assert (found[0].column, found[0].record) == ("xml:lang", "TZ-1")
    assert "chino" in found[0].reason
    found = read(tmp_path, RSS.replace("<g:country>PT", "<g:country>UK"))
    assert isinstance(found[0], Refused)
    assert found[0].column == "g:shipping"


BOMB = (
    "<!DOCTYPE rss [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '&a{n - 1};&a{n - 1};'>" for n in range(1, 30)) + "]>"
)


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (BOMB + "<rss><channel><item>&a29;", "document type"),
        ('<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss>', "document type"),
        (
            '<?xml version="1.0"?><!-- x --> <!doctype rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>',
            "type",
        ),
        ("<?xml version='1.0'?><products><product/></products>", "<products>"),
        ("<rss><channel><item><g:id>1</g:id></item></channel></rss>", "well-formed"),
        ("<rss><channel><item>&nbsp;</item></channel></rss>", "well-formed"),
        ("<rss>" + "<a>" * 300 + "</a>" * 300 + "</rss>", "well-formed"),
        ("<rss>\n<channel><item></channel></rss>", "well-formed"),
        ("<rss><channel>", "cut off"),
    ],
)
def test_what_is_no_feed(tmp_path: Path, start: str, word: str) -> None:
    assert word in error(tmp_path, start).reason


def test_a_document_type_does_not_hide_behind_an_encoding(tmp_path: Path) -> None:
    hidden = '<?xml version="1.0" encoding="UTF-16LE"?><!DOCTYPE rss [<!ENTITY x "y">]><rss><channel><item>&x;</item>'
    hidden += "</channel></rss>"
    error(tmp_path, hidden.encode("utf-16-le"))
    error(tmp_path, "\ufeff".encode("utf-16-le") + hidden.encode("utf-16-le"))
    error(tmp_path, hidden.replace("UTF-16LE", "UTF-7").replace("<!", "+ADwAIQ-").encode())


def test_an_item_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    text = "<rss><channel><item>" + "<x>1</x>" * (merchant_xml.MOST_ITEM_BYTES // 4)
    assert "no end of an item" in error(tmp_path, text).reason


def test_elements_of_items_that_are_called_like_items(tmp_path: Path) -> None:
    inner = "<g:bundle><g:item><g:id>X</g:id></g:item><g:language>fr</g:language></g:bundle><g:id>TZ-3"
    found = read(tmp_path, RSS.replace("<g:id>TZ-3", inner))
    assert isinstance(found[2], Product)
    assert (found[2].sku, found[2].language, len(found)) == ("TZ-3", "es-ES", 3)
