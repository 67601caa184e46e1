"""Conversations are kept, and nothing is answered twice."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversations import Conversations, Topic
from bot.messages import Reply


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    kept = Conversations(f"sqlite:///{tmp_path / 'c.db'}")
    yield kept
    kept.close()


def reply(text: str, language: str) -> Reply:
    return Reply(text, language, "greeting", timings_ms={"total": 1.5})


@pytest.mark.parametrize(("text", "language"), [("你好！", "zh"), ("مرحبًا!", "ar"), ("Здравствуйте!", "ru")])
def test_a_turn_comes_back_as_it_was(conversations: Conversations, text: str, language: str) -> None:
    assert conversations.answered("c", "m") is None
    topic = Topic(language=language, products=("A", "B"), order="Q-1")
    conversations.store("c", "m", text, reply(text, language), topic)
    assert conversations.answered("c", "m") == reply(text, language)
    assert conversations.topic("c") == topic
    assert [(turn.id, turn.question, turn.reply) for turn in conversations.turns("c")] == [
        ("m", text, reply(text, language))
    ]


def test_a_message_that_comes_twice_is_kept_once(conversations: Conversations) -> None:
    for _ in range(2):
        conversations.store("c", "m", "hello", reply("hi", "en"), Topic())
    assert len(conversations.turns("c")) == 1


def test_conversations_do_not_mix(conversations: Conversations) -> None:
    conversations.store("one", "m", "hello", reply("hi", "en"), Topic(order="Q-1"))
    assert conversations.topic("two") == Topic()
    assert conversations.answered("two", "m") is None
    assert conversations.turns("two") == []


def test_many_threads_lose_nothing(conversations: Conversations) -> None:
    def hold(name: str) -> None:
        for number in range(20):
            conversations.store(name, str(number), "?", reply(str(number), "en"), Topic(order=str(number)))

    threads = [threading.Thread(target=hold, args=(f"c{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        turns = conversations.turns(f"c{number}")
        assert [turn.reply.text for turn in turns] == [str(place) for place in range(20)]
        assert conversations.topic(f"c{number}").order == "19"
