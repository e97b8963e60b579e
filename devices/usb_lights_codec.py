"""USB status lights: a colour to the reports that show it. Pure.

Every change is said in whole, its time-out included, so that saying the same again is also how a light is
kept alive, and how one that has fallen back by itself is put right. Nothing is ever read back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from devices.kinds import OFF

__all__ = [
    "BLINK1",
    "BLINK1_TIMEOUT_S",
    "DARK",
    "KUANDO",
    "KUANDO_TIMEOUT_S",
    "LUXAFOR",
    "MODELS",
    "Colour",
    "Model",
    "Report",
    "colour_of",
]

Colour = tuple[int, int, int]
"""Red, green and blue, each 0 to 255."""

DARK: Final[Colour] = (0, 0, 0)

KUANDO_TIMEOUT_S: Final = 15
"""A Kuando Busylight goes dark so long after the last keep-alive; the most that fits into its four bits."""

BLINK1_TIMEOUT_S: Final = 5
"""A blink(1) plays its pattern of distress so long after the last tickle.

In ticks of 10 ms the low byte must not be zero: the first blink(1)'s firmware takes it for the byte that
follows, and goes dark at every tickle (blink1.c, command ``D``).
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What is handed to hidapi in one call.

    Attributes:
        data: The report, its number first; 0 where the device has only one without a number.
        is_feature: Whether it is a feature report, not an output report.
    """

    data: bytes
    is_feature: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A kind of light.

    Attributes:
        name: As people call it.
        driver: The driver's name in the configuration.
        ids: USB vendor and product of each variant.
        greeting: Reports for when it was opened, by its serial number.
        showing: Reports that show a colour and keep it alive.
        farewell: Reports that leave it dark.
    """

    name: str
    driver: str
    ids: tuple[tuple[int, int], ...]
    greeting: Callable[[str], tuple[Report, ...]]
    showing: Callable[[Colour], tuple[Report, ...]]
    farewell: tuple[Report, ...]


def colour_of(shown: str) -> Colour:
    """Return what ``"off"`` or ``"#rrggbb"`` means."""
    if shown == OFF:
        return DARK
    return (int(shown[1:3], 16), int(shown[3:5], 16), int(shown[5:7], 16))


_STEP: Final = 8
_STEPS: Final = 7
_PERCENT: Final = 100


def _kuando_frame(step: bytes) -> Report:
    """Return the 64 bytes of a program of one step.

    Source: the busylight project's docs/hardware/devices/kuando.md: seven steps of eight bytes; sensitivity,
    time-out and trigger, which lights ignore; three bytes FF; the sum of the first 62 bytes, high byte first.
    """
    body = step.ljust(_STEP, b"\0") + bytes(_STEP * (_STEPS - 1)) + b"\0\0\0\xff\xff\xff"
    return Report(b"\0" + body + sum(body).to_bytes(2, "big"))


def _percent(channel: int) -> int:
    """Return 0 to 255 as 0 to 100; what was lit stays lit."""
    return max(round(channel * _PERCENT / 255), 1) if channel else 0


def _kuando_colour(colour: Colour) -> Report:
    red, green, blue = (_percent(channel) for channel in colour)
    return _kuando_frame(bytes((0x10, 0x00, red, green, blue)))


_KUANDO_KEEPALIVE: Final = _kuando_frame(bytes((0x80 | KUANDO_TIMEOUT_S,)))


def _kuando_showing(colour: Colour) -> tuple[Report, ...]:
    # The colour too, each time: a keep-alive alone would not light up again what has gone dark.
    return (_kuando_colour(colour), _KUANDO_KEEPALIVE)


KUANDO: Final = Model(
    name="Kuando Busylight",
    driver="kuando",
    ids=(
        (0x27BB, 0x3BCA),
        (0x27BB, 0x3BCB),
        (0x27BB, 0x3BCD),
        (0x27BB, 0x3BCE),
        (0x27BB, 0x3BCF),
        (0x04D8, 0xF848),
    ),
    greeting=lambda _serial: (),
    showing=_kuando_showing,
    farewell=(_kuando_colour(DARK),),
)


_LUXAFOR_STEADY: Final = 0x01
_LUXAFOR_ALL: Final = 0xFF


def _luxafor_showing(colour: Colour) -> tuple[Report, ...]:
    """Return the command that shows a colour at once on all LEDs, filled up to its eight bytes.

    Source: the ``luxafor`` crate's documentation, module ``usb_hid``: report number 0, command, LEDs, colour.
    """
    return (Report(bytes((0, _LUXAFOR_STEADY, _LUXAFOR_ALL, *colour, 0, 0, 0))),)


LUXAFOR: Final = Model(
    name="Luxafor",
    driver="luxafor",
    ids=((0x04D8, 0xF372),),
    greeting=lambda _serial: (),
    showing=_luxafor_showing,
    farewell=_luxafor_showing(DARK),
)


_TICK_S: Final = 0.01
_DISTRESS: Final = (30, 31)
"""The last two lines of the pattern, where nobody's own pattern is likely to reach."""

_SECOND_GENERATION: Final = 0x2000_0000
"""Serial numbers of blink(1) mk2 begin here (blink1-lib.h, ``blink1mk2_serialstart``)."""


def _blink1(command: str, *arguments: int) -> Report:
    """Return a feature report of eight bytes.

    Source: blink1-hid-commands.md in the blink1 project.
    """
    return Report(bytes((1, ord(command), *arguments)).ljust(8, b"\0"), is_feature=True)


def _ticks(seconds: float) -> bytes:
    return round(seconds / _TICK_S).to_bytes(2, "big")


def _blink1_tickle(*, is_on: bool) -> Report:
    first, last = _DISTRESS
    ticks = _ticks(BLINK1_TIMEOUT_S if is_on else 0)
    # The 1 keeps what is lit: with a 0 the light goes dark now, not after the time-out.
    return _blink1("D", is_on, *ticks, 1, first, last)


def _blink1_colour(colour: Colour) -> Report:
    return _blink1("c", *colour, *_ticks(0), 0)


def _blink1_greeting(serial_number: str) -> tuple[Report, ...]:
    """Return the lines of the pattern of distress: white, rising and falling once in two seconds.

    They are kept until power goes. The first generation would write them into its EEPROM, for good and with
    every start: it is left the pattern it has.
    """
    try:
        is_first = int(serial_number, 16) < _SECOND_GENERATION
    except ValueError:
        is_first = True
    if is_first:
        return ()
    second = _ticks(1)
    bright, dark = _DISTRESS
    return (
        _blink1("P", 0xFF, 0xFF, 0xFF, *second, bright),
        _blink1("P", 0, 0, 0, *second, dark),
    )


def _blink1_showing(colour: Colour) -> tuple[Report, ...]:
    # The colour last: it ends a pattern that may be playing.
    return (_blink1_tickle(is_on=True), _blink1_colour(colour))


BLINK1: Final = Model(
    name="blink(1)",
    driver="blink1",
    ids=((0x27B8, 0x01ED),),
    greeting=_blink1_greeting,
    showing=_blink1_showing,
    farewell=(_blink1_tickle(is_on=False), _blink1_colour(DARK)),
)

MODELS: Final = (KUANDO, LUXAFOR, BLINK1)
