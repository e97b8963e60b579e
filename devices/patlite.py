"""Patlite signal towers in the network: NHL, LA6-POE and PHN by TCP, those with a web server by HTTP.

A tower and its buzzer are two outputs of one device: what the one has no lamp for it leaves as it is. Only
the PHN cannot do that.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal

import msgspec

from devices import patlite_codec as codec
from devices.addresses import TIMEOUT_S, check_host, check_port, check_span, shown
from devices.http_codec import Origin, Request
from devices.http_link import HttpLink
from devices.kinds import OFF, Kind
from devices.steadying import TICK_S, Steadied
from devices.tcp import Deadline, TcpLink
from devices.worker import Device, WorkerOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, Duration, OutputContext, OutputDriver

__all__ = [
    "HTTP",
    "LA6",
    "PHN",
    "PNS",
    "HttpTowerOptions",
    "La6Options",
    "PhnOptions",
    "PnsOptions",
    "TowerOptions",
]

LAST_WORD_S: Final[Seconds] = 0.8
"""So long a tower may take to become dark in the end; the program waits for a second at most."""

_KEEPALIVE_S: Final = (0.5, 60.0)
_SOUNDS: Final = range(1, 5)
_PHN_SOUNDS: Final = range(1, 3)


class TowerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every Patlite tower."""

    host: str
    """Name or address of the tower; an address cannot fail to be looked up."""
    timeout: Duration = 1.5
    """Longest wait for one change, connection and all: 0.1 s to 2.5 s."""
    keepalive: Duration = 1.0
    """The present state is said again after so long: a tower that was gone is noticed, and put right."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(getattr(self, "kind", "tower")).lamps


class PnsOptions(TowerOptions, frozen=True, kw_only=True):
    """Options of an NHL or NH tower."""

    port: int = 10_000
    """TCP port of the PNS protocol, as set in the tower."""
    kind: Literal["tower", "two-tier-tower", "lamp", "buzzer"] = "tower"
    """What of it is this output: its tiers, one tier, or its buzzer."""
    tier: Literal["red", "yellow", "green", "blue", "white"] = "red"
    """Which tier ``kind = "lamp"`` is; yellow is Patlite's amber."""
    sound: int = 1
    """Pattern of the buzzer, 1 to 4 (PHN: 1 or 2)."""


class PhnOptions(TowerOptions, frozen=True, kw_only=True):
    """Options of a PHN tower, which has one output only."""

    port: int = 10_000
    """TCP port, as set in the tower."""
    kind: Literal["tower", "two-tier-tower", "lamp", "buzzer"] = "tower"
    """What of it is this output; all the rest of it stays off."""
    tier: Literal["red", "yellow", "green"] = "red"
    """Which tier ``kind = "lamp"`` is."""
    sound: int = 1
    """Pattern of the buzzer, 1 or 2."""


class La6Options(TowerOptions, frozen=True, kw_only=True):
    """Options of an LA6-POE."""

    port: int = 10_000
    """TCP port of the PNS protocol, as set in the tower."""
    kind: Literal["tower", "two-tier-tower", "lamp", "rgb"] = "tower"
    """``tower``: the first three units are red, yellow and green; ``rgb``: all five are of one colour."""


class HttpTowerOptions(TowerOptions, frozen=True, kw_only=True):
    """Options of a tower with Patlite's HTTP control (NH, NHL, LA6)."""

    port: int = 80
    """Port of its web server."""
    kind: Literal["tower", "two-tier-tower", "lamp", "buzzer"] = "tower"
    """What of it is this output: its tiers, one tier, or its buzzer."""
    tier: Literal["red", "yellow", "green", "blue", "white"] = "red"
    """Which tier ``kind = "lamp"`` is; yellow is Patlite's amber."""
    sound: int = 1
    """Pattern of the buzzer, 1 to 4."""


class TcpTower:
    """A tower that is sent frames, each of which it acknowledges.

    Args:
        options: Where it is.
        frame: Makes the frame for what the lamps are to show.
    """

    def __init__(self, options: Any, frame: Callable[[Mapping[str, str]], bytes]) -> None:
        self._options = options
        self._frame = frame
        self._where = shown(options.host, options.port)
        self._link = TcpLink(options.host, options.port)
        self._dark = dict.fromkeys(options.lamps, OFF)

    def open(self) -> None:
        """Connect and make it dark.

        Raises:
            DriverError: It is not there, or does not answer as a tower does.
        """
        self.show(self._dark)

    def show(self, lamps: Mapping[str, str]) -> None:
        """Send the frame and take its reply.

        Raises:
            DriverError: It is gone, refuses, or says something else.
        """
        self._tell(lamps, Deadline(self._options.timeout))

    def close(self) -> None:
        """Make it dark if it was heard last time, and hang up."""
        if self._link.is_open:
            try:
                self._tell(self._dark, Deadline(min(self._options.timeout, LAST_WORD_S)))
            except DriverError:
                return
            self._link.close()

    def _tell(self, lamps: Mapping[str, str], deadline: Deadline) -> None:
        answer = self._link.ask(self._frame(lamps), _is_whole, deadline)
        reply = codec.read_reply(answer)
        if reply is codec.Reply.DONE:
            return
        self._link.close()
        if reply is codec.Reply.REFUSED:
            raise DriverError(
                f"{self._where} refuses the command (NAK); choose the driver for this model, "
                "and switch off its smart mode"
            )
        raise DriverError(
            f'{self._where} answers "{answer[:8].hex(" ")}", which is no reply of a Patlite tower; '
            "is it the right device and port?"
        )


def _is_whole(answer: bytes) -> bool:
    return codec.read_reply(answer) is not codec.Reply.INCOMPLETE


class HttpTower:
    """A tower that is asked by HTTP: ``GET /api/control?alert=RRRRRZ``.

    Args:
        options: Where it is.
        digits: Makes the six digits for what the lamps are to show.
    """

    def __init__(self, options: HttpTowerOptions, digits: Callable[[Mapping[str, str]], str]) -> None:
        self._options = options
        self._digits = digits
        self._link = HttpLink(Origin("http", options.host, options.port))
        self._dark = dict.fromkeys(options.lamps, OFF)
        self._is_there = False

    def open(self) -> None:
        """Connect and make it dark.

        Raises:
            DriverError: It is not there, or does not answer as a tower does.
        """
        self.show(self._dark)

    def show(self, lamps: Mapping[str, str]) -> None:
        """Send the request and look at its status.

        Raises:
            DriverError: It is gone, or refuses.
        """
        self._is_there = False
        self._tell(lamps, Deadline(self._options.timeout))
        self._is_there = True

    def close(self) -> None:
        """Make it dark if it was heard last time, and hang up."""
        if self._is_there:
            self._is_there = False
            try:
                self._tell(self._dark, Deadline(min(self._options.timeout, LAST_WORD_S)))
            except DriverError:
                return
        self._link.close()

    def _tell(self, lamps: Mapping[str, str], deadline: Deadline) -> None:
        request = Request("GET", f"/api/control?alert={self._digits(lamps)}", {})
        self._link.ask(request, (200,), deadline)


def _check(options: Any) -> list[ConfigProblem]:
    sounds = _PHN_SOUNDS if isinstance(options, PhnOptions) else _SOUNDS
    sound = getattr(options, "sound", 1)
    problems = [
        *check_host(options.host),
        *check_port(options.port),
        *check_span("timeout", options.timeout, *TIMEOUT_S),
        *check_span("keepalive", options.keepalive, *_KEEPALIVE_S),
    ]
    if sound not in sounds:
        message = f"must be {sounds[0]} to {sounds[-1]}, got {sound}"
        problems.append(ConfigProblem(path="sound", message=message))
    return problems


def _claims(options: Any) -> tuple[str, ...]:
    tower = f"the Patlite tower {shown(options.host.lower(), options.port)}"
    if isinstance(options, PhnOptions | La6Options):
        return (tower,)
    if options.kind == "lamp":
        return (f"{options.tier} of {tower}",)
    return tuple(f"{part} of {tower}" for part in options.lamps)


def _driver(summary: str, options: type[TowerOptions], device: Callable[[Any], Device]) -> OutputDriver:
    def create(created: Any, context: OutputContext) -> WorkerOutput:
        steadied = Steadied(context.name, device(created), keepalive_s=created.keepalive)
        return WorkerOutput(context.name, created.lamps, steadied, keepalive_s=min(created.keepalive, TICK_S))

    return OutputDriver(summary=summary, options=options, create=create, check=_check, claims=_claims)


def _pns(options: PnsOptions) -> Device:
    return TcpTower(options, partial(codec.pns_frame, tier=options.tier, sound=options.sound))


def _phn(options: PhnOptions) -> Device:
    return TcpTower(options, partial(codec.phn_frame, tier=options.tier, sound=options.sound))


def _la6(options: La6Options) -> Device:
    return TcpTower(options, codec.la6_frame)


def _http(options: HttpTowerOptions) -> Device:
    return HttpTower(options, partial(codec.alert_digits, tier=options.tier, sound=options.sound))


PNS: Final = _driver("a Patlite NHL tower, or its buzzer, by TCP", PnsOptions, _pns)
LA6: Final = _driver("a Patlite LA6-POE tower by TCP", La6Options, _la6)
PHN: Final = _driver("a Patlite PHN tower by TCP", PhnOptions, _phn)
HTTP: Final = _driver("a Patlite tower with HTTP control, or its buzzer", HttpTowerOptions, _http)
