"""What is asked back where it is not certain what a message wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from bot.answer.doubts import ASKED_ABOUT
from bot.messages import Intent
from bot.settings import LANGUAGES
from tests.fakes import Desk, open_desk, phrases

ODD = {
    "en": "hmm and what about the other matter",
    "zh": "嗯那另外那件事情怎么样",
    "ar": "حسنا وماذا عن الأمر الآخر",
    "uk": "гм а як щодо іншої справи",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


@pytest.mark.parametrize("language", ODD)
def test_it_is_asked_once_what_is_meant_and_then_a_person_is_offered(desk: Desk, language: str) -> None:
    desk.intents.doubt = ("warranty", "complaint", "invoice")
    try:
        asked = desk.ask(ODD[language], "warranty", conversation=f"doubt-{language}", language=language)
        again = desk.ask(ODD[language], "warranty", conversation=f"doubt-{language}", language=language)
    finally:
        desk.intents.doubt = ()
    assert asked.text == phrases().say(language, "which_wish")
    assert asked.suggestions == tuple(
        phrases().say(language, f"suggest.{of}") for of in ("warranty", "invoice", "human")
    )
    assert asked.handoff is None and asked.needs is not None and asked.needs.what == "choice"
    assert again.handoff is not None and again.text == phrases().say(language, "not_known")


def test_what_is_certain_is_not_asked_about(desk: Desk) -> None:
    reply = desk.ask(ODD["en"], "warranty", conversation="certain", language="en")
    assert reply.handoff is not None and reply.needs is None


def test_small_talk_is_not_asked_about(desk: Desk) -> None:
    desk.intents.doubt = ("other", "warranty")
    try:
        reply = desk.ask(ODD["en"], "other", conversation="small", language="en")
    finally:
        desk.intents.doubt = ()
    assert reply.text == phrases().say("en", "other")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_choice_for_each(language: str) -> None:
    assert set(get_args(Intent)) >= ASKED_ABOUT
    choices = [phrases().say(language, f"suggest.{intent}") for intent in ASKED_ABOUT]
    assert len(set(choices)) == len(choices)
