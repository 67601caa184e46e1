"""Orders as schema.org JSON: every shape that a shop writes them in, and what is refused, by path."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.feeds import orders
from knowledge.feeds.errors import FeedError
from knowledge.records import Order, OrderLine, Refused

ORDER: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "Order",
    "orderNumber": "Q-1001",
    "customer": {"@type": "Person", "identifier": "c-1", "email": "a@example.org", "telephone": "+4915112345678"},
    "billingAddress": {"@type": "PostalAddress", "postalCode": "10115"},
    "orderDate": "2026-11-01T10:00:00+01:00",
    "orderStatus": "https://schema.org/OrderInTransit",
    "acceptedOffer": [
        {"@type": "Offer", "itemOffered": {"@type": "Product", "sku": "MUG-1"}, "price": 12.50,
         "priceCurrency": "EUR", "eligibleQuantity": {"@type": "QuantitativeValue", "value": 2}},
        {"@type": "Offer", "itemOffered": {"sku": "灯-2"}, "price": "0.10", "priceCurrency": "EUR"},
    ],
    "orderDelivery": {"@type": "ParcelDelivery", "identifier": "S-1", "trackingNumber": "RR123456785DE"},
}  # fmt: skip
TAKEN = Order(
    id="Q-1001", customer="c-1", email="a@example.org", phone="+4915112345678", postal_code="10115", currency="EUR",
    placed_at=datetime(2026, 11, 1, 9, tzinfo=UTC), status="Order in transit", shipment="S-1",
    lines=(OrderLine("MUG-1", 2, Decimal("12.50")), OrderLine("灯-2", 1, Decimal("0.10"))),
)  # fmt: skip
ITEMS = {
    "orderedItem": [
        {"@type": "OrderItem", "orderedItem": {"@type": "Product", "sku": "MUG-1"}, "orderQuantity": 2,
         "price": "12.50", "priceCurrency": "EUR"},
        {"@type": "OrderItem", "orderedItem": {"sku": "灯-2"}, "price": 0.10, "priceCurrency": "EUR"},
    ]
}  # fmt: skip


def changed(path: str, value: Any, order: dict[str, Any] = ORDER) -> dict[str, Any]:
    """A copy with another value at a dotted path; None takes the key away."""
    made = copy.deepcopy(order)
    *above, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    at: Any = made
    for key in above:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return made


def read(tmp_path: Path, content: Any) -> list[Order | Refused]:
    path = tmp_path / "orders.json"
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_bytes(text.encode())
    return list(orders.read(path))


@pytest.mark.parametrize(
    "content",
    [
        ORDER,
        [ORDER],
        {"@context": "https://schema.org", "@graph": [{"@type": "Organization", "name": "متجر"}, ORDER]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": ORDER}]},
        "\ufeff\n " + json.dumps(ORDER, indent=2),
        changed("@type", ["Order", "Thing"]),
        changed("@type", "http://schema.org/Order"),
        changed("acceptedOffer", None) | ITEMS,
    ],
)
def test_an_order_in_every_shape(tmp_path: Path, content: Any) -> None:
    assert read(tmp_path, content) == [TAKEN]


def test_lines_of_json_each_an_order(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(changed("orderNumber", f"Q-{number}")) for number in range(3)) + "\n"
    assert [item.id for item in read(tmp_path, text) if isinstance(item, Order)] == ["Q-0", "Q-1", "Q-2"]


def test_nodes_of_a_graph_name_each_other(tmp_path: Path) -> None:
    graph = [
        changed("customer", {"@id": "#c"}) | {"billingAddress": {"@id": "#a"}, "acceptedOffer": [{"@id": "#o"}]},
        {"@id": "#c", "@type": "Person", "identifier": {"@type": "PropertyValue", "value": "c-1"}},
        {"@id": "#a", "@type": "PostalAddress", "postalCode": "10115"},
        {"@id": "#o", "@type": "Offer", "price": 3, "priceCurrency": "eur", "itemOffered": {"@id": "#p"}},
        {"@id": "#p", "@type": "Product", "sku": "شاي"},
    ]
    (order,) = read(tmp_path, {"@graph": graph})
    assert isinstance(order, Order)
    assert (order.customer, order.postal_code, order.currency) == ("c-1", "10115", "EUR")
    assert order.lines == (OrderLine("شاي", 1, Decimal(3)),)


def test_items_take_the_prices_that_they_lack_from_the_offers(tmp_path: Path) -> None:
    items = copy.deepcopy(ITEMS)
    for item in items["orderedItem"]:
        del item["price"], item["priceCurrency"]
    assert read(tmp_path, ORDER | items) == [TAKEN]
    (refused,) = read(tmp_path, ORDER | {"orderedItem": items["orderedItem"][:1]})
    assert isinstance(refused, Refused)
    assert refused.column == "acceptedOffer[1]"
    assert "灯-2" in refused.reason


@pytest.mark.parametrize(
    ("status", "said"),
    [("http://schema.org/OrderPickupAvailable", "Order pickup available"), ("OrderDelivered", "Order delivered"),
     ("schema:OrderCancelled", "Order cancelled"), ("已发货", "已发货"), ("Ordered by phone", "Ordered by phone")],
)  # fmt: skip
def test_a_status_of_schema_org_is_read_as_words_and_any_other_stays(tmp_path: Path, status: str, said: str) -> None:
    (order,) = read(tmp_path, changed("orderStatus", status))
    assert isinstance(order, Order)
    assert order.status == said


def test_a_tracking_number_stands_for_a_shipment_without_an_id(tmp_path: Path) -> None:
    (order,) = read(tmp_path, changed("orderDelivery.identifier", None))
    assert isinstance(order, Order)
    assert order.shipment == "RR123456785DE"


@pytest.mark.parametrize(
    ("path", "value", "column", "word"),
    [
        ("orderNumber", None, "orderNumber", "missing"),
        ("customer.identifier", None, "customer.identifier", "missing"),
        ("customer", None, "customer.identifier", "missing"),
        ("orderDate", "2026-11-01", "orderDate", "offset"),
        ("orderStatus", None, "orderStatus", "missing"),
        ("acceptedOffer", None, "orderedItem", "missing"),
        ("acceptedOffer.1.price", None, "acceptedOffer[1].price", "missing"),
        ("acceptedOffer.1.price", "-1", "acceptedOffer[1].price", "negative"),
        ("acceptedOffer.1.itemOffered.sku", "", "acceptedOffer[1].itemOffered.sku", "missing"),
        ("acceptedOffer.0.eligibleQuantity.value", 0, "acceptedOffer[0].eligibleQuantity", "whole number"),
        ("acceptedOffer.0.eligibleQuantity.value", 1.5, "acceptedOffer[0].eligibleQuantity", "whole number"),
        ("acceptedOffer.1.priceCurrency", "USD", "priceCurrency", "EUR, USD"),
        ("acceptedOffer.1.priceCurrency", "Euro", "acceptedOffer[1].priceCurrency", "ISO 4217"),
        ("orderDelivery", [{"identifier": "S-1"}, {"identifier": "S-2"}], "orderDelivery", "several"),
    ],
)
def test_a_bad_line_or_field_keeps_the_order_out(tmp_path: Path, path: str, value: Any, column: str, word: str) -> None:
    refused, order = read(tmp_path, [changed(path, value), changed("orderNumber", "Q-2")])
    assert isinstance(refused, Refused)
    assert (refused.file, refused.line, refused.column) == ("orders.json", 1, f"[0].{column}")
    assert word in refused.reason
    assert refused.record == ("" if path == "orderNumber" else "Q-1001")
    assert isinstance(order, Order)
    assert order.id == "Q-2"


def test_the_line_of_an_order_among_many(tmp_path: Path) -> None:
    text = "[\n" + ",\n".join(json.dumps(changed("orderDate", day)) for day in ("2026-11-01T10:00:00Z", "soon")) + "\n]"
    first, second = read(tmp_path, text)
    assert isinstance(first, Refused)
    assert (first.line, first.column) == (3, "[1].orderDate")
    assert isinstance(second, Refused)  # the same number stands on line 2, and which of the two holds can't be told
    assert (second.line, second.record) == (2, "Q-1001")


def test_the_same_order_twice_is_one_and_another_with_its_number_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, [ORDER, ORDER]) == [TAKEN]
    (refused,) = read(tmp_path, [ORDER, changed("orderStatus", "paid")])
    assert isinstance(refused, Refused)
    assert refused.column == "orderNumber"


def test_no_reason_quotes_what_names_a_person(tmp_path: Path) -> None:
    for path in ("customer.identifier", "customer.email", "customer.telephone", "billingAddress.postalCode"):
        (refused,) = read(tmp_path, changed(path, "anna.muster\u202e@example.org"))
        assert isinstance(refused, Refused)
        assert refused.column == path
        assert "anna" not in refused.reason


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[" + json.dumps(ORDER) + ', {"@type": "Or', "cut off"),
        ("[" + json.dumps(ORDER) + "} ]", "JSON"),
        ('{"a": ' * 5_000, "deep|cut off"),
        ("[]", "no Order"),
        ('[{"@type": "Product", "sku": "A"}]', "no Order"),
        ('{"@type": "Order", "orderNumber": "\xff', "cut off"),
    ],
)
def test_no_such_feed(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(FeedError, match=word):
        read(tmp_path, content)


KEYS = st.sampled_from([*ORDER, "orderedItem", "@id", "value", "price", "sku", "identifier", "itemOffered"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("Order"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=8), st.booleans())
def test_any_json_is_orders_or_refused(tmp_path: Path, content: dict[str, Any], whole: bool) -> None:
    try:
        found = read(tmp_path, [ORDER | content] if whole else [content])
    except FeedError:
        return
    assert all(isinstance(item, Order | Refused) for item in found)
