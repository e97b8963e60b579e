"""What all servers of a simulated floor share: the hand that turns its clock."""

import asyncio

from queue_alert.core.units import Seconds
from queue_alert.ports import Clock
from simulator.exchange import Exchange

__all__ = ["turn"]

_LONGEST_SLEEP_S: Seconds = 1.0
"""A step of the wall clock is noticed that soon."""


async def turn(exchange: Exchange, clock: Clock) -> None:
    """Let happen on ``exchange`` what is due, when it is due, until cancelled."""
    while True:
        now = clock.now()
        exchange.advance(now)
        await asyncio.sleep(min(max(exchange.next_at() - now, 0.0), _LONGEST_SLEEP_S))
