"""A conversation with the bot: what "it" means, what is stored when, and what can't be used."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.conversations import Conversations
from bot.errors import BabeldeskError, BadInput, TooLarge, UnreadableMedia
from bot.messages import Heard, Message, Photo, Reply, Speech, StepFinished, StepStarted, Text, TurnEvent
from tests.fakes import Desk, open_desk, picture, sound


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(tmp_path)
    yield opened
    opened.close()


def untimed(reply: Reply) -> Reply:
    return msgspec.structs.replace(reply, timings_ms={})


def cited(reply: Reply) -> set[str]:
    return {citation.id for citation in reply.citations}


# What a conversation is about.


@pytest.mark.parametrize(
    ("first", "then", "language"),
    [
        ("Do you have the enamel mug MUG-1?", "and in red?", "en"),
        ("你们有搪瓷杯MUG-1吗？", "红色的呢？", "zh"),
        ("هل لديكم الكوب MUG-1؟", "وبالأحمر؟", "ar"),
        ("У вас есть кружка MUG-1?", "а красная?", "ru"),
    ],
)
def test_another_colour_of_what_was_spoken_of(desk: Desk, first: str, then: str, language: str) -> None:
    assert desk.ask(first, "availability").products == ("MUG-1",)
    follow = desk.ask(then, "other", sure=0.3)
    assert follow.products[0] == "MUG-2" and follow.language == language
    assert follow.intent in ("availability", "product_search")


def test_another_size_and_then_a_question_about_it(desk: Desk) -> None:
    desk.ask("are the running shoes SHO-42 in stock?", "availability")
    assert desk.ask("43?", "other", sure=0.3).products == ("SHO-43",)
    assert "79.00" in desk.ask("how much does it cost?", "product_question").text


@pytest.mark.parametrize(
    ("first", "then"),
    [("Where is Q-1001?", "where is it now?"), ("Q-1001到哪了？", "现在在哪里？"), ("أين Q-1001؟", "وأين هو الآن؟")],
)
def test_where_is_it_after_an_order_number(desk: Desk, first: str, then: str) -> None:
    desk.ask(first, "track_order", customer="c-1")
    assert {"Q-1001", "S-1"} <= cited(desk.ask(then, "other", sure=0.3, customer="c-1"))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("customs to Canada?", "and to the UK?"),
        ("寄到加拿大的关税？", "那英国呢？"),
        ("كم الجمارك إلى كندا؟", "وإلى بريطانيا؟"),
        ("пошлина в Канаду?", "а в Великобританию?"),
    ],
)
def test_another_country_for_the_same_question(desk: Desk, first: str, then: str) -> None:
    assert cited(desk.ask(first, "customs_duty")) == {"duty:CA:2020-07-01"}
    assert cited(desk.ask(then, "other", sure=0.3)) == {"duty:GB:2021-01-01"}


def test_the_country_of_the_channel_and_of_the_conversation(desk: Desk) -> None:
    assert cited(desk.ask("how much is customs?", "customs_duty", country="GB")) == {"duty:GB:2021-01-01"}
    desk.ask("do you ship to Canada?", "delivery_time", conversation="b", country="GB")
    assert cited(desk.ask("how much is customs?", "customs_duty", conversation="b", country="GB")) == {
        "duty:CA:2020-07-01"
    }


def test_conversations_do_not_mix(desk: Desk) -> None:
    desk.ask("customs to Canada?", "customs_duty", conversation="one")
    desk.ask("Q-1001 anna@example.org", "track_order", conversation="one")
    asked = desk.ask("how much is customs?", "customs_duty", conversation="two")
    assert asked.needs is not None and asked.needs.what == "detail"
    order = desk.ask("and where is it?", "track_order", conversation="two")
    assert order.needs is not None and order.needs.what == "proof"
    assert [turn.question for turn in desk.bot.history("two")] == ["how much is customs?", "and where is it?"]


@pytest.mark.parametrize(
    "first",
    [
        "greeting",
        "thanks",
        "other",
        "human",
    ],
)
def test_a_courtesy_is_nothing_to_go_on_with(desk: Desk, first: Any) -> None:
    desk.ask("hello there", first)
    follow = desk.ask("the parcel", "track_order", sure=0.4)
    assert follow.needs is not None and follow.needs.what == "proof"


def test_silence_changes_nothing(desk: Desk) -> None:
    desk.ask("customs to Canada?", "customs_duty")
    before = desk.conversations.topic("talk")
    desk.ask(speech=sound())
    assert desk.conversations.topic("talk") == before


def test_a_photo_does_not_decide_the_language_of_what_follows(desk: Desk) -> None:
    desk.ask(photos=[picture("blue")])
    assert desk.ask("Q-1001", "track_order", language="ar").language == "ar"


# Each message once.


def test_a_message_that_was_answered_is_not_answered_again(desk: Desk) -> None:
    first = desk.ask("MUG-1", "availability", id="same")
    assert any(isinstance(event, StepStarted) for event in desk.events)
    again = desk.ask("something else altogether", "greeting", id="same")
    assert untimed(again) == untimed(first)
    assert desk.events == []
    assert [turn.question for turn in desk.bot.history("talk")] == ["MUG-1"]
    assert desk.ask("hello", "greeting", id="same", conversation="another").intent == "greeting"


def test_the_stored_reply_outlives_the_bot(tmp_path: Path) -> None:
    first = open_desk(tmp_path)
    reply = first.ask("MUG-1", "availability", id="same")
    first.close()
    second = open_desk(tmp_path)
    assert untimed(second.ask("MUG-1", "greeting", id="same")) == untimed(reply)
    assert second.ask("and in red?", "other", sure=0.3).products[0] == "MUG-2"  # it knows what "it" was
    second.close()


def test_one_message_from_many_threads_is_answered_once(desk: Desk) -> None:
    events: list[TurnEvent] = []
    message = Message("same", "talk", (Text("MUG-1"),))
    desk.intents.intent = "availability"
    with ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda _: desk.bot.turn(message, events.append), range(12)))
    assert len({msgspec.json.encode(untimed(reply)) for reply in replies}) == 1
    assert events.count(StepStarted("search")) == 1
    assert len(desk.bot.history("talk")) == 1


def test_two_threads_in_one_conversation_lose_nothing(desk: Desk) -> None:
    """Each turn reads what the one before wrote: wrong proofs of an order are all counted."""
    desk.ask("Q-1001", "track_order")
    messages = [Message(f"t{number}", "talk", (Text(f"guess{number}@example.org"),)) for number in range(4)]
    start = threading.Barrier(2)

    def say(some: list[Message]) -> None:
        start.wait()
        for message in some:
            desk.bot.turn(message)

    threads = [threading.Thread(target=say, args=(messages[part::2],)) for part in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.conversations.topic("talk").failed_proofs == 4
    assert all(turn.reply is not None for turn in desk.bot.history("talk"))
    assert len(desk.bot.history("talk")) == 5


def test_many_conversations_at_once_each_get_their_own(desk: Desk) -> None:
    desk.intents.intent = "availability"

    def hold(number: int) -> tuple[str, ...]:
        sku = ("MUG-1", "SHO-42", "TNT-7")[number % 3]
        desk.bot.turn(Message("a", f"c{number}", (Text(f"is {sku} in stock?"),)))
        return desk.bot.turn(Message("b", f"c{number}", (Text("and is it in stock?"),))).products

    with ThreadPoolExecutor(6) as threads:
        spoken_of = list(threads.map(hold, range(18)))
    assert [skus[0] for skus in spoken_of] == [("MUG-1", "SHO-42", "TNT-7")[number % 3] for number in range(18)]


# Stored before it is acknowledged, or not at all.


class FullDisk(Conversations):
    """Conversations whose disk may be full."""

    full = False

    def store(self, *turn: Any) -> None:
        if self.full:
            raise OSError("no space")
        super().store(*turn)


def test_a_store_that_fails_gives_no_reply_and_the_message_may_come_again(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, keep=FullDisk)
    desk.ask("MUG-1", "availability")
    before = desk.conversations.topic("talk")
    desk.conversations.full = True  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="no space"):
        desk.ask("SHO-42", "availability", id="late")
    assert desk.conversations.topic("talk") == before
    assert desk.conversations.answered("talk", "late") is None
    desk.conversations.full = False  # type: ignore[attr-defined]
    assert desk.ask("SHO-42", "availability", id="late").products == ("SHO-42",)
    assert len(desk.bot.history("talk")) == 2
    desk.close()


def test_a_client_that_goes_away_in_mid_turn_leaves_nothing_half_done(desk: Desk) -> None:
    desk.ask("MUG-1", "availability")
    before = desk.conversations.topic("talk")

    def gone(event: TurnEvent) -> None:
        if isinstance(event, StepFinished):
            raise ConnectionError

    desk.intents.intent = "availability"
    with pytest.raises(ConnectionError):
        desk.bot.turn(Message("m", "talk", (Text("SHO-42"),)), gone)
    assert (desk.conversations.topic("talk"), desk.conversations.answered("talk", "m")) == (before, None)
    assert desk.bot.turn(Message("m", "talk", (Text("SHO-42"),))).products == ("SHO-42",)


# What can't be used.

NOISE = b"RIFF\x00\x00\x00\x00WAVEnot at all"
BAD: dict[str, tuple[type[BabeldeskError], tuple[Any, ...]]] = {
    "nothing": (BadInput, ()),
    "spaces": (BadInput, (Text(" \n\t "),)),
    "too long": (TooLarge, (Text("a" * 8_001),)),
    "too long in two": (TooLarge, (Text("价" * 5_000), Text("格" * 5_000))),
    "five photos": (TooLarge, (Text("?"), *(Photo(picture("red")) for _ in range(5)))),
    "two voice notes": (TooLarge, (Speech(sound()), Speech(sound()))),
    "a voice note that is none": (UnreadableMedia, (Text("MUG-2"), Speech(NOISE))),
    "a photo that is none": (UnreadableMedia, (Text("MUG-2"), Photo(b"<svg xmlns='http://www.w3.org/2000/svg'/>"))),
    "a photo cut off": (UnreadableMedia, (Photo(picture("red")[:60]),)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_clear_error_and_loses_nothing(desk: Desk, name: str) -> None:
    desk.ask("MUG-1", "availability")
    before = desk.conversations.topic("talk")
    kind, parts = BAD[name]
    with pytest.raises(kind) as error:
        desk.bot.turn(Message("bad", "talk", parts))
    assert error.value.message.endswith(".") and not error.value.retry
    assert desk.conversations.topic("talk") == before
    assert desk.conversations.answered("talk", "bad") is None
    # The conversation goes on, and so may the same message, mended.
    assert desk.ask("and in red?", "other", sure=0.3).products[0] == "MUG-2"
    desk.intents.intent, desk.intents.sure = "availability", 0.95
    assert desk.bot.turn(Message("bad", "talk", (Text("SHO-42"),))).products == ("SHO-42",)


@pytest.mark.parametrize("text", ["\0", "MUG-1\0", "\ufeff\u202eMUG-1", "🙂" * 2_000, "a-" * 3_999 + "1", "1 " * 3_999])
def test_odd_characters_are_taken(desk: Desk, text: str) -> None:
    assert desk.ask(text, "other", customer="c-1").text


def test_half_a_character_is_taken_or_refused(desk: Desk) -> None:
    with contextlib.suppress(BabeldeskError):
        desk.ask("where is \udcff my order", "track_order")


def test_what_is_too_large_is_not_kept(desk: Desk) -> None:
    with pytest.raises(TooLarge):
        desk.ask("x" * 2_000_000)
    assert sum(len(turn.question) for turn in desk.bot.history("talk")) < 10_000


# Speech and photos.


def test_silence_gets_a_reply_that_says_so(desk: Desk) -> None:
    for language in ("en", "zh", "ar", "ru"):
        reply = desk.ask(speech=sound(), language=language, conversation=language)
        assert (reply.heard, reply.language) == (None, language)
        assert reply.needs is not None and reply.needs.what == "speech"
        assert (reply.claims, reply.citations, reply.handoff) == ((), (), None)


def test_a_voice_note_is_a_question_in_its_language(desk: Desk) -> None:
    desk.recogniser.heard = Heard("搪瓷杯MUG-1有货吗", "zh", 0.9)
    reply = desk.ask(intent="availability", speech=sound(), language="en")
    assert (reply.products, reply.language, reply.heard) == (("MUG-1",), "zh", desk.recogniser.heard)
    assert desk.recogniser.heard in desk.events
    assert desk.bot.history("talk")[0].question == "搪瓷杯MUG-1有货吗"  # what was heard, not "[speech]"


def test_a_photo_alone_shows_what_it_looks_like(desk: Desk) -> None:
    reply = desk.ask(photos=[picture("blue")], language="ar")
    assert reply.products[0] == "MUG-1" and reply.language == "ar"
    assert reply.seen is not None and reply.seen.labels == ("coffee mug",)
    assert reply.cards[0].image == "/media/blue-mug"


def test_a_barcode_in_a_photo_names_the_product(desk: Desk) -> None:
    desk.reader.codes = ("SHO-43",)
    reply = desk.ask("is this in stock?", "availability", photos=[picture("green")])
    assert reply.products == ("SHO-43",) and reply.seen is not None and reply.seen.barcodes == ("SHO-43",)


def test_photo_text_and_speech_together_are_one_question(desk: Desk) -> None:
    desk.recogniser.heard = Heard("do you have it in red", "en", 0.9)
    reply = desk.ask("hello, about this mug:", "availability", photos=[picture("blue")], speech=sound())
    assert reply.products[0] == "MUG-2"
    assert reply.heard is not None and reply.seen is not None
    assert [event.step for event in desk.events if isinstance(event, StepStarted)] == [
        "listen",
        "look",
        "search",
        "answer",
    ]
    assert [event.step for event in desk.events if isinstance(event, StepFinished)] == [
        "listen",
        "look",
        "search",
        "answer",
    ]
    assert len(desk.bot.history("talk")) == 1
    assert {"decode", "listen", "look", "encode", "search", "answer", "store", "total"} <= set(reply.timings_ms)


def test_an_unheard_note_beside_words_does_not_drown_them(desk: Desk) -> None:
    reply = desk.ask("is MUG-1 in stock?", "availability", speech=sound())
    assert reply.products == ("MUG-1",) and reply.heard is None
