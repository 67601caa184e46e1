"""The couriers of couriers.toml: what their numbers look like, their names, and where a number is looked up."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from knowledge.feeds import cells
from knowledge.logistics.check_digits import Check, check_named

_TABLE = Path(__file__).with_name("couriers.toml")
_PART = re.compile(r"<|>|\[[^\]]+\]|[#@*]\d+(?:-\d+)?|[A-Z0-9]+")
_KIND = {"#": "[0-9]", "@": "[A-Z]", "*": "[A-Z0-9]"}


class Format(msgspec.Struct, frozen=True):
    """One form of number. `digits` are the places that are checked, check digit included, `before` is put before them;
    `letters` counts what the form itself prescribes, by which forms are told apart; `lettered` ones hold a letter."""

    id: str
    courier: str
    service: str | None
    lengths: range
    pattern: re.Pattern[str]
    check: Check | None
    digits: slice
    before: str
    certain: bool
    letters: int
    lettered: bool

    def fits(self, number: str) -> bool:
        """Whether a number, bare of spaces and in capitals, has this form and the right check digit."""
        if not self.pattern.fullmatch(number):
            return False
        return self.check is None or self.check(self.before + number[self.digits])


class Courier(msgspec.Struct, frozen=True):
    """A courier; `url` holds {number}."""

    code: str
    name: str
    url: str | None = None


@lru_cache(maxsize=1)
def formats() -> dict[tuple[int, bool], tuple[Format, ...]]:
    """All forms that a number may fit, by its length and whether it is all digits; S10 is not among them."""
    found: dict[tuple[int, bool], list[Format]] = {}
    for courier in _table()["courier"]:
        for row in courier.get("formats", ()):
            for form in _forms(courier["code"], row):
                for length in form.lengths:
                    for digits in (False,) if form.lettered else (False, True):
                        found.setdefault((length, digits), []).append(form)
    return {key: tuple(forms) for key, forms in found.items()}


@lru_cache(maxsize=512)
def post_of(country: str) -> str | None:
    """The code of the postal operator whose S10 numbers end in `country`; None where that is no country."""
    for courier in _table()["courier"]:
        if country in courier.get("posts", ()):
            return str(courier["code"])
    try:
        cells.country(country)
    except ValueError:
        return None
    return str(_table()["posts"].get(country, {}).get("code", f"post_{country.lower()}"))


def is_post(code: str) -> bool:
    """Whether the courier with this code is some country's postal operator."""
    table = _table()
    issuers = {row["code"] for row in table["courier"] if row.get("posts")}
    return code.startswith("post_") or code in issuers | {row.get("code") for row in table["posts"].values()}


@lru_cache(maxsize=512)
def courier(code: str) -> Courier | None:
    """The courier with this code."""
    for row in _table()["courier"]:
        if row["code"] == code:
            return Courier(code, row["name"], row.get("url"))
    country = code.removeprefix("post_").upper()
    if code.startswith("post_") and post_of(country) == code:
        return Courier(code, _table()["posts"].get(country, {}).get("name", f"Post {country}"))
    return None


@lru_cache(maxsize=4096)
def carrier_named(text: str) -> str | None:
    """The code of the courier that feeds and trackers name so: "DHL Express", "sf-express", "顺丰速运", "УкрПошта".

    The longest run of first words that names one counts, so that "DHL Parcel Benelux" is DHL.
    """
    words = _words(text[:100])
    for count in range(len(words), 0, -1):
        found = _names().get("".join(words[:count]))
        if found:
            return found
    return None


def tracking_url(number: str, carrier: str) -> str | None:
    """Where the public looks up a number of the courier with this code; None where there is no lasting address."""
    found = courier(carrier)
    return found.url.replace("{number}", quote(number, safe="")) if found and found.url else None


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    rows = [(row["code"], row) for row in _table()["courier"]]
    rows += [(row.get("code") or f"post_{country.lower()}", row) for country, row in _table()["posts"].items()]
    found: dict[str, str] = {}
    for code, row in rows:
        for name in (code, row.get("name", code), *row.get("names", ())):
            found.setdefault("".join(_words(name)), code)
    return found


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(letter for letter in folded if unicodedata.category(letter) != "Mn")
    return re.findall(r"[^\W_]+", bare)


def _forms(courier: str, row: dict[str, Any]) -> list[Format]:
    check = check_named(row["check"]) if "check" in row else None
    return [_form(courier, row, shape, check) for shape in row["shapes"]]


def _form(courier: str, row: dict[str, Any], shape: str, check: Check | None) -> Format:
    least = most = letters = 0
    start, stop, pattern = 0, None, ""
    for part in _PART.findall(shape):
        if part == "<":
            start = least
        elif part == ">":
            stop = least
        elif part[0] in _KIND:
            low, _, high = part[1:].partition("-")
            pattern += f"{_KIND[part[0]]}{{{low},{high or low}}}"
            least, most = least + int(low), most + int(high or low)
        else:
            size = 1 if part[0] == "[" else len(part)
            pattern += part
            least, most, letters = least + size, most + size, letters + size
    return Format(
        id=row["id"],
        courier=courier,
        service=row.get("service"),
        lengths=range(least, most + 1),
        pattern=re.compile(pattern),
        check=check,
        digits=slice(start, stop),
        before=row.get("before", ""),
        certain=row.get("certain", False),
        letters=letters,
        lettered=any(not re.search("[0-9]", part) for part in re.findall(r"\[[^\]]+\]|@|[A-Z]+", shape)),
    )
