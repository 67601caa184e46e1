"""Kinds of goods in texts of all languages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer.titles import heads, without_names
from bot.goods import NO_GOODS, akin, found, kinds, same, without, word_for
from bot.named_words import rows
from bot.settings import LANGUAGES


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "Have you got trail backpacks?", "backpack"),
        ("zh", "我想买一个双肩包", "backpack"),
        ("zh-Hant", "請問有賣後背包嗎", "backpack"),
        ("es", "¿cuánto cuestan las mochilas?", "backpack"),
        ("fr", "Combien coûtent les sacs à dos ?", "backpack"),
        ("de", "Gibt es den Wanderrucksack noch?", "backpack"),
        ("pt", "Vocês vendem mochilas?", "backpack"),
        ("it", "Avete degli zaini?", "backpack"),
        ("nl", "Hoeveel liter gaat er in de wandelrugzak?", "backpack"),
        ("pl", "Ile kosztują te plecaki?", "backpack"),
        ("ru", "А рюкзаков больше нет?", "backpack"),
        ("uk", "Чи є рюкзаки?", "backpack"),
        ("tr", "Sırt çantanız kaç litre?", "backpack"),
        ("ar", "بكم حقيبة الظهر؟", "backpack"),
        ("he", "כמה עולה התרמיל?", "backpack"),
        ("hi", "यह बैकपैक कितने का है?", "backpack"),
        ("id", "Ranselnya berapa liter?", "backpack"),
        ("vi", "Ba lô này giá bao nhiêu?", "backpack"),
        ("th", "กระเป๋าเป้ราคาเท่าไหร่", "backpack"),
        ("ja", "リュックはいくらですか", "backpack"),
        ("ko", "배낭 있나요?", "backpack"),
    ],
)
def test_a_backpack_is_known_by_its_name_in_every_language(language: str, text: str, kind: str) -> None:
    assert kind in kinds(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "我的包裹在哪里？"),
        ("zh", "你们的产品和服务很好"),
        ("ja", "アドレスを変更したい"),
        ("fr", "Il contient cinq litres"),
        ("ru", "Когда придёт моя посылка?"),
        ("ar", "أين طلبي؟"),
        ("tr", "Takip numarası nedir?"),
        ("en", "Can I pay with my card?"),
        ("ko", "배송은 언제 되나요?"),
        ("de", "Das hat mein Konto belastet, ich bin verärgert"),
        ("he", "מה מספר המעקב?"),
        ("ar", "كم يستغرق التوصيل؟"),
        ("it", "Come posso pagare?"),
        ("nl", "Hoe lang duurt de levering?"),
    ],
)
def test_other_words_that_hold_its_letters_name_no_goods(language: str, text: str) -> None:
    assert kinds(text, language) == frozenset()


def test_the_longer_of_two_names_is_meant() -> None:
    assert [one.kind for one in found("a laptop bag in blue", "en")] == ["laptop bag"]
    assert kinds("ビーチサンダル", "ja") == {"flip-flop"}


@pytest.mark.parametrize(
    ("title", "language", "head"),
    [
        ("Leather briefcase for 15-inch laptops", "en", "briefcase"),
        ("Rain jacket with hood, navy, size M", "en", "raincoat"),
        ("真皮公文包 适用15英寸笔记本", "zh", "briefcase"),
        ("Mochila de senderismo 28 l, azul", "es", "backpack"),
        ("حقيبة ظهر للرحلات 28 ل، أزرق", "ar", "backpack"),
    ],
)
def test_a_title_names_what_the_thing_is_and_not_what_it_is_for(title: str, language: str, head: str) -> None:
    assert heads(title, language) == {head}


def test_kinds_of_one_family() -> None:
    assert same("boot", "shoe") and not same("boot", "sandal")
    assert akin("boot", "sandal") and not akin("boot", "backpack")


def test_what_is_asked_is_left_without_what_it_is_asked_of() -> None:
    assert (
        without_names("¿cuánto pesa la mochila azul?", "Trail backpack 28 l, blue", (), "es", "en")
        == "¿cuánto pesa la ?"
    )
    assert without("kann der Rucksack nass werden?", "Trail backpack", "de") == "kann der nass werden?"


def test_the_lexicon_has_a_word_for_every_kind_in_every_language() -> None:
    header, *lines = rows("goods.tsv", header=True)
    assert tuple(sorted(header[1:])) == tuple(sorted(LANGUAGES))
    for line in [line for line in lines if line[0] != NO_GOODS]:
        assert len(line) == len(header) and all(cell.strip() for cell in line), line[0]
    names = [line[0] for line in lines]
    assert len(set(names)) == len(names)
    assert word_for("backpack", "de") == "Rucksack"


@given(st.text(max_size=80), st.sampled_from(LANGUAGES))
def test_names_never_overlap_and_lie_in_the_text(text: str, language: str) -> None:
    named = found(text, language)
    assert all(
        one.end <= other.start or (one.start, one.end) == (other.start, other.end) for one, other in pairwise(named)
    )
    assert all(one.start < one.end for one in named)
