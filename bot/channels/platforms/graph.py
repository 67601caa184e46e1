"""What the platforms of Meta share: https://developers.facebook.com/docs/graph-api/webhooks and its error codes."""

from __future__ import annotations

import msgspec

from bot.channels.platforms.reading import said, seconds
from bot.channels.platforms.signing import hmac_sha256, needs, refused, same
from bot.channels.platforms.values import Answer, Call, Taken, Verdict

_UNAUTHORIZED = frozenset({0, 10, 102, 190, 200})


class _Error(msgspec.Struct):
    code: int = 0
    error_subcode: int = 0


class _Failed(msgspec.Struct):
    error: _Error


def handshake(call: Call, token: str) -> Taken:
    """The answer to hub.challenge, for whoever knows the token.

    Raises:
        Refused: they don't.
    """
    query = call.query
    if not same(query.get("hub.verify_token", ""), needs(token)) or query.get("hub.mode") != "subscribe":
        raise refused()
    return Taken(body=query.get("hub.challenge", "").encode())


def check(call: Call, secret: str) -> None:
    """Checks X-Hub-Signature-256 over the raw body.

    Raises:
        Refused: it is missing or wrong.
    """
    right = "sha256=" + hmac_sha256(needs(secret), call.body).hex()
    if not same(call.headers.get("x-hub-signature-256", ""), right):
        raise refused()


def judge(answer: Answer, *, window: frozenset[int], gone: frozenset[int], again: frozenset[int]) -> Verdict:
    """What an answer means, given the codes of a platform: past its window, to nobody, or only not now."""
    if answer.status == 200:
        return Verdict("sent")
    failed = said(_Failed, answer)
    codes = {failed.error.code, failed.error.error_subcode} - {0} if failed else set()
    if codes & window:
        return Verdict("never", "window")
    if codes & gone:
        return Verdict("never", "blocked")
    reason = str(failed.error.code if failed else answer.status)
    if codes & again or answer.status == 429 or answer.status >= 500:
        return Verdict("again", reason, seconds(answer.headers.get("retry-after")))
    return Verdict("never", "unauthorized" if codes & _UNAUTHORIZED or answer.status == 401 else reason)
