"""What comes with the project: words beside a photo in any language, and photos that show nothing."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot import models, spoiling
from bot.demo import shop
from bot.fusion import query
from bot.parts import TRAINED
from bot.senses.text import E5
from bot.senses.vision import EfficientNetLite

KINDS = ("shoes", "lamp", "teapot", "umbrella", "camera", "scarf", "backpack", "watch")
WORDS = {
    "zh": ("鞋", "灯", "茶壶", "雨伞", "相机", "围巾", "背包", "手表"),
    "ar": ("حذاء", "مصباح", "إبريق شاي", "مظلة", "كاميرا", "وشاح", "حقيبة ظهر", "ساعة يد"),
    "de": ("Schuhe", "Lampe", "Teekanne", "Regenschirm", "Kamera", "Schal", "Rucksack", "Uhr"),
    "tr": ("ayakkabı", "lamba", "çaydanlık", "şemsiye", "kamera", "atkı", "sırt çantası", "saat"),
}


@pytest.fixture(scope="module")
def fusing() -> query.Fusing:
    return query.load(TRAINED)


@pytest.fixture(scope="module")
def encoder() -> E5:
    return E5(models.text_weights(), 1)


@pytest.mark.parametrize("tag", WORDS)
def test_a_word_lands_by_its_english(tag: str, fusing: query.Fusing, encoder: E5) -> None:
    english = fusing.words.english(encoder.passages(KINDS), "en")
    said = fusing.words.english(encoder.queries(WORDS[tag]), tag)
    near = said @ english.T
    assert (near.argmax(axis=1) == np.arange(len(KINDS))).mean() >= 0.75
    assert np.median(near.diagonal()) > fusing.late.floor, "what is said of the right kind is above the floor"


def test_spoilt_photos_show_nothing_and_pale_drawings_do(fusing: query.Fusing) -> None:
    vision = EfficientNetLite(models.vision_weights(), 1)
    drawn = sorted(shop.picture_names(shop.HERE / "products.tsv"))[::8]
    images = [Image.open(io.BytesIO(shop.draw(Path(name).stem))).convert("RGB") for name in drawn]
    assert fusing.telling.tells(vision.look(images).vectors).all()
    chance = np.random.default_rng(5)
    for how in ("black", "noise", "covered"):
        broken = [spoiling.picture(image, how, chance) for image in images]
        assert not fusing.telling.tells(vision.look(broken).vectors).any(), how
