"""What the model that tells languages apart learns from: frequent words of each language, and our example messages.

- wordfreq 3.1.1 (Robyn Speer; data CC BY-SA 4.0): words and how often they are used, of Wikipedia, subtitles, news,
  books, the web and Twitter. Only its data files are read. It has no Thai, which its script tells, and one Chinese, in
  simplified characters; OpenCC (Apache-2.0) writes the same words in traditional ones.
- bot/examples and bot/demo/articles: our own.
- Faker (MIT): names of people, which say little about the language of a message.

CLDR and the catalogues in bot/phrases are kept for measuring. All but our own are needed for training alone.
"""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import pkgutil
import random
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from bot.senses.language_grams import LETTERS, plain
from bot.senses.language_roman import SCRIPTS, romanised

# A class that begins with ~ is none of the shop's languages: without any, every text would have to be in one of them.
CLASSES: dict[str, dict[str, tuple[str, ...]]] = {
    "latin": {
        "en": ("en",), "es": ("es",), "fr": ("fr",), "de": ("de",), "pt": ("pt",), "it": ("it",), "nl": ("nl",),
        "pl": ("pl",), "tr": ("tr",), "id": ("id",), "vi": ("vi",), "~ca": ("ca",), "~cs": ("cs", "sk"),
        "~fi": ("fi",), "~hu": ("hu",), "~lt": ("lt", "lv"), "~ro": ("ro",), "~sh": ("sh", "sl"),
        "~sv": ("sv", "da", "nb"), "~names": (),
    },
    "cyrillic": {"ru": ("ru",), "uk": ("uk",), "~bg": ("bg", "mk")},
    "han": {"zh": ("zh",), "zh-Hant": ("zh",), "ja": ("ja",)},
    "romanised": {"hi": ("hi",), "ru": ("ru",), "uk": ("uk",)},  # and all of "latin"
}  # fmt: skip
SHOP = 0.1  # as many words of messages to a shop as this share of all
MOST = 80_000  # words of a class
OWN = 0.05  # of how often the language that uses a word most does, or it is a foreign word here
_BOT = Path(__file__).resolve().parents[1]
_MASHED = 6_000  # strings of random letters
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Source(NamedTuple):
    """Words of one class with how often they come up, and sentences cut into words."""

    words: dict[str, float]
    sentences: list[list[str]]


def sources(script: str) -> dict[str, Source]:
    """The source of each class of a script.

    Raises:
        ModuleNotFoundError: wordfreq, OpenCC or Faker is not installed.
    """
    if script == "romanised":
        return _in_latin_letters()
    lists: dict[str, dict[str, float]] = {}
    for name, codes in CLASSES[script].items():
        words = _names() if name == "~names" else _words(codes, LETTERS[script])
        lists[name] = _traditional(words) if name == "zh-Hant" else words
    own = _without_foreign(lists)
    found = {}
    for name, words in own.items():
        sentences = [] if name.startswith("~") else _sentences(name, script)
        found[name] = Source(_with_shop(words, sentences), sentences)
    return found


def _with_shop(words: dict[str, float], sentences: list[list[str]]) -> dict[str, float]:
    """Words by their frequency, with some of messages to a shop: there "hello" is English."""
    said = Counter(word for sentence in sentences for word in sentence)
    if not said:
        return words
    whole = sum(words.values())
    return {
        word: words.get(word, 0.0) / whole + SHOP * said[word] / said.total() for word in dict.fromkeys([*words, *said])
    }


def _without_foreign(lists: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The lists without words that another language uses far more: "together" is in the Vietnamese list too."""
    most: dict[str, float] = {}
    for name, words in lists.items():
        for word, often in words.items() if name != "~names" else ():
            most[word] = max(most.get(word, 0.0), often)
    return {
        name: {word: often for word, often in words.items() if name == "~names" or often >= OWN * most[word]}
        for name, words in lists.items()
    }


def _words(codes: tuple[str, ...], letters: re.Pattern[str]) -> dict[str, float]:
    """The most frequent words of some languages in these letters, each language counting alike."""
    spec = importlib.util.find_spec("wordfreq")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("telling languages apart is trained on wordfreq's word lists: pip install wordfreq")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    total: dict[str, float] = {}
    for code in codes:
        file = next(file for size in ("large", "small") if (file := folder / f"{size}_{code}.msgpack.gz").is_file())
        bins = msgspec.msgpack.decode(gzip.decompress(file.read_bytes()))
        for hundredths, held in enumerate(bins[1:]):  # the first is a header; each next is a hundredth of 10 rarer
            for found in held:
                for word in letters.findall(plain(found)):
                    total[word] = total.get(word, 0.0) + 10 ** (-hundredths / 100)
    every = sum(total.values())
    return {word: often / every for word, often in sorted(total.items(), key=lambda held: -held[1])[:MOST]}


def _traditional(words: dict[str, float]) -> dict[str, float]:
    """The same words as written in Taiwan, with its own words where they differ, and in plain conversion."""
    opencc = importlib.import_module("opencc")
    found: dict[str, float] = {}
    for how in ("s2t", "s2twp"):
        written = opencc.OpenCC(how).convert("\n".join(words)).split("\n")
        for word, often in zip(written, words.values(), strict=True):
            for variant in (word, word.replace("臺", "台")):  # the converter knows one, people write both
                found[variant] = found.get(variant, 0.0) + often / 4
    return found


def _in_latin_letters() -> dict[str, Source]:
    """Languages of other scripts as they are typed in Latin letters, and all that are written in these."""
    found = {}
    for name in CLASSES["romanised"]:
        lines = [SCRIPTS[name].findall(plain(line)) for line in _lines(name)]
        spelt = [[first for word in words for first in romanised(word, name)[:1]] for words in lines]
        sentences = [words for words in spelt if words]
        found[name] = Source(_with_shop(_romanised(name), sentences), sentences)
    return found | {f"~{name.removeprefix('~')}": source for name, source in sources("latin").items()}


def _romanised(language: str) -> dict[str, float]:
    """The most frequent words of a language in Latin letters, each spelling as often."""
    found: dict[str, float] = {}
    for word, often in _words((language,), SCRIPTS[language]).items():
        spellings = romanised(word, language)
        for spelling in spellings:
            found[spelling] = found.get(spelling, 0.0) + often / len(spellings)
    return found


def _names() -> dict[str, float]:
    """Names of people in Latin letters, all alike, a fifth as much of random letters, and rows of a keyboard."""
    persons = importlib.import_module("faker.providers.person")
    found: dict[str, float] = {}
    for module in pkgutil.iter_modules(persons.__path__):
        provider = importlib.import_module(f"{persons.__name__}.{module.name}").Provider
        for kind in ("first_names", "first_names_male", "first_names_female", "last_names"):
            held = getattr(provider, kind, ())
            for name in held if isinstance(held, list | tuple | dict) else ():
                found.update(dict.fromkeys(LETTERS["latin"].findall(plain(name)), 1.0))
    chance = random.Random(0)  # noqa: S311
    rows = [row[at : at + size] for row in _KEYS for size in range(4, 8) for at in range(len(row) - size + 1)]
    random_letters = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 8))) for _ in range(_MASHED)]
    share = 0.25 * len(found) / _MASHED
    for word in random_letters:
        found.setdefault(word, share)
    return found | dict.fromkeys(rows, 100 * share)


def _sentences(tag: str, script: str) -> list[list[str]]:
    """Our example messages and articles in a language, cut into words."""
    found = [LETTERS[script].findall(plain(line)) for line in _lines(tag)]
    return [words for words in found if words]


def _lines(tag: str) -> Iterable[str]:
    for line in (_BOT / "examples" / f"{tag}.tsv").read_text(encoding="utf-8").splitlines():
        yield line.partition("\t")[2]
    for article in sorted((_BOT / "demo" / "articles").glob(f"*.{tag}.md")):
        yield from article.read_text(encoding="utf-8").split("---", 2)[-1].splitlines()


def bare(word: str) -> str:
    """The word as typed without accents, as many do on a phone."""
    word = word.replace("ł", "l").replace("ı", "i").replace("đ", "d").replace("ß", "ss")
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
