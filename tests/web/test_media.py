"""Voice notes from the microphone and photos from everywhere, as the server gets them."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.web.conftest import Visit
from tests.web.desk import Desk
from tests.web.scripts import answering, custom, ending, reply, steps

EBML = b"\x1a\x45\xdf\xa3"
REFUSED = "new DOMException('', 'NotAllowedError')"  # what a browser throws where the customer said no
ORIENTATION = 0x0112


def picture(width: int, height: int, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, form, **options)
    return out.getvalue()


def attach(page: Page, *files: bytes, kind: str = "image/png") -> None:
    payloads: list[Any] = [{"name": f"p{n}", "mimeType": kind, "buffer": file} for n, file in enumerate(files)]
    page.locator("input[type=file]").set_input_files(payloads)


def sent(desk: Desk, page: Page) -> list[tuple[str, str, bytes]]:
    """(type, MIME type, bytes) of the media parts of the newest message."""
    expect(page.locator(".own").last).to_have_attribute("data-state", "acknowledged")
    parts = [part for part in desk.messages[-1]["content"] if part["type"] != "text"]
    assert all(part["source"]["type"] == "data" for part in parts)
    return [
        (one["type"], one["source"]["mimeType"], base64.b64decode(one["source"]["value"], validate=True))
        for one in parts
    ]


def send(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()


def dropped(page: Page, selector: str, event: str, content: bytes) -> None:
    """Pastes or drops a PNG on the element, as a browser would hand it over."""
    script = """([target, event, data]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], "photo.png", { type: "image/png" }));
      const root = document.querySelector("babeldesk-chat").shadowRoot;
      const how = { clipboardData: files, dataTransfer: files, bubbles: true, cancelable: true };
      const made = event === "paste" ? new ClipboardEvent(event, how) : new DragEvent(event, how);
      root.querySelector(target).dispatchEvent(made);
    }"""
    page.evaluate(script, [selector, event, base64.b64encode(content).decode()])


def test_a_voice_note_arrives_as_webm_and_shows_its_transcript(visit: Visit, desk: Desk) -> None:
    desk.script = lambda asked: [
        *steps("listen", pause=0.4),
        custom("transcript", text="هل لديكم هذا بالأزرق؟", language="ar", confidence=0.8),
        *ending(asked, reply("نعم.", language="ar")),
    ]
    page = visit()
    page.get_by_role("button", name="Record a voice note").click()
    stop = page.get_by_role("button", name="Stop recording")
    expect(stop).to_have_attribute("aria-pressed", "true")
    level = "meter => Number(getComputedStyle(meter).getPropertyValue('--level')) > 0.2"
    page.wait_for_function(
        f"() => ({level})(document.querySelector('babeldesk-chat').shadowRoot.querySelector('.meter'))"
    )
    expect(page.locator(".seconds")).to_have_text("0:01")
    stop.click()
    expect(page.locator(".tray .clip")).to_be_visible()
    send(page)
    expect(page.locator(".doing")).to_have_text("Listening…")
    expect(page.locator(".own q")).to_have_text("هل لديكم هذا بالأزرق؟")
    (kind, mime, content), *rest = sent(desk, page)
    assert (kind, mime, rest) == ("audio", "audio/webm;codecs=opus", [])
    assert content.startswith(EBML)
    assert b"OpusHead" in content
    assert len(content) > 2_000  # a second and more of sound, not a bare header
    expect(page.locator(".tray")).to_be_hidden()


def test_a_voice_note_can_be_played_removed_and_cancelled(visit: Visit, desk: Desk) -> None:
    page = visit()
    record = page.get_by_role("button", name="Record a voice note")
    record.click()
    expect(page.locator(".seconds")).to_have_text("0:01")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".tray")).to_be_hidden()
    record.click()
    expect(page.locator(".seconds")).to_have_text("0:01")
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".played").first).to_be_attached()
    page.get_by_role("button", name="Remove the voice note").click()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    assert desk.runs == []


def test_sending_while_recording_ends_the_voice_note_and_sends_it(visit: Visit, desk: Desk) -> None:
    page = visit()
    page.get_by_role("button", name="Record a voice note").click()
    expect(page.locator(".seconds")).to_have_text("0:01")
    send(page)
    ((kind, _, content),) = sent(desk, page)
    assert kind == "audio"
    assert content.startswith(EBML)


def test_a_blocked_microphone_is_said(visit: Visit, desk: Desk) -> None:
    page = visit()
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw refused }; }".replace("refused", REFUSED)
    )
    page.get_by_role("button", name="Record a voice note").click()
    expect(page.get_by_role("alert")).to_contain_text("The microphone is blocked.")
    page.get_by_role("button", name="Take a photo").click()
    expect(page.get_by_role("alert")).to_contain_text("The camera is blocked.")


def test_a_photo_arrives_smaller_upright_and_without_exif(visit: Visit, desk: Desk) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned by a quarter
    exif[0x010E] = "where I live"
    photo = picture(3000, 2000, "JPEG", exif=exif)
    assert b"where I live" in photo
    page = visit()
    attach(page, photo, kind="image/jpeg")
    expect(page.get_by_role("img", name="Photo 1")).to_be_visible()
    send(page)
    ((kind, mime, content),) = sent(desk, page)
    image = Image.open(io.BytesIO(content))
    assert (kind, mime, image.format) == ("image", "image/jpeg", "JPEG")
    assert image.size == (1067, 1600)
    assert not image.getexif()
    assert b"where I live" not in content
    pixels = image.convert("L").load()
    assert pixels is not None
    assert pixels[40, 800] > 200 > 60 > pixels[1020, 800]  # turned: what was at the bottom is at the left


def test_a_small_photo_keeps_its_size(visit: Visit, desk: Desk) -> None:
    page = visit()
    attach(page, picture(320, 200))
    send(page)
    ((_, _, content),) = sent(desk, page)
    assert Image.open(io.BytesIO(content)).size == (320, 200)


def test_text_photos_and_voice_go_in_one_message(visit: Visit, desk: Desk) -> None:
    desk.script = answering("Yes.")
    page = visit()
    attach(page, picture(300, 200), picture(200, 300), picture(100, 100))
    expect(page.locator(".tray img")).to_have_count(3)
    page.get_by_role("button", name="Remove photo 2").click()
    expect(page.locator(".tray img")).to_have_count(2)
    page.get_by_role("button", name="Record a voice note").click()
    expect(page.locator(".seconds")).to_have_text("0:01")
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_role("textbox").fill("这个有红色的吗？")
    send(page)
    assert [kind for kind, _, _ in sent(desk, page)] == ["image", "image", "audio"]
    assert desk.messages[0]["content"][0] == {"type": "text", "text": "这个有红色的吗？"}
    sizes = [Image.open(io.BytesIO(content)).size for kind, _, content in sent(desk, page) if kind == "image"]
    assert sizes == [(300, 200), (100, 100)]
    assert len(desk.runs) == 1
    expect(page.locator(".own .photos img")).to_have_count(2)
    expect(page.locator(".own .clip")).to_be_visible()


@pytest.mark.parametrize(("event", "where"), [("paste", "textarea"), ("drop", ".log")])
def test_photos_are_pasted_and_dropped(visit: Visit, desk: Desk, event: str, where: str) -> None:
    page = visit()
    page.get_by_role("textbox").wait_for()
    dropped(page, where, event, picture(50, 40))
    expect(page.locator(".tray img")).to_have_count(1)
    send(page)
    assert Image.open(io.BytesIO(sent(desk, page)[0][2])).size == (50, 40)


def test_a_photo_is_taken_with_the_camera(visit: Visit, desk: Desk) -> None:
    page = visit()
    take = page.get_by_role("button", name="Take a photo").first
    take.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    take.click()
    dialog.get_by_role("button", name="Take a photo").click()
    expect(page.locator(".tray img")).to_have_count(1)
    send(page)
    ((_, mime, content),) = sent(desk, page)
    image = Image.open(io.BytesIO(content))
    assert mime == "image/jpeg"
    assert max(image.size) <= 1600
    colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
    assert colours
    assert len(colours) > 20  # a picture, not one colour


def test_what_is_no_picture_and_what_is_too_much_is_said(visit: Visit, desk: Desk) -> None:
    page = visit()
    attach(page, b"hello, I am text", kind="image/png")
    expect(page.get_by_role("alert")).to_contain_text("This picture can't be read.")
    attach(page, *[picture(20, 20)] * 6)
    expect(page.locator(".tray img")).to_have_count(4)
    expect(page.get_by_role("alert")).to_contain_text("up to 4 photos")
