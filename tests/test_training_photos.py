"""A shop teaches its eyes: photos of products find them afterwards, and a table that is wrong is refused whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot import training_photos
from bot.errors import BadInput
from bot.importing import Feeds, import_feeds
from bot.parts import Parts
from bot.settings import Settings
from knowledge.search import Find
from tests.fakes import Encoder, Vision

COLOURS = ("navy", "crimson", "olive", "orange", "teal", "purple", "gold", "gray")


def photo(colour: str, shift: int, shade: int) -> Image.Image:
    """The thing as a phone sees it: elsewhere in the picture, before something, in other light."""
    image = Image.new("RGB", (96, 96), (shade, shade // 2, 90))
    ImageDraw.Draw(image).ellipse((20 + shift, 8, 78 + shift, 70), fill=colour)
    return image


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    made = Parts(Settings(data=tmp_path / "data", picture_copies=1))
    vars(made).update({"text": Encoder(), "vision": Vision()})
    rows = ["id\ttitle\ttitle[zh]\tprice\tavailability\timage_link"]
    for colour in COLOURS:
        clean = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(clean).ellipse((8, 8, 56, 56), fill=colour)
        clean.save(tmp_path / f"{colour}.png")
        rows.append(f"{colour}\tBall\t球\t9.00 EUR\tin_stock\t{colour}.png")
    (tmp_path / "products.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_feeds(Feeds(products=(tmp_path / "products.tsv",)), made, lambda _name, _part: None)
    return made


def table(folder: Path, each: int) -> Path:
    chance = np.random.default_rng(0)
    rows = ["photo,sku"]
    for number in range(each):
        for colour in COLOURS:
            name = f"{colour}-{number}.jpg"
            photo(colour, int(chance.integers(-12, 12)), int(chance.integers(40, 220))).save(folder / name)
            rows.append(f"{name},{colour}")
    (folder / "照片.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "照片.csv"


def found(parts: Parts, image: Image.Image) -> str:
    head = parts.photo_head
    assert head is not None
    looks = head.photos(np.asarray(parts.vision.look([image]).vectors))
    return parts.search.find(Find(photo_vectors=looks))[0].record


def test_photos_that_were_never_seen_find_their_product_once_it_was_taught(parts: Parts, tmp_path: Path) -> None:
    before = [found(parts, photo(colour, 9, 60)) == colour for colour in COLOURS]
    figures = training_photos.run(parts, table(tmp_path, 8))
    after = [found(parts, photo(colour, 9, 60)) == colour for colour in COLOURS]
    assert sum(after) >= 7 and sum(after) > sum(before)
    untaught, taught = (figure.value for figure in figures)
    assert taught is not None and untaught is not None and taught > untaught


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("photo,sku\nnavy-0.jpg,没有\n", "没有 is no product"),
        ("photo,sku\nnavy-0.jpg\n", "line 2"),
        ("photo,sku\n" + "navy.png,navy\n" * 3, "too few"),
        ("photo,sku\n" + "هناك.jpg,navy\n" * 30, "can't be read"),
    ],
)
def test_a_table_that_is_wrong_changes_nothing(parts: Parts, tmp_path: Path, rows: str, said: str) -> None:
    kept = parts.photo_head_file.read_bytes()
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        training_photos.run(parts, tmp_path / "t.csv")
    assert parts.photo_head_file.read_bytes() == kept
