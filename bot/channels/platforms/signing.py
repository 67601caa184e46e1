"""Whether a call comes from the platform that it says: keyed hashes, and how old they are."""

from __future__ import annotations

import hashlib
import hmac

from bot.errors import Refused


def same(given: str | bytes, right: str | bytes) -> bool:
    """Compares in a time that tells nothing. What cannot be encoded is the same as nothing."""
    return hmac.compare_digest(_bytes(given), _bytes(right))


def hmac_sha256(secret: str, content: bytes) -> bytes:
    """HMAC with SHA-256 (RFC 2104), 32 bytes."""
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def hmac_sha1(secret: str, content: bytes) -> bytes:
    """HMAC with SHA-1, 20 bytes: what Twilio signs with."""
    return hmac.new(secret.encode(), content, hashlib.sha1).digest()


def needs(secret: str) -> str:
    """The secret itself.

    Raises:
        Refused: none is set.
    """
    if not secret:
        raise Refused("This platform is not set up here.")
    return secret


def fresh(at: float, now: float, seconds: float) -> None:
    """Lets a call pass that was made within so many seconds of `now`, before or after.

    Raises:
        Refused: it was not.
    """
    if not abs(now - at) <= seconds:  # a NaN is not fresh
        raise Refused("The call is too old, or a clock is wrong.")


def refused() -> Refused:
    """What a call without the right signature is told: not which part of it was wrong."""
    return Refused("The signature is not right.")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
