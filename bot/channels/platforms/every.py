"""All platforms that there are, bound to an installation's credentials."""

from __future__ import annotations

from bot.channels.platforms.chatwoot import ChatwootBot
from bot.channels.platforms.feishu import FeishuApp
from bot.channels.platforms.line import LineChannel
from bot.channels.platforms.messenger import instagram, messenger
from bot.channels.platforms.slack import SlackApp
from bot.channels.platforms.telegram import TelegramBot
from bot.channels.platforms.twilio import TwilioNumber
from bot.channels.platforms.values import Platform
from bot.channels.platforms.wechat import WeChatAccount
from bot.channels.platforms.whatsapp import WhatsAppCloud
from bot.platform_settings import Platforms


def every(keys: Platforms) -> dict[str, Platform]:
    """Each platform by the name that it has in /hooks/{name}."""
    platforms: tuple[Platform, ...] = (
        WhatsAppCloud(keys.whatsapp),
        messenger(keys.messenger),
        instagram(keys.instagram),
        TelegramBot(keys.telegram),
        LineChannel(keys.line),
        SlackApp(keys.slack),
        TwilioNumber(keys.twilio),
        WeChatAccount(keys.wechat),
        FeishuApp(keys.feishu),
        ChatwootBot(keys.chatwoot),
    )
    return {one.name: one for one in platforms}
