"""How good a search, a transcript and a reply are. Pure functions; sources of the formulas stand with them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from rapidfuzz.distance import Levenshtein


def recall_at(k: int, found: Sequence[str], relevant: Collection[str]) -> float:
    """The share of the relevant that stands among the first `k` found, 0..1 (Manning et al., 2008, 8.3).

    Raises:
        ValueError: nothing is relevant, so that there is no share.
    """
    if not relevant:
        raise ValueError("recall needs at least one relevant record")
    return len(set(found[:k]) & set(relevant)) / len(set(relevant))


def reciprocal_rank(found: Sequence[str], relevant: Collection[str]) -> float:
    """1 over the place of the first relevant record, counted from 1; 0 where none was found (Voorhees, 1999)."""
    return next((1.0 / place for place, record in enumerate(found, 1) if record in relevant), 0.0)


def mrr(runs: Sequence[tuple[Sequence[str], Collection[str]]]) -> float:
    """The mean of `reciprocal_rank` over queries, each with what was found and what is relevant; 0 without queries."""
    return sum(reciprocal_rank(found, relevant) for found, relevant in runs) / len(runs) if runs else 0.0


def ndcg_at(k: int, found: Sequence[str], gains: Mapping[str, float]) -> float:
    """Normalised discounted cumulative gain, 0..1: gains over log2(place + 1), by the best order's (Järvelin and
    Kekäläinen, 2002, in the form with log2 for every place). `gains` maps records to how relevant they are, >= 0.
    A record that was found twice gains once. 0 where nothing has a gain.
    """
    order = list(dict.fromkeys(found))
    best = _discounted(sorted(gains.values(), reverse=True)[:k])
    return _discounted([gains.get(record, 0.0) for record in order[:k]]) / best if best else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def wer(heard: Sequence[str], said: Sequence[str]) -> float:
    """Word error rate of transcripts: substitutions, deletions and insertions over all words that were said.

    Sums over the whole set (Levenshtein, 1966, on words), so it can pass 1. Words are what space parts, without case
    and punctuation; for scripts that write no spaces `cer` is the one to take. 0 where nothing was said or heard.
    """
    return _error_rate([_plain(text).split() for text in heard], [_plain(text).split() for text in said])


def cer(heard: Sequence[str], said: Sequence[str]) -> float:
    """Character error rate: as `wer`, on characters without spaces, case and punctuation."""
    return _error_rate(
        [list("".join(_plain(t).split())) for t in heard], [list("".join(_plain(t).split())) for t in said]
    )


def _error_rate(heard: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> float:
    wrong = sum(Levenshtein.distance(a, b) for a, b in zip(heard, said, strict=True))
    if not wrong:
        return 0.0
    length = sum(map(len, said))
    return wrong / length if length else math.inf


def _plain(text: str) -> str:
    """NFKC without case; apostrophes go, other punctuation becomes space; letters, marks, digits and signs stay."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return "".join(" " if unicodedata.category(c)[0] == "P" else c for c in folded)


# Digits with what may stand between them: marks of decimals and groups, and a space before a group of three.
_NUMBER = re.compile(r"\d+(?:[.,'’٫٬]\d+|[ \u00a0\u202f]\d{3}(?!\d))*")


def ungrounded(text: str, evidence: Iterable[str]) -> list[str]:
    """The numbers in `text` that no piece of evidence has, as they are written, in order.

    A number is there if it has the same value whatever its marks (1.234,50 and 1234.5), and one of three parts or more
    also if each part stands in the evidence (08.11.2026 and 2026-11-08). Digits of any script count.
    """
    known: set[str] = set()
    for piece in evidence:
        for number in _NUMBER.findall(piece):
            known |= {*_values(number), *_parts(number)}
    return [n for n in _NUMBER.findall(text) if not known & _values(n) and not _is_date_of(n, known)]


def _is_date_of(number: str, known: set[str]) -> bool:
    parts = _parts(number)
    return len(parts) >= 3 and known.issuperset(parts)


def _parts(number: str) -> list[str]:
    """The runs of digits in a number, as 0-9, without zeros before them."""
    return [str(int(run)) for run in re.findall(r"\d+", number)]


def _values(number: str) -> set[str]:
    """What it may be worth: "772.910" may be of a currency with three decimals."""
    whole, _, decimals = number.partition("." if "." in number else ",")
    either = len(decimals) == 3 and f"{whole}{decimals}".isdecimal()
    return {_value(number)} | ({_value(f"{whole}.{decimals}0")} if either else set())


def _value(number: str) -> str:
    """A number without marks of groups, with a point before decimals, without zeros that say nothing."""
    runs = re.findall(r"\d+", number)
    marks = set(re.findall(r"\D", number))
    decimals = ""
    if len(runs) > 1 and (len(runs[-1]) != 3 or len(marks) > 1) and not re.search(r"[ \u00a0\u202f]\d+$", number):
        decimals = runs.pop()
    whole = str(int("".join(runs)))
    decimals = "".join(str(unicodedata.decimal(c)) for c in decimals).rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


# A run of letters, digits and what joins them in a code; a code has an ASCII letter and a digit.
_RUN = re.compile(r"[^\s\u200e\u200f\u061c\u2066-\u2069$€£¥₩₹₽%,;:!?()（），。；：！？、“”\"«»„।]+")


def ungrounded_codes(text: str, evidence: Iterable[str]) -> list[str]:
    """The codes in `text`, of ASCII letters and digits ("RR123456785DE", "MUG-1"), that no piece of evidence has, as
    they are written, in order. Case does not count."""
    known = "\n".join(unicodedata.normalize("NFKC", piece) for piece in evidence).casefold()
    runs = (run.strip(".'’*_-/") for run in _RUN.findall(unicodedata.normalize("NFKC", text)))
    codes = [run for run in runs if run.isascii() and re.search(r"[A-Za-z]", run) and re.search(r"\d", run)]
    return [code for code in codes if code.casefold() not in known]
