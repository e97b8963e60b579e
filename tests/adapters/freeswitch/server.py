"""An event socket on a free loopback port, scripted; and what a feed on it says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from adapters.freeswitch.feed import FreeSwitchFeed, FreeSwitchOptions
from queue_alert.core.events import AcdEvent, FeedStatusChanged
from queue_alert.core.units import Instant
from queue_alert.ports import FeedContext, Skipped
from tests.adapters.freeswitch.switch import ACCEPTED, AUTH_REQUEST, SUBSCRIBED, Switch, small_switch

PASSWORD = "Gl0ck"  # noqa: S105 - of a switch that is none

REFUSED = b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n"

Script = Callable[["Line"], Awaitable[None]]


class Line:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, switch: Switch) -> None:
        self.switch = switch
        self.asked_for: list[str] = []
        self._reader = reader
        self._writer = writer

    async def asked(self) -> str:
        """Return the next command; raise ``IncompleteReadError`` at the end."""
        command = (await self._reader.readuntil(b"\n\n")).decode().strip()
        self.asked_for.append(command)
        return command

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def let_in(self, subscribed: bytes = SUBSCRIBED) -> list[str]:
        """Ask for the password, take it, answer the subscription; return both commands."""
        await self.say(AUTH_REQUEST)
        commands = [await self.asked()]
        await self.say(ACCEPTED)
        commands.append(await self.asked())
        await self.say(subscribed)
        return commands

    async def answer(self) -> str:
        """Answer the next ``api`` command as the switch does and return it."""
        command = (await self.asked()).removeprefix("api ")
        await self.say(self.switch.take() + self.switch.answer(command))
        return command

    async def lists(self) -> None:
        """Answer one round of questions."""
        while not (await self.answer()).endswith(list(self.switch.queues)[-1]):
            pass

    async def go_on(self) -> None:
        """Answer until the other side has hung up."""
        while True:
            await self.answer()

    async def until_gone(self) -> None:
        """Answer nothing any more, until the other side has hung up."""
        await self._reader.read()


@asynccontextmanager
async def playing(*scripts: Script, switch: Switch | None = None) -> AsyncIterator[int]:
    """Play one script after the other, one a connection, the last on all further ones; yields the port."""
    running: set[asyncio.Task[None]] = set()
    switch = switch or small_switch()
    left = list(scripts)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        script = left.pop(0) if len(left) > 1 else left[0]
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(Line(reader, writer, switch))
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*running, return_exceptions=True)


class Recorder:
    """A clock that stands still, and a list of all that a feed said and let the recorder hear."""

    def __init__(self) -> None:
        self.time: Instant = 1_800_000_000.25
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.tapped: list[str] = []
        self.raw = b""
        self.on_event: Callable[[AcdEvent], None] = lambda _event: None

    def now(self) -> Instant:
        return self.time

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
        self.tapped.append(text)

    def states(self) -> list[str]:
        """Return the feed's own states."""
        return [event.state for event in self.events if isinstance(event, FeedStatusChanged)]

    def kinds(self) -> list[str]:
        """Return what was said, by type."""
        return [str(type(event).__struct_config__.tag) for event in self.events]

    def feed(self, port: int, **options: Any) -> FreeSwitchFeed:
        """Return a feed from that port; its password is in the environment."""
        context = FeedContext(
            name="pbx",
            clock=self,
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
            tap=self,
            translator=_never,
            recording=_never,
        )
        return FreeSwitchFeed(FreeSwitchOptions(port=port, **options), context)


def _never(name: str) -> Any:
    raise AssertionError(name)
