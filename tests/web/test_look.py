"""How it looks and is used: languages and directions, dark mode, keyboard, other pages; and that text stays text."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import CITED, MUG, answering, custom, ending, reply
from tests.web.test_talk import say


def colour(page: Page, selector: str, what: str) -> list[float]:
    """The red, green, blue of an element, 0..255."""
    value = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{what}")
    numbers = value[value.index("(") + 1 : value.index(")")].replace("srgb", "").replace(",", " ").split("/")[0].split()
    return [float(number) * (255 if "srgb" in value else 1) for number in numbers[:3]]


def brightness(rgb: list[float]) -> float:
    """Relative luminance by WCAG 2."""
    linear = [part / 3294.6 if part <= 10.31 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: list[float], second: list[float]) -> float:
    """Contrast ratio by WCAG 2, 1..21."""
    low, high = sorted((brightness(first), brightness(second)))
    return (high + 0.05) / (low + 0.05)


def test_arabic_is_laid_out_from_right_to_left(visit: Visit, desk: Desk) -> None:
    desk.script = answering("نعم، الكوب متوفر بسعر 12.50 EUR.", language="ar", cards=[MUG])
    page = visit("/?locale=ar")
    say(page, "هل الكوب الأزرق متوفر؟")
    expect(page.locator(".card")).to_have_count(1)
    assert page.evaluate("document.documentElement.dir") == "rtl"
    expect(page.locator(".desk")).to_have_attribute("dir", "rtl")
    own, theirs = (page.locator(f".{who} .bubble").bounding_box() for who in ("own", "theirs"))
    assert own
    assert theirs
    assert own["x"] < theirs["x"]  # mine on the left, theirs on the right
    words = page.locator(".theirs .words")
    expect(words).to_have_attribute("dir", "rtl")
    expect(words).to_have_attribute("lang", "ar")
    assert words.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert page.get_by_role("textbox").evaluate("box => getComputedStyle(box).direction") == "rtl"
    shutter, send = page.locator(".tools .quiet").first.bounding_box(), page.locator(".send").bounding_box()
    assert shutter
    assert send
    assert send["x"] < shutter["x"]


def test_a_bubble_follows_its_own_text_not_the_page(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Ja, die Tasse ist da.", language="de")
    page = visit("/?locale=ar")
    say(page, "Haben Sie Tassen?")
    words = page.locator(".theirs .words")
    expect(words).to_have_attribute("lang", "de")
    assert words.evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_changing_the_language_keeps_the_conversation_and_the_draft(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    page = visit()
    say(page, "Hello")
    expect(page.locator(".theirs")).to_have_count(1)
    page.get_by_role("textbox").fill("half a thou")
    page.get_by_role("combobox").select_option("ar")
    box = page.get_by_role("textbox", name="رسالة")
    expect(box).to_have_value("half a thou")
    expect(page.locator(".theirs .words")).to_have_text("Yes.")
    expect(page.locator(".connection")).to_have_text("متصل")
    assert desk.hellos[-1]["locale"] == "ar"
    assert desk.hellos[-1]["threadId"] == "thread-1"
    assert page.evaluate("document.documentElement.lang") == "ar"
    page.reload()
    expect(page.get_by_role("combobox")).to_have_value("ar")


def test_dark_mode_is_dark_and_text_can_be_read_in_both(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.", cards=[MUG], citations=CITED, suggestions=["More?"])
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        say(page, "Hello")
        expect(page.locator(".card")).to_have_count(1)
        grounds[scheme] = brightness(colour(page, ".panel", "backgroundColor"))
        pairs = [
            (".own .words", ".own .bubble"), (".theirs .words", ".theirs .bubble"), (".card .title", ".card"),
            (".price", ".card"), (".availability", ".card"), ("summary", ".panel"), (".offer", ".offer"),
            (".connection", "header"), ("textarea", ".field"),
        ]  # fmt: skip
        for text, ground in pairs:
            inside = f"babeldesk-chat {ground}" if ground == "header" else ground
            ratio = contrast(colour(page, text, "color"), colour(page, inside, "backgroundColor"))
            assert ratio >= 4.5, (scheme, text, ratio)
    assert grounds["dark"] < 0.05 < 0.8 < grounds["light"]


def test_everything_is_reached_by_keyboard_with_the_focus_in_sight(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.", cards=[MUG], citations=CITED, suggestions=["More?"])
    page = visit()
    say(page, "Hello")
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("combobox").focus()
    active = """() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const style = getComputedStyle(element);
      const field = element.closest(".field");
      const shown = style.outlineStyle !== "none" || (field && getComputedStyle(field).boxShadow !== "none");
      return [element.getAttribute("aria-label") || element.textContent.trim(), shown];
    }"""
    reached = []
    while len(reached) < 20:
        page.keyboard.press("Tab")
        name, shown = page.evaluate(active)
        if name.startswith("Meridian Goods"):
            break  # round, by the page's body
        assert shown, name
        reached.append(name)
    for wanted in (
        "Products",
        "Sources: 2",
        "More?",
        "Message",
        "Attach photos",
        "Take a photo",
        "Record a voice note",
    ):
        assert any(wanted in name for name in reached), (wanted, reached)
    assert any("Blue enamel mug" in name for name in reached)


def test_a_voice_note_and_a_message_without_a_mouse(visit: Visit, desk: Desk) -> None:
    page = visit()
    page.get_by_role("button", name="Record a voice note").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".seconds")).to_have_text("0:01")
    page.keyboard.press("Enter")  # the focus has stayed on the button
    expect(page.locator(".tray .clip")).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".own .clip")).to_be_visible()
    expect(page.locator(".own")).to_have_attribute("data-state", "acknowledged")


def test_what_happens_is_announced(visit: Visit, desk: Desk) -> None:
    page = visit()
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    desk.script = answering("Yes.")
    say(page, "Hello")
    expect(log.get_by_role("article", name="Assistant")).to_contain_text("Yes.")
    expect(log.get_by_role("article", name="You")).to_contain_text("Received")


def test_nothing_that_is_said_becomes_markup_or_a_script(visit: Visit, desk: Desk) -> None:
    evil = '<img src=x onerror="window.hit=1"><script>window.hit=2</script>'
    link = "javascript:window.hit=3"
    card = {**MUG, "title": evil, "url": link, "image": link, "availability": evil, "currency": evil}
    cited = [{"id": "x", "kind": evil, "title": evil, "quote": evil, "url": " java\tscript:window.hit=4"}]
    desk.script = lambda asked: [
        custom("transcript", text=evil, language=evil, confidence=1),
        custom("seen", labels=[evil], barcodes=[evil], text=evil),
        *ending(
            asked,
            reply(evil, cards=[card], citations=cited, suggestions=[evil], language='"><b>', handoff={"reason": evil}),
        ),
    ]
    page = visit()
    say(page, evil)
    expect(page.locator(".theirs .words")).to_have_text(evil)
    expect(page.locator(".card .title")).to_have_text(evil)
    page.locator("summary").click()
    expect(page.locator("blockquote")).to_have_text(evil)
    page.locator(".card").click()
    page.locator("cite").click()
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    root = "document.querySelector('babeldesk-chat').shadowRoot"
    assert page.evaluate(f"[...{root}.querySelectorAll('script, [onerror], a, .list img, .list b')].length") == 0


def test_on_a_shop_page_a_button_opens_it_and_escape_closes_it(visit: Visit, desk: Desk) -> None:
    desk.script = answering("有货。", language="zh")
    page = visit("/shop")
    launcher = page.get_by_role("button", name="Open the chat")
    expect(page.get_by_role("textbox")).to_be_hidden()
    launcher.click()
    box = page.get_by_role("textbox", name="消息")
    expect(box).to_be_focused()
    say(page, "有蓝色的杯子吗？")
    expect(page.locator(".theirs .words")).to_have_text("有货。")
    assert desk.hellos[0] == {"type": "hello", "token": "a.e30.b", "locale": "zh"}
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(launcher).to_be_focused()


def test_a_phone_shows_it_without_scrolling_sideways(visit: Visit, desk: Desk) -> None:
    desk.script = answering("A long answer " * 12, cards=[MUG] * 6, citations=CITED, suggestions=["More?"] * 3)
    page = visit(viewport={"width": 360, "height": 640})
    say(page, "x" * 300)
    expect(page.locator(".card")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    scroller = "document.querySelector('babeldesk-chat').shadowRoot.querySelector('.scroller')"
    assert page.evaluate(f"{scroller}.scrollWidth <= {scroller}.clientWidth")
