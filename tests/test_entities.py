"""What a message names, in any script, and what only looks like it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import colour_of, find
from bot.settings import LANGUAGES
from knowledge.store import normal_identifier

SIZES = frozenset({"42", "42.5", "43", "S", "M", "L", "XL", "One Size", "120 x 60 cm", "均码"})


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("Where is BD-20481?", "en", "BD-20481"),
        ("order #20481 please", "en", "20481"),
        ("order no. BD20481, thanks", "en", "BD20481"),
        ("BD/2026/17.", "en", "BD/2026/17"),
        ("BD 20481 hasn't come", "en", "BD 20481"),
        ("订单BD-20481在哪", "zh", "BD-20481"),
        ("订单ＢＤ－２０４８１在哪", "zh", "BD-20481"),  # full width
        ("注文BDー20481はどこ", "ja", "BD-20481"),  # the long vowel for a dash
        ("BD–20481", "en", "BD-20481"),  # en dash
        ("BD—20481", "en", "BD-20481"),
        ("BD‑20481", "en", "BD-20481"),  # no-break hyphen
        ("BD−20481", "en", "BD-20481"),  # minus
        ("طلبي BD-٢٠٤٨١ أين هو؟", "ar", "BD-20481"),  # Arabic-Indic digits
        ("طلبي \u200fBD-20481\u200f", "ar", "BD-20481"),  # marks of direction
        ("मेरा ऑर्डर BD-२०४८१", "hi", "BD-20481"),
        ("주문 BD-20481은 어디에", "ko", "BD-20481"),
        ("คำสั่งซื้อBD-20481อยู่ไหน", "th", "BD-20481"),
        ("RR 1234 5678 5 DE", "en", "RR 1234 5678 5 DE"),
        ("посылка RR123456785DE", "ru", "RR123456785DE"),
        ("SHO-242-BLK_2", "en", "SHO-242-BLK_2"),
    ],
)
def test_codes_as_customers_write_them(text: str, language: str, code: str) -> None:
    assert code in find(text, language, frozenset()).codes


def test_what_is_no_code() -> None:
    found = find("Hello, my blue-green thing; mail anna.weber2@example.org e-mail", "en", frozenset())
    assert found.codes == ()
    assert found.emails == ("anna.weber2@example.org",)
    assert find("a" * 65 + "1", "en", frozenset()).codes == ()


@pytest.mark.parametrize(
    "text",
    [
        "我的邮箱是anna@example.org。",
        "بريدي anna@example.org",
        "почта: anna@example.org,",
        "ａｎｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "<anna@example.org>",
    ],
)
def test_an_email_in_any_script(text: str) -> None:
    assert find(text, "en", frozenset()).emails == ("anna@example.org",)


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("jörg.groß@example.org", ("jörg.groß@example.org",)),  # never "rg@example.org", who is somebody else
        ("anna@example.org-", ("anna@example.org",)),
        ("anna@mail.example.co.uk.", ("anna@mail.example.co.uk",)),
        ("a@b.de,b@c.de", ("a@b.de", "b@c.de")),
        ("anna@xn--bcher-kva.xn--p1ai", ("anna@xn--bcher-kva.xn--p1ai",)),
        ("a" * 65 + "@example.org", ()),
        ("@anna", ()),
        ("anna@example", ()),
    ],
)
def test_where_an_email_begins_and_ends(text: str, emails: tuple[str, ...]) -> None:
    assert find(text, "en", frozenset()).emails == emails


@pytest.mark.parametrize(
    ("text", "language", "sizes"),
    [
        ("in 42 please", "en", ("42",)),
        ("42码有吗", "zh", ("42",)),
        ("要42码和43码", "zh", ("42", "43")),
        ("42.5 or 42,5", "en", ("42.5",)),
        ("サイズXLありますか", "ja", ("XL",)),
        ("taille xl", "fr", ("XL",)),
        ("размер M", "ru", ("M",)),
        ("مقاس ٤٢", "ar", ("42",)),
        ("size M or L", "en", ("M", "L")),
        ("desk 120 x 60 cm", "en", ("120 x 60 cm",)),
        ("one size?", "en", ("One Size",)),
        ("均码的", "zh", ("均码",)),
        # Not sizes: money, codes, other numbers, letters that are words.
        ("it costs €42", "en", ()),
        ("42 %", "en", ()),
        ("order BD-42", "en", ()),
        ("142", "en", ()),
        ("42.99", "en", ()),
        ("it's l'été", "fr", ()),
        ("44", "en", ()),
        ("MUG", "en", ()),
    ],
)
def test_only_the_shops_own_sizes_are_sizes(text: str, language: str, sizes: tuple[str, ...]) -> None:
    assert find(text, language, SIZES).sizes == sizes


def test_a_shop_without_sizes() -> None:
    assert find("42 XL", "en", frozenset()).sizes == ()


@pytest.mark.parametrize(
    ("text", "language", "colours"),
    [
        ("the blue one", "en", ("blue",)),
        ("light blue or navy blue", "en", ("light blue", "navy")),
        ("有没有红色的", "zh", ("red",)),
        ("红的呢", "zh", ("red",)),
        ("要藍色的", "zh-Hant", ("blue",)),
        ("وبالأحمر؟", "ar", ("red",)),
        ("باللون الأزرق", "ar", ("blue",)),
        ("حقيبة سودا", "ar", ("black",)),
        ("и в синем цвете", "ru", ("blue",)),
        ("чёрную", "ru", ("black",)),
        ("а светло-серый", "ru", ("grey",)),
        ("नीला बैग है?", "hi", ("blue",)),
        ("पीली और हरे", "hi", ("yellow", "green")),
        ("सफ़ेद", "hi", ("white",)),
        ("青のリュック", "ja", ("blue",)),
        ("黒いの", "ja", ("black",)),
        ("赤ありますか", "ja", ("red",)),
        ("グレー", "ja", ("grey",)),
        ("파란색으로", "ko", ("blue",)),
        ("블랙 있어요?", "ko", ("black",)),
        ("มีสีดำไหม", "th", ("black",)),
        ("in weiß", "de", ("white",)),
        ("en rouge", "fr", ("red",)),
        ("בצבע כחול", "he", ("blue",)),
        ("והאדום", "he", ("red",)),
        ("màu đỏ", "vi", ("red",)),
        ("有没有blue的", "zh", ("blue",)),  # English counts in every language
    ],
)
def test_colours(text: str, language: str, colours: tuple[str, ...]) -> None:
    assert find(text, language, frozenset()).colours == colours


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("红茶寄到英国要交税吗", "zh"),
        ("口红", "zh"),
        ("明白了，谢谢", "zh"),
        ("蓝牙音箱", "zh"),
        ("黑色星期五", "zh"),
        ("赤ちゃん用のおもちゃ", "ja"),
        ("面白いですね", "ja"),
        ("緑茶", "ja"),
        ("告白", "ja"),
        ("전화해보라고", "ko"),
        ("กำลังดำเนินการ", "th"),
        ("ไฟฟ้า", "th"),
        ("जो कालीन खरीदा", "hi"),
        ("Black Friday deals", "en"),
        ("bored", "en"),
        ("la red social", "es"),
        ("انتظر", "ar"),
        ("Boardwhite", "en"),
    ],
)
def test_what_is_no_colour(text: str, language: str) -> None:
    assert find(text, language, frozenset()).colours == ()


@pytest.mark.parametrize(
    ("text", "language", "countries"),
    [
        ("and to Canada?", "en", ("CA",)),
        ("to canada please", "en", ("CA",)),
        ("the uk or the USA", "en", ("GB", "US")),
        ("寄到加拿大和英國", "zh", ("CA", "GB")),
        ("寄到印度尼西亚", "zh", ("ID",)),
        ("寄到越南非常慢", "zh", ("VN",)),
        ("وإلى كندا؟", "ar", ("CA",)),
        ("للسعودية", "ar", ("SA",)),
        ("للبحرين", "ar", ("BH",)),
        ("بالأردن", "ar", ("JO",)),
        ("لليابان", "ar", ("JP",)),
        ("في الاردن", "ar", ("JO",)),
        ("в Канаду", "ru", ("CA",)),
        ("из Германии в Китай", "ru", ("DE", "CN")),
        ("Саудовскую Аравию", "ru", ("SA",)),
        ("до Єгипту", "uk", ("EG",)),
        ("do Kanady", "pl", ("CA",)),
        ("w Niemczech", "pl", ("DE",)),
        ("Kanada'ya", "tr", ("CA",)),
        ("Almanyaya kargo", "tr", ("DE",)),
        ("İtalya", "tr", ("IT",)),
        ("कनाडा के लिए", "hi", ("CA",)),
        ("श्रीलंका में", "hi", ("LK",)),
        ("カナダへの関税", "ja", ("CA",)),
        ("タイまで", "ja", ("TH",)),
        ("ドイツ・フランス", "ja", ("DE", "FR")),
        ("캐나다로 배송", "ko", ("CA",)),
        ("미국에서", "ko", ("US",)),
        ("미국배송", "ko", ("US",)),
        ("가나로", "ko", ("GH",)),
        ("gửi đến Áo", "vi", ("AT",)),
        ("sang Đức", "vi", ("DE",)),
        ("ở Việt Nam", "vi", ("VN",)),
        ("in die Niederlanden", "de", ("NL",)),
        ("aus der Schweiz", "de", ("CH",)),
        ("en Côte d’Ivoire", "fr", ("CI",)),
        ("ส่งไปแคนาดา", "th", ("CA",)),
        ("לקנדה", "he", ("CA",)),
        ("ke Jepang", "id", ("JP",)),
        ("naar België", "nl", ("BE",)),
    ],
)
def test_countries(text: str, language: str, countries: tuple[str, ...]) -> None:
    assert find(text, language, frozenset()).countries == countries


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("please tell us", "en"),
        ("it is ours", "en"),
        ("is this jersey warm?", "en"),
        ("el jersey no me convence", "es"),
        ("ネクタイはありますか", "ja"),
        ("タイツとスタイル", "ja"),
        ("今日本当に届きますか", "ja"),
        ("日本語で話せますか", "ja"),
        ("결제 수단이 뭐예요?", "ko"),
        ("언제 가나요?", "ko"),
        ("오만 원이에요", "ko"),
        ("한국어로 말해 주세요", "ko"),
        ("Áo này còn size M không?", "vi"),
        ("cái áo đen", "vi"),
        ("cho mình xin ý kiến", "vi"),
        ("从上海地址发货吗", "zh"),
        ("今日本店有活动吗", "zh"),
        ("湖南非常远", "zh"),
        ("请说英语", "zh"),
        ("того же размера", "ru"),
        ("цвет индиго", "ru"),
        ("если даны скидки", "ru"),
        ("обман", "ru"),
        ("Wat een waardeloze service", "nl"),
        ("ik wil een klacht indienen", "nl"),
        ("złożyłem dwa razy to samo", "pl"),
        ("всі мої дані", "uk"),
        ("أريد استرداد مالي", "ar"),
        ("أحذية بنين", "ar"),
        ("mali işler", "tr"),
    ],
)
def test_what_is_no_country(text: str, language: str) -> None:
    assert find(text, language, frozenset()).countries == ()


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ("Blue", "blue"),
        (" NAVY ", "navy"),
        ("蓝色", "blue"),
        ("أحمر", "red"),
        ("सफ़ेद", "white"),
        ("weiß", "white"),
        ("plaid", None),
        ("", None),
    ],
)
def test_the_colour_of_a_feeds_own_word(value: str, colour: str | None) -> None:
    assert colour_of(value) == colour


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_taken(text: str, language: str) -> None:
    found = find(text, language, SIZES)
    assert all(code and normal_identifier(code) for code in found.codes)
    assert set(found.sizes) <= SIZES
    assert all(len(country) == 2 and country.isupper() for country in found.countries)
    assert find(text, language, SIZES) == found


def quickest(call: Callable[[], object], tries: int = 3) -> float:
    """Seconds of processor time of the quickest of a few calls."""
    took = []
    for _ in range(tries):
        started = time.process_time()
        call()
        took.append(time.process_time() - started)
    return min(took)


@pytest.mark.parametrize("part", ["a-", "1 ", "a.b@", "@", "1-", "红", "타", "RR 123 "])
def test_hostile_text_takes_time_in_line_with_its_length(part: str) -> None:
    short, long = (part * (length // len(part)) for length in (2_000, 8_000))
    find(long, "zh", SIZES)
    # Four times the text; sixteen times the work would be that of a pattern that starts over at each character.
    assert quickest(lambda: find(long, "zh", SIZES)) < 8 * quickest(lambda: find(short, "zh", SIZES)) + 0.02


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("https://shop.example/orders/A-100482", "en", "A-100482"),
        ("请看 https://www.carrier.example/track?no=LP123456789CN&lang=zh 谢谢", "zh", "LP123456789CN"),
        ("أين هو https://t.example/#/1Z999AA10123456784؟", "ar", "1Z999AA10123456784"),
        ("www.shop.example/p/BAG-1042?size=M", "de", "BAG-1042"),
    ],
)
def test_codes_in_links(text: str, language: str, code: str) -> None:
    assert code in find(text, language, frozenset()).codes
