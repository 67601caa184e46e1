"""The intents that come with the project, with the real text encoder, on sentences that nothing was fitted on."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import background, intents, models
from bot.clauses import MOST, clauses
from bot.intent_grams import Grams, pieces
from bot.intents import INTENTS, IntentHead
from bot.measures.intents import LIKE, read
from bot.messages import Intent
from bot.parts import Parts
from bot.senses.text import E5
from bot.wishes import halves, wishes

# Written for this test; in neither bot/examples nor tests/scenarios. As customers write: no care for spelling.
FRESH: tuple[tuple[str, Intent], ...] = (
    ("my parcel still hasn't turned up, can you check what is going on with it", "track_order"),
    ("roughly how many days until something gets to Norway", "delivery_time"),
    ("whats the postage for two jumpers to Ireland", "shipping_cost"),
    ("the zip broke after one day, I want my money back", "return_refund"),
    ("show me lamps for a kid's bedroom", "product_search"),
    ("can I talk with someone who actually works there", "human"),
    ("快递三天没更新了，帮我看看到哪儿了", "track_order"),
    ("寄到澳大利亚会不会被海关收税", "customs_duty"),
    ("这款水壶能装多少毫升", "product_question"),
    ("39码的靴子还有没有", "availability"),
    ("不想要了怎么退", "return_refund"),
    ("转人工客服谢谢", "human"),
    ("صار لي أسبوع أنتظر الطرد وما وصل، وينه؟", "track_order"),
    ("هل أدفع ضريبة عند دخول الشحنة إلى قطر؟", "customs_duty"),
    ("كم تكلفة الشحن إلى المغرب؟", "shipping_cost"),
    ("أبحث عن هدية لأمي، عندكم شالات؟", "product_search"),
    ("يعطيك العافية، شكرًا جزيلًا", "thanks"),
    ("уже неделю жду посылку, где она застряла", "track_order"),
    ("можно ли вернуть рюкзак, если не подошёл", "return_refund"),
    ("сколько ехать будет до Минска", "delivery_time"),
    ("из чего сделана эта сковородка?", "product_question"),
    ("добрый вечер!", "greeting"),
    ("¿me podéis decir por dónde va mi envío?", "track_order"),
    ("busco unos auriculares baratos para correr", "product_search"),
    ("¿os queda la chaqueta en la talla grande?", "availability"),
    ("quiero devolver los zapatos, me hacen daño", "return_refund"),
    ("vous livrez la Belgique en combien de jours ?", "delivery_time"),
    ("est-ce que la douane va me réclamer quelque chose", "customs_duty"),
    ("je peux payer avec ma carte en trois fois ?", "payment"),
    ("il me faudrait une facture au nom de ma société", "invoice"),
    ("die Tasse kam zerbrochen an, was jetzt", "damaged_or_wrong"),
    ("kann ich die Bestellung noch stornieren?", "cancel_order"),
    ("habt ihr Regenschirme?", "product_search"),
    ("wie lange hab ich Garantie auf die Lampe", "warranty"),
    ("荷物がまだ届かないのですが、今どこでしょうか", "track_order"),
    ("送料はいくらになりますか、北海道まで", "shipping_cost"),
    ("この鍋はIHで使えますか", "product_question"),
    ("届け先の住所を間違えたので直したいです", "change_address"),
    ("割引クーポンはありますか", "promotion"),
    ("担当の方とお話しできますか", "human"),
)


@pytest.fixture(scope="module")
def encoder() -> E5:
    return E5(models.text_weights(), 2)


def test_what_is_trained_fits_the_examples_and_the_encoder() -> None:
    """Otherwise scripts/train has to be run before this is handed on."""
    head = intents.load(Parts.text_encoder)
    assert head.typical.shape[0] == len(INTENTS)
    assert background.load(Parts.text_encoder).ndim == 2


def test_fresh_sentences_are_understood(encoder: E5) -> None:
    assert len(FRESH) == 40 and len({text for text, _ in FRESH}) == 40
    taught = {sentence.casefold() for sentence in intents.read_examples()[0]}
    assert not {text.casefold() for text, _ in FRESH} & taught
    head = intents.load(Parts.text_encoder)
    vectors = encoder.queries([text for text, _ in FRESH])
    wrong = []
    for vector, (text, intent) in zip(vectors, FRESH, strict=True):
        chances = head.probabilities(vector, text)
        assert chances.shape == (len(INTENTS),) and chances.sum() == pytest.approx(1, abs=1e-3)
        found = INTENTS[int(chances.argmax())]
        if found != intent:
            wrong.append(f"{text}: {found} {chances.max():.2f}, not {intent}")
    assert len(wrong) <= 4, "\n".join(wrong)


def test_nothing_that_is_measured_is_taught() -> None:
    taught = {bare(sentence) for sentence in intents.read_examples()[0]}
    written = read()
    assert [message.text for message in written if bare(message.text) in taught] == []
    assert LIKE < 1 and len({(message.language, message.text) for message in written}) == len(written)
    count = Counter((message.language, message.intent) for message in written if message.part == "kept")
    assert len(count) == 21 * len(INTENTS) and set(count.values()) == {2}


def test_what_is_asked_about_is_what_is_likely_and_only_where_nothing_is_certain() -> None:
    head = small_head(certain=0.6)
    chances = np.zeros(len(INTENTS), np.float32)
    chances[[INTENTS.index("exchange"), INTENTS.index("return_refund"), INTENTS.index("other")]] = 0.3, 0.55, 0.05
    assert head.to_ask(chances) == ("return_refund", "exchange")
    chances[INTENTS.index("return_refund")] = 0.6
    assert head.to_ask(chances) == ()
    assert len(head.to_ask(np.full(len(INTENTS), 1 / len(INTENTS), np.float32))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is it, and can I still return it?", ("where is it,", "and can I still return it?")),
        ("أين طلبي؟ وهل يمكنني إرجاعه؟", ("أين طلبي؟", "وهل يمكنني إرجاعه؟")),
        ("我的快递到哪了？还能退货吗？", ("我的快递到哪了？", "还能退货吗？")),
        ("運費多少、能開發票嗎", ("運費多少、", "能開發票嗎")),
        ("ค่าส่งเท่าไหร่ ส่งกี่วันถึง", ("ค่าส่งเท่าไหร่", "ส่งกี่วันถึง")),
        ("is it 10.99 or 1,099 at 12:30, ann@example.com", ("is it 10.99 or 1,099 at 12:30,", "ann@example.com")),
        ("line one\nline two", ("line one", "line two")),
        ("wo ist mein Paket", ("wo ist mein Paket",)),
        ("?!", ("?!",)),
        ("", ()),
    ],
)
def test_clauses_end_at_the_marks_of_any_script(text: str, expected: tuple[str, ...]) -> None:
    assert clauses(text) == expected


@given(st.text(max_size=300))
def test_clauses_lose_no_letter_and_are_few(text: str) -> None:
    found = clauses(text)
    assert len(found) <= MOST
    kept = "".join("".join(found).split())
    if sum(letter.isalnum() for letter in text) >= 2 and len(found) > 1:
        lost = Counter(letter for letter in text if letter.isalnum()) - Counter(kept)
        assert lost.total() < 2  # a single letter between marks is no clause, and goes with the next or is the last


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is it, and can I still return it?", ("track_order", "return_refund")),
        ("我的快递到哪了？还能退货吗？", ("track_order", "return_refund")),
        ("أين طلبي؟ وهل يمكنني إرجاعه؟", ("track_order", "return_refund")),
        ("Сколько стоит доставка? Можно оплатить картой?", ("shipping_cost", "payment")),
        ("quanto custa o frete para Angola e tem taxa de importação?", ("shipping_cost", "customs_duty")),
        ("我的包裹到哪了还能退吗", ("track_order", "return_refund")),
        ("الشحن إلى قطر بكم وكم يوم يأخذ", ("shipping_cost", "delivery_time")),
        ("combien pour envoyer à Bruxelles et ça met combien de temps", ("shipping_cost", "delivery_time")),
        ("Hello! Where is my parcel? Thank you!", ()),
        ("الكوب وصل مكسور، شكرا", ("damaged_or_wrong",)),
        ("How long does it take to send a parcel to my aunt in Norway", ()),
    ],
)
def test_several_wishes_of_one_message(encoder: E5, text: str, expected: tuple[Intent, ...]) -> None:
    head = intents.load(Parts.text_encoder)
    vector, found = wishes(head, text, encoder.queries)
    assert vector == pytest.approx(encoder.queries([text])[0], abs=1e-3)
    assert tuple(wish.intent for wish in found) == expected
    assert all(wish.text in text and wish.vector.shape == vector.shape for wish in found)


@given(st.text(max_size=300))
def test_halves_are_of_their_text(text: str) -> None:
    pair = halves(intents.load(Parts.text_encoder).grams, text)
    assert pair == () or (len(pair) == 2 and all(half and half in text for half in pair))


def test_a_message_is_cut_alike_however_it_is_typed() -> None:
    assert pieces("ŻÓŁTY") == pieces("zolty") and pieces("أُريد") == pieces("اريد") and pieces("Où") == pieces("ou")
    assert "<रिफंड>" in pieces("रिफंड") and "退货" in pieces("想退货") and "ส่ง" in pieces("ค่าส่ง")
    assert pieces("order 88412") == pieces("order 7")


@given(st.text(max_size=2_000))
def test_any_text_has_pieces(text: str) -> None:
    assert all((piece and len(piece) <= 18) or piece[0] in "?!؟" for piece in pieces(text))


def test_the_head_is_what_its_formula_says() -> None:
    draw = np.random.default_rng(7)
    hidden, bias = draw.normal(size=(5, 8)).astype(np.float32), draw.normal(size=5).astype(np.float32)
    output, last = draw.normal(size=(3, 5)).astype(np.float32), draw.normal(size=3).astype(np.float32)
    vector = draw.normal(size=8).astype(np.float32)
    said = draw.normal(size=(2, 3)).astype(np.float32)
    grams = Grams(("<refund>", "<the>"), said)
    head = IntentHead(hidden, bias, output, last, np.zeros((3, 8), np.float32), grams, 0.5)
    inner = [max(0.0, float(sum(hidden[row] * vector) + bias[row])) for row in range(5)]
    raw = np.array([sum(output[row] * inner) + last[row] for row in range(3)])
    expected = np.exp(raw) / np.exp(raw).sum()
    np.testing.assert_allclose(head.probabilities(vector), expected, rtol=1e-4)
    huge = head.probabilities(vector * np.float32(1e4))
    assert np.isfinite(huge).all() and huge.sum() == pytest.approx(1)
    raw += (said[0] + said[1]) / np.sqrt(3)
    both = np.exp(raw) / np.exp(raw).sum()
    np.testing.assert_allclose(head.probabilities(vector, "The refund!"), both, rtol=1e-4)


def small_head(certain: float) -> IntentHead:
    """A head that knows nothing, for what is done with chances."""
    nothing = np.zeros((1, 1), np.float32)
    grams = Grams((), np.zeros((0, len(INTENTS)), np.float32))
    wide = np.zeros((len(INTENTS), 1), np.float32)
    return IntentHead(nothing, nothing[0], wide, wide[:, 0], wide, grams, certain)


def bare(sentence: str) -> str:
    """Without case, punctuation and spaces."""
    return re.sub(r"[\W_]+", "", sentence.casefold()) or sentence
