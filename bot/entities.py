"""What a message names: numbers and codes, colours, sizes, countries, e-mail addresses. No model, any script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from bot.named_words import all_colours, folded, lexicon, plain
from bot.price_limits import Limits, in_stock, limits
from bot.word_matching import named

# A code as shops and carriers write it: Latin letters and digits, joined by dashes, slashes or dots, or after a #.
_CODE = re.compile(r"(?<![\w@.])#?([A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*)(?![\w@])", re.ASCII)
_LONGEST_CODE = 64
# "RR 1234 5678 5 DE": groups of a long number written apart; "BD 20481": a code whose dash became a space.
_GROUPED = re.compile(r"(?<![\w])(?:[A-Za-z]{2} ?)?\d{3,4}(?:[ \-]\d{1,4}){2,5}(?: ?[A-Za-z]{2})?(?![\w])", re.ASCII)
_PARTED = re.compile(r"(?<![\w\-])[A-Z]{1,4} \d{4,12}(?![\w\-])", re.ASCII)
# An address of the web, as links in messages and QR codes hold it: its parts may be codes.
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]{1,500}", re.ASCII | re.IGNORECASE)
_LINK_PARTS = re.compile(r"[/?&=#]")
# Latin letters with their accents, but not those that Chinese or Thai put right before an address.
_EMAIL = re.compile(
    r"(?<![A-Za-zÀ-ɏ0-9._%+\-])[A-Za-zÀ-ɏ0-9._%+\-]{1,64}"
    r"@[A-Za-zÀ-ɏ0-9\-]{1,63}(?:\.[A-Za-zÀ-ɏ0-9\-]{1,63})*\.(?:xn--[A-Za-z0-9\-]+|[A-Za-zÀ-ɏ]{2,24})"
)


class Entities(msgspec.Struct, frozen=True):
    """What was found, in the order of the text. Codes as written, but for NFKC, digits 0-9 and plain dashes; colours
    as the lexicon's English names, sizes as the shop writes them, countries ISO 3166-1 alpha-2. `limits` are what a
    thing may cost, and `in_stock` that it must be there now."""

    codes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    limits: Limits | None = None
    in_stock: bool = False


def find(text: str, language: str, sizes: frozenset[str]) -> Entities:
    """All that `text` names. `language` (BCP 47) chooses the words for colours and countries, English always counts;
    `sizes` are the shop's own, so that a plain "42" is a size only where the shop sells one."""
    text = plain(text)
    emails = tuple(dict.fromkeys(_EMAIL.findall(text))) if "@" in text else ()
    bare = _EMAIL.sub(" ", text) if emails else text
    words = dict.fromkeys(named(bare, lexicon(language)))
    return Entities(
        codes=tuple(dict.fromkeys(_codes(bare))),
        emails=emails,
        colours=tuple(name for kind, name in words if kind == "colour"),
        sizes=tuple(dict.fromkeys(_sizes(bare, sizes))),
        countries=tuple(name for kind, name in words if kind == "country"),
        limits=limits(bare, language),
        in_stock=in_stock(bare, language),
    )


def colour_of(value: str) -> str | None:
    """The lexicon's colour of a product's own colour text in any of the languages, or None."""
    return all_colours().get(folded(value.strip()))


def _codes(text: str) -> Iterator[str]:
    for pattern in (_GROUPED, _PARTED):
        yield from (match.group() for match in pattern.finditer(text))
    for link in _LINK.findall(text):
        _, *parts = _LINK_PARTS.split(link.partition("//")[2] or link)
        yield from (part for part in parts if _CODE.fullmatch(part) and _is_code(part))
    for match in _CODE.finditer(text):
        if _is_code(match.group(1)):
            yield match.group(1)


def _is_code(written: str) -> bool:
    return len(written) <= _LONGEST_CODE and any(map(str.isdigit, written))


def _sizes(text: str, sizes: frozenset[str]) -> Iterator[str]:
    pattern, written = _size_words(sizes)
    for match in pattern.finditer(text):
        yield written[match.group().replace(",", ".").casefold()]


@lru_cache(maxsize=8)
def _size_words(sizes: frozenset[str]) -> tuple[re.Pattern[str], dict[str, str]]:
    """The shop's sizes in one pattern, longest first, and each as the shop writes it."""
    forms = sorted((plain(size) for size in sizes if size), key=lambda form: (-len(form), form))
    escaped = (re.escape(form).replace(r"\.", "[.,]") for form in forms)
    # One letter is a size in capitals alone: a small one is a part of "it's" or "l'été".
    words = "|".join(f"(?i:{words})" if len(form) > 1 else words for form, words in zip(forms, escaped, strict=True))
    # Not a part of a code or a number, and no amount of money.
    pattern = rf"(?<![A-Za-z0-9.,\-/_#@€$£¥])(?:{words})(?![A-Za-z0-9@])(?![.,\-/]\d)(?! ?[%€$£¥₽₩])"
    written = {plain(size).replace(",", ".").casefold(): size for size in sizes}
    return re.compile(pattern if forms else r"(?!)"), written
