"""Lamps, towers, RGB lights and buzzers on the pins of a Raspberry Pi.

gpiozero is imported when an output is made, so that this module can be listed without it. A pin is written
directly, in microseconds; the rhythm comes from the engine, never from gpiozero's own threads.
"""

import atexit
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from devices.kinds import OFF, Kind
from devices.output import CheckedOutput
from devices.pins import FactoryName, Pins, check_factory, claim_pin, open_pins, require_gpiozero
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver

__all__ = [
    "BUZZER",
    "LAMP",
    "RGB",
    "TOWER",
    "BuzzerOptions",
    "GpioOutput",
    "LampOptions",
    "PinOptions",
    "RgbOptions",
    "TowerOptions",
]


class PinOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every output on pins."""

    active_low: bool = False
    """Whether a low pin is on, as on most relay boards."""
    factory: FactoryName = "lgpio"
    """What drives the pins: ``"lgpio"``, or ``"mock"`` on a machine without."""

    @property
    def wiring(self) -> dict[str, dict[str, int]]:
        """BCM numbers by option, by lamp; the lamps the most severe first."""
        return {}

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return tuple(self.wiring)

    @property
    def pins(self) -> dict[str, int]:
        """BCM numbers by option."""
        return {option: pin for pins in self.wiring.values() for option, pin in pins.items()}


class LampOptions(PinOptions, frozen=True, kw_only=True):
    """Options of one lamp on a pin."""

    pin: int
    """BCM number, 0 to 27."""

    @property
    def wiring(self) -> dict[str, dict[str, int]]:
        """BCM numbers by option, by lamp."""
        return {Kind.LAMP.lamps[0]: {"pin": self.pin}}


class TowerOptions(PinOptions, frozen=True, kw_only=True):
    """Options of a tower on two or three pins, BCM numbers 0 to 27."""

    red: int
    yellow: int | None = None
    """Left out for a tower of two tiers."""
    green: int

    @property
    def wiring(self) -> dict[str, dict[str, int]]:
        """BCM numbers by option, by lamp; the lamps the most severe first."""
        pins = {"red": self.red, "yellow": self.yellow, "green": self.green}
        return {tier: {tier: pin} for tier, pin in pins.items() if pin is not None}


class RgbOptions(PinOptions, frozen=True, kw_only=True):
    """Options of an RGB light on three pins, BCM numbers 0 to 27."""

    red: int
    green: int
    blue: int

    @property
    def wiring(self) -> dict[str, dict[str, int]]:
        """BCM numbers by option, of the one lamp."""
        return {Kind.RGB.lamps[0]: {"red": self.red, "green": self.green, "blue": self.blue}}


class BuzzerOptions(PinOptions, frozen=True, kw_only=True):
    """Options of a buzzer that sounds while its pin is on."""

    pin: int
    """BCM number, 0 to 27."""

    @property
    def wiring(self) -> dict[str, dict[str, int]]:
        """BCM numbers by option, of the one sounder."""
        return {Kind.BUZZER.lamps[0]: {"pin": self.pin}}


class GpioOutput(CheckedOutput):
    """An output on pins.

    Args:
        name: Its name in the configuration.
        options: Its pins.
    """

    def __init__(self, name: str, options: PinOptions) -> None:
        super().__init__(name, options.lamps)
        self._options = options
        self._pins: Pins | None = None
        self._devices: dict[str, list[Any]] = {}

    def _claim(self) -> None:
        where = f"outputs.{self._name}"
        try:
            self._pins = pins = open_pins(self._options.factory)
        except DriverError as error:
            raise DriverError(f"{where}: {error.reason}", recoverable=error.recoverable) from error
        try:
            for lamp, numbers in self._options.wiring.items():
                devices = self._devices.setdefault(lamp, [])
                for number in numbers.values():
                    device = claim_pin(pins, number, active_low=self._options.active_low, where=where)
                    devices.append(device)  # at once: what is claimed before a failure must be let go
        except DriverError:
            self._release()
            raise
        _open_outputs.add(self)

    def _set(self, lamps: Mapping[str, str]) -> None:
        for lamp, shown in lamps.items():
            devices = self._devices[lamp]
            for device, is_on in zip(devices, _switched(shown, len(devices)), strict=True):
                try:
                    device.value = is_on
                except self._errors as error:
                    raise DriverError(
                        f"outputs.{self._name}: {device.pin.info.name} cannot be written: {error}"
                    ) from error

    def _release(self) -> None:
        devices = [device for devices in self._devices.values() for device in devices]
        self._devices = {}
        _open_outputs.discard(self)
        # Off first, all of them: closing only lets go of a pin, and one that fails must not keep another lit.
        for turn in (_turn_off, _let_go):
            for device in devices:
                try:
                    turn(device)
                except self._errors:
                    continue

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return self._pins.errors if self._pins is not None else ()


def _turn_off(device: Any) -> None:
    device.off()


def _let_go(device: Any) -> None:
    device.close()


def _switched(shown: str, count: int) -> list[bool]:
    """Return which of a lamp's pins are on: its only one, or red, green and blue.

    A pin is on or off, so a channel is on if it has at least half of the strongest one's brightness: amber
    becomes red and green together, and no colour becomes dark.
    """
    if shown == OFF:
        return [False] * count
    if count == 1:
        return [True]
    channels = [int(shown[at : at + 2], 16) for at in (1, 3, 5)]
    return [channel > 0 and channel * 2 >= max(channels) for channel in channels]


# Held fast: an output that was merely forgotten must not vanish with its lamp lit.
_open_outputs: set[GpioOutput] = set()


@atexit.register
def _close_all() -> None:
    """Make dark what nobody closed: a pin keeps its state when the process ends."""
    for output in tuple(_open_outputs):
        output.close()


_LAST_PIN: Final = 27
_PULLED_UP: Final = range(9)


def _check(options: PinOptions) -> list[ConfigProblem]:
    problems = [
        ConfigProblem(path=option, message=f"must be a BCM pin number, 0 to {_LAST_PIN}, got {pin}")
        for option, pin in options.pins.items()
        if not 0 <= pin <= _LAST_PIN
    ]
    seen: dict[int, str] = {}
    for option, pin in options.pins.items():
        if pin in seen:
            problems.append(
                ConfigProblem(path=option, message=f"must be a pin of its own, got {pin} as for {seen[pin]}")
            )
        seen.setdefault(pin, option)
    return problems or [*check_factory(options.factory), *_warn(options)]


def _warn(options: PinOptions) -> list[ConfigProblem]:
    """Say where a lamp may glow before the program starts.

    Source: BCM2835 ARM Peripherals, table 6-31: after a reset GPIO 0 to 8 are pulled high, 9 to 27 low. The
    pull is weak, so that a board that is switched on by a low pin does not feel it.
    """
    if options.active_low or options.factory == "mock":
        return []
    return [
        ConfigProblem(
            path=option,
            message=(
                f"pin {pin} is pulled high until the program starts, which can switch it on; "
                f"better take one of 9 to {_LAST_PIN}"
            ),
            is_warning=True,
        )
        for option, pin in options.pins.items()
        if pin in _PULLED_UP
    ]


def _claims(options: PinOptions) -> tuple[str, ...]:
    return tuple(f"gpio{pin}" for pin in options.pins.values())


def _driver(driver_name: str, summary: str, options: type[PinOptions]) -> OutputDriver:
    def create(created: PinOptions, context: OutputContext) -> GpioOutput:
        require_gpiozero(f'outputs.{context.name}: driver "{driver_name}"')
        return GpioOutput(context.name, created)

    return OutputDriver(
        summary=summary,
        options=options,
        create=create,
        check=_check,
        claims=_claims,
        packages=("gpiozero",),
        extra="gpio",
    )


LAMP: Final = _driver("gpio-lamp", "one lamp on a pin of the Pi", LampOptions)
TOWER: Final = _driver("gpio-tower", "a tower of red, yellow and green on pins of the Pi", TowerOptions)
RGB: Final = _driver("gpio-rgb", "an RGB light on three pins of the Pi", RgbOptions)
BUZZER: Final = _driver(
    "gpio-buzzer", "a buzzer on a pin of the Pi; sounds when things get worse", BuzzerOptions
)
