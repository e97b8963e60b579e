"""Two ways of doing something, timed in turn: the ratio holds though the machine's speed drifts."""

import statistics
from collections.abc import Callable

__all__ = ["median_ratio"]


def median_ratio(first: Callable[[int], float], second: Callable[[int], float], *, rounds: int = 60) -> float:
    """Return how many times as long ``first`` takes as ``second``: the median over pairs, A B A B …

    Args:
        first: Runs that many loops and returns the seconds they took.
        second: Likewise.
        rounds: Number of pairs, > 0; each is one loop of both, after one of each to warm up.
    """
    first(1), second(1)
    return statistics.median(first(1) / second(1) for _ in range(rounds))
