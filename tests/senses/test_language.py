"""The language of a message, as a customer would say it, and silence where nobody could tell."""

import json
import time

import pytest

from bot.senses.language import Guess, identify, warm
from bot.settings import LANGUAGES
from tests.shared import DATA, needs_data


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    warm(LANGUAGES)


def language(text: str) -> str | None:
    guess = identify(text, LANGUAGES)
    return guess.language if guess else None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Where is my parcel?", "en"), ("我的包裹到哪里了？", "zh"), ("請問我的訂單什麼時候會到？", "zh-Hant"),
        ("¿Dónde está mi pedido?", "es"), ("Où est mon colis ?", "fr"), ("Wo bleibt meine Bestellung?", "de"),
        ("Quando chega a minha encomenda?", "pt"), ("Dov'è il mio pacco?", "it"), ("Waar is mijn pakket?", "nl"),
        ("Gdzie jest moja paczka?", "pl"), ("Где мой заказ?", "ru"), ("Де моє замовлення?", "uk"),
        ("Kargom nerede kaldı?", "tr"), ("أين طردي؟", "ar"), ("איפה החבילה שלי?", "he"), ("मेरा पार्सल कहाँ है?", "hi"),
        ("Di mana paket saya?", "id"), ("Đơn hàng của tôi đâu rồi?", "vi"), ("พัสดุของฉันอยู่ที่ไหน", "th"),
        ("荷物はどこですか", "ja"), ("제 택배는 어디에 있나요?", "ko"),
    ],
)  # fmt: skip
def test_a_question_in_every_language(text: str, tag: str) -> None:
    assert language(text) == tag
    assert language(text.upper()) == tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("hola", "es"), ("Merci", "fr"), ("danke", "de"), ("Vielen Dank", "de"), ("Hello", "en"), ("yes", "en"),
        ("obrigada", "pt"),
        ("ciao", "it"), ("dziękuję", "pl"), ("teşekkürler", "tr"), ("cảm ơn", "vi"), ("спасибо", "ru"), ("дякую", "uk"),
        ("et en bleu ?", "fr"), ("e in blu?", "it"), ("¿y en azul?", "es"), ("und in Blau?", "de"),
        ("はい", "ja"), ("谢谢", "zh"), ("謝謝", "zh-Hant"), ("شكرا", "ar"), ("red dress", "en"),
        ("and in blue?", "en"), ("台灣", "zh-Hant"),
    ],
)  # fmt: skip
def test_short_but_telling(text: str, tag: str) -> None:
    assert language(text) == tag


@pytest.mark.parametrize(
    "text",
    ["", "   ", "ok", "OK 👍", "Okay!", "42", "12.90", "#1001", "SKU-123", "LP123456789CN", "1Z999AA10123456784", "XL",
     "ana@example.com", "https://example.com/hola/donde", "www.example.com", "😀😀", "???", "Nike", "Samsung Galaxy",
     "Le Creuset", "iPhone 15 Pro", "\0", "\ud800", "asdf", "de", "no"],
)  # fmt: skip
def test_what_says_nothing(text: str) -> None:
    assert identify(text, LANGUAGES) is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("我想买 iPhone 15 Pro Max 手机壳", "zh"),
        ("هل لديكم Samsung Galaxy S24 Ultra؟", "ar"),
        ("Nike Air Max の在庫はありますか", "ja"),
        ("I bought 苹果 headphones for my mother", "en"),
        ("hola, where is my order? it has not arrived", "en"),
        ("我的订单A1001在哪里？", "zh"),
        ("Where is LP123456789CN", "en"),
        ("优の良品 有货吗", "zh"),
        ("初等教育は、義務的", "ja"),
        ("例如：“shop/contact_page.html”。", "zh"),
        ("ошибка /about/contact/ page_not_found", "ru"),
        ("Gibt es die „The Very Hungry Caterpillar“ auch hier?", "de"),
    ],
)
def test_the_main_language_of_a_mixed_message(text: str, tag: str) -> None:
    assert language(text) == tag


@pytest.mark.parametrize(
    "text",
    ["Γεια σας, πού είναι το πακέτο μου;", "سلام، بسته من کجاست؟ خیلی وقت است که منتظرم",
     "Hej, var är mitt paket? Jag har väntat i två veckor nu.", "Dobrý den, kde je můj balík? Čekám už dva týdny.",
     "আমার পার্সেল কোথায়?"],
    ids=["Greek", "Persian", "Swedish", "Czech", "Bengali"],
)  # fmt: skip
def test_a_language_that_is_not_offered(text: str) -> None:
    assert identify(text, LANGUAGES) is None


def test_only_what_is_offered_is_said() -> None:
    assert identify("請問什麼時候會到？", ("en", "zh")) == Guess("zh", 0.99)
    assert identify("我的包裹到哪里了？", ("en", "es")) is None
    assert identify("Onde está a minha encomenda?", ("en", "pt-BR")).language == "pt-BR"  # type: ignore[union-attr]
    assert identify("Where is my parcel?", ("zh",)) is None


@needs_data
@pytest.mark.parametrize("tag", ["ar", "de", "en", "es", "ru", "zh"])
def test_real_questions(tag: str) -> None:
    assert DATA
    held = json.loads((DATA / "xquad" / f"xquad.{tag}.json").read_text(encoding="utf-8"))["data"]
    asked = [qa["question"] for article in held for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
    guesses = [language(text) for text in asked]
    assert guesses.count(tag) >= 0.995 * len(asked)
    assert len([guess for guess in guesses if guess not in (tag, None)]) <= 2


@pytest.mark.parametrize("part", ["a", "a1", ".", "a'", "的", "e\u0301\u0316"])
def test_hostile_text_takes_time_in_line_with_its_length(part: str) -> None:
    def quickest(text: str) -> float:
        took = []
        for _ in range(3):
            started = time.process_time()
            identify(text, LANGUAGES)
            took.append(time.process_time() - started)
        return min(took)

    # Four times the text; sixteen times the work would be that of a pattern that starts over at each character.
    assert quickest(part * (100_000 // len(part))) < 8 * quickest(part * (25_000 // len(part))) + 0.02
