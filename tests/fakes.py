"""Small fakes of the models, given by constructor, and a bot over a small shop that a test makes itself.

The shop, its search, the phrases and the conversations are the real ones; only what costs a model is fake.
"""

from __future__ import annotations

import io
import wave
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bot.alarms import Alarm
from bot.answer.context import Shop
from bot.conversations import Conversations
from bot.engine import Bot
from bot.fusion.late import Late
from bot.fusion.query import Fusing
from bot.fusion.telling import Telling
from bot.fusion.words import Words
from bot.intent_grams import Grams
from bot.intents import INTENTS
from bot.messages import Heard, Intent, Message, Part, Photo, Reply, Speech, Text, TurnEvent
from bot.phrasebook import Phrasebook
from bot.seams import Senses
from bot.settings import Settings
from bot.telling_sentences import TellingSentences
from knowledge import indexing, recommend_learn
from knowledge.recommend import Recommender
from knowledge.records import Article, Duty, Order, OrderLine, Product, Shipment, TrackingEvent
from knowledge.search import Search
from knowledge.store import Store

F32 = NDArray[np.float32]
WIDTH = 384


class Encoder:
    """Texts by their hashed letters, two to four in a row; queries and passages alike. As real encoders do, it puts
    all texts into one corner of the space: texts that share nothing have a cosine of about 0.8."""

    def queries(self, texts: Sequence[str]) -> F32:
        return np.stack([_hashed(text) for text in texts])

    passages = queries

    def question(self, text: str, language: str) -> tuple[F32, F32]:
        return _hashed(text), np.stack([_hashed(word) for word in text.split() or [text]])

    def telling_tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[F32]:
        return [self.question(text, language)[1] for text, language in zip(texts, languages, strict=True)]


@cache
def _hashed(text: str) -> F32:
    counts = np.zeros(WIDTH - 1, np.float32)
    for word in text.casefold().split():
        edged = f"<{word}>"
        for length in (2, 3, 4):
            for place in range(len(edged) - length + 1):
                counts[zlib.crc32(edged[place : place + length].encode("utf-8", "replace")) % (WIDTH - 1)] += 1
    length = float(np.linalg.norm(counts)) or 1.0
    return np.concatenate([[np.sqrt(0.8)], np.sqrt(0.2) * counts / length]).astype(np.float32)


class Said:
    """In place of the intents: every message wants what the test says it wants."""

    def __init__(self) -> None:
        self.intent: Intent = "other"
        self.sure = 0.95
        self.beside: Intent | None = None  # what has most of the rest
        self.alarm: Alarm | None = None
        self.doubt: tuple[Intent, ...] = ()
        self.rejects = False
        self.grams = Grams((), np.zeros((0, len(INTENTS)), np.float32))

    def probabilities(self, vector: F32, text: str) -> F32:
        assert vector.shape == (WIDTH,)
        chances = np.full(len(INTENTS), (1 - self.sure) / (len(INTENTS) - 1), np.float32)
        if self.beside:
            chances[INTENTS.index(self.beside)] += 0.5 * (1 - self.sure)
        chances[INTENTS.index(self.intent)] = self.sure
        return chances

    def to_ask(self, chances: F32) -> tuple[Intent, ...]:
        return self.doubt


class Rejecting:
    """In place of the rejections: what the test says."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def __call__(self, vector: F32) -> bool:
        assert vector.shape == (WIDTH,)
        return self._said.rejects


class Alarmed:
    """In place of the alarms: none but what the test says."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def is_sure(self, vector: F32) -> bool:
        return True

    def alarm(self, vector: F32) -> Alarm | None:
        assert vector.shape == (WIDTH,)
        return self._said.alarm


class Recogniser:
    """Hears what it is told to hear."""

    def __init__(self, heard: Heard | None = None) -> None:
        self.heard = heard
        self.hints: list[str | None] = []

    def hear(self, samples: F32, hint: str | None = None) -> Heard | None:
        assert samples.dtype == np.float32 and samples.ndim == 1
        self.hints.append(hint)
        return self.heard


class Vision:
    """Pictures by where they are of which colour, 8 x 8; a picture's label is given."""

    def __init__(self, label: str = "coffee mug") -> None:
        self.label = label

    def look(self, images: list[Image.Image]) -> Any:
        small = [np.asarray(image.convert("RGB").resize((8, 8)), np.float32).ravel() - 127 for image in images]
        vectors = np.stack([pixels / np.linalg.norm(pixels) for pixels in small])
        return SimpleNamespace(vectors=vectors, labels=tuple((self.label,) for _ in images))


class Reader:
    """Reads what it is told to read."""

    def __init__(self, text: str = "", barcodes: tuple[str, ...] = ()) -> None:
        self.text = text
        self.codes = barcodes

    def read(self, image: Image.Image) -> str:
        return self.text

    def barcodes(self, image: Image.Image) -> tuple[str, ...]:
        return self.codes


def picture(colour: str, shape: str = "ellipse") -> bytes:
    """A PNG of a coloured shape on white."""
    image = Image.new("RGB", (64, 64), "white")
    getattr(ImageDraw.Draw(image), shape)((8, 8, 56, 56), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def sound(seconds: float = 1.0) -> bytes:
    """A WAV of a tone, 16 kHz."""
    tone = np.sin(np.arange(round(16_000 * seconds)) * 0.2) * 9_000
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(tone.astype("<i2").tobytes())
    return buffer.getvalue()


@dataclass(frozen=True)
class Stock:
    """What a shop knows."""

    products: tuple[Product, ...] = ()
    orders: tuple[Order, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    articles: tuple[Article, ...] = ()
    duties: tuple[Duty, ...] = ()
    pictures: dict[str, bytes] = field(default_factory=dict)  # by the products' `image`


def at(day: int, hour: int = 10) -> datetime:
    """A time in November 2026."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def mug(sku: str, colour: str, **more: Any) -> Product:
    names = {"zh": f"搪瓷杯 {colour}", "ar": f"كوب مطلي بالمينا {colour}", "ru": f"Эмалированная кружка {colour}"}
    given = {"price": Decimal("12.50"), "availability": "in_stock", "group": "MUG", "image": f"{colour}-mug"} | more
    return Product(
        sku=sku,
        title=f"Enamel mug 350 ml, {colour}",
        currency="EUR",
        color=colour,
        titles=names,
        description="Steel mug with two coats of enamel. Dishwasher safe and fit for campfires.",
        material="enamelled steel",
        **given,
    )


def shoe(size: str, **more: Any) -> Product:
    given = {"price": Decimal("79.00"), "availability": "in_stock"} | more
    return Product(sku=f"SHO-{size}", title=f"Running shoes, {size}", currency="EUR", group="SHO", size=size, **given)


def an_order(number: str, customer: str, email: str | None, *, sku: str = "MUG-1", **more: Any) -> Order:
    given = {"status": "packed by Mallory", "placed_at": at(2, 18)} | more
    return Order(
        id=number, customer=customer, currency="EUR", lines=(OrderLine(sku, 2, Decimal("12.50")),), email=email, **given
    )


SMALL = Stock(
    products=(
        mug("MUG-1", "blue"),
        mug("MUG-2", "red", availability="out_of_stock"),
        shoe("42"),
        shoe("43", availability="preorder"),
        # Nothing but what a feed must have.
        Product(sku="TNT-7", title="Tunnel tent", price=Decimal("240"), currency="EUR", availability="in_stock"),
    ),
    orders=(
        an_order("Q-1001", "c-1", "anna@example.org", shipment="S-1"),
        an_order("Q-1002", "c-2", "boris@example.org", sku="SHO-42", status="waiting for Mallory", placed_at=at(3)),
        an_order("Q-1003", "c-3", None, sku="GONE-1"),
    ),
    shipments=(
        Shipment(
            id="S-1",
            carrier="Postnord",
            tracking_number="RR123456785DE",
            origin="DE",
            destination="CA",
            promised_at=at(20),
            events=(
                TrackingEvent(time=at(5), status="InTransit", location="Leipzig", text="left the depot"),
                TrackingEvent(
                    time=at(9, 7), status="Exception", customs="customs_held", location="Mississauga", text="held"
                ),
            ),
        ),
    ),
    articles=(
        Article(
            id="returns", language="en", title="Returns", body="You can send goods back within 30 days of delivery."
        ),
        Article(id="returns", language="zh", title="退货", body="收到商品后30天内可以退货。"),
        Article(id="returns", language="ar", title="الإرجاع", body="يمكنك إرجاع البضاعة خلال 30 يومًا من الاستلام."),
        Article(id="returns", language="ru", title="Возврат", body="Вернуть товар можно в течение 30 дней."),
    ),
    duties=(
        Duty(
            country="CA",
            valid_from=date(2020, 7, 1),
            de_minimis=Decimal(20),
            currency="CAD",
            vat_percent=Decimal(5),
            rule="Above 20 CAD duty by tariff code",
            source="CBSA",
        ),
        Duty(
            country="GB",
            valid_from=date(2021, 1, 1),
            de_minimis=Decimal(135),
            currency="GBP",
            vat_percent=Decimal(20),
            rule="No customs duty up to 135 GBP",
            source="HMRC",
        ),
    ),
    pictures={"blue-mug": picture("blue"), "red-mug": picture("red")},
)

# Texts about anything, in several languages: what a question is held against, to tell an answer from chance.
_ANYTHING = (
    "Woollen scarf, 180 cm long.", "手冲咖啡壶，容量600毫升。", "حقيبة ظهر خفيفة بسعة 20 لترًا.",
    "Настольная лампа с абажуром.", "Paraguas plegable de viaje.", "Kabelloser Kopfhörer mit 30 Stunden Laufzeit.",
    "竹製のまな板、食洗機不可。", "Lampe de poche étanche.", "면 티셔츠, 중간 크기.", "Garrafa de água de aço.",
)  # fmt: skip


@cache
def phrases() -> Phrasebook:
    """The real catalogues, read once."""
    return Phrasebook()


@dataclass
class Desk:
    """A bot that is up, and what a test wants to look at or to change."""

    bot: Bot
    store: Store
    conversations: Conversations
    intents: Said
    recogniser: Recogniser
    reader: Reader
    settings: Settings
    events: list[TurnEvent] = field(default_factory=list)  # of the last turn
    turns: int = 0

    def ask(self, text: str = "", intent: Intent = "other", **more: Any) -> Reply:
        """One turn. `more`: `photos`, `speech`, `sure` of the intent, what is likeliest `beside` it, `alarm`, and the
        fields of Message."""
        parts: list[Part] = [Text(text)] if text else []
        parts += [Speech(more.pop("speech"))] if "speech" in more else []
        parts += [Photo(photo) for photo in more.pop("photos", ())]
        self.intents.intent, self.intents.sure = intent, more.pop("sure", 0.95)
        self.intents.alarm, self.intents.beside = more.pop("alarm", None), more.pop("beside", None)
        self.turns += 1
        given = {"id": f"m-{self.turns}", "conversation": "talk", "parts": tuple(parts)} | more
        self.events = []
        return self.bot.turn(Message(**given), self.events.append)

    def close(self) -> None:
        self.conversations.close()
        self.store.close()


# English words stay as they are, every photo shows something, and words beside it count as much as a cosine.
FUSING = Fusing(
    Words({"en": np.zeros(WIDTH, np.float32)}, {}),
    Telling(np.zeros(8 * 8 * 3, np.float32), 1.0, 0.0),
    Late(photo=1.0, words=1.0, floor=0.5),
)


def open_desk(
    folder: Path,
    stock: Stock = SMALL,
    *,
    name: str = "Small shop",
    keep: Callable[[str], Conversations] = Conversations,
    **settings: Any,
) -> Desk:
    """A bot over a shop that knows `stock`, in `folder`. `keep` opens the conversations."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{folder / 'shop.db'}")
    fill(store, stock)
    reindex(store, folder, stock.pictures)
    encoder, intents, recogniser, reader = Encoder(), Said(), Recogniser(), Reader()
    search = Search(store, folder / "index")
    recommend_learn.build(store, folder / "recommend", lambda _name, _fraction: None)
    shop = Shop(
        name=name,
        store=store,
        search=search,
        phrases=phrases(),
        encoder=encoder,
        background=encoder.passages(_ANYTHING),
        typical=np.zeros((len(INTENTS), WIDTH), np.float32),
        # Twice the cosine less the middle one.
        telling=TellingSentences(np.array([1, 1, *[0] * 9], np.float32), -0.885, sure=0.0, near=-0.02),
        rejections=Rejecting(intents),  # type: ignore[arg-type]
        instructions=lambda _: False,  # type: ignore[arg-type]
        recommender=Recommender(folder / "recommend", store, search),
    )
    senses = Senses(
        text=encoder,
        intents=intents,  # type: ignore[arg-type]
        alarms=Alarmed(intents),  # type: ignore[arg-type]
        speech=lambda: recogniser,
        vision=Vision,
        reader=lambda: reader,
        fusing=lambda: FUSING,
        shared_space=lambda: None,
    )
    conversations = keep(f"sqlite:///{folder / 'conversations.db'}")
    given = Settings(data=folder, **settings)
    return Desk(Bot(shop, senses, conversations, given), store, conversations, intents, recogniser, reader, given)


def fill(store: Store, stock: Stock) -> None:
    """Puts all of `stock` into a store."""
    store.put_products(stock.products)
    store.put_orders(stock.orders)
    store.put_shipments(stock.shipments)
    store.put_articles(stock.articles)
    store.put_duties(stock.duties)


def reindex(store: Store, folder: Path, pictures: dict[str, bytes]) -> None:
    """Builds the index anew, with the fake encoders."""
    images = {name: Image.open(io.BytesIO(content)) for name, content in pictures.items()}
    indexing.build(
        store,
        folder / "index",
        encode=Encoder().passages,
        look=lambda names: np.asarray(Vision().look([images[name] for name in names]).vectors),
        progress=lambda _name, _fraction: None,
        text_encoder="fake",
        photo_encoder="fake",
    )


def quotes(reply: Reply) -> Iterable[str]:
    """What a reply's citations say."""
    return (f"{cited.id} {cited.title} {cited.quote}" for cited in reply.citations)
