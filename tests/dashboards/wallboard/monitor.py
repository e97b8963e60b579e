"""A monitor's live view that is not there: a real WebSocket server on a free loopback port."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve

from queue_alert.core.view import LiveMessage

Said = LiveMessage | bytes
"""A message, or bytes sent as they are."""


class FakeMonitor:
    """Says ``greeting`` to whoever connects, then what :meth:`say` is given. Can go away and come back."""

    def __init__(self, greeting: Sequence[Said] = ()) -> None:
        self.greeting = list(greeting)
        self.port = 0
        self._server: Server | None = None
        self._guests: set[ServerConnection] = set()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/live"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await serve(self._greet, "127.0.0.1", self.port, ping_interval=None, close_timeout=0.1)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def say(self, message: Said) -> None:
        for guest in self._guests:
            await guest.send(_encoded(message))

    async def _greet(self, guest: ServerConnection) -> None:
        for message in self.greeting:
            await guest.send(_encoded(message))
        self._guests.add(guest)
        try:
            await guest.wait_closed()
        finally:
            self._guests.discard(guest)


def _encoded(message: Said) -> str | bytes:
    return message if isinstance(message, bytes) else msgspec.json.encode(message).decode()


async def unused_port() -> int:
    """Return a port that nothing listens on."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
