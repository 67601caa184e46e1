"""What is suggested as the next message is understood as what it was suggested for, and not asked about again."""

from __future__ import annotations

import pytest

from bot import intents, models
from bot.answer.doubts import ASKED_ABOUT
from bot.intents import INTENTS
from bot.parts import Parts
from bot.senses.text import E5
from bot.settings import LANGUAGES
from tests.fakes import phrases


@pytest.fixture(scope="module")
def encoder() -> E5:
    return E5(models.text_weights(), 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_suggestions_are_understood_for_certain(encoder: E5, language: str) -> None:
    head = intents.load(Parts.text_encoder)
    said = {phrases().say(language, f"suggest.{intent}"): intent for intent in sorted(ASKED_ABOUT | {"human"})}
    wrong = []
    for (text, intent), vector in zip(said.items(), encoder.queries(list(said)), strict=True):
        chances = head.probabilities(vector, text)
        found = INTENTS[int(chances.argmax())]
        if found != intent or chances.max() < head.certain:
            wrong.append(f"{text}: {found} {chances.max():.2f}, not {intent} {chances[INTENTS.index(intent)]:.2f}")
    assert wrong == []
