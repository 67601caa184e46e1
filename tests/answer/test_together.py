"""Several wishes of one message, each answered, in several languages."""

from __future__ import annotations

import pytest

from bot.answer.draft import Draft, Sentence
from bot.answer.together import together
from bot.conversations import Topic
from bot.messages import Citation, Handoff

PAGE = Citation("p", "article", "Page", "30 days")


def draft(*said: str, quote: str = "30 days", **more: object) -> Draft:
    cited = (Citation("p", "article", "Page", quote),)
    return Draft("return_refund", Topic(), tuple(Sentence(text, ("p",)) for text in said), cited, **more)  # type: ignore[arg-type]


def test_what_is_said_twice_is_said_once_and_what_is_quoted_is_kept() -> None:
    reply = together([draft("a", "b"), draft("b", "c", quote="5 EUR")])
    assert reply.text == "a\nb\nc"
    (cited,) = reply.citations
    assert cited.quote == "30 days\n5 EUR"


def test_a_part_that_no_record_answers_still_goes_to_a_person() -> None:
    unknown = Draft("warranty", Topic(), (Sentence("not known"),), handoff=Handoff("not_known"), confidence=0.4)
    reply = together([unknown, draft("a")])
    assert (reply.intent, reply.text, reply.handoff) == ("return_refund", "not known\na", Handoff("not_known"))
    assert reply.confidence == 0.4


@pytest.mark.parametrize("quote", ["30 days", "30", ""])
def test_a_record_is_cited_once(quote: str) -> None:
    assert together([draft("a"), draft("b", quote=quote)]).citations == (PAGE,)
