"""A shop compares methods of fusion on its own catalogue: a table and plots, and what does not fit is refused."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bot import training_catalogue, training_encoders, training_methods
from bot.__main__ import main
from bot.errors import BadInput, NotReady
from bot.fusion.train import LATE, LATE_ALONE, WAYS
from bot.importing import Feeds, import_feeds
from bot.measures.queries import Asked
from bot.parts import Parts
from bot.settings import Settings
from bot.training_methods import LOADED
from tests.fakes import FUSING, Encoder, Vision
from tests.fusion.tiny_encoders import saved

# Of each thing its name in the feed's three languages; each comes in two colours.
THINGS = ("ball 球 كرة", "box 盒子 صندوق", "kite 风筝 طائرة", "cup 杯子 كوب", "hat 帽子 قبعة", "lamp 灯具 مصباح")
COLOURS = ("red 红色 أحمر", "blue 蓝色 أزرق", "green 绿色 أخضر", "yellow 黄色 أصفر")
FEW = LATE_ALONE | {"CCA": WAYS["CCA"]}


def drawn(thing: int, colour: str) -> Image.Image:
    image = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(image).regular_polygon((48, 48, 34), thing + 3, rotation=17 * thing, fill=colour)
    return image


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """Twenty-four things, whose titles say what they are and of which colour."""
    made = Parts(Settings(data=tmp_path / "data", picture_copies=1))
    vars(made).update({"text": Encoder(), "vision": Vision(), "_fusing": replace(FUSING, telling=None)})
    rows = [["id", "item_group_id", "title", "title[zh]", "title[ar]", "color", "product_type", "price",
             "availability", "image_link"]]  # fmt: skip
    for number, thing in enumerate(THINGS):
        for at, colour in enumerate(COLOURS):
            names, tints = thing.split(), colour.split()
            drawn(number, tints[0]).save(tmp_path / f"{number}-{at}.png")
            titles = [f"{tints[0]} {names[0]}", f"{tints[1]} {names[1]}", f"{names[2]} {tints[2]}"]
            rows.append([f"T-{number}{at}", f"T-{number}{at // 2}", *titles, tints[0], f"Toys > {names[0]}", "9.00 EUR",
                         "in_stock", f"{number}-{at}.png"])  # fmt: skip
    with (tmp_path / "products.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    import_feeds(Feeds(products=(tmp_path / "products.csv",)), made, lambda _name, _part: None)
    return made


def misheard(_parts: Parts, asked: Asked) -> Asked:
    """Words of English are not heard at all."""
    return replace(
        asked, words=["" if tag == "en" else word for word, tag in zip(asked.words, asked.language, strict=True)]
    )


def test_methods_are_compared_and_the_encoders_of_two_folders_beside_them(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (requirements-train.lock)")
    monkeypatch.setattr(training_methods, "WAYS", FEW)
    monkeypatch.setattr(training_methods, "can_speak", lambda: True)
    monkeypatch.setattr(training_methods, "heard", misheard)
    monkeypatch.setattr(training_encoders, "STEPS", 3)
    monkeypatch.setattr(training_catalogue, "_COPIES", 1)
    folders = saved(tmp_path, " ".join((*THINGS, *COLOURS)).split())
    figures = training_methods.run(parts, tmp_path / "表", encoders=folders)

    standings = json.loads((tmp_path / "表" / "table.json").read_bytes())
    assert set(standings) == {"a word", "this one, but …", "the word spoken"}
    methods = [LOADED, *FEW, training_encoders.NAME]
    shares = {}
    for name, rows in standings.items():
        assert [row["name"] for row in rows[1:]] == ["photo alone", *methods]
        assert all(row["recall"]["low"] <= row["recall"]["mean"] <= row["recall"]["high"] for row in rows)
        shares[name] = {row["name"]: row["recall"]["mean"] for row in rows}
    said, heard = shares["a word"], shares["the word spoken"]
    assert said[LATE] > said["photo alone"] > 0.1 and said[LATE] > said["text alone"] + 0.1
    assert heard["speech alone"] < said["text alone"], "a third of the words are not heard"
    assert shares["this one, but …"]["photo alone"] < 0.1, "a photo of another colour cannot say which is wanted"

    table = (tmp_path / "表" / "table.md").read_text(encoding="utf-8")
    assert "24 products with pictures, 24 altered copies" in table and "## The word spoken" in table
    assert all(table.count(f"| {name} |") == 3 for name in methods)
    assert {f"a word: {name}" for name in methods} < {figure.name for figure in figures}
    for plot in ("recall.png", "lost.png"):
        image = Image.open(tmp_path / "表" / plot)
        assert min(image.size) > 200 and len(np.unique(np.asarray(image.convert("L")))) > 20


def test_the_shop_s_own_photos_ask_where_it_gives_them(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_methods, "can_speak", lambda: False)
    rows = ["photo,sku"]
    for number in range(len(THINGS)):
        for at, colour in enumerate(COLOURS):
            name = f"foto-{number}-{at}.jpg"
            drawn(number, colour.split()[0]).rotate(9, fillcolor="gray").save(tmp_path / name)
            rows.append(f"{name},T-{number}{at}")
    (tmp_path / "fotos.csv").write_text("\n".join(rows), encoding="utf-8")
    trials = training_methods.of_shop(parts, tmp_path / "fotos.csv")
    assert trials.photos == "24 photos of the shop's own"
    assert sorted(trials.goods.shown.tolist()) == list(range(24))
    asked, trial = trials.asked["a word"]
    for word in ("红色", "أحمر", "kite", "red"):
        meant = {trials.goods.pages[item] for item in trial.item[[said == word for said in asked.words]]}
        assert 2 <= len(meant) <= 12, f"{word} is partial evidence"
    assert (trial.item == trial.shown).all()
    wishes = trials.asked["this one, but …"][1]
    assert (trials.goods.groups[wishes.item] == trials.goods.groups[wishes.shown]).all()
    assert (wishes.item != wishes.shown).all()


def test_words_that_are_spoken_are_few_and_keep_all_their_photos() -> None:
    words = [f"词{number}" for number in range(200) for _ in range(3)]
    some = training_methods.some_words(Asked(np.arange(600), words, ["zh"] * 600, np.arange(600)))
    assert len(set(some.words)) == 120 and len(some.words) == 360
    assert all(words[photo] == word for photo, word in zip(some.photo, some.words, strict=True))


def test_what_can_not_be_compared_is_refused_before_anything_is_written(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.training_plots.ready", lambda: None)
    empty = Parts(Settings(data=tmp_path / "empty"))
    with pytest.raises(BadInput, match="0 products with pictures"):
        training_methods.run(empty, tmp_path / "out")
    with pytest.raises(BadInput, match="no text and picture encoders"):
        training_methods.run(parts, tmp_path / "never", encoders=(tmp_path, tmp_path))
    assert not (tmp_path / "never").exists()
    monkeypatch.setattr(training_methods, "DATA", None)
    with pytest.raises(BadInput, match="shared data"):
        training_methods.run(parts, tmp_path / "out", shared=True)
    for wrong in (["--shared"], ["--encoders", "a", "b"], ["--methods", "x", "--shared", "--photos", "y"]):
        assert main(["train", "--data", str(tmp_path / "data"), *wrong]) == 1
        assert "--shared" in capsys.readouterr().err


def test_without_matplotlib_it_says_how_to_get_it(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotReady, match="requirements-train"):
        training_methods.run(parts, tmp_path / "out")
