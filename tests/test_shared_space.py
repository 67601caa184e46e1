"""A checkpoint whose text and photos share a space, by setting: photos find products, and texts find pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.conversations import Topic
from bot.engine import ignore
from bot.errors import NotReady
from bot.importing import Feeds, import_feeds
from bot.messages import Message, Photo, Text
from bot.parts import Parts
from bot.settings import Settings
from bot.understand import Stopwatch, Understanding
from knowledge.search import Find
from tests.fakes import Encoder, Reader, picture
from tests.senses.test_vision_shared_space import saved


@pytest.mark.parametrize("said", ["红色的杯子", "كوب أحمر", "punainen muki"])
def test_photo_and_text_both_reach_the_pictures(tmp_path: Path, said: str) -> None:
    parts = Parts(Settings(data=tmp_path / "data", vision=str(saved("clip", tmp_path / "clip"))))
    vars(parts).update({"text": Encoder(), "reader": Reader()})
    rows = ["id\ttitle\tprice\tavailability\timage_link"]
    for colour in ("red", "navy", "olive"):
        (tmp_path / f"{colour}.png").write_bytes(picture(colour))
        rows.append(f"{colour}\tMug\t9.00 EUR\tin_stock\t{colour}.png")
    (tmp_path / "products.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_feeds(Feeds(products=(tmp_path / "products.tsv",)), parts, lambda _name, _part: None)
    assert not parts.photo_head_file.exists(), "it would move photos away from texts"
    understand = Understanding(parts.senses, parts.settings, frozenset)

    shown = understand(Message("1", "c", (Photo(picture("navy")),)), Topic(), ignore, Stopwatch())
    assert parts.search.find(Find(photo_vectors=shown.photo_vectors))[0].record == "navy"
    asked = understand(Message("2", "c", (Text(said),)), Topic(), ignore, Stopwatch())
    assert asked.pictured is not None and asked.photo_vectors is None
    found = parts.search.find(Find(pictured=asked.pictured))
    images = [Image.open(tmp_path / f"{colour}.png").convert("RGB") for colour in ("red", "navy", "olive")]
    cosines = parts.vision.look(images).vectors @ asked.pictured
    assert found[0].record == ("red", "navy", "olive")[int(np.argmax(cosines))]
    assert found[0].source.photo == pytest.approx(float(cosines.max()), abs=0.01)


def test_a_folder_without_a_model_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no folder"):
        _ = Parts(Settings(data=tmp_path, vision=str(tmp_path / "没有"))).vision
