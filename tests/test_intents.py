"""The intents that come with the project, with the real text encoder, on sentences that nothing was fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from bot import background, intents, models
from bot.intents import INTENTS, IntentHead
from bot.messages import Intent
from bot.parts import Parts
from bot.senses.text import E5

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
        chances = head.probabilities(vector)
        assert chances.shape == (len(INTENTS),) and chances.sum() == pytest.approx(1, abs=1e-3)
        found = INTENTS[int(chances.argmax())]
        if found != intent:
            wrong.append(f"{text}: {found} {chances.max():.2f}, not {intent}")
    assert len(wrong) <= 8, "\n".join(wrong)


def test_the_head_is_what_its_formula_says() -> None:
    draw = np.random.default_rng(7)
    hidden, bias = draw.normal(size=(5, 8)).astype(np.float32), draw.normal(size=5).astype(np.float32)
    output, last = draw.normal(size=(3, 5)).astype(np.float32), draw.normal(size=3).astype(np.float32)
    vector = draw.normal(size=8).astype(np.float32)
    head = IntentHead(
        hidden=hidden, hidden_bias=bias, output=output, output_bias=last, typical=np.zeros((3, 8), np.float32)
    )
    inner = [max(0.0, float(sum(hidden[row] * vector) + bias[row])) for row in range(5)]
    raw = np.array([sum(output[row] * inner) + last[row] for row in range(3)])
    expected = np.exp(raw) / np.exp(raw).sum()
    np.testing.assert_allclose(head.probabilities(vector), expected, rtol=1e-4)
    huge = head.probabilities(vector * np.float32(1e4))
    assert np.isfinite(huge).all() and huge.sum() == pytest.approx(1)
