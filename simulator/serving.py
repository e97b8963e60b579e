"""What all servers of a simulated floor share: the hand that turns its clock, and the house they stand in."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Clock
from simulator.doors import Door, DoorError, Place, open_door
from simulator.exchange import Exchange

__all__ = ["SteadyClock", "serve", "turn"]

_LONGEST_SLEEP_S: Seconds = 1.0
"""A step of the wall clock is noticed that soon."""


class SteadyClock:
    """The wall clock at the start plus monotonic time since: a simulated floor has no use for steps."""

    def __init__(self) -> None:
        self._offset: Seconds = time.time() - time.monotonic()

    def now(self) -> Instant:
        """Return the present instant; it never falls."""
        return self._offset + time.monotonic()


async def turn(exchange: Exchange, clock: Clock) -> None:
    """Let happen on ``exchange`` what is due, when it is due, until cancelled."""
    while True:
        now = clock.now()
        exchange.advance(now)
        await asyncio.sleep(min(max(exchange.next_at() - now, 0.0), _LONGEST_SLEEP_S))


async def serve(
    exchange: Exchange,
    clock: Clock,
    places: Sequence[Place],
    *,
    expose: bool = False,
    seconds: Seconds | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve one floor in every place until SIGINT or SIGTERM comes, or the time is over.

    Args:
        exchange: The floor.
        clock: The steady line.
        places: The protocols and addresses.
        expose: Whether they may be other than this machine's.
        seconds: For how long; ``None``: until a signal comes.
        say: Called with one line for every place, once all are open.

    Raises:
        DoorError: One of them cannot be opened.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        async with AsyncExitStack() as stack:
            lines = []
            for place in places:
                door = open_door(place, exchange, clock, expose=expose)
                where = await _enter(stack, door, place)
                lines.append(f"{place.kind}: {where}")
            for line in lines:
                say(line)
            await _until_stopped(exchange, clock, stopped, seconds)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _enter(stack: AsyncExitStack, door: Door, place: Place) -> str:
    try:
        entered = await stack.enter_async_context(door)
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        raise DoorError(f"{place.kind}: cannot be served at {place.address}: {why}") from exc
    return entered.where


async def _until_stopped(
    exchange: Exchange, clock: Clock, stopped: asyncio.Event, seconds: Seconds | None
) -> None:
    async with asyncio.TaskGroup() as tasks:
        turning = tasks.create_task(turn(exchange, clock), name="turn")
        try:
            async with asyncio.timeout(seconds):
                await stopped.wait()
        except TimeoutError:
            pass
        turning.cancel()
