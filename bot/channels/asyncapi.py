"""The description of the websocket, as AsyncAPI 3.0: what a client may send, from the frames' own types."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from ag_ui.core import EventType

from bot.channels.frames import Frame

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


def asyncapi() -> dict[str, Any]:
    """The document, ready to be sent as JSON."""
    kinds = get_args(Frame)
    references, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    sent = {
        kind.__name__: {"summary": kind.__doc__, "payload": reference}
        for kind, reference in zip(kinds, references, strict=True)
    }
    sound = {"summary": "A piece of a voice note.", "contentType": "application/octet-stream"}
    messages = {**sent, "Sound": sound, "Event": {"summary": "What the server sends.", "payload": _EVENT}}
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
                "messages": [{"$ref": "#/channels/chat/messages/Event"}],
            },
        },
        "components": {"messages": messages, "schemas": schemas},
    }
