"""What turns down what was shown, with the real text encoder, by sentences that nothing was fitted on."""

from __future__ import annotations

import pytest

from bot import models, verdicts
from bot.parts import Parts
from bot.senses.text import E5
from bot.verdicts import Verdict

FRESH = (
    "nah, wrong thing", "that isn't the one I had in mind", "我要的不是这款", "هذا ليس المطلوب، غيره",
    "その商品ではありません", "no es ese modelo, otro", "das meinte ich nicht", "это не тот товар",
    "nie o ten mi chodzi",
    "ce n'est pas le modèle que je veux", "ये नहीं चाहिए, कोई और", "저거 아닌데요", "ไม่ใช่ตัวนี้ค่ะ", "không phải mẫu đó",
    "bu model değil", "לא המוצר הזה", "não é este modelo", "dat model bedoel ik niet", "non è quel modello lì",
    "bukan barang ini", "ні, не цей товар", "不是那一款",
)  # fmt: skip
OTHERS = (
    "how long does shipping take", "can I return it if it doesn't fit", "它不保温吗", "是不是真皮的", "هل هذا للأطفال؟",
    "防水じゃないんですか", "no llegó mi pedido", "ist das nicht zu groß?", "у меня не пришла посылка",
    "nie mogę się zalogować", "je ne suis pas encore décidé", "ये महंगा है", "이거 얼마예요", "ไม่มีค่าส่งใช่ไหม",
    "không có mã giảm giá à", "bu ne kadar", "זה לא הגיע", "não recebi o código", "past dit niet in mijn tas?",
    "non riesco a pagare", "apa tidak ada diskon", "чи не буде знижки",
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> E5:
    return E5(models.text_weights(), threads=1)


@pytest.fixture(scope="module")
def head() -> Verdict:
    return verdicts.load("rejections", Parts.text_encoder)


def test_what_turns_down_is_known_in_any_language(encoder: E5, head: Verdict) -> None:
    vectors = encoder.queries(list(FRESH))
    missed = [text for text, vector in zip(FRESH, vectors, strict=True) if not head(vector)]
    assert len(missed) <= 2, missed


def test_a_no_in_a_question_turns_nothing_down(encoder: E5, head: Verdict) -> None:
    vectors = encoder.queries(list(OTHERS))
    taken = [text for text, vector in zip(OTHERS, vectors, strict=True) if head(vector)]
    assert len(taken) <= 1, taken


def test_none_of_these_sentences_was_fitted_on() -> None:
    texts, _, languages = verdicts.read_examples("rejections")
    assert not {*FRESH, *OTHERS} & set(texts)
    assert len(set(languages)) == 21
