"""What can go wrong, as a client is told.

BabeldeskError
├── BadInput            the client sent something that can't be used; sending it again won't help
│   ├── TooLarge        over a limit on bytes, pixels, seconds or count
│   ├── UnreadableMedia  not an audio or picture format that is read here, or damaged
│   └── UnknownKind     a message type, verb or identifier that does not exist
├── Refused             the client may not do this
├── Busy                no room now; the same request may pass later
└── NotReady            the installation lacks something: weights, data, a free port
"""

from __future__ import annotations


class BabeldeskError(Exception):
    """An error with a stable code, one sentence for the client, and whether the same request may pass later."""

    code = "error"
    retry = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def told(self) -> str:
        """What a client over the network is told."""
        return self.message


class BadInput(BabeldeskError):
    """The client sent something that can't be used."""

    code = "bad_input"


class TooLarge(BadInput):
    """Over a limit on bytes, pixels, seconds or count."""

    code = "too_large"


class UnreadableMedia(BadInput):
    """Not an audio or picture format that is read here, or damaged."""

    code = "unreadable_media"


class UnknownKind(BadInput):
    """A message type, verb or identifier that does not exist."""

    code = "unknown_kind"


class Refused(BabeldeskError):
    """The client may not do this."""

    code = "refused"


class Busy(BabeldeskError):
    """No room now; the same request may pass later."""

    code = "busy"
    retry = True


class NotReady(BabeldeskError):
    """The installation lacks something: weights, data, a free port."""

    code = "not_ready"

    @property
    def told(self) -> str:
        """Nothing about the installation, such as where its files lie: that is for who runs it."""
        return "The service is not ready."
