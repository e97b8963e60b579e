"""Erlang C: Poisson arrivals, exponential conversations, and nobody ever gives up (M/M/c)."""

import math
from dataclasses import dataclass

from queue_alert.core.units import Ratio, Seconds

__all__ = ["ErlangC", "erlang_b"]


def erlang_b(agents: int, load: float) -> Ratio:
    """Return the share of callers turned away where none may wait (M/M/c/c).

    Args:
        agents: How many there are, >= 0.
        load: Offered load in Erlangs (arrival rate times mean handling time), >= 0.

    Raises:
        ValueError: If either is out of its bounds.

    Source: A. K. Erlang, 1917; the recursion B(c) = a B(c-1) / (c + a B(c-1)), B(0) = 1, which adds and
    multiplies positive numbers below 1 only and so loses nothing at any size.
    """
    if agents < 0:
        raise ValueError(f"agents: must be >= 0, got {agents}")
    if not (math.isfinite(load) and load >= 0):
        raise ValueError(f"load: must be a number >= 0, got {load}")
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


@dataclass(frozen=True, slots=True)
class ErlangC:
    """A group with more agents than work.

    Attributes:
        agents: How many there are, >= 1.
        arrivals_per_s: Mean number of callers in a second, >= 0.
        mean_handling_s: Mean time an agent is taken by one, > 0.

    Raises:
        ValueError: If a number is out of its bounds, or the line would grow for ever.

    Source: A. K. Erlang, 1917; L. Kleinrock, "Queueing Systems", 1975, 3.5.
    """

    agents: int
    arrivals_per_s: float
    mean_handling_s: Seconds

    def __post_init__(self) -> None:
        if self.agents < 1:
            raise ValueError(f"agents: must be >= 1, got {self.agents}")
        if not (math.isfinite(self.mean_handling_s) and self.mean_handling_s > 0):
            raise ValueError(f"mean_handling_s: must be > 0 s, got {self.mean_handling_s}")
        if not 0 <= self.load < self.agents:
            raise ValueError(f"load: must be 0 to less than {self.agents} Erlangs, got {self.load:g}")

    @property
    def load(self) -> float:
        """Offered load in Erlangs."""
        return self.arrivals_per_s * self.mean_handling_s

    @property
    def wait_probability(self) -> Ratio:
        """Share of callers who are not answered at once."""
        blocked = erlang_b(self.agents, self.load)
        occupancy = self.load / self.agents
        return blocked / (1 - occupancy * (1 - blocked))

    @property
    def mean_wait_s(self) -> Seconds:
        """Mean wait of all callers (ASA)."""
        return self.wait_probability * self.mean_handling_s / (self.agents - self.load)

    def service_level(self, within_s: Seconds) -> Ratio:
        """Return the share of callers who wait at most so long, >= 0."""
        decay = (self.agents - self.load) * within_s / self.mean_handling_s
        return 1 - self.wait_probability * math.exp(-decay)
