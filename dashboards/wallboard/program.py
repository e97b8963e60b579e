"""The board that stays up: client, screen, keys and log ring, in one event loop of its own process."""

import asyncio
import signal
import time

from dashboards.wallboard.board import Board
from dashboards.wallboard.client import ClientOptions, LiveClient, shown
from dashboards.wallboard.log_ring import LogRing, drain
from dashboards.wallboard.look import Look
from dashboards.wallboard.scene import Scene
from dashboards.wallboard.screen import Screen
from dashboards.wallboard.state import Floor, apply
from queue_alert.core.units import Instant, Seconds
from queue_alert.core.view import LampsChanged, LiveMessage

__all__ = ["PAGE_S", "STOPPING", "Wallboard"]

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""Signals that end the board. Whoever takes the terminal over blocks them; :class:`Wallboard` lets them in
while it runs, so that none comes when it could leave the terminal as it is."""

PAGE_S: Seconds = 10.0
"""How long a page shows."""

_FRAME_S: Seconds = 0.2
"""At least so long from frame to frame, but for lamps."""
_LAMP_FRAME_S: Seconds = 0.05
_BEHIND_S: Seconds = 0.1
"""A terminal that does not keep up is asked again after this."""
_HAIR_S: Seconds = 0.002
"""A clock drawn a hair after the second shows it; one drawn a hair before shows the one gone."""


class Wallboard:
    """Runs the board on a screen until told to stop.

    Args:
        address: The live view's, as :func:`~dashboards.wallboard.client.live_address` returns it.
        screen: The terminal, already taken over.
        look: What it can draw.
        ring: Where warnings wait to be shown.
        diverted: Reading end of the pipe that file descriptors 1 and 2 lead to, or ``None``.
        options: Bounds of the connection.
    """

    def __init__(
        self,
        *,
        address: str,
        screen: Screen,
        look: Look,
        ring: LogRing,
        diverted: int | None = None,
        options: ClientOptions | None = None,
    ) -> None:
        self._address = address
        self._screen = screen
        self._board = Board(look)
        self._ring = ring
        self._diverted = diverted
        self._options = options or ClientOptions()
        self._floor: Floor | None = None
        # Before the monitor has said its instant this machine's own clock must do.
        self._offset = time.time() - time.monotonic()
        self._gone_since: Instant | None = None
        self._page_from: Seconds = time.monotonic()
        self._page_turns = 0
        self._shows_help = False
        self._due: Seconds = 0.0
        self._drawn: Seconds = 0.0
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Draw until a key, SIGINT, SIGTERM or SIGHUP says stop."""
        client = LiveClient(
            address=self._address,
            on_message=self._on_message,
            on_gone=self._on_gone,
            on_back=self._on_back,
            options=self._options,
        )
        self._listen_to_the_machine()
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(client.run(), name="wallboard.client")
                drawing = tasks.create_task(self._draw_when_due(), name="wallboard.draw")
                await self._stop.wait()
                listening.cancel()
                drawing.cancel()
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    def _listen_to_the_machine(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self._stop.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        loop.add_signal_handler(signal.SIGWINCH, self._on_resize)
        if self._screen.has_keyboard:
            loop.add_reader(self._screen.fileno(), self._on_keys)
        if self._diverted is not None:
            loop.add_reader(self._diverted, drain, self._diverted, self._ring)

    def _on_message(self, message: LiveMessage, received_at: Seconds) -> None:
        self._floor = apply(self._floor, message, received_at)
        self._offset = self._floor.offset
        self._draw_soon(_LAMP_FRAME_S if isinstance(message, LampsChanged) else _FRAME_S)

    def _on_gone(self, _reason: str) -> None:
        self._gone_since = self._now()
        self._draw_soon(_FRAME_S)

    def _on_back(self) -> None:
        self._gone_since = None
        self._draw_soon(_FRAME_S)

    def _on_resize(self) -> None:
        self._screen.resized()
        self._draw_soon(_LAMP_FRAME_S)

    def _on_keys(self) -> None:
        try:
            keys = self._screen.keys()
        except EOFError:
            # A terminal that is gone has nobody before it.
            self._stop.set()
            return
        for key in keys:
            self._on_key(key)

    def _on_key(self, key: str) -> None:
        match key:
            case "q" | "Q" | "\x04":
                self._stop.set()
            case "n" | " ":
                self._page_turns = self._turns(time.monotonic()) + 1
                self._page_from = time.monotonic()
            case "?" | "h":
                self._shows_help = not self._shows_help
            case _:
                return
        self._draw_soon(_LAMP_FRAME_S)

    def _draw_soon(self, frame_s: Seconds) -> None:
        """Have a frame drawn as soon as ``frame_s`` have passed since the last one."""
        due = max(time.monotonic(), self._drawn + frame_s)
        if due < self._due:
            self._due = due
            self._wake.set()

    async def _draw_when_due(self) -> None:
        while True:
            now = time.monotonic()
            if now >= self._due:
                was_drawn = self._draw(now)
                self._due = self._next_second(now) if was_drawn else now + _BEHIND_S
            self._wake.clear()
            try:
                async with asyncio.timeout(self._due - time.monotonic()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _draw(self, now: Seconds) -> bool:
        self._drawn = now
        if self._screen.is_behind:
            self._screen.flush()
        if self._screen.is_behind:
            return False
        width, height = self._screen.size()
        scene = Scene(
            view=self._floor.view if self._floor else None,
            now=now + self._offset,
            gone_since=self._gone_since,
            address=shown(self._address),
            notice=self._ring.notice(),
            turns=self._turns(now),
            shows_help=self._shows_help,
        )
        self._screen.show(self._board.draw(scene, width=width, height=height))
        if self._screen.is_gone:
            self._stop.set()
        return True

    def _turns(self, now: Seconds) -> int:
        return self._page_turns + int((now - self._page_from) // PAGE_S)

    def _next_second(self, now: Seconds) -> Seconds:
        instant = now + self._offset
        return now + (1.0 - instant % 1.0) + _HAIR_S

    def _now(self) -> Instant:
        return time.monotonic() + self._offset
