"""Where in a picture bars stand side by side, and how they are turned: what a barcode looks like from afar.

The structure tensor (Förstner & Gülch 1987; Bigün & Granlund 1987): where all changes of brightness go the same way,
its larger eigenvalue is all there is. Lines of writing and edges of things change that way too, but not on an area.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

_SIDE = 720  # pixels of the longer side; a module of a barcode must be about one of them
_CELL = 3  # of these pixels, whose changes are summed; three by three cells are judged together
_ONE_WAY = 0.72  # of 1: (λ₁ − λ₂) / (λ₁ + λ₂)
_STEEP = 14.0  # of 255 a pixel, the root of the mean square; less is grain of wood, or cloth
_CELLS, _LEAST = 12, 0.0012  # of a rectangle at least, in number and as a share of the picture
_OPEN = 5  # cells that bars must reach each way
_WIDE = 0.6  # of its length along the bars, the least that a rectangle reaches across them
_FILLED = 0.5  # of a rectangle must be bars
_MOST = 4


@dataclass(frozen=True)
class Stripes:
    """A rectangle with bars, in pixels of the picture: its middle, how far it reaches across the bars and along them,
    and by how many degrees, -90..90, the picture is to be turned clockwise for the bars to stand upright."""

    x: float
    y: float
    across: float
    along: float
    degrees: float


def stripes(grey: U8) -> list[Stripes]:
    """The largest rectangles with bars in a picture [h, w], at most four."""
    scale = min(1.0, _SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    if min(small.shape) < 4 * _CELL:
        return []
    dx, dy = cv2.spatialGradient(small)  # four times what changes from pixel to pixel, and twice that for Sobel's sides
    cells = (small.shape[1] // _CELL, small.shape[0] // _CELL)
    xx, yy, xy = (
        cv2.blur(cv2.resize(part, cells, interpolation=cv2.INTER_AREA), (3, 3))
        for part in (cv2.multiply(*pair, scale=1 / 16, dtype=cv2.CV_32F) for pair in ((dx, dx), (dy, dy), (dx, dy)))
    )
    power, apart = xx + yy, xx - yy
    one_way = apart * apart + 4 * xy * xy > (_ONE_WAY * power) ** 2
    found = (one_way & (power > _STEEP**2)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((_OPEN, _OPEN), np.uint8))  # edges of paper are thinner
    count, areas, places, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    regions: list[Stripes] = []
    for one in sorted(range(1, count), key=lambda one: -places[one, cv2.CC_STAT_AREA]):
        area = int(places[one, cv2.CC_STAT_AREA])
        if area < max(_CELLS, _LEAST * found.size) or len(regions) == _MOST:
            break
        inside = areas == one
        # The mean direction of change, of angles that mean the same after half a turn.
        turn = float(np.degrees(0.5 * np.arctan2(2 * xy[inside].sum(), apart[inside].sum())))
        points = (np.argwhere(inside)[:, ::-1].astype(np.float32) + 0.5) * np.float32(_CELL / scale)
        region = _rectangle(points, turn, _CELL / scale)
        filled = area * (_CELL / scale) ** 2 >= _FILLED * region.across * region.along
        if filled and region.across >= _WIDE * region.along:
            regions.append(region)
    return regions


def upright(grey: U8, found: Stripes, margin: float = 0.25, most: int = 1_600) -> U8:
    """The rectangle cut out of the picture with its bars upright, and a margin on both sides, in shares of its width.
    Small ones are enlarged."""
    wide, high = found.across * (1 + 2 * margin), max(found.along, 8.0)
    scale = min(most / wide, 2.0 if wide < 900 else 1.0)
    turn = cv2.getRotationMatrix2D((found.x, found.y), found.degrees, scale)
    turn[:, 2] += np.array([wide * scale / 2 - found.x, high * scale / 2 - found.y])
    size = (max(8, round(wide * scale)), max(8, round(high * scale)))
    return np.asarray(
        cv2.warpAffine(grey, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _rectangle(points: npt.NDArray[np.float32], turn: float, cell: float) -> Stripes:
    """The smallest rectangle with sides across and along the bars about cells with their middles at `points` [n, 2]."""
    way = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))], np.float32)
    along = np.array([-way[1], way[0]], np.float32)
    (low, high), (top, foot) = ((float(side.min()), float(side.max())) for side in (points @ way, points @ along))
    x, y = way * (low + high) / 2 + along * (top + foot) / 2
    return Stripes(float(x), float(y), high - low + cell, foot - top + cell, turn)
