"""How long understanding and answering take besides the models: turns of the parallel conversations, by stage.

The conversations of several languages are held twice. The first round meets products and phrases that it has not met
since the start, and encodes what is kept of them from then on; the second is a shop that has been open for a while.
Left out are the stages of the models (encode, decode, listen, look) or, more exactly, every pass of the text encoder
wherever in the turn it comes: searching and answering make some of their own, and encoding does more than its passes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bot.measures.conversations import demo_shop, with_own_conversations
from bot.measures.figures import Figure, show
from bot.measures.scenarios import ParallelConversation, Sayings, read_parallel
from bot.messages import Message, Text
from bot.parts import Parts
from bot.seams import TextEncoder
from bot.settings import from_environment

F32 = NDArray[np.float32]
LANGUAGES = ("en", "zh", "ar", "hi", "ja", "tr")
MODELS = ("encode", "decode", "listen", "look")
STAGES = ("understand", "search", "answer", "write", "store")
ROUNDS = ("first", "second")
REACH = 10.0  # ms
SLOWEST = 12  # turns that are shown, and profiled where it is asked for


class Timed:
    """A text encoder, and how many seconds and calls its passes took so far. Hashed by identity."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.seconds, self.calls = 0.0, 0

    def queries(self, texts: Sequence[str]) -> F32:
        """As the encoder's."""
        began = time.perf_counter()
        try:
            return self._encoder.queries(texts)
        finally:
            self.seconds, self.calls = self.seconds + time.perf_counter() - began, self.calls + 1

    def passages(self, texts: Sequence[str]) -> F32:
        """As the encoder's."""
        began = time.perf_counter()
        try:
            return self._encoder.passages(texts)
        finally:
            self.seconds, self.calls = self.seconds + time.perf_counter() - began, self.calls + 1


class Took(msgspec.Struct, frozen=True):
    """How long a turn took, in ms: its stages, and the passes of the text encoder in all of them together."""

    round: str
    language: str
    said: str
    intent: str
    stages: dict[str, float]
    encoder: float
    calls: int

    @property
    def besides_stages(self) -> float:
        """Without the stages of the models."""
        return self.stages["total"] - sum(self.stages.get(name, 0.0) for name in MODELS)

    @property
    def besides_passes(self) -> float:
        """Without the passes of the text encoder; there is no other model in a turn that is typed."""
        return self.stages["total"] - self.encoder

    @property
    def rest(self) -> float:
        """What is in no stage."""
        return self.stages["total"] - sum(self.stages.get(name, 0.0) for name in (*MODELS, *STAGES))


def measure(parts: Parts, languages: Sequence[str] = LANGUAGES) -> list[Figure]:
    """Holds the conversations, and prints where the time goes and the slowest turns."""
    took = hold(parts, languages)
    _print([turn for turn in took if turn.round == ROUNDS[-1]])
    return figures(took)


def hold(parts: Parts, languages: Sequence[str] = LANGUAGES, profile: cProfile.Profile | None = None) -> list[Took]:
    """How long each turn took. `profile` notes what the turns of the second round spend their time on."""
    conversations, sayings = read_parallel()
    own = with_own_conversations(demo_shop(parts.settings))
    encoder = Timed(own.text)
    own.__dict__.pop("senses", None)
    own.asked = encoder  # type: ignore[assignment]  # all that a conversation asks of it are these two
    own.warm()
    took: list[Took] = []
    for name in ROUNDS:
        held = with_own_conversations(own)
        noting = profile if name == ROUNDS[-1] else None
        for said in tqdm([said for said in sayings if said.language in languages], desc=name, leave=False):
            for conversation in conversations:
                took += _turns(held, encoder, name, conversation, said, noting)
        held.conversations.close()
    return took


def _turns(
    held: Parts,
    encoder: Timed,
    name: str,
    conversation: ParallelConversation,
    sayings: Sayings,
    profile: cProfile.Profile | None,
) -> list[Took]:
    took = []
    locale = sayings.language if conversation.locale == "own" else None
    key = f"{sayings.language} {conversation.name}"
    for place, turn in enumerate(conversation.turns):
        said = sayings.of(turn.key).say
        message = Message(f"{key}-{place}", key, (Text(said),), conversation.customer, locale)
        before, calls = encoder.seconds, encoder.calls
        if profile:
            profile.enable()
        reply = held.bot.turn(message)
        if profile:
            profile.disable()
        passes = (encoder.seconds - before) * 1e3
        took.append(Took(name, sayings.language, said, reply.intent, reply.timings_ms, passes, encoder.calls - calls))
    return took


def figures(took: Sequence[Took]) -> list[Figure]:
    """What the slowest of twenty turns take besides the models, in each round, and where the second spends it."""
    found = []
    for name in reversed(ROUNDS):
        turns = [turn for turn in took if turn.round == name]
        reach = REACH if name == ROUNDS[-1] else None
        found += [
            _slow(f"without the models' stages, {name} round", [turn.besides_stages for turn in turns]),
            _slow(f"without the encoder's passes, {name} round", [turn.besides_passes for turn in turns], reach),
        ]
    second = [turn for turn in took if turn.round == ROUNDS[-1]]
    found += [_slow(f"stage {stage}", [turn.stages.get(stage, 0.0) for turn in second]) for stage in STAGES]
    found.append(_slow("in no stage", [turn.rest for turn in second]))
    found.append(_slow("passes of the text encoder", [turn.encoder for turn in second]))
    return found


def _slow(name: str, ms: Sequence[float], reach: float | None = None) -> Figure:
    """The 95th percentile, beside the median and the most."""
    if not ms:
        return Figure(name=name, value=None, note="no turn was held")
    p50, p95 = (float(np.percentile(ms, q)) for q in (50, 95))
    spread = {"p50": p50, "most": max(ms)}
    return Figure(name=f"p95, {name}", value=p95, n=len(ms), unit="ms", reach=reach, better="less", spread=spread)


def _print(took: Sequence[Took]) -> None:
    print(f"\n{'intent':20} turns   p50    p95  ms without the encoder's passes, and calls of the encoder a turn")
    for intent, turns in Counter(turn.intent for turn in took).most_common():
        mine = [turn for turn in took if turn.intent == intent]
        p50, p95 = (np.percentile([turn.besides_passes for turn in mine], q) for q in (50, 95))
        print(f"{intent:20} {turns:5} {p50:6.2f} {p95:6.2f} {np.mean([turn.calls for turn in mine]):6.2f}")
    print("\nthe slowest")
    for turn in sorted(took, key=lambda turn: -turn.besides_passes)[:SLOWEST]:
        stages = " ".join(f"{stage} {turn.stages.get(stage, 0.0):.1f}" for stage in STAGES)
        print(f"{turn.besides_passes:6.1f} ms {turn.language} {turn.intent}: {turn.said!r}")
        print(f"          {stages}, in none {turn.rest:.1f}")


def main() -> None:
    """Measures some languages alone, and profiles where that is asked for."""
    parser = argparse.ArgumentParser(description="Time understanding and answering without the models.")
    parser.add_argument("--language", action="append", default=[], metavar="TAG")
    parser.add_argument("--profile", action="store_true", help="show which functions the second round spends it in")
    given = parser.parse_args()
    profile = cProfile.Profile() if given.profile else None
    took = hold(Parts(from_environment()), given.language or LANGUAGES, profile)
    _print([turn for turn in took if turn.round == ROUNDS[-1]])
    show("Understanding and answering without the models", figures(took))
    if profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
