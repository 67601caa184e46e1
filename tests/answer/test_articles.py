"""What a help page answers, where it is written in the customer's language and where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.answer import passages
from knowledge.records import Article
from tests.fakes import SMALL, Desk, open_desk, phrases

PAGES = (
    Article(id="returns", language="de", title="Rückgabe", body="Sie können alles innerhalb von 30 Tagen zurückgeben."),
    Article(id="returns", language="en", title="Returns", body="You can return anything within 30 days of delivery."),
    Article(id="returns", language="zh", title="退货", body="收到商品后30天内可以退货。"),
)
QUESTIONS = {
    "vi": "Tôi có thể trả lại hàng trong bao nhiêu ngày ạ?",
    "he": "תוך כמה ימים אפשר להחזיר את המוצר?",
    "it": "Entro quanti giorni posso restituire la merce?",
}


@pytest.fixture(autouse=True)
def every_page_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake encoder knows letters alone, and finds no page in another language."""
    monkeypatch.setattr(passages, "is_answer", lambda *_: True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), replace(SMALL, articles=PAGES))
    yield opened
    opened.close()


@pytest.mark.parametrize("language", QUESTIONS)
def test_who_has_no_version_is_quoted_the_english_one_and_told_its_figures(desk: Desk, language: str) -> None:
    reply = desk.ask(QUESTIONS[language], "return_refund", language=language)
    assert reply.language == language and reply.handoff is None
    assert "You can return anything within 30 days of delivery." in reply.text
    thirty = {"vi": "30 ngày", "he": "30 ימים", "it": "30 giorni"}[language]
    assert phrases().say(language, "article.figures", figures=thirty) in reply.text.replace("\u00a0", " ")
    assert {citation.id for citation in reply.citations} == {"returns"}
    assert all(claim.evidence == ("returns",) for claim in reply.claims) and len(reply.claims) == 2


def test_who_has_a_version_is_told_in_it_alone(desk: Desk) -> None:
    reply = desk.ask("收到商品后30天内可以退货吗？", "return_refund")
    assert reply.text == "收到商品后30天内可以退货。"
    taiwan = desk.ask("收到商品後30天內可以退貨嗎？", "return_refund", language="zh-Hant")
    assert taiwan.text == "收到商品后30天内可以退货。"
