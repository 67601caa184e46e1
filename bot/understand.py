"""One Message, all its parts together, becomes one Query."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import msgspec

from bot import entities
from bot.alarms import Alarm
from bot.conversations import Topic
from bot.entities import Entities
from bot.errors import BadInput, TooLarge
from bot.fusion.query import Fused
from bot.intents import INTENTS
from bot.messages import Heard, Intent, Message, Photo, Seen, Speech, StepFinished, StepStarted, Text, TurnEvent
from bot.phrasebook import best
from bot.seams import F32, Senses
from bot.senses.language import CHANNEL, CONVERSATION, identify
from bot.senses.media import decode_photo, decode_speech
from bot.settings import LANGUAGES, Settings
from bot.wishes import Wish, wishes
from knowledge.view import Beside

Tell = Callable[[TurnEvent], None]


@dataclass(frozen=True)
class Query:
    """What a message asks. `text` is typed and heard together; `text_vector` [d] is None where there is none.
    `photo_vectors` [n, p] are of photos and parts of them, `beside` is what the words beside them say by themselves.
    `pictured` [p] is the text in the space of pictures, where they share one.
    `intents` are the probabilities in the order of INTENTS."""

    text: str
    language: str
    intent: Intent
    confidence: float
    entities: Entities
    intents: F32 | None = None
    text_vector: F32 | None = None
    photo_vectors: F32 | None = None
    beside: Beside | None = None
    pictured: F32 | None = None
    heard: Heard | None = None
    seen: Seen | None = None
    told: bool = True  # the message says what language it is in
    unheard: bool = False  # there was a voice note, and nothing in it could be understood
    alarm: Alarm | None = None  # why a person has to see it, whatever else it asks
    doubt: tuple[Intent, ...] = ()  # what it may want, likeliest first, where nothing is certain
    parts: tuple[Query, ...] = ()  # where it wants several things: what each part of it asks, in their order


@dataclass
class Stopwatch:
    """Milliseconds by stage, summed where a stage comes twice."""

    ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] = round(self.ms.get(name, 0.0) + (time.perf_counter() - start) * 1e3, 3)


# Below this an intent is a guess, and a short message goes on with what the conversation was about.
CERTAIN = 0.5
# Below this it is one where the message names just what the question before it was about: "and to Canada?".
CERTAIN_OF_ANOTHER = 0.9
# From here on what was asked before may be asked again, of another country.
STILL_LIKELY = 0.05
SHORT_WORDS = 7
SHORT_LETTERS = 14  # in scripts that put no spaces between words
# What a country in a short message goes on with.
ABOUT_COUNTRIES: frozenset[Intent] = frozenset({"customs_duty", "delivery_time", "shipping_cost"})
GOES_ON_WITH_COUNTRY = ABOUT_COUNTRIES | {"exchange", "return_refund"}


class Understanding:
    """Understands messages of one shop; safe to use from several threads."""

    def __init__(self, senses: Senses, settings: Settings, sizes: Callable[[], frozenset[str]]) -> None:
        self._senses = senses
        self._settings = settings
        self._sizes = sizes
        self._beside = ThreadPoolExecutor(max_workers=2, thread_name_prefix="read")

    def __call__(self, message: Message, topic: Topic, tell: Tell, watch: Stopwatch) -> Query:
        """The query of a message in a conversation about `topic`.

        Raises:
            BadInput: a part is empty, too large or unreadable.
        """
        self.check(message)
        typed = _typed(message)
        hint = topic.language or message.language
        heard, unheard = self._listen(message, hint, tell, watch)
        looks, seen = self._look(message, tell, watch)
        text = "\n".join(part for part in (typed, heard.text if heard else "") if part)
        language, told = language_of(typed, heard, topic.language, message.language, self._settings.language)
        with watch.stage("understand"):
            in_picture = " ".join((*seen.barcodes, seen.text)) if seen else ""
            named = entities.find(text, language, self._sizes())
            if in_picture:
                shown = entities.find(in_picture, language, frozenset())
                named = msgspec.structs.replace(named, codes=(*named.codes, *shown.codes))
        vector: F32 | None = None
        wanted: tuple[Wish, ...] = ()
        if text:
            with watch.stage("encode"):
                vector, wanted = wishes(self._senses.intents, text, self._senses.text.queries)
        fusing = self._senses.fusing() if looks is not None else None
        fused = fusing.fuse(looks, vector, language) if fusing and looks is not None else Fused()
        beside = Beside(fused.words, fusing.weight, fusing.late.floor) if fusing and fused.words is not None else None
        space = self._senses.shared_space()
        pictured = space.queries([text])[0] if space and text else None
        chances = self._senses.intents.probabilities(vector, text) if vector is not None else None
        if len(wanted) == 1:
            chances = wanted[0].chances
        intent, confidence = _intent(text, chances, named, topic)
        alarm = self._alarm(text, vector, named) if vector is not None else None
        query = Query(
            text,
            language,
            intent,
            confidence,
            named,
            chances,
            vector,
            fused.photos,
            beside,
            pictured,
            heard,
            seen,
            told,
            unheard,
            alarm,
            self._senses.intents.to_ask(chances) if chances is not None else (),
        )
        return replace(query, parts=self._parts(query, wanted)) if len(wanted) > 1 else query

    def _alarm(self, text: str, vector: F32, named: Entities) -> Alarm | None:
        """Why a person has to see it: the same whichever numbers stand in it, so that none tells of an order by it."""
        if named.codes and not self._senses.alarms.is_sure(vector):
            for code in named.codes:
                text = text.replace(code, re.sub(r"\d", "0", code))
            vector = self._senses.text.queries([text])[0]
        return self._senses.alarms.alarm(vector)

    def _parts(self, query: Query, wanted: tuple[Wish, ...]) -> tuple[Query, ...]:
        """What each part asks. A country that one part names is meant by the others too: "what does shipping to Canada
        cost, and how long does it take"."""
        sizes, everywhere = self._sizes(), query.entities.countries
        found = []
        for wish in wanted:
            named = entities.find(wish.text, query.language, sizes)
            named = msgspec.structs.replace(named, countries=named.countries or everywhere)
            sure = float(wish.chances.max())
            part = replace(query, text=wish.text, intent=wish.intent, confidence=sure, entities=named, doubt=())
            found.append(replace(part, intents=wish.chances, text_vector=wish.vector))
        return tuple(found)

    def check(self, message: Message) -> None:
        """Raises BadInput where the message holds nothing, or more than it may. Decodes nothing."""
        typed = _typed(message)
        limits = self._settings.limits
        try:
            typed.encode()
        except UnicodeEncodeError:
            raise BadInput("The text is not whole: it has half of a character.") from None
        if len(typed) > limits.text_characters:
            raise TooLarge(f"The text is longer than {limits.text_characters} characters.")
        if not typed and not any(isinstance(part, Speech | Photo) for part in message.parts):
            raise BadInput("The message is empty.")
        if sum(isinstance(part, Photo) for part in message.parts) > limits.photos:
            raise TooLarge(f"A message can hold {limits.photos} photos.")
        if sum(isinstance(part, Speech) for part in message.parts) > 1:
            raise TooLarge("A message can hold one voice note.")

    def _listen(self, message: Message, hint: str | None, tell: Tell, watch: Stopwatch) -> tuple[Heard | None, bool]:
        notes = [part for part in message.parts if isinstance(part, Speech)]
        if not notes:
            return None, False
        tell(StepStarted("listen"))
        with watch.stage("decode"):
            samples = decode_speech(notes[0].content, self._settings.limits)
        with watch.stage("listen"):
            heard = self._senses.speech().hear(samples, hint)
        if heard:
            tell(heard)
        tell(StepFinished("listen"))
        return heard, heard is None

    def _look(self, message: Message, tell: Tell, watch: Stopwatch) -> tuple[F32 | None, Seen | None]:
        photos = [part for part in message.parts if isinstance(part, Photo)]
        if not photos:
            return None, None
        tell(StepStarted("look"))
        with watch.stage("decode"):
            images = [decode_photo(photo.content, self._settings.limits) for photo in photos]
        with watch.stage("look"):
            reader = self._senses.reader()
            # Reading costs more than looking: it runs beside it.
            texts: list[Future[str]] = [self._beside.submit(reader.read, image) for image in images]
            look = self._senses.vision().look(images)
            barcodes = tuple(dict.fromkeys(code for image in images for code in reader.barcodes(image)))
            labels = tuple(dict.fromkeys(label for shown in look.labels for label in shown))
            text = "\n".join(found for found in (future.result() for future in texts) if found)
        seen = Seen(labels, barcodes, text)
        tell(seen)
        tell(StepFinished("look"))
        return look.vectors, seen


def language_of(
    typed: str, heard: Heard | None, conversation: str | None, channel: str | None, shop: str
) -> tuple[str, bool]:
    """The language to reply in (BCP 47): of the message where it says enough, else of the conversation, else of the
    channel, else of the shop; and whether the message said enough."""
    before = conversation or channel
    known = best(before, LANGUAGES) if before else None
    guess = identify(typed, LANGUAGES, known, CONVERSATION if conversation else CHANNEL) if typed else None
    asked = (guess.language if guess else None, heard.language if heard else None, conversation, channel, shop)
    language = next((found for tag in asked if tag and (found := best(tag, LANGUAGES))), "en")
    return language, guess is not None or heard is not None


def _typed(message: Message) -> str:
    texts = [part.text.strip() for part in message.parts if isinstance(part, Text)]
    return "\n".join(text for text in texts if text)


def _intent(text: str, chances: F32 | None, named: Entities, topic: Topic) -> tuple[Intent, float]:
    if chances is None:
        return "product_search", 1.0  # a photo alone asks for what it shows
    order = int(chances.argmax())
    intent, confidence = INTENTS[order], float(chances[order])
    if topic.intent is None or confidence >= CERTAIN_OF_ANOTHER:
        return intent, confidence
    brief, guessed = short(text), confidence < CERTAIN
    if named.countries and topic.intent in GOES_ON_WITH_COUNTRY:
        # A country makes all that it stands beside sound like duties and postage.
        still = intent in ABOUT_COUNTRIES and float(chances[INTENTS.index(topic.intent)]) >= STILL_LIKELY
        if brief or guessed or still:
            return topic.intent, confidence
    if (named.colours or named.sizes) and topic.products and (brief or guessed):
        return "availability" if topic.intent == "availability" else "product_search", confidence
    return (topic.intent, confidence) if brief and guessed else (intent, confidence)


def short(text: str) -> bool:
    """Whether a message is too short to say by itself what it wants: "and to Canada?", "加拿大呢？"."""
    letters = re.findall(r"\w", text)
    together = sum(letter >= "\u0e00" for letter in letters) > len(letters) / 2
    return len(letters) <= SHORT_LETTERS if together else len(re.findall(r"\w\S*", text)) <= SHORT_WORDS
