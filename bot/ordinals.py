"""Which of several things a message points at: "the second one", "第二个", "последний". No model, any script.

The words stand in bot/lexicon/ordinals.tsv, in the forms that agree with a noun.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

LEXICON = Path(__file__).with_name("lexicon") / "ordinals.tsv"
_NO_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NUMBERED = re.compile(r"(?:^|[^\w.,])(?:#|№|nr\.? ?|no\.? ?|n[º°o]\.? ?)([1-4])(?![\w.,])", re.IGNORECASE)
_ALONE = re.compile(r"\W*([1-4])\W*")  # nothing but the number


def place(text: str, language: str, count: int) -> int | None:
    """Which of `count` things, from 0, `text` points at in `language` (BCP 47) or by a number; None for none, for one
    that is not there, and where it points at several."""
    text = _folded(text)
    number = _ALONE.fullmatch(text) or _NUMBERED.search(text)
    if number:
        found = {int(number[1]) - 1}
    else:
        found = {count - 1 if at == 4 else at for at, pattern in enumerate(_of(language)) if pattern.search(text)}
    only = found.pop() if len(found) == 1 else None
    return only if only is not None and 0 <= only < count else None


def without_place(text: str, language: str) -> str:
    """The text, folded, without the words that point at a place: "zweite" is no word of "zwei"."""
    text = _folded(text)
    for pattern in (_NUMBERED, *_of(language)):
        text = pattern.sub(" ", text)
    return text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _of(language: str) -> tuple[re.Pattern[str], ...]:
    return _patterns().get(language) or _patterns().get(language.split("-")[0], ())


@lru_cache(maxsize=1)
def _patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    """By language, what says first, second, third, fourth and last."""
    with LEXICON.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return {language: tuple(_pattern(forms.split("|")) for forms in columns) for language, *columns in rows}


def _pattern(forms: list[str]) -> re.Pattern[str]:
    """Any of the forms, as whole words where the script has spaces; Arabic may put a letter before them."""
    folded = sorted((unicodedata.normalize("NFKC", form).casefold() for form in forms), key=len, reverse=True)
    words = "|".join(map(re.escape, folded))
    if any(_NO_SPACES.search(form) for form in folded):
        return re.compile(rf"(?<!\d)(?:{words})(?!\d)")
    return re.compile(rf"(?<!\w)[وبفלהבו]?(?:{words})(?!\w)")
