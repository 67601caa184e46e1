"""Duties, row by row."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import duties
from knowledge.records import Duty, Refused

FIRST = {
    "country": "FR", "valid_from": "2026-07-01", "valid_to": "2028-07-01", "de_minimis_amount": "0", "currency": "EUR",
    "vat_percent": "5.5", "duty_rule": "3 EUR per tariff item up to 150 EUR", "source": "EU customs reform 2026",
}  # fmt: skip


def one(tmp_path: Path, **cells: str) -> Duty | Refused:
    path = tmp_path / "duties.csv"
    path.write_bytes(f"{','.join(FIRST)}\r\n{','.join((FIRST | cells).values())}\r\n".encode())
    (found,) = duties.read(path)
    return found


def test_a_row(tmp_path: Path) -> None:
    assert one(tmp_path) == Duty(
        country="FR", valid_from=date(2026, 7, 1), valid_to=date(2028, 7, 1), de_minimis=Decimal(0), currency="EUR",
        vat_percent=Decimal("5.5"), rule="3 EUR per tariff item up to 150 EUR", source="EU customs reform 2026",
    )  # fmt: skip


def test_without_an_end_in_other_scripts(tmp_path: Path) -> None:
    found = one(tmp_path, country="sa", valid_to="", vat_percent="١٥", currency="SAR", source="هيئة الزكاة والضريبة")
    assert isinstance(found, Duty)
    assert (found.country, found.valid_to, found.vat_percent) == ("SA", None, 15)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("country", "EU"), ("valid_from", "01.07.2026"), ("valid_from", ""), ("valid_to", "2026-06-30"),
        ("de_minimis_amount", "150 EUR"), ("currency", ""), ("vat_percent", "20%"), ("vat_percent", "101"),
        ("source", ""),
    ],
)  # fmt: skip
def test_a_bad_cell_refuses_its_row(tmp_path: Path, column: str, text: str) -> None:
    found = one(tmp_path, **{column: text})
    assert isinstance(found, Refused)
    assert (found.file, found.line, found.column) == ("duties.csv", 2, column)
