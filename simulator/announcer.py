"""What the ACD's feed says: that it is there, what is, what happens, and again and again what is."""

from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import Instant, Seconds
from simulator.acd import Simulation

__all__ = ["SNAPSHOT_EVERY_S", "Announcer"]

SNAPSHOT_EVERY_S: Seconds = 30.0
"""How often a feed says again all that is."""


class Announcer:
    """Says a simulation as an adapter says a real ACD, in simulated time."""

    def __init__(self, simulation: Simulation, *, snapshot_every_s: Seconds = SNAPSHOT_EVERY_S) -> None:
        """Take the simulation over; nobody else may advance it.

        Args:
            simulation: Whom it speaks for.
            snapshot_every_s: Simulated seconds between two snapshots, > 0.
        """
        self._simulation = simulation
        self._every_s = snapshot_every_s
        self._snapshot_at = simulation.start

    def begin(self, now: Instant) -> list[AcdEvent]:
        """Return what is said on connecting: ``syncing``, a snapshot of every group, ``live``."""
        said: list[AcdEvent] = [*self._simulation.advance(now)]
        said.append(self._status(FeedState.SYNCING, now))
        said.extend(self._snapshot(now))
        said.append(self._status(FeedState.LIVE, now))
        return said

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to say."""
        return min(self._simulation.next_at(), self._snapshot_at)

    def advance(self, now: Instant) -> list[AcdEvent]:
        """Return what is said up to ``now``, oldest first."""
        said: list[AcdEvent] = []
        while self._snapshot_at <= now:
            said.extend(self._simulation.advance(self._snapshot_at))
            said.extend(self._snapshot(self._snapshot_at))
        said.extend(self._simulation.advance(now))
        return said

    def _snapshot(self, at: Instant) -> list[AcdEvent]:
        self._snapshot_at = at + self._every_s
        return list(self._simulation.snapshot(at))

    def _status(self, state: FeedState, at: Instant) -> FeedStatusChanged:
        return FeedStatusChanged(**self._simulation.stamp(at), state=state)
