"""One vocabulary out of three trackers' codes and carriers' own words."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.logistics.statuses import Mapped, from_17track, from_aftership, from_easypost, from_text
from knowledge.records import CustomsStatus, ShipmentStatus

ROOT = Path(__file__).resolve().parents[3]
# Lines as carriers write them, written after the table of phrases and never used to mend it.
HELD_OUT = [
    line.split("\t")
    for line in Path(__file__).with_name("carrier_lines.tsv").read_text(encoding="utf-8").splitlines()
]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "subtag", "mapped"),
    [
        ("Delivered", "Delivered_003", Mapped("Delivered")),
        ("Delivered", None, Mapped("Delivered")),
        ("InTransit", "InTransit_006", Mapped("InTransit", "customs_processing")),
        ("InTransit", "InTransit_005", Mapped("InTransit", "customs_released")),
        ("Exception", "Exception_004", Mapped("Exception", "customs_held")),
        ("Exception", "Exception_006", Mapped("Exception")),
        ("Exception", "Exception_018", Mapped("Exception", "customs_information_needed")),
        ("AvailableForPickup", "AvailableForPickup_001", Mapped("AvailableForPickup")),
    ],
)
def test_aftership(tag: str, subtag: str | None, mapped: Mapped) -> None:
    assert from_aftership(tag, subtag) == mapped


def test_every_status_is_a_tag_of_aftership() -> None:
    assert [from_aftership(status).status for status in get_args(ShipmentStatus)] == list(get_args(ShipmentStatus))


@pytest.mark.parametrize(
    ("status", "sub_status", "mapped"),
    [
        ("NotFound", "NotFound_InvalidCode", Mapped("Pending")),
        ("InfoReceived", "InfoReceived", Mapped("InfoReceived")),
        ("InTransit", "InTransit_CustomsProcessing", Mapped("InTransit", "customs_processing")),
        ("InTransit", "InTransit_CustomsReleased", Mapped("InTransit", "customs_released")),
        ("InTransit", "InTransit_CustomsRequiringInformation", Mapped("InTransit", "customs_information_needed")),
        ("DeliveryFailure", "DeliveryFailure_NoBody", Mapped("AttemptFail")),
        ("Exception", "Exception_Security", Mapped("Exception")),
        ("Expired", None, Mapped("Expired")),
    ],
)
def test_17track(status: str, sub_status: str | None, mapped: Mapped) -> None:
    assert from_17track(status, sub_status) == mapped


@pytest.mark.parametrize(
    ("status", "detail", "mapped"),
    [
        ("pre_transit", "label_created", Mapped("InfoReceived")),
        ("in_transit", "departed_facility", Mapped("InTransit")),
        ("in_transit", "lost", Mapped("Exception")),
        ("in_transit", "arrived_at_pickup_location", Mapped("AvailableForPickup")),
        ("delivered", "arrived_at_destination", Mapped("Delivered")),
        ("return_to_sender", "return", Mapped("Exception")),
        ("unknown", None, Mapped("Pending")),
    ],
)
def test_easypost(status: str, detail: str | None, mapped: Mapped) -> None:
    assert from_easypost(status, detail) == mapped


@pytest.mark.parametrize(
    ("parse", "status", "detail"),
    [
        (from_aftership, "delivered", None), (from_aftership, "Delivered", "Delivered_999"),
        (from_aftership, "Delivered", "InTransit_001"), (from_aftership, "InTransit", "InTransit_1"),
        (from_aftership, "InTransit", "InTransit_００１"), (from_aftership, "", None),
        (from_17track, "Undelivered", None),
        (from_17track, "InTransit", "Delivered_Other"), (from_17track, "InTransit", "InTransit_Teleported"),
        (from_17track, "Delivered", "Delivered_"), (from_easypost, "shipped", None), (from_easypost, "in_transit", "?"),
        (from_easypost, "in_transit", "Lost"),
    ],
)  # fmt: skip
def test_what_is_not_published_is_refused(parse: object, status: str, detail: str | None) -> None:
    assert callable(parse)
    with pytest.raises(ValueError, match=r"is no|is not among"):
        parse(status, detail)


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("Held by customs", Mapped("Exception", "customs_held")),
        ("清关中", Mapped("InTransit", "customs_processing")),
        ("Ausfuhrverzollung abgeschlossen", Mapped("InTransit", "customs_released")),
        ("وصلت إلى الجمارك", Mapped("InTransit", "customs_processing")),
        ("Вручено адресату", Mapped("Delivered")),
        ("En cours de livraison", Mapped("OutForDelivery")),
        ("EN  COURS DE LIVRAISON !", Mapped("OutForDelivery")),
        ("Delivery attempted - available for pickup at post office", Mapped("AvailableForPickup")),
        ("تَمَّ تَسْلِيمُ الشُّحْنَة", Mapped("Delivered")),
        ("ご不在のため持ち戻り", Mapped("AttemptFail")),
        ("통관 완료", Mapped("InTransit", "customs_released")),
        ("Wird voraussichtlich morgen zugestellt", None),
        ("Your parcel will be delivered on Monday", None),
        ("Delivered. Out for delivery.", None),
        ("Hello", None),
        ("", None),
        ("12345", None),
    ],
)
def test_free_text(text: str, mapped: Mapped | None) -> None:
    assert from_text(text) == mapped


def test_lines_that_the_table_does_not_hold() -> None:
    """Right in nine of ten, and rarely wrong: what is not known should be None."""
    right: Counter[str] = Counter()
    wrong = []
    for language, text, status, customs in HELD_OUT:
        mapped = from_text(text)
        expected = None if status == "-" else Mapped(*named(status, customs))
        right[language] += mapped == expected
        if mapped is not None and mapped != expected:
            wrong.append((text, mapped))
    assert sum(right.values()) >= 0.9 * len(HELD_OUT)
    assert len(wrong) <= 0.04 * len(HELD_OUT), wrong
    assert min(right[language] for language in ("en", "zh", "ar", "ru", "de", "ja", "es", "fr")) >= 8


def named(status: str, customs: str) -> tuple[ShipmentStatus, CustomsStatus | None]:
    statuses = {known: known for known in get_args(ShipmentStatus)}
    kinds = {known: known for known in get_args(CustomsStatus)}
    return statuses[status], kinds[customs] if customs else None


def test_the_demo_shops_history_is_read() -> None:
    with (ROOT / "bot" / "demo" / "shipments.csv").open(encoding="utf-8", newline="") as file:
        lines = {(row["event_text"], row["event_status"]) for row in csv.DictReader(file) if row["event_text"]}
    read = {text: from_text(text) for text, _ in lines}
    wrong = {(text, status) for text, status in lines if (got := read[text]) and got.status != status.split(":")[0]}
    assert wrong == set()
    assert sum(mapped is not None for mapped in read.values()) >= 0.9 * len(read)


@given(st.text(max_size=200))
def test_any_text_means_one_thing_or_nothing(text: str) -> None:
    mapped = from_text(text)
    assert mapped is None or mapped.status in get_args(ShipmentStatus)
    assert from_text(f"  {text.upper()} ") == from_text(text.upper())


@given(st.text(max_size=30), st.text(max_size=30))
def test_codes_are_known_or_refused(status: str, detail: str) -> None:
    for parse in (from_aftership, from_17track, from_easypost):
        with pytest.raises(ValueError, match="is no"):
            parse(f"x{status}", detail)
