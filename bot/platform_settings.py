"""What an installation sets for each messaging platform: BABELDESK_<PLATFORM>_<NAME>. Without its secret a platform
is not there: nothing is open by default. The addresses are there for other regions and for tests."""

from __future__ import annotations

import msgspec

from bot.secret import Secret


class WhatsApp(msgspec.Struct, frozen=True):
    """WhatsApp Cloud API."""

    app_secret: Secret = Secret()
    verify_token: Secret = Secret()  # chosen by the shop, for the handshake
    access_token: Secret = Secret()
    api: str = "https://graph.facebook.com/v23.0"


class Messenger(msgspec.Struct, frozen=True):
    """Messenger Platform of a Facebook page."""

    app_secret: Secret = Secret()
    verify_token: Secret = Secret()
    access_token: Secret = Secret()
    api: str = "https://graph.facebook.com/v23.0"


class Instagram(msgspec.Struct, frozen=True):
    """Instagram messaging of a professional account."""

    app_secret: Secret = Secret()
    verify_token: Secret = Secret()
    access_token: Secret = Secret()
    api: str = "https://graph.instagram.com/v23.0"


class Telegram(msgspec.Struct, frozen=True):
    """A Telegram bot. `secret_token` is what setWebhook was given."""

    secret_token: Secret = Secret()
    access_token: Secret = Secret()
    api: str = "https://api.telegram.org"


class Line(msgspec.Struct, frozen=True):
    """A LINE Messaging API channel."""

    channel_secret: Secret = Secret()
    access_token: Secret = Secret()
    api: str = "https://api.line.me"
    media_api: str = "https://api-data.line.me"


class Slack(msgspec.Struct, frozen=True):
    """A Slack app with the Events API."""

    signing_secret: Secret = Secret()
    access_token: Secret = Secret()  # the bot's, xoxb-…
    api: str = "https://slack.com/api"


class Twilio(msgspec.Struct, frozen=True):
    """Twilio, for SMS and WhatsApp."""

    account_sid: str = ""
    auth_token: Secret = Secret()  # signs the calls of the webhook, too
    api: str = "https://api.twilio.com"


class WeChat(msgspec.Struct, frozen=True):
    """A WeChat Official Account. `aes_key` (43 characters) only where the account encrypts its messages."""

    app_id: str = ""
    app_secret: Secret = Secret()
    token: Secret = Secret()  # chosen by the shop; signs the calls
    aes_key: Secret = Secret()
    api: str = "https://api.weixin.qq.com"


class Feishu(msgspec.Struct, frozen=True):
    """A Feishu app; for Lark set `api` to https://open.larksuite.com."""

    app_id: str = ""
    app_secret: Secret = Secret()
    verification_token: Secret = Secret()
    encrypt_key: Secret = Secret()
    api: str = "https://open.feishu.cn"


class Chatwoot(msgspec.Struct, frozen=True):
    """An Agent Bot of a Chatwoot installation, whose address is `api`."""

    secret: Secret = Secret()  # signs the calls
    access_token: Secret = Secret()
    api: str = "https://app.chatwoot.com"


class Platforms(msgspec.Struct, frozen=True):
    """All of them. A platform whose first secret is empty refuses every call."""

    whatsapp: WhatsApp = WhatsApp()
    messenger: Messenger = Messenger()
    instagram: Instagram = Instagram()
    telegram: Telegram = Telegram()
    line: Line = Line()
    slack: Slack = Slack()
    twilio: Twilio = Twilio()
    wechat: WeChat = WeChat()
    feishu: Feishu = Feishu()
    chatwoot: Chatwoot = Chatwoot()
