"""The steady line of time: the wall clock at start plus monotonic time since."""

import time
from collections.abc import Callable
from typing import Final

from queue_alert.core.units import Instant, Seconds

__all__ = ["STEP_LIMIT_S", "SteadyClock"]

STEP_LIMIT_S: Final[Seconds] = 1.0
"""A wall clock that is further off than this was stepped; less is slewing and measuring."""


class SteadyClock:
    """A clock that never jumps unless it is told to.

    Args:
        wall: Returns the wall clock, in seconds since the epoch.
        monotonic: Returns seconds that only ever rise, from any start.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset: Seconds = wall() - monotonic()

    def now(self) -> Instant:
        """Return the present instant; it never falls, but for a step that :meth:`check_step` returned."""
        return self._monotonic() + self._offset

    def check_step(self) -> Seconds | None:
        """Compare with the wall clock and follow it if it was stepped.

        Returns:
            By how much the line has just been moved, in seconds, or ``None`` where it was not. The caller
            must tell the core with ``ClockStepped``. A machine that was suspended shows as a step too: its
            monotonic clock stood still meanwhile.
        """
        delta = self._wall() - self.now()
        if abs(delta) <= STEP_LIMIT_S:
            return None
        self._offset += delta
        return delta
