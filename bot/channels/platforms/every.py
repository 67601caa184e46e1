"""All platforms that there are, bound to an installation's credentials."""

from __future__ import annotations

from bot.channels.platforms.values import Platform
from bot.platform_settings import Platforms


def every(keys: Platforms) -> dict[str, Platform]:
    """Each platform by the name that it has in /hooks/{name}."""
    platforms: tuple[Platform, ...] = ()
    return {one.name: one for one in platforms}
