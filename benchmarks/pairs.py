"""Two ways of doing something, timed in turn: the ratio holds though the machine's speed drifts."""

import os
import statistics
from collections.abc import Callable

__all__ = ["median_ratio"]


def median_ratio(
    first: Callable[[int], float], second: Callable[[int], float], *, rounds: int = 100
) -> float:
    """Return how many times as long ``first`` takes as ``second``: the median over pairs, A B A B …

    Both run on one processor, so that no move from one to another falls into a round.

    Args:
        first: Runs that many loops and returns the seconds they took.
        second: Likewise.
        rounds: Number of pairs, > 0; each is one loop of both, after one of each to warm up.
    """
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})
    try:
        first(1), second(1)
        return statistics.median(first(1) / second(1) for _ in range(rounds))
    finally:
        os.sched_setaffinity(0, processors)
