"""The alarms that come with the project, with the real text encoder, on sentences that nothing was fitted on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bot import alarms, entities, models
from bot.alarms import Alarm, AlarmHead
from bot.parts import Parts
from bot.senses.text import E5
from bot.settings import Settings
from bot.understand import Understanding

# Written for this test; not in bot/examples.
FRESH: tuple[tuple[str, Alarm], ...] = (
    ("the hair dryer burst into flames this morning", "safety"),
    ("Akku bläht sich auf und wird heiß", "safety"),
    ("耳机充电的时候突然冒火花", "safety"),
    ("البطارية انتفخت وصارت تحترق", "safety"),
    ("утюг ударил меня током", "safety"),
    ("हेडफ़ोन चार्ज करते समय आग लग गई", "safety"),
    ("コンセントから煙が出てきました", "safety"),
    ("ładowarka się stopiła i śmierdzi spalenizną", "safety"),
    ("my daughter got burned by it, she's in hospital", "medical"),
    ("me salieron ronchas por todo el cuerpo después de usarlo", "medical"),
    ("用了以后皮肤又红又痒", "medical"),
    ("طفلي بلع البطارية الصغيرة", "medical"),
    ("après en avoir mangé toute la famille a vomi", "medical"),
    ("I've spoken to my solicitor and we will take you to court", "legal"),
    ("o meu advogado vai tratar disto em tribunal", "legal"),
    ("我已经找了律师，准备告你们", "legal"),
    ("سأشتكيكم عند المحكمة", "legal"),
    ("我已經報警了，你們等著收傳票", "legal"),
    ("you are all useless, I hate this shop", "anger"),
    ("一群骗子，气死人了！！", "anger"),
    ("sono furibonda, mi avete proprio rotto", "anger"),
    ("да вы совсем обнаглели, сколько можно!!!", "anger"),
)
HARMLESS = (
    "Does the scarf itch?", "how hot can the mug get on a campfire", "Is there a fire pit in your range?",
    "we want to return the shovel", "the shoe box arrived a bit crushed", "can I have an invoice for my court shoes",
    "Ist die Powerbank im Flugzeug erlaubt?", "这款电池多少毫安", "有没有适合敏感肌的", "包裹三天没动了，帮我查一下",
    "هل البطارية مضمونة؟", "أريد إلغاء الطلب لو سمحت", "сколько греется чайник?", "хочу пожаловаться на доставку",
    "¿la manta da mucho calor?", "c'est dommage, je suis un peu déçue de la couleur", "バッテリーは交換できますか",
    "हेडफ़ोन की वारंटी कितनी है?", "czy mogę zamienić na inny rozmiar?", "אפשר לדבר עם נציג?",
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> E5:
    return E5(models.text_weights(), threads=1)


@pytest.fixture(scope="module")
def head() -> AlarmHead:
    return alarms.load(Parts.text_encoder)


def test_alarms_are_known_in_any_language(encoder: E5, head: AlarmHead) -> None:
    vectors = encoder.queries([text for text, _ in FRESH])
    missed = [
        text for (text, alarm), vector in zip(FRESH, vectors, strict=True) if head.alarm(vector) in (None, "anger")
        and alarm != "anger"
    ]  # fmt: skip
    assert len(missed) <= 1, missed
    right = sum(head.alarm(vector) == alarm for (_, alarm), vector in zip(FRESH, vectors, strict=True))
    assert right >= 0.85 * len(FRESH)


def test_what_only_sounds_like_it_is_no_alarm(encoder: E5, head: AlarmHead) -> None:
    vectors = encoder.queries(HARMLESS)
    raised = [text for text, vector in zip(HARMLESS, vectors, strict=True) if head.alarm(vector)]
    assert len(raised) <= 1, raised


def test_none_of_these_sentences_was_fitted_on() -> None:
    sentences, _, _ = alarms.read_examples()
    assert not {text for text, _ in FRESH} & set(sentences) and not set(HARMLESS) & set(sentences)


@pytest.mark.parametrize("text", ["{} 是我的药，急！", "{} دوائي، حالة طارئة!", "{} are my pills, it is urgent"])
def test_whether_it_is_an_alarm_does_not_turn_on_the_number(encoder: E5, head: AlarmHead, text: str) -> None:
    senses = SimpleNamespace(alarms=head, text=encoder)
    understand = Understanding(senses, Settings(), lambda: frozenset())  # type: ignore[arg-type]
    numbers = [f"BD-2{number:04}" for number in range(0, 2000, 100)]
    found = set()
    for number in numbers:
        said = text.format(number)
        named = entities.find(said, "en", frozenset())
        assert named.codes == (number,)
        found.add(understand._alarm(said, encoder.queries([said])[0], named))
    assert len(found) == 1, found
