"""What was shown is not it: something else is, or the question what it should be like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.answer.test_resuming import MUGS
from tests.fakes import Desk, open_desk, phrases

NOT_THIS = {"en": "not this one", "zh": "不是这个", "ar": "ليس هذا", "ru": "не этот"}
BLUE = {"en": "not this one, the blue one", "zh": "不是这个，蓝色的", "ar": "ليس هذا، الأزرق", "ru": "не этот, синий"}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


def turned_down(desk: Desk, text: str, language: str) -> tuple[str, tuple[str, ...], str | None]:
    desk.intents.rejects = True
    try:
        reply = desk.ask(text, "product_question", conversation="c", language=language, sure=0.3)
    finally:
        desk.intents.rejects = False
    return reply.text, reply.products, reply.needs.what if reply.needs else None


@pytest.mark.parametrize("language", MUGS)
def test_what_was_seen_is_not_shown_again(desk: Desk, language: str) -> None:
    seen = set(desk.ask(MUGS[language], "product_search", conversation="c", language=language).products)
    assert seen
    for _ in range(20):
        text, products, needs = turned_down(desk, NOT_THIS[language], language)
        if needs:
            break
        assert products and not seen & set(products)
        assert text.startswith(phrases().say(language, "product.others"))
        seen |= set(products)
    assert (text, needs, products) == (phrases().say(language, "product.no_others"), "detail", ())


@pytest.mark.parametrize("language", BLUE)
def test_what_is_wanted_instead_counts_more(desk: Desk, language: str) -> None:
    desk.ask(MUGS[language], "product_search", conversation="c", language=language)
    text, _, _ = turned_down(desk, BLUE[language], language)
    assert not text.startswith(phrases().say(language, "product.others"))
    assert text != phrases().say(language, "product.no_others")


@pytest.mark.parametrize("language", NOT_THIS)
def test_where_nothing_was_shown_nothing_is_turned_down(desk: Desk, language: str) -> None:
    text, _, _ = turned_down(desk, NOT_THIS[language], language)
    assert text != phrases().say(language, "product.no_others")
