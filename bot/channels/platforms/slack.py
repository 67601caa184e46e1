"""Slack Events API and interactive components: https://docs.slack.dev/apis/events-api/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs

import msgspec

from bot.channels.platforms.reading import media_of, place_of, read, said, seconds
from bot.channels.platforms.signing import fresh, hmac_sha256, needs, refused, same
from bot.channels.platforms.splitting import split
from bot.channels.platforms.values import (
    Address,
    Answer,
    Arrived,
    Call,
    Media,
    Request,
    Taken,
    Verdict,
)
from bot.errors import BadInput
from bot.messages import Reply, Text
from bot.platform_settings import Slack

_REPLAY_SECONDS = 300.0
_TEXT = 3_000  # characters of a section
_BUTTONS, _LABEL = 25, 75
_LINK = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^<>]*)?>")
_AGAIN = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "service_unavailable", "request_timeout", "fatal_error"}
)
_UNAUTHORIZED = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})


class _File(msgspec.Struct):
    mimetype: str = ""
    url_private: str = ""
    url_private_download: str = ""


class _Event(msgspec.Struct):
    type: str
    channel: str = ""
    user: str = ""
    ts: str = ""
    text: str = ""
    channel_type: str = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None
    files: list[_File] = []


class _Outer(msgspec.Struct):
    type: str
    challenge: str = ""
    team_id: str = ""
    event: msgspec.Raw = msgspec.Raw()


class _Named(msgspec.Struct):
    id: str


class _Label(msgspec.Struct):
    text: str = ""


class _Action(msgspec.Struct):
    action_ts: str
    text: _Label = msgspec.field(default_factory=_Label)


class _Place(msgspec.Struct):
    ts: str = ""
    thread_ts: str | None = None


class _Interaction(msgspec.Struct):
    type: str
    team: _Named
    channel: _Named
    actions: list[_Action] = []
    message: _Place = msgspec.field(default_factory=_Place)


class _Said(msgspec.Struct):
    ok: bool = False
    error: str = ""


@dataclass(frozen=True)
class SlackApp:
    """What is said to an app in its own channel, and where it is mentioned."""

    keys: Slack
    name: str = "slack"
    window_seconds: float | None = None

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Files, and the API itself."""
        return ("files.slack.com", place_of(self.keys.api))

    def read(self, call: Call, now: float) -> Taken:
        """See Platform."""
        self._check(call, now)
        if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs(call.body.decode("utf-8", "replace"), max_num_fields=20)
            return Taken(_pressed(read(_Interaction, form.get("payload", [""])[0].encode())))
        outer = read(_Outer, call.body)
        if outer.type == "url_verification":
            return Taken(body=outer.challenge.encode())
        if outer.type != "event_callback" or not bytes(outer.event):
            return Taken()
        try:
            arrived = _arrived(read(_Event, outer.event), outer.team_id)
        except BadInput:
            return Taken()  # an event of another form
        return Taken((arrived,) if arrived else ())

    def _check(self, call: Call, now: float) -> None:
        at = call.headers.get("x-slack-request-timestamp", "")
        base = b"v0:" + at.encode("utf-8", "replace") + b":" + call.body
        right = "v0=" + hmac_sha256(needs(self.keys.signing_secret.value), base).hex()
        if not same(call.headers.get("x-slack-signature", ""), right):
            raise refused()
        fresh(float(at) if at.isascii() and at.isdigit() else 0.0, now, _REPLAY_SECONDS)

    def sends(self, reply: Reply, to: Address, key: str, token: str) -> tuple[Request, ...]:
        """See Platform. The text stands in plain blocks, where nothing of it is a mark; what stands beside them is for
        notifications, with its marks escaped."""
        texts = split(reply.text, _TEXT)
        labels = [label for label in reply.suggestions if 0 < len(label) <= _LABEL][:_BUTTONS]
        requests = []
        for number, text in enumerate(texts, 1):
            blocks: list[dict[str, object]] = [{"type": "section", "text": _plain(text)}]
            if labels and number == len(texts):
                buttons = [
                    {"type": "button", "action_id": f"say{n}", "text": _plain(one)} for n, one in enumerate(labels)
                ]
                blocks.append({"type": "actions", "elements": buttons})
            content: dict[str, object] = {"channel": to.account, "text": _escaped(text), "blocks": blocks}
            content |= {"unfurl_links": False, "unfurl_media": False}
            requests.append(self._post(content | ({"thread_ts": to.thread} if to.thread else {})))
        return tuple(requests)

    def judge(self, answer: Answer) -> Verdict:
        """See Platform. Most errors come with 200."""
        found = said(_Said, answer)
        if answer.status == 200 and found and found.ok:
            return Verdict("sent")
        reason = (found and found.error) or str(answer.status)
        if answer.status == 429 or answer.status >= 500 or found is None or reason in _AGAIN:
            return Verdict("again", reason, seconds(answer.headers.get("retry-after")))
        return Verdict("never", "unauthorized" if reason in _UNAUTHORIZED else reason)

    def typing(self, to: Address, token: str) -> Request | None:
        """None: the Web API shows nothing of the kind in a chat."""
        return None

    def fetch(self, media: Media, token: str) -> Request:
        """A file, which is private to the workspace."""
        return Request("GET", media.reference, {"Authorization": f"Bearer {self.keys.access_token.value}"})

    def located(self, answer: Answer, token: str) -> Request | None:
        """None: it was the content."""
        return None

    def grant(self) -> Request | None:
        """None: the token does not run out."""
        return None

    def granted(self, answer: Answer) -> tuple[str, float]:
        """Never asked for."""
        raise BadInput("There is no token to be had.")

    def _post(self, content: dict[str, object]) -> Request:
        headers = {"Authorization": f"Bearer {self.keys.access_token.value}"}
        headers["Content-Type"] = "application/json; charset=utf-8"
        return Request("POST", f"{self.keys.api}/chat.postMessage", headers, msgspec.json.encode(content))


def _arrived(event: _Event, team: str) -> Arrived | None:
    mentioned = event.type == "app_mention"
    direct = event.type == "message" and event.channel_type == "im"
    if not (mentioned or direct) or event.bot_id or not event.user or not event.channel:
        return None
    if event.subtype not in (None, "file_share") or not _is_time(event.ts):
        return None
    text = unescape(_LINK.sub(r"\1", _MENTION.sub("", event.text))).strip()
    files = (media_of(file.mimetype, file.url_private_download or file.url_private) for file in event.files)
    parts = (*filter(None, files), *((Text(text),) if text else ()))
    if not parts:
        return None
    thread = event.thread_ts or (event.ts if mentioned else "")
    return Arrived(f"{event.channel}:{event.ts}", _address(team, event.channel, thread, event.ts), parts)


def _pressed(found: _Interaction) -> tuple[Arrived, ...]:
    if found.type != "block_actions":
        return ()
    return tuple(
        Arrived(
            f"{found.channel.id}:{action.action_ts}",
            _address(found.team.id, found.channel.id, found.message.thread_ts or "", action.action_ts),
            (Text(action.text.text),),
        )
        for action in found.actions
        if action.text.text.strip() and _is_time(action.action_ts)
    )


def _address(team: str, channel: str, thread: str, at: str) -> Address:
    return Address(":".join(filter(None, (team, channel, thread))), float(at), channel, thread)


def _is_time(text: str) -> bool:
    return re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text, re.ASCII) is not None


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
