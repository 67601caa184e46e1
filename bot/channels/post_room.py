"""The messengers' side of the application, put together: hooks in, calls out, and what lies between them."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from bot.channels import webhooks
from bot.channels.calls import Calls
from bot.channels.incoming import Incoming
from bot.channels.mail import Mail
from bot.channels.outgoing import Outgoing
from bot.channels.platforms.every import every
from bot.channels.runs import Runs
from bot.phrasebook import Phrasebook
from bot.settings import Settings


class PostRoom:
    """All platforms of an installation."""

    def __init__(self, runs: Runs, settings: Settings, phrases: Phrasebook) -> None:
        self._runs = runs
        self._public_url = settings.public_url
        self._platforms = every(settings.platforms)
        self._mail = Mail(runs.threads.engine)
        self._calls = Calls(self._platforms)
        self._incoming = Incoming(runs, self._mail, self._platforms, self._calls)
        self._outgoing = Outgoing(runs, self._mail, self._platforms, self._calls, phrases, settings.language)

    def hooks(self) -> list[ControllerRouterHandler]:
        """The routes of the webhooks."""
        return webhooks.hooks(self._runs, self._mail, self._platforms, self._incoming, self._public_url)

    async def start(self) -> None:
        """Goes on with what an earlier process left."""
        await self._runs.stored(self._mail.forget)
        self._incoming.start()
        self._outgoing.start()

    async def take_no_more(self) -> None:
        """What arrives from now on waits for the next process."""
        await self._incoming.close()

    async def close(self) -> None:
        """Once the runs have ended."""
        await self._outgoing.close()
        await self._calls.close()
