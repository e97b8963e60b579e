"""Options of what hangs on serial ports, what is wrong with them, and what each output occupies."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from devices.kinds import SINGLE_LAMP, Kind, kind_of
from devices.serial_port import why_not_openable
from devices.serial_text import BadBytesError, read_bytes
from queue_alert.ports import ConfigProblem

__all__ = [
    "LampBytes",
    "ModbusOptions",
    "PortOptions",
    "RelayOptions",
    "TemplateOptions",
    "TowerOptions",
    "check_channels",
    "check_modbus",
    "check_port",
    "check_template",
]

USUAL_BAUD: Final = 9_600
"""Bits a second of all devices that cannot be set."""

_LAST_UNIT: Final = 247
_SLOWEST: Final = 50
_FASTEST: Final = 4_000_000
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
        return (SINGLE_LAMP,)

    @property
    def where(self) -> str:
        """What the port is called."""
        return self.port or f"serial number {self.serial_number}"

    @property
    def line(self) -> str:
        """The port itself, whatever it is called here; several outputs may be on it."""
        return os.path.realpath(self.port) if self.port else self.where

    @property
    def claims(self) -> tuple[str, ...]:
        """What of the port this output has alone."""
        return (self.where,)

    @property
    def speed(self) -> int:
        """Bits a second."""
        return getattr(self, "baud", USUAL_BAUD)


class TowerOptions(PortOptions, frozen=True, kw_only=True):
    """A tower whose tiers and buzzer are switched by themselves."""

    kind: Literal["tower", "two-tier-tower", "lamp", "buzzer"] = "tower"
    """What of it is this output: its tiers, one tier, or its buzzer."""
    tier: Literal["red", "yellow", "green"] = "red"
    """Which tier ``kind = "lamp"`` is."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(self.kind).lamps

    @property
    def parts(self) -> dict[str, str]:
        """The part of the tower that each lamp is."""
        return {lamp: self.tier if lamp == SINGLE_LAMP else lamp for lamp in self.lamps}

    @property
    def claims(self) -> tuple[str, ...]:
        """What of the port this output has alone."""
        return tuple(f"{part} of {self.where}" for part in self.parts.values())


class RelayOptions(PortOptions, frozen=True, kw_only=True):
    """A relay board."""

    channels: dict[str, int] = msgspec.field(default_factory=lambda: {"lamp": 1})
    """Which lamp hangs on which relay, ``{ red = 1, yellow = 2, green = 3 }``; ``lamp`` for a single one."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return _in_order(self.channels)

    @property
    def claims(self) -> tuple[str, ...]:
        """What of the port this output has alone."""
        return tuple(f"relay {channel} of {self.board}" for channel in self.channels.values())

    @property
    def board(self) -> str:
        """What the board is called."""
        return self.where


class ModbusOptions(RelayOptions, frozen=True, kw_only=True):
    """A relay board that speaks Modbus RTU."""

    unit: int = 1
    """Its address, 1 to 247."""
    baud: int = USUAL_BAUD
    """Bits a second, as the board is set."""

    @property
    def board(self) -> str:
        """What the board is called."""
        return f"unit {self.unit} at {self.where}"


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
    baud: int = USUAL_BAUD
    """Bits a second, 50 to 4,000,000."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return _in_order(self.commands)

    @property
    def claims(self) -> tuple[str, ...]:
        """What of the port this output has alone."""
        return tuple(f"the command {told.on} at {self.where}" for told in self.commands.values())


def _in_order(names: Mapping[str, Any]) -> tuple[str, ...]:
    kind = kind_of(tuple(names))
    return kind.lamps if set(kind.lamps) == set(names) else tuple(names)


def check_port(options: PortOptions) -> list[ConfigProblem]:
    """Return what is wrong with where the port is."""
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


def check_channels(least: int, most: int) -> Callable[[RelayOptions], list[ConfigProblem]]:
    """Return a check of a board whose relays have the numbers ``least`` to ``most``."""

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


def check_modbus(options: ModbusOptions) -> list[ConfigProblem]:
    """Return what is wrong with a board that speaks Modbus."""
    problems = check_channels(1, 256)(options)
    if not 1 <= options.unit <= _LAST_UNIT:
        problems.append(ConfigProblem(path="unit", message=f"must be 1 to {_LAST_UNIT}, got {options.unit}"))
    return problems + _check_baud(options.baud)


def _check_baud(baud: int) -> list[ConfigProblem]:
    if _SLOWEST <= baud <= _FASTEST:
        return []
    return [ConfigProblem(path="baud", message=f"must be {_SLOWEST} to {_FASTEST}, got {baud}")]


def check_template(options: TemplateOptions) -> list[ConfigProblem]:
    """Return what is wrong with a device's bytes."""
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
