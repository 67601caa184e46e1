"""Shipments as AfterShip and 17TRACK post them, one by one and in files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.feeds import shipments
from knowledge.feeds.aftership import from_aftership_body
from knowledge.feeds.bodies import MOST_BODY_BYTES, country
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.feeds.track17 import from_17track_body
from knowledge.records import Refused, Shipment, TrackingEvent
from knowledge.store import Store

CHECKPOINT = {
    "slug": "china-post", "checkpoint_time": "2026-11-02T09:30:00+08:00", "tag": "InTransit",
    "subtag": "InTransit_007", "subtag_message": "Departure Scan", "message": "离开【深圳国际互换局】，发往西班牙",
    "city": "深圳",
    "country_iso3": "CHN", "country_name": "China", "coordinates": [], "zip": None, "raw_tag": "x",
}  # fmt: skip
AFTERSHIP = {
    "event": "tracking_update", "event_id": "b1f2", "is_tracking_first_tag": False, "ts": 1762300000,
    "msg": {
        "id": "5b7658cec7c33c0e007de3c5", "tracking_number": "CP402758165CN", "slug": "china-post", "title": "Hat",
        "tag": "InTransit", "subtag": "InTransit_007", "order_id": "A-1", "custom_fields": {},
        "origin_country_iso3": "CHN", "destination_country_iso3": "ESP", "expected_delivery": "2026-11-20",
        "order_promised_delivery_date": "2026-11-25", "emails": ["nobody@example.com"], "smses": [],
        "updated_at": "2026-11-03T00:00:00+00:00", "checkpoints": [CHECKPOINT],
    },
}  # fmt: skip
EVENT = {
    "time_iso": "2026-11-02T09:30:00+08:00", "time_utc": "2026-11-02T01:30:00Z",
    "time_raw": {"date": "2026-11-02", "time": "09:30:00", "timezone": None}, "description": "وصلت إلى الجمارك",
    "location": "دبي", "stage": None, "sub_status": "InTransit_CustomsProcessing", "address": {"country": "AE"},
}  # fmt: skip
TRACK17 = {
    "event": "TRACKING_UPDATED", "sign": "0" * 64,
    "data": {
        "number": "LP00582914730562", "carrier": 190271, "param": None, "tag": "",
        "track_info": {
            "shipping_info": {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "AE"}},
            "latest_status": {"status": "InTransit", "sub_status": "InTransit_CustomsProcessing"},
            "time_metrics": {"estimated_delivery_date": {"from": "2026-11-10", "to": "2026-11-12"}},
            "tracking": {"providers_hash": 1, "providers": [
                {"provider": {"key": 190271, "name": "Cainiao", "country": "CN"},
                 "latest_sync_time": "2026-11-03T10:00:00Z", "events": [EVENT]},
            ]},
        },
    },
}  # fmt: skip


def changed(body: dict[str, Any], at: str, value: object) -> dict[str, Any]:
    """The body with another value at a path such as msg.checkpoints.0.tag."""
    copy = json.loads(json.dumps(body))
    *path, last = [int(step) if step.isdigit() else step for step in at.split(".")]
    inner = copy
    for step in path:
        inner = inner[step]
    inner[last] = value
    return dict(copy)


def aftership(at: str = "event", value: object = "tracking_update") -> bytes:
    return json.dumps(changed(AFTERSHIP, at, value), ensure_ascii=False).encode()


def track17(at: str = "event", value: object = "TRACKING_UPDATED") -> bytes:
    return json.dumps(changed(TRACK17, at, value), ensure_ascii=False).encode()


def test_what_aftership_tells() -> None:
    told = from_aftership_body(aftership())
    assert told.refused == ()
    assert told.shipment == Shipment(
        id="CP402758165CN", carrier="China Post", tracking_number="CP402758165CN", origin="CN", destination="ES",
        promised_at=datetime(2026, 11, 25, 22, 59, 59, tzinfo=UTC),
        expected_at=datetime(2026, 11, 20, 22, 59, 59, tzinfo=UTC),
        events=(
            TrackingEvent(
                time=datetime(2026, 11, 2, 1, 30, tzinfo=UTC), status="InTransit", location="深圳, China",
                text="离开【深圳国际互换局】，发往西班牙",
            ),
        ),
    )  # fmt: skip


def test_what_17track_tells() -> None:
    told = from_17track_body(track17())
    assert told.refused == ()
    assert told.shipment == Shipment(
        id="LP00582914730562", carrier="Cainiao", tracking_number="LP00582914730562", origin="CN", destination="AE",
        expected_at=datetime(2026, 11, 12, 23, 59, 59, tzinfo=timezone(timedelta(hours=4))),
        events=(
            TrackingEvent(
                time=datetime(2026, 11, 2, 1, 30, tzinfo=UTC), status="InTransit", customs="customs_processing",
                location="دبي", text="وصلت إلى الجمارك",
            ),
        ),
    )  # fmt: skip


def test_the_shops_own_id() -> None:
    assert from_aftership_body(aftership("msg.custom_fields", {"shipment_id": " S-7 ", "x": [1]})).shipment.id == "S-7"
    for other in (None, [], {"shipment_id": 7}, {"shipment_id": ""}, "S-7"):
        assert from_aftership_body(aftership("msg.custom_fields", other)).shipment.id == "CP402758165CN"
    assert from_17track_body(track17("data.tag", "S-7")).shipment.id == "S-7"


def test_the_store_finds_the_shops_shipment_by_its_number(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'shop.db'}")
    store.put_shipments([Shipment(id="S-1", carrier="中国邮政", tracking_number="CP 402 758 165 CN", incoterm="DAP")])
    store.put_shipments([from_aftership_body(aftership()).shipment])
    known = store.shipment("S-1")
    assert known
    assert (known.carrier, known.destination, len(known.events)) == ("中国邮政", "ES", 1)
    assert store.shipment("CP402758165CN") is None
    store.close()


def test_words_add_what_customs_asks() -> None:
    body = aftership("msg.checkpoints.0", CHECKPOINT | {"tag": "Exception", "subtag": "Exception_006",
                                                        "message": "Import duties and taxes are unpaid"})  # fmt: skip
    (event, _) = from_aftership_body(body).shipment.events
    assert (event.status, event.customs) == ("Exception", "customs_duties_unpaid")


def test_a_newer_sub_status_leaves_its_tag() -> None:
    (event,) = from_aftership_body(aftership("msg.checkpoints.0.subtag", "InTransit_099")).shipment.events
    assert event.status == "InTransit"


def test_a_status_that_no_event_has() -> None:
    body = json.dumps(changed(changed(AFTERSHIP, "msg.tag", "Expired"), "msg.subtag", "Expired_001")).encode()
    (_, last) = from_aftership_body(body).shipment.events
    assert (last.status, last.time) == ("Expired", datetime(2026, 11, 3, tzinfo=UTC))
    latest = {"status": "NotFound", "sub_status": "NotFound_Other"}
    empty = changed(changed(TRACK17, "data.track_info.latest_status", latest),
                    "data.track_info.tracking.providers.0.events", [])  # fmt: skip
    (only,) = from_17track_body(json.dumps(empty).encode()).shipment.events
    assert (only.status, only.time) == ("Pending", datetime(2026, 11, 3, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "place", "time"),
    [
        ("2026-11-02T09:30:00", "CHN", "2026-11-02T01:30:00+00:00"),
        ("2026-11-02T09:30:00", "ESP", "2026-11-02T08:30:00+00:00"),
        ("2026-11-02T09:30:00", "JPN", "2026-11-02T00:30:00+00:00"),
        ("2026-07-02 09:30:00", "DEU", "2026-07-02T07:30:00+00:00"), ("2026-11-02T09:30:00", "USA", None),
        ("2026-11-02T09:30:00Z", "USA", "2026-11-02T09:30:00+00:00"), ("2026-11-02T09:30:00", "", None),
        ("2026-11-02", "JPN", None), ("yesterday", "JPN", None),
    ],
)  # fmt: skip
def test_a_time_without_an_offset_is_by_its_countrys_clock(text: str, place: str, time: str | None) -> None:
    told = from_aftership_body(
        aftership("msg.checkpoints.0", CHECKPOINT | {"checkpoint_time": text, "country_iso3": place})
    )
    if time:
        assert told.shipment.events[0].time == datetime.fromisoformat(time)
        return
    ((column, reason),) = told.refused
    assert column == "msg.checkpoints[0].checkpoint_time"
    assert repr(text) in reason


def test_of_17tracks_times_the_carriers_clock_counts() -> None:
    no_offset = EVENT | {"time_iso": "2026-11-02T09:30:00", "address": {"country": "US"}}
    (event,) = from_17track_body(track17("data.track_info.tracking.providers.0.events", [no_offset])).shipment.events
    assert event.time == datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "column"),
    [
        (aftership("msg.tracking_number", ""), "msg.tracking_number"),
        (aftership("msg.tracking_number", "A\u0000B"), "msg.tracking_number"),
        (aftership("msg.slug", " "), "msg.slug"), (aftership("msg.slug", 7), ""), (aftership("msg", []), ""),
        (aftership("msg.checkpoints", [CHECKPOINT] * 1001), ""), (aftership("msg.title", "x" * MOST_BODY_BYTES), ""),
        (aftership("msg.checkpoints.0.message", "x" * 5000), ""), (b"", ""), (b"null", ""), (b"[]", ""),
        (b"\xff\xfe", ""),
        (b'{"msg": ' + b"[" * 100_000, ""), (b'{"msg":{"custom_fields":' + b'{"a":' * 50_000, ""),
    ],
)  # fmt: skip
def test_no_body_of_aftership(body: bytes, column: str) -> None:
    with pytest.raises(BadCell) as caught:
        from_aftership_body(body)
    assert caught.value.column == column
    assert len(caught.value.reason) < 400


@pytest.mark.parametrize(
    ("body", "column"),
    [
        (track17("data.number", " "), "data.number"), (track17("data.track_info", None), "data.track_info"),
        (track17("data.track_info.tracking", None), "data.track_info.tracking.providers"),
        (track17("data.carrier", "x"), ""), (track17("data.track_info.tracking.providers", [{}] * 21), ""),
    ],
)  # fmt: skip
def test_no_body_of_17track(body: bytes, column: str) -> None:
    with pytest.raises(BadCell) as caught:
        from_17track_body(body)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("at", "value", "column"),
    [
        ("msg.checkpoints.0.tag", "Teleported", "msg.checkpoints[0].tag"), ("msg.tag", "Teleported", "msg.tag"),
        ("msg.checkpoints.0.checkpoint_time", None, "msg.checkpoints[0].checkpoint_time"),
        ("msg.expected_delivery", "soon", "msg.expected_delivery"),
    ],
)  # fmt: skip
def test_a_bad_part_is_refused_alone(at: str, value: object, column: str) -> None:
    told = from_aftership_body(aftership(at, value))
    assert [refused for refused, _ in told.refused] == [column]
    assert told.shipment.tracking_number == "CP402758165CN"


def test_a_bad_event_of_17track_is_refused_alone() -> None:
    events = [EVENT, EVENT | {"sub_status": "InTransit_Teleported"}, EVENT | {"sub_status": None, "stage": "Delivered"}]
    told = from_17track_body(track17("data.track_info.tracking.providers.0.events", events))
    assert [column for column, _ in told.refused] == ["data.track_info.tracking.providers[0].events[1].sub_status"]
    assert {event.status for event in told.shipment.events} == {"InTransit", "Delivered"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("CHN", "CN"), ("esp", "ES"), ("GB", "GB"), ("SUN", None), ("XXX", None), ("", None), (None, None), ("ROU", "RO")]
)  # fmt: skip
def test_countries_of_three_letters(text: str | None, code: str | None) -> None:
    assert country(text) == code


# Files


def read(tmp_path: Path, content: bytes) -> list[Shipment | Refused]:
    path = tmp_path / "posted.json"
    path.write_bytes(content)
    return list(shipments.read(path))


def test_one_body_an_array_and_a_body_a_line_are_one(tmp_path: Path) -> None:
    one, other = aftership(), track17()
    pretty = json.dumps(AFTERSHIP, indent=2).encode()
    expected = [from_aftership_body(one).shipment, from_17track_body(other).shipment]
    assert read(tmp_path, one) == read(tmp_path, b"\xef\xbb\xbf\n" + pretty) == expected[:1]
    assert read(tmp_path, b"[" + one + b",\n" + other + b"]") == expected
    assert read(tmp_path, one + b"\n\n" + other + b"\n") == expected


def test_bad_bodies_of_a_file_are_refused_by_line(tmp_path: Path) -> None:
    bad = aftership("msg.checkpoints.0.tag", "?")
    found = read(tmp_path, aftership() + b"\nnot json\n{}\n" + bad + b"\n")
    assert [(r.line, r.column, r.record) for r in found if isinstance(r, Refused)] == [
        (2, "", ""), (3, "", ""), (4, "msg.checkpoints[0].tag", "CP402758165CN"),
    ]  # fmt: skip
    assert sum(isinstance(shipment, Shipment) for shipment in found) == 2
    refused, _ = read(tmp_path, b"[3," + track17() + b"]")
    assert isinstance(refused, Refused)
    assert refused.column == "[0]"


@pytest.mark.parametrize(
    "content",
    [b"[" + aftership(), aftership()[:-3], aftership() + b"\n" + aftership()[:-3], b"[" * 100_000, b"{",
     b'{"a":1} {"b":2}'],
)  # fmt: skip
def test_a_file_that_is_cut_off_is_no_feed(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FeedError):
        read(tmp_path, content)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="can't be read"):
        list(shipments.read(tmp_path / "none.json"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["msg", "data", "tracking_number", "slug", "checkpoints", "tag", "checkpoint_time", "number", "track_info",
         "tracking", "providers", "events", "custom_fields", "time_iso", "sub_status"]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["msg.checkpoints", "msg.custom_fields", "msg.expected_delivery", "msg.tag", "msg"]))
def test_any_json_is_taken_or_refused(value: object, at: str) -> None:
    for body in (aftership(at, value), json.dumps(value).encode()):
        try:
            told = from_aftership_body(body)
        except BadCell:
            continue
        assert told.shipment.carrier
        assert all(event.time.tzinfo for event in told.shipment.events)


@given(JSON, st.sampled_from(["data.track_info", "data.track_info.tracking.providers", "data.tag", "data"]))
def test_any_json_is_taken_or_refused_of_17track(value: object, at: str) -> None:
    for body in (track17(at, value), json.dumps(value).encode()):
        try:
            told = from_17track_body(body)
        except BadCell:
            continue
        assert told.shipment.tracking_number


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body: bytes) -> None:
    for parse in (from_aftership_body, from_17track_body):
        with pytest.raises(BadCell):
            parse(body)
