"""Which passage of which help page a question gets, and which questions get none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.messages import Intent
from knowledge.records import Article
from tests.fakes import SMALL, Desk, open_desk, phrases

RETURNS = {
    "en": (
        "Returns",
        "How long you have", "You can return anything within 30 days.",
        "Who pays the postage",
        "- Germany: the return label is free.\n- Canada: we take 15 EUR off the refund.\n- Japan: you pay the postage.",
        "Damaged goods", "Tell us within 14 days and send a photo.",
    ),
    "zh": (
        "退货",
        "退货期限", "30天内可以退货。",
        "退货邮费", "- 德国：退货标签免费。\n- 加拿大：从退款中扣除15欧元。\n- 日本：邮费由您承担。",
        "商品破损", "请在14天内告知我们并附上照片。",
    ),
    "ar": (
        "الإرجاع",
        "مدة الإرجاع", "يمكنك إرجاع أي منتج خلال 30 يومًا.",
        "تكلفة الإرجاع",
        "- ألمانيا: ملصق الإرجاع مجاني.\n- كندا: نخصم 15 يورو من المبلغ المسترد.\n- اليابان: أنت تدفع أجرة البريد.",
        "منتج تالف", "أخبرنا خلال 14 يومًا وأرسل صورة.",
    ),
}  # fmt: skip
WARRANTY = "## How long\nTwo years.\n\n## What is not covered\nWorn soles, and glass that is broken."


def _pages() -> Iterator[Article]:
    for language, (title, *sections) in RETURNS.items():
        parts = zip(sections[::2], sections[1::2], strict=True)
        body = "\n\n".join(f"## {heading}\n{text}" for heading, text in parts)
        yield Article(id="returns", language=language, title=title, body=body, topic="returns")
    yield Article(id="warranty", language="en", title="Warranty", body=WARRANTY, topic="warranty")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"), replace(SMALL, articles=tuple(_pages())))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "how long do I have for returns?", 1),
        ("en", "damaged goods arrived", 5),
        ("zh", "退货期限", 1),
        ("zh", "商品破损", 5),
        ("ar", "مدة الإرجاع كم يوم؟", 1),
        ("ar", "وصلني منتج تالف", 5),
    ],
)
def test_a_question_gets_the_passage_whose_heading_it_asks_for(
    desk: Desk, language: str, question: str, answer: int
) -> None:
    intent: Intent = "damaged_or_wrong" if answer == 5 else "return_refund"
    reply = desk.ask(question, intent, language=language, conversation=question, sure=0.99)
    assert reply.text == RETURNS[language][answer + 1]


def test_broken_on_arrival_is_no_matter_of_the_warranty(desk: Desk) -> None:
    reply = desk.ask("the glass is broken, damaged", "damaged_or_wrong", conversation="glass", language="en", sure=0.99)
    assert [citation.id for citation in reply.citations] == ["returns"]


@pytest.mark.parametrize(
    ("language", "question", "intent"),
    [
        ("en", "How long do I have this discount?", "promotion"),
        ("en", "How long until you delete what you have on me?", "account"),
        ("zh", "30天内可以注销吗", "account"),
        ("ar", "أخبرنا خلال كم يوم هل من خصم؟", "promotion"),
        ("en", "You are damaged goods, all of you", "complaint"),
    ],
)
def test_what_no_page_is_about_is_not_known(desk: Desk, language: str, question: str, intent: Intent) -> None:
    reply = desk.ask(question, intent, language=language, conversation=question, sure=0.99)
    assert not reply.citations
    assert reply.handoff and reply.handoff.reason in ("not_known", "anger")


@pytest.mark.parametrize(
    ("language", "asked", "again", "other"),
    [
        ("en", "Who pays the postage to Germany?", "and from Canada?", "Canada: we take 15 EUR off the refund."),
        ("zh", "德国的退货邮费谁付？", "加拿大呢？", "加拿大：从退款中扣除15欧元。"),
        ("ar", "ما تكلفة الإرجاع من ألمانيا؟", "ومن كندا؟", "كندا: نخصم 15 يورو من المبلغ المسترد."),
    ],
)
def test_another_country_is_looked_up_on_the_page_that_was_quoted(
    desk: Desk, language: str, asked: str, again: str, other: str
) -> None:
    talk = f"country {language}"
    first = desk.ask(asked, "return_refund", language=language, conversation=talk, sure=0.99)
    assert other not in first.text
    # The message itself is like one about the warranty, if it is like anything.
    reply = desk.ask(again, "warranty", language=language, conversation=talk, sure=0.4)
    assert reply.text.endswith(other)
    assert [citation.id for citation in reply.citations] == ["returns"]


def test_a_page_that_was_changed_is_quoted_as_it_is_now(desk: Desk) -> None:
    asked = "Two years warranty, how long?"
    before = desk.ask(asked, "warranty", conversation="before", language="en", sure=0.99)
    assert before.text == "Two years."
    page = desk.store.article("warranty", "en")
    assert page
    desk.store.put_articles([replace_body(page, WARRANTY.replace("Two", "Three"))])
    after = desk.ask(asked, "warranty", conversation="after", language="en", sure=0.99)
    assert after.text == "Three years."
    desk.store.put_articles([page])


def replace_body(page: Article, body: str) -> Article:
    return Article(id=page.id, language=page.language, title=page.title, body=body, topic=page.topic)


def test_what_is_not_known_is_said_in_the_language_asked(desk: Desk) -> None:
    reply = desk.ask("密码忘了怎么办", "account", language="zh", conversation="zh account", sure=0.99)
    assert reply.text == phrases().say("zh", "not_known")


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    pages = [
        Article(id="shipping", language=of, title=title, body=f"## {heading}\n{text}", topic="shipping_cost")
        for of, (title, _, _, heading, text, *_) in RETURNS.items()
    ]
    opened = open_desk(tmp_path_factory.mktemp("sending"), replace(SMALL, articles=tuple(pages)))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("language", "listed", "missing"),
    [
        ("en", "who pays the postage to Canada?", "who pays the postage to Mexico?"),
        ("zh", "加拿大退货邮费", "墨西哥退货邮费"),
        ("ar", "تكلفة الإرجاع إلى كندا", "تكلفة الإرجاع إلى المكسيك"),
    ],
)
def test_what_a_list_of_countries_says_of_others_is_no_answer_for_a_country_that_is_not_on_it(
    sending: Desk, language: str, listed: str, missing: str
) -> None:
    told = sending.ask(listed, "shipping_cost", language=language, conversation=listed, sure=0.99)
    assert "15" in told.text
    reply = sending.ask(missing, "shipping_cost", language=language, conversation=missing, sure=0.99)
    assert reply.handoff and reply.handoff.reason == "not_known"
    assert reply.claims == ()
