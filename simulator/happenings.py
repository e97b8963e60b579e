"""What is going to happen, in the order of time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from queue_alert.core.units import Instant

__all__ = ["Happening", "Schedule"]


@dataclass(slots=True, order=True)
class Happening:
    """Something planned; at the same instant, what was planned first happens first.

    Attributes:
        outlives: It comes about outside the ACD, whatever becomes of that: a caller will call.
    """

    at: Instant
    order: int
    act: Callable[[Instant], None] | None = field(compare=False)
    outlives: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Let it not happen; harmless when it has happened."""
        # It stays in the heap until its time: taking it out of the middle would cost the heap's length.
        self.act = None


class Schedule:
    """A heap of happenings: planning and taking cost the logarithm of how many there are."""

    def __init__(self) -> None:
        self._heap: list[Happening] = []
        self._order = 0

    def plan(self, at: Instant, act: Callable[[Instant], None], *, outlives: bool = False) -> Happening:
        """Plan ``act`` for ``at``, rounded to the millisecond; it is called with that instant."""
        self._order += 1
        happening = Happening(round(at, 3), self._order, act, outlives)
        heapq.heappush(self._heap, happening)
        return happening

    def forget(self) -> None:
        """Let nothing happen of all that the ACD had in its memory; what ``outlives`` it still does."""
        self._heap = [happening for happening in self._heap if happening.outlives]
        heapq.heapify(self._heap)

    def next_at(self) -> Instant | None:
        """Return when the next thing happens, or ``None`` if nothing ever will."""
        while self._heap and self._heap[0].act is None:
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def run_until(self, now: Instant) -> None:
        """Let happen all that is due at or before ``now``, also what is planned meanwhile."""
        while self._heap and self._heap[0].at <= now:
            happening = heapq.heappop(self._heap)
            if happening.act is not None:
                happening.act(happening.at)
