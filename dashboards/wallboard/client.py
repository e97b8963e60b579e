"""The live view's client: connects, decodes, and when the monitor is gone tries until it is back."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from dashboards.wallboard.state import LiveViewError
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.events import UNREADABLE
from queue_alert.core.units import Seconds
from queue_alert.core.view import FloorView, LiveMessage

__all__ = [
    "AddressError",
    "ClientOptions",
    "LiveClient",
    "MonitorUnreachableError",
    "fetch_floor",
    "live_address",
    "shown",
]

_log = logging.getLogger(__name__)

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_DEFAULT_PATH = "/live"
_DECODER: msgspec.json.Decoder[LiveMessage] = msgspec.json.Decoder(LiveMessage)


class MonitorUnreachableError(QueueAlertError):
    """The monitor cannot be reached, or what answers is none; the text says which and what to do."""


class AddressError(QueueAlertError, ValueError):
    """What was given is no address of a monitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """Bounds of the connection.

    Attributes:
        open_timeout_s: From the first packet to the first message.
        ping_interval_s: A monitor that does not answer a ping is gone after this plus ``ping_timeout_s``.
        ping_timeout_s: See above.
        first_pause_s: Before the first new try; each further one is 1.6 times longer.
        longest_pause_s: At most this long, give or take a fifth.
        largest_message: In bytes.
    """

    open_timeout_s: Seconds = 5.0
    ping_interval_s: Seconds = 5.0
    ping_timeout_s: Seconds = 5.0
    first_pause_s: Seconds = 0.25
    longest_pause_s: Seconds = 5.0
    largest_message: int = 8 * 2**20


@dataclass(slots=True, kw_only=True)
class LiveClient:
    """Keeps one connection to the monitor's live view.

    Attributes:
        address: As :func:`live_address` returns it.
        on_message: Called with every message and the steady time of its receipt. May raise
            :class:`LiveViewError`; then the connection is given up and made anew.
        on_gone: Called once when the monitor is gone, with the reason.
        on_back: Called when the floor has come after a connection was made.
        options: Bounds.
        clock: The steady clock.
        chance: Returns 0 to 1; the jitter of the pauses, so that ten boards do not come back at one instant.
    """

    address: str
    on_message: Callable[[LiveMessage, Seconds], None]
    on_gone: Callable[[str], None]
    on_back: Callable[[], None]
    options: ClientOptions = field(default_factory=ClientOptions)
    clock: Callable[[], Seconds] = time.monotonic
    chance: Callable[[], float] = random.random
    _pause: Seconds = field(default=0.0, init=False)
    _heard: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Listen until cancelled; a lost monitor is looked for with growing pauses."""
        is_gone = False
        self._pause = self.options.first_pause_s
        while True:
            try:
                async with _connected(self.address, self.options) as connection:
                    await self._listen(connection)
            except (MonitorUnreachableError, LiveViewError) as error:
                reason = str(error)
            # What is lost again at once was not back; ``_listen`` has said whether a floor came.
            is_gone = is_gone and not self._heard
            (_log.debug if is_gone else _log.info)("monitor gone reason=%s", reason)
            if not is_gone:
                self.on_gone(reason)
            is_gone, self._heard = True, False
            await asyncio.sleep(self._pause * (0.8 + 0.4 * self.chance()))
            self._pause = min(self._pause * 1.6, self.options.longest_pause_s)

    async def _listen(self, connection: ClientConnection) -> NoReturn:
        floor = await _first(connection, self.options)
        self.on_message(floor, self.clock())
        self._heard, self._pause = True, self.options.first_pause_s
        _log.info("monitor connected address=%s", shown(self.address))
        self.on_back()
        while True:
            # No timeout: a quiet floor says nothing, and pings tell a dead monitor.
            message = _decoded(await _received(connection))
            self.on_message(message, self.clock())


async def fetch_floor(address: str, options: ClientOptions) -> FloorView:
    """Return the floor as it stands, and disconnect.

    Args:
        address: As :func:`live_address` returns it.
        options: Bounds of the connection.

    Raises:
        MonitorUnreachableError: There is no monitor, or it does not say the floor in time.
    """
    try:
        async with _connected(address, options) as connection:
            return await _first(connection, options)
    except LiveViewError as error:
        raise MonitorUnreachableError(f"{shown(address)} is no monitor: {error}") from error


def live_address(text: str) -> str:
    """Return the live view's address for what a person writes.

    ``http://host:9469`` and ``host:9469`` mean ``ws://host:9469/live``, ``https`` means ``wss``; a path that
    is given is kept.

    Raises:
        AddressError: It is no such address.
    """
    has_scheme = "://" in text
    try:
        parts = urlsplit(text if has_scheme else f"ws://{text}")
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is no address: {error}") from error
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not host or any(character.isspace() for character in text):
        raise AddressError(
            f"{text!r} is no address of a monitor; write ws://host:9469/live or http://host:9469"
        )
    path = parts.path if parts.path not in {"", "/"} else _DEFAULT_PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def shown(address: str) -> str:
    """Return ``address`` without user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


@asynccontextmanager
async def _connected(address: str, options: ClientOptions) -> AsyncIterator[ClientConnection]:
    where = shown(address)
    try:
        connection = await connect(
            address,
            open_timeout=options.open_timeout_s,
            ping_interval=options.ping_interval_s,
            ping_timeout=options.ping_timeout_s,
            close_timeout=1,
            max_size=options.largest_message,
            # A message is small and the network local: inflating it costs more than carrying it.
            compression=None,
        )
    except TimeoutError as error:
        within = f"{options.open_timeout_s:g} s"
        raise MonitorUnreachableError(f"no answer from {where} within {within}; is it up?") from error
    except InvalidStatus as error:
        raise MonitorUnreachableError(
            f"{where} answered HTTP {error.response.status_code}; is this the address of a monitor?"
        ) from error
    except (OSError, UnicodeError) as error:
        why = _why(error)
        raise MonitorUnreachableError(f"no monitor at {where} ({why}); is queue-alert running?") from error
    except WebSocketException as error:
        raise MonitorUnreachableError(f"{where} is no monitor's live view ({error})") from error
    try:
        yield connection
    except ConnectionClosed as error:
        said = (error.rcvd.reason if error.rcvd else "") or "connection lost"
        raise MonitorUnreachableError(f"the monitor at {where} is gone ({said})") from error
    finally:
        await connection.close()


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


async def _first(connection: ClientConnection, options: ClientOptions) -> FloorView:
    try:
        async with asyncio.timeout(options.open_timeout_s):
            message = _decoded(await _received(connection))
    except TimeoutError as error:
        raise LiveViewError(
            f"nothing was said within {options.open_timeout_s:g} s; is this a monitor's live view?"
        ) from error
    if not isinstance(message, FloorView):
        raise LiveViewError("the first message was not the floor; is this a monitor's live view?")
    return message


async def _received(connection: ClientConnection) -> bytes:
    return await connection.recv(decode=False)


def _decoded(data: bytes) -> LiveMessage:
    try:
        return _DECODER.decode(data)
    except UNREADABLE as error:
        raise LiveViewError(
            f"a message could not be read ({error}); are both of the same version?"
        ) from error
