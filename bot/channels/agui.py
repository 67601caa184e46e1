"""AG-UI in and out: RunAgentInput → Message, what a turn tells and its Reply → events. Pure translation.

Every event on the wire carries `metadata`: `seq` (contiguous per thread), `epoch`, and `runId` where it is of a run.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pydantic
from ag_ui.core import (
    AssistantMessage,
    AudioPart,
    BaseEvent,
    ContentPart,
    CustomEvent,
    DataSource,
    ImagePart,
    MessagesSnapshotEvent,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunStartedEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    TextPart,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
    UserMessage,
)

from bot.errors import BabeldeskError, BadInput, TooLarge, UnknownKind
from bot.messages import Heard, LookedUp, Part, Photo, Reply, Seen, Speech, StepFinished, StepStarted, Text, TurnEvent
from bot.settings import Limits

_ID = re.compile(r"[\x21-\x7e]{1,128}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_USER_MESSAGES = 200  # the newest of a client's history that are looked at
_VOICE_NOTES = 2  # in one question
_DELTAS = 8  # pieces that a reply's text is sent in, at most
# After a full stop of any script and what closes behind it; Western ones only before a space: "12.50" is one piece.
_SENTENCE_END = re.compile(r"(?<=[。\uff01\uff1f।])[」』\uff09”’]*\s*|(?<=[.!?؟…۔])[)\"”’»]*\s+|\n+")


class Said(msgspec.Struct, frozen=True):
    """A user message of a run: its id, and what it holds, as undecoded JSON or, where it was streamed, as parts."""

    id: str
    content: msgspec.Raw | tuple[Part, ...]


class Asked(msgspec.Struct, frozen=True):
    """What of a RunAgentInput matters here: the server keeps the history, so only user messages count."""

    thread: str
    run: str
    said: tuple[Said, ...]  # oldest first, each id once
    language: str | None = None
    country: str | None = None
    live: bool = False  # whether more may follow while this is answered: over a websocket, in a messenger


class _Envelope(msgspec.Struct, rename="camel"):
    thread_id: str
    run_id: str
    messages: list[msgspec.Raw]
    forwarded_props: Any = None


class _Head(msgspec.Struct):
    role: str
    id: str | None = None


def known_id(value: str, what: str) -> str:
    """An id that a client chose, checked: 1 to 128 visible ASCII characters.

    Raises:
        BadInput: it is something else.
    """
    if not _ID.fullmatch(value):
        raise BadInput(f"{what} must be 1 to 128 visible ASCII characters.")
    return value


def known_language(tag: object) -> str | None:
    """A BCP 47 tag as a browser gives it, or None for anything else."""
    return tag if isinstance(tag, str) and _LANGUAGE.fullmatch(tag) else None


def read_input(raw: bytes | msgspec.Raw) -> Asked:
    """RunAgentInput as JSON → what matters of it. Other roles than "user" are passed over unread.

    Raises:
        BadInput: no such input, or no user message in it.
    """
    try:
        given = msgspec.json.decode(raw, type=_Envelope)
        heads = [(msgspec.json.decode(message, type=_Head), message) for message in given.messages]
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"This is no RunAgentInput: {str(error)[:200]}") from None
    said = {head.id or "": message for head, message in heads if head.role == "user"}
    if not said:
        raise BadInput("The run holds no user message.")
    props = given.forwarded_props if isinstance(given.forwarded_props, dict) else {}
    country = props.get("country")
    return Asked(
        thread=known_id(given.thread_id, "threadId"),
        run=known_id(given.run_id, "runId"),
        said=tuple(Said(known_id(name, "A message's id"), raw) for name, raw in list(said.items())[-_USER_MESSAGES:]),
        language=known_language(props.get("locale")),
        country=country.upper() if isinstance(country, str) and _COUNTRY.fullmatch(country) else None,
    )


def parts_of(said: Iterable[Said], limits: Limits) -> tuple[Part, ...]:
    """The parts of the messages in order; together they are one question.

    Raises:
        BadInput: empty, malformed, or of a kind or source that is not taken.
        TooLarge: over a limit.
    """
    parts: list[Part] = []
    for one in said:
        if isinstance(one.content, tuple):
            parts.extend(one.content)
            continue
        try:
            content = UserMessage.model_validate_json(bytes(one.content)).content
        except pydantic.ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise BadInput(f"This is no user message: {where}: {first['msg']}"[:300]) from None
        whole: list[ContentPart] = [TextPart(text=content)] if isinstance(content, str) else content
        parts.extend(_part(part, limits) for part in whole)
    return checked(parts, limits)


def checked(parts: Iterable[Part], limits: Limits) -> tuple[Part, ...]:
    """The parts without empty texts, as long as they keep to the limits on count and size.

    Raises:
        BadInput: nothing is left.
        TooLarge: over a limit.
    """
    kept = tuple(part for part in parts if not isinstance(part, Text) or part.text.strip())
    if not kept:
        raise BadInput("The message is empty.")
    if sum(len(part.text) for part in kept if isinstance(part, Text)) > limits.text_characters:
        raise TooLarge(f"The text is longer than {limits.text_characters} characters.")
    if sum(isinstance(part, Photo) for part in kept) > limits.photos:
        raise TooLarge(f"There are more than {limits.photos} photos.")
    if sum(isinstance(part, Speech) for part in kept) > _VOICE_NOTES:
        raise TooLarge(f"There are more than {_VOICE_NOTES} voice notes.")
    return kept


def _part(part: ContentPart, limits: Limits) -> Part:
    match part:
        case TextPart():
            return Text(part.text)
        case ImagePart(source=DataSource() as source):
            return Photo(_bytes(source, limits))
        case AudioPart(source=DataSource() as source):
            return Speech(_bytes(source, limits))
        case ImagePart() | AudioPart():
            raise BadInput("Media are taken as data, not by address.")
        case _:
            raise UnknownKind(f"A part of type {part.type} is not taken.")


def _bytes(source: DataSource, limits: Limits) -> bytes:
    if len(source.value) * 3 // 4 > limits.media_bytes + 2:
        raise TooLarge(f"A photo or voice note is larger than {limits.media_bytes} bytes.")
    try:
        content = base64.b64decode(source.value, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("A photo or voice note is not valid base64.") from None
    if not content:
        raise BadInput("A photo or voice note is empty.")
    return content


def wire(event: BaseEvent, seq: int | None, epoch: int | None, run: str = "") -> str:
    """The event as one line of JSON with its metadata; `seq` and `epoch` are None where there is no thread to count."""
    ours = {"seq": seq, "epoch": epoch, "runId": run or None}
    metadata = {**(event.metadata or {}), **{key: value for key, value in ours.items() if value is not None}}
    stamped = event.model_copy(update={"metadata": metadata, "timestamp": time.time_ns() // 1_000_000})
    return stamped.model_dump_json(by_alias=True)


def custom(name: str, value: object) -> BaseEvent:
    """A CUSTOM event."""
    return CustomEvent(name=name, value=value)


def reply_id(message: str) -> str:
    """The id of the assistant message that answers `message`."""
    return f"{message}:reply"


def opening(thread: str, run: str, message: str) -> list[BaseEvent]:
    """How a run begins: RUN_STARTED, and the `ack` that the message is stored."""
    ack = custom("ack", {"threadId": thread, "runId": run, "messageId": message})
    return [RunStartedEvent(thread_id=thread, run_id=run), ack]


def told(event: TurnEvent, message: str, number: int) -> list[BaseEvent]:
    """What the turn for `message` told, as events; `number` counts within the turn and makes ids unique."""
    match event:
        case StepStarted("answer"):
            return [StepStartedEvent(step_name=event.step), custom("typing", {"messageId": reply_id(message)})]
        case StepStarted():
            return [StepStartedEvent(step_name=event.step)]
        case StepFinished():
            return [step_finished(event.step)]
        case Heard():
            return [custom("transcript", {"messageId": message, **msgspec.to_builtins(event)})]
        case Seen():
            return [custom("seen", {"messageId": message, **msgspec.to_builtins(event)})]
        case LookedUp():
            call = f"{message}:call-{number}"
            result = msgspec.json.encode({"found": event.found}).decode()
            return [
                ToolCallStartEvent(tool_call_id=call, tool_call_name=event.tool),
                ToolCallArgsEvent(tool_call_id=call, delta=msgspec.json.encode(event.arguments).decode()),
                ToolCallEndEvent(tool_call_id=call),
                ToolCallResultEvent(message_id=f"{call}:result", tool_call_id=call, content=result),
            ]


def step_finished(step: str) -> BaseEvent:
    """A step of the turn is done, or will not be."""
    return StepFinishedEvent(step_name=step)


def answered(reply: Reply, thread: str, run: str, message: str) -> list[BaseEvent]:
    """How a run ends well: the handoff if there is one, the text in a few pieces, and RUN_FINISHED with the Reply."""
    events: list[BaseEvent] = []
    if reply.handoff:
        events.append(custom("handoff", msgspec.to_builtins(reply.handoff)))
    if reply.text:
        name = reply_id(message)
        events.append(TextMessageStartEvent(message_id=name, role="assistant"))
        events.extend(TextMessageContentEvent(message_id=name, delta=piece) for piece in sentences(reply.text))
        events.append(TextMessageEndEvent(message_id=name))
    events.append(RunFinishedEvent(thread_id=thread, run_id=run, result=msgspec.to_builtins(reply)))
    return events


def cancelled(thread: str, run: str) -> list[BaseEvent]:
    """How a run ends that was called off."""
    return [RunFinishedEvent(thread_id=thread, run_id=run, outcome=RunFinishedCancelledOutcome())]


def failed(error: BabeldeskError) -> list[BaseEvent]:
    """How a run, or a frame that is none, ends badly."""
    return [RunErrorEvent(message=error.told, code=error.code, metadata={"retry": error.retry})]


def snapshot(turns: Sequence[tuple[str, str, Reply | None]]) -> BaseEvent:
    """MESSAGES_SNAPSHOT of (message id, question, reply or None while there is none), oldest first.

    An assistant message's metadata holds the whole Reply.
    """
    messages: list[Any] = []
    for message, question, reply in turns:
        messages.append(UserMessage(id=message, content=question))
        if reply and reply.text:
            whole = {"reply": msgspec.to_builtins(reply)}
            messages.append(AssistantMessage(id=reply_id(message), content=reply.text, metadata=whole))
    return MessagesSnapshotEvent(messages=messages)


def sentences(text: str) -> list[str]:
    """The text cut at sentence ends into a few pieces that join to exactly the text."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if 0 < match.end() < len(text)]
    every = -(-(len(ends) + 1) // _DELTAS)
    cuts = [0, *ends[every - 1 :: every], len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts) if start < end]
