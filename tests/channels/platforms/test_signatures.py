"""Who may call a hook: what the platforms' own libraries sign is taken, and every change of a bit of it is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator
from wechatpy.crypto import WeChatCrypto

from bot.channels.platforms.chatwoot import ChatwootBot
from bot.channels.platforms.every import every
from bot.channels.platforms.feishu import FeishuApp
from bot.channels.platforms.line import LineChannel
from bot.channels.platforms.slack import SlackApp
from bot.channels.platforms.telegram import TelegramBot
from bot.channels.platforms.twilio import TwilioNumber
from bot.channels.platforms.values import Call, Location, Media, Platform
from bot.channels.platforms.wechat import WeChatAccount
from bot.errors import BadInput, Refused
from bot.messages import Text
from bot.platform_settings import Chatwoot, Feishu, Line, Platforms, Slack, Telegram, Twilio, WeChat
from bot.secret import Secret

NOW = 1_790_000_000.0
AT = str(int(NOW))
SECRET = Secret("a-secret-of-the-shop")
AES_KEY = base64.b64encode(hashlib.sha256(b"key").digest()).decode().rstrip("=")
URL = "https://shop.example/hooks/x"


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def line(text: str) -> Call:
    source = {"type": "user", "userId": "U1"}
    event = {"type": "message", "timestamp": int(NOW * 1000), "source": source, "webhookEventId": "W1"}
    body = as_json({"destination": "D", "events": [{**event, "message": {"id": "1", "type": "text", "text": text}}]})
    signature = base64.b64encode(hmac.new(SECRET.value.encode(), body, hashlib.sha256).digest()).decode()
    return Call("POST", URL, {"x-line-signature": signature}, body)


def slack(text: str) -> Call:
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": "D1",
        "user": "U1",
        "ts": "1790000000.0",
        "text": text,
    }
    body = as_json({"type": "event_callback", "team_id": "T1", "event": event})
    signature = SignatureVerifier(SECRET.value).generate_signature(timestamp=AT, body=body)
    assert signature
    return Call("POST", URL, {"x-slack-request-timestamp": AT, "x-slack-signature": signature}, body)


def twilio(text: str) -> Call:
    form = {"MessageSid": "SM1", "From": "whatsapp:+491511", "To": "whatsapp:+1555", "Body": text, "NumMedia": "0"}
    signature = RequestValidator(SECRET.value).compute_signature(URL, form)
    return Call("POST", URL, {"x-twilio-signature": signature}, urlencode(form).encode())


def wechat(text: str) -> Call:
    inner = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>o1</FromUserName><CreateTime>{AT}</CreateTime>"
        f"<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>7</MsgId></xml>"
    )
    sealed = WeChatCrypto(SECRET.value, AES_KEY, "wx1").encrypt_message(inner, "nonce", AT)
    body = sealed.encode() if isinstance(sealed, str) else sealed
    signature = body.decode().split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = urlencode({"timestamp": AT, "nonce": "nonce", "msg_signature": signature, "encrypt_type": "aes"})
    return Call("POST", f"{URL}?{query}", {}, body)


def sealed(content: bytes) -> bytes:
    pad, start = 16 - len(content) % 16, os.urandom(16)
    encryptor = Cipher(AES(hashlib.sha256(SECRET.value.encode()).digest()), CBC(start)).encryptor()
    closed = encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()
    return as_json({"encrypt": base64.b64encode(start + closed).decode()})


def feishu(text: str) -> Call:
    message = {
        "message_id": "om1",
        "create_time": AT + "000",
        "chat_id": "oc1",
        "chat_type": "p2p",
        "message_type": "text",
        "content": json.dumps({"text": text}),
    }
    event = {"sender": {"sender_type": "user"}, "message": message}
    header = {"event_type": "im.message.receive_v1", "token": "verify"}
    body = sealed(as_json({"schema": "2.0", "header": header, "event": event}))
    signature = hashlib.sha256((AT + "nonce" + SECRET.value).encode() + body).hexdigest()
    headers = {"x-lark-request-timestamp": AT, "x-lark-request-nonce": "nonce", "x-lark-signature": signature}
    return Call("POST", URL, headers, body)


def chatwoot(text: str) -> Call:
    body = as_json(
        {
            "event": "message_created",
            "id": 3,
            "account": {"id": 1},
            "conversation": {"id": 2, "status": "pending"},
            "message_type": "incoming",
            "content": text,
            "created_at": "2026-09-21T14:13:20Z",
        }
    )
    signature = "sha256=" + hmac.new(SECRET.value.encode(), f"{AT}.".encode() + body, hashlib.sha256).hexdigest()
    return Call("POST", URL, {"x-chatwoot-timestamp": AT, "x-chatwoot-signature": signature}, body)


def telegram(text: str) -> Call:
    message = {"message_id": 5, "date": int(NOW), "chat": {"id": 9, "type": "private"}, "text": text}
    return Call(
        "POST",
        URL,
        {"x-telegram-bot-api-secret-token": SECRET.value},
        as_json({"update_id": 1, "message": message}),
    )


CASES: dict[str, tuple[Platform, Callable[[str], Call], str]] = {
    "line": (LineChannel(Line(SECRET, SECRET)), line, "1"),
    "slack": (SlackApp(Slack(SECRET, SECRET)), slack, "D1:1790000000.0"),
    "twilio": (TwilioNumber(Twilio("AC1", SECRET)), twilio, "SM1"),
    "wechat": (WeChatAccount(WeChat("wx1", SECRET, SECRET, Secret(AES_KEY))), wechat, "7"),
    "feishu": (FeishuApp(Feishu("cli", SECRET, Secret("verify"), SECRET)), feishu, "om1"),
    "chatwoot": (ChatwootBot(Chatwoot(SECRET, SECRET)), chatwoot, "1:3"),
    "telegram": (TelegramBot(Telegram(SECRET, SECRET)), telegram, "9:5"),
}
COVERED = {  # by the signature, beside the body
    "slack": ("x-slack-request-timestamp", "x-slack-signature"),
    "line": ("x-line-signature",),
    "twilio": ("x-twilio-signature",),
    "feishu": ("x-lark-request-timestamp", "x-lark-request-nonce", "x-lark-signature"),
    "chatwoot": ("x-chatwoot-timestamp", "x-chatwoot-signature"),
    "telegram": ("x-telegram-bot-api-secret-token",),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("text", ["where is my parcel?", "我的包裹在哪里？", "أين طردي؟", "Дзе мая пасылка? 👩‍👩‍👧"])
def test_what_is_signed_is_taken(name: str, text: str) -> None:
    platform, signed, id = CASES[name]
    (arrived,) = platform.read(signed(text), NOW).arrived
    assert (arrived.id, arrived.parts, arrived.address.at) == (id, (Text(text),), NOW)
    assert platform.read(signed(text), NOW).arrived == (arrived,)


@pytest.mark.parametrize("name", [name for name in CASES if name != "telegram"])  # whose secret covers no body
def test_every_bit_of_the_body_is_covered(name: str) -> None:
    platform, signed, _ = CASES[name]
    call = signed("你好")
    for bit in range(len(call.body) * 8):
        body = bytearray(call.body)
        body[bit // 8] ^= 1 << bit % 8
        if name == "wechat" and not _inside(call.body, bit // 8):
            continue  # what stands around what is sealed is not signed, nor used
        if name == "twilio" and parse_qsl(body.decode("latin-1"), True) == parse_qsl(call.body.decode("latin-1"), True):
            continue  # the same form, written in another way
        with pytest.raises(Refused):
            platform.read(msgspec.structs.replace(call, body=bytes(body)), NOW)


def _inside(body: bytes, at: int) -> bool:
    start = body.index(b"<Encrypt><![CDATA[") + len(b"<Encrypt><![CDATA[")
    return start <= at < body.index(b"]]></Encrypt>")


@pytest.mark.parametrize(("name", "header"), [(name, header) for name in COVERED for header in COVERED[name]])
def test_every_bit_of_the_headers_is_covered(name: str, header: str) -> None:
    platform, signed, _ = CASES[name]
    call = signed("你好")
    value = call.headers[header].encode()
    for bit in range(len(value) * 8):
        other = bytearray(value)
        other[bit // 8] ^= 1 << bit % 8
        headers = {**call.headers, header: other.decode("latin-1")}
        with pytest.raises(Refused):
            platform.read(msgspec.structs.replace(call, headers=headers), NOW)
    if name != "feishu" or header == "x-lark-signature":
        without = {key: value for key, value in call.headers.items() if key != header}
        with pytest.raises(Refused):
            platform.read(msgspec.structs.replace(call, headers=without), NOW)


@pytest.mark.parametrize("name", ["twilio", "wechat"])
def test_every_bit_of_the_address_is_covered(name: str) -> None:
    platform, signed, _ = CASES[name]
    call = signed("你好")
    start = call.url.index("?") + 1 if name == "wechat" else 0
    for at in range(start, len(call.url)):
        if call.url[at:].startswith("encrypt_type"):
            break  # what is taken does not hang on it
        for bit in range(7):
            other = call.url[:at] + chr(ord(call.url[at]) ^ 1 << bit) + call.url[at + 1 :]
            with pytest.raises(Refused):
                platform.read(msgspec.structs.replace(call, url=other), NOW)


@pytest.mark.parametrize("name", ["slack", "wechat", "feishu", "chatwoot"])
def test_an_old_call_is_refused(name: str) -> None:
    platform, signed, _ = CASES[name]
    assert platform.read(signed("hi"), NOW + 299).arrived
    for later in (301.0, -301.0):
        with pytest.raises(Refused):
            platform.read(signed("hi"), NOW + later)


@pytest.mark.parametrize("name", sorted(every(Platforms())))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_secret_nothing_is_taken(name: str, method: str) -> None:
    platform = every(Platforms())[name]
    empty = hmac.new(b"", b"{}", hashlib.sha256).digest()
    signatures = ("", empty.hex(), f"sha256={empty.hex()}", base64.b64encode(empty).decode())
    for signature in signatures:
        names = ("x-hub-signature-256", "x-line-signature", "x-twilio-signature", "x-telegram-bot-api-secret-token")
        call = Call(method, f"{URL}?hub.mode=subscribe&hub.verify_token=", dict.fromkeys(names, signature), b"{}")  # type: ignore[arg-type]
        with pytest.raises(Refused):
            platform.read(call, time.time())


def test_the_challenges_are_answered() -> None:
    body = as_json({"type": "url_verification", "challenge": "abc", "token": "x"})
    signature = SignatureVerifier(SECRET.value).generate_signature(timestamp=AT, body=body)
    headers = {"x-slack-request-timestamp": AT, "x-slack-signature": str(signature)}
    assert CASES["slack"][0].read(Call("POST", URL, headers, body), NOW).body == b"abc"
    lark = sealed(as_json({"type": "url_verification", "challenge": "abc", "token": "verify"}))
    assert json.loads(CASES["feishu"][0].read(Call("POST", URL, {}, lark), NOW).body) == {"challenge": "abc"}
    with pytest.raises(Refused):
        other = sealed(as_json({"type": "url_verification", "challenge": "abc", "token": "other"}))
        CASES["feishu"][0].read(Call("POST", URL, {}, other), NOW)
    with pytest.raises(Refused):  # an event has to be signed
        CASES["feishu"][0].read(msgspec.structs.replace(feishu("hi"), headers={}), NOW)
    signature = hashlib.sha1("".join(sorted((SECRET.value, AT, "n"))).encode()).hexdigest()
    query = urlencode({"timestamp": AT, "nonce": "n", "signature": signature, "echostr": "abc"})
    assert CASES["wechat"][0].read(Call("GET", f"{URL}?{query}", {}), NOW).body == b"abc"


def test_with_a_key_set_a_plain_message_is_refused() -> None:
    signature = hashlib.sha1("".join(sorted((SECRET.value, AT, "n"))).encode()).hexdigest()
    query = urlencode({"timestamp": AT, "nonce": "n", "signature": signature})
    body = b"<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>"
    with pytest.raises(Refused):
        CASES["wechat"][0].read(Call("POST", f"{URL}?{query}", {}, body), NOW)
    plain = WeChatAccount(WeChat("wx1", SECRET, SECRET))
    with pytest.raises(BadInput):
        hostile = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'
        plain.read(Call("POST", f"{URL}?{query}", {}, hostile), NOW)


def test_photos_voices_and_places_are_understood() -> None:
    def update(**message: object) -> Call:
        head = {"message_id": 5, "date": int(NOW), "chat": {"id": 9, "type": "private"}}
        return msgspec.structs.replace(telegram(""), body=as_json({"update_id": 1, "message": {**head, **message}}))

    bot = CASES["telegram"][0]
    (photo,) = bot.read(update(photo=[{"file_id": "small"}, {"file_id": "large"}], caption="这个多少钱？"), NOW).arrived
    assert photo.parts == (Media("photo", "large"), Text("这个多少钱？"))
    (voice,) = bot.read(update(voice={"file_id": "v"}), NOW).arrived
    assert voice.parts == (Media("speech", "v"),)
    (place,) = bot.read(update(location={"latitude": 24.7, "longitude": 46.7}), NOW).arrived
    assert place.parts == (Location(24.7, 46.7),)
    assert not bot.read(update(location={"latitude": 240.7, "longitude": 46.7}), NOW).arrived
    assert not bot.read(update(text="hi", chat={"id": -9, "type": "group"}), NOW).arrived
