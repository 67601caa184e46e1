"""The vectors of a shop's pictures are made again once what makes them is set otherwise, and not else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot import training_photos
from bot.importing import Feeds, import_feeds
from bot.parts import Parts
from bot.settings import Settings
from knowledge.search import Find
from tests.fakes import Encoder, Vision

COLOURS = ("navy", "crimson", "olive", "orange", "teal", "purple", "gold", "gray")


class Counting(Vision):
    """How many pictures it has looked at."""

    seen = 0

    def look(self, images: list[Image.Image]):  # type: ignore[no-untyped-def]
        self.seen += len(images)
        return super().look(images)


def ball(colour: str, background: str = "white", at: int = 8) -> Image.Image:
    image = Image.new("RGB", (64, 64), background)
    ImageDraw.Draw(image).ellipse((at, 8, at + 48, 56), fill=colour)
    return image


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = ["id\ttitle\ttitle[zh]\ttitle[ar]\tprice\tavailability\timage_link"]
    for colour in COLOURS:
        ball(colour).save(tmp_path / f"{colour}.png")
        rows.append(f"{colour}\tBall\t球\tكرة\t9.00 EUR\tin_stock\t{colour}.png")
    (tmp_path / "products.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def imported(shop: Path, copies: int) -> tuple[Parts, int]:
    """The shop as a program that starts now imports it, and how many pictures that looked at."""
    parts = Parts(Settings(data=shop / "data", picture_copies=copies))
    eyes = Counting()
    vars(parts).update({"text": Encoder(), "vision": eyes})
    import_feeds(Feeds(products=(shop / "products.tsv",)), parts, lambda _name, _part: None)
    return parts, eyes.seen


def found(parts: Parts) -> list[tuple[str, float]]:
    """What each ball finds first, and how near it is."""
    head = parts.photo_head
    assert head is not None
    looks = [head.photos(np.asarray(parts.vision.look([ball(colour, "beige")]).vectors)) for colour in COLOURS]
    hits = [parts.search.find(Find(photo_vectors=look))[0] for look in looks]
    return [(hit.record, round(hit.score, 5)) for hit in hits]


@pytest.mark.parametrize("now", [0, 2, 3])
def test_another_number_of_copies_makes_the_vectors_again_once(shop: Path, now: int) -> None:
    before, _ = imported(shop, 1)
    name = before.photo_encoder
    _, again = imported(shop, 1)
    assert again == 0
    after, looked = imported(shop, now)
    assert looked == len(COLOURS) * (1 + now)
    assert after.photo_encoder != name
    assert after.photo_head is not None and after.photo_head.copies == now
    for feed in ("products.tsv", *(f"{colour}.png" for colour in COLOURS)):
        (shop / "new").mkdir(exist_ok=True)
        (shop / "new" / feed).write_bytes((shop / feed).read_bytes())
    assert found(after) == found(imported(shop / "new", now)[0]), "as a shop that had it so from the first"
    assert imported(shop, now)[1] == 0


def test_what_photos_have_taught_stays(shop: Path) -> None:
    parts, _ = imported(shop, 1)
    rows = ["photo,sku"]
    for colour in COLOURS:
        for number, background in enumerate(("white", "beige", "black", "pink")):
            ball(colour, background, 4 + 3 * number).save(shop / f"{colour}-{number}.jpg")
            rows.append(f"{colour}-{number}.jpg,{colour}")
    (shop / "照片.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    training_photos.run(parts, shop / "照片.csv")
    taught = parts.photo_head
    after, looked = imported(shop, 2)
    head = after.photo_head
    assert looked == len(COLOURS) * 3
    assert head is not None and taught is not None and head.metric is not None
    assert head.taught == taught.taught and np.array_equal(head.metric, taught.metric)  # type: ignore[arg-type]
    assert head.handicap == taught.handicap
    assert imported(shop, 2)[1] == 0


def test_a_head_that_says_no_number_is_made_again(shop: Path) -> None:
    parts, _ = imported(shop, 1)
    with np.load(parts.photo_head_file) as held:
        old = {name: held[name] for name in held.files if name != "copies"}
    np.savez_compressed(parts.photo_head_file, allow_pickle=False, **old)
    assert parts.photo_head is not None and parts.photo_head.copies is None
    after, looked = imported(shop, 1)
    assert looked == len(COLOURS) * 2
    assert after.photo_head is not None and after.photo_head.copies == 1
