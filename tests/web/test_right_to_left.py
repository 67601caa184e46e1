"""What the browser draws of codes, prices and names in Arabic and Hebrew replies: in one piece, from left to right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator

from bot.phrasebook import Phrasebook
from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import answering
from tests.web.test_talk import say

VALUES = (
    "BD-20481", "RR123456785DE", "20481-BD", "+15 %", "2-4", "UK 9", "30 x 40 cm", "-5", "2026-11-04", "C++",
    "https://shop.example/a-1?b=2", "help@shop.example", "Blue enamel mug, 350 ml (2-pack)",
)  # fmt: skip
# How far from the left each sign of `value` is drawn, in pixels.
PLACES = """(element, value) => {
    element.normalize();
    const text = element.firstChild, start = text.data.indexOf(value);
    return Array.from(value, (_, place) => {
        const sign = document.createRange();
        sign.setStart(text, start + place);
        sign.setEnd(text, start + place + 1);
        return sign.getBoundingClientRect().left;
    });
}"""


def drawn(words: Locator, value: str) -> str:
    """The signs of a value as they are seen, from the left."""
    places: list[float] = words.evaluate(PLACES, value)
    order = sorted(range(len(value)), key=lambda place: places[place])
    return "".join(value[place] for place in order)


@pytest.mark.parametrize("language", ["ar", "he"])
def test_values_are_seen_in_one_piece(visit: Visit, desk: Desk, language: str) -> None:
    book = Phrasebook()
    said = "\n".join(book.say(language, "order.change_not_known", order=value) for value in VALUES)
    desk.script = answering(said, language=language)
    page = visit(f"/?locale={language}", viewport={"width": 2400, "height": 1200})
    say(page, "?")
    words = page.locator(".theirs .words")
    words.evaluate("element => { element.style.whiteSpace = 'pre'; }")  # a value on two lines has no one order
    assert {value: drawn(words, value) for value in VALUES} == {value: value for value in VALUES}


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_reply_that_begins_with_a_latin_name_still_runs_from_the_right(
    visit: Visit, desk: Desk, language: str
) -> None:
    book = Phrasebook()
    stock = book.say(language, "availability.in_stock")
    line = book.say(language, "product.line", title="Blue enamel mug, 350 ml", price="12.50 €", availability=stock)
    desk.script = answering(line, language=language)
    page = visit(f"/?locale={language}")
    say(page, "?")
    words = page.locator(".theirs .words")
    assert words.text_content() == line
    assert words.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert words.evaluate(PLACES, "Blue")[0] > words.evaluate(PLACES, stock)[0]
