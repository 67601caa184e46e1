"""A shop as large as wanted, to measure an import with: products with titles in seven languages, and their pictures.

Everything follows from the seed and a product's number, so the same shop comes again. A shop has states: in the next
one, some products are gone, some are new, and some have changed their price or their text.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from PIL import Image, ImageDraw

LANGUAGES = ("en", "zh", "ar", "es", "ru", "ja", "de")
THINGS = (
    ("enamel mug", "搪瓷杯", "كوب مينا", "taza esmaltada", "эмалированная кружка", "ホーローマグ", "Emaillebecher"),
    ("rucksack", "双肩包", "حقيبة ظهر", "mochila", "рюкзак", "リュックサック", "Rucksack"),
    ("reading lamp", "阅读灯", "مصباح قراءة", "lámpara de lectura", "настольная лампа", "読書灯", "Leselampe"),
    ("wool scarf", "羊毛围巾", "وشاح صوف", "bufanda de lana", "шерстяной шарф", "ウールマフラー", "Wollschal"),
    ("rain jacket", "雨衣", "سترة مطر", "chubasquero", "дождевик", "レインジャケット", "Regenjacke"),
    ("tea pot", "茶壶", "إبريق شاي", "tetera", "чайник", "急須", "Teekanne"),
    ("running shoe", "跑鞋", "حذاء جري", "zapatilla de correr", "беговая кроссовка", "ランニングシューズ", "Laufschuh"),
    ("sleeping bag", "睡袋", "كيس نوم", "saco de dormir", "спальный мешок", "寝袋", "Schlafsack"),
)  # fmt: skip
COLOURS = (
    ("blue", "蓝色", "أزرق", "azul", "синий", "青", "blau"),
    ("red", "红色", "أحمر", "rojo", "красный", "赤", "rot"),
    ("green", "绿色", "أخضر", "verde", "зелёный", "緑", "grün"),
    ("grey", "灰色", "رمادي", "gris", "серый", "灰色", "grau"),
)
DETAILS = (
    "Made to last, with parts that can be replaced.", "Weighs little and packs small.", "Care: wash by hand, dry flat.",
    "The seams are taped and the zips are covered.", "Two years of warranty.", "Comes in a box made of paper alone.",
    "Fits in hand luggage.", "Holds warmth for hours.", "Tested in our own workshop.", "Can be repaired by us.",
)  # fmt: skip
HEADER = (
    "id", "title", *(f"title[{tag}]" for tag in LANGUAGES[1:]), "description", "price", "availability", "brand", "mpn",
    "item_group_id", "color", "size", "product_type", "image_link",
)  # fmt: skip
VARIANTS = 5  # products of one group
PICTURES = 200  # files that all products share

# Of a thousand products, how many are not there in a state, and how many change from one to the next.
GONE = 50
CHANGED = 200


def write_feed(file: Path, products: int, state: int = 0, seed: int = 0) -> None:
    """Writes a feed (TSV) of so many products, and beside it the pictures that it names."""
    _draw_pictures(file.parent / "pictures")
    with file.open("w", encoding="utf-8", newline="") as opened:
        written = csv.writer(opened, delimiter="\t", lineterminator="\n")
        written.writerow(HEADER)
        written.writerows(islice(_rows(state, seed), products))


def _rows(state: int, seed: int) -> Iterator[list[str]]:
    for number in count():
        lot = random.Random(f"{seed} {number}")  # noqa: S311  no secret
        if lot.randrange(1000) // GONE != state:  # each state lacks others
            changes = state if lot.randrange(1000) < CHANGED else 0
            yield _row(number, lot, changes)


def _row(number: int, lot: random.Random, changes: int) -> list[str]:
    group, variant = divmod(number, VARIANTS)
    thing = THINGS[group % len(THINGS)]
    colour = COLOURS[variant % len(COLOURS)]
    titles = [f"{name} {group}, {shade}" for name, shade in zip(thing, colour, strict=True)]
    details = " ".join(lot.sample(DETAILS, 4))
    text = f"{titles[0]}. {details}" + f" Edition {changes}." * bool(changes)
    return [
        f"GEN-{number:07}", *titles, text, f"{lot.randrange(500, 20_000) / 100 + changes:.2f} EUR",
        lot.choice(("in_stock", "in_stock", "out_of_stock", "preorder")), f"Maker {group % 97}", f"M{group}-{variant}",
        f"G{group}", colour[0], lot.choice(("S", "M", "L", "")), f"Shop > {thing[0]}",
        f"pictures/{group % PICTURES}.png",
    ]  # fmt: skip


def _draw_pictures(folder: Path) -> None:
    if folder.exists():
        return
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        lot = random.Random(number)  # noqa: S311
        image = Image.new("RGB", (320, 320), tuple(lot.choices(range(160, 256), k=3)))
        draw = ImageDraw.Draw(image)
        for _ in range(6):
            x, y = lot.randrange(240), lot.randrange(240)
            draw.ellipse((x, y, x + 80, y + 80), fill=tuple(lot.choices(range(200), k=3)))
        image.save(folder / f"{number}.png")
