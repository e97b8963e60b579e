"""One simulated floor for several servers, each with clients of its own."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from queue_alert.core.events import FeedEvent, GroupSnapshotTaken
from queue_alert.core.units import FeedName, GroupName, Instant
from simulator.acd import Simulation

__all__ = ["LOG_KEPT", "Exchange", "Listener"]

LOG_KEPT = 10_000
"""How many of the latest events a client that comes back can be told."""


class Listener(Protocol):
    """A server, as the exchange sees it."""

    def happened(self, events: Sequence[FeedEvent], now: Instant) -> None:
        """Take what has just happened, oldest first; at least one event."""

    def cut_off(self, now: Instant) -> None:
        """Cut off whoever is connected: the ACD was started anew, or the connections broke."""


class Exchange:
    """A simulation with an audience. Pure: time is a parameter.

    Args:
        simulation: The floor; nobody else may advance it.
        source: Who the events say they come from.
    """

    def __init__(self, simulation: Simulation, *, source: FeedName) -> None:
        self.simulation = simulation
        self.source = source
        self._runs = 1
        self._listeners: list[Listener] = []
        self._log: deque[FeedEvent] = deque(maxlen=LOG_KEPT)

    @property
    def run(self) -> str:
        """Another one after every restart."""
        return f"{int(self.simulation.start * 1000)}-{self._runs}"

    @property
    def groups(self) -> tuple[GroupName, ...]:
        """The groups' names, in the scenario's order."""
        return self.simulation.groups

    def clock(self, now: Instant) -> Instant:
        """Return what the ACD's own clock shows at ``now``, as its events and snapshots say it."""
        return now

    @property
    def seq(self) -> int:
        """That of the latest event said, 0 before the first."""
        return self.simulation.seq

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` everything from now on; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        return self.simulation.next_at()

    def advance(self, now: Instant) -> None:
        """Let happen what is due and tell everybody."""
        events = self.simulation.advance(now)
        if events:
            self._log.extend(events)
            for listener in tuple(self._listeners):
                listener.happened(events, now)

    def snapshot(self, now: Instant) -> list[GroupSnapshotTaken]:
        """Return all that the ACD knows, one snapshot a group; what was due is told to everybody first."""
        self.advance(now)
        return self.simulation.snapshot(now)

    def since(self, after: int, run: str) -> list[FeedEvent] | None:
        """Return what was said after ``seq``, oldest first; ``None`` if the log reaches not so far back."""
        if run != self.run or after <= 0 or not self._log or after < self._log[0].seq - 1:
            return None
        return list(self._log)[bisect_right(self._log, after, key=_seq) :]

    def restart(self, now: Instant) -> None:
        """Start the ACD anew: whoever waits or talks is gone without a word."""
        self.advance(now)
        self.simulation.restart(now)
        self._runs += 1
        self._log.clear()
        for listener in tuple(self._listeners):
            listener.cut_off(now)


def _seq(event: FeedEvent) -> int:
    return event.seq
