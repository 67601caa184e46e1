"""The description of the websocket, as AsyncAPI 3.0: what either side sends, from the types of the code."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from ag_ui.core import EventType

from bot.channels.frames import Frame
from bot.channels.notes import Partial

_METADATA = {
    "type": "object",
    "properties": {
        "seq": {"type": "integer", "description": "contiguous per thread"},
        "epoch": {"type": "integer"},
        "runId": {"type": "string"},
    },
}
_EVENT = {
    "type": "object",
    "description": "An event of ag-ui-protocol 1.0, in camelCase.",
    "required": ["type"],
    "properties": {"type": {"enum": [kind.value for kind in EventType]}, "metadata": _METADATA},
}
_PARTIAL = {
    "type": "object",
    "description": (
        "Sent on the spot to the connection that sends the note, and only there: no part of the thread's log, so it "
        "has no seq, is not sent again by resume, and may come before RUN_STARTED. A stock AG-UI client takes no "
        'CUSTOM there: hand it only what has a seq, or ask for none of these ("partial": false in audio.start). '
        "They are a courtesy: a server that is busy sends few or none."
    ),
    "required": ["type", "name", "value"],
    "properties": {
        "type": {"const": EventType.CUSTOM.value},
        "name": {"const": "transcript"},
        "value": {"$ref": "#/components/schemas/Partial"},
        "metadata": {"type": "object", "properties": {"epoch": {"type": "integer"}, "runId": {"type": "string"}}},
    },
}


def asyncapi() -> dict[str, Any]:
    """The document, ready to be sent as JSON."""
    kinds = get_args(Frame)
    references, schemas = msgspec.json.schema_components((*kinds, Partial), ref_template="#/components/schemas/{name}")
    sent = {
        kind.__name__: {"summary": kind.__doc__, "payload": reference}
        for kind, reference in zip(kinds, references[:-1], strict=True)
    }
    sound = {"summary": "A piece of a voice note.", "contentType": "application/octet-stream"}
    told = {
        "Event": {"summary": "What the server sends.", "payload": _EVENT},
        "PartialTranscript": {"summary": "What is sure of a note that is still being sent.", "payload": _PARTIAL},
    }
    messages = {**sent, "Sound": sound, **told}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Babeldesk", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {
            "chat": {
                "address": "/chat",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "receive": {
                "action": "receive",
                "channel": {"$ref": "#/channels/chat"},
                "messages": [{"$ref": f"#/channels/chat/messages/{name}"} for name in (*sent, "Sound")],
            },
            "send": {
                "action": "send",
                "channel": {"$ref": "#/channels/chat"},
                "messages": [{"$ref": f"#/channels/chat/messages/{name}"} for name in told],
            },
        },
        "components": {"messages": messages, "schemas": schemas},
    }
