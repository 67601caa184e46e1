"""What is read of photographed labels, as far as the bot can use it: order and tracking numbers, SKUs, GTINs.

The labels are drawn (label_drawing.py): none of them, nor their damages, were any model's lessons, and a real photo is
harder. A number is found where `bot.entities` makes a code of what was read that the store would know it by.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from tqdm import tqdm

from bot.entities import find
from bot.measures.figures import Figure
from bot.measures.label_drawing import DAMAGES, LAYOUTS, WORDS, Label, font_file, label, numbers_of, photographed
from bot.measures.shared import DATA
from bot.parts import Parts
from bot.seams import Reader
from knowledge.identifiers import asked_names, normal_identifier

ANGLES = (0, 4, -12, 25, -25, 60, 90, 180, 270)
COUNT = 270
SEED = 20261124
_ORDERS = range(100_000, 110_000)  # numbers that all are orders of the shop: a digit that is misread hits another
_GOODS = ("BAG", "TSH", "MUG")
_TIMED = 24  # photos of each kind
_RUNS = 3


@dataclass(frozen=True)
class _Photo:
    label: Label
    picture: Image.Image
    language: str
    degrees: float
    damage: str


def measure(parts: Parts) -> list[Figure]:
    """The share of numbers found, in letters, in barcodes and at all, by what makes it hard; false finds; the time."""
    photos = list(_photos())
    shares: dict[str, list[bool]] = defaultdict(list)
    read = [_codes(parts.reader, photo.picture) for photo in tqdm(photos, desc="labels read", leave=False)]
    known = {name for photo in photos for _, number in numbers_of([photo.label]) for name in asked_names(number)}
    known |= {normal_identifier(f"A-{number}") for number in _ORDERS}
    false = 0
    for photo, (printed, barred) in zip(photos, read, strict=True):
        by = ("", f" of labels in {photo.language}", f" of labels at {photo.degrees:g}°", f" of {photo.damage} labels")
        for numbers, found, how in (
            (photo.label.printed, printed, "letters"),
            (photo.label.barred, barred, "barcodes"),
        ):
            for kind, number in numbers:
                hit = not found.isdisjoint(asked_names(number))
                for what in by if how == "letters" else (by[0], *by[2:]):  # bars speak no language
                    shares[f"numbers in {how}{what}"].append(hit)
                shares[f"{kind} in {how}"].append(hit)
        there = {name for _, number in numbers_of([photo.label]) for name in asked_names(number)}
        shares["numbers of a label, either way"] += [
            not (printed | barred).isdisjoint(asked_names(number)) for _, number in numbers_of([photo.label])
        ]
        false += len((printed | barred) & known - there)
    figures = [
        Figure(name=name, value=float(np.mean(hits)), n=len(hits), spread=_spread(hits))
        for name, hits in sorted(shares.items())
    ]
    skipped = [language for language in WORDS if font_file(language) is None]
    missing = "no font here for " + ", ".join(skipped) if skipped else ""
    figures.append(
        Figure(
            name="numbers of the shop that were not there",
            value=float(false),
            n=len(photos),
            better="less",
            note=missing,
        )
    )
    return [*figures, *_times(parts, [photo.picture for photo in photos])]


def _photos() -> Iterator[_Photo]:
    """Every layout at every angle, the damages and the languages turn about."""
    rng, light = random.Random(SEED), np.random.default_rng(SEED)  # noqa: S311  no secret
    languages = [language for language in WORDS if font_file(language) is not None]
    for n in tqdm(range(COUNT), desc="labels drawn", leave=False):
        layout, degrees = LAYOUTS[n % len(LAYOUTS)], ANGLES[n // len(LAYOUTS) % len(ANGLES)]
        damage = DAMAGES[(n + n // len(LAYOUTS)) % len(DAMAGES)]
        # Every second label is in English.
        language = languages[n // 2 % len(languages)] if n % 2 else "en"
        order = f"A-{rng.choice(_ORDERS)}"
        sku = f"{rng.choice(_GOODS)}-{rng.randrange(1_000, 10_000)}-{rng.choice(('BLU', 'RED', 'XL'))}"
        made = label(layout, language, rng, order, sku)
        picture = photographed(made.picture, degrees + light.uniform(-2, 2), damage, light)
        yield _Photo(made, picture, language, degrees, damage)


def _codes(reader: Reader, picture: Image.Image) -> tuple[set[str], set[str]]:
    """The names of records that what was read in letters and in barcodes would be looked up by."""
    said = (reader.read(picture), " ".join(reader.barcodes(picture)))
    printed, barred = (
        {name for code in find(text, "en", frozenset()).codes for name in asked_names(code)} for text in said
    )
    return printed, barred


def _spread(hits: list[bool]) -> dict[str, float]:
    """Wilson's interval of 90 % (1927)."""
    n, share, z = len(hits), float(np.mean(hits)), 1.645
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return {"p5": float((middle - half) / (1 + z * z / n)), "p95": float((middle + half) / (1 + z * z / n))}


def _times(parts: Parts, labels: list[Image.Image]) -> list[Figure]:
    """Reading and barcodes together as multiples of the look at the same photo, turn about, best of three."""
    figures = [_ratio(parts, "a label's photo, 1200 × 1600", labels[:: max(1, len(labels) // _TIMED)])]
    if DATA is None:
        return figures
    files = sorted((DATA / "grocery").rglob("*.jpg"))
    some = [Image.open(file).convert("RGB") for file in files[:: max(1, len(files) // _TIMED)]]
    large = [photo.resize((1_200, 1_200), Image.Resampling.BICUBIC) for photo in some]
    return [
        *figures,
        _ratio(parts, "a photo of groceries", some),
        _ratio(parts, "the same, enlarged to 1200 × 1200", large),
    ]


def _ratio(parts: Parts, name: str, photos: list[Image.Image]) -> Figure:
    reader, vision = parts.reader, parts.vision
    ratios = []
    for photo in tqdm(photos, desc="photos timed", leave=False):
        best = [np.inf, np.inf]
        for _ in range(_RUNS):
            started = time.perf_counter()
            reader.read(photo)
            reader.barcodes(photo)
            between = time.perf_counter()
            vision.look([photo])
            best = [min(best[0], between - started), min(best[1], time.perf_counter() - between)]
        ratios.append(best[0] / best[1])
    spread = {"p95": float(np.quantile(ratios, 0.95))}
    return Figure(
        name=f"reading ÷ looking, {name}", value=float(np.median(ratios)), n=len(ratios), better="less", spread=spread
    )
