"""What the vision encoder sees in real photos."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image

from bot import models
from bot.senses.vision import EfficientNetLite, _Network
from tests.shared import DATA, needs_data

# Groceries that are ImageNet classes as well, and the names that tell them.
NAMES = {
    "Banana": "banana", "Lemon": "lemon", "Orange": "orange", "Granny-Smith": "Granny Smith", "Pineapple": "pineapple",
    "Pomegranate": "pomegranate", "Zucchini": "zucchini", "Cucumber": "cucumber", "Red-Bell-Pepper": "bell pepper",
    "Cabbage": "head cabbage",
}  # fmt: skip


@pytest.fixture(scope="module")
def vision() -> EfficientNetLite:
    return EfficientNetLite(models.vision_weights(), threads=2)


def groceries(split: str, each: int) -> list[tuple[str, Image.Image]]:
    assert DATA
    with (DATA / "grocery" / "products.csv").open(encoding="utf-8") as file:
        product = {row["fine_id"]: row["name"] for row in csv.DictReader(file)}
    taken: dict[str, list[Image.Image]] = {}
    with (DATA / "grocery" / f"{split}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = product[row["fine_id"]]
            if name in NAMES and len(taken.setdefault(name, [])) < each:
                with Image.open(DATA / "grocery" / row["photo"]) as photo:
                    taken[name].append(photo.convert("RGB"))
    return [(name, image) for name, images in taken.items() for image in images]


@needs_data
def test_groceries_are_called_by_their_names(vision: EfficientNetLite) -> None:
    photos = groceries("val", each=4)
    look = vision.look([image for _, image in photos])
    right = [NAMES[name] in labels for (name, _), labels in zip(photos, look.labels, strict=True)]
    assert len(photos) >= 30
    assert sum(right) >= 0.8 * len(photos)


@needs_data
def test_photos_of_one_thing_lie_closer_than_those_of_two(vision: EfficientNetLite) -> None:
    """The nearest neighbour out of photos of ten groceries is mostly the same grocery."""
    known, asked = groceries("train", each=4), groceries("val", each=2)
    near = vision.look([image for _, image in asked]).vectors @ vision.look([image for _, image in known]).vectors.T
    hits = [known[j][0] == name for (name, _), j in zip(asked, near.argmax(1), strict=True)]
    assert sum(hits) >= 0.8 * len(hits)


@needs_data
def test_clothes_are_told_apart(vision: EfficientNetLite) -> None:
    assert DATA
    seen = {}
    for kind in ("shoes", "t-shirt"):
        files = sorted((DATA / "clothing" / "validation" / kind).iterdir())[:10]
        seen[kind] = [label for labels in vision.look([Image.open(file) for file in files]).labels for label in labels]
    shoes = {"running shoe", "Loafer", "sandal", "clog", "cowboy boot", "sock"}
    assert len(shoes.intersection(seen["shoes"])) >= 2
    assert "jersey" in seen["t-shirt"]
    assert "jersey" not in seen["shoes"]


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(vision: EfficientNetLite) -> None:
    rng = np.random.default_rng(3)
    shapes = ((300, 200), (200, 300), (20, 20), (1, 1), (3000, 30), (640, 480))
    images = [Image.fromarray(rng.integers(0, 255, (high, wide, 3), np.uint8)) for wide, high in shapes] * 4
    look = vision.look(images)
    assert look.vectors.shape == (24, 1280)
    assert look.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(look.vectors, axis=1), 1, atol=1e-5)
    for row in (0, 4, 17):
        np.testing.assert_allclose(look.vectors[row], vision.look([images[row]]).vectors[0], atol=1e-3)
    assert all(len(labels) <= 3 for labels in look.labels)


def test_no_picture_gives_no_row(vision: EfficientNetLite) -> None:
    look = vision.look([])
    assert look.vectors.shape == (0, 1280)
    assert look.labels == ()


def test_other_modes_are_taken_as_they_look(vision: EfficientNetLite) -> None:
    grey = Image.linear_gradient("L").resize((300, 300))
    a, b = vision.look([grey, grey.convert("RGB")]).vectors
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_folding_changes_nothing_but_the_time(vision: EfficientNetLite) -> None:
    plain = _Network()
    plain.load_state_dict(torch.load(models.vision_weights(), weights_only=True), strict=True)
    picture = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        torch.testing.assert_close(plain.eval()(picture), vision._network(picture), atol=1e-4, rtol=1e-3)
