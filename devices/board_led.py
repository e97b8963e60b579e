"""The LED on the Pi itself: a lamp that needs no wire.

The kernel lets whoever may write there choose what an LED does: a trigger (``mmc0``: it flickers with the SD
card), or ``none`` and its brightness. The trigger that was found is put back in the end.

Source: Linux, Documentation/leds/leds-class.rst and Documentation/ABI/testing/sysfs-class-led.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from devices.kinds import OFF, SINGLE_LAMP
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver

__all__ = ["DRIVER", "BoardLed", "BoardLedOptions", "chosen_trigger"]

LEDS: Final = Path("/sys/class/leds")
"""Where the kernel shows its LEDs, a folder each."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}")
_NO_TRIGGER: Final = "none"
_LONGEST: Final = 4096


class BoardLedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of an LED on the board."""

    led: str = "ACT"
    """Its name under ``/sys/class/leds``: the green one of a Pi is ``ACT``, with older kernels ``led0``."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps."""
        return (SINGLE_LAMP,)


class BoardLed:
    """An LED that the kernel drives.

    Args:
        led: Its name.
    """

    def __init__(self, led: str) -> None:
        self._folder = LEDS / led
        self._trigger = ""
        self._full = "1"

    def open(self) -> None:
        """Take it from whatever made it flicker, and make it dark.

        Raises:
            DriverError: There is none of that name, or it may not be written.
        """
        self._full = self._read("max_brightness")
        trigger = chosen_trigger(self._read("trigger"))
        self._write("trigger", _NO_TRIGGER)
        # Only now: what could not be taken must not be given back.
        self._trigger = self._trigger or trigger
        self._write("brightness", "0")

    def show(self, lamps: Mapping[str, str]) -> None:
        """Light it, or make it dark.

        Raises:
            DriverError: It cannot be written.
        """
        self._write("brightness", "0" if lamps[SINGLE_LAMP] == OFF else self._full)

    def close(self) -> None:
        """Make it dark and have it do what it did before; never raises."""
        if self._trigger:
            trigger, self._trigger = self._trigger, ""
            try:
                self._write("brightness", "0")
                self._write("trigger", trigger)
            except DriverError:
                return

    def _read(self, what: str) -> str:
        try:
            with (self._folder / what).open(encoding="ascii", errors="replace") as file:
                return file.read(_LONGEST).strip()
        except OSError as error:
            raise self._fault(error) from error

    def _write(self, what: str, value: str) -> None:
        try:
            (self._folder / what).write_text(value, encoding="ascii")
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> DriverError:
        if isinstance(error, FileNotFoundError):
            known = ", ".join(_known()) or "none"
            return DriverError(
                f"this machine has no LED {self._folder.name}; it has: {known}", recoverable=False
            )
        if isinstance(error, PermissionError):
            return DriverError(
                f"{self._folder} may not be written; install deploy/udev/70-queue-alert.rules, which gives "
                "it to the group gpio, and be in that group"
            )
        return DriverError(f"{self._folder} cannot be used: {error.strerror}")


def chosen_trigger(text: str) -> str:
    """Return the trigger in brackets of the file ``trigger``, ``none [mmc0] timer``; ``none`` without any."""
    match = re.search(r"\[([^\[\]\s]+)\]", text)
    return match[1] if match else _NO_TRIGGER


def _known() -> list[str]:
    try:
        return sorted(folder.name for folder in LEDS.iterdir())
    except OSError:
        return []


def _check(options: BoardLedOptions) -> list[ConfigProblem]:
    if _NAME.fullmatch(options.led) is None:
        message = f'must be a name under {LEDS}, such as "ACT", got "{options.led}"'
        return [ConfigProblem(path="led", message=message)]
    if not (LEDS / options.led).is_dir():
        known = ", ".join(_known()) or "none"
        message = f"this machine has no LED {options.led}; it has: {known}"
        return [ConfigProblem(path="led", message=message, is_warning=True)]
    return []


def _create(options: BoardLedOptions, context: OutputContext) -> WorkerOutput:
    return WorkerOutput(context.name, options.lamps, BoardLed(options.led))


DRIVER: Final = OutputDriver(
    summary="the LED on the Pi itself, a lamp without a wire",
    options=BoardLedOptions,
    create=_create,
    check=_check,
    claims=lambda options: (f"the LED {options.led}",),
)
