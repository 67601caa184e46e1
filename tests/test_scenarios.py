"""The conversations that the evaluation holds: that they are whole and alike in every language. No model is asked."""

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from bot.measures.parallel import Held, figures, told
from bot.measures.scenarios import ARTICLES, Expect, Said, Sayings, faults, quotes, read, read_parallel
from bot.messages import Citation, Handoff, Intent, Needs, Reply
from bot.settings import LANGUAGES

DEMO = ARTICLES.parent
CONVERSATIONS, SAYINGS = read_parallel()
BY_LANGUAGE = {said.language: said for said in SAYINGS}
TURNS = [turn for conversation in CONVERSATIONS for turn in conversation.turns]
KEYS = [turn.key for turn in TURNS]
CODE = re.compile(r"BD-\d{5}|[A-Z]{2}\d{9}[A-Z]{2}|LS1 4AP|[A-Za-z0-9.]+@example\.org")
# Letters that most of what is written in a language is made of, where it is not Latin.
SCRIPTS = {
    "zh": "一-鿿", "zh-Hant": "一-鿿", "ru": "а-яё", "uk": "а-яіїєґ", "ar": "\u0620-\u064a", "he": "א-ת",
    "hi": "\u0900-\u097f", "th": "\u0e00-\u0e7f", "ja": "ぁ-ヿ一-鿿", "ko": "가-힣",
}  # fmt: skip
ONLY_SIMPLIFIED, ONLY_TRADITIONAL = "们这么个给东单购买钱请问运费货发", "們這麼個給東單購買錢請問運費貨發"


def test_every_language_has_its_file() -> None:
    assert set(BY_LANGUAGE) == set(LANGUAGES)
    assert all(BY_LANGUAGE[tag].language == tag for tag in LANGUAGES)


def test_there_are_as_many_conversations_as_asked_for_and_every_intent_comes() -> None:
    assert len(CONVERSATIONS) >= 25
    assert len({conversation.name for conversation in CONVERSATIONS}) == len(CONVERSATIONS)
    assert all(2 <= len(conversation.turns) <= 6 for conversation in CONVERSATIONS)
    wanted = [turn.expect.intent for turn in TURNS]
    named = {name for intent in wanted for name in ([intent] if isinstance(intent, str) else intent or [])}
    assert named == set(get_args(Intent))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_same_is_said_in_every_language(tag: str) -> None:
    sayings = BY_LANGUAGE[tag]
    assert len(set(KEYS)) == len(KEYS)
    assert list(sayings.says) == KEYS
    for key in KEYS:
        said, english = sayings.of(key), BY_LANGUAGE["en"].of(key)
        assert said.say.strip() == said.say != "", key
        # Proofs and numbers are the same, so that the same must come back.
        assert sorted(CODE.findall(said.say)) == sorted(CODE.findall(english.say)), key
        assert said.language == tag or (said.language in LANGUAGES and key == "speaker.water"), key


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_nothing_was_left_in_english(tag: str) -> None:
    for key in KEYS:
        said = BY_LANGUAGE[tag].of(key)
        if said.language == tag and key not in {"email.ok", "speaker.ok", "press.number"}:
            assert said.say != BY_LANGUAGE["en"].of(key).say, key
            rest = CODE.sub("", said.say).casefold()
            assert tag not in SCRIPTS or key == "email.ok" or re.search(f"[{SCRIPTS[tag]}]", rest), key


def test_each_chinese_keeps_to_its_own_characters() -> None:
    for tag, others in (("zh", ONLY_TRADITIONAL), ("zh-Hant", ONLY_SIMPLIFIED)):
        others = "".join(set(others) - set(ONLY_SIMPLIFIED) & set(ONLY_TRADITIONAL))
        for key in KEYS:
            said = BY_LANGUAGE[tag].of(key)
            assert said.language != tag or not set(others) & set(said.say), key


def test_the_demo_shop_has_what_is_expected() -> None:
    skus = {row["id"] for row in _rows("products.tsv", "\t")}
    orders = {row["order_id"] for row in _rows("orders.csv")}
    customers = {row["customer_id"] for row in _rows("orders.csv")}
    shipments = {row["shipment_id"] for row in _rows("shipments.csv")}
    duties = {f"duty:{row['country']}:{row['valid_from']}" for row in _rows("duties.csv")}
    articles = {path.name.split(".")[0] for path in ARTICLES.glob("*.md")}
    for conversation in CONVERSATIONS:
        assert conversation.customer is None or conversation.customer in customers
    for expect in (turn.expect for turn in TURNS):
        assert {*expect.products, *expect.offers, *([expect.first] if expect.first else [])} <= skus
        assert set(expect.cites) <= skus | orders | shipments | duties | articles
        assert expect.sections.keys() <= articles


def test_the_conversations_of_one_language_can_be_read() -> None:
    assert len({scenarios.language for scenarios in read()}) == len(read()) >= 10


@pytest.mark.parametrize(
    ("expect", "reply", "wrong"),
    [
        (Expect(intent=["thanks", "goodbye"]), {"intent": "thanks"}, []),
        (Expect(intent="thanks"), {"intent": "goodbye"}, ["intent goodbye"]),
        (Expect(), {"language": "de"}, ["language de"]),
        (Expect(language="de"), {"language": "de"}, []),
        (Expect(says=["5"]), {"text": "BD-20585"}, ["lacks '5'"]),
        (Expect(says=["5"]), {"text": "5日以内"}, []),
        (Expect(never=["Lyon"]), {"text": "It is in Lyon."}, ["says 'Lyon'"]),
        (Expect(handoff="some"), {"handoff": Handoff("safety")}, []),
        (Expect(handoff="some"), {}, ["handoff None"]),
        (Expect(handoff="none"), {"handoff": Handoff("not_known")}, ["handoff not_known"]),
        (Expect(needs="proof"), {"needs": Needs("proof")}, []),
        (Expect(first="A"), {"products": ("B", "A")}, ["products ['B', 'A']"]),
        (Expect(products=["A"], offers=["C", "D"]), {"products": ("A", "D")}, []),
        (Expect(products=["A"], offers=["C", "D"]), {"products": ("A",)}, ["products ['A']"]),
        (Expect(refers=2), {"products": ("B",)}, []),
        (Expect(refers=1), {"products": ("B",)}, ["products ['B']"]),
        (Expect(refers=3), {"products": ("B",)}, ["products ['B']"]),
    ],
)
def test_a_reply_is_held_against_what_is_expected(expect: Expect, reply: dict[str, object], wrong: list[str]) -> None:
    given = Reply(**{"text": "", "language": "en", "intent": "other", **reply})  # type: ignore[arg-type]
    assert faults(expect, given, "en", ("A", "B")) == wrong


@pytest.mark.parametrize(
    ("quote", "place", "right"),
    [
        ("Tell us within 14 days of delivery and send a photo.", 5, True),
        ("أخبرنا خلال 14 يومًا من التسليم", 5, False),
        ("请在签收后14天内联系我们并附上照片。退回运费由我们承担，我们会补发，或退还全部款项（含运费）。", 5, True),
        ("You can return anything within 30 days of delivery, without giving a reason.", 5, False),
        ("Was es kostet\nUSA und Kanada: Wir ziehen 15 EUR für das Etikett von der Erstattung ab.", 3, True),
    ],
)
def test_a_section_is_quoted_where_one_of_its_lines_is(quote: str, place: int, right: bool) -> None:
    reply = Reply("", "en", "other", citations=(Citation("returns", "article", "", quote),))
    assert quotes(reply, "returns", [place]) is right
    assert not quotes(reply, "warranty", [1])


def test_what_is_said_in_another_language_is_answered_in_it() -> None:
    sayings = Sayings("de", {"a": "Hallo", "b": Said("en", "hello")})
    assert (sayings.of("a").language, sayings.of("b").language) == ("de", "en")


def test_the_figure_is_the_share_of_turns_without_a_fault() -> None:
    held = [Held("ja", "c", "k", "?", None, []), Held("ar", "c", "k", "?", None, ["intent other"])]
    share, whole, invented = figures(held)
    assert (share.value, share.n, share.holds, share.spread["least"]) == (0.5, 2, False, 0.0)
    assert (whole.value, invented.value) == (0.5, 0)
    assert told(held) == "## k\n[ar] ?\n    wrong: intent other\n"


def _rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    with Path(DEMO, name).open(encoding="utf-8", newline="") as feed:
        return list(csv.DictReader(feed, delimiter=delimiter))
