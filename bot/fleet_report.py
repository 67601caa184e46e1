"""The fleet view on the command line: a table for people, or one JSON object."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.errors import BadInput
from knowledge.logistics.fleet import REASONS, Count, Fleet, Notice, fleet

if TYPE_CHECKING:
    from bot.parts import Parts

_SHOWN = 20  # rows of each table; JSON has them all
_LONGEST = 60  # characters of a cell
_UNPRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def run(parts: Parts, now: datetime | None, as_json: bool) -> int:
    """Prints the fleet view of the shop at `now`, which is this moment where it is None.

    Raises:
        BadInput: `now` has no offset.
        NotReady: the data folder can't be made.
    """
    if now is not None and now.tzinfo is None:
        raise BadInput("The moment needs an offset, as in 2026-11-23T12:00:00+01:00.")
    seen = fleet(parts.store, now or datetime.now(UTC).replace(microsecond=0))
    if as_json:
        sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(seen))
    sys.stdout.flush()
    return 0


def moment(text: str) -> datetime:
    """A moment in ISO 8601 with an offset.

    Raises:
        BadInput: it is none.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise BadInput("The moment must be ISO 8601 with an offset, as 2026-11-23T12:00:00+01:00.")
    return read


def _lines(seen: Fleet) -> Iterable[str]:
    yield f"{seen.all.open:,} shipments under way at {seen.now.isoformat()}, {seen.all.noticed:,} to look at"
    for reason, n in seen.all.reasons.items():
        yield f"  {_words(reason):16} {n:,}"
    yield from _counts("CARRIER", seen.carriers)
    yield from _counts("LANE", seen.lanes)
    if seen.notices:
        yield ""
        rows = [_row(notice) for notice in seen.notices[:_SHOWN]]
        yield from _table(["TELL", "CUSTOMER", "SHIPMENT", "CARRIER", "LANE", "WHY", "SINCE", "UNTIL", "LATE"], rows)
        if (left := seen.all.noticed - len({notice.shipment for notice in seen.notices[:_SHOWN]})) > 0:
            yield f"and {left:,} shipments more"


def _counts(heading: str, counts: dict[str, Count]) -> Iterable[str]:
    if not counts:
        return
    reasons = [reason for reason in REASONS if any(reason in count.reasons for count in counts.values())]
    rows = [
        [name, f"{count.open:,}", *(f"{n:,}" if (n := count.reasons.get(reason)) else "" for reason in reasons)]
        for name, count in list(counts.items())[:_SHOWN]
    ]
    yield ""
    yield from _table([heading, "OPEN", *(_words(reason).upper() for reason in reasons)], rows)
    if len(counts) > _SHOWN:
        yield f"and {len(counts) - _SHOWN:,} more"


def _row(notice: Notice) -> list[str]:
    why = ", ".join(_words(reason) for reason in notice.reasons)
    since = notice.since.date().isoformat() if notice.since else ""
    until = notice.until.isoformat() if notice.until else ""
    late = "" if notice.late_days is None else f"{notice.late_days} d"
    whom = [notice.order or "", notice.customer or "", notice.shipment, notice.carrier, notice.lane]
    return [*whom, why, since, until, late]


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows with their columns aligned under a heading."""
    cells = [list(heading), *([_printed(cell) for cell in row] for row in rows)]
    widths = [max(_width(row[place]) for row in cells) for place in range(len(heading))]
    for row in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _printed(cell: str) -> str:
    """A cell without anything that would move the cursor or turn the line round, and not too long."""
    plain = "".join(" " if unicodedata.category(c) in _UNPRINTED else c for c in cell)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide letter, none for a mark on another."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )
