"""Which language a text is written in, where it says enough: by its script, then by its words' letters."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

import msgspec

from bot.senses.language_chinese import simplified
from bot.senses.language_grams import LETTERS, SENTENCE, load, plain, probabilities, scores
from bot.senses.language_second import second

Prior = tuple[str | None, float]  # a language, and how much likelier than another it is


class Guess(msgspec.Struct, frozen=True):
    """A BCP 47 tag out of those offered; `confidence` is 0..1."""

    language: str
    confidence: float


_READ = 2_000  # characters; more of the same text says nothing new
_SURE_ENOUGH = 0.4
_NOTHING = 0.5  # how likely it may be that a text is names, or letters at random
# How much likelier words are names for the way they are capitalised: all small, one capitalised, several.
_SMALL, _CAPITAL, _CAPITALS = 0.6, 3.0, 20.0
_NAMES_SURE_ENOUGH = 0.85  # several capitalised words
_TINY, _SURER = 3, 0.6  # letters in all: "no", "la"; or one capitalised word
_TINY_AT_MOST = 0.75  # sure; so few never overrule a conversation in their script ("ну а" is Ukrainian as well)
_ACRONYM = 3  # letters of a single word in capitals that is one, or a size: DHL, XXL
_ARTICLE = 3  # letters of one
_FOREIGN_LETTERS, _FOREIGN_SURE = 12, 0.9  # from when a text may be said to be in a language that is not offered
_NOT_OFFERED = 0.03  # how likely a text is in such a language, beside one that is offered
# How likely a text in Latin letters is in each language that has others, beside all that have not; of a single word.
_ROMANISED, _ROMANISED_WORD = 0.6, 0.06
_ROMANISED_WORDS = 8  # that are read to tell
_ENGLISH = 2.0  # how much likelier than another language that has borrowed the word: "hello" in Vietnamese chats
_CHINESE = 4.0  # how much likelier than the same characters in Japanese, which seldom does without kana
# Used everywhere, so a text of nothing else is in no language.
_INTERNATIONAL = frozenset(
    {"ok", "okay", "okey", "oke", "hi", "wow", "lol", "sms", "pdf", "usb", "led", "wifi", "email", "mail", "online"}
)
_NAMES = "~names"
# How much likelier a message is in its conversation's language, or its channel's, than in any other of that script;
# and how much likelier it is nothing but names than in any other at all.
CONVERSATION, CHANNEL = 20.0, 4.0
_NAMED_THEN = 0.5  # of that

_CODE = re.compile(r"[\d@/_]|www\.")  # what a code has; most texts have none
_ASCII_RUN = re.compile(r"[!-~]+")
_RUNS = re.compile(
    r"(?P<latin>[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+(?:['’][A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]+)*)"
    r"|(?P<cyrillic>[\u0400-\u052f]+(?:['’][\u0400-\u052f]+)*)"
    r"|(?P<arabic>[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f]+)"
    r"|(?P<hebrew>[\u05d0-\u05ea]+)|(?P<devanagari>[\u0900-\u0963\u0971-\u097f]+)"
    r"|(?P<thai>[\u0e01-\u0e3a\u0e40-\u0e4e]+)|(?P<hangul>[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]+)"
    r"|(?P<kana>[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]+)"
    r"|(?P<han>[\u3400-\u4dbf\u4e00-\u9fff々\U00020000-\U000323af]+)"
    r"|(?P<other>[^\W\d_])"
)
# One sign of these scripts says about as much as so many letters of an alphabet.
_WEIGHTS = {"han": 3.0, "hangul": 2.0, "kana": 2.0}
_OF_ONE_LANGUAGE = {"hebrew": "he", "devanagari": "hi", "thai": "th", "hangul": "ko"}
_PARTICLES = frozenset("はをがにでとへもや")
_NOT_ARABIC = frozenset("پچژگکیےٹڈڑںہھۆێڵەۇۈ")  # Persian, Urdu, Kurdish and Uyghur write with these


def warm(languages: tuple[str, ...]) -> None:
    """Loads what `identify` needs (about 0.8 s), which the first call would do otherwise."""
    for text in ("hello there", "привет вам", "你好"):
        identify(text, languages)


def identify(
    text: str, languages: tuple[str, ...], prior: str | None = None, times: float = CONVERSATION
) -> Guess | None:
    """The text's main language out of `languages`, or None where it doesn't say enough.

    Numbers, codes, addresses, emoji and single names say nothing. A text in a language that is not offered gives
    None where that is plain, for instance by its script. Those of bot.settings.LANGUAGES are known, under any tag of
    theirs. `prior` is the language of the conversation, if it is known: it decides what could be either, for it is
    `times` as likely as any other of its script. So are names, by less: a single one never changes the language.
    """
    text = unicodedata.normalize("NFC", text[:_READ])
    if _CODE.search(text):
        text = _ASCII_RUN.sub(lambda run: " " if _is_code(run.group()) else run.group(), text)
    runs: dict[str, list[str]] = {}
    for run in _RUNS.finditer(text):
        runs.setdefault(str(run.lastgroup), []).append(run.group())
    script = _main_script(runs)
    if script is None or script == "other":
        return None
    if script in _OF_ONE_LANGUAGE:
        return _offered(Guess(_OF_ONE_LANGUAGE[script], 0.99), languages) if _says(runs[script]) else None
    if script == "arabic":
        return _offered(_arabic("".join(runs["arabic"])), languages)
    if script == "east_asian":
        return _east_asian(runs.get("han", []), runs.get("kana", []), languages, (prior, times))
    return _by_letters(runs[script], script, languages, (prior, times))


def _is_code(run: str) -> bool:
    """Numbers, SKUs, e-mail and web addresses, paths: a run of ASCII without a space."""
    return (
        any(sign.isdigit() or sign in "@_" for sign in run)
        or "://" in run
        or run.count("/") > 1
        or run.startswith("www.")
    )


def _main_script(runs: dict[str, list[str]]) -> str | None:
    """The script that says most. Beside another script, Latin words count only where they are not names.

    Han and kana are one here, for Japanese mixes them.
    """
    weights = {script: _WEIGHTS.get(script, 1.0) * sum(map(len, words)) for script, words in runs.items()}
    if len(runs) > 1 and "latin" in runs:
        weights["latin"] = sum(len(word) for word in runs["latin"] if word.islower())
    weights["east_asian"] = weights.pop("han", 0.0) + weights.pop("kana", 0.0)
    script = max(weights, key=lambda script: weights[script])
    return script if weights[script] else None


def _offered(guess: Guess | None, languages: tuple[str, ...]) -> Guess | None:
    """The guess under the tag that is offered for it: the same, its base, or its base with a region."""
    if guess is None or guess.language in languages:
        return guess
    base = guess.language.partition("-")[0]
    for tag in languages:
        if tag.partition("-")[0] == base:
            return Guess(tag, guess.confidence)
    return None


def _says(words: list[str]) -> bool:
    """Whether there is more than one letter; one syllable of Korean may be a word."""
    return len(words) > 1 or len(words[0]) > 1 or "가" <= words[0] <= "힣"


@functools.lru_cache(maxsize=64)
def _tags(known: tuple[str, ...], languages: tuple[str, ...]) -> dict[str, str]:
    """The classes of a model that are offered, and under which tag: the same, else its base with or without a region.

    Where one Chinese alone is offered, both stand for it.
    """
    found = {}
    for name in known:
        same = name if name in languages else None
        base = name.partition("-")[0]
        tag = same or next((tag for tag in languages if tag.partition("-")[0] == base and tag not in known), None)
        if tag is None and base == "zh":
            tag = next((tag for tag in languages if tag.partition("-")[0] == "zh"), None)
        if tag is not None:
            found[name] = tag
    return found


def _arabic(letters: str) -> Guess | None:
    """Arabic, unless the letters of another language in its script show."""
    foreign = sum(sign in _NOT_ARABIC for sign in letters)
    return Guess("ar", 0.99) if len(letters) > 1 and foreign < 0.08 * len(letters) else None


def _east_asian(han: list[str], kana: list[str], languages: tuple[str, ...], prior: Prior) -> Guess | None:
    """Kana is Japanese, but for the odd の that Chinese shop names borrow; characters alone are by their use."""
    signs = sum(map(len, han)), sum(map(len, kana))
    particles = sum(sign in _PARTICLES for run in kana for sign in run)
    if signs[1] >= 0.15 * sum(signs) or particles >= 0.08 * sum(signs) > 0:
        return _offered(Guess("ja", 0.99), languages) if sum(signs) > 1 else None
    shares, _ = _shares(han, "han", languages, prior)
    if not shares:
        return None
    language = max(shares, key=lambda tag: shares[tag])
    return Guess(language, min(0.99, round(shares[language], 3))) if shares[language] >= _SURE_ENOUGH else None


def _by_letters(words: list[str], script: str, languages: tuple[str, ...], prior: Prior) -> Guess | None:
    """A language of the Latin or the Cyrillic alphabet."""
    kept = [word for word in words if word.lower() not in _INTERNATIONAL]
    if not kept or (len(kept) == 1 and kept[0].isupper() and len(kept[0]) <= _ACRONYM):
        return None
    names = all(any(map(str.isupper, word)) for word in kept) and not all(map(str.isupper, kept))
    named = _SMALL if not names else _CAPITAL if len(kept) == 1 else _CAPITALS
    read, capitals = _cut(words, script)
    text = "" if names or len(words) == 1 else " ".join(words)
    shares, nothing = _shares(read, script, languages, prior, named, text, capitals)
    offered = sum(shares.values())
    if not shares or nothing > _NOTHING:
        return None
    if offered + nothing < 1 - _FOREIGN_SURE and sum(map(len, words)) >= _FOREIGN_LETTERS:
        return None
    language = max(shares, key=lambda tag: shares[tag])
    confidence = shares[language] / offered
    article = script == "latin" and len(kept) == 2 and len(kept[0]) <= _ARTICLE < len(kept[1])
    if names and article and not language.startswith("de"):
        return None  # Le Creuset, La Paz; any noun of German has a capital
    tiny = sum(map(len, kept)) <= _TINY
    enough = _SURE_ENOUGH
    if names and len(kept) > 1:
        enough = _NAMES_SURE_ENOUGH
    elif names or tiny:
        enough = _SURER
    if confidence < enough or (tiny and language != prior[0] and prior[0] in shares):
        return None
    return Guess(language, round(min(confidence, _TINY_AT_MOST) if tiny else confidence, 3))


def _cut(words: list[str], script: str) -> tuple[list[str], list[bool]]:
    """The words as the model reads them, and in a sentence which may be names for their capitals, if not its first."""
    text = plain(" ".join(words))
    if len(words) < SENTENCE or all(map(str.isupper, words)):
        return LETTERS[script].findall(text), []
    read, capitals = [], []
    for at, (word, low) in enumerate(zip(words, text.split(" "), strict=True)):
        parts = LETTERS[script].findall(low)
        read += parts
        capitals += [at > 0 and not word.islower()] * len(parts)
    return read, capitals


def _shares(
    words: list[str],
    script: str,
    languages: tuple[str, ...],
    prior: Prior,
    named: float = 1.0,
    text: str = "",
    capitals: Sequence[bool] = (),
) -> tuple[dict[str, float], float]:
    """How likely each language offered is among all that the model knows, and that it is none but names.

    `named` is how much likelier names are than the letters say; on `text`, where given, py3langid is asked as well.
    """
    before, times = prior
    known = load(script).classes
    tags = _tags(known, languages)
    if not tags:
        return {}, 0.0
    found = scores(words, script, capitals)
    if text:
        found = [ours + its for ours, its in zip(found, second(text, known), strict=True)]
    odds = probabilities(dict(zip(known, found, strict=True)))
    if script == "han":
        plainly = simplified("".join(words))
        chinese = _CHINESE * (odds["zh"] + odds["zh-Hant"])
        odds |= {"zh": chinese * plainly, "zh-Hant": chinese * (1 - plainly)}
    for name in odds:
        if name == _NAMES:
            odds[name] *= named * (_NAMED_THEN * times if before else 1.0)
            continue
        odds[name] *= _ENGLISH if name == "en" else 1.0
        odds[name] *= times if before and tags.get(name) == before else 1.0
        odds[name] *= 1.0 if name in tags else _NOT_OFFERED
    total = sum(odds.values())
    shares: dict[str, float] = {}
    for name, tag in tags.items():
        shares[tag] = shares.get(tag, 0.0) + odds[name] / total
    nothing = odds.get(_NAMES, 0.0) / total
    if script == "latin" and all(map(str.isascii, words)):
        return _with_romanised(shares, nothing, words, languages, prior, capitals)
    return shares, nothing


def _with_romanised(
    shares: dict[str, float], nothing: float, words: list[str], languages: tuple[str, ...], prior: Prior,
    capitals: Sequence[bool],
) -> tuple[dict[str, float], float]:  # fmt: skip
    """The shares of languages of Latin letters beside those that are typed in them for want of a keyboard."""
    known = load("romanised").classes
    tags = _tags(known, languages)
    found = scores(words[:_ROMANISED_WORDS], "romanised", capitals[:_ROMANISED_WORDS])
    odds = probabilities(dict(zip(known, found, strict=True)))
    chance = _ROMANISED if len(words) > 1 else _ROMANISED_WORD
    for name in odds:
        odds[name] *= chance if name in tags else 1.0
        odds[name] *= prior[1] if prior[0] is not None and tags.get(name, name[1:]) == prior[0] else 1.0
    total = sum(odds.values())
    other = sum(odd for name, odd in odds.items() if name.startswith("~")) / total
    return {tag: share * other for tag, share in shares.items()} | {
        tag: odds[name] / total for name, tag in tags.items()
    }, nothing * other
