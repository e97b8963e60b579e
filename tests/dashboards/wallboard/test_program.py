"""The board in this process, on a pseudo-terminal: what it draws when."""

import asyncio
import contextlib
import os
import pty
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace

from dashboards.wallboard.client import ClientOptions
from dashboards.wallboard.log_ring import LogRing, divert
from dashboards.wallboard.look import Look
from dashboards.wallboard.program import STOPPING, Wallboard
from dashboards.wallboard.screen import Screen
from dashboards.wallboard.text import zone
from queue_alert.core.view import FloorView, LampsChanged
from tests.dashboards.wallboard.floors import TIMEZONE, busy_floor
from tests.dashboards.wallboard.monitor import FakeMonitor

QUICK = ClientOptions(open_timeout_s=2.0, first_pause_s=0.01, longest_pause_s=0.02)


@pytest.fixture(autouse=True)
def known_zone() -> None:
    """Read the time zone's file beforehand: once, at its start, a board may block."""
    zone(TIMEZONE)


@pytest.fixture(autouse=True)
def unblocked_signals() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Room:
    """A board on a terminal and what it wrote there."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.ring = LogRing(time.monotonic)
        self._seen = b""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            self._seen += os.read(self._master, 65_536)
        self._more.set()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(10):
            while (at := self._seen.find(text.encode())) < 0:
                self._more.clear()
                await self._more.wait()
        self._seen = self._seen[at + len(text.encode()) :]

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        if self._master >= 0:
            self.hang_up()


@contextlib.asynccontextmanager
async def room(address: str) -> AsyncIterator[Room]:
    """Run a board; at the end it must have ended by itself."""
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    here = Room(master)
    reading, other = os.pipe()
    with Screen(slave, has_keyboard=True, colours=None) as screen, divert((other,)) as diverted:
        board = Wallboard(
            address=address,
            screen=screen,
            look=Look(),
            ring=here.ring,
            diverted=diverted,
            options=QUICK,
        )
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            tasks.create_task(board.run(), name="board")
            yield here
        asyncio.get_running_loop().remove_reader(diverted)
        asyncio.get_running_loop().remove_reader(screen.fileno())
    here.close()
    for descriptor in (slave, reading, other):
        os.close(descriptor)


def present() -> FloorView:
    return replace(busy_floor(), at=time.time())


async def test_lamp_edge_is_drawn_at_once() -> None:
    floor = present()
    async with FakeMonitor([floor]) as monitor, room(monitor.address) as here:
        await here.until("LAMP*")
        await monitor.say(LampsChanged(at=time.time(), output="beacon", lamps={"lamp": "off"}))
        await here.until("▄▄")
        here.press("q")


async def test_clock_ticks_without_a_message() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("ok live")
        await here.until("\x1b[1;1H")
        await here.until("ok live")
        here.press("q")


async def test_keys_turn_and_explain() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("GROUP")
        here.press("zn?")
        await here.until("KEYS")
        here.press("h")
        await here.until("GROUP")
        here.press("q")


async def test_warning_shows_in_the_last_row() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("q quit")
        here.ring.add("something is odd")
        await here.until("! something is odd")
        here.press("q")


async def test_gone_monitor_is_said_and_signal_ends_it() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("ok live")
        await monitor.stop()
        await here.until("MONITOR GONE")
        os.kill(os.getpid(), signal.SIGTERM)


async def test_new_size_is_asked_for() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("q quit")
        os.kill(os.getpid(), signal.SIGWINCH)
        await here.until("\x1b[0m\x1b[2J")
        await here.until("q quit")
        here.press("q")


async def test_terminal_that_is_hung_up_ends_the_board() -> None:
    async with FakeMonitor([present()]) as monitor, room(monitor.address) as here:
        await here.until("ok live")
        here.hang_up()
