"""The demo shop: what every visitor sees must be whole, in agreement with itself, and in every language."""

import csv
import io
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest
import yaml
from PIL import Image
from stdnum import ean

from bot.demo import shop

LANGUAGES = ("zh", "es", "fr", "de", "pt", "ru", "ar", "ja", "ko")  # beside English
STATUSES = {
    "Pending", "InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "AvailableForPickup", "Delivered",
    "Exception", "Expired",
}  # fmt: skip
CUSTOMS = {
    "customs_processing", "customs_released", "customs_information_needed", "customs_duties_unpaid", "customs_held",
}  # fmt: skip
SCRIPTS = {
    "zh": r"[\u4e00-\u9fff]",
    "ja": r"[\u3040-\u30ff\u4e00-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ar": r"[\u0600-\u06ff]",
    "ru": r"[\u0400-\u04ff]",
}
TOPICS = {"returns", "delivery_time", "shipping_cost", "customs", "payment", "warranty", "exchange", "sizes"}


def rows(name: str) -> list[dict[str, str]]:
    with (shop.HERE / name).open(encoding="utf-8", newline="") as feed:
        return list(csv.DictReader(feed, delimiter="\t" if name.endswith("tsv") else ",", strict=True))


def numbers(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d+", text))


PRODUCTS = rows("products.tsv")
ORDERS = rows("orders.csv")
SHIPMENTS = rows("shipments.csv")
DUTIES = rows("duties.csv")


def test_products_are_many_and_different() -> None:
    assert 66 <= len(PRODUCTS) <= 72
    assert len({p["id"] for p in PRODUCTS}) == len(PRODUCTS)
    assert len({p["title"] for p in PRODUCTS}) == len(PRODUCTS)
    assert len({p["product_type"].split(" > ")[0] for p in PRODUCTS}) >= 8
    availability = Counter(p["availability"] for p in PRODUCTS)
    assert availability["out_of_stock"] >= 3
    assert availability["preorder"] == 1
    assert set(availability) == {"in_stock", "out_of_stock", "preorder"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_stand_in_every_language_and_are_its_own(language: str) -> None:
    titles = [p[f"title[{language}]"] for p in PRODUCTS]
    assert all(titles)
    assert len(set(titles)) == len(PRODUCTS)
    assert not set(titles) & {p["title"] for p in PRODUCTS}
    script = SCRIPTS.get(language, "[a-z]")
    assert [t for t in titles if not re.search(script, t)] == []
    assert not any(re.search(r"[\u0660-\u0669\u06f0-\u06f9]", t) for t in titles), "digits are Western everywhere"


@pytest.mark.parametrize("language", ["zh", "es", "ar"])
def test_descriptions_state_the_same_numbers(language: str) -> None:
    for product in PRODUCTS:
        assert numbers(product["description"]) == numbers(product[f"description[{language}]"]), product["id"]


def test_variants_share_a_group_and_differ_in_what_is_chosen() -> None:
    groups: dict[str, list[dict[str, str]]] = {}
    for product in PRODUCTS:
        if product["item_group_id"]:
            groups.setdefault(product["item_group_id"], []).append(product)
    assert len(groups) >= 8
    for name, variants in groups.items():
        assert len({(v["color"], v["size"]) for v in variants}) == len(variants) >= 2, name
    assert {v["color"] for v in groups["BAG-TRAIL"]} == {"blue", "red", "black"}
    assert {v["size"] for v in groups["SHOE-RUN"]} == {"40", "41", "42", "43", "44"}
    assert {v["size"] for v in groups["TSH-BASIC"]} == {"S", "M", "L"}
    assert len({re.search(r"(\d+) hours", v["description"])[1] for v in groups["HDP-AURA"]}) == 2  # type: ignore[index]


def test_gtins_are_right_and_for_internal_use() -> None:
    for product in PRODUCTS:
        assert ean.is_valid(product["gtin"]), product["id"]
        assert product["gtin"].startswith("2") and len(product["gtin"]) == 13, "200-299 names nobody's real product"
    assert len({p["gtin"] for p in PRODUCTS}) == len(PRODUCTS)


def test_orders_come_from_twelve_customers_in_every_state() -> None:
    by_order = {row["order_id"]: row for row in ORDERS}
    assert len(by_order) == 30
    assert {row["customer_id"] for row in ORDERS} == {f"c-{n}" for n in range(101, 113)}
    assert {row["status"] for row in ORDERS} == {
        "placed", "paid", "packed", "shipped", "delivered", "cancelled", "returned", "refunded", "partly shipped",
    }  # fmt: skip
    for row in ORDERS:
        assert "2026-09-01" <= row["placed_at"][:10] <= "2026-11-20"
        assert datetime.fromisoformat(row["placed_at"]).tzinfo is not None


def test_order_lines_name_products_at_their_price() -> None:
    prices = {p["id"]: p["price"] for p in PRODUCTS}
    for row in ORDERS:
        assert row["sku"] in prices
        assert f"{Decimal(row['unit_price'])} {row['currency']}" == prices[row["sku"]]
        assert int(row["quantity"]) > 0


def test_contacts_are_well_formed() -> None:
    for row in ORDERS:
        assert row["email"].endswith("@example.org")
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["phone"])), row["phone"]
        assert row["postal_code"]
    regions = {phonenumbers.region_code_for_number(phonenumbers.parse(row["phone"])) for row in ORDERS}
    assert len(regions) == 12


def test_shipments_cover_every_status() -> None:
    seen = {row["event_status"].partition(":")[0] for row in SHIPMENTS}
    assert seen == STATUSES
    last = {row["shipment_id"]: row["event_status"].partition(":")[0] for row in SHIPMENTS}
    assert set(last.values()) == STATUSES, "each is some parcel's present state"
    assert {row["event_status"].partition(":")[2] for row in SHIPMENTS} - {""} == CUSTOMS
    assert {row["carrier"] for row in SHIPMENTS} == {
        "DHL", "UPS", "FedEx", "USPS", "Royal Mail", "La Poste", "Correos", "China Post", "Cainiao", "Japan Post",
    }  # fmt: skip


def test_shipments_belong_to_orders_and_run_forward() -> None:
    ordered = {row["shipment_id"]: row for row in ORDERS if row["shipment_id"]}
    events: dict[str, list[dict[str, str]]] = {}
    for row in SHIPMENTS:
        events.setdefault(row["shipment_id"], []).append(row)
    assert set(events) == set(ordered)
    for name, history in events.items():
        times = [datetime.fromisoformat(row["event_time"]) for row in history]
        assert 2 <= len(history) <= 6
        assert times == sorted(times), name
        assert datetime.fromisoformat(ordered[name]["placed_at"]) < times[0], name
        assert (ordered[name]["status"] == "delivered") <= (history[-1]["event_status"] == "Delivered"), name
        assert all(row["event_text"] and row["event_location"] for row in history)


def test_parcel_events_speak_the_carriers_languages() -> None:
    texts = " ".join(row["event_text"] for row in SHIPMENTS)
    for words in (
        "Zustellfahrzeug",
        "en cours de livraison",
        "En reparto",
        "已签收",
        "お届け済み",
        "تم التسليم",
        "통관",
    ):
        assert words in texts


def s10_is_right(number: str) -> bool:
    """UPU standard S10: eight digits weighted 8 6 4 2 3 5 9 7, check = 11 - sum mod 11, where 10 is 0 and 11 is 5."""
    total = sum(int(d) * w for d, w in zip(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    return int(number[10]) == {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def test_tracking_numbers_carry_right_check_digits() -> None:
    assert s10_is_right("RR123456785DE") and not s10_is_right("RR123456784DE")
    found = {(row["carrier"], row["tracking_number"]) for row in SHIPMENTS}
    assert len({number for _, number in found}) == len({row["shipment_id"] for row in SHIPMENTS})
    postal = [number for _, number in found if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", number)]
    assert len(postal) >= 8
    assert [number for number in postal if not s10_is_right(number)] == []
    for carrier, number in found:
        if carrier == "DHL":  # the last digit is the rest mod 7
            assert int(number[:-1]) % 7 == int(number[-1]), number
        if carrier == "FedEx":  # weights 3 1 7, mod 11 mod 10
            assert sum(int(d) * w for d, w in zip(number[:-1], (3, 1, 7) * 4, strict=False)) % 11 % 10 == int(
                number[-1]
            )


def test_duties_are_dated_and_sourced() -> None:
    assert {"US", "CA", "GB", "CH", "MX", "BR", "JP", "KR", "AU", "DE", "FR"} <= {row["country"] for row in DUTIES}
    for row in DUTIES:
        assert row["valid_from"] and row["source"] and row["duty_rule"]
        assert not row["valid_to"] or row["valid_to"] > row["valid_from"]
        assert Decimal(row["de_minimis_amount"]) >= 0 <= Decimal(row["vat_percent"])
    for country in ("DE", "FR"):
        (now,) = [r for r in DUTIES if r["country"] == country and r["valid_from"] == "2026-07-01"]
        assert "3 EUR per tariff item up to 150 EUR" in now["duty_rule"]


def article(path: Path) -> tuple[dict[str, str], str]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


ARTICLES = {path.name: article(path) for path in sorted((shop.HERE / "articles").glob("*.md"))}


def test_articles_cover_the_topics_in_ten_languages() -> None:
    assert len(ARTICLES) == 80
    assert {front["topic"] for front, _ in ARTICLES.values()} == TOPICS
    for name, (front, body) in ARTICLES.items():
        assert name == f"{front['id']}.{front['language']}.md"
        assert body.startswith("# ")
        assert front["valid_from"]
    assert Counter(front["language"] for front, _ in ARTICLES.values()) == dict.fromkeys(("en", *LANGUAGES), 8)


@pytest.mark.parametrize("language", LANGUAGES)
def test_articles_state_the_same_numbers_under_the_same_headings(language: str) -> None:
    for name, (front, body) in ARTICLES.items():
        if front["language"] == language:
            english = ARTICLES[f"{front['id']}.en.md"][1]
            sections, theirs = english.split("\n## "), body.split("\n## ")
            assert [numbers(s) for s in theirs] == [numbers(s) for s in sections], name
            assert body != english


def test_the_customs_article_agrees_with_the_duties() -> None:
    body = ARTICLES["customs.en.md"][1]
    for row in DUTIES:
        if not row["valid_to"] and Decimal(row["de_minimis_amount"]):
            assert f"{row['de_minimis_amount']} {row['currency']}" in body, row["country"]


def test_every_picture_has_a_drawing() -> None:
    names = shop.picture_names(shop.HERE / "products.tsv")
    assert len({name.partition("-")[0] for name in names}) >= 45, "products do not share pictures"
    for name in names:
        assert shop.drawing(Path(name).stem).is_file(), name
    assert all(p["image_link"].startswith("pictures/") for p in PRODUCTS)


def test_laid_out_pictures_open_and_variants_look_different(tmp_path: Path) -> None:
    feeds = shop.lay_out(tmp_path)
    for feed in (feeds.products, feeds.orders, feeds.shipments, feeds.duties):
        assert feed.read_bytes() == (shop.HERE / feed.name).read_bytes()
    assert len(list(feeds.articles.glob("*.md"))) == 80
    for product in PRODUCTS:
        with Image.open(feeds.products.parent / product["image_link"]) as picture:
            picture.load()
            assert (picture.format, picture.size) == ("PNG", (shop.SIDE, shop.SIDE))
    assert middle(tmp_path / "pictures/1F392-blue.png")[2] > 150 > middle(tmp_path / "pictures/1F392-blue.png")[0]
    assert middle(tmp_path / "pictures/1F392-red.png")[0] > 150 > middle(tmp_path / "pictures/1F392-red.png")[2]

    kept = tmp_path / "pictures" / "1F392-blue.png"
    (tmp_path / "pictures" / "1F392-red.png").unlink()
    kept.write_bytes(b"already here")
    shop.lay_out(tmp_path)
    assert kept.read_bytes() == b"already here"
    assert (tmp_path / "pictures" / "1F392-red.png").is_file()
    assert not list((tmp_path / "pictures").glob("*.part"))


def middle(picture: Path) -> tuple[int, int, int]:
    pixel = Image.open(io.BytesIO(picture.read_bytes())).convert("RGB").getpixel((shop.SIDE // 2, shop.SIDE // 2))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def test_the_licence_of_the_pictures_is_named() -> None:
    assert "OpenMoji" in shop.LICENCE
    assert "CC BY-SA 4.0" in shop.LICENCE
