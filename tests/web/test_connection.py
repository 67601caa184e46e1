"""Breaks and reloads: nothing is lost, nothing is said twice."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import MUG, answering, ending, reply
from tests.web.test_media import attach, picture, send
from tests.web.test_talk import say


def ready(page: Page) -> None:
    expect(page.locator(".connection")).to_have_text("Online")


def test_a_message_that_broke_the_connection_is_sent_again_once_under_its_id(visit: Visit, desk: Desk) -> None:
    desk.before_ack = ["drop"]
    desk.script = answering("Here I am.")
    page = visit()
    ready(page)
    attach(page, picture(40, 30))
    page.get_by_role("textbox").fill("Are you there?")
    send(page)
    expect(page.locator(".theirs")).to_contain_text("Here I am.")
    first, second = desk.messages
    assert first == second
    assert [part["type"] for part in second["content"]] == ["text", "image"]
    expect(page.locator(".own")).to_have_count(1)
    assert [hello.get("threadId") for hello in desk.hellos] == [None, "thread-1"]
    assert desk.hellos[1]["threadSecret"] == "secret of thread-1"
    page.wait_for_timeout(300)
    assert len(desk.runs) == 2


def test_messages_written_during_a_break_go_out_in_order(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    desk.before_ack = ["drop"]
    page = visit()
    ready(page)
    for text in ("one", "two", "three"):
        say(page, text)
    expect(page.locator(".theirs")).to_have_count(3)
    assert [message["content"][0]["text"] for message in desk.messages] == ["one", "one", "two", "three"]


def test_what_was_missed_during_a_break_comes_by_resume(visit: Visit, desk: Desk) -> None:
    text = "All that was said while you were away."
    desk.script = lambda asked: [{"type": "DROP"}, *ending(asked, reply(text, cards=[MUG]))]
    page = visit()
    ready(page)
    say(page, "Hello")
    expect(page.locator(".theirs .words")).to_have_text(text)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".theirs")).to_have_count(1)
    expect(page.locator(".own")).to_have_count(1)
    assert desk.resumes == [{"type": "resume", "threadId": "thread-1", "lastSeq": 2, "epoch": 1}]
    assert len(desk.runs) == 1


def test_a_reload_goes_on_with_the_same_thread_and_shows_what_was_said(visit: Visit, desk: Desk) -> None:
    desk.script = answering("نعم، متوفر.", language="ar", cards=[MUG])
    page = visit()
    say(page, "هل الكوب متوفر؟")
    expect(page.locator(".card")).to_have_count(1)
    page.reload()
    expect(page.locator(".own .words")).to_have_text("هل الكوب متوفر؟")
    expect(page.locator(".theirs .words")).to_have_text("نعم، متوفر.")
    expect(page.locator(".card")).to_have_count(1)
    ready(page)
    assert desk.hellos[-1]["threadId"] == "thread-1"
    assert desk.resumes[-1]["lastSeq"] == len(desk.threads["thread-1"].events)
    desk.script = answering("Yes.")
    say(page, "more")
    expect(page.locator(".theirs")).to_have_count(2)


def test_a_reload_in_the_middle_of_an_answer_shows_it_whole(visit: Visit, desk: Desk) -> None:
    desk.script = lambda asked: ending(asked, reply("The first half. The second half."), 0.7)
    page = visit()
    say(page, "Hello")
    expect(page.locator(".theirs")).to_contain_text("The first")
    page.reload()
    expect(page.locator(".theirs .words")).to_have_text("The first half. The second half.")
    expect(page.locator(".own")).to_have_count(1)
    expect(page.locator(".theirs")).to_have_count(1)
    assert len(desk.runs) == 1


def test_a_text_that_was_not_sent_before_a_reload_is_sent_after_it(visit: Visit, desk: Desk) -> None:
    desk.before_ack = ["drop"] * 4
    page = visit()
    ready(page)
    say(page, "important")
    expect(page.locator(".own")).to_have_attribute("data-state", "pending")
    page.reload()
    desk.before_ack = []
    expect(page.locator(".own")).to_have_attribute("data-state", "acknowledged")
    assert len({message["id"] for message in desk.messages}) == 1
    assert desk.messages[-1]["content"] == [{"type": "text", "text": "important"}]


def test_a_photo_that_was_not_sent_before_a_reload_is_said_to_be_lost(visit: Visit, desk: Desk) -> None:
    desk.before_ack = ["drop"] * 4
    page = visit()
    ready(page)
    attach(page, picture(30, 30))
    send(page)
    page.reload()
    expect(page.locator(".own")).to_contain_text("Please attach it again.")
    expect(page.locator(".own")).to_have_attribute("data-state", "failed")


def test_a_message_that_breaks_the_connection_every_time_is_given_up(visit: Visit, desk: Desk) -> None:
    desk.before_ack = ["drop"] * 4
    desk.script = answering("At last.")
    page = visit()
    ready(page)
    say(page, "poison")
    expect(page.locator(".own")).to_have_attribute("data-state", "failed", timeout=20_000)
    assert len(desk.runs) == 4
    expect(page.locator(".own")).to_contain_text("could not be delivered")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".theirs")).to_contain_text("At last.")


def test_a_snapshot_replaces_what_the_page_knew_and_keeps_what_is_unsent(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Old answer.")
    page = visit()
    say(page, "Old question")
    expect(page.locator(".theirs")).to_have_count(1)
    desk.epoch = 2
    whole = {"reply": reply("Réponse", language="fr", cards=[MUG])}
    desk.snapshot = [
        {"id": desk.messages[0]["id"], "role": "user", "content": "Old question"},
        {"id": "r1", "role": "assistant", "content": "Réponse", "metadata": whole},
        {"id": "u2", "role": "user", "content": "Written elsewhere"},
    ]
    desk.before_ack = ["drop"]
    say(page, "new")
    expect(page.locator(".own")).to_have_count(3)
    expect(page.locator(".own .words")).to_have_text(["Old question", "Written elsewhere", "new"])
    expect(page.locator(".theirs .words").first).to_have_text("Réponse")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".own").last).to_have_attribute("data-state", "acknowledged")
    expect(page.locator(".theirs")).to_have_count(2)


def test_another_customer_in_the_same_browser_sees_nothing_of_the_first(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Your order is on its way.")
    page = visit("/#token=x.eyJzdWIiOiJBIn0.x")
    say(page, "Where is my order?")
    expect(page.locator(".theirs")).to_have_count(1)
    assert desk.hellos[0]["token"] == "x.eyJzdWIiOiJBIn0.x"
    assert "token" not in page.url
    page.evaluate("document.querySelector('babeldesk-chat').setAttribute('token', 'x.eyJzdWIiOiJCIn0.x')")
    expect(page.locator(".theirs")).to_have_count(0)
    ready(page)
    page.wait_for_function("true")
    assert desk.hellos[-1] == {"type": "hello", "token": "x.eyJzdWIiOiJCIn0.x", "locale": "en"}


def test_a_thread_that_is_refused_is_left_for_a_new_one(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    page = visit()
    say(page, "Hello")
    expect(page.locator(".theirs")).to_have_count(1)
    desk.refused = {"thread-1"}
    page.reload()
    ready(page)
    expect(page.locator(".theirs")).to_have_count(0)
    say(page, "Bonjour")
    expect(page.locator(".theirs")).to_have_count(1)
    assert desk.runs[-1]["threadId"] == "thread-2"


def test_a_token_that_is_refused_is_said_and_a_good_one_goes_on_with_the_thread(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    page = visit("/#token=x.eyJzdWIiOiJBIn0.x")
    say(page, "Hello")
    expect(page.locator(".theirs")).to_have_count(1)
    desk.refused = {"x.eyJzdWIiOiJBIn0.x"}
    page.reload()
    expect(page.locator(".connection")).to_have_text("Your sign-in is no longer valid. Please reload the page.")
    expect(page.locator(".theirs")).to_have_count(1)
    say(page, "Still there?")
    page.evaluate("document.querySelector('babeldesk-chat').setAttribute('token', 'x.eyJzdWIiOiJBIn0.new')")
    expect(page.locator(".theirs")).to_have_count(2)
    assert desk.runs[-1]["threadId"] == "thread-1"


def test_a_run_that_the_server_lost_is_begun_again_by_its_message(visit: Visit, desk: Desk) -> None:
    desk.script = lambda _: [{"type": "STEP_STARTED", "stepName": "search"}]
    page = visit()
    say(page, "Hello")
    expect(page.locator(".doing")).to_have_text("Searching…")
    # the server falls over and comes back: another epoch, the message stored, its run gone
    name = desk.messages[0]["id"]
    desk.epoch = 2
    desk.snapshot = [{"id": name, "role": "user", "content": "Hello"}]
    desk.threads["thread-1"].seen.clear()
    desk.script = answering("Here I am again.")
    page.reload()
    expect(page.locator(".theirs .words")).to_have_text("Here I am again.")
    expect(page.locator(".own")).to_have_count(1)
    assert [message["id"] for message in desk.messages] == [name, name]


def test_events_are_taken_once_in_order_and_a_gap_is_asked_about_once(visit: Visit) -> None:
    page = visit()
    script = """async () => {
      const { Sequence } = await import("/web/connection.js");
      const sequence = new Sequence(0, 1);
      const judge = (seq, more = {}, catchingUp = false) =>
        sequence.judge({ type: "CUSTOM", metadata: { seq, epoch: 1 }, ...more }, catchingUp);
      const began = [judge(1), judge(1), judge(2), judge(1, { name: "ack" })];
      const behind = [judge(5), judge(6, {}, true), judge(3), judge(4)];
      const lost = [judge(7), judge(9), judge(9)];
      const snapshot = { type: "MESSAGES_SNAPSHOT", metadata: { seq: 40, epoch: 2 } };
      return [began, behind, lost, [judge(40, snapshot), judge(40), judge(41)], sequence.epoch];
    }"""
    assert page.evaluate(script) == [
        ["take", "skip", "take", "take"],
        ["gap", "skip", "take", "take"],
        ["gap", "take", "skip"],
        ["take", "skip", "take"],
        2,
    ]
