"""Long texts in pieces: nothing lost, nothing too long, cut where a reader would pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.platforms.splitting import split, utf8, utf16


@given(st.text(max_size=400), st.integers(16, 60), st.sampled_from([len, utf8, utf16]))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int, size: object) -> None:
    assert callable(size)
    pieces = split(text, limit, size)
    assert all(piece.strip() and size(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("The parcel is on its way. It comes on Monday.", ("The parcel is on its way.", "It comes on Monday.")),
        (
            "您的包裹正在路上，预计星期一之前一定可以送到。谢谢您的耐心等待和理解。",
            ("您的包裹正在路上，预计星期一之前一定可以送到。", "谢谢您的耐心等待和理解。"),
        ),
        ("طردك في الطريق إليك الآن. سيصل يوم الاثنين.", ("طردك في الطريق إليك الآن.", "سيصل يوم الاثنين.")),
        ("พัสดุของคุณ กำลังเดินทาง จะถึงวันจันทร์นี้", ("พัสดุของคุณ กำลังเดินทาง", "จะถึงวันจันทร์นี้")),
    ],
)
def test_it_is_cut_where_a_reader_pauses(text: str, pieces: tuple[str, ...]) -> None:
    assert split(text, 26) == pieces


def test_a_family_stays_together() -> None:
    family = "👩‍👩‍👧‍👦"
    assert split(family * 5, 16) == (family * 2, family * 2, family)
