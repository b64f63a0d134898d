"""Where the time of a turn goes: one histogram, by step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

STEPS = ("inbox", "engine", "actions", "rendering", "storing", "learning", "turn")
TURN_SECONDS = Histogram(
    "vinculo_turn_seconds",
    "Time of one message by step, in seconds; engine includes actions",
    ["step"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 30),
)
MESSAGES = Counter("vinculo_messages", "Messages stored", ["channel", "sender"])
HANDOFFS = Counter("vinculo_handoffs", "Conversations put into the queue", ["reason"])


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Count the time of the block under ``step``."""
    begin = time.perf_counter()
    try:
        yield
    finally:
        TURN_SECONDS.labels(step).observe(time.perf_counter() - begin)
