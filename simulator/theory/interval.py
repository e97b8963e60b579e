"""How sure a mean is that comes from one long run, in which neighbours wait alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["BATCHES", "Interval", "batch_means"]

BATCHES = 20
_T_99 = 2.861
"""Student's t with 19 degrees of freedom: 99 % lie within plus and minus this."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and how far the truth lies from it, 99 times in 100 at most."""

    mean: float
    half_width: float

    def __contains__(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half_width


def batch_means(batches: Sequence[float]) -> Interval:
    """Return the 99 % confidence interval of the mean of a run.

    Args:
        batches: The mean of each of 20 stretches of the run, as long as each other, one after another, and
            so long that what happens in one hardly depends on the one before.

    Raises:
        ValueError: There are not 20.

    Source: A. M. Law, "Simulation Modeling and Analysis", 9.5.3, the method of batch means.
    """
    if len(batches) != BATCHES:
        raise ValueError(f"batches: must be {BATCHES}, got {len(batches)}")
    mean = math.fsum(batches) / BATCHES
    variance = math.fsum((batch - mean) ** 2 for batch in batches) / (BATCHES - 1)
    return Interval(mean, _T_99 * math.sqrt(variance / BATCHES))
