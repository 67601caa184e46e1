"""What is counted for Prometheus. Each application has its own registry, so that several can live in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Meters:
    """Turns by how they ended, how long they took, and how many turns and sockets are open."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._turns = Counter("babeldesk_turns", "Turns by how they ended", ["state"], registry=self._registry)
        self._seconds = Histogram(
            "babeldesk_turn_seconds", "Duration of a turn", buckets=_SECONDS, registry=self._registry
        )
        self._running = Gauge("babeldesk_turns_running", "Turns being answered", registry=self._registry)
        self.answers = Counter(
            "babeldesk_answers", "Answers to messaging platforms", ["platform", "state"], registry=self._registry
        )
        self.sockets = Gauge("babeldesk_sockets", "Open websockets", registry=self._registry)

    @contextmanager
    def turn(self) -> Iterator[Callable[[str], None]]:
        """Times a turn; what it gives is called with the state that the turn ended in."""
        started = time.perf_counter()
        with self._running.track_inprogress():
            yield lambda state: self._turns.labels(state).inc()
        self._seconds.observe(time.perf_counter() - started)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
