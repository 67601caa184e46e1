"""A BERT-like and a ResNet of `transformers`, tiny and random, are trained into one space, kept, and loaded again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bot.fusion import encoders
from bot.fusion.encoders import Pair
from tests.fusion.tiny_encoders import saved

# The same eight things, said in English, Chinese and Arabic.
COLOURS = {
    "red": ("a red cup", "红色 杯子", "كوب أحمر", (220, 20, 20)),
    "green": ("a green cup", "绿色 杯子", "كوب أخضر", (20, 200, 40)),
    "blue": ("a blue cup", "蓝色 杯子", "كوب أزرق", (20, 40, 220)),
    "yellow": ("a yellow cup", "黄色 杯子", "كوب أصفر", (230, 220, 20)),
    "white": ("a white cup", "白色 杯子", "كوب أبيض", (240, 240, 240)),
    "black": ("a black cup", "黑色 杯子", "كوب أسود", (15, 15, 15)),
}
LANGUAGES = (0, 1, 2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    words = {word for said in COLOURS.values() for language in LANGUAGES for word in said[language].split()}
    return saved(tmp_path_factory.mktemp("encoders"), words)


def pictures(seed: int, each: int) -> tuple[list[Image.Image], list[int]]:
    random = np.random.default_rng(seed)
    found: list[Image.Image] = []
    for *_, colour in list(COLOURS.values()) * each:
        pixels = np.array(colour) * random.uniform(0.75, 1.0) + random.normal(0, 12, (32, 32, 3))
        found.append(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))
    return found, list(range(len(COLOURS))) * each


def said(items: Sequence[int], seed: int) -> list[str]:
    languages = np.random.default_rng(seed).choice(LANGUAGES, len(items))
    return [list(COLOURS.values())[item][language] for item, language in zip(items, languages, strict=True)]


def trained(folders: tuple[Path, Path]) -> Pair:
    pair = encoders.assemble(*folders, width=16, seed=3)
    photos, items = pictures(0, 8)
    encoders.train(pair, said(items, 0), photos, items, 5, steps=120, batch=24, rate=3e-3)
    return pair


def right(pair: Pair) -> float:
    """The share of words in each language that find a picture of their colour among pictures never seen."""
    photos, items = pictures(1, 2)
    shown = pair.encode(None, photos)
    hits = [
        items[int((pair.encode([colour[language]], None) @ shown.T).argmax())] == number
        for number, colour in enumerate(COLOURS.values())
        for language in LANGUAGES
    ]
    return float(np.mean(hits))


def test_words_in_three_languages_find_pictures_after_training_and_the_pair_comes_back_from_its_folder(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    before = right(encoders.assemble(*folders, width=16, seed=3))
    state = torch.random.get_rng_state()
    pair = trained(folders)
    assert torch.equal(state, torch.random.get_rng_state())
    assert before < 0.5 and right(pair) > 0.9, (before, right(pair))

    encoders.save(pair, tmp_path / "pair")
    again, photos = encoders.load(tmp_path / "pair"), pictures(1, 1)[0]
    words = [colour[0] for colour in COLOURS.values()]
    for text, photo in ((words, None), (None, photos), (words, photos)):
        np.testing.assert_allclose(again.encode(text, photo), pair.encode(text, photo), atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(pair.encode(text, photo), axis=1), 1, atol=1e-5)
    assert torch.equal(again.temperature(), pair.temperature())


def test_the_same_seed_teaches_the_same(folders: tuple[Path, Path]) -> None:
    photos, items = pictures(2, 1)
    found = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        pair = encoders.assemble(*folders, width=8, seed=0)
        encoders.train(pair, said(items, 0), photos, items, 1, steps=3)
        found.append(pair.encode(said(items, 0), photos))
    np.testing.assert_array_equal(*found)


def test_what_does_not_fit_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    pair = encoders.assemble(*folders, width=8, seed=0)
    with pytest.raises(ValueError, match="neither"):
        pair.encode(None, None)
    with pytest.raises(ValueError, match="pair up"):
        encoders.train(pair, ["a red cup"], [], [0], 0, steps=1)
    with pytest.raises((OSError, ValueError)):
        encoders.assemble(tmp_path, folders[1], width=8, seed=0)
    encoders.save(pair, tmp_path / "pair")
    (tmp_path / "pair" / "pair.json").write_bytes(b'{"width": 9}')
    with pytest.raises(ValueError, match="does not fit"):
        encoders.load(tmp_path / "pair")
