"""What was said before, for a client that missed it: a snapshot of the conversation, or a stored run again."""

from __future__ import annotations

import asyncio

import msgspec
from ag_ui.core import RunFinishedEvent, RunStartedEvent

from bot.channels import agui
from bot.channels.runs import Runs, conversation_of
from bot.channels.thread_values import Run
from bot.messages import Reply


async def snapshot(runs: Runs, thread: str) -> tuple[int, str]:
    """MESSAGES_SNAPSHOT as a wire line, and the seq that it stands for: what comes after that is not in it."""
    epoch, seq = await runs.stored(runs.threads.position, thread)
    # The bot's memory is read before our log: a reply that is in it has a run that the log knows to be later than seq.
    history = {turn.id: turn for turn in await asyncio.to_thread(runs.bot.history, conversation_of(thread))}
    questions, late = await runs.stored(runs.threads.questions, thread, seq)
    said: list[tuple[str, str, Reply | None]] = []
    for asked in questions:
        turn = history.get(asked.lead)
        reply = turn.reply if turn and asked.lead not in late else None
        # The turn's question is what was heard as well; where it holds earlier messages, these stand for themselves.
        question = turn.question if turn and not (asked.joins and asked.typed) else asked.typed
        said.append((asked.lead, question, reply))
    return seq, agui.wire(agui.snapshot(said), seq, epoch)


async def replay(runs: Runs, thread: str, run: Run) -> list[str]:
    """A run that ended, as wire lines with their old seqs; where its start was dropped, a snapshot within the run."""
    found = await runs.stored(runs.threads.of_run, thread, run.lead)
    if found:
        return [event.body for event in found[1]]
    epoch, _ = await runs.stored(runs.threads.position, thread)
    history = await asyncio.to_thread(runs.bot.history, conversation_of(thread))
    reply = next((turn.reply for turn in history if turn.id == run.lead), None)
    _, all_said = await snapshot(runs, thread)
    ended = RunFinishedEvent(thread_id=thread, run_id=run.run, result=msgspec.to_builtins(reply))
    return [
        agui.wire(RunStartedEvent(thread_id=thread, run_id=run.run), run.first, epoch, run.run),
        all_said,
        agui.wire(ended, None, epoch, run.run),
    ]
