"""What tells a part that says something from one that is spoilt, in kinds of goods it has not seen."""

import numpy as np

from bot.fusion import telling
from bot.fusion.features import F32, unit


def goods(seed: int, n: int, spoilt: bool) -> F32:
    """Vectors that vary by what is shown; spoilt ones lie apart in a way of their own."""
    drawn = np.random.default_rng(seed)
    vectors = drawn.standard_normal((n, 30))
    vectors[:, :3] = (4 if spoilt else 0) + 0.3 * drawn.standard_normal((n, 3))
    return unit(vectors.astype(np.float32))


def test_spoilt_parts_are_known_and_sound_ones_are_kept() -> None:
    found = telling.fit(goods(1, 300, False), goods(2, 500, True))
    assert found.tells(goods(3, 500, False)).mean() > 0.98
    assert found.tells(goods(4, 500, True)).mean() < 0.02
    again = telling.from_arrays(found.arrays())
    np.testing.assert_array_equal(again.tells(goods(5, 99, False)), found.tells(goods(5, 99, False)))


def test_where_nothing_tells_them_apart_nothing_is_left_out() -> None:
    one, other = goods(6, 400, False), goods(7, 400, False)
    assert telling.fit(one, other).tells(goods(8, 400, False)).mean() > 0.9
