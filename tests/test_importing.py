"""Feeds into the store, pictures into the media folder, and the index that goes with them; with fake encoders."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import importing
from bot.errors import BadInput, NotReady
from bot.importing import Feeds, Report, import_feeds
from bot.parts import Parts
from bot.settings import Settings
from knowledge.feeds.pictures import Picture, PictureError
from knowledge.recommend import Asked
from knowledge.records import Product, Refused
from knowledge.search import Find
from knowledge.tables import Changes
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
        self.parts = Parts(Settings(data=folder / "data", picture_copies=0))
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


def test_an_unchanged_feed_is_told_again_without_being_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = {
        "products": (desk.feed("MUG-1", "MUG-2", also="LMP-2\tLamp\t\t\tcheap\tin_stock\t\t\t\n"),),
        "orders": desk.file("orders.csv", ORDERS + "Q-2,c-1,,,,yesterday,EUR,MUG-1,1,12.50,sent,\n"),
        "articles": desk.file("articles/zh.md", "---\nid: help\nlanguage: zh\n---\n# 退货\n30天内。\n").parent,
    }
    first = desk.take(**feeds)
    assert len(first.refused) == 2

    def read(*_given: object) -> None:
        raise AssertionError("it was read")

    for kind in ("products", "orders", "articles"):
        monkeypatch.setattr(f"bot.importing.{kind}.read", read)
    monkeypatch.setattr("bot.product_pictures.fetch", read)
    again = desk.take(**feeds)
    assert again.refused == first.refused
    assert again.taken == {
        "products": Changes(unchanged=2), "orders": Changes(unchanged=1), "articles": Changes(unchanged=1)
    }  # fmt: skip


def test_a_feed_is_read_once_anything_that_decides_has_changed(desk: Desk) -> None:
    feed = desk.feed("MUG-1", "LMP-1")
    desk.take(products=(feed,))
    desk.take(products=(desk.feed("MUG-2", name="other.tsv"),))
    assert desk.sold() == ["MUG-2"]
    assert desk.take(products=(feed,)).taken["products"].updated == 2, "it is not the last one any more"
    assert desk.sold() == ["LMP-1", "MUG-1"]
    assert desk.take(products=(feed, desk.feed("MUG-2", name="other.tsv"))).taken["products"].updated == 1
    desk.parts.store.put_products([])
    assert desk.take(products=(feed, desk.folder / "other.tsv")).taken["products"].updated == 3


def test_a_picture_that_was_drawn_anew_is_taken_with_the_same_feed(desk: Desk) -> None:
    feed = desk.feed("MUG-1", "MUG-2")
    desk.take(products=(feed,))
    before = {p.sku: p.image for p in desk.parts.store.all_products()}
    (desk.folder / "blue.png").write_bytes(picture("navy", "rectangle"))
    assert desk.take(products=(feed,)).taken["products"].updated == 1
    now = {p.sku: p.image for p in desk.parts.store.all_products()}
    assert now["MUG-1"] != before["MUG-1"] and now["MUG-2"] == before["MUG-2"]
    assert desk.seen.pictures == 3
    (desk.folder / "blue.png").write_bytes(b"no picture any more")
    report = desk.take(products=(feed,))
    assert desk.parts.store.product("MUG-1").image == now["MUG-1"]  # type: ignore[union-attr]
    assert "with the picture it had" in report.refused[0].reason
    assert desk.take(products=(feed,)).refused == report.refused


def test_a_picture_that_is_lost_from_the_media_folder_is_made_again(desk: Desk) -> None:
    feed = desk.feed("MUG-1")
    desk.take(products=(feed,))
    kept = next(desk.parts.media.iterdir())
    kept.unlink()
    desk.take(products=(feed,))
    assert kept.exists()


class Server:
    """A server of pictures, in place of `fetch` for addresses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pictures: dict[str, Picture] = {}
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        monkeypatch.setattr("bot.product_pictures.fetch", self.fetch)

    def fetch(self, place: str, *, most_bytes: int, mark: str = "") -> Picture | None:
        with self.lock:
            self.asked.append((place, mark))
        if place not in self.pictures:
            raise PictureError(f"{place} answers with status 404")
        found = self.pictures[place]
        return None if mark and found.mark == mark else found


def test_an_address_is_asked_once_unless_it_failed_or_all_are_to_be_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(monkeypatch)
    blue, red = "https://cdn.example/blue.png", "https://cdn.example/red.png"
    server.pictures[blue] = Picture(picture("blue"), 'ETag: "1"')
    rows = [ROWS["MUG-1"].replace("blue.png", blue), ROWS["MUG-2"].replace("red.png", red)]
    feed = desk.feed(also="".join(rows))
    assert len(desk.take(products=(feed,)).refused) == 1
    assert sorted(server.asked) == [(blue, ""), (red, "")]
    server.pictures[red] = Picture(picture("red"), 'ETag: "r"')
    server.asked.clear()
    assert desk.take(products=(feed,)).refused == []
    assert server.asked == [(red, "")], "what failed is asked again, though the feed is the same"
    server.asked.clear()
    desk.take(products=(feed,))
    desk.take(products=(desk.feed("LMP-1", also="".join(rows)),))
    assert server.asked == [], "what is had is not asked again"
    before = {p.sku: p.image for p in desk.parts.store.all_products()}
    server.pictures[blue] = Picture(picture("navy", "rectangle"), 'ETag: "2"')
    desk.take(products=(feed,), pictures_again=True)
    assert sorted(server.asked) == [(blue, 'ETag: "1"'), (red, 'ETag: "r"')]
    now = {p.sku: p.image for p in desk.parts.store.all_products()}
    assert now["MUG-1"] != before["MUG-1"] and now["MUG-2"] == before["MUG-2"]
    del server.pictures[blue]
    report = desk.take(products=(feed,), pictures_again=True)
    assert desk.parts.store.product("MUG-1").image == now["MUG-1"]  # type: ignore[union-attr]
    assert "with the picture it had" in report.refused[0].reason


def test_an_import_that_breaks_off_changes_nothing_and_keeps_its_pictures(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take(products=(desk.feed("LMP-1"),))
    many = "".join(ROWS["MUG-1"].replace("MUG-1", f"MUG-{n}") for n in range(600))

    def not_again(*_given: object, **_more: object) -> None:
        raise AssertionError("the picture is known")

    real = importing.products.read
    with monkeypatch.context() as patched:

        def read(path: Path, done: object, currency: str | None) -> Iterator[Product | Refused]:
            yield from real(path)
            raise KeyboardInterrupt

        patched.setattr("bot.importing.products.read", read)
        with pytest.raises(KeyboardInterrupt):
            desk.take(products=(desk.feed(also=many),))
    assert desk.sold() == ["LMP-1"] and desk.found("台灯")[0] == "LMP-1"
    monkeypatch.setattr("bot.product_pictures.fetch", not_again)
    assert desk.take(products=(desk.feed(also=many),)).taken["products"] == Changes(added=600, retired=1)


def test_a_further_feed_in_another_language_adds_its_titles(desk: Desk) -> None:
    ja = desk.file("ja.tsv", "id\ttitle\tprice\tavailability\tcontent_language\nLMP-1\t読書灯\t9 EUR\tin_stock\tja\n")
    assert desk.take(products=(desk.feed("MUG-1", "LMP-1"), ja)).taken["products"] == Changes(added=2)
    lamp = desk.parts.store.product("LMP-1")
    assert lamp is not None and lamp.titles["ja"] == "読書灯" and str(lamp.price) == "40.00"
    assert desk.found("読書灯")[0] == "LMP-1"
    desk.take(products=(ja,))
    alone = desk.parts.store.product("LMP-1")
    assert desk.sold() == ["LMP-1"] and alone is not None and (alone.title, str(alone.price)) == ("読書灯", "9")


def test_the_bar_tells_how_much_of_all_feeds_is_read(desk: Desk) -> None:
    desk.take(products=(desk.feed("MUG-1", name="a.tsv"), desk.feed("MUG-2", "LMP-1", name="b.tsv")))
    told = [part for name, part in desk.told if name == "products"]
    assert told == sorted(told) and told[-1] == 1 and 0 < told[0] < 1


def test_a_second_import_waits_for_the_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Parts(Settings(data=desk.folder / "data"))
    vars(other).update(text=desk.parts.text, vision=desk.parts.vision)
    first, second = desk.feed("MUG-1", name="a.tsv"), desk.feed("LMP-1", name="b.tsv")
    waiting, ended = threading.Event(), threading.Event()

    def told(name: str, _fraction: float) -> None:
        if name.startswith("waiting"):
            waiting.set()

    def run() -> None:
        import_feeds(Feeds(products=(second,)), other, told)
        other.store.close()
        ended.set()

    thread = threading.Thread(target=run)

    def start(name: str, _fraction: float) -> None:
        if not thread.ident:
            thread.start()
            assert waiting.wait(20) and not ended.is_set()

    import_feeds(Feeds(products=(first,)), desk.parts, start)
    thread.join(30)
    assert ended.is_set() and desk.sold() == ["LMP-1"]


def test_a_pipe_may_be_a_feed_and_is_never_taken_for_the_same(desk: Desk) -> None:
    for skus in (("MUG-1",), ("MUG-2", "LMP-1")):
        pipe = desk.folder / "feed.pipe"
        os.mkfifo(pipe)
        content = desk.feed(*skus).read_text(encoding="utf-8")
        writer = threading.Thread(target=pipe.write_text, args=(content, "utf-8"))
        writer.start()
        desk.take(products=(pipe,))
        writer.join()
        pipe.unlink()
        assert desk.sold() == sorted(skus)


PAIRS = ORDERS + "".join(
    f"P-{n},c-{n},,,,2026-11-03T10:00:00+01:00,EUR,{sku},1,9.00,sent,\n"
    for n in range(30)
    for sku in ("MUG-1", "BOX-1")
)
BOX = "BOX-1\tTin box\t铁盒\tعلبة\t9.00 EUR\tin_stock\t\t\t\n"
PEN = "PEN-1\tPen\t笔\tقلم\t2.00 EUR\tin_stock\t\t\t\n"


def goes_with(desk: Desk, sku: str) -> list[str]:
    """By an installation that is opened anew."""
    parts = Parts(desk.parts.settings)
    recommender = parts.recommender
    assert recommender is not None
    found = [one.sku for one in recommender.goes_with([sku], Asked()) if one.why.kind == "bought_with"]
    parts.store.close()
    return found


def test_what_is_bought_together_is_learnt_by_the_import_and_not_again_without_news(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = "".join(f"R-{n},d-{n},,,,2026-11-03T10:00:00+01:00,EUR,PEN-1,1,9.00,sent,\n" for n in range(90))
    products, orders = desk.feed("MUG-1", "LMP-1", also=BOX + PEN), desk.file("orders.csv", PAIRS + others)
    desk.take(products=(products,))
    assert goes_with(desk, "MUG-1") == []
    desk.take(orders=orders)
    assert goes_with(desk, "MUG-1") == ["BOX-1"]
    before = (desk.parts.recommendations / "current").readlink()
    assert "rules" in {name for name, _ in desk.told}
    with monkeypatch.context() as patched:

        def learn(*_given: object) -> None:
            raise KeyboardInterrupt

        patched.setattr("bot.importing.recommend_learn.build", learn)
        desk.take(products=(products,), orders=orders)  # nothing is new
        with pytest.raises(KeyboardInterrupt):
            desk.take(products=(desk.feed("MUG-1", "LMP-1", also=PEN),))
    link = desk.parts.recommendations / "current"
    assert link.readlink() == before, "what was learnt before is still there"
    desk.take(products=(desk.feed("MUG-1", "LMP-1", also=PEN),))  # the same feed: only what broke off is done
    assert goes_with(desk, "MUG-1") == []  # the box is sold no more
    assert link.readlink() != before
    assert [path.name for path in desk.parts.recommendations.glob("made-*")] == [str(link.readlink())]


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one" * 40, b"newer"])
def test_a_database_that_cant_be_read_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "shop.db"
    if content == b"newer":
        Parts(Settings(data=tmp_path)).store.close()
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '99'")
        connection.close()
    else:
        file.write_bytes(content)
    with pytest.raises(NotReady) as told:
        _ = Parts(Settings(data=tmp_path)).store
    assert str(file) in told.value.message and "\n" not in told.value.message
