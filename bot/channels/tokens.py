"""Who a customer is, proven by a signed token: a JWT with HS256 that a shop's back end in any language can make.

Claims: `aud` "babeldesk", `sub` the customer's id, `iat` and `exp` in seconds since 1970.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import jwt

from bot.errors import NotReady
from bot.settings import Settings

_AUDIENCE = "babeldesk"
_SECRET_BYTES = 32  # RFC 7518, 3.2: no shorter than the hash
_TOKEN_CHARACTERS = 4_096
_CUSTOMER_CHARACTERS = 200
_CLOCK_SECONDS = 30.0  # how far a shop's clock may be from ours


def sign(customer: str, secret: str, hours: float = 24.0) -> str:
    """A token that says "this is `customer`" for so many hours.

    Raises:
        ValueError: no customer, or an id that `verify` would not take.
    """
    if not 0 < len(customer) <= _CUSTOMER_CHARACTERS:
        raise ValueError(f"a customer's id has 1 to {_CUSTOMER_CHARACTERS} characters")
    now = int(time.time())
    claims = {"aud": _AUDIENCE, "sub": customer, "iat": now, "exp": now + round(hours * 3600)}
    return jwt.encode(claims, secret, algorithm="HS256")


def verify(token: str, secret: str) -> str | None:
    """The customer that the token proves, or None: forged, expired, for someone else, or no token at all."""
    if len(token) > _TOKEN_CHARACTERS:
        return None
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=_AUDIENCE,
            leeway=_CLOCK_SECONDS,
            options={"require": ["aud", "sub", "iat", "exp"]},
        )
    except (jwt.InvalidTokenError, ValueError):
        return None
    customer = claims["sub"]
    return customer if isinstance(customer, str) and 0 < len(customer) <= _CUSTOMER_CHARACTERS else None


def secret_of(data: Path, settings: Settings) -> str:
    """What customer tokens are signed with: the setting, else the data folder's own secret, made where there is none.

    Raises:
        NotReady: the secret is too short to be one.
    """
    if settings.secret:
        return _long_enough(settings.secret, "BABELDESK_SECRET")
    kept = data / "secret"
    if not kept.exists():
        _make(kept)
    return _long_enough(kept.read_text(encoding="utf-8").strip(), str(kept))


def _make(path: Path) -> None:
    """Writes a new secret that only this user can read. Of several processes at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".secret-{os.getpid()}-{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return
    finally:
        aside.unlink()


def _long_enough(secret: str, where: str) -> str:
    if len(secret.encode()) < _SECRET_BYTES:
        raise NotReady(f"The secret in {where} is too short: it needs {_SECRET_BYTES} bytes or more.")
    return secret
