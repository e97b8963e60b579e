"""Real sockets on the loopback: an exchange made of the true ACD, servers that misbehave, and a feed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from adapters.websocket.feed import DRIVER, WebSocketFeed
from adapters.websocket.options import WebSocketOptions
from queue_alert.core.events import AcdEvent, FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import FeedName, Instant
from queue_alert.ports import DriverError, FeedContext, Skipped
from queue_alert.protocol.feed_socket import SUBPROTOCOL, Synced
from simulator.exchange import Exchange, Listener
from tests.adapters.websocket.acd import HELLO, SOURCE, START, TrueAcd, say
from tests.adapters.websocket.helpers import FEED, short

TOKEN = "t0ken-of-a-test"  # noqa: S105 - of a server that is none

EMPTY = say(Synced(seq=0, groups=0))

Script = Callable[[ServerConnection], Awaitable[None]]


async def say_all_is_empty(connection: ServerConnection) -> None:
    """Say hello and that there is nothing."""
    await connection.send(HELLO)
    await connection.recv()
    await connection.send(EMPTY)


class TrueExchange:
    """The public side of an exchange, with the true ACD behind it."""

    def __init__(self, acd: TrueAcd) -> None:
        self.acd = acd
        self.listeners: list[Listener] = []
        self.source: FeedName = SOURCE

    @property
    def run(self) -> str:
        return f"r{self.acd.run}"

    @property
    def seq(self) -> int:
        return self.acd.seq

    def clock(self, now: Instant) -> Instant:
        return now

    def listen(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def snapshot(self, _now: Instant) -> list[GroupSnapshotTaken]:
        return [self.acd.snapshot(group) for group in self.acd.waiting]

    def since(self, after: int, run: str) -> list[FeedEvent] | None:
        log = self.acd.log
        if run != self.run or after <= 0 or not log or after < log[0].seq - 1:
            return None
        return [event for event in log if event.seq > after]

    def happen(self, *events: FeedEvent) -> None:
        for listener in tuple(self.listeners):
            listener.happened(events, self.acd.now)

    def cut_off(self) -> None:
        for listener in tuple(self.listeners):
            listener.cut_off(self.acd.now)

    def restart(self) -> None:
        self.acd.restart()
        self.cut_off()

    def as_exchange(self) -> Exchange:
        return cast("Exchange", self)


class StandingClock:
    """A clock that shows when the ACD began."""

    def now(self) -> Instant:
        return START


class Listening:
    """A feed and all that came out of it.

    Attributes:
        failure: What ended it.
    """

    def __init__(self, url: str, *, base: Path = Path(), **options: Any) -> None:
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.failure: DriverError | None = None
        self._heard = asyncio.Event()
        context = FeedContext(
            name=FEED,
            clock=StandingClock(),
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
            translator=_never,
            recording=_never,
            base=base,
        )
        made = DRIVER.create(WebSocketOptions(url=url, **options), context)
        assert isinstance(made, WebSocketFeed)
        self.feed = made

    def submit(self, event: AcdEvent) -> None:
        self.events.append(event)
        self._heard.set()

    @property
    def said(self) -> list[Any]:
        return [short(event) for event in self.events]

    @property
    def states(self) -> list[str]:
        return [said for said in self.said if isinstance(said, str)]

    @property
    def contacts(self) -> list[str]:
        return [said["contact"] for said in self.said if isinstance(said, dict) and "contact" in said]

    async def fail(self) -> DriverError:
        """Run until it fails."""
        async with asyncio.timeout(5):
            try:
                await self.feed.run(self.submit)
            except DriverError as error:
                self.failure = error
                return error
        raise AssertionError("the feed has ended")

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[DriverError]]:
        """Run it as long as the context lasts."""
        task = asyncio.create_task(self.fail(), name="feed-under-test")
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def playing(
    script: Script, *, subprotocol: str | None = SUBPROTOCOL, **options: Any
) -> AsyncIterator[str]:
    """Play ``script`` on every connection; yields the address."""

    async def attend(connection: ServerConnection) -> None:
        try:
            await script(connection)
        except ConnectionClosed:
            return

    offered: Sequence[Subprotocol] | None = [Subprotocol(subprotocol)] if subprotocol else None
    secure = "ssl" in options
    async with serve(
        attend, "127.0.0.1", 0, subprotocols=offered, compression=None, close_timeout=0.2, **options
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"{'wss' if secure else 'ws'}://127.0.0.1:{port}/feed"


@asynccontextmanager
async def answering(data: bytes | None, *, unasked: bool = False) -> AsyncIterator[str]:
    """Answer every connection with raw bytes, or accept it and say nothing at all."""
    gone = asyncio.Event()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if data is None:
                await gone.wait()
            else:
                if not unasked:
                    await reader.readuntil(b"\r\n\r\n")
                writer.write(data)
                await writer.drain()
                if unasked:
                    await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
    finally:
        gone.set()
        server.close()
        await server.wait_closed()


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _never(name: str) -> Any:
    raise AssertionError(name)
