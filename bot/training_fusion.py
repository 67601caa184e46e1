"""Fits what comes with the project for fusion: words of other languages, and which photos show nothing.

Words are learnt from the names of emoji in 13 languages (CLDR's, by the package emoji), photos from those of clothing,
where the shared data are. Groceries judge both and teach neither.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from bot import spoiling
from bot.demo import shop
from bot.fusion import late, query, telling, words
from bot.fusion.features import F32, I64, centred
from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.parts import TRAINED, Parts
from bot.settings import LANGUAGES

_TABLE = Path(__file__).resolve().parent / "measures" / "clothing_words.tsv"
_TAGS = ("en", "zh", "es", "ar")  # of its columns
_CHANCE = 0.95
_DRAWN = 4  # times that a drawing counts: there are few
_HELD_OUT = 300  # names that the maps are judged by
_LONGEST = 4  # words of a name
_EACH = 2  # every second photo of clothing
_BATCH = 64


def run(parts: Parts) -> list[Figure]:
    """Writes what `fusion.query` loads, and says how good it is on what it was not fitted on."""
    names = emoji_names(LANGUAGES)
    vectors = {tag: parts.text.queries(said) for tag, said in names.items()}
    figures = [_held_out(vectors)]
    maps = words.fit(vectors)
    maps.save(TRAINED / query.WORDS)
    if DATA is None:
        note = "left as they are: the shared photos of clothing are not on this machine"
        return [*figures, Figure(name="photos that show something", value=None, note=note)]
    sound, spoilt, kind = _clothing(parts, DATA / "clothing")
    half = np.arange(len(sound)) % 2 == 0
    drawn = _drawings(parts)
    known = np.concatenate([sound[half], *[drawn[::2]] * _DRAWN])
    trial = telling.fit(known, np.concatenate([some[half] for some in spoilt.values()]))
    shares = {how: float(trial.tells(some[~half]).mean()) for how, some in spoilt.items()}
    shown = float(trial.tells(sound[~half]).mean())
    shares["drawings"] = float(trial.tells(drawn[1::2]).mean())
    figures.append(Figure(name="photos taken to show something", value=shown, n=int((~half).sum()), spread=shares))
    weights = _late(parts, maps, sound, kind, _chance_likeness(vectors, maps))
    late_spread = {"photo": weights.photo, "floor": weights.floor}
    figures.append(Figure(name="weight of words beside a photo", value=weights.words, spread=late_spread))
    both = np.concatenate([sound, *[_drawings(parts)] * _DRAWN])
    query.save(TRAINED, telling.fit(both, np.concatenate(list(spoilt.values()))), weights)
    return figures


def _drawings(parts: Parts) -> F32:
    """Vectors of the demo shop's pictures, straight and askew: clean and pale, and yet they show something."""
    names = sorted(shop.picture_names(shop.HERE / "products.tsv"))
    images = [Image.open(io.BytesIO(shop.draw(Path(name).stem))).convert("RGB") for name in names]
    askew = [image.rotate(8, expand=True, fillcolor="white") for image in images]
    return np.concatenate([parts.vision.look(some).vectors for some in (images, askew)])


def _chance_likeness(vectors: dict[str, F32], maps: words.Words) -> float:
    """What the product of a word with that of another thing exceeds once in twenty times."""
    english = maps.english(vectors[words.ENGLISH], words.ENGLISH)
    other = np.roll(np.arange(len(english)), len(english) // 2)
    found = [(maps.english(vectors[tag], tag) * english[other]).sum(axis=1) for tag in maps.maps]
    return float(np.quantile(np.concatenate(found), _CHANCE))


def _late(parts: Parts, maps: words.Words, photos: F32, kind: I64, floor: float) -> late.Late:
    """Weights from shops of ten pieces of clothing: a picture of each kind, and the other photos with its word, in
    three languages, half of the words spoilt."""
    lines = [line.split("\t")[1:] for line in _TABLE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    lot = random.Random(0)  # noqa: S311  no secret
    columns = {tag: [row[at] for row in lines] for at, tag in enumerate(_TAGS)}
    kinds = maps.english(parts.text.passages(columns.pop(words.ENGLISH)), words.ENGLISH)
    lessons: list[tuple[F32, F32, I64]] = []
    pictures = np.array([np.flatnonzero(kind == number)[0] for number in range(len(lines))])
    others = np.setdiff1d(np.arange(len(photos)), pictures)
    for tag, said in columns.items():
        for some in (said, [spoiling.text(word, lot.choice(spoiling.TEXTS), lot) for word in said]):
            lessons.append((maps.english(parts.text.queries(some), tag)[kind[others]], photos[others], kind[others]))
    said_, shown, meant = (np.concatenate(column) for column in zip(*lessons, strict=True))
    mean = photos.mean(axis=0)
    return late.fit(said_, centred(shown, mean), meant, (kinds,), centred(photos[pictures], mean), (floor,))


def emoji_names(languages: Sequence[str]) -> dict[str, list[str]]:
    """Short names of things, row by row the same in English and in each of the languages that the package has."""
    import emoji

    tags = [words.ENGLISH, *(tag for tag in languages if tag in emoji.LANGUAGES and tag != words.ENGLISH)]
    for tag in tags:
        emoji.config.load_language(tag)
    rows: dict[str, list[str]] = {}
    for sign, names in emoji.EMOJI_DATA.items():
        row = [_plain(names.get(tag) or "") for tag in tags]
        is_flag = any("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in sign)
        if all(row) and not is_flag and "skin tone" not in row[0] and len(row[0].split()) <= _LONGEST:
            rows.setdefault(row[0], row)
    return dict(zip(tags, map(list, zip(*rows.values(), strict=True)), strict=True))


def _plain(name: str) -> str:
    return name.strip(":").replace("_", " ").replace("-", " ")


def _held_out(vectors: dict[str, F32]) -> Figure:
    """How often a name's English one is the nearest of those held out, centred alone and by the map."""
    order = np.random.default_rng(0).permutation(len(vectors[words.ENGLISH]))
    learnt = words.fit({tag: some[order[_HELD_OUT:]] for tag, some in vectors.items()})
    held = {tag: some[order[:_HELD_OUT]] for tag, some in vectors.items()}
    wanted = learnt.english(held[words.ENGLISH], words.ENGLISH)
    right: list[list[float]] = []
    for tag in learnt.maps:
        ways = (centred(held[tag], learnt.means[tag]), learnt.english(held[tag], tag))
        right.append([float(((way @ wanted.T).argmax(axis=1) == np.arange(_HELD_OUT)).mean()) for way in ways])
    alone, mapped = np.mean(right, axis=0)
    spread = {"less the mean of their language": float(alone)}
    return Figure(name="words by the map", value=float(mapped), n=len(right) * _HELD_OUT, spread=spread)


def _clothing(parts: Parts, folder: Path) -> tuple[F32, dict[str, F32], I64]:
    """Vectors of photos of clothing, [n, p], of the same photos spoilt in each of the ways, and their kinds [n]."""
    files = sorted((folder / "train").rglob("*.jpg"))[::_EACH]
    lot = np.random.default_rng(0)
    sound: list[F32] = []
    spoilt: dict[str, list[F32]] = {how: [] for how in spoiling.PICTURES}
    for start in tqdm(range(0, len(files), _BATCH), desc="photos", leave=False):
        images = [Image.open(file).convert("RGB") for file in files[start : start + _BATCH]]
        sound.append(parts.vision.look(images).vectors)
        for how, some in spoilt.items():
            some.append(parts.vision.look([spoiling.picture(image, how, lot) for image in images]).vectors)
    kinds = np.unique([file.parent.name for file in files], return_inverse=True)[1]
    return np.concatenate(sound), {how: np.concatenate(some) for how, some in spoilt.items()}, kinds
