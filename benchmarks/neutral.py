"""A neutral JSON event: decoded and handled with every statistic on, against the bare limit.

The bare limit is what nobody can do without: decode the same line by the same types and update one dict.
"""

import time

import pyperf

from benchmarks.traffic import POLICY, START, neutral_lines
from queue_alert.core.events import Event, decoder
from queue_alert.core.monitor import Monitor

LINES = neutral_lines(4_000)


def bare(loops: int) -> float:
    """Decode every line and keep its time by its source."""
    decode = decoder().decode
    began = time.perf_counter()
    for _ in range(loops):
        seen: dict[str, float] = {}
        for line in LINES:
            event: Event = decode(line)
            seen[event.source] = event.time
    return time.perf_counter() - began


def whole(loops: int) -> float:
    """Decode every line and let a monitor handle it."""
    decode = decoder().decode
    spent = 0.0
    for _ in range(loops):
        handle = Monitor(POLICY, START).handle
        began = time.perf_counter()
        for line in LINES:
            event = decode(line)
            handle(event, event.time)
        spent += time.perf_counter() - began
    return spent


if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.bench_time_func("bare", bare, inner_loops=len(LINES))
    runner.bench_time_func("whole", whole, inner_loops=len(LINES))
