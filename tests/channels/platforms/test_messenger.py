"""Messenger and Instagram: what they deliver, what goes back, and that nobody else is believed.

Both sign as WhatsApp does, so that pywa is the counterpart of the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pywa.utils import webhook_updates_validator

from bot.channels.platforms.messenger import MessengerPage, instagram, messenger
from bot.channels.platforms.splitting import utf8, utf16
from bot.channels.platforms.values import Address, Answer, Arrived, Call, Location, Media, Request
from bot.errors import BadInput, Refused
from bot.messages import Reply, Text
from bot.platform_settings import Instagram, Messenger
from bot.secret import Secret

GOLDEN = Path(__file__).parents[2] / "golden"
SECRETS = (Secret("an app secret"), Secret("a verify token"), Secret("an access token"))
PAGE = messenger(Messenger(*SECRETS))
ACCOUNT = instagram(Instagram(*SECRETS))
BOTH = pytest.mark.parametrize("of", [PAGE, ACCOUNT], ids=["messenger", "instagram"])
NOW = 1_790_000_100.0
TO = Address("700000000000001:8000000001", NOW, "700000000000001", "8000000001")
KEY = "6f1c1ab0-8f0c-4b5e-9d55-1f7b0a1f9a00"


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(b"an app secret", body, hashlib.sha256).hexdigest()


def called(body: bytes, signed: str | None = None) -> Call:
    headers = {"x-hub-signature-256": signature(body) if signed is None else signed}
    return Call("POST", "https://shop.example/hooks/messenger", headers, body)


def arrived(of: MessengerPage, name: str) -> tuple[Arrived, ...]:
    return of.read(called((GOLDEN / name).read_bytes()), NOW).arrived


def reply(text: str, *suggestions: str) -> Reply:
    return Reply(text, "zh", "track_order", suggestions=suggestions)


def body(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.body)
    return found


def test_every_message_to_a_page_arrives() -> None:
    messages = arrived(PAGE, "messenger/batch.json")
    assert messages[0] == Arrived(
        "m_text",
        Address("700000000000001:8000000001", 1_790_000_000.25, "700000000000001", "8000000001"),
        (Text("请问这双鞋还有货吗？"),),
    )
    assert {one.id: one.parts for one in messages[1:]} == {
        "m_quick": (Text("تتبع الطلب"),),
        "m_images": (
            Media("photo", "https://scontent.xx.fbcdn.net/v/a.jpg?oh=1"),
            Media("photo", "https://scontent.xx.fbcdn.net/v/b.jpg?oh=2"),
            Text("สองรูปนี้"),
        ),
        "m_voice": (Media("speech", "https://cdn.fbsbx.com/v/a.mp4?oh=3"),),
        "m_place": (Location(34.7025, 135.4959, "大阪駅"),),
        "m_link": (Text("これは？ https://shop.example/1"),),
        "m_pressed": (Text("はじめる"),),
    }
    assert [one.address.thread for one in messages] == ["8000000001"] * 3 + ["8000000002"] * 4


def test_every_message_to_an_account_arrives() -> None:
    messages = arrived(ACCOUNT, "instagram/batch.json")
    assert {one.id: one.parts for one in messages} == {
        "aWdfZAG1f_text": (Text("هل يتوفر مقاس أكبر؟"),),
        "aWdfZAG1f_image": (Media("photo", "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=a"),),
        "aWdfZAG1f_story": (Text("这件多少钱？"),),
        "aWdfZAG1f_pressed": (Text("ส่งฟรีไหม"),),
    }
    assert {one.address.chat for one in messages} == {"17840000000000001:9000000001"}


def test_a_redelivery_is_the_same() -> None:
    assert arrived(PAGE, "messenger/batch.json") == arrived(PAGE, "messenger/batch.json")


def test_receipts_echoes_stickers_and_what_others_handle_are_left_alone() -> None:
    assert arrived(PAGE, "messenger/skipped.json") == ()


def test_neither_reads_what_is_for_the_other() -> None:
    assert arrived(ACCOUNT, "messenger/batch.json") == ()
    assert arrived(PAGE, "instagram/batch.json") == ()


def test_pywa_signs_the_same() -> None:
    content = (GOLDEN / "instagram" / "batch.json").read_bytes()
    assert webhook_updates_validator("an app secret", content, signature(content))
    assert not webhook_updates_validator("another secret", content, signature(content))


def flips(content: bytes) -> list[bytes]:
    """The content with each of its bits changed."""
    whole = int.from_bytes(content, "big")
    return [(whole ^ 1 << bit).to_bytes(len(content), "big") for bit in range(8 * len(content))]


EVENT = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": 3, "message": {"mid": "m", "text": "你好"}}
SMALL = json.dumps({"object": "page", "entry": [{"messaging": [EVENT]}]}).encode()


@BOTH
def test_every_bit_of_the_body_and_of_the_signature_counts(of: MessengerPage) -> None:
    content = SMALL.replace(b"page", of.payload.encode())
    signed = signature(content)
    assert of.read(called(content), NOW).arrived[0].parts == (Text("你好"),)
    for other in flips(content):
        with pytest.raises(Refused):
            of.read(called(other, signed), NOW)
    for other in flips(signed.encode()):
        with pytest.raises(Refused):
            of.read(called(content, other.decode("latin-1")), NOW)


@BOTH
@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=00", "\udcff", "sha256=" + "0" * 64])
def test_a_wrong_or_missing_signature_is_refused(of: MessengerPage, header: str | None) -> None:
    headers = {} if header is None else {"x-hub-signature-256": header}
    with pytest.raises(Refused):
        of.read(Call("POST", "https://shop.example/hooks/messenger", headers, SMALL), NOW)


def hello(token: str, mode: str = "subscribe") -> Call:
    query = urlencode({"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"})
    return Call("GET", f"https://shop.example/hooks/messenger?{query}", {})


@pytest.mark.parametrize("unset", [messenger(Messenger()), instagram(Instagram())])
def test_without_secrets_every_call_is_refused(unset: MessengerPage) -> None:
    unkeyed = "sha256=" + hmac.new(b"", SMALL, hashlib.sha256).hexdigest()
    for call in (called(SMALL), called(SMALL, unkeyed), hello("")):
        with pytest.raises(Refused):
            unset.read(call, NOW)


@BOTH
def test_the_handshake_answers_the_challenge(of: MessengerPage) -> None:
    taken = of.read(hello("a verify token"), NOW)
    assert (taken.body, taken.content_type, taken.arrived) == (b"1158201444", "text/plain", ())
    for call in (hello("another"), hello(""), hello("a verify token", "unsubscribe")):
        with pytest.raises(Refused):
            of.read(call, NOW)


@BOTH
@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"\xff", b'{"entry": []}', b"[" * 50_000])
def test_a_signed_body_of_another_form_is_bad_input(of: MessengerPage, content: bytes) -> None:
    with pytest.raises(BadInput):
        of.read(called(content), NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_signed_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(Refused, BadInput):
        PAGE.read(called(content), NOW)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["sender", "recipient", "timestamp", "message", "postback", "mid", "text", "attachments"]), JSON)
def test_an_event_of_any_form_keeps_no_other_from_arriving(name: str, content: object) -> None:
    event: dict[str, Any] = EVENT
    inner = name in ("mid", "text", "attachments")
    odd = {**event, "message": {**event["message"], name: content}} if inner else {**event, name: content}
    attached = {**event, "message": {"mid": "m", "attachments": [content, {"type": "image", "payload": content}]}}
    whole = {"object": "page", "entry": [content, {"messaging": [odd, attached, content, event]}]}
    assert PAGE.read(called(json.dumps(whole).encode()), NOW).arrived[-1].parts == (Text("你好"),)


@BOTH
def test_a_reply_as_it_goes(of: MessengerPage) -> None:
    first, last = of.sends(reply("طلبك في الطريق. " * 200, "تتبع الطلب"), TO, KEY, "")[-2:]
    assert first.method == "POST"
    assert first.url == f"{of.keys.api}/me/messages"
    assert first.headers == {"Authorization": "Bearer an access token", "Content-Type": "application/json"}
    assert "quick_replies" not in body(first)["message"]
    said = body(last)
    text = said["message"].pop("text")
    assert text.endswith("طلبك في الطريق.")
    assert said == {
        "recipient": {"id": "8000000001"},
        "messaging_type": "RESPONSE",
        "message": {"quick_replies": [{"content_type": "text", "title": "تتبع الطلب", "payload": "تتبع الطلب"}]},
    }


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "您的包裹正在路上，预计星期一之前送到。" * 300,
        "طردك في الطريق إليك الآن وسيصل يوم الاثنين. " * 100,
        "พัสดุของคุณกำลังเดินทาง " * 200,
        "👩🏽‍🚀" * 1_000,
    ],
)
def test_a_long_text_goes_in_pieces_that_are_taken(of: MessengerPage, text: str) -> None:
    pieces = [body(one)["message"]["text"] for one in of.sends(reply(text), TO, KEY, "")]
    assert len(pieces) > 1
    assert all(0 < utf16(one) <= 2_000 for one in pieces)
    assert of is PAGE or all(utf8(one) <= 1_000 for one in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@BOTH
def test_quick_replies_are_those_that_fit(of: MessengerPage) -> None:
    offered = (
        "退货",
        "退货",
        " ",
        "這個建議太長了所以按鈕上放不下它的全部文字",
        "🚚" * 11,
        *(f"第{n}" for n in range(20)),
    )
    (sent,) = of.sends(reply("好。", *offered), TO, KEY, "")
    titles = [one["title"] for one in body(sent)["message"]["quick_replies"]]
    assert titles == ["退货", *(f"第{n}" for n in range(12))]
    (plain,) = of.sends(reply("好。", " ", "🚚" * 11), TO, KEY, "")
    assert body(plain)["message"] == {"text": "好。"}


@BOTH
def test_nothing_to_say_is_no_request_and_the_same_is_the_same(of: MessengerPage) -> None:
    assert of.sends(reply("", "退货"), TO, KEY, "") == ()
    assert of.sends(reply("好。" * 3_000), TO, KEY, "") == of.sends(reply("好。" * 3_000), TO, KEY, "")


@BOTH
def test_typing_is_shown(of: MessengerPage) -> None:
    request = of.typing(TO, "")
    assert request is not None
    assert body(request) == {"recipient": {"id": "8000000001"}, "sender_action": "typing_on"}


@BOTH
def test_files_are_fetched_without_a_token(of: MessengerPage) -> None:
    asked = of.fetch(Media("photo", "https://scontent.xx.fbcdn.net/v/a.jpg?oh=1"), "")
    assert asked == Request("GET", "https://scontent.xx.fbcdn.net/v/a.jpg?oh=1", {})
    assert of.located(Answer(200, {}, b"\xff\xd8\xff"), "") is None
    assert {".fbcdn.net", ".fbsbx.com", ".cdninstagram.com"} <= set(of.media_hosts)
    assert "127.0.0.1:8080" in messenger(Messenger(api="http://127.0.0.1:8080/v23.0")).media_hosts


def failed(status: int, code: int, subcode: int = 0, after: str = "") -> Answer:
    error = {
        "message": "(#1) 你好",
        "type": "OAuthException",
        "code": code,
        "error_subcode": subcode,
        "fbtrace_id": "A",
    }
    return Answer(status, {"retry-after": after} if after else {}, json.dumps({"error": error}).encode())


@BOTH
@pytest.mark.parametrize(
    ("answer", "what", "reason", "seconds"),
    [
        (Answer(200, {}, b'{"recipient_id": "8000000001", "message_id": "m_ours"}'), "sent", "", None),
        (failed(403, 10, 2018278), "never", "window", None),
        (failed(400, 10, 2534022), "never", "window", None),
        (failed(400, 551, 1545041), "never", "blocked", None),
        (failed(400, 100, 2018001), "never", "blocked", None),
        (failed(400, 100, 2018109), "never", "100", None),
        (failed(400, 190, 463), "never", "unauthorized", None),
        (failed(403, 200), "never", "unauthorized", None),
        (failed(403, 10), "never", "unauthorized", None),
        (failed(400, 613), "again", "613", None),
        (failed(400, 4), "again", "4", None),
        (failed(400, 1200), "again", "1200", None),
        (failed(500, 2), "again", "2", None),
        (failed(429, 32, after="60"), "again", "32", 60.0),
        (Answer(502, {}, b"<html>"), "again", "502", None),
        (Answer(404, {}, b"<html>"), "never", "404", None),
        (Answer(401, {}, b""), "never", "unauthorized", None),
    ],
)
def test_what_an_answer_means(of: MessengerPage, answer: Answer, what: str, reason: str, seconds: float | None) -> None:
    verdict = of.judge(answer)
    assert (verdict.what, verdict.reason, verdict.seconds, verdict.stale) == (what, reason, seconds, False)


@BOTH
def test_the_token_does_not_run_out_and_nothing_shows_a_secret(of: MessengerPage) -> None:
    assert of.grant() is None
    with pytest.raises(BadInput):
        of.granted(Answer(200, {}, b"{}"))
    (sent,) = of.sends(reply("好。"), TO, KEY, "")
    for secret in ("an app secret", "a verify token", "an access token"):
        assert secret not in repr(of) + repr(sent)
