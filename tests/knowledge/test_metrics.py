"""The metrics against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from knowledge.metrics import cer, mrr, ndcg_at, recall_at, reciprocal_rank, ungrounded, ungrounded_codes, wer


def test_recall() -> None:
    assert recall_at(2, ["a", "x", "b"], {"a", "b"}) == 0.5
    assert recall_at(3, ["a", "a", "b"], {"a", "b"}) == 1.0
    with pytest.raises(ValueError, match="at least one"):
        recall_at(1, ["a"], set())


def test_reciprocal_rank_and_its_mean() -> None:
    assert reciprocal_rank(["x", "y", "a"], {"a"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], {"a"}) == 0.0
    assert mrr([(["a"], {"a"}), (["x", "a"], {"a"}), ([], {"a"})]) == pytest.approx(0.5)


def test_ndcg() -> None:
    gains = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert ndcg_at(3, ["a", "b", "c"], gains) == pytest.approx(1.0)
    best = 3 + 2 / math.log2(3) + 1 / 2
    assert ndcg_at(3, ["c", "x", "a"], gains) == pytest.approx((1 + 3 / 2) / best)
    assert ndcg_at(3, ["a", "a", "a"], {"a": 1.0}) == 1.0
    assert ndcg_at(3, ["a"], {}) == 0.0


def test_word_errors() -> None:
    assert wer(["Where is my order"], ["where is my order?"]) == 0.0
    assert wer(["¿Dónde esta mi pedido"], ["¿Dónde está mi pedido?"]) == pytest.approx(1 / 4)
    assert wer(["a b", "c"], ["a", "c d e"]) == pytest.approx(3 / 4)
    assert wer(["a"], [""]) == math.inf
    assert wer([], []) == 0.0


def test_character_errors() -> None:
    assert cer(["我的订单在那里"], ["我的订单在哪里？"]) == pytest.approx(1 / 7)
    assert cer(["اين طلبي"], ["أين طلبي؟"]) == pytest.approx(1 / 7)
    assert cer(["注文はどこ ですか"], ["注文はどこですか。"]) == 0.0


@pytest.mark.parametrize(
    ("text", "evidence", "missing"),
    [
        ("Cuesta 1.234,50 € y llega el 08.11.2026.", ["1234.5 EUR", "2026-11-08T20:00:00+01:00"], []),
        ("Il coûte 1 234,50 €.", ["1234.50 EUR"], []),
        ("价格是12.50欧元，21天内可退。", ["12.50 EUR"], ["21"]),
        ("سعره ١٢٫٥٠ يورو", ["12.50 EUR"], []),
        ("It costs 1.5 EUR.", ["5 of 1"], ["1.5"]),
        ("RR123456785DE", ["tracking RR123456785DE"], []),
        ("KWD 772.910", ["772.91 KWD"], []),
        ("KWD 772.910", ["772.19 KWD"], ["772.910"]),
    ],
)
def test_numbers_without_evidence(text: str, evidence: list[str], missing: list[str]) -> None:
    assert ungrounded(text, evidence) == missing


@pytest.mark.parametrize(
    ("text", "evidence", "missing"),
    [
        ("运单号：RR123456785DE。", ["tracking rr123456785de"], []),
        ("رقم التتبع: RR123456785DE", ["RR123456785FR"], ["RR123456785DE"]),
        ("Заказ Q-1001 (SKU-7): US$12.50, 5%", ["Q-1001; 12.5 USD"], ["SKU-7"]),
        ("No code, 12 pieces", [], []),
    ],
)
def test_codes_without_evidence(text: str, evidence: list[str], missing: list[str]) -> None:
    assert ungrounded_codes(text, evidence) == missing
