"""Typing and being answered, as a customer sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import CITED, CUP, MUG, answering, custom, ending, reply


def say(page: Page, text: str) -> None:
    box = page.get_by_role("textbox")
    box.fill(text)
    box.press("Enter")


def test_enter_sends_and_shift_enter_begins_a_line(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    page = visit()
    box = page.get_by_role("textbox")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    assert desk.runs == []
    box.press("Enter")
    expect(page.locator(".theirs .words")).to_have_text("Yes.")
    assert desk.messages[0]["content"] == [{"type": "text", "text": "one\ntwo"}]
    assert desk.messages[0]["role"] == "user"
    assert set(desk.runs[0]) == {"threadId", "runId", "messages", "state", "tools", "context", "forwardedProps"}
    expect(box).to_have_value("")
    assert desk.hellos == [{"type": "hello", "locale": "en"}]


def test_enter_that_ends_the_input_of_chinese_does_not_send(visit: Visit, desk: Desk) -> None:
    page = visit("/?locale=zh")
    box = page.get_by_role("textbox")
    box.fill("蓝色的杯子")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    page.wait_for_timeout(150)
    assert desk.runs == []
    desk.script = answering("有货。", language="zh")
    box.press("Enter")
    expect(page.locator(".theirs .words")).to_have_text("有货。")
    expect(page.locator(".theirs .words")).to_have_attribute("lang", "zh")
    assert desk.messages[0]["content"] == [{"type": "text", "text": "蓝色的杯子"}]
    assert desk.hellos[-1]["locale"] == "zh"


def test_an_empty_message_is_not_sent(visit: Visit, desk: Desk) -> None:
    page = visit()
    say(page, "  \n ")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    page.wait_for_timeout(150)
    assert desk.runs == []


def test_my_bubble_shows_at_once_then_what_is_done_then_the_answer_as_it_comes(visit: Visit, desk: Desk) -> None:
    text = "The blue enamel mug is in stock."
    search, answer = ({"type": "STEP_STARTED", "stepName": step} for step in ("search", "answer"))
    desk.script = lambda asked: [
        search,
        0.5,
        {**search, "type": "STEP_FINISHED"},
        answer,
        0.5,
        *ending(asked, reply(text), 0.4),
    ]
    page = visit()
    expect(page.locator(".connection")).to_have_text("Online")
    say(page, "Is the mug in stock?")
    mine = page.locator(".own")
    expect(mine.locator(".words")).to_have_text("Is the mug in stock?")
    expect(mine).to_have_attribute("data-state", "acknowledged")
    doing = page.locator(".doing")
    expect(doing).to_have_text("Searching…")
    expect(doing).to_have_text("Writing…")
    theirs = page.locator(".theirs")
    expect(theirs.locator(".words")).to_have_text(text[: len(text) // 2])
    expect(theirs).to_have_attribute("aria-busy", "true")
    expect(theirs.locator(".words")).to_have_text(text)
    expect(theirs).to_have_attribute("aria-busy", "false")
    expect(doing).to_be_hidden()


def test_a_message_is_pending_until_it_is_acknowledged(visit: Visit, desk: Desk) -> None:
    page = visit()
    expect(page.locator(".connection")).to_have_text("Online")
    page.context.set_offline(True)
    desk.before_ack = ["drop"] * 2
    say(page, "Hello")
    expect(page.locator(".own")).to_have_attribute("data-state", "pending")
    expect(page.locator(".own .state")).to_have_text("Sending")
    page.context.set_offline(False)
    expect(page.locator(".own")).to_have_attribute("data-state", "acknowledged")
    expect(page.locator(".own .state")).to_have_text("Received")


def test_cards_sources_and_suggestions(visit: Visit, desk: Desk) -> None:
    more = {"cards": [MUG, CUP], "citations": CITED, "suggestions": ["And in red?"]}
    desk.script = answering("Here are two.", **more)
    page = visit("/?locale=de")
    say(page, "Tassen?")
    expect(page.locator(".card")).to_have_count(2)
    first, second = page.locator(".card").all()
    expect(first).to_contain_text("Blue enamel mug, 350 ml")
    expect(first.locator(".price")).to_have_text("12,50\N{NO-BREAK SPACE}€")
    expect(first.locator(".availability")).to_have_text("In stock")
    assert re.fullmatch(r"http://[^/]+/p/mug", first.evaluate("link => link.href"))
    expect(first).to_have_attribute("rel", "noopener noreferrer")
    assert re.fullmatch(r"http://[^/]+/media/mug", first.locator("img").evaluate("image => image.src"))
    assert first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    expect(second.locator(".price")).to_have_text(re.compile(r"1\.299\s(¥|JPY)"))
    assert second.evaluate("card => card.tagName") == "DIV"
    sources = page.locator("details")
    expect(sources.locator("summary")).to_have_text("Sources: 2")
    expect(sources.get_by_text("Within 30 days.")).to_be_hidden()
    sources.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(sources.get_by_text("Within 30 days.")).to_be_visible()
    expect(sources.get_by_text("price: 12.50 EUR")).to_be_visible()
    desk.script = answering("Not in red.")
    page.get_by_role("button", name="And in red?").click()
    expect(page.locator(".theirs").nth(1)).to_contain_text("Not in red.")
    assert desk.messages[1]["content"] == [{"type": "text", "text": "And in red?"}]
    expect(page.get_by_role("button", name="And in red?")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "shown"), [("ar", "12.50"), ("hi", "12.50"), ("fr", "12,50"), ("th", "12.50"), ("zh", "12.50")]
)
def test_prices_have_western_digits_in_every_language(visit: Visit, desk: Desk, locale: str, shown: str) -> None:
    desk.script = answering("…", cards=[MUG])
    page = visit(f"/?locale={locale}")
    say(page, "?")
    expect(page.locator(".price")).to_contain_text(shown)
    expect(page.locator(".price")).to_contain_text("€")


def test_what_was_heard_and_seen_stands_under_my_message(visit: Visit, desk: Desk) -> None:
    desk.script = lambda asked: [
        custom("transcript", text="¿Lo tienen en rojo?", language="es", confidence=0.9),
        custom("seen", labels=["coffee mug"], barcodes=["4006381333931"], text="MERIDIAN"),
        *ending(asked, reply("Sí.", language="es")),
    ]
    page = visit()
    say(page, "this one")
    mine = page.locator(".own")
    expect(mine.locator("q")).to_have_text("¿Lo tienen en rojo?")
    expect(mine.locator("q")).to_have_attribute("lang", "es")
    for found in ("coffee mug", "4006381333931", "MERIDIAN"):
        expect(mine.get_by_text(found)).to_be_visible()


def test_handoff_and_what_is_needed_are_shown(visit: Visit, desk: Desk) -> None:
    desk.script = answering("A person takes over.", handoff={"reason": "requested"}, needs={"what": "proof"})
    page = visit()
    say(page, "a person please")
    expect(page.get_by_text("A person on our team will read this and answer here.")).to_be_visible()
    expect(page.get_by_text("Sign in to the shop")).to_be_visible()


def test_what_a_person_writes_outside_any_run_appears(visit: Visit, desk: Desk) -> None:
    desk.script = lambda asked: [
        {"type": "RUN_FINISHED", "threadId": asked["threadId"], "runId": asked["runId"]},
        custom("typing"),
        0.4,
        {"type": "TEXT_MESSAGE_START", "messageId": "agent-1", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "agent-1", "delta": "Hello, this is Ana."},
        {"type": "TEXT_MESSAGE_END", "messageId": "agent-1"},
    ]
    page = visit()
    say(page, "are you there?")
    expect(page.locator(".doing")).to_have_text("A person is writing…")
    expect(page.locator(".theirs .words")).to_have_text("Hello, this is Ana.")
    expect(page.locator(".doing")).to_be_hidden()


def test_an_error_stands_on_its_message_and_what_may_pass_is_tried_again(visit: Visit, desk: Desk) -> None:
    desk.before_ack = ["busy"]
    desk.script = answering("Now it works.")
    page = visit()
    say(page, "Hello")
    mine = page.locator(".own")
    expect(mine).to_have_attribute("data-state", "failed")
    expect(mine).to_contain_text("Very many people are asking")
    mine.get_by_role("button", name="Try again").click()
    expect(page.locator(".theirs")).to_contain_text("Now it works.")
    expect(mine).to_have_count(1)
    expect(mine).to_have_attribute("data-state", "acknowledged")
    assert len({message["id"] for message in desk.messages}) == 1


def test_an_error_that_will_come_again_offers_no_retry_and_the_next_message_goes_through(
    visit: Visit, desk: Desk
) -> None:
    error = {"type": "RUN_ERROR", "message": "The photo is truncated.", "code": "unreadable_media"}
    desk.script = lambda _: [error]
    page = visit()
    say(page, "first")
    failed = page.locator(".own").first
    expect(failed).to_contain_text("can't be opened.")
    expect(failed).to_contain_text("The photo is truncated.")
    expect(failed.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator(".doing")).to_be_hidden()
    desk.script = answering("Fine.")
    say(page, "second")
    expect(page.locator(".theirs")).to_contain_text("Fine.")
