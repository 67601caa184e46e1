"""The page against the project's own web application, around a bot that answers by a plain function."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.messages import Heard, Message, Photo, Reply, Speech, StepFinished, StepStarted, Text
from tests.channels import desk as channels
from tests.web import phrases
from tests.web.test_media import EBML, attach, picture, send
from tests.web.test_talk import say


def answer(message: Message, tell: channels.Tell) -> Reply:
    """Says what came: the kinds of the parts, and what was typed."""
    if any(isinstance(part, Speech) for part in message.parts):
        tell(StepStarted("listen"))
        tell(Heard("Где мой заказ?", "ru", 0.9))
        tell(StepFinished("listen"))
    typed = "".join(part.text for part in message.parts if isinstance(part, Text))
    kinds = " ".join(type(part).__name__ for part in message.parts)
    return Reply(f"{kinds}: {typed} 你好 مرحبا", "ru", "other", suggestions=("Ещё?",))


def test_words_appear_while_a_note_is_recorded(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels.FakePhrases, "widget", lambda _, language: phrases.served(language))
    heard: list[bytes] = []
    bot = channels.FakeBot(answer)

    def hear(content: bytes) -> Heard:
        heard.append(content)
        return Heard("Где мой" if len(heard) == 1 else "Где мой пакет", "ru", 0.7)

    bot.hear = hear
    context = browser.new_context(permissions=["microphone"], reduced_motion="reduce", locale="ru")
    page = context.new_page()
    with channels.desk(tmp_path, bot) as desk:
        page.goto(desk.url)
        page.locator(".microphone").click()
        expect(page.locator(".partial")).to_have_text("Где мой пакет")
        assert bot.messages == []
        page.locator(".send").click()
        expect(page.locator(".own q")).to_have_text("Где мой заказ?")
        expect(page.locator(".theirs .words")).to_have_count(1)
        (speech,) = bot.messages[0].parts
        assert isinstance(speech, Speech)
        assert all(content.startswith(EBML) and speech.content.startswith(content) for content in heard)
    context.close()


def test_text_photo_and_voice_and_a_reload(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels.FakePhrases, "widget", lambda _, language: phrases.served(language))
    bot = channels.FakeBot(answer)
    context = browser.new_context(permissions=["microphone", "camera"], reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with channels.desk(tmp_path, bot) as desk:
        page.goto(desk.url)
        expect(page.locator(".connection")).to_have_text("Online")
        attach(page, picture(2400, 1800))
        page.get_by_role("button", name="Record a voice note").click()
        expect(page.locator(".seconds")).to_have_text("0:01")
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("textbox").fill("Where is it?")
        send(page)
        expect(page.locator(".theirs .words")).to_have_text("Text Photo Speech: Where is it? 你好 مرحبا")
        expect(page.locator(".own q")).to_have_text("Где мой заказ?")
        _, photo, speech = bot.messages[0].parts
        assert isinstance(photo, Photo)
        assert photo.content.startswith(b"\xff\xd8\xff")
        assert isinstance(speech, Speech)
        assert speech.content.startswith(EBML)
        page.reload()
        expect(page.locator(".theirs .words")).to_have_text("Text Photo Speech: Where is it? 你好 مرحبا")
        say(page, "x" * 8000)
        expect(page.locator(".theirs")).to_have_count(2)
        # a page that has the thread but nothing of what was said gets all of it by resume
        page.evaluate("""() => {
          const key = Object.keys(sessionStorage).find((name) => name.startsWith("babeldesk:http"));
          const { threadId, threadSecret, subject } = JSON.parse(sessionStorage.getItem(key));
          sessionStorage.setItem(key, JSON.stringify({ threadId, threadSecret, subject, epoch: 0, entries: [] }));
        }""")
        page.reload()
        expect(page.locator(".own")).to_have_count(2)
        expect(page.locator(".theirs")).to_have_count(2)
        expect(page.get_by_role("button", name="Ещё?")).to_be_visible()
        assert len(bot.messages) == 2
    expect(page.locator(".connection")).to_have_text("Connecting…")
    context.close()
    assert [one for one in complaints if "WebSocket connection" not in one] == []
