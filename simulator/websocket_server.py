"""The simulated ACD's feed over a WebSocket, for any number of clients.

What is said, and when, is in :mod:`queue_alert.protocol.feed_socket`.
"""

import asyncio
import hmac
import logging
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec.structs import replace
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from queue_alert.core.events import UNREADABLE, FeedEvent
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock
from queue_alert.protocol.feed_socket import (
    SUBPROTOCOL,
    Heartbeat,
    Hello,
    SnapshotRequest,
    Start,
    Synced,
    client_decoder,
)
from simulator.exchange import Exchange
from simulator.secret import simulated_secret

__all__ = ["MAX_CLIENTS", "MAX_UNSENT", "PATH", "WebSocketServer"]

_logger = logging.getLogger(__name__)

PATH: Final = "/feed"
MAX_CLIENTS: Final = 32
MAX_UNSENT: Final = 4_096
"""Events a client may be behind; one that is further behind is cut off and may go on where it was."""

_HEARTBEAT_S: Final[Seconds] = 15.0
_START_WITHIN_S: Final[Seconds] = 10.0
_SEND_TIMEOUT_S: Final[Seconds] = 10.0
_CLOSE_TIMEOUT_S: Final[Seconds] = 1.0
_REQUESTS_APART_S: Final[Seconds] = 0.2
_LARGEST_MESSAGE: Final = 4_096
_POLICY_VIOLATION: Final = 1008
_TRY_AGAIN_LATER: Final = 1013
_PORTS: Final = range(65_536)


class WebSocketServer:
    """Serves one exchange; an asynchronous context manager, that listens while it is entered.

    Args:
        exchange: What is served; somebody else lets its time pass.
        clock: The steady line.
        host: Where to listen.
        port: 0: a free one.
        token: What clients must show; "": nothing.
        heartbeat_s: Nobody is left without a word for longer, > 0.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        heartbeat_s: Seconds = _HEARTBEAT_S,
    ) -> None:
        self.port = port
        self._exchange = exchange
        self._clock = clock
        self._host = host
        self._token = token.encode()
        self._heartbeat_s = heartbeat_s
        self._encoder = msgspec.json.Encoder()
        self._clients: set[_Client] = set()
        self._attended = 0
        self._server: Server | None = None

    @classmethod
    def at(cls, exchange: Exchange, clock: Clock, address: str) -> Self:
        """Return a server for ``HOST:PORT``, its token from the environment.

        Raises:
            ValueError: ``address`` is none.
        """
        host, colon, port = address.rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not host or not port.isdecimal() or int(port) not in _PORTS:
            raise ValueError(f'must be HOST:PORT, such as 127.0.0.1:9470, got "{address}"')
        return cls(exchange, clock, host=host, port=int(port), token=simulated_secret())

    @property
    def where(self) -> str:
        """The address to give to a client."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"ws://{host}:{self.port}{PATH}"

    @property
    def clients(self) -> int:
        """How many are being told."""
        return len(self._clients)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address cannot be had.
        """
        self._server = await serve(
            self._attend,
            self._host,
            self.port,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            process_request=self._why_not,
            compression=None,
            server_header=None,
            open_timeout=_START_WITHIN_S,
            close_timeout=_CLOSE_TIMEOUT_S,
            max_size=_LARGEST_MESSAGE,
            max_queue=1,
        )
        self.port = int(next(iter(self._server.sockets)).getsockname()[1])
        self._stop_listening = self._exchange.listen(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of everybody."""
        self._stop_listening()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # What the exchange tells

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:  # noqa: ARG002 - the exchange's call
        """Tell everybody."""
        if not self._clients:
            return
        texts = [self._encoder.encode(event) for event in events]
        for client in tuple(self._clients):
            client.tell(texts)

    def cut_off(self, now: Instant) -> None:  # noqa: ARG002 - the exchange's call
        """Drop everybody without a word."""
        for client in tuple(self._clients):
            client.drop()

    # What clients say

    def _why_not(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return why a client is not let in."""
        if request.path.partition("?")[0] != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"the feed is at {PATH}\n")
        if self._token and not self._is_allowed(request):
            refusal = connection.respond(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong\n")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        if self._attended >= MAX_CLIENTS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_CLIENTS} are served already\n")
        return None

    def _is_allowed(self, request: Request) -> bool:
        shown = request.headers.get_all("Authorization")
        wanted = b"Bearer " + self._token
        return len(shown) == 1 and hmac.compare_digest(shown[0].encode(errors="replace"), wanted)

    async def _attend(self, connection: ServerConnection) -> None:
        client = _Client(connection)
        self._attended += 1
        try:
            await client.send(self._encoder.encode(self._hello()))
            async with asyncio.timeout(_START_WITHIN_S):
                start = _read(await connection.recv())
            if not isinstance(start, Start):
                await connection.close(_POLICY_VIOLATION, "say start first")
                return
            self._begin(client, start)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(connection, client), name="websocket-server-hear")
                await self._talk(client)
        except TimeoutError:
            await connection.close(_POLICY_VIOLATION, f"say start within {_START_WITHIN_S:g} s")
        except ConnectionClosed:
            return
        finally:
            self._attended -= 1
            self._clients.discard(client)

    def _hello(self) -> Hello:
        exchange = self._exchange
        return Hello(
            source=exchange.source,
            run=exchange.run,
            seq=exchange.seq,
            time=exchange.clock(self._clock.now()),
            heartbeat_s=self._heartbeat_s,
        )

    def _begin(self, client: "_Client", start: Start) -> None:
        """Say what was missed, or else how things are; from here on the client is told everything."""
        exchange = self._exchange
        # Who has heard of more than was ever said was told so by somebody else.
        missed = exchange.since(start.after, start.run) if start.after <= exchange.seq else None
        if missed is None:
            self._tell_snapshots(client)
        else:
            synced = Synced(seq=exchange.seq, resumed=True)
            client.answer([self._encoder.encode(word) for word in (*missed, synced)])
        self._clients.add(client)

    def _tell_snapshots(self, client: "_Client") -> None:
        # What is due happens first, and is told to whoever listens.
        snapshots = self._exchange.snapshot(self._clock.now())
        seq = max([self._exchange.seq, *(snapshot.seq for snapshot in snapshots)])
        # One instant has one number, whether or not to look used any up.
        told = [snapshot if snapshot.seq == seq else replace(snapshot, seq=seq) for snapshot in snapshots]
        synced = Synced(seq=seq, groups=len(snapshots))
        client.answer([self._encoder.encode(word) for word in (*told, synced)])

    async def _hear(self, connection: ServerConnection, client: "_Client") -> None:
        """Take requests until the client is gone."""
        try:
            while True:
                message = _read(await connection.recv())
                if not isinstance(message, SnapshotRequest):
                    await connection.close(_POLICY_VIOLATION, "only snapshot.request is understood here")
                    return
                await client.told.wait()
                self._tell_snapshots(client)
                # Whoever asks more often waits: the next request is not read before.
                await asyncio.sleep(_REQUESTS_APART_S)
        except ConnectionClosed:
            return
        finally:
            client.close()

    async def _talk(self, client: "_Client") -> None:
        """Say what is to be said, and now and then that we are there."""
        while not client.is_closed:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    await client.wake.wait()
            except TimeoutError:
                heartbeat = Heartbeat(time=self._exchange.clock(self._clock.now()), seq=self._exchange.seq)
                client.tell([self._encoder.encode(heartbeat)])
            try:
                await client.send_unsent()
            except ConnectionClosed:
                client.close()


class _Client:
    """One client and what it is still to be told.

    Attributes:
        wake: Something is to be sent, or the client is gone.
        told: Nothing is to be sent.
    """

    def __init__(self, connection: ServerConnection) -> None:
        self.wake = asyncio.Event()
        self.told = asyncio.Event()
        self.is_closed = False
        self._connection = connection
        self._unsent: deque[bytes] = deque()
        self._most_unsent = MAX_UNSENT

    def tell(self, texts: Sequence[bytes]) -> None:
        """Have it told; one that is too far behind is cut off."""
        if self.is_closed:
            return
        if len(self._unsent) + len(texts) > self._most_unsent:
            _logger.info("client=cut_off reason=too_slow unsent=%d", len(self._unsent))
            self.drop()
            return
        self._add(texts)

    def answer(self, texts: Sequence[bytes]) -> None:
        """Have it told what it asked for: that may be much, and is no sign of slowness."""
        if not self.is_closed:
            self._most_unsent = len(self._unsent) + len(texts) + MAX_UNSENT
            self._add(texts)

    def drop(self) -> None:
        """Break the connection off."""
        self.close()
        self._connection.transport.abort()

    def close(self) -> None:
        """Tell it nothing any more."""
        self.is_closed = True
        self._unsent.clear()
        self.wake.set()
        self.told.set()

    async def send_unsent(self) -> None:
        """Send what it is to be told."""
        while self._unsent:
            await self.send(self._unsent.popleft())
        self.told.set()
        self._most_unsent = MAX_UNSENT
        if not self.is_closed:
            self.wake.clear()

    async def send(self, text: bytes) -> None:
        """Send one message; a client that does not take it in time is cut off."""
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await self._connection.send(text, text=True)
        except TimeoutError:
            _logger.info("client=cut_off reason=stuck stuck_s=%.0f", _SEND_TIMEOUT_S)
            self.drop()

    def _add(self, texts: Sequence[bytes]) -> None:
        self._unsent.extend(texts)
        self.told.clear()
        self.wake.set()


def _read(text: str | bytes) -> Start | SnapshotRequest | None:
    try:
        return _DECODE(text) if isinstance(text, str) else None
    except UNREADABLE:
        return None


_DECODE: Final = client_decoder().decode
