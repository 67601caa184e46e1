"""The small language of duty rules: what of a row's free text can be computed, and what can't.

A rule is statements between ";" and ". ", each of them clauses between ", ". Every word must be read, or the rule is
not: what stands unread could be an exception. Case and spaces don't matter. (a|b) is a choice, [a] may be missing:

    clause := [parcels] duty [range] [scope] [and vat] | [parcels] range duty [scope] [and vat] | vat | inside
    duty   := no [customs|import] duty | (free of|without) duty [and VAT]
            | [duty of] N (%|percent) [duty] [of (the goods|the goods' value|the value of the goods|the excess)]
            | AMOUNT per (tariff item|parcel) | [duty] by tariff code
    range  := up to AMOUNT | above AMOUNT | above that
    scope  := on goods from outside the EU
    inside := [parcels|goods] from inside the EU pay (none|no duty)
    vat    := VAT from the first cent | VAT at the border | N (%|percent) VAT | VAT is charged by the shop at checkout
    AMOUNT := N CUR              as "1,000 AUD"

VAT is also called GST, IVA or consumption tax; a clause of it belongs to the range before it in its statement, and to
all others where it stands alone. "Up to" includes the amount, "above" does not. A percentage is of the goods' value
where it does not say "of the excess" over what the range is above. Ranges that overlap make the rule unread.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import msgspec

LONGEST = 1000  # characters of a rule that is read

Form = Literal["none", "percent_of_goods", "percent_of_excess", "per_tariff_item", "per_parcel", "by_tariff_code"]
Vat = Literal["free", "at_border", "at_checkout", "unsaid"]


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of goods worth more than `above`, up to and with `up_to` (None: without end).

    `number` is the percentage, or the amount for each tariff item or parcel, in the rule's currency.
    """

    form: Form
    number: Decimal = Decimal(0)
    above: Decimal | None = None
    up_to: Decimal | None = None
    vat: Vat = "unsaid"

    def covers(self, value: Decimal) -> bool:
        """Whether goods of this value fall under it."""
        return (self.above is None or value > self.above) and (self.up_to is None or value <= self.up_to)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was read whole: its ranges, and whether it says that it is for goods from outside the EU."""

    bands: tuple[Band, ...]
    outside_eu: bool = False


_NUMBER = r"\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,6})?"
_VAT = r"(?:vat|gst|iva|consumption tax)"
_PERCENT = rf"(?P<percent>{_NUMBER}) ?(?:%|percent)"
_RANGE = (
    rf"(?:up to (?P<up_to>{_NUMBER}) (?P<up_in>[a-z]{{3}})"
    rf"|above (?P<above>{_NUMBER}) (?P<above_in>[a-z]{{3}})|(?P<that>above that))"
)
_OF = r"(?: of (?:the goods(?:' value)?|the value of the goods|(?P<excess>the excess)))?"
_DUTY = (
    rf"(?:(?P<none>no (?:customs |import )?duty|(?:free of|without) duty(?P<vat_free> and {_VAT})?)"
    rf"|(?:duty of )?{_PERCENT}(?: duty)?{_OF}"
    rf"|(?P<each>{_NUMBER}) (?P<each_in>[a-z]{{3}}) per (?P<per>tariff item|parcel)"
    r"|(?P<tariff>(?:duty )?by tariff code))"
)
_TAIL = r"(?P<scope> on goods from outside the eu)?(?: and (?P<vat>.+))?"
_BANDS = (
    re.compile(rf"(?:parcels )?{_DUTY}(?: {_RANGE})?{_TAIL}"),
    re.compile(rf"(?:parcels )?{_RANGE} {_DUTY}{_TAIL}"),
)
_VAT_AT_BORDER = re.compile(rf"{_VAT} (?:from the first cent|at the border)")
_VAT_RATE = re.compile(rf"{_PERCENT} {_VAT}")
_VAT_AT_CHECKOUT = re.compile(rf"{_VAT} is charged by the shop at checkout")
_INSIDE = re.compile(r"(?:(?:parcels|goods) )?from inside the eu pay (?:none|no duty)")


def read(text: str, currency: str, vat_percent: Decimal) -> Rule | None:
    """The rule that `text` is; None where any of it can't be read, or says other than the row's currency and VAT."""
    plain = " ".join(text.casefold().replace("’", "'").split()).removesuffix(".")
    if not plain or len(plain) > LONGEST:
        return None
    bands: list[Band] = []
    elsewhere: Vat = "unsaid"
    outside = False
    for statement in re.split(r"; |\. ", plain):
        begun = len(bands)
        for clause in statement.split(", "):
            if _INSIDE.fullmatch(clause):
                outside = True
            elif vat := _vat(clause, vat_percent):
                if len(bands) > begun:
                    bands[-1] = msgspec.structs.replace(bands[-1], vat=vat)
                else:
                    elsewhere = vat
            elif match := next((match for form in _BANDS if (match := form.fullmatch(clause))), None):
                band = _band(match, bands[-1].up_to if bands else None, currency.casefold(), vat_percent)
                if band is None:
                    return None
                bands.append(band)
                outside = outside or match["scope"] is not None
            else:
                return None
    if not bands or _overlap(bands):
        return None
    said = (band if band.vat != "unsaid" else msgspec.structs.replace(band, vat=elsewhere) for band in bands)
    return Rule(bands=tuple(said), outside_eu=outside)


def _vat(clause: str, percent: Decimal) -> Vat | None:
    """What a clause says of VAT; None where it says nothing, or another percentage than the row."""
    if _VAT_AT_CHECKOUT.fullmatch(clause):
        return "at_checkout"
    if _VAT_AT_BORDER.fullmatch(clause):
        return "at_border"
    rate = _VAT_RATE.fullmatch(clause)
    return "at_border" if rate and _number(rate["percent"]) == percent else None


def _band(match: re.Match[str], before: Decimal | None, currency: str, vat_percent: Decimal) -> Band | None:
    """The range of a clause; `before` is where the one before it ends. None where it can't stand so."""
    said: Vat | None = "free" if match["vat_free"] else "unsaid"
    if match["vat"]:
        said = _vat(match["vat"], vat_percent)
    currencies = {match[name] for name in ("up_in", "above_in", "each_in")} - {None, currency}
    above = _number(match["above"]) if match["above"] else before if match["that"] else None
    if said is None or currencies or (match["that"] and above is None) or (match["excess"] and above is None):
        return None
    up_to = _number(match["up_to"]) if match["up_to"] else None
    form, number = _form(match)
    return Band(form=form, number=number, above=above, up_to=up_to, vat=said)


def _form(match: re.Match[str]) -> tuple[Form, Decimal]:
    if match["none"]:
        return "none", Decimal(0)
    if match["tariff"]:
        return "by_tariff_code", Decimal(0)
    if match["each"]:
        return ("per_parcel" if match["per"] == "parcel" else "per_tariff_item"), _number(match["each"])
    return ("percent_of_excess" if match["excess"] else "percent_of_goods"), _number(match["percent"])


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _overlap(bands: list[Band]) -> bool:
    """Whether some value falls under two."""
    lowest = Decimal(-1)  # below every value; a value of 0 falls under what has no lower end
    spans = sorted(((lowest if b.above is None else b.above, b.up_to) for b in bands), key=lambda span: span[0])
    return any(end is None or following < end for (_, end), (following, _) in pairwise(spans))
