"""What goes on with what was shown or asked back before: "the second one", "the red one"."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import Desk, open_desk, phrases


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return request.node.name


MUGS = {
    "en": "Do you have an enamel mug?",
    "zh": "你们有搪瓷杯吗？",
    "ar": "هل لديكم كوب مطلي بالمينا؟",
    "ru": "У вас есть эмалированная кружка?",
}
SECOND = {"en": "and the second one?", "zh": "第二个呢？", "ar": "والثاني؟", "ru": "а второй?"}


@pytest.mark.parametrize("language", MUGS)
def test_the_second_is_the_second_that_was_shown(desk: Desk, talk: str, language: str) -> None:
    shown = desk.ask(MUGS[language], "product_search", conversation=talk, language=language)
    assert len(shown.products) >= 2
    reply = desk.ask(SECOND[language], "availability", conversation=talk, language=language)
    assert reply.products[0] == shown.products[1] and reply.language == language


@pytest.mark.parametrize("language", ["zh", "ar", "ru"])
@pytest.mark.parametrize("pick", ["MUG-2", "MUG-1"])
def test_a_question_without_a_product_is_answered_once_the_product_is_named(
    desk: Desk, talk: str, language: str, pick: str
) -> None:
    question = phrases().say(language, "ask.price")
    asked = desk.ask(question, "product_question", conversation=talk, language=language)
    assert asked.needs is not None and asked.needs.what == "detail"
    reply = desk.ask(pick, "product_search", conversation=talk, language=language)
    assert reply.products == (pick,) and "12" in reply.text and reply.needs is None
    title = desk.store.products([pick])[0].title_in(language)
    before, after = phrases().say(language, "product.priced", title=title, price="|").split("|")
    assert reply.text.startswith(before) and reply.text.endswith(after)


def test_another_question_closes_the_open_one(desk: Desk, talk: str) -> None:
    desk.ask(phrases().say("ru", "ask.price"), "product_question", conversation=talk)
    desk.ask("привет", "greeting", conversation=talk)
    reply = desk.ask("MUG-2", "product_search", conversation=talk)
    assert reply.text.startswith(phrases().say("ru", "product.found"))
