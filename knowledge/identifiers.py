"""What a record may be called, and how names are compared however someone writes them."""

from __future__ import annotations

import unicodedata

from knowledge.records import Product

_PASSED_OVER = {"Zs", "Pd", "Cf", "Cc", "Cs"}  # spaces, dashes, direction marks, controls, halves of characters
# The same for what is ASCII, as almost every code is: a million order ids are normalised in one import.
_ASCII = dict.fromkeys((*range(33), ord("-"), 127))


def normal_identifier(text: str) -> str:
    """`text` as identifiers are compared: NFKC, any script's digits as 0-9, without case, spaces and dashes."""
    if text.isascii():
        return text.lower().translate(_ASCII)
    folded = unicodedata.normalize("NFKC", text).casefold()
    digits = ((str(unicodedata.decimal(c)) if c.isdecimal() else c) for c in folded)
    return "".join(c for c in digits if c != "\N{MINUS SIGN}" and unicodedata.category(c) not in _PASSED_OVER)


def _gtin_name(gtin: str) -> str:
    """One name for a GTIN of any length: a shorter one is the same number after zeros (GS1 General Specifications)."""
    return f"gtin:{gtin.zfill(14)}"


def shape_of(code: str) -> str:
    """What a code looks like, so that one can be told for an order's without looking it up: "Q-1001" is "A0000"."""
    return "".join("0" if c.isdigit() else "A" if c.isalpha() else c for c in normal_identifier(code))


def names_of(product: Product) -> set[str]:
    """What a product may be called: SKU, MPN, GTIN."""
    names = {normal_identifier(name) for name in (product.sku, product.mpn, product.gtin) if name}
    if product.gtin:
        names.add(_gtin_name(normal_identifier(product.gtin)))
    return names - {""}


def asked_names(identifier: str) -> list[str]:
    """The names under which the thing that someone calls `identifier` may stand."""
    normal = normal_identifier(identifier)
    if normal.isdigit() and len(normal) in (8, 12, 13, 14):
        return [normal, _gtin_name(normal)]
    return [normal] if normal else []
