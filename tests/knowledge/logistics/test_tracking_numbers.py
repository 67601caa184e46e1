"""Tracking numbers: carriers and check digits, in every way of writing, in sentences, and in hostile texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.logistics import tracking_numbers
from knowledge.logistics.check_digits import S10_WEIGHTS
from knowledge.logistics.couriers import carrier_named, courier, tracking_url
from knowledge.logistics.tracking_numbers import LONGEST, MOST_CHARACTERS, find, formats_of, judge
from tests.shared import DATA, needs_data

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
UNNAMED = {  # formats without an id in the shared data
    "LaserShip 1LS7 (18)": "lasership_1ls7_18",
    "Old Dominion": "old_dominion",
    "Old Dominion Guaranteed Shipment": "old_dominion_guaranteed",
    "UPS Waybill": "ups_waybill",
}


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def shared() -> Iterator[tuple[str, str, bool, str]]:
    for path in sorted((DATA / "tracking" / "couriers").glob("*.json")) if DATA else ():
        given = json.loads(path.read_text(encoding="utf-8"))
        for form in given["tracking_numbers"]:
            id = form.get("id") or UNNAMED[form["name"]]
            for valid in (True, False):
                for number in form["test_numbers"]["valid" if valid else "invalid"]:
                    yield given["courier_code"], id, valid, number


@needs_data
def test_all_published_examples_are_judged_right() -> None:
    examples = list(shared())
    assert (sum(valid for _, _, valid, _ in examples), len(examples)) == (192, 280)
    for code, id, valid, number in examples:
        assert (id in formats_of(number)) == valid, (id, number)
        if valid and code != "s10":
            assert code in {tracking.carrier for tracking in judge(number)}, number
            assert judge(number, carrier=code), number


@pytest.mark.parametrize(("code", "valid", "number"), rows("further_couriers.tsv"))
def test_further_couriers(code: str, valid: str, number: str) -> None:
    assert (code in {tracking.carrier for tracking in judge(number)}) == (valid == "valid")


@pytest.mark.parametrize(("language", "sentence", "number", "code"), rows("sentences.tsv"))
def test_numbers_in_sentences(language: str, sentence: str, number: str, code: str) -> None:
    text = sentence.replace("\\n", "\n")
    (found,) = find(text)
    assert (found.certain, found.trackings[0].number, found.trackings[0].carrier) == (True, number, code)
    assert judge(text[found.start : found.end])[0].number == number, language


def test_nothing_in_ordinary_sentences_is_certain() -> None:
    files = [*ROOT.glob("bot/examples/*.tsv"), *ROOT.glob("bot/demo/articles/*.md")]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) > 5000
    assert [line for line in lines if any(found.certain for found in find(line))] == []


@pytest.mark.parametrize(
    "text",
    [
        "Call me at +49 151 23456789 or (020) 7946 0958", "Order A-12046 of 2026-11-04 08:00",
        "订单号2026-000831，电话13812345678",
        "EAN 4006381333931, price 1.234.567,89 €", "IBAN DE89 3704 0044 0532 0130 00", "طلب رقم ٢٠٢٦-٠٠٠٨٣١",
        "Карта 4111 1111 1111 1111", "v1.2.3 10.0.0.1 2001:db8::1", "Ich wohne in 10115 Berlin, Hausnummer 12",
    ],
)  # fmt: skip
def test_other_numbers_are_not_certain(text: str) -> None:
    assert not any(found.certain for found in find(text))


def test_a_phone_number_is_none() -> None:
    assert find("+4915123456789") == find("ｔｅｌ＋８６ １３８ １２３４ ５６７８") == ()


def test_a_number_keeps_all_its_carriers() -> None:
    assert judge("986578788855")[0].carrier == "fedex"
    assert {"fedex", "sf_express", "aramex"} <= {tracking.carrier for tracking in judge("986578788855")}
    assert [tracking.carrier for tracking in judge("986578788855", carrier="顺丰速运")] == ["sf_express"]
    assert judge("986578788855", carrier="a carrier that nobody knows") == ()


def test_posts_carry_each_others_numbers_on() -> None:
    (issued,) = judge("RS571920460DE")
    (carried,) = judge("RS571920460DE", carrier="Royal Mail")
    assert (issued.carrier, carried.carrier, carried.certain) == ("dhl", "royal_mail", True)
    assert issued.service == "Letter post, registered"
    assert judge("RS571920460DE", carrier="UPS") == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("DHL", "dhl"), ("dhl express", "dhl"), ("DHL Parcel Benelux", "dhl"), ("ＤＨＬ", "dhl"),
        ("顺丰", "sf_express"),
        ("順豐速運", "sf_express"), ("sf-express", "sf_express"), ("УкрПошта", "post_ua"), ("Почта России", "post_ru"),
        ("china-post", "post_cn"), ("中国邮政", "post_cn"), ("日本郵便", "post_jp"), ("أرامكس", "aramex"),
        ("4px", "4px"),
        ("递四方", "4px"), ("Royal Mail", "royal_mail"), ("spain-correos-es", "correos"), ("La Poste", "la_poste"),
        ("La Poste Suisse", "post_ch"), ("Colissimo", "la_poste"), ("菜鸟", "cainiao"),
        ("Österreichische Post", "post_at"),
        ("Canada Post", "canada_post"), ("우체국택배", "post_kr"), ("भारतीय डाक", "post_in"), ("", None), ("???", None),
        ("Hermes", None), ("x" * 10_000, None),
    ],
)  # fmt: skip
def test_carriers_by_many_names(name: str, code: str | None) -> None:
    assert carrier_named(name) == code


def test_where_a_number_is_looked_up() -> None:
    assert tracking_url("1Z8W47303912540862", "ups") == (
        "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums=1Z8W47303912540862"
    )
    assert tracking_url("a b&c", "ups") == "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums=a%20b%26c"
    assert tracking_url("LX17635036", "lasership") is None
    assert tracking_url("1", "nobody") is None
    assert (courier("post_xx"), courier("post_ua") and courier("post_ua").name) == (None, "Ukrposhta")  # type: ignore[union-attr]


ZEROS = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10]  # ASCII, Arabic, Persian, Hindi, Bengali, Thai, full-width
BETWEEN = ["", " ", "-", "\u2011", "\u2013", "\u2212", "\u00a0", "\u200e", "\u2067", "\u200b", "\u00ad", "\n", "\u3000"]


@given(
    st.text("0123456789", min_size=8, max_size=8),
    st.sampled_from(["RB", "CP", "LX", "EE"]),
    st.sampled_from(["GB", "FR", "ES", "IT", "CN", "UA", "JP", "BR"]),
    st.sampled_from(ZEROS),
    st.sampled_from(BETWEEN),
    st.sampled_from(["", "我的单号是", "رقم ", "ट्रैकिंग ", "номер "]),
)
def test_an_s10_number_is_found_however_it_is_written(
    serial: str, service: str, country: str, zero: int, between: str, before: str
) -> None:
    total = sum(int(digit) * weight for digit, weight in zip(serial, S10_WEIGHTS, strict=True))
    check = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    digits = "".join(chr(zero + int(digit)) for digit in f"{serial}{check}")
    written = between.join([service, digits[:3], digits[3:6], digits[6:], country])
    (found,) = find(f"{before}{written}。")
    assert found.certain
    assert (found.start, found.end) == (len(before), len(before) + len(written))
    assert found.trackings[0].number == f"{service}{serial}{check}{country}"
    for other in range(10):
        assert ("s10" in formats_of(f"{service}{serial}{other}{country}")) == (other == check)


@given(st.text(max_size=300))
def test_any_text_is_searched(text: str) -> None:
    end = 0
    for found in find(text):
        assert end <= found.start < found.end <= len(text)
        end = found.end
        assert found.trackings
        assert {t.carrier for t in found.trackings} <= {t.carrier for t in judge(text[found.start : found.end])}


@given(st.text("0123456789ABCGMPRSTZ -١", max_size=60))
def test_any_number_is_judged(number: str) -> None:
    for tracking in judge(number):
        assert tracking.number.isascii()
        assert len(tracking.number) <= LONGEST
        assert courier(tracking.carrier)


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "12 ", "123 ", "1234567890 ", "GM1", "1Z", "A1 ", "RR123456785GB ", "9 4 ", "-", "\u200e1", "١ ",
     "TH1A ",
     "where is it 1 ", "\n1"],
)  # fmt: skip
def test_hostile_texts_take_time_in_proportion(unit: str) -> None:
    """Ten times the text takes at most thirty times as long: nothing grows with its square."""
    text = (unit * MOST_CHARACTERS)[:MOST_CHARACTERS]
    find(text)
    short, long = timed(text[: MOST_CHARACTERS // 10]), timed(text)
    assert long < 30 * short + 0.02
    assert timed(text * 50) < 3 * long + 0.02


def timed(text: str) -> float:
    best = 1.0
    for _ in range(5):
        tracking_numbers._judged.cache_clear()
        start = time.perf_counter()
        find(text)
        best = min(best, time.perf_counter() - start)
    return best
