"""How the measure of what the data do not say judges replies."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from bot.measures.unanswered import HALVES, Question, judged, questions
from bot.messages import Citation, Claim, Handoff, Reply
from bot.settings import LANGUAGES
from tests.fakes import phrases


def reply(text: str, *evidence: str, **more: object) -> Reply:
    """A reply that states all that it says, by these records."""
    return msgspec.convert(
        {
            "text": text,
            "language": "zh",
            "intent": "product_question",
            "claims": [Claim(text, evidence)] if evidence else [],
            "citations": [Citation(name, "product", name, text) for name in evidence],
            **more,
        },
        Reply,
    )


def question(*answer: str, about: tuple[str, ...] = ("POT-1",)) -> Question:
    return Question("seen", "zh", "attribute", about, answer, "重量多少？")


def test_what_no_record_says_may_be_refused_and_not_answered() -> None:
    assert judged(question(), reply("不知道", handoff=Handoff("not_known")), phrases()) == ""
    assert judged(question(), reply("重量为 850 克。", "POT-1"), phrases()) == "answered as if known"


def test_products_that_are_offered_instead_answer_nothing() -> None:
    offer = phrases().say("zh", "product.which") + "\n汤锅：€9.90，有现货"
    offered = reply(offer, "POT-1", products=("POT-1",))
    assert judged(question(), offered, phrases()) == ""
    assert judged(question(), reply(offer, "page"), phrases()) == "answered as if known"


def test_what_a_record_says_has_to_be_said_and_to_rest_on_it() -> None:
    assert judged(question("850"), reply("重量为 850 克。", "POT-1"), phrases()) == ""
    assert judged(question("850"), reply("重量为 1850 克。", "POT-1"), phrases()) == "does not say it"
    assert judged(question("850"), reply("重量为 850 克。", "PAN-1"), phrases()) == "rests on ['PAN-1']"
    assert judged(question("850"), reply("不知道"), phrases()) == "refused"


@pytest.mark.parametrize("half", HALVES)
def test_there_are_a_hundred_questions_of_either_sort_in_many_languages(half: str) -> None:
    mine = [one for one in questions() if one.half == half]
    known = Counter(bool(one.answer) for one in mine)
    assert min(known.values()) >= 50
    assert len({one.language for one in mine}) >= 12
    assert {one.language for one in mine} <= set(LANGUAGES)
    assert len({one.question for one in questions()}) == len(questions())
