"""How couriers reckon the check digit at the end of a number. Each check takes the digits with the check digit last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

Check = Callable[[str], bool]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # UPU S10-12, check digit algorithm


def check_named(name: str) -> Check:
    """The check that couriers.toml calls so: its first word, and numbers.

    Raises:
        KeyError: there is none.
    """
    kind, *numbers = name.split()
    weights = tuple(map(int, numbers))
    checks: dict[str, Check] = {
        "mod7": _mod7,
        "luhn": _luhn,
        "mod37_36": _mod37_36,
        "s10": s10,
        "mod10": partial(_mod10, weights=weights),
        "weights": partial(_weighted, weights=weights),
    }
    return checks[kind]


def s10(digits: str) -> bool:
    """The UPU's: eight digits by their weights, 11 minus the sum mod 11, where 10 becomes 0 and 11 becomes 5."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:8], S10_WEIGHTS, strict=True))
    return int(digits[8]) == {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)


def _mod7(digits: str) -> bool:
    return int(digits[:-1]) % 7 == int(digits[-1])


def _mod10(digits: str, weights: Sequence[int]) -> bool:
    values = (int(c) if c.isdigit() else (ord(c) - 3) % 10 for c in reversed(digits[:-1]))
    total = sum(value * weights[place % len(weights)] for place, value in enumerate(values))
    return (total + int(digits[-1])) % 10 == 0


def _weighted(digits: str, weights: Sequence[int]) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits[:-1], weights, strict=True))
    return total % 11 % 10 == int(digits[-1])


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _mod37_36(digits: str) -> bool:
    """ISO 7064, the hybrid system MOD 37,36."""
    product = 36
    for character in digits[:-1]:
        product = ((product + _ALPHABET.index(character)) % 36 or 36) * 2 % 37
    return (product + _ALPHABET.index(digits[-1])) % 36 == 1
