"""WeChat Official Accounts: https://developers.weixin.qq.com/doc/offiaccount/en/Message_Management/.

In plain mode the signature covers a time and a random number, not the message: whoever sees one call may forge others
for five minutes. In AES mode it covers the message, too; with a key set, nothing else is taken.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from lxml import etree

from bot.channels.platforms import encryption
from bot.channels.platforms.reading import location, place_of, read, said
from bot.channels.platforms.signing import fresh, needs, refused, same
from bot.channels.platforms.splitting import split, utf8
from bot.channels.platforms.values import (
    Address,
    Answer,
    Arrived,
    Call,
    Location,
    Media,
    Request,
    Taken,
    Verdict,
)
from bot.errors import BadInput
from bot.messages import Reply, Text
from bot.platform_settings import WeChat

_REPLAY_SECONDS = 300.0
_TEXT = 2_048  # bytes of UTF-8
_CHOICES = 10
_STALE = frozenset({40001, 40014, 42001, 42007})
_WINDOW = frozenset({45015})
_AGAIN = frozenset({-1, 45009, 45011})
_DEEPEST = 20


class _Said(msgspec.Struct):
    errcode: int = 0


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float


@dataclass(frozen=True)
class WeChatAccount:
    """The messages of an account's followers."""

    keys: WeChat
    name: str = "wechat"
    window_seconds: float | None = 48 * 3600.0

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Media come from the API itself."""
        return (place_of(self.keys.api),)

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        needs(self.keys.token.value)
        query = call.query
        if call.method == "GET" or not self.keys.aes_key:
            self._check(query, query.get("signature", ""), now)
            if call.method == "GET":
                return Taken(body=query.get("echostr", "").encode())
            return Taken(_arrived(_fields(call.body)), b"success")
        sealed = _fields(call.body, refuse=True).get("Encrypt", "")
        self._check(query, query.get("msg_signature", ""), now, sealed)
        return Taken(_arrived(_fields(self._opened(sealed))), b"success")

    def _check(self, query: dict[str, str], given: str, now: float, *covered: str) -> None:
        at = query.get("timestamp", "")
        signed = "".join(sorted((self.keys.token.value, at, query.get("nonce", ""), *covered)))
        if not same(given, hashlib.sha1(signed.encode()).hexdigest()):  # noqa: S324 - the platform's choice
            raise refused()
        fresh(float(at) if at.isascii() and at.isdigit() else 0.0, now, _REPLAY_SECONDS)

    def _opened(self, sealed: str) -> bytes:
        """16 random bytes, the length of the message in 4, the message, and whom it is for."""
        try:
            key = base64.b64decode(self.keys.aes_key.value + "=")
            plain = encryption.opened(key, key[:16], base64.b64decode(sealed, validate=True), pad=32)
        except ValueError:
            raise refused() from None
        length = int.from_bytes(plain[16:20])
        if not same(plain[20 + length :], self.keys.app_id):
            raise refused()
        return plain[20 : 20 + length]

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. Suggestions make the last text the head of a menu, whose lines are said when tapped."""
        texts = split(reply.text, _TEXT, utf8)
        contents: list[dict[str, object]] = [{"msgtype": "text", "text": {"content": text}} for text in texts]
        labels = [label for label in reply.suggestions if label][:_CHOICES]
        if texts and labels:
            lines = [{"id": str(number), "content": label} for number, label in enumerate(labels)]
            menu = {"head_content": texts[-1], "list": lines, "tail_content": ""}
            contents[-1] = {"msgtype": "msgmenu", "msgmenu": menu}
        return tuple(self._post("message/custom/send", token, {"touser": to.thread, **one}) for one in contents)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform. Errors come with 200."""
        found = said(_Said, answer)
        if answer.status == 200 and found and found.errcode == 0:
            return Verdict("sent")
        if found is None or answer.status != 200:
            return Verdict("again", str(answer.status))
        if found.errcode in _STALE:
            return Verdict("again", str(found.errcode), stale=True)
        if found.errcode in _AGAIN:
            return Verdict("again", str(found.errcode))
        return Verdict("never", "window" if found.errcode in _WINDOW else str(found.errcode))

    def typing(self, to: Address, token: str) -> Request | None:
        """See Platform."""
        return self._post("message/custom/typing", token, {"touser": to.thread, "command": "Typing"})

    def fetch(self, media: Media, token: str) -> Request:
        """A photo or a voice note, kept there for three days."""
        where = f"media/get?access_token={quote(token, safe='')}&media_id={quote(media.reference, safe='')}"
        return Request("GET", f"{self.keys.api}/cgi-bin/{where}")

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content.

        Raises:
            BadInput: it was an error in place of it.
        """
        if answer.body[:1] == b"{" and said(_Said, answer) is not None:
            raise BadInput("The platform gives an error in place of a file.")
        return None

    def grant(self) -> Request | None:
        """Asks for a token that others of the same account may hold, too."""
        content = {"grant_type": "client_credential", "appid": self.keys.app_id, "secret": self.keys.app_secret.value}
        return Request("POST", f"{self.keys.api}/cgi-bin/stable_token", _JSON, msgspec.json.encode(content))

    def granted(self, answer: Answer) -> tuple[str, float]:
        """See Platform."""
        found = read(_Granted, answer.body)
        return found.access_token, found.expires_in

    def _post(self, path: str, token: str, content: dict[str, object]) -> Request:
        url = f"{self.keys.api}/cgi-bin/{path}?access_token={quote(token, safe='')}"
        return Request("POST", url, _JSON, msgspec.json.encode(content))


_JSON = {"Content-Type": "application/json; charset=utf-8"}


def _fields(body: bytes, *, refuse: bool = False) -> dict[str, str]:
    """The texts of the elements right below the root. Nothing is resolved, and nothing is fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        if b"<!DOCTYPE" in body:
            raise ValueError
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise (refused() if refuse else BadInput("This is not of the form that the platform sends.")) from None
    return {str(child.tag): child.text or "" for child in root if isinstance(child.tag, str)}


def _arrived(fields: dict[str, str]) -> tuple[Arrived, ...]:
    part, user, at = _part(fields), fields.get("FromUserName", ""), fields.get("CreateTime", "")
    name = fields.get("MsgId") or f"{user}:{at}:{fields.get('EventKey', '')}"
    if part is None or part == Text("") or not user or not (at.isascii() and at.isdigit()):
        return ()
    account = fields.get("ToUserName", "")
    return (Arrived(name, Address(f"{account}:{user}", float(at[:12]), account, user), (part,)),)


def _part(fields: dict[str, str]) -> Text | Media | Location | None:
    kind, media = fields.get("MsgType"), fields.get("MediaId", "")
    if kind == "text":
        return Text(fields.get("Content", "").strip())
    if kind in ("image", "voice") and media:
        return Media("photo" if kind == "image" else "speech", media)
    if kind == "event" and fields.get("Event") == "CLICK":
        return Text(fields.get("EventKey", ""))
    if kind == "location":
        return location(fields.get("Location_X", ""), fields.get("Location_Y", ""), fields.get("Label"))
    return None
