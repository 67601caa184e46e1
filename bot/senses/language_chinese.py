"""Whether Chinese is written in simplified or in traditional characters."""

from __future__ import annotations

import functools

_SIMPLIFIED = 0.75  # of texts in characters that are written alike in both Chinese scripts


@functools.cache
def _han_variants() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that are simplified only (in GB 2312 and not in Big5), and traditional only (the other way round)."""
    every = map(chr, range(0x4E00, 0xA000))
    held = {sign: (bool(sign.encode("gb2312", "ignore")), bool(sign.encode("big5", "ignore"))) for sign in every}
    return (
        frozenset(sign for sign, where in held.items() if where == (True, False)),
        frozenset(sign for sign, where in held.items() if where == (False, True)),
    )


def simplified(han: str) -> float:
    """How likely Chinese in these characters is the simplified one."""
    only_simplified, only_traditional = _han_variants()
    many = sum(sign in only_simplified for sign in han)
    traditional = sum(sign in only_traditional for sign in han)
    if many == traditional:
        return _SIMPLIFIED
    return 0.01 + 0.98 * many / (many + traditional)
