"""What a shop's own catalogue lets customers say beside a photo: partial words, in the languages of its feed."""

from __future__ import annotations

import pytest

from bot.training_catalogue import partial, pieces


@pytest.mark.parametrize(
    ("title", "tag", "first", "never"),
    [
        ("Enamel mug 350 ml, blue", "en", "Enamel", {"350", "ml"}),
        ("Taza esmaltada de 350 ml para café", "es", "esmaltada", {"de", "para"}),
        ("كوب مطلي بالمينا 350 مل، أزرق", "ar", "بالمينا", {"350", "مل"}),
        ("हरा सूती दुपट्टा 2 मीटर", "hi", "दुपट्टा", {"2"}),
        ("ホーローマグカップ 350ml ブルー", "ja", "ホーローマグカップ", {"350ml", "ローマ"}),
    ],
)
def test_words_of_a_title(title: str, tag: str, first: str, never: set[str]) -> None:
    found = pieces(title, tag)
    assert found[0] == first and not never & set(found)


def test_where_words_stand_together_what_titles_share_is_cut_out() -> None:
    titles = ("手冲咖啡壶600毫升", "法压咖啡壶1升", "搪瓷杯", "羊毛围巾", "登山鞋")
    words = partial([{("title", "zh"): [(piece, "zh") for piece in pieces(title, "zh")]} for title in titles])
    assert words == [[("咖啡壶", "zh")], [("咖啡壶", "zh")], [], [], []]


def test_a_word_is_partial_evidence_only_if_some_have_it_and_most_have_not() -> None:
    kinds = ("杯子", "杯子", "围巾", "围巾", "鞋")
    offered = [
        {("kind", "zh"): [(kind, "zh")], ("brand", "de"): [("Überall", "de")], ("title", "es"): [(f"taza {at}", "es")]}
        for at, kind in enumerate(kinds)
    ]
    assert partial(offered) == [[("杯子", "zh")]] * 2 + [[("围巾", "zh")]] * 2 + [[]]
