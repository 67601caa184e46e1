"""What countries ask of an import, from CSV or TSV, one row a country and period."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledge.feeds import cells, table
from knowledge.feeds.errors import BadCell
from knowledge.feeds.table import Columns, Row
from knowledge.records import Duty, Refused

COLUMNS = Columns(
    required=("country", "valid_from", "de_minimis_amount", "currency", "vat_percent", "duty_rule", "source"),
    optional=("valid_to",),
)


def read(path: Path) -> Iterator[Duty | Refused]:
    """Each duty, or why its row was refused, in the order of the file.

    Raises:
        FeedError: the file is no such feed (see table.rows).
    """
    for found in table.records(path, COLUMNS, _duty):
        yield found if isinstance(found, Refused) else found[1]


def _duty(row: Row) -> Duty:
    duty = Duty(
        country=row.take("country", cells.country),
        valid_from=row.take("valid_from", cells.day),
        valid_to=row.maybe("valid_to", cells.day),
        de_minimis=row.take("de_minimis_amount", cells.amount),
        currency=row.take("currency", cells.currency),
        vat_percent=row.take("vat_percent", cells.percent),
        rule=row.take("duty_rule", cells.words),
        source=row.take("source", cells.words),
    )
    if duty.valid_to and duty.valid_to < duty.valid_from:
        raise BadCell("valid_to", f"{duty.valid_to} is before valid_from, {duty.valid_from}")
    return duty
