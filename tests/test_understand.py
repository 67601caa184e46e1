"""All parts of a message become one query, in the conversation's light."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bot.conversations import Topic
from bot.errors import TooLarge
from bot.fusion.telling import Telling
from bot.measures.language_sets import cldr
from bot.measures.language_sets import words as words_of
from bot.messages import Heard, Intent, Message, Part, Photo, Seen, Speech, StepFinished, StepStarted, Text, TurnEvent
from bot.seams import Senses
from bot.settings import Limits, Settings
from bot.understand import Query, Stopwatch, Understanding, language_of
from tests.fakes import FUSING, WIDTH, Alarmed, Encoder, Reader, Recogniser, Said, Vision, picture, sound

SIZES = frozenset({"42", "XL"})


class Ear:
    """Understanding with fake senses, and what a test changes of them."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.recogniser, self.reader, self.intents = Recogniser(), Reader(), Said()
        self.events: list[TurnEvent] = []
        self.watch = Stopwatch()
        self.fusing = FUSING
        senses = Senses(
            text=Encoder(),
            intents=self.intents,  # type: ignore[arg-type]
            alarms=Alarmed(self.intents),  # type: ignore[arg-type]
            speech=lambda: self.recogniser,
            vision=Vision,
            reader=lambda: self.reader,
            fusing=lambda: self.fusing,
            shared_space=lambda: None,
        )
        self._understand = Understanding(senses, settings or Settings(), lambda: SIZES)

    def __call__(self, *parts: Part, topic: Topic | None = None, language: str | None = None) -> Query:
        message = Message("m", "c", parts, language=language)
        return self._understand(message, topic or Topic(), self.events.append, self.watch)


@pytest.fixture
def ear() -> Ear:
    return Ear()


def test_text_speech_and_photos_are_one_query(ear: Ear) -> None:
    ear.recogniser.heard = Heard("in size XL please", "en", 0.9)
    ear.reader.text, ear.reader.codes = "MODEL HAR-77", ("2000000011370",)
    query = ear(
        Text("do you have"), Speech(sound()), Photo(picture("blue")), Text("this one in red"), Photo(picture("red"))
    )
    assert query.text == "do you have\nthis one in red\nin size XL please"
    assert query.entities.colours == ("red",) and query.entities.sizes == ("XL",)
    assert set(query.entities.codes) == {"2000000011370", "HAR-77"}
    assert query.text_vector is not None and query.text_vector.shape == (WIDTH,)
    assert query.photo_vectors is not None and query.photo_vectors.shape == (2, 192)
    assert query.heard == ear.recogniser.heard and not query.unheard
    assert query.seen == Seen(("coffee mug",), ("2000000011370",), "MODEL HAR-77\nMODEL HAR-77")
    steps = [event for event in ear.events if isinstance(event, StepStarted | StepFinished)]
    assert steps == [StepStarted("listen"), StepFinished("listen"), StepStarted("look"), StepFinished("look")]


@pytest.mark.parametrize("said", ["这个多少钱", "بكم هذا؟", "quanto costa?"])
def test_a_photo_that_shows_nothing_is_left_out_where_there_are_words(ear: Ear, said: str) -> None:
    shown = ear(Text(said), Photo(picture("blue")))
    assert shown.photo_vectors is not None and shown.beside is not None
    ear.fusing = dataclasses.replace(FUSING, telling=Telling(np.zeros(192, np.float32), -1.0, 0.0))
    blind = ear(Text(said), Photo(picture("blue")))
    assert blind.photo_vectors is None and blind.beside is None and blind.text == said
    alone = ear(Photo(picture("blue")))
    assert alone.photo_vectors is not None and alone.beside is None, "there is nothing else to go by"


def test_words_in_a_photo_are_not_the_customers_own(ear: Ear) -> None:
    """A label that says "red" or holds an address orders nothing and proves nothing."""
    ear.reader.text = "RED 42 CANADA anna@example.org"
    query = ear(Text("what is this?"), Photo(picture("green")))
    named = query.entities
    assert (named.colours, named.sizes, named.countries, named.emails) == ((), (), (), ())
    assert query.text == "what is this?"


def test_a_photo_alone_asks_for_what_it_shows(ear: Ear) -> None:
    query = ear(Photo(picture("blue")))
    assert (query.intent, query.text, query.text_vector) == ("product_search", "", None)


def test_silence_is_told_apart_from_no_speech(ear: Ear) -> None:
    assert ear(Speech(sound())).unheard
    assert not ear(Text("hello")).unheard
    ear.recogniser.heard = Heard("hello", "en", 0.9)
    assert not ear(Speech(sound())).unheard


def test_the_recogniser_is_told_the_language_of_the_conversation(ear: Ear) -> None:
    ear(Speech(sound()), topic=Topic(language="ar"), language="zh")
    ear(Speech(sound()), language="zh")
    ear(Speech(sound()))
    assert ear.recogniser.hints == ["ar", "zh", None]


@pytest.mark.parametrize(
    ("text", "topic", "channel", "expected"),
    [
        ("你们什么时候发货？", "en", "fr", "zh"),  # the message where it says enough
        ("أين طردي؟", None, "en", "ar"),
        ("где моя посылка?", "de", "en", "ru"),
        ("BD-20481", "ar", "en", "ar"),  # a number changes nothing
        ("ok", "zh", "en", "zh"),
        ("42", None, "he", "he"),  # else the channel's
        ("42", None, "zh-TW", "zh-Hant"),
        ("42", None, "pt-BR", "pt"),
        ("42", None, "xx", "en"),  # one that is not spoken here
        ("42", None, None, "en"),  # else the shop's
        ("😀👍", "ja", None, "ja"),
        ("hola, ¿dónde está mi pedido BD-20481? The Enamel Mug", None, "en", "es"),  # the main one of a mixed message
    ],
)
def test_the_language_of_the_reply(ear: Ear, text: str, topic: str | None, channel: str | None, expected: str) -> None:
    assert ear(Text(text), topic=Topic(language=topic), language=channel).language == expected


@pytest.mark.parametrize(
    ("text", "topic", "expected"),
    [
        ("gracias", "de", "es"),  # of the same script: by how likely it is
        ("спасибо", "uk", "ru"),
        ("谢谢", "ja", "zh"),
        ("para", "pt", "pt"),
        ("para", "es", "es"),
        ("商品", "zh-Hant", "zh-Hant"),
        ("no", "it", "it"),  # so little never overrules the conversation
        ("ну а", "uk", "uk"),
        ("привет", "de", "ru"),  # but for its script
        ("Giulia Rossi", "zh", "zh"),  # a name is none
        ("Samsung Galaxy", "ar", "ar"),
        ("Hallo, where is my Bestellung ORD-1002 please", "de", "en"),
        ("我的 order 什么时候 delivery 到加拿大？", "en", "zh"),
        ("متى يصل الـ order الخاص بي؟", "en", "ar"),
        ("mera order kahan hai", "en", "hi"),
    ],
)
def test_the_conversation_weighs_with_the_message(ear: Ear, text: str, topic: str, expected: str) -> None:
    assert ear(Text(text), topic=Topic(language=topic)).language == expected


def test_a_conversation_weighs_more_than_the_channel() -> None:
    words = [text for text, _ in words_of(cldr(), 1)[:600]]
    kept = {
        where: sum(language_of(text, None, *before, "en")[0] == "es" for text in words)
        for where, before in {"conversation": ("es", None), "channel": (None, "es"), "none": (None, None)}.items()
    }
    assert kept["conversation"] > kept["channel"] > kept["none"]


@pytest.mark.parametrize("text", ["我的包裹在哪里？", "我要退款", "你好"])
def test_chinese_is_answered_in_chinese_whichever_it_is(ear: Ear, text: str) -> None:
    assert ear(Text(text), language="en").language in ("zh", "zh-Hant")
    assert ear(Text(text), topic=Topic(language="de")).language in ("zh", "zh-Hant")
    assert ear(Text(text), topic=Topic(language="zh-Hant")).language == "zh-Hant"


def test_the_shops_own_language_where_nothing_else_decides() -> None:
    assert Ear(Settings(language="ko"))(Text("42")).language == "ko"


def test_speech_is_in_the_language_that_was_heard(ear: Ear) -> None:
    ear.recogniser.heard = Heard("ok", "ar", 0.8)
    assert ear(Speech(sound()), topic=Topic(language="en")).language == "ar"
    ear.recogniser.heard = Heard("ok", "xx", 0.8)  # one that no phrase is written in
    assert ear(Speech(sound()), topic=Topic(language="en")).language == "en"


@pytest.mark.parametrize(
    ("text", "topic", "said", "sure", "expected"),
    [
        ("and to Canada?", Topic(intent="customs_duty"), "delivery_time", 0.6, "customs_duty"),
        ("加拿大呢？", Topic(intent="shipping_cost"), "other", 0.6, "shipping_cost"),
        ("وإلى كندا؟", Topic(intent="delivery_time"), "other", 0.6, "delivery_time"),
        ("how much is customs to Canada?", Topic(intent="delivery_time"), "customs_duty", 0.95, "customs_duty"),
        ("and in blue?", Topic(intent="product_question", products=("A",)), "other", 0.6, "product_search"),
        ("蓝色的呢？", Topic(intent="availability", products=("A",)), "other", 0.6, "availability"),
        ("42?", Topic(intent="availability", products=("A",)), "other", 0.6, "availability"),
        ("and now?", Topic(intent="track_order"), "other", 0.3, "track_order"),
        ("and now?", Topic(), "greeting", 0.3, "greeting"),  # nothing to go on with
        (
            "please tell me how I can talk to somebody in your company today about this",
            Topic(intent="track_order"),
            "human",
            0.45,
            "human",
        ),  # long enough to speak for itself
    ],
)
def test_a_short_message_goes_on_with_the_conversation(
    ear: Ear, text: str, topic: Topic, said: Intent, sure: float, expected: Intent
) -> None:
    ear.intents.intent, ear.intents.sure = said, sure
    query = ear(Text(text), topic=topic)
    assert query.intent == expected
    assert query.confidence == pytest.approx(sure, abs=1e-3)


def test_limits_are_those_of_the_settings() -> None:
    ear = Ear(Settings(limits=Limits(text_characters=10, photos=1)))
    assert ear(Text("0123456789")).text == "0123456789"
    with pytest.raises(TooLarge, match="10 characters"):
        ear(Text("0123456789a"))
    with pytest.raises(TooLarge, match="1 photo"):
        ear(Photo(picture("red")), Photo(picture("red")))
    assert ear.events == []  # refused before anything was decoded


def test_the_same_message_is_understood_the_same(ear: Ear) -> None:
    first, again = ear(Text("多少钱？")), ear(Text("多少钱？"))
    assert first.text_vector is not None and again.text_vector is not None
    np.testing.assert_array_equal(first.text_vector, again.text_vector)
    assert ear.watch.ms.keys() >= {"understand", "encode"}
