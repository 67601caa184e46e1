"""The arithmetic of rules: bounds, counts in passes, parts, against counting by hand."""

from collections import Counter
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import recommend_rules
from knowledge.recommend_rules import Rules, Sets, distinct, learn, wilson

THINGS = 8


def sets_of(baskets: list[list[int]], parts: list[list[int]] | None = None) -> Sets:
    first = np.cumsum([0, *(len(basket) for basket in baskets)]).astype(np.int64)
    things = np.array([thing for basket in baskets for thing in basket], np.int32)
    return Sets(first, things, None if parts is None else np.array([p for some in parts for p in some], np.int64))


def test_wilson_is_the_published_interval() -> None:
    low, high = wilson(np.array([81.0, 0.0, 0.0]), np.array([263.0, 20.0, 0.0]), 1.96)
    assert np.allclose(low, [0.2553, 0.0, 0.0], atol=1e-4)  # Newcombe (1998), table I
    assert np.allclose(high, [0.3662, 0.1611, 1.0], atol=1e-4)


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_share_lies_between_its_bounds(found: int, more: int) -> None:
    low, high = wilson(np.array([float(found)]), np.array([float(found + more)]), 3.29)
    assert 0 <= low[0] <= found / (found + more) <= high[0] <= 1


BASKETS = st.lists(st.lists(st.integers(0, THINGS - 1), unique=True, max_size=5), min_size=1, max_size=60)


def pairs_of(rules: Rules, count: int) -> dict[tuple[int, int], int]:
    return {
        (a, int(rules.thing[at])): int(rules.sets[at])
        for a in range(count)
        for at in range(rules.of(a).start, rules.of(a).stop)
    }


@given(BASKETS)
def test_every_rule_has_the_count_that_counting_gives_and_rests_on_enough(baskets: list[list[int]]) -> None:
    counted = Counter(pair for basket in baskets for pair in permutations(basket, 2))
    rules = learn(sets_of(baskets), THINGS)
    for pair, count in pairs_of(rules, THINGS).items():
        assert counted[pair] == count >= recommend_rules.FEWEST
    assert (rules.lift > 1).all()
    assert (rules.gain > 0).all()


@given(BASKETS)
def test_passes_change_nothing(baskets: list[list[int]]) -> None:
    whole = learn(sets_of(baskets), THINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommend_rules, "_PAIRS_AT_ONCE", 3)
        parted = learn(sets_of(baskets), THINGS)
    for field in ("first", "thing", "sets", "lift", "gain"):
        assert np.array_equal(getattr(whole, field), getattr(parted, field))


def test_what_comes_in_one_part_is_no_pair_and_a_pair_counts_once_a_set() -> None:
    baskets = [[0, 1, 0, 2]] * 40 + [[3]] * 400
    rules = learn(sets_of(baskets, [[0, 0, 1, 2]] * 40 + [[0]] * 400), 4)
    found = pairs_of(rules, 4)
    assert found[0, 2] == 40
    assert found[0, 0] == 40  # bought in two orders
    assert found[0, 1] == 40  # of the second order with the first
    assert not [pair for pair in found if 3 in pair]
    together = learn(sets_of([[0, 1]] * 40 + [[3]] * 400, [[0, 0]] * 40 + [[0]] * 400), 4)
    assert pairs_of(together, 4) == {}


def test_the_best_are_kept_and_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommend_rules, "KEPT", 2)
    baskets = [[0, 1]] * 60 + [[0, 2]] * 40 + [[0, 3]] * 20 + [[4, 5]] * 400
    rules = learn(sets_of(baskets), 6)
    assert rules.thing[rules.of(0)].tolist() == [1, 2]


def test_saved_and_opened(tmp_path: Path) -> None:
    rules = learn(sets_of([[0, 1]] * 20 + [[2]] * 80), 3)
    rules.save(tmp_path, "together")
    again = Rules.open(tmp_path, "together")
    assert pairs_of(again, 3) == pairs_of(rules, 3) == {(0, 1): 20, (1, 0): 20}
    assert isinstance(again.gain, np.memmap)


@given(st.lists(st.integers(-9, 9)))
def test_distinct(numbers: list[int]) -> None:
    assert distinct(np.array(numbers, np.int64)).tolist() == sorted(set(numbers))
