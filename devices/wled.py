"""WLED lights in the network: by JSON, which answers, and by UDP, which goes dark or back by itself.

By UDP the light does what we say only as long as we say it: it needs no answer to be fast, and a program that
died shows within seconds. Whether the light is there at all is asked by HTTP now and then.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Final, Literal

import msgspec

from devices.addresses import TIMEOUT_S, check_host, check_port, check_span, shown
from devices.http_codec import Origin, Request
from devices.http_link import HttpLink
from devices.kinds import OFF, Kind
from devices.steadying import MOST_HOLD_S, TICK_S, Steadied
from devices.tcp import Deadline, reason_of
from devices.wled_codec import MOST_LEDS, drgb_packet, is_done, read_info, state_body
from devices.worker import WorkerOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, DriverError, Duration, OutputContext, OutputDriver

__all__ = ["JSON", "UDP", "JsonLight", "UdpLight", "WledOptions", "WledUdpOptions"]

LAST_WORD_S: Final[Seconds] = 0.8
"""So long a light may take to become dark in the end; the program waits for a second at most."""

_KEEPALIVE_S: Final = (0.5, 60.0)
_REVERT_S: Final = (1.0, 254.0)
_CONFIRM_S: Final = (1.0, 3600.0)
_BRIGHTNESS: Final = (1, 255)
_JSON: Final = {"Content-Type": "application/json"}


class LightOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every WLED light."""

    host: str
    """Name or address of the light; an address cannot fail to be looked up."""
    port: int = 80
    """Port of its web server."""
    kind: Literal["rgb", "lamp"] = "rgb"
    """``rgb``: the colour says the severity too; ``lamp``: always the colour ``patterns.colours.lamp``."""
    brightness: int = 255
    """1 to 255."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(self.kind).lamps


class WledOptions(LightOptions, frozen=True, kw_only=True):
    """Options of a light that is told by JSON."""

    timeout: Duration = 1.5
    """Longest wait for one change, connection and all: 0.1 s to 2.5 s."""
    keepalive: Duration = 1.0
    """The present state is said again after so long: a light that was gone is noticed, and put right."""
    hold: Duration = 0.0
    """Darks up to this long are left out, so that it is steady: ``"2500ms"``; 0: only if it is slow."""


class WledUdpOptions(LightOptions, frozen=True, kw_only=True):
    """Options of a light that is told by UDP."""

    udp_port: int = 21_324
    """Port of the realtime protocol."""
    leds: int
    """How many LEDs it has, 1 to 490."""
    revert: Duration = 2.0
    """Without us it does again what it did before, after so long: whole seconds, 1 to 254."""
    confirm: Duration = 10.0
    """So often it is asked whether it is there and takes packets."""
    timeout: Duration = 1.0
    """Longest wait for the answer to that: 0.1 s to 2.5 s."""


class JsonLight:
    """A light that is told by ``POST /json/state``, and says whether it has done so.

    Args:
        options: Where it is.
    """

    def __init__(self, options: WledOptions) -> None:
        self._options = options
        self._link = HttpLink(Origin("http", options.host, options.port))
        self._is_there = False

    def open(self) -> None:
        """Connect and make it dark.

        Raises:
            DriverError: It is not there, or is no WLED.
        """
        self._tell(OFF, Deadline(self._options.timeout))

    def show(self, lamps: Mapping[str, str]) -> None:
        """Tell it the state and look at its answer.

        Raises:
            DriverError: It is gone, or refuses.
        """
        self._tell(next(iter(lamps.values())), Deadline(self._options.timeout))

    def close(self) -> None:
        """Make it dark if it was heard last time, and hang up."""
        if self._is_there:
            with suppress(DriverError):
                self._tell(OFF, Deadline(min(self._options.timeout, LAST_WORD_S)))
        self._is_there = False
        self._link.close()

    def _tell(self, colour: str, deadline: Deadline) -> None:
        self._is_there = False
        body = state_body(colour, self._options.brightness)
        request = Request("POST", "/json/state", _JSON, body)
        reply = self._link.ask(request, (200,), deadline)
        if not is_done(reply.body):
            raise DriverError(_no_wled(self._options, "does not say that it has done what it was told"))
        self._is_there = True


class UdpLight:
    """A light that is told by packets, each of which holds for a few seconds.

    Args:
        options: Where it is.
    """

    def __init__(self, options: WledUdpOptions) -> None:
        self._options = options
        self._link = HttpLink(Origin("http", options.host, options.port))
        self._socket: socket.socket | None = None
        self._confirm_at = 0.0

    def open(self) -> None:
        """Find it and make it dark.

        Raises:
            DriverError: It is not there, or is no WLED.
        """
        self._confirm(is_first=True)
        deadline = Deadline(self._options.timeout)
        try:
            found = socket.getaddrinfo(self._options.host, self._options.udp_port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _name, address = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.settimeout(self._options.timeout)
            self._socket.connect(address)
        except OSError as error:
            raise DriverError(reason_of(self._where, error, deadline)) from error
        self._send(OFF)

    def show(self, lamps: Mapping[str, str]) -> None:
        """Send a packet; now and then ask whether anybody takes them.

        Raises:
            DriverError: It is gone, or does not take them.
        """
        self._send(next(iter(lamps.values())))
        if monotonic() >= self._confirm_at:
            self._confirm()

    def close(self) -> None:
        """Make it dark; a little later it does again what it did before."""
        if self._socket is not None:
            with suppress(DriverError):
                self._send(OFF)
            self._socket.close()
            self._socket = None
        self._link.close()

    def _send(self, colour: str) -> None:
        if self._socket is None:
            raise DriverError(f"{self._where} is not open")
        options = self._options
        packet = drgb_packet(
            colour, leds=options.leds, revert_s=int(options.revert), brightness=options.brightness
        )
        try:
            self._socket.send(packet)
        except OSError as error:
            raise DriverError(reason_of(self._where, error, Deadline(options.timeout))) from error

    def _confirm(self, *, is_first: bool = False) -> None:
        options = self._options
        reply = self._link.ask(Request("GET", "/json/info", {}), (200,), Deadline(options.timeout))
        info = read_info(reply.body)
        if info is None:
            raise DriverError(_no_wled(options, "does not say who it is"))
        if not info.is_live and not is_first:
            raise DriverError(
                f"{self._where} takes no packets: switch on realtime UDP in its sync settings, "
                "end its override, and see that leds and udp_port are right"
            )
        self._confirm_at = monotonic() + options.confirm

    @property
    def _where(self) -> str:
        return f"WLED {self._options.host}"


def _no_wled(options: LightOptions, what: str) -> str:
    return f"WLED {options.host} {what}; is it the right device, and no other on that port?"


def _check_light(options: LightOptions) -> list[ConfigProblem]:
    problems = [*check_host(options.host), *check_port(options.port)]
    if not _BRIGHTNESS[0] <= options.brightness <= _BRIGHTNESS[1]:
        message = f"must be 1 to 255, got {options.brightness}"
        problems.append(ConfigProblem(path="brightness", message=message))
    return problems


def _check_json(options: WledOptions) -> list[ConfigProblem]:
    return [
        *_check_light(options),
        *check_span("timeout", options.timeout, *TIMEOUT_S),
        *check_span("keepalive", options.keepalive, *_KEEPALIVE_S),
        *check_span("hold", options.hold, 0.0, MOST_HOLD_S),
    ]


def _check_udp(options: WledUdpOptions) -> list[ConfigProblem]:
    problems = [
        *_check_light(options),
        *check_port(options.udp_port, "udp_port"),
        *check_span("timeout", options.timeout, *TIMEOUT_S),
        *check_span("revert", options.revert, *_REVERT_S),
        *check_span("confirm", options.confirm, *_CONFIRM_S),
    ]
    if not 1 <= options.leds <= MOST_LEDS:
        problems.append(ConfigProblem(path="leds", message=f"must be 1 to {MOST_LEDS}, got {options.leds}"))
    if options.revert % 1:
        message = f"must be whole seconds, got {options.revert:g} s"
        problems.append(ConfigProblem(path="revert", message=message))
    return problems


def _claims(options: LightOptions) -> tuple[str, ...]:
    return (f"the WLED light {shown(options.host.lower(), options.port)}",)


def _create_json(options: WledOptions, context: OutputContext) -> WorkerOutput:
    light = Steadied(context.name, JsonLight(options), keepalive_s=options.keepalive, hold_s=options.hold)
    return WorkerOutput(context.name, options.lamps, light, keepalive_s=min(options.keepalive, TICK_S))


def _create_udp(options: WledUdpOptions, context: OutputContext) -> WorkerOutput:
    # Twice in the time after which it would revert: one packet may be lost.
    return WorkerOutput(context.name, options.lamps, UdpLight(options), keepalive_s=options.revert / 3)


JSON: Final = OutputDriver(
    summary="a WLED light by JSON over HTTP",
    options=WledOptions,
    create=_create_json,
    check=_check_json,
    claims=_claims,
)
UDP: Final = OutputDriver(
    summary="a WLED light by UDP; goes back by itself when this program dies",
    options=WledUdpOptions,
    create=_create_udp,
    check=_check_udp,
    claims=_claims,
)
