"""Tracking numbers: what carriers a number may be of, and where in a text numbers stand.

Digits of every script and full-width letters are read; spaces, line breaks, dashes of any kind and marks of direction
within a number mean nothing, and letters of scripts other than Latin end it: 单号是SF1234567890123谢谢 holds one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

from knowledge.logistics.check_digits import s10
from knowledge.logistics.couriers import Format, carrier_named, courier, formats, is_post, post_of, tracking_url

__all__ = ["Found", "Tracking", "carrier_named", "courier", "find", "formats_of", "judge", "tracking_url"]

MOST_CHARACTERS = 10_000  # of a text that is searched; what comes after is not read
LONGEST = 41  # characters of a number
SHORTEST = 9
MOST_GROUPS = 10  # that a number is written in, but for one that is spelled out character by character
MOST_JOINED = 400  # tries in a text to put a number together from groups; beyond that only undivided ones are seen

_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
# UPU S10-12, service indicators. The letters that are missing are not given out.
_SERVICES = {
    "C": "Parcel post", "E": "EMS", "H": "Parcel post, e-commerce", "L": "Letter post, express", "M": "M bag",
    "Q": "Business reply", "R": "Letter post, registered", "U": "Letter post", "V": "Letter post, insured",
    "A": "Domestic", "B": "Domestic", "D": "Domestic", "G": "Domestic", "N": "Domestic", "P": "Domestic",
    "Z": "Domestic",
}  # fmt: skip


class Tracking(msgspec.Struct, frozen=True):
    """A number as one carrier's: bare and in capitals; `carrier` is the courier's code.

    `certain`: its form is a tracking number's own, and the check digit fits where the form has one. Without, it may as
    well be an order, a phone or an article number.
    """

    number: str
    carrier: str
    service: str | None
    certain: bool


class Found(msgspec.Struct, frozen=True):
    """A number in a text, from `start` to before `end`, and what it may be, best first."""

    start: int
    end: int
    trackings: tuple[Tracking, ...]

    @property
    def certain(self) -> bool:
        return self.trackings[0].certain


def judge(number: str, carrier: str | None = None) -> tuple[Tracking, ...]:
    """All carriers whose form and check digit the number fits, best first; empty where there is none.

    With a `carrier`, in any spelling that carrier_named knows, only that one: empty too where its name is unknown. The
    posts carry each other's S10 numbers on, so such a number is the named post's, whichever has issued it.
    """
    bare = _bare(number)
    found = _judged(bare)
    if carrier is None:
        return found
    code = carrier_named(carrier)
    if code and is_post(code) and _post(bare):
        return tuple(Tracking(bare, code, t.service, t.certain) for t in found if t.carrier == _post(bare))
    return tuple(tracking for tracking in found if tracking.carrier == code)


def formats_of(number: str) -> frozenset[str]:
    """The ids in couriers.toml of all the forms that a number fits, and s10."""
    bare = _bare(number)
    ids = {form.id for form in _fitting(bare)}
    return frozenset(ids | {"s10"}) if _post(bare) else frozenset(ids)


def find(text: str) -> tuple[Found, ...]:
    """The numbers in a text that some carrier's form fits, in order, none overlapping another.

    Where they would overlap, the certain one stands, then the one in fewer groups, then the longer.
    """
    plain = _DIALLED.sub(lambda match: "|" * len(match.group()), text[:MOST_CHARACTERS].translate(_PLAIN))
    candidates = [(Found(start, end, known), groups) for start, end, groups, known in _candidates(plain)]
    candidates.sort(key=lambda one: (not one[0].certain, one[1], one[0].start - one[0].end, one[0].start))
    taken: list[Found] = []
    covered = bytearray(len(plain))
    for found, _ in candidates:
        if not any(covered[found.start : found.end]):
            covered[found.start : found.end] = b"\1" * (found.end - found.start)
            taken.append(found)
    return tuple(sorted(taken, key=lambda found: found.start))


def _bare(number: str) -> str:
    """The number in ASCII without what means nothing; empty where it holds anything else or is too long."""
    plain = "".join(c for c in number[: 4 * LONGEST].translate(_PLAIN) if c not in " -\n_")
    return plain if len(number) <= 4 * LONGEST and len(plain) <= LONGEST and plain.isalnum() else ""


@lru_cache(maxsize=4096)
def _judged(bare: str) -> tuple[Tracking, ...]:
    found = [(_rank(form), Tracking(bare, form.courier, form.service, form.certain)) for form in _fitting(bare)]
    if post := _post(bare):
        service = _SERVICES.get(bare[0])
        found.append(((not service, False, -4), Tracking(bare, post, service, service is not None)))
    found.sort(key=lambda one: one[0])
    return tuple({(t.carrier, t.service): t for _, t in reversed(found)}.values())[::-1]


def _rank(form: Format) -> tuple[bool, bool, int]:
    return not form.certain, form.check is None, -form.letters


def _fitting(bare: str) -> list[Format]:
    return [form for form in formats().get((len(bare), bare.isdigit()), ()) if form.fits(bare)]


def _post(bare: str) -> str | None:
    """The postal operator of an S10 number with the right check digit."""
    return post_of(bare[-2:]) if _S10.fullmatch(bare) and s10(bare[2:11]) else None


# Texts are searched as they are but for each character's own reading: a digit or capital letter; a space, dash or line
# break; _ for a mark that is not seen; + for a plus sign; ~ for an accented letter, whose word is no number; | for the
# rest.
class _Plain(dict[int, str]):
    def __missing__(self, code: int) -> str:
        read = self[code] = _reading(chr(code))
        return read


def _reading(character: str) -> str:
    if character.isascii():
        if character.isalnum():
            return character.upper()
        return {"-": "-", "\n": "\n", "\r": "_", "+": "+"}.get(character, " " if character.isspace() else "|")
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if "\uff01" <= character <= "\uff5e":  # the full-width forms stand in the order of ASCII
        return _reading(chr(ord(character) - 0xFEE0))
    category = unicodedata.category(character)
    if category == "Pd" or character in "\u2212\u00ad\u30fc\u2043":  # minus, soft hyphen, what Japanese types for it
        return "_" if character == "\u00ad" else "-"
    if category in ("Cf", "Mn", "Me"):
        return "_"
    if category in ("Zl", "Zp"):
        return "\n"
    if category == "Zs":
        return " "
    return "~" if unicodedata.name(character, "").startswith("LATIN") else "|"


_PLAIN = _Plain()
_CHAIN = re.compile(r"[A-Z0-9~](?:[ \-\n_]{0,4}[A-Z0-9~])*")
_GROUP = re.compile(r"[A-Z0-9~](?:_*[A-Z0-9~])*")
_DIALLED = re.compile(r"\+[ _]?[0-9](?:[ \-_]?[0-9])*")  # a phone number
_Candidate = tuple[int, int, int, tuple[Tracking, ...]]


class _Group(msgspec.Struct, frozen=True):
    """Letters and digits with no space between: where they stand, and what stands between them and those before."""

    start: int
    end: int
    text: str
    gap: str
    numeric: bool  # holds a digit


def _candidates(plain: str) -> list[_Candidate]:
    """All that fit some form: from where to where, in how many groups, and whose."""
    found: list[_Candidate] = []
    tries = MOST_JOINED
    for chain in _CHAIN.finditer(plain):
        groups = _groups(plain, chain.start(), chain.end())
        if not any(group.numeric for group in groups):
            continue
        spelled = _spelled(groups)
        for first, last in spelled:
            _add(found, groups[first], groups[last - 1], "".join(group.text for group in groups[first:last]), 1)
        apart = {place for run in spelled for place in range(*run)}
        for place, group in enumerate(groups):
            _add(found, group, group, group.text, 1)
            if tries > 0 and place not in apart:
                tries -= _join(found, groups, place)
    return found


def _groups(plain: str, start: int, end: int) -> list[_Group]:
    groups = []
    before = start
    for match in _GROUP.finditer(plain, start, end):
        text = match.group().replace("_", "")
        gap = plain[before : match.start()].replace("_", "")
        groups.append(_Group(match.start(), match.end(), text, gap, any(map(str.isdigit, text))))
        before = match.end()
    return groups


def _join(found: list[_Candidate], groups: list[_Group], place: int) -> int:
    """Tries what begins with the group at `place` and goes on; returns the number of tries.

    The groups of one number are parted alike. Those in its midst hold digits, unless it is spelled out, and those of
    letters alone, at either end, are no words.
    """
    first = groups[place]
    if not first.numeric and len(first.text) > 4:
        return 0
    text, parted = first.text, ""
    tries = 0
    for count, group in enumerate(groups[place + 1 : place + MOST_GROUPS], start=2):
        kind = group.gap.strip("\n")[:1]
        if (kind and parted and kind != parted) or len(text) + len(group.text) > LONGEST:
            break
        parted = parted or kind
        text += group.text
        tries += 1
        _add(found, first, group, text, count)
        if not group.numeric and len(group.text) > 1:
            break
    return tries


def _spelled(groups: list[_Group]) -> list[tuple[int, int]]:
    """Runs of single characters, longer than what _join puts together; those that are too long are no number."""
    runs, first = [], 0
    for place in range(len(groups) + 1):
        if place == len(groups) or len(groups[place].text) > 1:
            if place - first > MOST_GROUPS:
                runs.append((first, place))
            first = place + 1
    return runs


def _add(found: list[_Candidate], first: _Group, last: _Group, text: str, count: int) -> None:
    if SHORTEST <= len(text) <= LONGEST and len(text) in _lengths() and "~" not in text:
        known = _judged(text)
        if known:
            found.append((first.start, last.end, count, known))


@lru_cache(maxsize=1)
def _lengths() -> frozenset[int]:
    return frozenset({length for length, _ in formats()} | {13})
