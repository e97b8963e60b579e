"""The one server: pages and the live view's WebSocket, on the configured loopback address."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HandshakeRequest
from websockets.http11 import Response as HandshakeResponse

from queue_alert.app.config.places import ListenAddress
from queue_alert.app.live import LiveView, TooManyWatchersError, Watcher
from queue_alert.app.routing import SECURITY_HEADERS, Answer, Request, Site
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds

__all__ = ["CannotListenError", "HttpServer", "server_names"]

_logger = logging.getLogger(__name__)

_MAX_CONNECTIONS: Final = 64
_MAX_INCOMING_BYTES: Final = 1024
_REQUEST_TIMEOUT_S: Final[Seconds] = 5.0
_SEND_TIMEOUT_S: Final[Seconds] = 10.0
_CLOSE_TIMEOUT_S: Final[Seconds] = 5.0
_GOODBYE_TIMEOUT_S: Final[Seconds] = 0.7
_PING_S: Final[Seconds] = 20.0
_POLICY_VIOLATION: Final = 1008
_TRY_AGAIN_LATER: Final = 1013


class CannotListenError(QueueAlertError, OSError):
    """The address is taken or is not this machine's."""


class HttpServer:
    """Serves a site and a live view. A watcher that cannot keep up gets a whole floor, a stuck one is cut.

    Args:
        site: The pages.
        live: The live view.
        listen: Where to listen.
    """

    def __init__(self, site: Site, *, live: LiveView, listen: ListenAddress) -> None:
        self._site = site
        self._live = live
        self._listen = listen
        self._server: Server | None = None
        self._connections: set[ServerConnection] = set()

    @property
    def port(self) -> int:
        """The port listened on, also where the system chose it; 0 before :meth:`run` called ``ready``."""
        sockets = self._server.sockets if self._server is not None else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    @property
    def url(self) -> str:
        """Where the index page is."""
        host = f"[{self._listen.host}]" if ":" in self._listen.host else self._listen.host
        return f"http://{host}:{self.port}/"

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; call ``ready`` once connections are accepted.

        Raises:
            CannotListenError: The address cannot be had.
        """
        try:
            server = await serve(
                self._on_watcher,
                self._listen.host,
                self._listen.port,
                process_request=self._on_request,
                create_connection=_connection_class(self._connections),
                compression=None,
                server_header=None,
                open_timeout=_REQUEST_TIMEOUT_S,
                ping_interval=_PING_S,
                ping_timeout=_PING_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                max_size=_MAX_INCOMING_BYTES,
                max_queue=1,
            )
        except OSError as exc:
            raise CannotListenError(
                f"http.listen: cannot listen on {self._listen.host}:{self._listen.port}: "
                f"{os.strerror(exc.errno or 0).lower()}; is another monitor running? choose another port"
            ) from exc
        self._server = server
        try:
            ready()
            await server.wait_closed()
        finally:
            await _close(server, self._connections)

    async def _on_request(
        self, _connection: ServerConnection, request: HandshakeRequest
    ) -> HandshakeResponse | None:
        answer = await self._site.answer(
            Request(
                # Releases before 16 know of GET alone and have no such attribute.
                method=getattr(request, "method", "GET"),
                target=request.path,
                hosts=tuple(request.headers.get_all("Host")),
                origins=tuple(request.headers.get_all("Origin")),
                is_upgrade="websocket" in ",".join(request.headers.get_all("Upgrade")).lower(),
                accepts_gzip=_accepts_gzip(request.headers.get_all("Accept-Encoding")),
            )
        )
        if answer == "live":
            return None
        is_head = getattr(request, "method", "GET") == "HEAD"
        return _response(answer, has_body=not is_head)

    async def _on_watcher(self, connection: ServerConnection) -> None:
        try:
            with self._live.watch() as watcher:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_listen_to(connection, watcher), name="live-listen")
                    await _talk_to(connection, watcher)
        except TooManyWatchersError as error:
            await connection.close(_TRY_AGAIN_LATER, str(error))


def server_names(listen: ListenAddress) -> frozenset[str]:
    """Return the names by which a server on the loopback may be asked for, without port."""
    return frozenset({listen.host.lower(), "localhost", "127.0.0.1", "::1"})


async def _talk_to(connection: ServerConnection, watcher: Watcher) -> None:
    try:
        while (message := await watcher.next_message()) is not None:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await connection.send(message)
    except ConnectionClosed:
        return
    except TimeoutError:
        _logger.info("live=cut_off stuck_s=%.0f", _SEND_TIMEOUT_S)
        connection.transport.abort()


async def _listen_to(connection: ServerConnection, watcher: Watcher) -> None:
    """Notice that a watcher went; one that speaks has mistaken us for something else."""
    try:
        await connection.recv()
        await connection.close(_POLICY_VIOLATION, "the live view takes no messages")
    except ConnectionClosed:
        return
    finally:
        watcher.close()


def _accepts_gzip(fields: list[str]) -> bool:
    """Return whether ``Accept-Encoding`` names gzip and does not rule it out. Source: RFC 9110, 12.5.3."""
    for coding in ",".join(fields).lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.partition("q=")[2].strip() not in {"0", "0.0", "0.00", "0.000"}
    return False


def _response(answer: Answer, *, has_body: bool) -> HandshakeResponse:
    headers = Headers(SECURITY_HEADERS)
    headers["Content-Type"] = answer.content_type
    headers["Content-Length"] = str(len(answer.body))
    if "Connection" not in answer.headers:
        headers["Connection"] = "close"
    headers.update(answer.headers)
    body = answer.body if has_body else b""
    return HandshakeResponse(answer.status.value, answer.status.phrase, headers, body)


def _connection_class(connections: set[ServerConnection]) -> type[ServerConnection]:
    """Return a class of connections that keep themselves in ``connections``, which are at most 64."""

    class BoundedConnection(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if len(connections) >= _MAX_CONNECTIONS:
                # Before a byte of it is read: what is refused must cost nothing.
                self.transport.abort()
            else:
                connections.add(self)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.discard(self)
            super().connection_lost(exc)

    return BoundedConnection


async def _close(server: Server, connections: set[ServerConnection]) -> None:
    server.close()
    try:
        async with asyncio.timeout(_GOODBYE_TIMEOUT_S):
            await server.wait_closed()
    except TimeoutError:
        for connection in list(connections):
            connection.transport.abort()
        await server.wait_closed()
