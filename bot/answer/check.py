"""The last word before a reply leaves: what it says stands in the evidence that it cites.

The finished text is read, not what was meant by it. Values are compared by what they mean: a price with its currency,
a date as a day of the calendar, in words or digits. All other words have to be our phrases' own or the record's; so a
name, a place or an offer that no record has is refused whatever it is, without a list of what could be invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.answer import marks
from bot.answer.draft import Draft, Sentence
from bot.answer.marks import folded
from bot.answer.states import contradicted, sayings
from bot.answer.values import Value, plain, read, without
from bot.answer.vocabulary import named_places, of_pages, of_phrases, of_places, of_record, runs, strange
from bot.messages import Citation
from bot.phrasebook import Phrasebook
from bot.senses.language import identify
from bot.settings import LANGUAGES

# Letters of our own words, from when they tell what language a reply is in; and how sure that has to be.
_LETTERS = 12
_SURE = 0.8
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]{2}(?![A-Za-z])")
_SIGN = 3  # letters that a sign of Chinese, Japanese or Korean counts for


@dataclass(frozen=True)
class Spoken:
    """In what language the reply has to be, whose phrases it may use, and which countries (ISO 3166-1 alpha-2) the
    customer has named, who may be answered by their names."""

    language: str
    phrases: Phrasebook
    places: frozenset[str] = frozenset()


def warm(phrases: Phrasebook) -> None:
    """Reads what CLDR and the phrases say in every language (about 1 s), which the first reply would do otherwise."""
    for language in LANGUAGES:
        marks.of_language(language)
        of_phrases(phrases, language)
        sayings(phrases, language)
    marks.of_language(None)


def unsupported(draft: Draft, shop: str = "", spoken: Spoken | None = None) -> tuple[str, ...]:
    """What the reply says and none of the records that it cites does; empty where all is well.

    A claim is held against the evidence that it names itself; a sentence without evidence may hold no value and no
    name but the shop's. Without `spoken` only values and names are looked at, not the words between them.
    """
    by_id = {citation.id: citation for citation in draft.citations}
    missing: list[str] = []
    own: list[str] = []
    for sentence in draft.sentences:
        cited = [by_id[name] for name in sentence.evidence if name in by_id]
        if len(cited) < len(sentence.evidence):
            missing.append(sentence.text)
        # A greeting says the shop's name; what a record says is held against the record, name or not.
        text = plain(sentence.text.replace(shop, " ") if shop and not cited else sentence.text)
        told = "\n".join(_told(citation) for citation in cited)
        said = read(text, spoken.language if spoken else None)
        missing += unread(said, [value for citation in cited for value in read(_told(citation))], told)
        missing += _unnamed(sentence, text, cited)
        if spoken:
            rest = without(text, said)
            missing += _strange(text, rest, f"{told}\n{plain(shop)}", cited, spoken) + _wrong_state(rest, cited, spoken)
            own += [word for word in runs(rest) if word not in of_record(told)]
    if spoken and (language := another_language(own, spoken.language)):
        missing.append(language)
    return tuple(missing)


def _strange(text: str, rest: str, told: str, cited: Sequence[Citation], spoken: Spoken) -> list[str]:
    """The words between the values that are neither of our phrases nor of what is told."""
    more = of_record(told)
    if any(citation.kind in ("product", "article") for citation in cited):
        more |= of_pages(spoken.language)
    known, words = of_phrases(spoken.phrases, spoken.language), folded(told)
    left = strange(runs(rest), known, more, words)
    if not left:
        return []
    # What is left may be names of places; they are looked for last, since most replies have none.
    places = spoken.places | _places(told)
    if cited:
        places |= named_places(folded(text), words, spoken.language)
    return strange(left, known, more | of_places(places, spoken.language), words)


def unread(said: Iterable[Value], told: Sequence[Value], text: str) -> list[str]:
    """The values that nothing told agrees with. `text` is where the told ones were read, for codes within words."""
    known: dict[str, set[str]] = {}
    for value in told:
        known.setdefault(value.kind, set()).update(value.readings)
    # A price or a share may also be named without its currency or sign.
    numbers = known.get("number", set()) | known.get("percent", set())
    numbers |= {reading.partition(" ")[0] for reading in known.get("amount", ())}
    known["number"] = numbers
    return [value.written for value in said if not _agrees(value, known.get(value.kind, set()), text)]


def _agrees(value: Value, known: set[str], text: str) -> bool:
    if value.readings & known:
        return True
    if value.kind == "date":
        return any(_same_day(reading, day) for reading in value.readings for day in known)
    if value.kind == "code":  # "350ml" of "(350ml/12oz)"
        return any(_stands_in(reading, folded(text)) for reading in value.readings)
    return False


def _same_day(said: str, told: str) -> bool:
    """Whether all that is said of a date, as year-month-day, is so; 0 stands for what is not said."""
    parts = zip(said.split("-"), told.split("-"), strict=True)
    return all(int(part) in (0, int(known)) for part, known in parts)


def _stands_in(code: str, text: str) -> bool:
    place = text.find(code)
    while place >= 0:
        around = text[place - 1 : place] + text[place + len(code) : place + len(code) + 1]
        if not any(sign.isalnum() for sign in around):
            return True
        place = text.find(code, place + 1)
    return False


def _unnamed(sentence: Sentence, text: str, cited: Iterable[Citation]) -> list[str]:
    """The products that a statement rests on and does not name: it would be taken to be about another."""
    if not sentence.states:
        return []
    said = folded(text)
    return [one.title for one in cited if one.kind == "product" and folded(plain(one.title)) not in said]


def _wrong_state(rest: str, cited: Iterable[Citation], spoken: Spoken) -> list[str]:
    things = [citation for citation in cited if citation.kind in ("product", "shipment")]
    if not things:
        return []
    text = folded(rest)
    for citation in things:
        title = plain(citation.title)
        if name := folded(without(title, read(title))).strip():
            text = text.replace(name, " ")
    told = folded("\n".join(_told(citation) for citation in things))
    return contradicted(text, told, spoken.phrases, spoken.language)


def another_language(words: Sequence[str], language: str) -> str:
    """The language that a reply of these words is surely in, where it is not the one that it has to be in."""
    said = " ".join(words)
    if sum(_SIGN if sign >= "\u2e80" else 1 for sign in said if sign.isalpha()) < _LETTERS:
        return ""
    return _identified(said, language)


_OWN_LETTERS = {"hi": re.compile("[\u0900-\u097f]")} | dict.fromkeys(("ru", "uk"), re.compile("[\u0400-\u04ff]"))


@lru_cache(maxsize=4096)
def _identified(said: str, language: str) -> str:
    guess = identify(said, LANGUAGES, prior=language)
    if guess is None or guess.language == language or guess.confidence < _SURE:
        return ""
    # Customers type Hindi in Latin letters; neither our phrases nor a model that is asked for another language do.
    own_letters = _OWN_LETTERS.get(guess.language)
    return "" if own_letters and not own_letters.search(said) else guess.language


@lru_cache(maxsize=4096)
def _told(citation: Citation) -> str:
    return plain(f"{citation.id}\n{citation.title}\n{citation.quote}\n{citation.url or ''}")


@lru_cache(maxsize=4096)
def _places(told: str) -> frozenset[str]:
    """The countries whose codes stand in a record."""
    return frozenset(word for word in _CAPITALS.findall(told))
