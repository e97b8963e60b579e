"""For devices that answer too slowly to follow flashes: they are lit steadily, and never dark by accident.

Whoever takes a second over every change of a lamp that flashes twice a second makes something else of it: two
flashes a second become one in two seconds, which says that the figures are stale. So a device that was slow
is not told of a dark that is shorter than the longest one in a rhythm; what is left of any rhythm then is
steady light.
"""

import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from devices.kinds import OFF
from devices.worker import Device
from queue_alert.core.units import Seconds

__all__ = ["HOLD_S", "MOST_HOLD_S", "SLOW_S", "TICK_S", "Steadied"]

logger = logging.getLogger(__name__)

SLOW_S: Final[Seconds] = 0.2
"""A device that takes longer over a change cannot follow flashes of a quarter second."""

HOLD_S: Final[Seconds] = 2.5
"""A dark that lasts longer is no part of a rhythm: the rest between two groups is 1.75 s by default."""

MOST_HOLD_S: Final[Seconds] = 10.0
"""A lamp that stays lit for longer after everybody is gone says nothing any more."""

TICK_S: Final[Seconds] = 0.5
"""How often it must be asked whether a dark has lasted: the output's ``keepalive_s`` at most."""

_SLOW_FOR_S: Final[Seconds] = 30.0
"""So long after a slow answer a device counts as slow."""


class Steadied:
    """A device that is told less when it is slow.

    Args:
        name: The output's name, for the log.
        device: The real one.
        keepalive_s: It is told the same again after so long.
        hold_s: Darks up to this long are never shown; 0: only while the device is slow.
        clock: Seconds, steady.
    """

    def __init__(
        self,
        name: str,
        device: Device,
        *,
        keepalive_s: Seconds,
        hold_s: Seconds = 0.0,
        clock: Callable[[], Seconds] = monotonic,
    ) -> None:
        self._name = name
        self._device = device
        self._keepalive_s = keepalive_s
        self._hold_s = hold_s
        self._clock = clock
        self._shown: Mapping[str, str] = {}
        self._told_at = 0.0
        self._dark_since: Seconds | None = None
        self._slow_until: Seconds | None = None

    def open(self) -> None:
        """Open the device; nothing is known of it then.

        Raises:
            DriverError: As the device.
        """
        self._shown = {}
        self._device.open()

    def show(self, lamps: Mapping[str, str]) -> None:
        """Show ``lamps`` if they differ, are due again, and are no dark that is too short.

        Raises:
            DriverError: As the device.
        """
        began = self._clock()
        if lamps == self._shown:
            self._dark_since = None
            if began - self._told_at < self._keepalive_s:
                return
        elif self._is_short_dark(lamps, began):
            return
        self._device.show(lamps)
        self._shown, self._told_at, self._dark_since = dict(lamps), began, None
        self._judge(began, self._clock())

    def close(self) -> None:
        """Close the device."""
        self._device.close()

    def _is_short_dark(self, lamps: Mapping[str, str], now: Seconds) -> bool:
        hold_s = self._hold_s or (HOLD_S if self._slow_until is not None else 0.0)
        # A sounder is no light: its beeps are single, and one that is held is a nuisance.
        if (
            not hold_s
            or not self._shown
            or "buzzer" in lamps
            or any(shown != OFF for shown in lamps.values())
        ):
            self._dark_since = None
            return False
        if self._dark_since is None:
            self._dark_since = now
        return now - self._dark_since < hold_s

    def _judge(self, began: Seconds, ended: Seconds) -> None:
        if ended - began > SLOW_S:
            if self._slow_until is None:
                logger.warning(
                    "output is slow, it is lit steadily in place of flashes output=%s took=%.2fs",
                    self._name,
                    ended - began,
                )
            self._slow_until = ended + _SLOW_FOR_S
        elif self._slow_until is not None and ended >= self._slow_until:
            self._slow_until = None
            logger.info("output is fast again output=%s", self._name)
