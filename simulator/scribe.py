"""Numbers events and keeps them until they are taken."""

from typing import TypedDict

from queue_alert.core.events import FeedEvent
from queue_alert.core.units import FeedName, Instant

__all__ = ["Scribe", "Stamp"]


class Stamp(TypedDict):
    """The envelope of one event."""

    id: str
    source: FeedName
    time: Instant
    seq: int


class Scribe:
    """Writes down what the ACD says, in its order.

    Attributes:
        is_on_air: While False, nothing is written: the floor is warming up and nobody listens yet.
    """

    def __init__(self, source: FeedName, *, run: str) -> None:
        self.is_on_air = False
        self._source = source
        self._run = run
        self._seq = 0
        self._snapshots = 0
        self._said: list[FeedEvent] = []

    @property
    def seq(self) -> int:
        """That of the latest event, 0 before the first."""
        return self._seq

    def stamp(self, at: Instant) -> Stamp:
        """Return the envelope of the next event; ``seq`` rises by one from 1."""
        self._seq += 1
        return Stamp(id=f"{self._run}-{self._seq}", source=self._source, time=at, seq=self._seq)

    def stamp_snapshot(self, at: Instant) -> Stamp:
        """Return the envelope of a snapshot: its ``seq`` is that of the latest event, none is used up."""
        self._snapshots += 1
        return Stamp(id=f"{self._run}-s{self._snapshots}", source=self._source, time=at, seq=self._seq)

    def say(self, event: FeedEvent) -> None:
        """Write ``event`` down."""
        if self.is_on_air:
            self._said.append(event)

    def take(self) -> list[FeedEvent]:
        """Return what was written since the last time, oldest first."""
        said, self._said = self._said, []
        return said

    def go_on_air(self) -> None:
        """Begin to write, and to number, from the beginning."""
        self.is_on_air = True
        self._seq = 0
