"""Orders as CSV: lines joined, whole orders or none, nobody's data in a reason."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
def test_a_row_that_contradicts_its_order_keeps_it_out(tmp_path: Path, column: str, text: str) -> None:
    (refused,) = read(tmp_path, {}, {column: text, "sku": "B"})
    assert isinstance(refused, Refused)
    assert (refused.line, refused.column, refused.record) == (3, column, "Q-1001")
    assert "line 2" in refused.reason
    assert "as a whole" in refused.reason
    assert text not in refused.reason


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


def test_half_an_order_is_no_order_wherever_its_bad_line_stands(tmp_path: Path) -> None:
    good, bad = {"sku": "A"}, {"quantity": "0", "sku": "B"}
    for rows in ((good, bad, good), (bad, good, good), (good, good, {"order_id": "Q-2"}, bad)):
        found = read(tmp_path, *rows)
        refused = [item for item in found if isinstance(item, Refused)]
        assert [item.id for item in found if isinstance(item, Order)] == (["Q-2"] if len(rows) == 4 else [])
        assert [(item.line, item.column) for item in refused] == [
            (rows.index(bad) + 2, "quantity"),
            (2 if rows[0] is good else 3, ""),
        ]
        assert str(rows.index(bad) + 2) in refused[1].reason
        assert {item.record for item in refused} == {"Q-1001"}


def test_a_row_that_cant_be_read_keeps_its_neighbours_out(tmp_path: Path) -> None:
    rows = [",".join((FIRST | {"order_id": f"Q-{n}"})[column] for column in COLUMNS.split(",")) for n in (1, 2, 3, 4)]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([COLUMNS, rows[0], rows[1], "Q-2,torn", rows[2], rows[3], ""]))
    found = list(orders.read(path))
    assert [item.id for item in found if isinstance(item, Order)] == ["Q-1", "Q-4"]
    refused = [item for item in found if isinstance(item, Refused)]
    assert [(item.line, item.record) for item in refused] == [(4, ""), (3, "Q-2"), (5, "Q-3")]


def test_a_row_without_an_id_keeps_the_order_before_it_out(tmp_path: Path) -> None:
    found = read(tmp_path, {}, {"order_id": "", "sku": "B"}, {"order_id": "Q-2"})
    assert [item.id for item in found if isinstance(item, Order)] == ["Q-2"]
    assert [(item.line, item.column) for item in found if isinstance(item, Refused)] == [(3, "order_id"), (2, "")]


def test_an_order_of_too_many_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MOST_LINES", 3)
    refused, order = read(tmp_path, *[{"sku": f"S-{n}"} for n in range(4)], {"order_id": "Q-2"})
    assert isinstance(refused, Refused)
    assert (refused.record, order.id if isinstance(order, Order) else "") == ("Q-1001", "Q-2")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 3)), max_size=12))
def test_an_order_is_taken_with_all_its_lines_or_not_at_all(tmp_path: Path, rows: list[tuple[str, int]]) -> None:
    """A quantity of 0 is refused; all else is good, and the rows of an order stand anywhere."""
    found = read(tmp_path, *[{"order_id": id, "quantity": str(quantity)} for id, quantity in rows]) if rows else []
    taken = {item.id: [line.quantity for line in item.lines] for item in found if isinstance(item, Order)}
    by_id: dict[str, list[int]] = {}
    for id, quantity in rows:
        by_id.setdefault(id, []).append(quantity)
    assert taken == {id: quantities for id, quantities in by_id.items() if 0 not in quantities}
    assert {item.record for item in found if isinstance(item, Refused)} == by_id.keys() - taken.keys()


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
