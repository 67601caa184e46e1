"""What replies say that their evidence does not, over thousands of small shops drawn at random, in all languages.

The replies are read by other means than the check that they have passed: numbers and codes by knowledge.metrics; and
for dates, those of the evidence are written as CLDR writes them in the reply's language and taken out of the reply,
after which no month may be left in it.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tqdm import tqdm

from bot import telling_sentences, verdicts
from bot.answer.context import Shop
from bot.conversations import Conversations
from bot.engine import Bot
from bot.measures.figures import Figure
from bot.measures.small_shops import SmallShop, drawn
from bot.messages import Message, Reply, Text
from bot.parts import Parts
from bot.phrasebook import Phrasebook, country, day, locale_of
from bot.settings import LANGUAGES
from knowledge import indexing
from knowledge.metrics import ungrounded, ungrounded_codes
from knowledge.search import Search
from knowledge.store import Store

_QUESTIONS = 3  # of each shop
_TOGETHER = 50  # shops that share a database and an index
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_MONTH_BY_NUMBER = re.compile(r"\d\s*[月월]|tháng\s+\d", re.IGNORECASE)


def measure(parts: Parts, shops: int = 2_000) -> list[Figure]:
    """Counts the replies with a number, a date or a code that their citations lack; prints each."""
    counts = {"numbers": 0, "dates": 0, "codes": 0}
    replies = claims = refused = 0
    began = time.monotonic()
    with tqdm(total=shops, desc="shops", leave=False) as bar:
        for first in range(0, shops, _TOGETHER):
            for language, asked, reply in _replies(parts, range(first, min(first + _TOGETHER, shops)), bar.update):
                replies, claims = replies + 1, claims + bool(reply.claims)
                refused += bool(reply.handoff and reply.handoff.reason == "not_known")
                for what, found in _invented(reply).items():
                    counts[what] += bool(found)
                    if found:
                        print(f"{language} {asked!r}: {what} {found}\n    {reply.text!r}")
    took = (time.monotonic() - began) / 60
    note = f"{shops:,} shops, {_TOGETHER} to a database, in {took:.1f} min; {claims:,} replies state something, "
    return [
        Figure(name=f"replies with {what} that the evidence lacks", value=count, n=replies, reach=0, better="less",
               note=note + f"{refused:,} are not known" if what == "numbers" else "")
        for what, count in counts.items()
    ]  # fmt: skip


def _replies(parts: Parts, numbers: Sequence[int], done: Callable[[], object]) -> Iterator[tuple[str, str, Reply]]:
    """Opens the shops of these numbers, and asks each some questions in a language, as its customer."""
    shops = {number: drawn(number) for number in numbers}
    with TemporaryDirectory(prefix="babeldesk-") as folder:
        place = Path(folder)
        store = stocked(parts, list(shops.values()), place)
        conversations = Conversations(f"sqlite:///{place / 'conversations.db'}")
        known = Shop(
            "Small shop", store, Search(store, place / "index"), parts.phrases, parts.text, parts.background,
            parts.senses.intents.typical, telling_sentences.load(parts.text_encoder),
            verdicts.load("rejections", parts.text_encoder), verdicts.load("instructions", parts.text_encoder),
        )  # fmt: skip
        bot = Bot(known, parts.senses, conversations, parts.settings)
        for number, shop in shops.items():
            language = LANGUAGES[number % len(LANGUAGES)]
            for turn, text in enumerate(_questions(parts.phrases, shop, language, number)):
                name = f"{number}-{turn}"
                yield language, text, bot.turn(Message(name, name, (Text(text),), shop.order.customer, language))
            done()
        conversations.close()
        store.close()


def stocked(parts: Parts, shops: Sequence[SmallShop], place: Path) -> Store:
    """The shops in one database, with their index beside it."""
    store = Store(f"sqlite:///{place / 'shop.db'}")
    store.put_products([product for shop in shops for product in shop.products])
    store.put_orders([shop.order for shop in shops])
    store.put_shipments([shop.shipment for shop in shops])
    store.put_articles([shop.article for shop in shops])
    store.put_duties([shop.duty for shop in shops])
    indexing.build(
        store, place / "index", encode=parts.text.passages, look=_no_pictures, progress=lambda _name, _share: None,
        text_encoder="e5", photo_encoder="none",
    )  # fmt: skip
    return store


def _no_pictures(_names: Any) -> Any:
    return np.zeros((0, 8), np.float32)


def _questions(phrases: Phrasebook, shop: SmallShop, language: str, seed: int) -> list[str]:
    """What customers ask here, by the phrases that suggest it to them, about what the shop has."""
    lot = random.Random(seed)  # noqa: S311
    sku = lot.choice(shop.products).sku
    asks = [
        f"{phrases.say(language, f'ask.{about}')} {sku}" for about in ("price", "availability", "material", "weight")
    ]
    asks += [
        f"{phrases.say(language, f'suggest.{about}')} {shop.order.id}" for about in ("track_order", "customs_duty")
    ]
    asks += [f"{phrases.say(language, 'suggest.customs_duty')} {country(shop.duty.country, language)}"]
    asks += [f"{phrases.say(language, 'suggest.return_refund')} {shop.order.id}", shop.article.title, sku]
    asks += [lot.choice(shop.products).title_in(language), f"{shop.order.id} 99 EUR?"]
    return lot.sample(asks, _QUESTIONS)


def _invented(reply: Reply) -> dict[str, list[str]]:
    quotes = [f"{cited.id} {cited.title} {cited.quote}" for cited in reply.citations]
    return {
        "numbers": ungrounded(reply.text, quotes),
        "dates": _dates_left(reply.text, quotes, reply.language),
        "codes": ungrounded_codes(reply.text, quotes),
    }


def _dates_left(text: str, quotes: Iterable[str], language: str) -> list[str]:
    """The months that stand in the text beside the dates of the evidence."""
    for year, month, number in _ISO.findall("\n".join(quotes)):
        try:
            text = text.replace(day(date(int(year), int(month), int(number)), language), " ")
        except ValueError:  # the digits of something else
            continue
    words = re.findall(r"[^\s\d.,:;()]+", text.casefold())
    return [word for word in words if word in _months(language)] + _MONTH_BY_NUMBER.findall(text)


@cache
def _months(language: str) -> frozenset[str]:
    every: Any = locale_of(language).months
    names = (name for form in every.values() for name in form["wide"].values())
    return frozenset(name.casefold() for name in names if not any(map(str.isdigit, name)) and len(name) > 2)
