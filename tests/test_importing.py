"""Feeds into the store, pictures into the media folder, and the index that goes with them; with fake encoders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.importing import Feeds, Report, import_feeds
from bot.parts import Parts
from bot.settings import Settings
from knowledge.search import Find
from tests.fakes import Encoder, Vision, picture

HEADER = "id\ttitle\ttitle[zh]\ttitle[ar]\tprice\tavailability\timage_link\tcolor\titem_group_id\n"
ROWS = {
    "MUG-1": "MUG-1\tEnamel mug\t搪瓷杯\tكوب مينا\t12.50 EUR\tin_stock\tblue.png\tblue\tMUG\n",
    "MUG-2": "MUG-2\tEnamel mug, red\t搪瓷杯 红\tكوب أحمر\t12.50 EUR\tin_stock\tred.png\tred\tMUG\n",
    "LMP-1": "LMP-1\tReading lamp\t台灯\tمصباح\t40.00 EUR\tout_of_stock\t\t\t\n",
}
ORDERS = (
    "order_id,customer_id,email,phone,postal_code,placed_at,currency,sku,quantity,unit_price,status,shipment_id\n"
    "Q-1,c-1,anna@example.org,,,2026-11-02T10:00:00+01:00,EUR,MUG-1,1,12.50,sent,\n"
)


@dataclass
class Seen:
    """How often each text was encoded and how many pictures were looked at."""

    texts: list[str] = field(default_factory=list)
    pictures: int = 0


class CountingEncoder(Encoder):
    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def passages(self, texts):  # type: ignore[no-untyped-def]
        self.seen.texts += texts
        return super().queries(texts)


class CountingVision(Vision):
    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    def look(self, images):  # type: ignore[no-untyped-def]
        self.seen.pictures += len(images)
        return super().look(images)


class Desk:
    """An installation whose encoders are fake, and a folder for feeds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = Seen()
        self.told: list[tuple[str, float]] = []
        self.parts = Parts(Settings(data=folder / "data"))
        self.parts.text = CountingEncoder(self.seen)  # type: ignore[assignment]
        self.parts.vision = CountingVision(self.seen)  # type: ignore[assignment]
        for colour in ("blue", "red"):
            (folder / f"{colour}.png").write_bytes(picture(colour))

    def feed(self, *skus: str, also: str = "", name: str = "products.tsv") -> Path:
        path = self.folder / name
        path.write_text(HEADER + "".join(ROWS[sku] for sku in skus) + also, encoding="utf-8")
        return path

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def take(self, **feeds: object) -> Report:
        return import_feeds(Feeds(**feeds), self.parts, lambda name, part: self.told.append((name, part)))  # type: ignore[arg-type]

    def sold(self) -> list[str]:
        return [product.sku for product in self.parts.store.all_products()]

    def found(self, text: str) -> list[str]:
        vector = Encoder().queries([text])[0]
        return [hit.record for hit in self.parts.search.find(Find(text=text, text_vector=vector))]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.parts.store.close()


def test_a_first_import_is_found_in_every_language(desk: Desk) -> None:
    report = desk.take(products=(desk.feed("MUG-1", "MUG-2", "LMP-1"),))
    assert (report.taken["products"].added, report.refused) == (3, [])
    assert desk.sold() == ["LMP-1", "MUG-1", "MUG-2"]
    for lamp in ("reading lamp", "台灯", "مصباح"):
        assert desk.found(lamp)[0] == "LMP-1"
    assert {name for name, _ in desk.told} >= {"products", "texts", "words", "pictures"}
    assert all(0 <= part <= 1 for _, part in desk.told)


def test_pictures_are_kept_by_what_they_hold_and_looked_at_once(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1", "MUG-2", also=ROWS["MUG-1"].replace("MUG-1", "MUG-9")),))
    images = [product.image for product in desk.parts.store.products(["MUG-1", "MUG-9", "MUG-2"])]
    assert images[0] == images[1] != images[2]
    assert {path.name for path in desk.parts.media.iterdir()} == {f"{image}.webp" for image in images}
    assert desk.seen.pictures == 2
    desk.take(products=(desk.feed("MUG-1", "MUG-2"),))
    assert desk.seen.pictures == 2


def test_importing_again_updates_and_encodes_only_what_is_new(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1", "LMP-1"),))
    first = len(desk.seen.texts)
    report = desk.take(products=(desk.feed("MUG-1", "MUG-2", also=ROWS["LMP-1"].replace("40.00", "45.00")),))
    changes = report.taken["products"]
    assert (changes.added, changes.updated, changes.unchanged, changes.retired) == (1, 1, 1, 0)
    assert len(desk.seen.texts) > first
    assert not any("Reading lamp" in text for text in desk.seen.texts[first:])  # its price is no text
    assert str(desk.parts.store.products(["LMP-1"])[0].price) == "45.00"


def test_what_is_missing_from_all_feeds_of_its_kind_is_retired_and_comes_back(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1", name="a.tsv"), desk.feed("MUG-2", "LMP-1", name="b.tsv")))
    assert len(desk.sold()) == 3
    assert desk.take(products=(desk.feed("MUG-1", "LMP-1"),)).taken["products"].retired == 1
    assert desk.sold() == ["LMP-1", "MUG-1"] and "MUG-2" not in desk.found("enamel mug red")
    assert desk.parts.store.product("MUG-2") is not None  # old orders name it
    desk.take(products=(desk.feed("MUG-1", "MUG-2", "LMP-1"),))
    assert len(desk.sold()) == 3 and "MUG-2" in desk.found("enamel mug red")


def test_kinds_that_are_not_given_stay_as_they_are(desk: Desk) -> None:
    body = "---\nid: help\nlanguage: {}\n---\n# Returns\nSend it back within 30 days.\n"
    articles = desk.file("articles/help.en.md", body.format("en")).parent
    desk.file("articles/help.zh.md", body.format("zh"))
    desk.take(products=(desk.feed("MUG-1"),), articles=articles, orders=desk.file("orders.csv", ORDERS))
    desk.take(orders=desk.file("orders.csv", ORDERS.replace("Q-1,", "Q-2,")))
    assert desk.sold() == ["MUG-1"] and desk.parts.store.article_languages("help") == ["en", "zh"]
    assert [order.id for order in desk.parts.store.orders_of("c-1")] == ["Q-1", "Q-2"]  # orders are only added
    (articles / "help.zh.md").unlink()
    assert desk.take(articles=articles).taken["articles"].retired == 1
    assert desk.parts.store.article_languages("help") == ["en"] and desk.sold() == ["MUG-1"]


def test_every_row_that_is_refused_is_told_with_its_place(desk: Desk) -> None:
    report = desk.take(products=(desk.feed("MUG-1", also="LMP-2\tLamp\t\t\tcheap\tin_stock\t\t\t\n"),))
    assert [(r.file, r.line, r.column) for r in report.refused] == [("products.tsv", 3, "price")]
    assert "cheap" in report.refused[0].reason
    assert desk.sold() == ["MUG-1"]


@pytest.mark.parametrize("image", ["missing.png", "broken.png", "../../etc/passwd", "http://127.0.0.1/a.png"])
def test_a_product_whose_picture_cant_be_had_goes_in_without_it(desk: Desk, image: str) -> None:
    desk.file("broken.png", "not a picture")
    report = desk.take(products=(desk.feed(also=ROWS["MUG-1"].replace("blue.png", image)),))
    assert desk.sold() == ["MUG-1"] and desk.parts.store.products(["MUG-1"])[0].image is None
    assert len(report.refused) == 1 and "MUG-1" in report.refused[0].reason


@pytest.mark.parametrize("name", ["nowhere.tsv", "folder.tsv", "binary.tsv", "no-columns.tsv"])
def test_a_feed_that_is_none_changes_nothing(desk: Desk, name: str) -> None:
    desk.take(products=(desk.feed("MUG-1", "LMP-1"),))
    (desk.folder / "folder.tsv").mkdir()
    (desk.folder / "binary.tsv").write_bytes(bytes(range(256)) * 10)
    desk.file("no-columns.tsv", "name\tcost\nMug\t3\n")
    with pytest.raises(BadInput):
        desk.take(products=(desk.feed("MUG-2"), desk.folder / name))
    assert desk.sold() == ["LMP-1", "MUG-1"] and desk.found("reading lamp")[0] == "LMP-1"


def test_an_empty_shop_can_be_searched(desk: Desk) -> None:
    desk.take(orders=desk.file("orders.csv", ORDERS))
    assert desk.found("anything") == []


def test_a_refused_row_does_not_retire_what_it_names(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1", "LMP-1"),))
    desk.take(products=(desk.feed("MUG-1", also=ROWS["LMP-1"].replace("40.00 EUR", "forty")),))
    assert "LMP-1" in desk.sold()


def test_a_picture_that_cant_be_had_this_time_stays(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1"),))
    before = desk.parts.store.products(["MUG-1"])[0].image
    (desk.folder / "blue.png").unlink()
    desk.take(products=(desk.feed("MUG-1"),))
    assert desk.parts.store.products(["MUG-1"])[0].image == before


def test_what_was_taken_is_found_though_another_feed_is_bad(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1"),))
    with pytest.raises(BadInput):
        desk.take(products=(desk.feed("MUG-1", "LMP-1"),), orders=desk.file("orders.csv", "nonsense\n1\n"))
    assert ("LMP-1" in desk.sold()) == ("LMP-1" in desk.found("reading lamp"))
