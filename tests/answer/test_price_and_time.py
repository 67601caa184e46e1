"""What a delivery costs and how long it takes, asked in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from knowledge.records import Article
from tests.fakes import SMALL, Desk, open_desk

PAGES = {
    "en": ("Postage", "Canada: 19 EUR", "Times", "Canada: 7 to 12 days"),
    "zh": ("运费", "加拿大：19欧元", "时效", "加拿大：7至12天"),
    "ar": ("تكلفة الشحن", "كندا: 19 يورو", "مدة التوصيل", "كندا: من 7 إلى 12 يوما"),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    pages = []
    for language, (costs, cost, times, time) in PAGES.items():
        pages.append(Article(id="costs", language=language, title=costs, body=cost, topic="shipping_cost"))
        pages.append(Article(id="times", language=language, title=times, body=time, topic="delivery_time"))
    opened = open_desk(tmp_path_factory.mktemp("shop"), replace(SMALL, articles=tuple(pages)))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Postage and times, to Canada?"),
        ("zh", "加拿大的运费和时效？"),
        ("ar", "تكلفة الشحن ومدة التوصيل إلى كندا؟"),
    ],
)
def test_both_pages_answer_where_both_may_be_asked_for(desk: Desk, language: str, question: str) -> None:
    reply = desk.ask(
        question, "shipping_cost", language=language, conversation=question, sure=0.6, beside="delivery_time"
    )
    assert "19" in reply.text and "12" in reply.text
    assert {citation.id for citation in reply.citations} == {"costs", "times"}
    only = desk.ask(question, "shipping_cost", language=language, conversation=f"{question} only", sure=0.99)
    assert {citation.id for citation in only.citations} == {"costs"}
