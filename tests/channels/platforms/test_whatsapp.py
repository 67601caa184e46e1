"""WhatsApp Cloud API: what it delivers, what goes back, and that nobody else is believed. pywa is the counterpart."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pywa import WhatsApp as Pywa
from pywa import errors as pywa_errors
from pywa.types import Button, CallbackButton
from pywa.types import Message as PywaMessage
from pywa.types.base_update import RawUpdate
from pywa.utils import webhook_updates_validator

from bot.channels.platforms.splitting import utf16
from bot.channels.platforms.values import Address, Answer, Arrived, Call, Location, Media, Request
from bot.channels.platforms.whatsapp import WhatsAppCloud
from bot.errors import BadInput, Refused
from bot.messages import Reply, Text
from bot.platform_settings import WhatsApp
from bot.secret import Secret

GOLDEN = Path(__file__).parents[2] / "golden" / "whatsapp"
KEYS = WhatsApp(Secret("an app secret"), Secret("a verify token"), Secret("an access token"))
CLOUD = WhatsAppCloud(KEYS)
NOW = 1_790_000_100.0
TO = Address("200000000000001:886900000001", NOW, "200000000000001", "886900000001", "wamid.AAAA")
KEY = "6f1c1ab0-8f0c-4b5e-9d55-1f7b0a1f9a00"


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(b"an app secret", body, hashlib.sha256).hexdigest()


def called(body: bytes, signed: str | None = None) -> Call:
    headers = {"x-hub-signature-256": signature(body) if signed is None else signed}
    return Call("POST", "https://shop.example/hooks/whatsapp", headers, body)


def arrived(name: str) -> tuple[Arrived, ...]:
    return CLOUD.read(called((GOLDEN / name).read_bytes()), NOW).arrived


def reply(text: str, *suggestions: str) -> Reply:
    return Reply(text, "zh", "track_order", suggestions=suggestions)


def body(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.body)
    return found


def test_a_text_arrives() -> None:
    address = Address(
        "200000000000001:886900000001", 1_790_000_000.0, "200000000000001", "886900000001", "wamid.AAAA1111/+=="
    )
    assert arrived("text.json") == (Arrived("wamid.AAAA1111/+==", address, (Text("你好，我的订单到哪里了？"),)),)


def test_every_message_of_a_batch_arrives() -> None:
    messages = arrived("batch.json")
    assert {one.id: one.parts for one in messages} == {
        "wamid.image": (Media("photo", "400000000000001"), Text("وصلني هذا مكسورًا")),
        "wamid.voice": (Media("speech", "400000000000002"),),
        "wamid.place": (Location(24.7136, 46.6753, "برج المملكة, الرياض"),),
        "wamid.button": (Text("تتبع الطلب"),),
        "wamid.list": (Text("الإرجاع"),),
        "wamid.template": (Text("نعم"),),
        "wamid.file": (Media("photo", "400000000000003"), Text("สีนี้มีไหม")),
        "wamid.film": (Text("เปิดไม่ติด"),),
        "wamid.order": (Text("ขอใบเสร็จด้วย"),),
    }
    assert {one.address.chat for one in messages} == {
        "200000000000001:966500000001",
        "200000000000002:TH.1000000000000002",
    }
    assert [one.address.at for one in messages] == [1_790_000_000.0 + n for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)]


def test_a_redelivery_is_the_same() -> None:
    assert arrived("batch.json") == arrived("batch.json")


def test_receipts_echoes_groups_and_what_cannot_be_answered_are_left_alone() -> None:
    assert arrived("skipped.json") == ()


def test_pywa_reads_the_same() -> None:
    content = (GOLDEN / "text.json").read_bytes()
    (one,) = arrived("text.json")
    message = PywaMessage.from_update(pywa(), RawUpdate(content, hmac_header=None, update_hash=""))
    assert (message.id, message.metadata.phone_number_id, message.from_user.wa_id) == (
        one.id,
        one.address.account,
        one.address.thread,
    )
    assert one.parts == (Text(message.text or ""),)
    assert message.timestamp.timestamp() == one.address.at


def test_pywa_signs_and_checks_the_same() -> None:
    content = (GOLDEN / "batch.json").read_bytes()
    assert webhook_updates_validator("an app secret", content, signature(content))
    assert not webhook_updates_validator("another secret", content, signature(content))


def flips(content: bytes) -> list[bytes]:
    """The content with each of its bits changed."""
    whole = int.from_bytes(content, "big")
    return [(whole ^ 1 << bit).to_bytes(len(content), "big") for bit in range(8 * len(content))]


def test_every_bit_of_the_body_and_of_the_signature_counts() -> None:
    content = (GOLDEN / "text.json").read_bytes()
    signed = signature(content)
    assert CLOUD.read(called(content), NOW).arrived
    for other in flips(content):
        with pytest.raises(Refused):
            CLOUD.read(called(other, signed), NOW)
    for other in flips(signed.encode()):
        with pytest.raises(Refused):
            CLOUD.read(called(content, other.decode("latin-1")), NOW)


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=00", "\udcff", "sha256=" + "0" * 64])
def test_a_wrong_or_missing_signature_is_refused(header: str | None) -> None:
    call = Call(
        "POST", "https://shop.example/hooks/whatsapp", {} if header is None else {"x-hub-signature-256": header}
    )
    with pytest.raises(Refused):
        CLOUD.read(call, NOW)


def test_without_secrets_every_call_is_refused() -> None:
    unset = WhatsAppCloud(WhatsApp())
    for call in (called(b"{}"), called(b"{}", "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()), hello("")):
        with pytest.raises(Refused):
            unset.read(call, NOW)


def hello(token: str, mode: str = "subscribe") -> Call:
    query = urlencode({"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"})
    return Call("GET", f"https://shop.example/hooks/whatsapp?{query}", {})


def test_the_handshake_answers_the_challenge() -> None:
    taken = CLOUD.read(hello("a verify token"), NOW)
    assert (taken.body, taken.content_type, taken.arrived) == (b"1158201444", "text/plain", ())
    assert pywa().webhook_challenge_handler("a verify token", "1158201444") == (taken.body.decode(), 200)


@pytest.mark.parametrize("call", [hello("another"), hello(""), hello("a verify token", "unsubscribe")])
def test_a_handshake_without_the_token_is_refused(call: Call) -> None:
    with pytest.raises(Refused):
        CLOUD.read(call, NOW)
    with pytest.raises(Refused):
        CLOUD.read(Call("GET", "https://shop.example/hooks/whatsapp", {}), NOW)


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"\xff", b'{"entry": 1}', b"[" * 50_000])
def test_a_signed_body_of_another_form_is_bad_input(content: bytes) -> None:
    with pytest.raises(BadInput):
        CLOUD.read(called(content), NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_signed_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(Refused, BadInput):
        CLOUD.read(called(content), NOW)


FIELDS = ("from", "id", "timestamp", "text", "image", "location", "interactive", "order", "group_id")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), JSON, st.sampled_from(["message", "value", "change"]))
def test_any_field_of_any_form_is_read_or_refused(name: str, content: object, place: str) -> None:
    message = {"from": "1", "id": "wamid.x", "timestamp": "1790000000", "type": "text", "text": {"body": "你好"}}
    value: object = {"metadata": {"phone_number_id": "2"}, "messages": [{**message, name: content}, message]}
    change: object = {"field": "messages", "value": content if place == "value" else value}
    whole = {"entry": [{"id": "3", "changes": [content if place == "change" else change]}]}
    try:
        taken = CLOUD.read(called(json.dumps(whole).encode()), NOW)
    except (Refused, BadInput):
        return
    if place == "message":
        assert taken.arrived[-1].parts == (Text("你好"),)  # what is odd keeps no other from arriving


class Wire(httpx.BaseTransport):
    """Keeps what pywa sends."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if request.method == "GET":
            file = {"id": "4", "mime_type": "image/jpeg", "sha256": "00", "file_size": 9}
            return httpx.Response(200, json={**file, "url": "https://lookaside.fbsbx.com/1"})
        contacts = [{"input": "886900000001", "wa_id": "886900000001"}]
        return httpx.Response(200, json={"success": True, "contacts": contacts, "messages": [{"id": "wamid.ours"}]})


def pywa(wire: Wire | None = None) -> Pywa:
    return Pywa(
        "200000000000001",
        "an access token",
        session=httpx.Client(transport=wire or Wire()),
        api_version=23.0,
        verify_token="a verify token",
        app_secret="an app secret",
    )


def same_request(ours: Request, theirs: httpx.Request) -> None:
    assert (ours.method, ours.url) == (theirs.method, str(theirs.url))
    assert ours.headers["Authorization"] == theirs.headers["authorization"]
    if ours.method == "POST":
        assert ours.headers["Content-Type"] == theirs.headers["content-type"]
        assert body(ours) == json.loads(theirs.content)


@pytest.mark.parametrize("user", ["886900000001", "TH.1000000000000002"])
def test_pywa_sends_the_same(user: str) -> None:
    to = Address(f"200000000000001:{user}", NOW, "200000000000001", user, "wamid.AAAA")
    wire = Wire()
    client = pywa(wire)
    client.send_message(user, "طلبك في الطريق إليك.")
    client.send_message(user, "还要什么？", buttons=[Button("查订单", "0"), Button("退货", "1")])
    client.indicate_typing("wamid.AAAA")
    plain, asked, typing = wire.sent
    same_request(CLOUD.sends(reply("طلبك في الطريق إليك."), to, KEY, "")[0], plain)
    same_request(CLOUD.sends(reply("还要什么？", "查订单", "退货"), to, KEY, "")[0], asked)
    indicator = CLOUD.typing(to, "")
    assert indicator is not None
    same_request(indicator, typing)


def test_pywa_reads_a_button_pressed_as_we_named_it() -> None:
    (sent,) = CLOUD.sends(reply("?", "ติดตามพัสดุ"), TO, KEY, "")
    (button,) = body(sent)["interactive"]["action"]["buttons"]
    update = json.loads((GOLDEN / "text.json").read_bytes())
    (message,) = update["entry"][0]["changes"][0]["value"]["messages"]
    del message["text"]
    message |= {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": button["reply"]}}
    content = json.dumps(update).encode()
    pressed = CallbackButton.from_update(pywa(), RawUpdate(content, hmac_header=None, update_hash=""))
    assert pressed.title == "ติดตามพัสดุ"
    assert CLOUD.read(called(content), NOW).arrived[0].parts == (Text("ติดตามพัสดุ"),)


def test_a_photo_is_asked_for_and_then_fetched_as_pywa_does() -> None:
    wire = Wire()
    where = pywa(wire).get_media_url("400000000000001")
    asked = CLOUD.fetch(Media("photo", "400000000000001"), "")
    same_request(asked, wire.sent[0])
    answer = Answer(200, {}, json.dumps({"url": where.url, "mime_type": "image/jpeg", "id": "4"}).encode())
    located = CLOUD.located(answer, "")
    assert located == Request("GET", "https://lookaside.fbsbx.com/1", {"Authorization": "Bearer an access token"})
    assert CLOUD.media_hosts == ("lookaside.fbsbx.com", "graph.facebook.com")
    elsewhere = WhatsAppCloud(WhatsApp(api="http://127.0.0.1:8080/v23.0"))
    assert "127.0.0.1:8080" in elsewhere.media_hosts


@pytest.mark.parametrize("content", [b"", b"{}", b'{"url": 1}', b'{"error": {"code": 100}}'])
def test_an_answer_without_a_place_is_bad_input(content: bytes) -> None:
    with pytest.raises(BadInput):
        CLOUD.located(Answer(200, {}, content), "")


def test_a_reference_stays_within_the_path() -> None:
    assert CLOUD.fetch(Media("photo", "../me?x=1#"), "").url == "https://graph.facebook.com/v23.0/..%2Fme%3Fx%3D1%23"


@pytest.mark.parametrize(
    "text",
    [
        "您的包裹正在路上，预计星期一之前送到。" * 700,
        "طردك في الطريق إليك الآن وسيصل يوم الاثنين. " * 300,
        "พัสดุของคุณกำลังเดินทาง " * 500,
        "👩🏽‍🚀" * 3_000,
    ],
)
def test_a_long_text_goes_in_pieces_that_whatsapp_takes(text: str) -> None:
    sent = [body(one) for one in CLOUD.sends(reply(text), TO, KEY, "")]
    pieces = [one["text"]["body"] for one in sent]
    assert len(pieces) > 1
    assert all(0 < utf16(piece) <= 4_096 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(one["text"]["preview_url"] is False for one in sent)


LONG = "這個建議太長了所以按鈕上放不下它的全部文字"


def test_buttons_stand_under_the_last_text_and_only_those_that_fit() -> None:
    offered = ("跟踪订单", "跟踪订单", " ", LONG, "🚚" * 11, "退货", "الإرجاع", "อื่นๆ")
    first, last = (body(one) for one in CLOUD.sends(reply("好。" * 2_100, *offered), TO, KEY, ""))
    assert (first["type"], last["type"]) == ("text", "interactive")
    buttons = last["interactive"]["action"]["buttons"]
    assert [each["reply"]["title"] for each in buttons] == ["跟踪订单", "退货", "الإرجاع"]
    assert len({each["reply"]["id"] for each in buttons}) == 3


@pytest.mark.parametrize(("text", "offered"), [("好。", (LONG, " ")), ("好。" * 600, ("退货",))])
def test_without_room_for_buttons_there_are_none(text: str, offered: tuple[str, ...]) -> None:
    (one,) = CLOUD.sends(reply(text, *offered), TO, KEY, "")
    assert body(one)["text"]["body"] == text


def test_nothing_to_say_is_no_request_and_the_same_is_the_same() -> None:
    assert CLOUD.sends(reply("", "退货"), TO, KEY, "") == ()
    assert CLOUD.sends(reply("好。" * 5_000), TO, KEY, "") == CLOUD.sends(reply("好。" * 5_000), TO, KEY, "")


def failed(status: int, code: int, **headers: str) -> Answer:
    error = {"message": "(#1) 你好", "type": "OAuthException", "code": code, "error_data": {"details": "你好"}}
    return Answer(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps({"error": error}).encode(),
    )


@pytest.mark.parametrize(
    ("answer", "what", "reason", "seconds"),
    [
        (Answer(200, {}, b'{"messages": [{"id": "wamid.ours"}]}'), "sent", "", None),
        (failed(400, 131047), "never", "window", None),
        (failed(400, 131026), "never", "blocked", None),
        (failed(400, 100), "never", "100", None),
        (failed(400, 131030), "never", "131030", None),
        (failed(401, 190), "never", "unauthorized", None),
        (failed(401, 0), "never", "unauthorized", None),
        (failed(403, 10), "never", "unauthorized", None),
        (failed(400, 131056), "again", "131056", None),
        (failed(429, 130429, retry_after="30"), "again", "130429", 30.0),
        (failed(500, 131000), "again", "131000", None),
        (Answer(503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"<html>"), "again", "503", None),
        (Answer(404, {}, b"<html>"), "never", "404", None),
        (Answer(400, {}, b'{"error": "no"}'), "never", "400", None),
    ],
)
def test_what_an_answer_means(answer: Answer, what: str, reason: str, seconds: float | None) -> None:
    verdict = CLOUD.judge(answer)
    assert (verdict.what, verdict.reason, verdict.seconds, verdict.stale) == (what, reason, seconds, False)


def codes(of: type[pywa_errors.WhatsAppError]) -> list[int]:
    return [code for one in of.__subclasses__() for code in one.__error_codes__ or ()]


# Two of them are of numbers that register and of templates: no answer to a customer meets those.
@pytest.mark.parametrize("code", sorted(set(codes(pywa_errors.ThrottlingError)) - {133016, 131064}))
def test_what_pywa_calls_throttling_is_tried_again(code: int) -> None:
    assert CLOUD.judge(failed(400, code)).what == "again"


@pytest.mark.parametrize("code", codes(pywa_errors.AuthorizationError)[:4] + codes(pywa_errors.IntegrityError))
def test_what_pywa_calls_a_lack_of_rights_is_not(code: int) -> None:
    assert CLOUD.judge(failed(403, code)).what == "never"


def test_the_token_does_not_run_out() -> None:
    assert CLOUD.grant() is None
    with pytest.raises(BadInput):
        CLOUD.granted(Answer(200, {}, b"{}"))


def test_nothing_shows_a_secret() -> None:
    (sent,) = CLOUD.sends(reply("好。"), TO, KEY, "")
    for secret in ("an app secret", "a verify token", "an access token"):
        assert secret not in repr(CLOUD) + repr(sent)
