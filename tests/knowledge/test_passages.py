"""How products and help pages are cut, in several scripts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.passages import LONGEST, of_article, of_product, pieces, searched, sentences
from knowledge.records import Article, Product


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("可以退货吗？可以。请在21天内寄回！", ["可以退货吗？", "可以。", "请在21天内寄回！"]),
        ("他说：“可以退货。”请放心。", ["他说：“可以退货。”", "请放心。"]),
        ("هل يمكنني الإرجاع؟ نعم. لديك 21 يومًا.", ["هل يمكنني الإرجاع؟", "نعم.", "لديك 21 يومًا."]),
        ("¿Puedo devolver? Sí. Cuesta 3.50 EUR.", ["¿Puedo devolver?", "Sí.", "Cuesta 3.50 EUR."]),
        ("Wir liefern z. B. am 14. März. Danach nicht.", ["Wir liefern z. B. am 14. März.", "Danach nicht."]),
        ("Es dauert ca. 3 Tage. Der Versand ist frei!", ["Es dauert ca. 3 Tage.", "Der Versand ist frei!"]),
        ("返品できますか？はい。", ["返品できますか？", "はい。"]),
        ("क्या मैं लौटा सकता हूँ? हाँ। ठीक है।", ["क्या मैं लौटा सकता हूँ?", "हाँ।", "ठीक है।"]),
        ("one\ntwo\n\nthree", ["one", "two", "three"]),
        ("  ", []),
    ],
)
def test_sentences_in_any_script(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=300))
def test_sentences_lose_nothing_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(st.text(max_size=400), st.integers(20, 100))
def test_pieces_lose_nothing_and_keep_to_their_length(text: str, longest: int) -> None:
    found = pieces(text, longest)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(piece) <= longest for piece in found)


def product(**changes: object) -> Product:
    fields = {
        "sku": "MUG-1", "title": "Blue mug", "price": Decimal(1), "currency": "EUR", "availability": "in_stock",
        "brand": "Tinware", "color": "blue", "category": "Kitchen > Mugs", "description": "Dishwasher safe.",
        "titles": {"zh": "蓝色杯子", "ar": "كوب أزرق"}, "descriptions": {"ar": "آمن في غسالة الصحون."},
    }  # fmt: skip
    return Product(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_product_has_a_passage_for_each_language() -> None:
    found = {passage.id: passage for passage in of_product(product())}
    assert list(found) == ["MUG-1#und", "MUG-1#ar", "MUG-1#zh"]
    assert found["MUG-1#und"].text == "Blue mug\nTinware, blue, Mugs\nDishwasher safe."
    assert "آمن في غسالة الصحون." in found["MUG-1#ar"].text and found["MUG-1#ar"].heading == "كوب أزرق"
    assert "Dishwasher" not in found["MUG-1#zh"].text
    assert {passage.record for passage in found.values()} == {"MUG-1"}


def test_a_long_description_is_cut_and_each_part_keeps_the_title() -> None:
    found = of_product(product(description="很好用的杯子。" * 200, titles={}, descriptions={}))
    assert [passage.id for passage in found][:2] == ["MUG-1#und", "MUG-1#und/2"]
    assert len(found) == 3
    assert all(passage.text.startswith("Blue mug\n") for passage in found)


PAGE = """# 退货

您可以在 **21 天**内[退货](https://shop.example/returns)，
运费由我们承担。

## 步骤

1. 填写*表格*
2. 寄回 `包裹`

| 国家 | 费用 |
|---|---|
| 德国 | 0 EUR |

## 例外

> 内衣不能退。
"""


def test_an_article_is_cut_at_headings_and_plain() -> None:
    found = of_article(Article(id="returns", language="zh", title="退货", body=PAGE))
    assert [(p.id, p.heading) for p in found] == [
        ("returns#zh/1", "退货"),
        ("returns#zh/2", "退货 › 步骤"),
        ("returns#zh/3", "退货 › 例外"),
    ]
    assert found[0].text == "您可以在 21 天内退货，运费由我们承担。"
    assert found[1].text == "填写表格\n寄回 包裹\n国家 | 费用\n德国 | 0 EUR"
    assert found[2].text == "内衣不能退。"
    assert searched(found[2]) == "退货 › 例外\n内衣不能退。"


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    sentence = "يمكنك إرجاع أي منتج خلال 21 يومًا من استلامه؟ "
    found = of_article(Article(id="r", language="ar", title="الإرجاع", body=sentence * 60))
    assert len(found) > 3
    assert all(len(p.text) <= LONGEST and p.text.endswith("؟") and p.heading == "الإرجاع" for p in found)


def test_an_article_of_nothing_but_a_title_is_found_by_it() -> None:
    (only,) = of_article(Article(id="r", language="es", title="Devoluciones", body="\n"))
    assert only.text == "Devoluciones"
