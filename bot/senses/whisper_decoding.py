"""From the encoded sound to text: beam search over Whisper's decoder, kept to what a language is written in.

Search and scores follow openai-whisper's (Radford et al., 2022): symbols that are no speech are never written, the
first token is neither a space nor the end, a text's score is its log-probability over its length.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from bot.senses.cores import Work
from bot.senses.whisper_model import Apply, Decoder, Heads
from bot.senses.whisper_scripts import Writing

_FIRST = 50  # the latest time mark that a text may begin with: one second


@dataclass(frozen=True)
class Decoded:
    """A text and how sure it is. `ended` is False where it was cut at the greatest length, as loops are."""

    text: str
    tokens: tuple[int, ...]
    log_probability: float  # mean of the tokens and the end
    total: float  # sum
    ended: bool

    @property
    def compression(self) -> float:
        """How far zlib shortens the text; above 2.4 it repeats itself."""
        written = self.text.encode()
        return len(written) / len(zlib.compress(written))


@dataclass(frozen=True)
class Options:
    """How to search. `before` is what might have been said before; it settles the script where there are several."""

    beams: int
    most: int  # tokens
    timed: bool = False  # with time marks, without which Whisper leaves out sentences of long recordings
    before: str = ""


@dataclass(frozen=True)
class Beginning:
    """What one look at the sound tells: the chance of each language, and that nobody speaks."""

    heads: Heads
    languages: dict[str, float]
    no_speech: float


@dataclass
class _Path:
    """A hypothesis: its tokens, the sum of their log-probabilities, and the bytes of a letter that is not whole yet."""

    tokens: list[int] = field(default_factory=list)
    score: float = 0.0
    pending: bytes = b""


class Search:
    """Whisper's decoder with its vocabulary. `rows` makes the layer of the output."""

    def __init__(self, decoder: Decoder, tokenizer: Any, rows: Callable[[Tensor, Tensor | None], Apply]) -> None:
        self._decoder, self._tokenizer = decoder, tokenizer
        self._end: int = tokenizer.eot
        self._text_rows = rows(decoder.words[: self._end + 1], None)
        self._time_rows = decoder.words[tokenizer.timestamp_begin :].T.contiguous()
        self._mark_rows = decoder.words[self._end + 1 : tokenizer.timestamp_begin]
        self.pieces = [tokenizer.encoding.decode_single_token_bytes(n) for n in range(self._end)]
        self._unspoken = [n for n in tokenizer.non_speech_tokens if n < self._end]
        self._blank = [*tokenizer.encode(" "), self._end]
        self._bars: dict[tuple[int, bytes], Tensor] = {}

    @property
    def room(self) -> int:
        """How many tokens of text Whisper writes at most; it keeps as many for what was said before."""
        return self._decoder.room // 2

    def begin(self, sound: Tensor) -> Beginning:
        """Whisper's first look at the encoded sound [n, width]."""
        heads = self._decoder.begin(sound)
        said = self._decoder(torch.tensor([[self._tokenizer.sot]]), heads)[0, -1:]
        logits = torch.cat([self._text_rows(said), said @ self._mark_rows.T], 1)[0]
        codes = dict(zip(self._tokenizer.all_language_codes, self._tokenizer.all_language_tokens, strict=True))
        found = torch.softmax(logits[list(codes.values())], 0).tolist()
        no_speech = torch.softmax(logits, 0)[self._tokenizer.no_speech].item()
        return Beginning(heads, dict(zip(codes, found, strict=True)), no_speech)

    def decode(self, begun: Beginning, code: str, writing: Writing, options: Options) -> Work[Decoded]:
        """The likeliest text in the language `code`, token by token; may be called again with the same beginning."""
        marks = [self._tokenizer.to_language_token(code), self._tokenizer.transcribe]
        heads = begun.heads.again()
        if options.before:
            heads.length = 0  # the start mark comes again, after what was said before
            said_before = self._tokenizer.encode(" " + options.before)
            marks = [self._tokenizer.sot_prev, *said_before, self._tokenizer.sot, *marks]
        if not options.timed:
            marks.append(self._tokenizer.no_timestamps)
        said = self._decoder(torch.tensor([marks]), heads)[:, -1]
        paths, whole = [_Path()], list[_Path]()
        for _ in range(options.most):
            chances = self._chances(said, paths, writing, options.timed)
            paths, sources = self._best(chances, paths, whole, options.beams, writing)
            if len(whole) >= options.beams or not paths:
                break
            heads.keep(sources)
            said = self._decoder(torch.tensor([[self._number(path.tokens[-1])] for path in paths]), heads)[:, -1]
            yield
        best = max(whole or paths, key=lambda path: path.score / max(1, len(path.tokens)))
        text = b"".join(self.pieces[token] for token in best.tokens if token < self._end).decode("utf-8", "ignore")
        return Decoded(text.strip(), tuple(best.tokens), best.score / (len(best.tokens) + 1), best.score, bool(whole))

    def _number(self, column: int) -> int:
        """Whisper's token of a column of the chances: texts, the end, then the time marks."""
        return column if column <= self._end else column - self._end - 1 + self._tokenizer.timestamp_begin

    def _chances(self, said: Tensor, paths: list[_Path], writing: Writing, timed: bool) -> Tensor:
        """Sums of log-probabilities [paths, tokens] were each path to go on with each token."""
        logits = self._text_rows(said)
        if timed:
            logits = torch.cat([logits, said @ self._time_rows], 1)
        for row, path in zip(logits, paths, strict=True):
            if timed:
                self._keep_time(row, path.tokens, bool(path.pending))
            row[: self._end + 1] += self._bar(writing, path.pending)
            if len(path.tokens) == timed:
                row[self._blank] = -torch.inf
        return torch.log_softmax(logits, 1) + torch.tensor([[path.score] for path in paths])

    def _keep_time(self, logits: Tensor, tokens: list[int], pending: bool) -> None:
        """Takes from the logits [tokens] of what follows `tokens` what would break the rules of time marks.

        They stand at the start, at the end, and in pairs between; they never go back, and never cut a letter. A mark
        is due where all marks together are likelier than any piece of text.
        """
        times = self._end + 1
        if not tokens:
            logits[:times] = -torch.inf
            logits[times + _FIRST + 1 :] = -torch.inf
        elif pending or (tokens[-1] >= times and (len(tokens) == 1 or tokens[-2] >= times)):
            logits[times:] = -torch.inf
        else:
            last = max(token for token in tokens if token >= times)
            second = tokens[-1] >= times
            logits[times : last + (not second)] = -torch.inf
            if second or torch.logsumexp(logits[times:], 0) > logits[: self._end].max():
                logits[: self._end] = -torch.inf

    def _best(
        self, chances: Tensor, paths: list[_Path], whole: list[_Path], beams: int, writing: Writing
    ) -> tuple[list[_Path], list[int]]:
        """The `beams` best paths that go on, and of which each comes; better ones that end are put with the whole."""
        scores, places = chances.flatten().topk(2 * beams)
        kept, sources, width = list[_Path](), list[int](), chances.shape[1]
        for score, place in zip(scores.tolist(), places.tolist(), strict=True):
            source, token = divmod(place, width)
            if score == -torch.inf or len(kept) == beams:
                break
            before = paths[source]
            if token == self._end:
                whole.append(_Path(before.tokens, score))
                continue
            piece = self.pieces[token] if token < self._end else b""
            pending = writing.rest(before.pending + piece)
            assert pending is not None
            kept.append(_Path([*before.tokens, token], score, pending))
            sources.append(source)
        return kept, sources

    def _bar(self, writing: Writing, pending: bytes) -> Tensor:
        """float32[tokens]: 0 for what may follow, minus infinity for the rest."""
        key = (id(writing), pending)
        if key not in self._bars:
            bar = torch.full((self._end + 1,), -torch.inf)
            bar[: self._end][torch.from_numpy(writing.allowed(pending).copy())] = 0
            bar[self._unspoken] = -torch.inf
            bar[self._end] = -torch.inf if pending else 0
            self._bars[key] = bar
        return self._bars[key]
