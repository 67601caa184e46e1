"""A generated catalogue for the tests of fusion: what a text says and what a photo shows overlap in part."""

import numpy as np

from bot.fusion.features import F32, Lessons, unit

T, P = 24, 40


def lessons(queries: int, seed: int, items: int = 60, noise: float = 0.9) -> Lessons:
    """The same catalogue for each seed, and other queries. An item is 16 hidden numbers.

    A text tells numbers 0 to 9 and a photo 6 to 15; a query's text is heard through noise, as is its photo. The
    category is the signs of numbers 6 and 7; the attributes are the signs of 6 to 9.
    """
    fixed, random = np.random.default_rng(1), np.random.default_rng(seed)
    hidden = fixed.normal(size=(items, 16))
    from_text, from_photo = fixed.normal(size=(10, T)), fixed.normal(size=(10, P))

    def seen(rows: np.ndarray, noise: float) -> tuple[F32, F32]:
        noisy = rows + noise * random.normal(size=rows.shape)
        return tuple(unit(np.float32(x)) for x in (np.tanh(noisy[:, :10]) @ from_text, noisy[:, 6:] @ from_photo))

    item = random.integers(0, items, queries)
    signs = (hidden > 0).astype(np.int64)
    return Lessons(
        *seen(hidden[item], noise), item, *seen(hidden, 0.0), signs[:, 6] + 2 * signs[:, 7], np.float32(signs[:, 6:10])
    )


def hits(found: F32, items: F32, meant: np.ndarray) -> float:
    """The share of queries whose own item comes first."""
    return float(((found @ items.T).argmax(1) == meant).mean())
