"""A push-button between a pin of the Raspberry Pi and ground (or 3.3 V).

gpiozero is imported when a button is made, so that this module can be listed without it. Its own classes for
buttons are not used: what bounces, is pressed or is stuck is decided in one place for all kinds of buttons.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from devices.pins import FactoryName, Pins, Pull, check_factory, claim_input, open_pins, require_gpiozero
from queue_alert.core.units import Seconds
from queue_alert.ports import ONE_KEY, ButtonContext, ButtonDriver, ConfigProblem, DriverError

__all__ = ["DRIVER", "LOOK_EVERY_S", "GpioButton", "GpioButtonOptions"]

LOOK_EVERY_S: Final[Seconds] = 1.0
"""So often the level is read though no edge was told: an edge may be lost, and so may the pin."""

_LAST_PIN: Final = 27
_FIXED_UP: Final = (2, 3)
"""Source: Raspberry Pi schematics: GPIO 2 and 3 (I²C) have 1.8 kΩ to 3.3 V on the board."""


class GpioButtonOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a button on a pin."""

    pin: int
    """BCM number, 0 to 27."""
    pull: Pull = "up"
    """Where the Pi's own resistor draws the pin while nothing else does."""
    active_low: bool | None = None
    """Whether a low pin is a button that is down; left out: it is with ``pull = "up"``, it is not with
    ``"down"``. A contact that opens when it is pressed has it the other way round."""
    factory: FactoryName = "lgpio"
    """What reads the pins: ``"lgpio"``, or ``"mock"`` on a machine without."""

    @property
    def is_down_when_high(self) -> bool:
        """Whether the button is down while the pin is high."""
        return self.pull != "up" if self.active_low is None else not self.active_low


class GpioButton:
    """A button on a pin.

    Args:
        name: Its name in the configuration.
        options: Its pin.
    """

    def __init__(self, name: str, options: GpioButtonOptions) -> None:
        self._where = f"buttons.{name}"
        self._options = options

    async def run(self, moved: Callable[[str, bool], None]) -> None:
        """Claim the pin and say of the button whether it is down, until the pin is lost."""
        options = self._options
        try:
            pins = open_pins(options.factory)
        except DriverError as error:
            raise DriverError(f"{self._where}: {error.reason}", recoverable=error.recoverable) from error
        device = claim_input(pins, options.pin, pull=options.pull, where=self._where)
        edges = _Edges(lambda is_high: moved(ONE_KEY[0], is_high is options.is_down_when_high))
        try:
            # First the edges, then the level: what happens in between is told twice rather than not at all.
            device.pin.edges = "both"
            device.pin.when_changed = edges.told
            while True:
                edges.say(bool(device.pin.state))
                await asyncio.sleep(LOOK_EVERY_S)
        except pins.errors as error:
            raise DriverError(f"{self._where}: pin {options.pin} cannot be read: {error}") from error
        finally:
            edges.is_over = True
            _let_go(device, pins)


class _Edges:
    """Takes edges on gpiozero's thread and says them on the loop's.

    Args:
        say: Called on the loop's thread with whether the pin is high.
    """

    def __init__(self, say: Callable[[bool], None]) -> None:
        self._say = say
        self._loop = asyncio.get_running_loop()
        self.is_over = False

    def told(self, _ticks: float, state: float) -> None:
        # gpiozero keeps no more than a weak reference to this method; the one who runs keeps the object.
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.say, bool(state))

    def say(self, is_high: bool) -> None:  # noqa: FBT001 (what is said)
        if not self.is_over:
            self._say(is_high)


def _let_go(device: Any, pins: Pins) -> None:
    with suppress(*pins.errors):
        device.pin.when_changed = None
    with suppress(*pins.errors):
        device.close()


def _check(options: GpioButtonOptions) -> list[ConfigProblem]:
    problems = []
    if not 0 <= options.pin <= _LAST_PIN:
        message = f"must be a BCM pin number, 0 to {_LAST_PIN}, got {options.pin}"
        problems.append(ConfigProblem(path="pin", message=message))
    if options.pin in _FIXED_UP and options.pull != "up":
        message = f'must be "up": pin {options.pin} has a resistor on the board, got "{options.pull}"'
        problems.append(ConfigProblem(path="pull", message=message))
    if options.pull == "floating" and options.active_low is None:
        message = 'is missing; with pull = "floating" write whether the pin is low while the button is down'
        problems.append(ConfigProblem(path="active_low", message=message))
    return problems or check_factory(options.factory)


def _create(options: GpioButtonOptions, context: ButtonContext) -> GpioButton:
    require_gpiozero(f'buttons.{context.name}: driver "gpio-button"')
    return GpioButton(context.name, options)


DRIVER: Final = ButtonDriver(
    summary="a push-button on a pin of the Pi",
    options=GpioButtonOptions,
    create=_create,
    check=_check,
    claims=lambda options: (f"gpio{options.pin}",),
    packages=("gpiozero",),
    extra="gpio",
)
