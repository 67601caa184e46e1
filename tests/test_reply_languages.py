"""The messages of bot/measures/reply_languages.tsv: what would annoy a customer, in fewer conversations."""

import pytest

from bot.measures.reply_languages import messages
from bot.settings import LANGUAGES
from bot.understand import language_of


def test_the_list_holds_every_language_and_kind() -> None:
    mixed = {"foreign greeting", "foreign noun", "English title", "foreign thanks", "foreign quotation"}
    for kind in mixed | {"one word"}:
        assert {tag for of, tag, _ in messages() if of == kind} == set(LANGUAGES), kind
    assert len({text for _, _, text in messages()}) == len(messages())


@pytest.mark.parametrize("before", ["zh", "ar", "de", "uk"])
def test_what_says_nothing_keeps_the_language_and_what_says_enough_decides(before: str) -> None:
    wrong = [
        text
        for kind, tag, text in messages()
        if kind not in ("name", "one word") and language_of(text, None, before, None, "en")[0] != (tag or before)
    ]
    assert not wrong
