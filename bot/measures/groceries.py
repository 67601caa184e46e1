"""Queries of a photo and a few words about the groceries of Klasson et al. (2019), as the fusion methods see them.

A shop has one clean picture of each of 81 products, a title, a description and what its kind is called. A customer
sends a photo taken in a shop and says what kind of thing it is, or what they want instead ("this one, but organic"),
in a word of Chinese, Spanish or Arabic. The words are this project's own: fusion_words.tsv and fusion_wishes.tsv.
"""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from bot.fusion.photo_head import untaught
from bot.measures.queries import Asked, Goods, Trials, asked, trials
from bot.measures.spoken import SPOKEN, can_speak, heard
from bot.parts import Parts

LANGUAGES = ("zh", "es", "ar")
WORD, WISH = "a word for the kind", "this one, but …"
_HERE = Path(__file__).resolve().parent
_PHOTOS = 20  # of a product


def read(parts: Parts, folder: Path) -> Trials:
    """The goods, and photos with the word for their kind, with a wish, and with the word spoken, where something can
    speak. Pictures and photos are brought together by a head that knows the shop's own pictures alone."""
    goods, names = sold(folder)
    queries = {WORD: kinds_asked(goods), WISH: wishes_asked(goods, names)}
    if can_speak():
        queries[SPOKEN] = heard(parts, queries[WORD])
    photos = f"{len(goods.shown)} photos taken in shops"
    return trials(parts, goods, queries, lambda looks: untaught(looks.pictures, looks.copies), photos)


def sold(folder: Path) -> tuple[Goods, list[str]]:
    """The products with up to _PHOTOS photos of each, train and val together, and their names as the data have them."""
    with (folder / "products.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    photos: list[tuple[Path, int]] = []
    for part in ("train", "val"):
        with (folder / f"{part}.csv").open(encoding="utf-8") as file:
            photos += [(folder / row["photo"], int(row["fine_id"])) for row in csv.DictReader(file)]
    taken = [one for number in range(len(rows)) for one in islice((p for p in photos if p[1] == number), _PHOTOS)]
    goods = Goods(
        [f"{_plain(row['coarse_name'])}, {_plain(row['name'])}. {row['description']}" for row in rows],
        [_plain(row["coarse_name"]) for row in rows],
        [frozenset(row["name"].split("-")) for row in rows],
        np.arange(len(rows)),
        np.array([number for _, number in taken]),
        lambda number: _opened(folder / rows[number]["iconic"]),
        lambda number: _opened(taken[number][0]),
    )
    return goods, [row["name"] for row in rows]


def kinds_asked(goods: Goods) -> Asked:
    """Each photo with the word for its kind, in each language."""
    table = {_plain(row[0]): row[1:] for row in _table("fusion_words.tsv")}
    return asked(
        (photo, table[goods.kinds[shown]][at], tag, shown)
        for photo, shown in enumerate(goods.shown.tolist())
        for at, tag in enumerate(LANGUAGES)
    )


def wishes_asked(goods: Goods, names: list[str]) -> Asked:
    """Each photo of a product that somebody wants another one in place of, with the wish in each language."""
    number = {name: at for at, name in enumerate(names)}
    wishes = [(number[row[0]], number[row[1]], row[2:]) for row in _table("fusion_wishes.tsv")]
    return asked(
        (photo, said[at], tag, wanted)
        for there, wanted, said in wishes
        for photo in np.flatnonzero(goods.shown == there).tolist()
        for at, tag in enumerate(LANGUAGES)
    )


def _opened(file: Path) -> Image.Image:
    return Image.open(file).convert("RGB")


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _table(name: str) -> list[list[str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]
