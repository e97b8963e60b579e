"""The Pi's pins by way of gpiozero: which library drives them, and what its complaints mean.

The library is chosen by name and never falls back to another: a lamp that silently hangs on a guess is a lamp
that one day stays dark.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, Final, Literal

from devices.extras import require
from queue_alert.ports import ConfigProblem, DriverError

__all__ = [
    "FactoryName",
    "Pins",
    "Pull",
    "check_factory",
    "claim_input",
    "claim_pin",
    "open_pins",
    "require_gpiozero",
]

FactoryName = Literal["lgpio", "mock"]
"""``lgpio`` drives the pins of a Pi; ``mock`` only remembers, on any machine."""

Pull = Literal["up", "down", "floating"]
"""Where the Pi's own resistor draws a pin that nothing else drives."""


_NO_LGPIO: Final = (
    "the package lgpio is not installed; install it with: apt install python3-lgpio "
    '(or write factory = "mock" to run without pins)'
)


@dataclass(frozen=True, slots=True)
class Pins:
    """The pins of this machine, one for the whole process.

    Attributes:
        factory: gpiozero's pin factory.
        errors: What it raises when a pin fails.
    """

    factory: Any
    errors: tuple[type[Exception], ...]


def require_gpiozero(where: str) -> None:
    """Import gpiozero.

    Args:
        where: Who needs it: ``outputs.beacon: driver "gpio-lamp"``.

    Raises:
        MissingExtraError: It is not installed.
    """
    require("gpiozero", where, package="gpiozero", extra="gpio")


def check_factory(name: FactoryName) -> list[ConfigProblem]:
    """Return whether what drives the pins is missing, as a warning: the configuration may be for a Pi."""
    if name != "lgpio" or "lgpio" in sys.modules or find_spec("lgpio") is not None:
        return []
    return [ConfigProblem(path="factory", message=_NO_LGPIO, is_warning=True)]


def open_pins(name: FactoryName) -> Pins:
    """Return the pins as the library ``name`` drives them; made once, then the same.

    Raises:
        DriverError: The library is not installed or cannot reach the pins.
    """
    pins = _opened.get(name)
    if pins is None:
        pins = _opened[name] = _OPENERS[name]()
    return pins


def claim_pin(pins: Pins, pin: int, *, active_low: bool, where: str) -> Any:
    """Return gpiozero's device for a pin, which is off.

    Args:
        pins: Where.
        pin: BCM number.
        active_low: Whether low is on.
        where: Who asks: ``outputs.beacon``.

    Raises:
        DriverError: The pin does not exist or is taken.
    """
    make = partial(
        _device_class(), pin, active_high=not active_low, initial_value=False, pin_factory=pins.factory
    )
    return _claim(make, pins, pin, where=where, rival="another output")


def claim_input(pins: Pins, pin: int, *, pull: Pull, where: str) -> Any:
    """Return gpiozero's device for a pin that is read; its ``pin.state`` is the level.

    Args:
        pins: Where.
        pin: BCM number.
        pull: Where its resistor draws it.
        where: Who asks: ``buttons.desk``.

    Raises:
        DriverError: The pin does not exist, is taken, or cannot be drawn that way.
    """
    pull_up = {"up": True, "down": False, "floating": None}[pull]
    # A floating pin has no side that gpiozero could take for active; here the level alone is read.
    active_state = True if pull_up is None else None
    make = partial(_input_class(), pin, pull_up=pull_up, active_state=active_state, pin_factory=pins.factory)
    return _claim(make, pins, pin, where=where, rival="an output or another button")


def _claim(make: Callable[[], Any], pins: Pins, pin: int, *, where: str, rival: str) -> Any:
    from gpiozero.exc import GPIOPinInUse, PinInvalidPin

    try:
        return make()
    except GPIOPinInUse as error:
        raise DriverError(
            f"{where}: pin {pin} is already used by {rival}; choose another pin", recoverable=False
        ) from error
    except PinInvalidPin as error:
        raise DriverError(
            f"{where}: this board has no pin {pin}; choose another pin (BCM numbers, see pinout)",
            recoverable=False,
        ) from error
    except pins.errors as error:
        # What the chip's line says, not a class of its own: "GPIO busy" (lgpio, LG_GPIO_BUSY).
        if "busy" in str(error).lower():
            raise DriverError(
                f"{where}: pin {pin} is busy, another program or the kernel uses it; stop that or choose "
                f"another pin (gpioinfo shows who has it)"
            ) from error
        raise DriverError(f"{where}: pin {pin} cannot be claimed: {error}") from error


@cache
def _device_class() -> Any:
    from gpiozero import DigitalOutputDevice

    class Device(DigitalOutputDevice):  # type: ignore[misc]  # gpiozero has no types
        """One that does not keep a pin it failed to get."""

        def __init__(self, pin: int, **options: Any) -> None:
            try:
                super().__init__(pin, **options)
            except Exception:
                # gpiozero reserves first and does not undo it: a pin that was busy would be ours for ever.
                self.pin_factory.release_pins(self, pin)
                raise

    return Device


@cache
def _input_class() -> Any:
    from gpiozero import InputDevice

    class Device(InputDevice):  # type: ignore[misc]  # gpiozero has no types
        """One that does not keep a pin it failed to get; see above."""

        def __init__(self, pin: int, **options: Any) -> None:
            try:
                super().__init__(pin, **options)
            except Exception:
                self.pin_factory.release_pins(self, pin)
                raise

    return Device


def _open_mock() -> Pins:
    from gpiozero.exc import GPIOZeroError
    from gpiozero.pins.mock import MockFactory

    return Pins(MockFactory(), (GPIOZeroError, OSError))


def _open_lgpio() -> Pins:
    # On import lgpio makes a FIFO in its working directory, which under systemd cannot be written.
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    os.environ.setdefault("LG_WD", runtime or tempfile.gettempdir())
    try:
        import lgpio
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise DriverError(
            f"pin factory lgpio: {_NO_LGPIO}",
            recoverable=False,
        ) from error
    except OSError as error:
        raise DriverError(
            f"pin factory lgpio: cannot write to its working directory {os.environ['LG_WD']} ({error}); "
            "set LG_WD to a folder that can be written",
            recoverable=False,
        ) from error
    from gpiozero.exc import GPIOZeroError, PinUnknownPi

    errors = (GPIOZeroError, OSError, lgpio.error)
    try:
        return Pins(LGPIOFactory(), errors)
    except PinUnknownPi as error:
        raise DriverError(
            'pin factory lgpio: this is no Raspberry Pi; write factory = "mock" to run without pins',
            recoverable=False,
        ) from error
    except errors as error:
        raise DriverError(
            f"pin factory lgpio: the pins cannot be opened ({error}); add the user to the group gpio "
            "(usermod -aG gpio <user>), log in anew and look at ls -l /dev/gpiochip*",
            recoverable=False,
        ) from error


_opened: dict[FactoryName, Pins] = {}
_OPENERS: Final[dict[FactoryName, Callable[[], Pins]]] = {"lgpio": _open_lgpio, "mock": _open_mock}
