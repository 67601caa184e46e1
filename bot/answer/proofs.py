"""What a customer gives to show that an order is theirs: its e-mail address, phone number or postcode.

One of each is taken from a message, so that a message is one guess however much it holds.
"""

from __future__ import annotations

import hmac
import re
import unicodedata

import phonenumbers

from bot.conversations import Given
from knowledge.records import Order

_NOT_BEFORE, _NOT_AFTER = r"(?<![A-Za-z0-9+])", r"(?![A-Za-z0-9])"
# Digits as people group them: "+49 (30) 231-25147". No more than the 15 of E.164, with what stands between.
_PHONE = re.compile(rf"(?<![A-Za-z0-9])\+?\(?\d[\d \-().\u00a0]{{5,22}}\d{_NOT_AFTER}")
_DIGITS_OF_PHONE = range(7, 16)
_DATE = re.compile(r"(?<!\d)\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d)")
# Postcodes by the forms of the Universal Postal Union; letters that could be a word count as capitals alone.
_POSTCODE = re.compile(
    rf"""{_NOT_BEFORE}(?:
        (?i:[A-Z]{{1,2}}\d[A-Z\d]?[ ]?\d[A-Z]{{2}})         # United Kingdom
      | (?i:[A-Z]\d[A-Z][ \-]?\d[A-Z]\d)                    # Canada
      | \d{{4}}[ ]?[A-Z]{{2}}                               # Netherlands
      | [A-Z]\d[\dW][ ]?[A-Z0-9]{{4}}                       # Ireland
      | [A-Z]\d{{4}}[A-Z]{{3}}                              # Argentina
      | \d{{5}}-\d{{3,4}} | \d{{4}}-\d{{3}} | \d{{3}}-\d{{4}} | \d{{2}}-\d{{3}}
      | \d{{3}}[ ]\d{{2}}                                   # Sweden, Greece, Czechia, Slovakia
      | \d{{3,7}}
    ){_NOT_AFTER}(?!-\d)""",
    re.VERBOSE,
)
_NOBODY = Order(
    id="", customer="", placed_at=None, currency="", status="", lines=(),  # type: ignore[arg-type]
    email="nobody@invalid", phone="+493012345678", postal_code="00000",
)  # fmt: skip


def given(text: str, emails: tuple[str, ...], number: str | None) -> Given:
    """The first address, phone number and postcode that `text` holds beside the order's own `number`."""
    text = _western(text)
    for known in (*emails, number):
        text = text.replace(_western(known), "\n") if known else text
    text = _DATE.sub("\n", text)
    numbers = (found for found in _PHONE.finditer(text) if not _POSTCODE.fullmatch(found.group()))
    phone = next((found for found in numbers if _digits(found.group()) in _DIGITS_OF_PHONE), None)
    if phone:
        text = f"{text[: phone.start()]}\n{text[phone.end() :]}"
    postcode = _POSTCODE.search(text)
    return Given(emails[0] if emails else "", phone.group() if phone else "", postcode.group() if postcode else "")


def together(before: Given, now: Given) -> Given:
    """What was given before, and in the place of each what was given now."""
    return Given(*(new or old for old, new in zip(before.all, now.all, strict=True)))


def prove(proofs: Given, order: Order | None) -> bool:
    """Whether one of the proofs is the order's. Compared in constant time, and as long where there is no such order."""
    held = order or _NOBODY
    right = (
        _same(proofs.email.casefold(), (held.email or "").casefold()),
        _same(*_numbers(proofs.phone, held.phone or "")),
        _same(_bare(proofs.postcode), _bare(held.postal_code or "")),
    )
    return any(right) and order is not None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode()) and bool(one)


def _numbers(said: str, held: str) -> tuple[str, str]:
    """Both in E.164, a number without its country's code being of the country of the other."""
    try:
        order = phonenumbers.parse(_western(held), None)
        region = phonenumbers.region_code_for_number(order)
        call = phonenumbers.parse(said, region)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", said), re.sub(r"\D", "", held)
    form = phonenumbers.PhoneNumberFormat.E164
    return phonenumbers.format_number(call, form), phonenumbers.format_number(order, form)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _bare(postcode: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", _western(postcode).upper())


def _western(text: str) -> str:
    """NFKC, with the digits of every script as 0-9 and plain dashes."""
    text = re.sub("[\u2010-\u2015\u2212\u30fc]", "-", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?![0-9])\d", lambda digit: str(unicodedata.decimal(digit.group())), text)
