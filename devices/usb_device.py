"""A USB light as a device that is found, opened, written to and lost; who paints it is another's business."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from devices.kinds import OFF, Kind
from devices.usb_hid import (
    CheckedHandle,
    Hid,
    Light,
    Selection,
    Taken,
    choose,
    lights_in,
    listed,
    load_hid,
    why_not_opened,
)
from devices.usb_lights_codec import Colour, colour_of
from devices.worker import AGAIN_S, WorkerOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, MissingExtraError

__all__ = [
    "KEEPALIVE_S",
    "HidLight",
    "Painter",
    "UsbOptions",
    "check_usb",
    "claims_of",
    "find_by_ids",
    "usb_output",
]

KEEPALIVE_S: Final[Seconds] = 1.0
"""The present state is said again after so long: no light's own time-out is reached, an unplug is noticed."""

_LAMP: Final = Kind.RGB.lamps[0]
_PORT: Final = re.compile(r"\d+-\d+(\.\d+)*")
_LONGEST_NUMBER: Final = 126
"""A USB string holds so many characters."""

_taken = Taken()


class UsbOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every USB light."""

    serial_number: str = ""
    """Which of several, by the number in the light."""
    port: str = ""
    """Which of several, by the USB socket it is plugged into: ``"1-1.2"``."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps: one of any colour."""
        return Kind.RGB.lamps

    @property
    def selection(self) -> Selection:
        """Which of several lights is meant."""
        return Selection(serial_number=self.serial_number, port=self.port)


class Painter(Protocol):
    """Makes an open light show a colour. Every method may raise OSError, ValueError or DriverError."""

    def show(self, colour: Colour) -> None:
        """Show a colour, and keep the light alive."""

    def farewell(self) -> None:
        """Leave it dark."""


class HidLight:
    """A light at USB, for a worker's thread.

    Args:
        output: The output's name in the configuration.
        name: What kind of light: ``Luxafor``.
        find: Returns all lights of that kind.
        selection: Which of them.
        hid: The library.
        painter: Makes the painter of a light that was opened; may raise what a painter may.
    """

    def __init__(
        self,
        output: str,
        *,
        name: str,
        find: Callable[[], Sequence[Light]],
        selection: Selection,
        hid: Hid,
        painter: Callable[[Light, CheckedHandle], Painter],
    ) -> None:
        self._output = output
        self._name = name
        self._find = find
        self._selection = selection
        self._hid = hid
        self._make_painter = painter
        self._light: Light | None = None
        self._handle: CheckedHandle | None = None
        self._painter: Painter | None = None

    def open(self) -> None:
        """Find the light, open it and make it dark.

        Raises:
            DriverError: It is not plugged in, is one of several, may not be opened or does not work.
        """
        try:
            found = self._find()
        except OSError as error:
            raise DriverError(f"USB devices cannot be listed: {error}") from error
        self._light = light = _taken.take(found, self._output, self._name, self._selection)
        handle = CheckedHandle(self._hid.device())
        try:
            handle.open_path(light.path)
        except (OSError, ValueError) as error:
            raise why_not_opened(self._name, light) from error
        self._handle = handle
        try:
            self._painter = self._make_painter(light, handle)
        except (OSError, ValueError) as error:
            raise self._lost(light, error) from error
        self.show({_LAMP: OFF})

    def show(self, lamps: Mapping[str, str]) -> None:
        """Show a colour, and keep the light alive.

        Raises:
            DriverError: The light is gone.
        """
        light, painter = self._light, self._painter
        if light is None or painter is None:
            raise DriverError(f"the {self._name} light is not open")
        try:
            painter.show(colour_of(lamps[_LAMP]))
        except (OSError, ValueError) as error:
            self._painter = None  # nothing more can be said to it
            raise self._lost(light, error) from error

    def close(self) -> None:
        """Make it dark if it has worked so far, and let go of it."""
        if self._painter is not None:
            with suppress(OSError, ValueError, DriverError):
                self._painter.farewell()
            self._painter = None
        if self._handle is not None:
            with suppress(OSError, ValueError):
                self._handle.close()
            self._handle = None
        if self._light is not None:
            _taken.give_back(self._light)
            self._light = None

    def _lost(self, light: Light, error: Exception) -> DriverError:
        where = light.path.decode(errors="replace")
        return DriverError(
            f"the {self._name} light ({where}) does not take what it is told: {error}; is it unplugged?"
        )


def usb_output(output: str, device: HidLight) -> WorkerOutput:
    """Return the output that drives a light from a thread of its own."""
    return WorkerOutput(output, Kind.RGB.lamps, device, again_s=AGAIN_S, keepalive_s=KEEPALIVE_S)


def check_usb(options: UsbOptions, name: str, find: Callable[[Hid], Sequence[Light]]) -> list[ConfigProblem]:
    """Return the mistakes in the options, and a warning if the light is not plugged in just now.

    Args:
        options: Of one output.
        name: What kind of light: ``Luxafor``.
        find: Returns all lights of that kind.
    """
    problems = []
    if options.serial_number and options.port:
        message = f'must be left out beside serial_number, got "{options.port}"'
        problems.append(ConfigProblem(path="port", message=message))
    elif options.port and _PORT.fullmatch(options.port) is None:
        message = (
            f'must be a USB port such as "1-1.2", got "{options.port}"; queue-alert check names those in use'
        )
        problems.append(ConfigProblem(path="port", message=message))
    if len(options.serial_number) > _LONGEST_NUMBER:
        message = f"must have at most {_LONGEST_NUMBER} characters, got {len(options.serial_number)}"
        problems.append(ConfigProblem(path="serial_number", message=message))
    return problems or _warn(options, name, find)


def _warn(options: UsbOptions, name: str, find: Callable[[Hid], Sequence[Light]]) -> list[ConfigProblem]:
    try:
        choose(name, find(load_hid("")), options.selection)
    except (MissingExtraError, ImportError):
        return []  # said elsewhere
    except (DriverError, OSError) as error:
        path = "serial_number" if options.serial_number else "port" if options.port else "driver"
        return [ConfigProblem(path=path, message=str(error), is_warning=True)]
    return []


def claims_of(options: UsbOptions, name: str) -> tuple[str, ...]:
    """Return what an output occupies: the light it names."""
    return (f"the {name} light{options.selection}",)


def find_by_ids(hid: Hid, ids: Sequence[tuple[int, int]]) -> list[Light]:
    """Return the lights of one kind that are plugged in."""
    return lights_in(listed(hid), ids)
