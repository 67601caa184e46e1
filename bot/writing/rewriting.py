"""A reply in a model's words, where they say what the plan says; in our own phrases everywhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow

import msgspec
import structlog

from bot.answer.check import Spoken, another_language, unsupported
from bot.answer.draft import Draft, Sentence
from bot.answer.vocabulary import of_record, runs
from bot.writing.faithful import unfaithful
from bot.writing.plan import Plan, Writer, WritingFailed

log = structlog.get_logger()

_AT_ONCE = 16  # replies that are written at a time; a further one is not waited for longer than one that is slow


class Rewriting:
    """Has replies written by one model, within `seconds`. Safe to use from several threads.

    The whole reply is checked before a word of it is sent.
    """

    def __init__(self, writer: Writer, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="write")

    def __call__(self, draft: Draft, question: str, spoken: Spoken, shop: str) -> Draft:
        """The draft in other words, or as it is: where the model fails, or says anything that the plan does not."""
        places = [place for place, sentence in enumerate(draft.sentences) if _is_ours(sentence, draft)]
        if not any(draft.sentences[place].evidence for place in places):
            return draft
        plan = Plan(spoken.language, question, tuple(draft.sentences[place].text for place in places))
        try:
            lines = self._lines(plan)
            sentences = list(draft.sentences)
            for place, line in zip(places, lines, strict=True):
                sentences[place] = msgspec.structs.replace(sentences[place], text=line)
            written = msgspec.structs.replace(draft, sentences=tuple(sentences))
            _hold(draft, written, spoken, shop)
        except WritingFailed as refused:
            log.warning("writing_refused", why=str(refused), language=spoken.language)
            return draft
        return written

    def _lines(self, plan: Plan) -> list[str]:
        """What the model wrote, a line for each of the plan.

        Raises:
            WritingFailed: it did not, or not in time.
        """
        running = self._threads.submit(self._writer.write, plan, self._seconds)
        try:
            text = running.result(self._seconds)
        except TooSlow:
            running.cancel()
            raise WritingFailed("slow") from None
        except WritingFailed:
            raise
        except Exception as error:  # whatever goes wrong in a model: the customer has an answer without it
            raise WritingFailed(type(error).__name__) from None
        if len(text) > plan.most:
            raise WritingFailed("endless")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) != len(plan.lines):
            raise WritingFailed("lines")
        return lines


def _is_ours(sentence: Sentence, draft: Draft) -> bool:
    """Whether a sentence is our phrase: what a help page says stays as the shop wrote it, conditions and all."""
    pages = {citation.id for citation in draft.citations if citation.kind == "article"}
    return "\n" not in sentence.text and not pages.intersection(sentence.evidence)


def _hold(draft: Draft, written: Draft, spoken: Spoken, shop: str) -> None:
    """Raises WritingFailed where the written reply is not the planned one in other words."""
    titles = {citation.id: citation.title for citation in draft.citations if citation.kind == "product"}
    own: list[str] = []
    for planned, line in zip(draft.sentences, written.sentences, strict=True):
        names = [title for name, title in titles.items() if name in planned.evidence and title in planned.text]
        if planned.text != line.text and (why := unfaithful(planned.text, line.text, names, spoken.language)):
            raise WritingFailed(why)
        record = of_record("\n".join(c.quote + "\n" + c.title for c in draft.citations if c.id in planned.evidence))
        own += [word for word in runs(line.text) if word not in record]
    if another_language(own, spoken.language):
        raise WritingFailed("language")
    if unsupported(written, shop):
        raise WritingFailed("evidence")
