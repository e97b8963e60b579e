"""The client against a real server that goes away and comes back: waits for events, never sleeps."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboards.wallboard.client import (
    AddressError,
    ClientOptions,
    LiveClient,
    MonitorUnreachableError,
    fetch_floor,
    live_address,
    shown,
)
from dashboards.wallboard.state import LiveViewError
from queue_alert.core.units import Seconds
from queue_alert.core.view import LampsChanged, LiveMessage, ViewChanged
from tests.dashboards.wallboard.floors import NOW, busy_floor, group
from tests.dashboards.wallboard.monitor import FakeMonitor, unused_port

FLOOR = busy_floor()
QUICK = ClientOptions(open_timeout_s=2.0, first_pause_s=0.01, longest_pause_s=0.02)
Happening = tuple[str, Any]


class Diary:
    """What the client told, in order."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[Happening] = asyncio.Queue()
        self.refuse: LiveMessage | None = None

    def client(self, address: str) -> LiveClient:
        return LiveClient(
            address=address,
            on_message=self._on_message,
            on_gone=lambda reason: self._told.put_nowait(("gone", reason)),
            on_back=lambda: self._told.put_nowait(("back", None)),
            options=QUICK,
            clock=lambda: 7.0,
            chance=lambda: 0.5,
        )

    def _on_message(self, message: LiveMessage, received_at: Seconds) -> None:
        if message == self.refuse:
            raise LiveViewError("will not do")
        self._told.put_nowait(("message", (message, received_at)))

    async def next(self) -> Happening:
        async with asyncio.timeout(10):
            return await self._told.get()


@contextlib.asynccontextmanager
async def listening(diary: Diary, address: str) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(diary.client(address).run(), name="client")
        try:
            yield
        finally:
            task.cancel()


async def test_floor_comes_first_and_changes_follow() -> None:
    diary = Diary()
    change, lamps = (
        ViewChanged(at=NOW + 1, groups=(group("New"),)),
        LampsChanged(at=NOW, output="beacon", lamps={}),
    )
    async with FakeMonitor([FLOOR]) as monitor, listening(diary, monitor.address):
        assert await diary.next() == ("message", (FLOOR, 7.0))
        assert await diary.next() == ("back", None)
        await monitor.say(change)
        await monitor.say(lamps)
        assert await diary.next() == ("message", (change, 7.0))
        assert await diary.next() == ("message", (lamps, 7.0))


async def test_monitor_that_goes_away_is_found_again() -> None:
    diary = Diary()
    async with FakeMonitor([FLOOR]) as monitor, listening(diary, monitor.address):
        assert [(await diary.next())[0] for _ in range(2)] == ["message", "back"]
        await monitor.stop()
        kind, reason = await diary.next()
        assert (kind, "is gone" in reason) == ("gone", True)
        await monitor.start()
        assert await diary.next() == ("message", (FLOOR, 7.0))
        assert await diary.next() == ("back", None)


async def test_monitor_that_was_never_there_is_said_to_be_gone_once() -> None:
    diary = Diary()
    monitor = FakeMonitor([FLOOR])
    monitor.port = await unused_port()
    async with listening(diary, monitor.address):
        assert await diary.next() == (
            "gone",
            f"no monitor at {monitor.address} (connection refused); is queue-alert running?",
        )
        await monitor.start()
        assert [(await diary.next())[0] for _ in range(2)] == ["message", "back"]
        await monitor.stop()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"no json", "a message could not be read"),
        (b'{"type":"mystery"}', "a message could not be read"),
        (b"[" * 100_000, "a message could not be read"),
        (LampsChanged(at=NOW, output="x", lamps={}), "the first message was not the floor"),
    ],
)
async def test_what_is_no_floor_is_refused_with_a_reason(said: Any, reason: str) -> None:
    diary = Diary()
    async with FakeMonitor([said]) as monitor, listening(diary, monitor.address):
        kind, told = await diary.next()
        assert (kind, reason in told) == ("gone", True)
        monitor.greeting = [FLOOR]
        assert await diary.next() == ("message", (FLOOR, 7.0))


async def test_message_that_cannot_be_applied_ends_the_connection() -> None:
    diary = Diary()
    diary.refuse = ViewChanged(at=NOW)
    async with FakeMonitor([FLOOR]) as monitor, listening(diary, monitor.address):
        assert [(await diary.next())[0] for _ in range(2)] == ["message", "back"]
        await monitor.say(diary.refuse)
        assert await diary.next() == ("gone", "will not do")
        assert await diary.next() == ("message", (FLOOR, 7.0))


async def test_message_beyond_the_bound_ends_the_connection() -> None:
    diary = Diary()
    async with FakeMonitor([FLOOR]) as monitor, listening(diary, monitor.address):
        assert [(await diary.next())[0] for _ in range(2)] == ["message", "back"]
        await monitor.say(b" " * (QUICK.largest_message + 1))
        kind, _reason = await diary.next()
        assert kind == "gone"


async def test_fetch_returns_the_floor() -> None:
    async with FakeMonitor([FLOOR]) as monitor:
        assert await fetch_floor(monitor.address, QUICK) == FLOOR


async def test_fetch_of_nothing_says_what_to_do() -> None:
    address = f"ws://127.0.0.1:{await unused_port()}/live"
    with pytest.raises(MonitorUnreachableError) as caught:
        await fetch_floor(address, QUICK)
    assert str(caught.value) == f"no monitor at {address} (connection refused); is queue-alert running?"


async def test_fetch_from_one_that_says_nothing_ends_in_time() -> None:
    options = ClientOptions(open_timeout_s=0.05)
    async with FakeMonitor([]) as monitor:
        with pytest.raises(MonitorUnreachableError, match="nothing was said within"):
            await fetch_floor(monitor.address, options)


async def test_fetch_from_one_that_never_answers_ends_in_time() -> None:
    silent = await asyncio.start_server(lambda _reader, writer: connections.append(writer), "127.0.0.1", 0)
    connections: list[asyncio.StreamWriter] = []
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(
        MonitorUnreachableError, match=r"no answer from ws://127\.0\.0\.1:\d+/live within 0\.05 s"
    ):
        await fetch_floor(f"ws://127.0.0.1:{port}/live", ClientOptions(open_timeout_s=0.05))
    silent.close()
    for writer in connections:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered HTTP 404"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is no monitor's live view"),
    ],
)
async def test_another_program_at_the_address_is_told_apart(answer: bytes, reason: str) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(reply, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    with pytest.raises(MonitorUnreachableError, match=reason):
        await fetch_floor(f"ws://127.0.0.1:{port}/live", QUICK)
    other.close()
    await other.wait_closed()


async def test_host_name_that_cannot_be_is_a_sentence() -> None:
    with pytest.raises(MonitorUnreachableError, match="no monitor at"):
        await fetch_floor(f"ws://{'x' * 70}.invalid:1/live", QUICK)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ws://127.0.0.1:9469/live", "ws://127.0.0.1:9469/live"),
        ("http://pi.example:9469", "ws://pi.example:9469/live"),
        ("https://pi.example/", "wss://pi.example/live"),
        ("pi.example:9469", "ws://pi.example:9469/live"),
        ("HTTP://[::1]:9469/board/live?x=1#y", "ws://[::1]:9469/board/live?x=1"),
    ],
)
def test_address_may_be_written_as_people_write_it(given: str, expected: str) -> None:
    assert live_address(given) == expected


@pytest.mark.parametrize("given", ["", "ftp://pi:1", "http://", "pi:port", "pi:99999", "a b", "http://[::1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(AddressError, match="is no address"):
        live_address(given)


def test_address_is_shown_without_its_secrets() -> None:
    assert shown("wss://board:secret@pi.example:1/live?token=secret") == "wss://pi.example:1/live"
