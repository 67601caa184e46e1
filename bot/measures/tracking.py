"""How well tracking numbers are judged and found, and carriers' words understood.

Examples are judged right where the format that they are examples of fits the valid ones and not the invalid ones, and
the valid ones are that courier's. The published ones are shared data; those of the further couriers, the sentences and
the carriers' lines are the tests' own, and are there only beside the source.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.measures.figures import Figure
from bot.measures.shared import DATA
from bot.parts import Parts
from knowledge.logistics.statuses import Mapped, from_text
from knowledge.logistics.tracking_numbers import MOST_CHARACTERS, find, formats_of, judge

_OWN = Path(__file__).resolve().parents[2] / "tests" / "knowledge" / "logistics"
_EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_SCRIPTS = ("zh", "ar", "hi", "ru")
# Formats that the published data give no id.
_UNNAMED = {
    "LaserShip 1LS7 (18)": "lasership_1ls7_18",
    "Old Dominion": "old_dominion",
    "Old Dominion Guaranteed Shipment": "old_dominion_guaranteed",
    "UPS Waybill": "ups_waybill",
}
SEED = 20261123
RUNS = 9


def measure(_parts: Parts) -> list[Figure]:
    """Judged, found, not mistaken, understood, and how long the longest text takes."""
    return [_published(), _further(), *_found(), _mistaken(), *_understood(), _milliseconds()]


def _published() -> Figure:
    name = "published examples of 18 couriers judged right"
    if DATA is None:
        return Figure(name=name, value=None, reach=1.0, note="the shared data are not here (BABELDESK_SHARED)")
    judged = list(_published_examples(DATA / "tracking" / "couriers"))
    valid = sum(is_valid for is_valid, _ in judged)
    note = f"{valid} valid, {len(judged) - valid} invalid"
    return Figure(name=name, value=_share([right for _, right in judged]), n=len(judged), reach=1.0, note=note)


def _published_examples(folder: Path) -> Iterator[tuple[bool, bool]]:
    """Of each example whether it is a valid one, and whether it was judged right."""
    for path in sorted(folder.glob("*.json")):
        given = json.loads(path.read_text(encoding="utf-8"))
        code = given["courier_code"]
        for form in given["tracking_numbers"]:
            id = form.get("id") or _UNNAMED[form["name"]]
            for number in form["test_numbers"]["valid"]:
                whose = code == "s10" or any(tracking.carrier == code for tracking in judge(number))
                yield True, whose and id in formats_of(number)
            for number in form["test_numbers"]["invalid"]:
                yield False, id not in formats_of(number)


def _further() -> Figure:
    rows = _rows("further_couriers.tsv")
    right = [any(t.carrier == code for t in judge(number)) == (kind == "valid") for code, kind, number in rows]
    valid = sum(kind == "valid" for _, kind, _ in rows)
    return _figure("our examples of ten further couriers judged right", right, 1.0, f"{valid} valid")


def _found() -> list[Figure]:
    rows = _rows("sentences.tsv")
    found: dict[str, list[bool]] = {}
    for language, text, number, code in rows:
        found.setdefault(language, []).append(_is_found(text, number, code))
    return [_figure(f"numbers found in {of} sentences", found.get(of, []), 1.0) for of in _SCRIPTS]


def _is_found(text: str, number: str, code: str) -> bool:
    """Whether it is the only one that is found, certain, and of the right carrier."""
    found = find(text.replace("\\n", "\n"))
    return [(one.trackings[0].number, one.trackings[0].carrier) for one in found if one.certain] == [(number, code)]


def _mistaken() -> Figure:
    """Customers' sentences hold no tracking number of a form of its own, so a certain one is a mistake."""
    lines = [line for path in sorted(_EXAMPLES.glob("*.tsv")) for line in path.read_text(encoding="utf-8").splitlines()]
    mistaken = sum(any(found.certain for found in find(line)) for line in lines)
    return Figure(
        name="sentences with a certain number that is none", value=mistaken, n=len(lines), reach=0, better="less"
    )


def _understood() -> list[Figure]:
    rows = _rows("carrier_lines.tsv")
    expected = [None if status == "-" else (status, customs or None) for _, _, status, customs in rows]
    got = [_pair(from_text(text)) for _, text, _, _ in rows]
    right = [one == other for one, other in zip(expected, got, strict=True)]
    wrong = [other is not None and one != other for one, other in zip(expected, got, strict=True)]
    note = f"{len({row[0] for row in rows})} languages; the rest is mostly not understood"
    found = [_figure("carriers' lines held out from the phrases: right", right, 0.9, note)]
    if rows:
        found.append(
            Figure(name="of these: understood wrongly", value=_share(wrong), n=len(rows), reach=0.04, better="less")
        )
    return found


def _pair(mapped: Mapped | None) -> tuple[str, str | None] | None:
    return (mapped.status, mapped.customs) if mapped else None


def _milliseconds() -> Figure:
    """The longest text that is searched: of words, as people write, and of what is worst for the search."""
    drawn = random.Random(SEED)  # noqa: S311 - no secret
    words = ("where", "is", "my", "parcel", "A-12046", "包裹", "2026-11-04")
    worst: dict[str, Callable[[], str]] = {
        "ten digits each": lambda: str(drawn.randrange(10**9, 10**10)),
        "four digits each": lambda: str(drawn.randrange(10**3, 10**4)),
        "single digits": lambda: str(drawn.randrange(10)),
        "letter and digit": lambda: f"{drawn.choice('ACDJRS')}{drawn.randrange(10)}",
    }
    return Figure(
        name=f"find in {MOST_CHARACTERS:,} characters of words",
        value=_best(lambda: drawn.choice(words)),
        n=RUNS,
        unit="ms",
        reach=20,
        better="less",
        spread={name: _best(unit) for name, unit in worst.items()},
    )


def _best(unit: Callable[[], str]) -> float:
    """Milliseconds, the least of RUNS, each with a text that was not seen before."""
    taken = []
    for _ in range(RUNS):
        text = " ".join(unit() for _ in range(MOST_CHARACTERS // 2))[:MOST_CHARACTERS]
        start = time.perf_counter()
        find(text)
        taken.append((time.perf_counter() - start) * 1000)
    return min(taken)


def _figure(name: str, right: list[bool], reach: float, note: str = "") -> Figure:
    if not right:
        return Figure(name=name, value=None, reach=reach, note="the tests' examples are not here")
    return Figure(name=name, value=_share(right), n=len(right), reach=reach, note=note)


def _share(right: list[bool]) -> float:
    return sum(right) / len(right)


def _rows(name: str) -> list[list[str]]:
    path = _OWN / name
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
