"""Lamps, towers and relay boards on serial ports: one device for all of them, and what each is called."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Final, TypeVar

from devices.extras import require
from devices.kinds import OFF
from devices.serial_codecs import (
    AdafruitTower,
    KmtronicRelays,
    LcusRelays,
    ModbusRelays,
    NumatoRelays,
    PatlitePhe,
    SerialCodec,
    TemplateLamps,
)
from devices.serial_line import SerialLine, line_of
from devices.serial_options import (
    ModbusOptions,
    PortOptions,
    RelayOptions,
    TemplateOptions,
    TowerOptions,
    check_channels,
    check_modbus,
    check_port,
    check_template,
)
from devices.serial_text import read_bytes
from devices.worker import WorkerOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver

__all__ = [
    "ADAFRUIT_TOWER",
    "KMTRONIC_RELAY",
    "LCUS_RELAY",
    "MODBUS_RELAY",
    "NUMATO_RELAY",
    "PATLITE_PHE",
    "SERIAL_TEMPLATE",
    "SL60_TOWER",
    "SerialLamp",
]

_LOOK_EVERY_S: Final[Seconds] = 0.5
"""So often a port at rest is looked at: whoever plugs a lamp out and in again waits for its light."""

_SAY_AGAIN_S: Final[Seconds] = 5.0
"""So often all is said again: a board that lost its own supply stays dark otherwise, and nobody knows."""

_REFUSED_FOR_S: Final[Seconds] = 5.0
"""So long a device that does not answer is left alone, where others on its line would wait for it."""

Options = TypeVar("Options", bound=PortOptions)


class SerialLamp:
    """A device on a serial port, alone or beside others.

    Args:
        line: What it is on.
        codec: How it is spoken to.
    """

    def __init__(self, line: SerialLine, codec: SerialCodec) -> None:
        self._line = line
        self._codec = codec
        self._shown: frozenset[str] = frozenset()
        self._said_at = 0.0
        self._refusal = ""
        self._refused_at = 0.0

    def open(self) -> None:
        """Open the port unless it is, and make all dark.

        Raises:
            DriverError: It cannot be had, or the device refuses.
        """
        is_lately = monotonic() - self._refused_at < _REFUSED_FOR_S
        if self._refusal and is_lately and self._line.has_others(self):
            raise DriverError(self._refusal)
        self._line.join(self)
        self._say(frozenset())

    def show(self, lamps: Mapping[str, str]) -> None:
        """Make the lamps show what is said; where they do already, see whether the port is still there.

        Raises:
            DriverError: The port is gone, or the device refuses.
        """
        lit = frozenset(lamp for lamp, shown in lamps.items() if shown != OFF)
        if lit != self._shown or monotonic() - self._said_at >= _SAY_AGAIN_S:
            self._say(lit)
        else:
            self._line.look(self)

    def close(self) -> None:
        """Make all dark if that can be, and let go of the port."""
        # Who did not answer just now would have the others on the line wait once more.
        if self._shown and not (self._refusal and self._line.has_others(self)):
            with suppress(DriverError):  # whoever is gone is dark, or nobody can help
                self._say(frozenset())
        self._shown = frozenset()
        self._line.leave(self)

    def _say(self, lit: frozenset[str]) -> None:
        codec = self._codec
        # Until all is written nobody knows how it stands; the end tries to make it dark then, too.
        self._shown = lit or self._shown
        for write in codec.writes(lit):
            self._refusal = codec.why_refused(write, self._line.exchange(self, write, codec.answer_length))
            if self._refusal:
                self._refused_at = monotonic()
                raise DriverError(self._refusal)
        self._shown = lit
        self._said_at = monotonic()


def _driver(
    name: str,
    summary: str,
    options: type[Options],
    codec: Callable[[Options], SerialCodec],
    check: Callable[[Options], list[ConfigProblem]] = lambda _options: [],
) -> OutputDriver:
    def create(created: Options, context: OutputContext) -> WorkerOutput:
        require("serial", f'outputs.{context.name}: driver "{name}"', package="pyserial", extra="serial")
        line = line_of(created, created.speed)
        device = SerialLamp(line, codec(created))
        return WorkerOutput(
            context.name, created.lamps, device, keepalive_s=_LOOK_EVERY_S, worker=line.worker
        )

    return OutputDriver(
        summary=summary,
        options=options,
        create=create,
        check=lambda checked: [*check(checked), *check_port(checked)],
        claims=lambda claiming: claiming.claims,
        shares=lambda sharing: (
            sharing.line,
            f'driver "{name}" at {sharing.speed} baud, port {sharing.where}',
        ),
        packages=("serial",),
        extra="serial",
    )


def _template(options: TemplateOptions) -> TemplateLamps:
    ordered = {lamp: options.commands[lamp] for lamp in options.lamps}
    return TemplateLamps(
        {lamp: read_bytes(told.on) for lamp, told in ordered.items()},
        {lamp: read_bytes(told.off) for lamp, told in ordered.items()},
        read_bytes(options.answer) if options.answer else b"",
    )


_SL60_CHANNELS: Final[dict[str, int]] = {"red": 1, "green": 2, "yellow": 3, "buzzer": 4}


def _sl60(options: TowerOptions) -> LcusRelays:
    return LcusRelays({lamp: _SL60_CHANNELS[part] for lamp, part in options.parts.items()})


ADAFRUIT_TOWER = _driver(
    "adafruit-tower",
    "Adafruit 5125, a tower with USB, or its buzzer",
    TowerOptions,
    lambda options: AdafruitTower(options.parts),
)
LCUS_RELAY = _driver(
    "lcus-relay",
    "lamps on an LCUS USB relay board",
    RelayOptions,
    lambda options: LcusRelays(options.channels),
    check_channels(1, 255),
)
SL60_TOWER = _driver("sl60-tower", "SL60USB2, a tower with USB, or its buzzer", TowerOptions, _sl60)
KMTRONIC_RELAY = _driver(
    "kmtronic-relay",
    "lamps on a KMTronic USB relay board",
    RelayOptions,
    lambda options: KmtronicRelays(options.channels),
    check_channels(1, 255),
)
NUMATO_RELAY = _driver(
    "numato-relay",
    "lamps on a Numato USB relay module",
    RelayOptions,
    lambda options: NumatoRelays(options.channels),
    check_channels(0, 31),
)
PATLITE_PHE = _driver(
    "patlite-phe",
    "Patlite PHE-3FB3, a tower with RS-232, or its buzzer",
    TowerOptions,
    lambda options: PatlitePhe(options.parts),
)
MODBUS_RELAY = _driver(
    "modbus-relay",
    "lamps on a relay board that speaks Modbus RTU",
    ModbusOptions,
    lambda options: ModbusRelays(options.unit, options.channels),
    check_modbus,
)
SERIAL_TEMPLATE = _driver(
    "serial-template",
    "any device on a serial port, by bytes for on and off",
    TemplateOptions,
    _template,
    check_template,
)
