"""The HTTP server that posts come to: bytes in, answers out, everything bounded."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from adapters.webhook.reception import Answer, Head, Reception
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Seconds
from queue_alert.ports import Clock

__all__ = ["Door", "DoorLimits"]

_log = logging.getLogger(__name__)

_HEADERS: Final = {
    "Server": "queue-alert",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_READ_SIZE: Final = 65_536
_LONGEST_LINE: Final = 8_190
_MOST_HEADERS: Final = 64
_LINGER_S: Final[Seconds] = 1.0
_CLOSED_WITHIN_S: Final[Seconds] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """What one door bears.

    Attributes:
        connections: How many at a time; one more is closed at once.
        timeout_s: So long may a request's head take, from the connection or the answer before, and so long
            its body.
    """

    connections: int
    timeout_s: Seconds


class Door:
    """One listening socket.

    Args:
        reception: Gives the answers.
        clock: The steady line.
        submit: Takes the events.
        limits: What it bears.

    Attributes:
        fault: Done once one of our own mistakes has come to light while a post was taken; it raises it.
    """

    def __init__(
        self, reception: Reception, clock: Clock, submit: Callable[[AcdEvent], None], limits: DoorLimits
    ) -> None:
        self._reception = reception
        self._clock = clock
        self._submit = submit
        self._limits = limits
        self._manager: web.Server | None = None
        self._server: asyncio.Server | None = None
        self.fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Listen, and return the address.

        Raises:
            OSError: The address cannot be had.
        """
        self._manager = manager = web.Server(self._answer)
        async with asyncio.timeout(self._limits.timeout_s):
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Connection(manager, self._reception, self._limits),
                host,
                port,
                ssl=tls,
                ssl_handshake_timeout=self._limits.timeout_s if tls else None,
            )
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def close(self) -> None:
        """Let go of the address and of everybody who is connected."""
        if self._server is not None:
            self._server.close()
        if self._manager is not None:
            self._manager.pre_shutdown()
            await self._manager.shutdown(_CLOSED_WITHIN_S)
        if self.fault.done() and not self.fault.cancelled():
            self.fault.exception()  # it was raised, or the end has another reason
        self.fault.cancel()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        head = _head(request)
        answer = self._reception.judge(head)
        if answer is None:
            body = await self._read(request)
            answer = body if isinstance(body, Answer) else self._take(head, body)
        return _response(answer)

    def _take(self, head: Head, body: bytes) -> Answer:
        try:
            return self._reception.receive(head, body, self._clock.now(), self._submit)
        except Exception as error:  # noqa: BLE001 - it ends the process, as anywhere: the loop of run raises it
            # The server would only log a mistake of ours, and go on without the events.
            if not self.fault.done():
                self.fault.set_exception(error)
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"reason": "not taken"}, {"Connection": "close"})

    async def _read(self, request: web.BaseRequest) -> bytes | Answer:
        most = self._reception.max_body
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                if request.headers.get("Expect", "").lower() == "100-continue":
                    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    request.writer.output_size = 0
                while part := await request.content.readany():
                    size += len(part)
                    if size > most:
                        return self._reception.too_long()
                    parts.append(part)
        except TimeoutError:
            return self._reception.too_slow()
        except (web.PayloadAccessError, web.RequestPayloadError, ValueError):
            return self._reception.unreadable()
        return b"".join(parts)


class _Connection(RequestHandler):
    """One connection: aiohttp's, but for who is let in and what is said of what is no HTTP."""

    def __init__(self, manager: web.Server, reception: Reception, limits: DoorLimits) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            # Also how long it waits for the head of the first request, and of each one after it.
            keepalive_timeout=limits.timeout_s,
            access_log=None,  # type: ignore[arg-type]
            logger=_log,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            lingering_time=_LINGER_S,
            read_bufsize=_READ_SIZE,
            auto_decompress=False,
        )
        self._crowd = manager
        self._reception = reception
        self._most = limits.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        super().connection_made(transport)
        if len(self._crowd.connections) > self._most:
            self.force_close()

    def handle_error(
        self,
        _request: web.BaseRequest,
        _status: int = 500,
        exc: BaseException | None = None,
        _message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP; anybody may send that, so it is counted and not logged each time."""
        if exc is not None and not isinstance(exc, HttpProcessingError):
            raise exc
        response = _response(self._reception.unreadable())
        response.force_close()
        return response


def _head(request: web.BaseRequest) -> Head:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    # As it was sent: Twilio signs the very characters.
    path, _, query = request.raw_path.partition("?")
    return Head(method=request.method, path=path, query=query, headers=headers, length=request.content_length)


def _response(answer: Answer) -> web.Response:
    body: dict[str, Any] = {}
    if answer.document is not None:
        body = {"body": msgspec.json.encode(answer.document), "content_type": "application/json"}
    response = web.Response(status=answer.status, headers={**_HEADERS, **answer.headers}, **body)
    if answer.headers.get("Connection") == "close":
        response.force_close()
    return response
