"""How customers are addressed, how things are counted, and which way values run: language by language."""

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.answer.figures import duration
from bot.answer.values import plain, read
from bot.phrasebook import RIGHT_TO_LEFT, Phrasebook, kept_together, money, percent
from knowledge.metrics import ungrounded_codes
from tests.test_phrases import phrases

# Words of the familiar form, and of another polite form than the one that bot/phrases/README.md names.
FAMILIAR = {
    "ar": r"\b(أنتَ|أنتِ|لك|لكِ|منك|عليك|بك|طلبك|طلبته|اشتريته|تبحث|تريد|ترغب|تقصد|يمكنك|مساعدتك)\b",
    "de": r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*|[Ee]uch|[Ee]ure?\w*|ihr)\b",
    "es": r"(?i)\b(tú|tu|tus|te|ti|contigo|vos|vosotr[oa]s|vuestr\w+|os)\b",
    "fr": r"(?i)\b(tu|te|toi|ton|ta|tes)\b|\bt['’]",
    "he": r"\b(אתה|לך|שלך|ממך|אותך|ביקשת|שביקשת|קנית|שקנית|חיפשת|שחיפשת|התכוונת|תרצה|תרצי)\b",
    "hi": "तुम|तुझ|तेर|(?<![\u0900-\u097f])तू(?![\u0900-\u097f])",
    "id": r"(?i)\b(kamu|kau|engkau|kalian|\w{3,}mu)\b",
    "it": r"(?i)\b(tu|te|tuo|tua|tuoi|tue|voi|vostr\w+)\b",
    "ja": "あなた|君|お前|だよ|だね",
    "ko": "너는|너의|네가|당신|[가-힣]해[.?!]|이야[.?!]",
    "nl": r"(?i)\b(je|jij|jou|jouw|jullie)\b",
    "pl": r"(?i)\b(ty|cię|ciebie|tobie|ci|twój|twoj\w+|twoi\w*|wy|was|wam|wasz\w*)\b",
    "pt": r"(?i)\b(tu|te|ti|teu|tua|teus|tuas|contigo|vós)\b",
    "ru": r"(?i)\b(ты|тебя|тебе|тобой|тво\w+)\b|(?<![.?!] )(?<!^)\b(?-i:Вы|Вас|Вам|Ваш\w*)\b",
    "th": "ครับ|มึง|เธอ",
    "tr": r"(?i)\b(sen|seni|sana|senin|sende|senden)\b",
    "uk": r"(?i)\b(ти|тебе|тобі|тобою|тво\w+)\b|(?<![.?!] )(?<!^)\b(?-i:Ви|Вас|Вам|Ваш\w*)\b",
    "vi": r"(?i)\b(mày|cậu|bạn|anh|chị)\b",
    "zh": "你",
    "zh-Hant": "你",
}
# The same text with the customer spoken to as a friend: each pattern has to see it.
TO_A_FRIEND = {
    "ar": "هذا ما طلبته", "de": "Wo ist dein Paket?", "es": "¿Dónde está tu pedido?", "fr": "Où est ton colis ?",
    "he": "זה מה שביקשת", "hi": "तुम क्या चाहते हो?", "id": "Di mana pesananmu?", "it": "Dov'è il tuo pacco?",
    "ja": "あなたの荷物", "ko": "당신의 소포", "nl": "Waar is je pakket?", "pl": "Gdzie jest twoja paczka?",
    "pt": "Onde está o teu pacote?", "ru": "Где твоя посылка?", "th": "ได้ครับ", "tr": "Sana yardım edeyim",
    "uk": "Де твоя посилка?", "vi": "Bạn cần gì?", "zh": "你的包裹", "zh-Hant": "你的包裹",
}  # fmt: skip
# A noun behind a number would need a form for each number, but where it has one form only.
INFLECTED = {"ar": "", "pl": "", "ru": "фото", "uk": "фото"}
COUNTS = re.compile(r"\{(?:count|most|number|quantity)\} (\w+)")


@pytest.mark.parametrize("language", FAMILIAR)
def test_customers_are_addressed_politely_and_alike(language: str) -> None:
    familiar = re.compile(FAMILIAR[language])
    assert familiar.search(TO_A_FRIEND[language])
    own = {key: text for key, text in phrases(language).items() if not key.startswith(("ask.", "suggest."))}
    assert {key: text for key, text in own.items() if familiar.search(re.sub(r"\{\w+\}", "", text))} == {}


@pytest.mark.parametrize("language", INFLECTED)
def test_no_noun_stands_behind_a_number_that_would_inflect_it(language: str) -> None:
    behind = {key: noun[1] for key, text in phrases(language).items() if (noun := COUNTS.search(text))}
    assert {key: noun for key, noun in behind.items() if noun != INFLECTED[language]} == {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ar", {1: "يوم", 2: "يومان", 3: "3 أيام", 11: "11 يومًا", 100: "100 يوم"}),
        ("he", {1: "יום", 2: "יומיים", 5: "5 ימים"}),
        ("ru", {1: "1 день", 2: "2 дня", 5: "5 дней", 11: "11 дней", 21: "21 день"}),
        ("uk", {1: "1 день", 2: "2 дні", 5: "5 днів", 21: "21 день"}),
        ("pl", {1: "1 dzień", 2: "2 dni", 5: "5 dni"}),
        ("zh", {1: "1天", 5: "5天"}),
        ("fr", {1: "1 jour", 2: "2 jours"}),
    ],
)
def test_durations_take_every_plural_of_the_language(language: str, said: dict[int, str]) -> None:
    for count, expected in said.items():
        assert expected in duration(count, "day", language).replace("\u00a0", " ")


CODES = (
    "BD-20481", "RR123456785DE", "+15 %", "2-4", "UK 9", "30 x 40 cm", "https://shop.example/a", "CHF 12.50",
    "Blue enamel mug, 350 ml",
)  # fmt: skip


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
@pytest.mark.parametrize("value", CODES)
def test_values_stand_whole_between_isolates(language: str, value: str) -> None:
    said = Phrasebook().say(language, "order.change_not_known", order=value)
    assert f"\u2066{value}\u2069" in said
    # The marks hide nothing from what reads replies.
    bare = phrases(language)["order.change_not_known"].format(order=value)
    assert plain(said) == plain(bare)
    assert [one.written for one in read(plain(said), language)] == [one.written for one in read(plain(bare), language)]
    assert ungrounded_codes(said, []) == ungrounded_codes(bare, [])


def test_codes_between_isolates_are_still_held_against_the_evidence() -> None:
    said = Phrasebook().say("ar", "shipment.number", number="RR123456785DE")
    assert ungrounded_codes(said, ["S-1"]) == ["RR123456785DE"]
    assert ungrounded_codes(said, ["RR123456785DE"]) == []


def test_what_needs_no_isolates_has_none() -> None:
    for value in ("12", "1,250.50", "14:30", "متوفر", "8 نوفمبر 2026", "كوب أزرق", "", " – "):
        assert kept_together(value) == value
    assert Phrasebook().say("en", "shipment.number", number="RR123456785DE") == "Tracking number: RR123456785DE."


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (money(Decimal("12.5"), "EUR", "he"), "\u206712.50\u00a0€\u2069"),  # as CLDR has it: the sign on the left
        (percent(Decimal(20), "ar"), "\u206620%\u2069"),
        ("كوب Tinware", "\u2067كوب Tinware\u2069"),  # a name in the reply's own direction
        ("The mug is not for a מיקרוגל.", "\u2066The mug is not for a מיקרוגל.\u2069"),  # a quotation in another
        ("2–4 أيام", "\u20662–4\u2069 أيام"),
        ("\u2066Mug\u2069 · \u2066Sock\u2069", "\u2066Mug\u2069 · \u2066Sock\u2069"),  # already kept together
        ("Mug\u2069\u202a 2", "\u2066Mug\u202a 2\u2069"),  # a record's own mark would end ours
        ("\u2067Mug", "\u2066Mug\u2069"),
    ],
)
def test_each_value_reads_in_its_own_direction(value: str, kept: str) -> None:
    assert kept_together(value) == kept


@given(st.text(st.sampled_from("aZ59 -–+x€%.,كש\u2066\u2067\u2068\u2069"), max_size=14))
@example("\u2066\u2069\u2069")
def test_isolates_are_always_closed_and_change_no_sign(value: str) -> None:
    kept = kept_together(value)
    depth = 0
    for sign in kept:
        depth += (sign in "\u2066\u2067\u2068") - (sign == "\u2069")
        assert depth >= 0
    assert depth == 0
    marks = dict.fromkeys(range(0x2066, 0x206A))
    assert kept.translate(marks) == value.translate(marks)
    assert kept_together(kept) == kept
