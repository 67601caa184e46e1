"""What a client may send over the websocket, as text frames of JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bot.errors import BadInput, UnknownKind


class _Frame(msgspec.Struct, rename="camel", tag_field="type"):
    """What a client sends, told apart by `type`."""


class Hello(_Frame, tag="hello"):
    """Who is there. Without a thread a new one is made."""

    token: str | None = None
    thread_id: str | None = None
    thread_secret: str | None = None
    locale: str | None = None


class RunFrame(_Frame, tag="run"):
    """A RunAgentInput; only user messages that were not seen before matter."""

    input: msgspec.Raw


class Resume(_Frame, tag="resume"):
    """Send everything after `last_seq`."""

    thread_id: str
    last_seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    epoch: int | None = None


class Cancel(_Frame, tag="cancel"):
    """Call a run off."""

    run_id: str


class Ping(_Frame, tag="ping"):
    """Are you there?"""


class AudioStart(_Frame, tag="audio.start"):
    """A voice note follows in binary frames. Its format is decided by its content, whatever `mime_type` says.

    `partial`: what is heard of it meanwhile is told. `cancel` with its run throws the note away.
    """

    thread_id: str
    run_id: str
    message_id: str
    mime_type: str | None = None
    partial: bool = True


class AudioEnd(_Frame, tag="audio.end"):
    """The voice note is whole."""


Frame = Hello | RunFrame | Resume | Cancel | Ping | AudioStart | AudioEnd
KINDS = frozenset({"hello", "run", "resume", "cancel", "ping", "audio.start", "audio.end"})


class _Kind(msgspec.Struct):
    type: str


def read_frame(text: str) -> Frame:
    """One frame.

    Raises:
        BadInput: no JSON object, or something missing or of the wrong kind in it.
        UnknownKind: a type that there is not.
    """
    try:
        kind = msgspec.json.decode(text, type=_Kind).type
        if kind not in KINDS:
            raise UnknownKind(f"There is no message type {kind[:40]!r}.")
        frame: Frame = msgspec.json.decode(text, type=Frame)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"This frame can't be read: {str(error)[:200]}") from None
    return frame
