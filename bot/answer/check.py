"""The last word before a reply leaves: everything that looks like a fact stands in the evidence it cites.

Numbers are compared by their digits, so that "12,50 €" is 12.50 EUR and "8 November 2026" is 2026-11-08; codes
letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.answer.draft import Draft
from bot.messages import Citation

# Digits, with the separators of thousands and decimals inside.
_NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
_CODE = re.compile(r"(?=[A-Za-z\-_/]*\d)(?=[\d\-_/]*[A-Za-z])[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*", re.ASCII)


def unsupported(draft: Draft, shop: str = "") -> tuple[str, ...]:
    """The numbers and codes of the reply that none of the records it cites states; empty where all is well.

    A claim is held against the evidence that it names itself; a sentence without evidence may hold no number but those
    of the shop's own name.
    """
    by_id = {citation.id: citation for citation in draft.citations}
    missing: list[str] = []
    for sentence in draft.sentences:
        cited = [by_id[name] for name in sentence.evidence if name in by_id]
        # A greeting says the shop's name; what a record says is held against the record, name or not.
        text = sentence.text.replace(shop, " ") if shop and not cited else sentence.text
        missing += _missing(text, cited)
        if len(cited) < len(sentence.evidence):
            missing.append(sentence.text)
    return tuple(missing)


def _missing(text: str, cited: Iterable[Citation]) -> list[str]:
    told = _plain("\n".join(f"{citation.id}\n{citation.title}\n{citation.quote}" for citation in cited))
    numbers = {value for number in _NUMBER.findall(told) for value in _readings(number)}
    said = _plain(text)
    wrong = [number for number in _NUMBER.findall(said) if not _readings(number) & numbers]
    return wrong + [code for code in _CODE.findall(said) if code.casefold() not in told.casefold()]


def _readings(number: str) -> frozenset[str]:
    """What the digits may mean: "1.250" is 1250 or 1.25, "08" is 8, "12,50" is 12.5."""
    parts = re.split(r"\D", number)
    whole = "".join(parts).lstrip("0") or "0"
    if len(parts) == 1:
        return frozenset({whole})
    fraction = parts[-1].rstrip("0")
    units = "".join(parts[:-1]).lstrip("0") or "0"
    decimal = f"{units}.{fraction}" if fraction else units
    # Three digits after the only separator may be thousands; otherwise the last separator is the decimal one,
    # unless there are several alike ("1.234.567", "2026.11.08").
    if len(parts) == 2 and len(parts[1]) == 3:
        return frozenset({whole, decimal})
    if len(parts) > 2 and all(len(part) == 3 for part in parts[1:]):
        return frozenset({whole})
    return frozenset({decimal})


def _plain(text: str) -> str:
    # CLDR's separators of thousands would become plain spaces, which separate numbers.
    return unicodedata.normalize("NFKC", text.replace("\u00a0", "'").replace("\u202f", "'"))
