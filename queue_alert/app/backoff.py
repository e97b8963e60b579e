"""How long to wait before a connection is tried again."""

import random
from typing import Final

from queue_alert.core.units import Seconds

__all__ = ["FIRST_DELAY_S", "LONGEST_DELAY_S", "Backoff"]

FIRST_DELAY_S: Final[Seconds] = 1.0
LONGEST_DELAY_S: Final[Seconds] = 30.0


class Backoff:
    """Delays that double from 1 s to 30 s, each shortened by up to half at random.

    The randomness keeps a floor full of monitors from knocking on a restarted PBX in step.

    Args:
        randomness: Source of randomness.
    """

    def __init__(self, randomness: random.Random) -> None:
        self._randomness = randomness
        self._next: Seconds = FIRST_DELAY_S

    def next_delay(self) -> Seconds:
        """Return the next delay in seconds, 0.5 to 30, and remember that it was used."""
        delay = self._next
        self._next = min(delay * 2, LONGEST_DELAY_S)
        return delay * self._randomness.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin with the shortest delay again."""
        self._next = FIRST_DELAY_S
