"""Whatever a file holds, a feed gives records, refused rows or one FeedError, and no other exception."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.feeds import duties, orders, products, shipments
from knowledge.feeds.errors import FeedError
from knowledge.records import Duty, Order, Product, Refused, Shipment

FEEDS = [(products, Product), (orders, Order), (shipments, Shipment), (duties, Duty)]
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "12.50 EUR", "EUR", "in_stock", "2026-11-01T10:00:00+01:00", "2026-11-01", "DE", "1", "x", "", "DAP", '"',
        '"a\n', "Exception:customs_held", "InTransit", "20", "4006381333931", "蓝色搪瓷杯", "كوب", "\r", "\t", "１２",
    ]),
)  # fmt: skip
Read = Callable[[Path], Iterator[Any]]


def check(read: Read, kind: type, path: Path, content: bytes) -> list[Any]:
    path.write_bytes(content)
    found = []
    try:
        for item in read(path):
            assert isinstance(item, kind | Refused)
            if isinstance(item, Refused):
                assert item.file == path.name
                assert 2 <= item.line <= content.count(b"\n") + 1
                assert item.reason
            found.append(item)
    except FeedError as wrong:
        assert wrong.file == path.name
    return found


@pytest.mark.parametrize(("feed", "kind"), FEEDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_rows(tmp_path: Path, feed: Any, kind: type, data: st.DataObject) -> None:
    columns = [*feed.COLUMNS.required, *feed.COLUMNS.optional, *(f"{name}[es]" for name in feed.COLUMNS.languages)]
    between = data.draw(st.sampled_from(["\t", ","]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(columns), max_size=len(columns)), max_size=4))
    text = end.join(between.join(row) for row in [columns, *rows])
    check(feed.read, kind, tmp_path / "feed.csv", text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(("feed", "kind"), FEEDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)), header=st.booleans())
def test_any_bytes(tmp_path: Path, feed: Any, kind: type, content: bytes, header: bool) -> None:
    first = ",".join(feed.COLUMNS.required).encode() + b"\n" if header else b""
    check(feed.read, kind, tmp_path / "feed.csv", first + content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(titles=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30), max_size=6))
def test_what_is_quoted_comes_back_and_every_row_is_accounted_for(tmp_path: Path, titles: list[str]) -> None:
    rows = [f'{n}\t"{title.replace(chr(34), chr(34) * 2)}"\t5 EUR\tin_stock' for n, title in enumerate(titles)]
    text = "\n".join(["id\ttitle\tprice\tavailability", *rows])
    found = check(products.read, Product, tmp_path / "feed.tsv", text.encode())
    assert len(found) == len(titles)
    for title, item in zip(titles, found, strict=True):
        if title.strip():
            assert item.title == title.strip().replace("\r\n", "\n")
        else:
            assert item.column == "title"
