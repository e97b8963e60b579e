"""Lamps, towers and relay boards on serial ports: one device for all of them, and what each is called."""

import re
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

import msgspec

from devices.kinds import OFF, TIERS, Kind, kind_of
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
from devices.serial_port import SerialPort, find_by_serial_number, require_pyserial, why_not_openable
from devices.serial_text import BadBytesError, read_bytes
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

_LAST_UNIT: Final = 247
_SLOWEST: Final = 50
_FASTEST: Final = 4_000_000
_LOOK_EVERY_S: Final[Seconds] = 0.5
"""So often a port at rest is looked at: whoever plugs a lamp out and in again waits for its light."""

_SAY_AGAIN_S: Final[Seconds] = 5.0
"""So often all is said again: a board that lost its own supply stays dark otherwise, and nobody knows."""

_NUMBERED: Final = re.compile(r"/dev/tty(USB|ACM)\d+")


class PortOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the device is; either of the two."""

    port: str = ""
    """Its path, best a link under ``/dev/serial/by-id``: those stay the same whatever else is plugged in."""
    serial_number: str = ""
    """Of the USB adapter, where it has one of its own."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return TIERS


class RelayOptions(PortOptions, frozen=True, kw_only=True):
    """A relay board."""

    channels: dict[str, int] = msgspec.field(default_factory=lambda: {"lamp": 1})
    """Which lamp hangs on which relay, ``{ red = 1, yellow = 2, green = 3 }``; ``lamp`` for a single one."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return _in_order(self.channels)


class ModbusOptions(RelayOptions, frozen=True, kw_only=True):
    """A relay board that speaks Modbus RTU."""

    unit: int = 1
    """Its address, 1 to 247."""
    baud: int = 9_600
    """Bits a second, as the board is set."""


class LampBytes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lights a lamp, and what makes it dark (see :func:`~devices.serial_text.read_bytes`)."""

    on: str
    off: str


class TemplateOptions(PortOptions, frozen=True, kw_only=True):
    """A device nobody has heard of."""

    commands: dict[str, LampBytes]
    """By lamp: ``red``, ``yellow`` and ``green``, or ``lamp``."""
    answer: str = ""
    """What it answers to each write, written like the bytes; left out: nothing is waited for."""
    baud: int = 9_600
    """Bits a second, 50 to 4,000,000."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return _in_order(self.commands)


class SerialLamp:
    """A device on a serial port.

    Args:
        options: Where it is.
        codec: How it is spoken to.
        baud: Bits a second.
    """

    def __init__(self, options: PortOptions, codec: SerialCodec, baud: int) -> None:
        self._options = options
        self._codec = codec
        self._baud = baud
        self._port: SerialPort | None = None
        self._shown: frozenset[str] = frozenset()
        self._said_at = 0.0

    def open(self) -> None:
        """Find the port, open it and make all dark.

        Raises:
            DriverError: It cannot be had, or the device refuses.
        """
        path = self._options.port or find_by_serial_number(self._options.serial_number)
        self._port = SerialPort(path, self._baud)
        self._say(frozenset())

    def show(self, lamps: Mapping[str, str]) -> None:
        """Make the lamps show what is said; where they do already, see whether the port is still there.

        Raises:
            DriverError: The port is gone, or the device refuses.
        """
        lit = frozenset(lamp for lamp, shown in lamps.items() if shown != OFF)
        if lit != self._shown or monotonic() - self._said_at >= _SAY_AGAIN_S:
            self._say(lit)
        elif self._port is not None:
            self._port.look()

    def close(self) -> None:
        """Make all dark if that can be, and let go of the port."""
        port = self._port
        if port is None:
            return
        try:
            if self._shown:
                self._say(frozenset())
        except DriverError:
            pass  # whoever is gone is dark, or nobody can help
        self._port = None
        port.close()

    def _say(self, lit: frozenset[str]) -> None:
        port, codec = self._port, self._codec
        if port is None:
            raise DriverError("the port is not open")
        # Until all is written nobody knows how it stands; the end tries to make it dark then, too.
        self._shown = lit or self._shown
        for write in codec.writes(lit):
            refusal = codec.why_refused(write, port.exchange(write, codec.answer_length))
            if refusal:
                raise DriverError(refusal)
        self._shown = lit
        self._said_at = monotonic()


def _in_order(names: Mapping[str, Any]) -> tuple[str, ...]:
    kind = kind_of(tuple(names))
    return kind.lamps if set(kind.lamps) == set(names) else tuple(names)


def _driver(
    name: str,
    summary: str,
    options: type[PortOptions],
    codec: Callable[[Any], SerialCodec],
    check: Callable[[Any], list[ConfigProblem]] = lambda _options: [],
) -> OutputDriver:
    def create(created: PortOptions, context: OutputContext) -> WorkerOutput:
        require_pyserial(f'outputs.{context.name}: driver "{name}"')
        device = SerialLamp(created, codec(created), getattr(created, "baud", 9_600))
        return WorkerOutput(context.name, created.lamps, device, keepalive_s=_LOOK_EVERY_S)

    return OutputDriver(
        summary=summary,
        options=options,
        create=create,
        check=lambda checked: [*check(checked), *_check_port(checked)],
        claims=_claims,
        packages=("serial",),
        extra="serial",
    )


def _claims(options: PortOptions) -> tuple[str, ...]:
    return (options.port or f"serial number {options.serial_number}",)


def _check_port(options: PortOptions) -> list[ConfigProblem]:
    if bool(options.port) == bool(options.serial_number):
        found = "both" if options.port else "neither"
        return [ConfigProblem(path="port", message=f"must be given, or else serial_number, got {found}")]
    if not options.port:
        return []
    reason, may_change = why_not_openable(options.port)
    if not reason and _NUMBERED.fullmatch(options.port):
        reason = f"{options.port} may be another device after a restart; better take its by-id link"
        may_change = True
    return [ConfigProblem(path="port", message=reason, is_warning=may_change)] if reason else []


def _check_channels(least: int, most: int) -> Callable[[RelayOptions], list[ConfigProblem]]:
    def check(options: RelayOptions) -> list[ConfigProblem]:
        problems = [
            ConfigProblem(path=f"channels.{lamp}", message=f"must be {least} to {most}, got {channel}")
            for lamp, channel in options.channels.items()
            if not least <= channel <= most
        ]
        problems += _check_lamps("channels", options.channels)
        if len(set(options.channels.values())) < len(options.channels):
            problems.append(ConfigProblem(path="channels", message="must be another relay for each lamp"))
        return problems

    return check


def _check_lamps(path: str, lamps: Mapping[str, Any]) -> list[ConfigProblem]:
    kinds = (Kind.LAMP, Kind.TOWER, Kind.TWO_TIER_TOWER, Kind.BUZZER)
    if any(set(lamps) == set(kind.lamps) for kind in kinds):
        return []
    known = '"lamp", "red", "yellow" and "green", "red" and "green", or "buzzer"'
    got = ", ".join(f'"{lamp}"' for lamp in lamps) or "none"
    return [ConfigProblem(path=path, message=f"must name {known}, got {got}")]


def _check_modbus(options: ModbusOptions) -> list[ConfigProblem]:
    problems = _check_channels(1, 256)(options)
    if not 1 <= options.unit <= _LAST_UNIT:
        problems.append(ConfigProblem(path="unit", message=f"must be 1 to {_LAST_UNIT}, got {options.unit}"))
    return problems + _check_baud(options.baud)


def _check_baud(baud: int) -> list[ConfigProblem]:
    if _SLOWEST <= baud <= _FASTEST:
        return []
    return [ConfigProblem(path="baud", message=f"must be {_SLOWEST} to {_FASTEST}, got {baud}")]


def _check_template(options: TemplateOptions) -> list[ConfigProblem]:
    problems = [*_check_lamps("commands", options.commands), *_check_baud(options.baud)]
    texts = {"answer": options.answer} if options.answer else {}
    for lamp, told in options.commands.items():
        texts |= {f"commands.{lamp}.on": told.on, f"commands.{lamp}.off": told.off}
    for path, text in texts.items():
        try:
            read_bytes(text)
        except BadBytesError as error:
            problems.append(ConfigProblem(path=path, message=str(error)))
    return problems


def _template(options: TemplateOptions) -> TemplateLamps:
    ordered = {lamp: options.commands[lamp] for lamp in options.lamps}
    return TemplateLamps(
        {lamp: read_bytes(told.on) for lamp, told in ordered.items()},
        {lamp: read_bytes(told.off) for lamp, told in ordered.items()},
        read_bytes(options.answer) if options.answer else b"",
    )


_SL60_CHANNELS: Final[dict[str, int]] = {"red": 1, "green": 2, "yellow": 3}

ADAFRUIT_TOWER = _driver(
    "adafruit-tower", "Adafruit 5125, a tower with USB", PortOptions, lambda _options: AdafruitTower()
)
LCUS_RELAY = _driver(
    "lcus-relay",
    "lamps on an LCUS USB relay board",
    RelayOptions,
    lambda options: LcusRelays(options.channels),
    _check_channels(1, 255),
)
SL60_TOWER = _driver(
    "sl60-tower", "SL60USB2, a tower with USB", PortOptions, lambda _options: LcusRelays(_SL60_CHANNELS)
)
KMTRONIC_RELAY = _driver(
    "kmtronic-relay",
    "lamps on a KMTronic USB relay board",
    RelayOptions,
    lambda options: KmtronicRelays(options.channels),
    _check_channels(1, 255),
)
NUMATO_RELAY = _driver(
    "numato-relay",
    "lamps on a Numato USB relay module",
    RelayOptions,
    lambda options: NumatoRelays(options.channels),
    _check_channels(0, 31),
)
PATLITE_PHE = _driver(
    "patlite-phe", "Patlite PHE-3FB3, a tower with RS-232", PortOptions, lambda _options: PatlitePhe()
)
MODBUS_RELAY = _driver(
    "modbus-relay",
    "lamps on a relay board that speaks Modbus RTU",
    ModbusOptions,
    lambda options: ModbusRelays(options.unit, options.channels),
    _check_modbus,
)
SERIAL_TEMPLATE = _driver(
    "serial-template",
    "any device on a serial port, by bytes for on and off",
    TemplateOptions,
    _template,
    _check_template,
)
