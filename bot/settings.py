"""One frozen Settings, read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import available_timezones

import msgspec

from bot.platform_settings import Platforms
from bot.secret import Secret

# The languages that the reply catalogues cover and that language identification chooses among (BCP 47).
LANGUAGES = (
    "en", "zh", "zh-Hant", "es", "fr", "de", "pt", "it", "nl", "pl", "ru", "uk", "tr", "ar", "he", "hi", "id", "vi",
    "th", "ja", "ko",
)  # fmt: skip


class Limits(msgspec.Struct, frozen=True):
    """What one message may hold. Everything past a limit is refused before it is decoded."""

    text_characters: int = 8_000
    photos: int = 4
    media_bytes: int = 12_000_000
    photo_pixels: int = 40_000_000
    speech_seconds: float = 120.0
    frame_bytes: int = 20_000_000  # one websocket frame or HTTP body: a photo in base64 and what surrounds it


class Settings(msgspec.Struct, frozen=True):
    """Everything that an installation may set, each by an environment variable of the same name with BABELDESK_."""

    data: Path = Path("data")
    weights: Path = Path("~/.cache/babeldesk")
    vision: str = ""  # a folder with a SigLIP, SigLIP 2 or CLIP checkpoint that sees in place of the packaged model
    picture_copies: int = 4  # altered copies of a product's picture that are learnt from beside it
    language: str = "en"  # of the reply where nothing else decides it
    time_zone: str = "UTC"  # IANA: where the shop's days begin, for "I ordered last Tuesday"
    shop_name: str = "Babeldesk demo shop"
    currency: str = ""  # ISO 4217, of prices in a feed that names none
    secret: str = ""  # signs customer tokens; made and kept in the data folder where empty
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 0  # of one model pass; 0: as many as there are cores
    writer: str = ""  # a chat model: its address (https://host/v1), or a folder with one; our own phrases where empty
    writer_model: str = ""  # what the address calls it
    writer_key: Secret = Secret()  # for the address
    writer_seconds: float = 8.0  # that a reply may take to write; after them the customer reads our own phrases
    writer_unencrypted: int = 0  # 1: the address may be http on another machine
    burst_seconds: float = 3.0  # that a photo without words waits for them, in a chat
    public_url: str = ""  # https address of this server as platforms know it; empty: as their calls say
    platforms: Platforms = Platforms()
    limits: Limits = Limits()


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads BABELDESK_* from `environ`.

    Raises:
        ValueError: a variable holds something of the wrong kind; the message names it.
    """
    given = {}
    for field in msgspec.structs.fields(Settings):
        value = environ.get(f"BABELDESK_{field.name.upper()}")
        if value is None or field.type in (Limits, Platforms):
            continue
        try:
            given[field.name] = field.type(value)
        except ValueError:
            raise ValueError(f"BABELDESK_{field.name.upper()} can't be {value!r}") from None
    settings = Settings(**given, platforms=_platforms(environ))
    for name, right in (
        ("language", settings.language in LANGUAGES),
        ("currency", not settings.currency or _is_currency(settings.currency)),
        ("time_zone", settings.time_zone in available_timezones()),
        ("port", 0 <= settings.port < 65_536),
        ("threads", settings.threads >= 0),
        ("writer_seconds", 0 < settings.writer_seconds <= 600),
        ("writer_unencrypted", settings.writer_unencrypted in (0, 1)),
        ("burst_seconds", 0 <= settings.burst_seconds <= 30),
        ("picture_copies", 0 <= settings.picture_copies <= 16),
    ):
        if not right:
            raise ValueError(f"BABELDESK_{name.upper()} can't be {getattr(settings, name)!r}")
    return msgspec.structs.replace(settings, weights=settings.weights.expanduser())


def _platforms(environ: Mapping[str, str]) -> Platforms:
    """Each platform's own settings: BABELDESK_WHATSAPP_APP_SECRET and the like."""
    given = {}
    for platform in msgspec.structs.fields(Platforms):
        prefix = f"BABELDESK_{platform.name.upper()}_"
        fields = msgspec.structs.fields(platform.type)
        values = {one.name: environ.get(prefix + one.name.upper()) for one in fields}
        given[platform.name] = platform.type(
            **{one.name: one.type(value) for one in fields if (value := values[one.name]) is not None}
        )
    return Platforms(**given)


def _is_currency(code: str) -> bool:
    from babel.numbers import list_currencies  # few installations need it, and it takes a tenth of a second

    return code in list_currencies()
