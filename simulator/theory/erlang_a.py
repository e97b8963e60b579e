"""Erlang A: as Erlang C, but callers have an exponential patience (M/M/c+M)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from queue_alert.core.units import Ratio, Seconds

__all__ = ["ErlangA"]

_NEGLIGIBLE = 60.0
"""A probability e^60 times smaller than the largest adds nothing to a double."""


@dataclass(frozen=True)
class ErlangA:
    """A group whose callers may give up; it is never hopeless, however few the agents.

    Attributes:
        agents: How many there are, >= 1.
        arrivals_per_s: Mean number of callers in a second, > 0.
        mean_handling_s: Mean time an agent is taken by one, > 0.
        mean_patience_s: Mean time after which a caller gives up, > 0.

    Raises:
        ValueError: If a number is out of its bounds.

    Source: C. Palm, 1946; O. Garnett, A. Mandelbaum, M. Reiman, "Designing a Call Center with Impatient
    Customers", 2002; A. Mandelbaum, S. Zeltyn, "Service Engineering in Action: The Palm/Erlang-A Queue",
    2007.
    """

    agents: int
    arrivals_per_s: float
    mean_handling_s: Seconds
    mean_patience_s: Seconds

    def __post_init__(self) -> None:
        if self.agents < 1:
            raise ValueError(f"agents: must be >= 1, got {self.agents}")
        for name in ("arrivals_per_s", "mean_handling_s", "mean_patience_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name}: must be a number > 0, got {value}")

    @property
    def wait_probability(self) -> Ratio:
        """Share of callers who are not answered at once."""
        return math.fsum(self._waiting)

    @property
    def abandon_ratio(self) -> Ratio:
        """Share of callers who give up: those who wait do so at the rate of their patience."""
        return self.mean_waiting / (self.mean_patience_s * self.arrivals_per_s)

    @property
    def mean_waiting(self) -> float:
        """Mean number of callers in line."""
        return math.fsum(number * share for number, share in enumerate(self._waiting))

    @property
    def mean_wait_s(self) -> Seconds:
        """Mean wait of all callers, answered or not (Little's law)."""
        return self.mean_waiting / self.arrivals_per_s

    @property
    def mean_answered_wait_s(self) -> Seconds:
        """Mean wait of those who are answered (ASA), those answered at once among them.

        Whoever finds all agents taken and ``k`` callers in line moves up one place after another. With ``i``
        callers ahead of them, the line moves at the rate c mu + i theta and they give up at the rate theta:
        so each place takes 1 / (c mu + (i + 1) theta) on average, however it ends, and they are answered with
        the probability c mu / (c mu + (k + 1) theta).
        """
        serving = self.agents / self.mean_handling_s
        giving_up = 1 / self.mean_patience_s
        wait_s = 0.0
        parts = []
        for ahead, share in enumerate(self._waiting):
            leaving = serving + (ahead + 1) * giving_up
            wait_s += 1 / leaving
            parts.append(share * serving / leaving * wait_s)
        return math.fsum(parts) / (1 - self.abandon_ratio)

    @cached_property
    def _waiting(self) -> tuple[Ratio, ...]:
        """The probabilities of all agents taken and 0, 1, 2, ... callers in line."""
        logs = list(self._log_weights())
        highest = max(logs)
        weights = [math.exp(log - highest) for log in logs]
        total = math.fsum(weights)
        return tuple(weight / total for weight in weights[self.agents :])

    def _log_weights(self) -> Iterator[float]:
        """Yield the logarithm of each state's probability but for a constant, from an empty floor on.

        It is a birth-death process: in the state n callers come at lambda and go at min(n, c) mu +
        max(n - c, 0) theta. Logarithms, for the products would overflow with some hundred agents.
        """
        log = highest = 0.0
        number = 0
        yield log
        while True:
            number += 1
            busy = min(number, self.agents)
            leaving = busy / self.mean_handling_s + (number - busy) / self.mean_patience_s
            log += math.log(self.arrivals_per_s / leaving)
            yield log
            highest = max(highest, log)
            if number >= self.agents and log < highest - _NEGLIGIBLE and leaving > self.arrivals_per_s:
                return
