"""The feed from an ACD that serves the neutral feed over a WebSocket: connects, listens, answers."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from adapters.websocket.options import WebSocketOptions, check, goes_in_clear
from adapters.websocket.refusals import why_closed, why_not_connected
from adapters.websocket.session import Session
from adapters.websocket.states import Limits, SessionError
from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError, FeedContext, FeedDriver, Skipped
from queue_alert.protocol.feed_socket import SUBPROTOCOL, ClientMessage
from queue_alert.secrets import read_secret

__all__ = ["DRIVER", "WebSocketFeed"]

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S: Final[Seconds] = 1.0
_SEND_TIMEOUT_S: Final[Seconds] = 5.0
_SHORT_S: Final[Seconds] = 0.05
_MAX_QUEUE: Final = 16
_STALE_AFTER_S: Final[Seconds] = 45.0


class WebSocketFeed:
    """A live feed; one object for all its connections, so that it can go on where one broke."""

    def __init__(self, options: WebSocketOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        limits = Limits(
            hello_within_s=options.connect_timeout,
            synced_within_s=options.sync_timeout,
            groups=options.max_groups,
        )
        self._session = Session(context.name, context.skipped, context.clock.now, limits)
        self._where = urlsplit(options.url)._replace(query="").geturl()
        self._encoder = msgspec.json.Encoder()

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Stay connected until the connection ends.

        Raises:
            DriverError: It could not be made, or was lost, or the server does not keep to the subprotocol.
        """
        async with self._connected() as connection:
            _log.info("connected feed=%s url=%s", self._context.name, self._where)
            try:
                await self._listen(connection, submit)
            except SessionError as error:
                raise self._failed(str(error)) from error
            except ConnectionClosed as error:
                if error.sent is not None and error.sent.code == 1009:  # noqa: PLR2004 - RFC 6455, 7.4.1
                    self._context.skipped(Skipped.TOO_LONG, f"more than {self._options.max_message} bytes")
                raise self._failed(why_closed(error, max_message=self._options.max_message)) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        options = self._options
        token = await asyncio.to_thread(self._read_token)
        trust = await asyncio.to_thread(self._trust)
        try:
            connection = await _Connect(
                options.url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers={"Authorization": f"Bearer {token}"} if token else None,
                user_agent_header="queue-alert",
                ssl=trust,
                # What the ACD says must not take a way that somebody once set for browsers.
                proxy=None,
                # The network is local and a small message costs more to inflate than to carry.
                compression=None,
                open_timeout=options.connect_timeout,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=options.ping,
                ping_timeout=options.ping,
                max_size=options.max_message,
                max_queue=_MAX_QUEUE,
            )
        except (OSError, WebSocketException, UnicodeError) as error:
            reason = why_not_connected(
                error,
                has_token=bool(token),
                is_secure=trust is not None,
                within_s=options.connect_timeout,
            )
            raise self._failed(reason) from error
        try:
            if connection.subprotocol != SUBPROTOCOL:
                raise self._failed(
                    f"does not speak {SUBPROTOCOL}; check the path in url, and the ACD's version"
                )
            yield connection
        finally:
            await connection.close()

    async def _listen(self, connection: ClientConnection, submit: Callable[[AcdEvent], None]) -> None:
        session = self._session
        now = asyncio.get_running_loop().time
        session.connected(now())
        while True:
            await self._say(connection, session.take_messages())
            try:
                async with asyncio.timeout_at(session.next_deadline()):
                    await self._take(connection, submit)
                continue
            except TimeoutError:
                pass
            # What came while something else held up the loop counts before the time that passed meanwhile.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SHORT_S):
                    await self._take(connection, submit, is_one=True)
            session.advance(now())

    async def _say(self, connection: ClientConnection, messages: list[ClientMessage]) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                for message in messages:
                    await connection.send(self._encoder.encode(message), text=True)
        except TimeoutError as error:
            raise self._failed(f"has not read what we said for {_SEND_TIMEOUT_S:g} s") from error

    async def _take(
        self, connection: ClientConnection, submit: Callable[[AcdEvent], None], *, is_one: bool = False
    ) -> None:
        """Take messages (or one) until there is something to say or to wait for."""
        session, receive = self._session, connection.recv
        now = asyncio.get_running_loop().time
        while True:
            text = await receive()
            if type(text) is str:
                for event in session.receive(text, now()):
                    submit(event)
            else:
                self._refuse_bytes(text)
            if is_one or session.has_turned:
                return

    def _refuse_bytes(self, data: str | bytes) -> None:
        self._context.skipped(Skipped.NOT_TEXT, f"a binary message of {len(data)} bytes")

    def _read_token(self) -> str:
        options, context = self._options, self._context
        token = read_secret(
            context.name, file=options.token_file, base=context.base, kind="token", is_needed=False
        )
        if not token:
            return ""
        if goes_in_clear(options.url):
            raise self._failed("would get the token in clear; write wss:// in url", recoverable=False)
        if not token.isascii() or not token.isprintable() or " " in token:
            raise self._failed("needs a token of printable ASCII without spaces", recoverable=False)
        return token

    def _trust(self) -> ssl.SSLContext | None:
        options = self._options
        if urlsplit(options.url).scheme != "wss":
            return None
        if not options.ca_file:
            return ssl.create_default_context()
        path = self._context.base / options.ca_file
        try:
            return ssl.create_default_context(cafile=path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DriverError(
                f"ca_file {path} cannot be used ({reason}); it must hold certificates as PEM"
            ) from error

    def _failed(self, reason: str, *, recoverable: bool = True) -> DriverError:
        return DriverError(f"{self._where} {reason}", recoverable=recoverable)


class _Connect(connect):
    """A connection that goes where the configuration says and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow nobody: the token is for this server."""
        return exc


DRIVER: Final = FeedDriver(
    summary="an ACD that serves the neutral feed over a WebSocket",
    options=WebSocketOptions,
    create=WebSocketFeed,
    check=check,
    stale_after_s=_STALE_AFTER_S,
)
