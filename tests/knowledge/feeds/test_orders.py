"""Orders: lines joined, contradictions refused, nobody's data in a reason."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.feeds import orders
from knowledge.feeds.errors import FeedError
from knowledge.records import Order, OrderLine, Refused

COLUMNS = "order_id,customer_id,email,phone,postal_code,placed_at,currency,sku,quantity,unit_price,status,shipment_id"
FIRST = {
    "order_id": "Q-1001", "customer_id": "c-1", "email": "a@example.org", "phone": "+4915112345678",
    "postal_code": "10115", "placed_at": "2026-11-01T10:00:00+01:00", "currency": "EUR", "sku": "MUG-1",
    "quantity": "2", "unit_price": "12.50", "status": "已发货", "shipment_id": "S-1",
}  # fmt: skip


def read(tmp_path: Path, *rows: dict[str, str]) -> list[Order | Refused]:
    path = tmp_path / "orders.csv"
    body = "\n".join(",".join((FIRST | row)[column] for column in COLUMNS.split(",")) for row in rows)
    path.write_bytes(f"{COLUMNS}\n{body}\n".encode())
    return list(orders.read(path))


def test_the_rows_of_an_order_are_joined_wherever_they_stand(tmp_path: Path) -> None:
    found = read(
        tmp_path, {}, {"order_id": "Q-2", "shipment_id": ""}, {"sku": "灯-2", "quantity": "１", "unit_price": "0"}
    )
    assert found[0] == Order(
        id="Q-1001", customer="c-1", email="a@example.org", phone="+4915112345678", postal_code="10115", currency="EUR",
        placed_at=datetime(2026, 11, 1, 9, tzinfo=UTC), status="已发货", shipment="S-1",
        lines=(OrderLine("MUG-1", 2, Decimal("12.50")), OrderLine("灯-2", 1, Decimal(0))),
    )  # fmt: skip
    assert isinstance(found[1], Order)
    assert (found[1].id, found[1].shipment) == ("Q-2", None)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("customer_id", "c-2"), ("email", "b@example.org"), ("phone", "+1"), ("postal_code", "1"), ("currency", "USD"),
        ("placed_at", "2026-11-01T10:00:00+02:00"), ("status", "cancelled"), ("shipment_id", "S-2"),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_its_order_is_refused(tmp_path: Path, column: str, text: str) -> None:
    refused, order = read(tmp_path, {}, {column: text, "sku": "B"})
    assert isinstance(refused, Refused)
    assert (refused.line, refused.column) == (3, column)
    assert "line 2" in refused.reason
    assert text not in refused.reason
    assert isinstance(order, Order)
    assert [line.sku for line in order.lines] == ["MUG-1"]


def test_what_a_row_leaves_out_and_the_same_instant_are_no_contradiction(tmp_path: Path) -> None:
    (order,) = read(
        tmp_path, {"email": "", "shipment_id": ""}, {"phone": "", "placed_at": "2026-11-01T09:00:00Z", "sku": "B"}
    )
    assert isinstance(order, Order)
    assert (order.email, order.phone, order.shipment, len(order.lines)) == ("a@example.org", "+4915112345678", "S-1", 2)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("placed_at", "2026-11-01T10:00:00"), ("quantity", "0"), ("quantity", "a few"), ("unit_price", "12.50 EUR"),
        ("unit_price", "-3"), ("currency", "Euro"), ("sku", ""), ("customer_id", ""), ("order_id", ""), ("status", ""),
    ],
)  # fmt: skip
def test_a_bad_cell_refuses_its_row(tmp_path: Path, column: str, text: str) -> None:
    refused, order = read(tmp_path, {column: text}, {"order_id": "Q-2"})
    assert isinstance(refused, Refused)
    assert (refused.file, refused.line, refused.column) == ("orders.csv", 2, column)
    assert isinstance(order, Order)
    assert order.id == "Q-2"


def test_no_reason_quotes_what_names_a_person(tmp_path: Path) -> None:
    for column in ("customer_id", "email", "phone", "postal_code"):
        (refused,) = read(tmp_path, {column: "anna.muster\u202e@example.org"})
        assert isinstance(refused, Refused)
        assert refused.column == column
        assert "anna" not in refused.reason


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,title\n1,a\n")
    with pytest.raises(FeedError, match="lacks order_id, customer_id"):
        list(orders.read(tmp_path / "orders.csv"))
