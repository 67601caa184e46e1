"""A voice note that the server hears while it is being recorded."""

from __future__ import annotations

import base64
import time

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import answering, custom, ending, reply, steps
from tests.web.test_media import EBML, attach, picture, send, sent
from tests.web.test_talk import say

SPOKEN = [
    ("zh", ["我的", "我的订单", "我的订单在哪里？"], "ltr"),
    ("ar", ["أين", "أين طلبي", "أين طلبي الآن؟"], "rtl"),
    ("he", ["איפה", "איפה ההזמנה", "איפה ההזמנה שלי?"], "rtl"),
]


def record(page: Page, desk: Desk) -> None:
    """Records until some sound has come, and what is sure of it is shown."""
    before = len(desk.notes)
    page.get_by_role("button", name="Record a voice note").click()
    limit = time.monotonic() + 10
    while len(desk.notes) == before or not desk.notes[-1].frames:
        assert time.monotonic() < limit
        page.wait_for_timeout(20)
    expect(page.locator(".partial")).not_to_be_empty()


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop recording").click()
    expect(page.locator(".tray .clip")).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()


@pytest.mark.parametrize(("language", "words", "direction"), SPOKEN)
def test_words_grow_while_it_is_recorded_and_the_final_ones_take_their_place(
    visit: Visit, desk: Desk, language: str, words: list[str], direction: str
) -> None:
    desk.partials = [(text, language) for text in words]
    desk.script = lambda asked: [
        *steps("listen", pause=0.4),
        custom("transcript", text="Final words.", language=language, confidence=0.8),
        *ending(asked, reply("OK.")),
    ]
    page = visit()
    watched = "document.querySelector('babeldesk-chat').shadowRoot.querySelector('.partial')"
    page.get_by_role("status").first.wait_for(state="attached")
    page.evaluate(f"""() => {{
      window.said = [];
      const words = ({{ addedNodes }}) => [...addedNodes].map((node) => node.data);
      const take = (changes) => changes.forEach((change) => window.said.push(...words(change)));
      new MutationObserver(take).observe({watched}, {{ childList: true }});
    }}""")
    record(page, desk)
    partial = page.locator(".partial")
    expect(partial).to_have_text(words[-1])
    expect(partial).to_have_attribute("role", "status")
    expect(partial).to_have_attribute("lang", language)
    assert partial.evaluate("element => getComputedStyle(element).direction") == direction
    added = page.evaluate("() => window.said")
    assert "".join(added) == words[-1], "only what is new is added, so that nothing is read out twice"
    assert len(added) == len(words)
    stop(page)
    expect(partial).to_have_text(words[-1])
    send(page)
    expect(partial).to_be_hidden()
    expect(page.locator(".own q")).to_have_text(words[-1])
    expect(page.locator(".own q")).to_have_text("Final words.")
    ((kind, mime, content),) = sent(desk, page)
    assert (kind, mime) == ("audio", "audio/webm;codecs=opus")
    assert content.startswith(EBML)
    (note,) = desk.notes
    assert note.fate == "ended"
    assert len(note.frames) > 2


def test_with_a_photo_beside_it_everything_goes_as_one_message(visit: Visit, desk: Desk) -> None:
    desk.partials = [("¿Tienen esto", "es")]
    desk.script = answering("Sí.")
    page = visit()
    attach(page, picture(50, 40))
    record(page, desk)
    stop(page)
    send(page)
    assert [kind for kind, _, _ in sent(desk, page)] == ["image", "audio"]
    assert sent(desk, page)[1][2] == b"".join(desk.notes[0].frames)
    assert [note.fate for note in desk.notes] == ["cancelled"]
    assert len(desk.runs) == 1
    expect(page.locator(".theirs .words")).to_have_text("Sí.")
    expect(page.locator(".own q")).to_have_count(0)  # the run told no transcript: what was sure before is not shown on


def test_what_is_cancelled_removed_or_recorded_again_is_called_off(visit: Visit, desk: Desk) -> None:
    desk.partials = [("one two", "en")]
    page = visit()
    record(page, desk)
    expect(page.locator(".partial")).to_have_text("one two")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".partial")).to_be_hidden()
    record(page, desk)
    stop(page)
    page.get_by_role("button", name="Remove the voice note").click()
    expect(page.locator(".partial")).to_be_hidden()
    record(page, desk)
    stop(page)
    record(page, desk)
    stop(page)
    assert [note.fate for note in desk.notes] == ["cancelled", "cancelled", "cancelled", ""]
    assert desk.runs == []
    send(page)
    ((_, _, content),) = sent(desk, page)
    assert content == b"".join(desk.notes[3].frames)
    assert desk.notes[3].fate == "ended"


def test_a_note_whose_connection_broke_is_sent_whole(visit: Visit, desk: Desk) -> None:
    desk.partials = [("before the break", "en")]
    desk.script = lambda asked: [*ending(asked, reply("OK.")), {"type": "DROP"}]
    page = visit()
    record(page, desk)
    expect(page.locator(".partial")).to_have_text("before the break")
    page.locator("babeldesk-chat").evaluate("chat => chat.setAttribute('token', 'a.e30.b')")  # says hello again
    expect(page.locator(".connection")).to_have_text("Online")
    expect(page.locator(".seconds")).to_have_text("0:01")
    stop(page)
    assert desk.notes[0].fate == "cut"
    send(page)
    ((_, _, content),) = sent(desk, page)
    assert content.startswith(EBML)
    assert len(content) > len(b"".join(desk.notes[0].frames))


def test_an_end_that_is_lost_is_made_good_under_the_same_id(visit: Visit, desk: Desk) -> None:
    desk.before_ack, desk.partials = ["drop"], [("Is it", "en")]
    desk.script = answering("OK.")
    page = visit()
    record(page, desk)
    stop(page)
    send(page)
    expect(page.locator(".theirs .words")).to_have_text("OK.")
    assert [run["runId"] for run in desk.runs] == [desk.notes[0].start["runId"]] * 2
    contents = [run["messages"][0]["content"][0]["source"]["value"] for run in desk.runs]
    assert base64.b64decode(contents[0]) == base64.b64decode(contents[1])
    assert {message["id"] for message in desk.messages} == {desk.notes[0].start["messageId"]}
    say(page, "and a text")
    expect(page.locator(".theirs")).to_have_count(2)
