"""A manager interface on a free loopback port that plays what a real one once said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from adapters.asterisk.feed import AsteriskFeed, AsteriskOptions
from queue_alert.core.events import AcdEvent, FeedStatusChanged
from queue_alert.core.units import Instant
from queue_alert.ports import FeedContext, Skipped

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
CHALLENGE = "840415273"
SECRET = "s3cret"  # noqa: S105 - of a manager that is none

Script = Callable[["Line"], Awaitable[None]]


class Line:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def asked(self) -> dict[str, str]:
        """Return the next action; raise ``IncompleteReadError`` at the end."""
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        return dict(line.split(": ", 1) for line in text.split("\r\n") if line)

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, asked: dict[str, str], response: str = "Success", message: str = "") -> None:
        """Answer an action."""
        lines = f"Response: {response}\r\nActionID: {asked['ActionID']}\r\nMessage: {message}\r\n\r\n"
        await self.say(lines.encode())

    async def challenge(self) -> dict[str, str]:
        """Greet, challenge, and return the login that follows."""
        await self.say(BANNER)
        asked = await self.asked()
        assert (asked["Action"], asked["AuthType"]) == ("Challenge", "MD5")
        lines = f"Response: Success\r\nActionID: {asked['ActionID']}\r\nChallenge: {CHALLENGE}\r\n\r\n"
        await self.say(lines.encode())
        return await self.asked()

    async def let_in(self, *, booted: bool = True, filters: str = "Success") -> dict[str, str]:
        """Greet, challenge, accept the login and return it; answer what is asked of filters."""
        login = await self.challenge()
        await self.answer(login)
        if booted:
            await self.say(BOOTED)
        await self.answer(
            await self.asked(), filters, "Success" if filters == "Success" else "Permission denied"
        )
        return login

    async def list_queue(self, asked: dict[str, str], queue: str = "sales") -> None:
        """Answer a question for the queues with one, in which nobody waits."""
        await self.answer(asked)
        action = asked["ActionID"]
        await self.say(
            f"Event: QueueParams\r\nQueue: {queue}\r\nActionID: {action}\r\n\r\n"
            f"Event: QueueStatusComplete\r\nActionID: {action}\r\nListItems: 1\r\n\r\n".encode()
        )

    async def until_gone(self) -> None:
        """Answer nothing any more, until the other side has hung up."""
        await self._reader.read()


@asynccontextmanager
async def playing(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Play ``script`` on every connection, over TLS where a context is given; yields the port."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(Line(reader, writer))
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*running, return_exceptions=True)


class Recorder:
    """A clock that stands still, and a list of all that a feed said and let the recorder hear."""

    def __init__(self) -> None:
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.tapped: list[str] = []
        self.raw = b""
        self.on_event: Callable[[AcdEvent], None] = lambda _event: None

    def now(self) -> Instant:
        return 1000.0

    def submit(self, event: AcdEvent) -> None:
        self.events.append(event)
        self.on_event(event)

    def connected(self) -> None:
        self.tapped.append("connected")

    def disconnected(self) -> None:
        self.tapped.append("disconnected")

    def received(self, data: bytes) -> None:
        self.raw += data

    def sent(self, text: str) -> None:
        self.tapped.append(text.split("\r\n", 1)[0] + ("\n" + text if "Action: Login" in text else ""))

    def states(self) -> list[str]:
        """Return the feed's own states."""
        return [event.state for event in self.events if isinstance(event, FeedStatusChanged)]

    def feed(self, port: int, **options: Any) -> AsteriskFeed:
        """Return a feed from that port; its secret is in the environment."""
        context = FeedContext(
            name="pbx",
            clock=self,
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
            tap=self,
            translator=_never,
            recording=_never,
        )
        return AsteriskFeed(AsteriskOptions(username="queuealert", port=port, **options), context)


def _never(name: str) -> Any:
    raise AssertionError(name)
