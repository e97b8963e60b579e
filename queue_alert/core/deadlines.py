"""What time alone brings about, in the order of its instants."""

from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

from queue_alert.core.units import Instant, Seconds

__all__ = ["NEVER", "Deadlines"]

NEVER: Instant = float("inf")
"""The instant that does not come."""

T = TypeVar("T")


class Deadlines(Generic[T]):
    """A heap of instants and what is due then. Nothing is ever taken out before its time.

    Who finds at the instant that the reason has gone does nothing: cheaper than to search a heap.
    """

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, T]] = []
        self._order = count()

    def push(self, at: Instant, what: T) -> None:
        """Add something due at ``at``; :data:`NEVER` is passed over."""
        if at < NEVER:
            heappush(self._heap, (at, next(self._order), what))

    def next_at(self) -> Instant:
        """Return the earliest instant, :data:`NEVER` where there is none."""
        return self._heap[0][0] if self._heap else NEVER

    def pop_due(self, now: Instant) -> T | None:
        """Take out and return the earliest that is due, ``None`` when nothing is (left)."""
        if self._heap and now >= self._heap[0][0]:
            return heappop(self._heap)[2]
        return None

    def shift(self, delta: Seconds) -> None:
        """Move every instant by ``delta``, because the clock was set."""
        self._heap = [(at + delta, order, what) for at, order, what in self._heap]
