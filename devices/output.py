"""What all our outputs have in common: open or not, and a check of what is written."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from devices.kinds import OFF
from queue_alert.ports import DriverError

__all__ = ["CheckedOutput"]

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class CheckedOutput:
    """An output that refuses to write what it was not told whole; a driver fills in the last three methods.

    Args:
        name: The output's name in the configuration, for messages.
        lamps: Names of its lamps, the most severe first.

    Attributes:
        lamps: The same names.
    """

    def __init__(self, name: str, lamps: Sequence[str]) -> None:
        self.lamps: Sequence[str] = tuple(lamps)
        self._name = name
        self._is_open = False

    def open(self) -> None:
        """Claim the device and make it dark; nothing if it is open.

        Raises:
            DriverError: It cannot be had.
        """
        if not self._is_open:
            self._claim()
            self._is_open = True

    def write(self, lamps: Mapping[str, str]) -> None:
        """Make every lamp show what is said.

        Raises:
            DriverError: The output is not open, a lamp is unknown or missing, a value is neither ``"off"``
                nor a colour, or the device failed.
        """
        if not self._is_open:
            raise DriverError(f"outputs.{self._name}: is not open; nothing can be shown", recoverable=False)
        if lamps.keys() != set(self.lamps):
            raise DriverError(
                f"outputs.{self._name}: must be given the lamps {', '.join(self.lamps)}, "
                f"got {', '.join(lamps) or 'none'}",
                recoverable=False,
            )
        for lamp, shown in lamps.items():
            if shown != OFF and _COLOUR.fullmatch(shown) is None:
                raise DriverError(
                    f'outputs.{self._name}: lamp {lamp} must show "off" or a colour "#rrggbb", got "{shown}"',
                    recoverable=False,
                )
        self._set(lamps)

    def close(self) -> None:
        """Make it dark and let go of it; nothing if it is not open."""
        if self._is_open:
            self._is_open = False
            self._release()

    def _claim(self) -> None:
        """Claim the device, dark; leave nothing claimed on a failure."""

    def _set(self, lamps: Mapping[str, str]) -> None:
        """Show ``lamps``, which are whole and well-formed."""

    def _release(self) -> None:
        """Make it dark and let go of it; never raise."""
